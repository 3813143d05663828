"""The practice world as one ASGI application: three services, the controls and the human pages."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.sandbox import controls, errors
from worker.sandbox.faults import FaultMiddleware
from worker.sandbox.github import door as github_door
from worker.sandbox.github import issues as github_issues
from worker.sandbox.github import repo
from worker.sandbox.jira import beside, site
from worker.sandbox.jira import door as jira_door
from worker.sandbox.jira import issues as jira_issues
from worker.sandbox.screens import Screens, throw
from worker.sandbox.screens_sentry import SentryScreens
from worker.sandbox.screens_trackers import GithubScreens, JiraScreens
from worker.sandbox.seed import GITHUB_REPO
from worker.sandbox.sentry import door as sentry_door
from worker.sandbox.sentry import events, ingest, releases
from worker.sandbox.sentry import issues as sentry_issues
from worker.sandbox.state import Config, Practice, new_practice
from worker.sandbox.wire import Refusal, refused

NotRouted = Callable[[Request, Exception], Awaitable[Response]]
Headers = Callable[[], Mapping[str, str]]


def create_app(config: Config) -> ASGIApp:
    """Build a fresh practice world. Its state is `app.state.practice` of the Starlette application inside."""
    practice = new_practice(config)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        practice.outbox.start()
        life = asyncio.create_task(_live(practice, config.errors_every_s))
        yield
        life.cancel()
        await practice.outbox.stop()

    mounts: list[BaseRoute] = [
        *_pages(practice),
        Mount("/sentry", _sentry(practice)),
        Mount("/jira", _jira(practice)),
        Mount("/github", _github(practice)),
        Mount("/sandbox", _service(practice, controls.routes(), controls.not_routed)),
    ]
    app = Starlette(routes=mounts, lifespan=lifespan, exception_handlers={Refusal: refused})
    return FaultMiddleware(app, practice.faults)


OPENING = ("checkout-null", "stock-keyerror", "crawler-googlebot")
OPENING_EVERY_S = 4.0


async def _live(practice: Practice, every_s: float | None) -> None:
    """Throw an error now and then, so that a newcomer sees life: a few soon, one of them noise, then any."""
    if every_s is None:
        return
    for name in OPENING:
        await asyncio.sleep(min(every_s, OPENING_EVERY_S))
        throw(practice, next(sketch for sketch in errors.CATALOGUE if sketch.name == name))
    while True:
        await asyncio.sleep(every_s)
        throw(practice, random.choice(errors.CATALOGUE))  # noqa: S311 - believable, not secret


def _pages(practice: Practice) -> list[BaseRoute]:
    """The human pages; an issue's permalink, `browse` and `html_url` addresses are among them."""
    screens = Screens(practice)
    sentry, jira, github = SentryScreens(screens), JiraScreens(screens), GithubScreens(screens)
    issue, ticket = "/sentry/organizations/{org}/issues/{issue}/", "/jira/browse/{key}"
    number = f"/github/{GITHUB_REPO}/issues/{{number:int}}"
    return [
        Route("/", screens.overview),
        Route("/throw", screens.throw, methods=["POST"]),
        Route("/sentry", sentry.issues),
        Route(issue, sentry.issue),
        Route(issue, sentry.act, methods=["POST"]),
        Route("/jira", jira.board),
        Route(ticket, jira.issue),
        Route(ticket, jira.act, methods=["POST"]),
        Route(f"/github/{GITHUB_REPO}/issues", github.issues),
        Route(number, github.issue),
        Route(number, github.act, methods=["POST"]),
    ]


def _sentry(practice: Practice) -> ASGIApp:
    routes = [*ingest.routes(), *sentry_issues.routes(), *events.routes(), *releases.routes()]
    return _Stamped(_service(practice, routes, sentry_door.not_routed), sentry_door.limits)


def _jira(practice: Practice) -> ASGIApp:
    routes = [*site.routes(), *jira_issues.routes(), *beside.routes()]
    return _service(practice, routes, jira_door.not_routed)


def _github(practice: Practice) -> ASGIApp:
    routes = [*github_issues.routes(), *repo.routes()]
    return _Stamped(_service(practice, routes, github_door.not_routed), github_door.limits)


def _service(practice: Practice, routes: Sequence[BaseRoute], not_routed: NotRouted) -> Starlette:
    app = Starlette(routes=routes, exception_handlers={Refusal: refused, HTTPException: not_routed})
    app.state.practice = practice
    app.router.redirect_slashes = False
    return app


class _Stamped:
    """An application whose every answer carries its vendor's rate limit headers."""

    def __init__(self, app: ASGIApp, headers: Headers) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.lower().encode(), value.encode()) for name, value in self.headers().items()]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await self.app(scope, receive, stamped)
