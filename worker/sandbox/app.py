"""The practice world as one ASGI application: three services, the controls and the human pages."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.sandbox import controls, errors, levers
from worker.sandbox.clock import Clock, http_date
from worker.sandbox.faults import FaultMiddleware
from worker.sandbox.github import door as github_door
from worker.sandbox.github import graph, milestones, org, repo
from worker.sandbox.github import issues as github_issues
from worker.sandbox.jira import beside as jira_beside
from worker.sandbox.jira import door as jira_door
from worker.sandbox.jira import issues as jira_issues
from worker.sandbox.jira import rights, site
from worker.sandbox.jira import server as jira_server
from worker.sandbox.screens import Screens, throw
from worker.sandbox.screens_sentry import SentryScreens
from worker.sandbox.screens_trackers import GithubScreens, JiraScreens
from worker.sandbox.sentry import beside as sentry_beside
from worker.sandbox.sentry import door as sentry_door
from worker.sandbox.sentry import events, ingest, projects, releases
from worker.sandbox.sentry import issues as sentry_issues
from worker.sandbox.state import Config, Practice, new_practice
from worker.sandbox.wire import Refusal, refused

NotRouted = Callable[[Request, Exception], Awaitable[Response]]
Extra = Callable[[Practice, Headers, int], Mapping[str, str]]
"""What a vendor adds to every answer, told by the call's headers and the answer's status."""


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
        Mount(jira_server.PLACE, _jira_server(practice)),
        Mount("/jira", _jira(practice)),
        Mount("/github", _github(practice)),
        Mount("/sandbox", _service(practice, _of(controls.routes, levers.routes), controls.not_routed)),
    ]
    app = Starlette(routes=mounts, lifespan=lifespan, exception_handlers={Refusal: refused})
    return _Dated(FaultMiddleware(app, practice.faults), practice.clock)


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
    repo = "/github/{owner}/{repo}/issues"
    return [
        Route("/", screens.overview),
        Route("/throw", screens.throw, methods=["POST"]),
        Route("/sentry", sentry.issues),
        Route(issue, sentry.issue),
        Route(issue, sentry.act, methods=["POST"]),
        Route("/jira", jira.board),
        Route(ticket, jira.issue),
        Route(ticket, jira.act, methods=["POST"]),
        Route(repo, github.issues),
        Route(repo + "/{number:int}", github.issue),
        Route(repo + "/{number:int}", github.act, methods=["POST"]),
    ]


def _sentry(practice: Practice) -> ASGIApp:
    routes = _of(
        ingest.routes,
        sentry_issues.routes,
        sentry_beside.routes,
        events.routes,
        releases.routes,
        projects.routes,
    )
    return _Stamped(_service(practice, routes, sentry_door.not_routed), practice, sentry_door.limits)


def _jira(practice: Practice) -> ASGIApp:
    routes = _of(site.routes, jira_issues.routes, jira_beside.routes, rights.routes)
    return _Stamped(_service(practice, routes, jira_door.not_routed), practice, jira_door.limits)


def _jira_server(practice: Practice) -> ASGIApp:
    served = _service(practice, _of(jira_server.routes), jira_door.not_routed)
    return _Stamped(served, practice, jira_server.limits)


def _github(practice: Practice) -> ASGIApp:
    routes = _of(github_issues.routes, milestones.routes, repo.routes, graph.routes, org.routes)
    return _Stamped(_service(practice, routes, github_door.not_routed), practice, github_door.limits)


@cache
def _of(*modules: Callable[[], Sequence[BaseRoute]]) -> tuple[BaseRoute, ...]:
    """All their addresses, compiled once: they hold nothing of a world, each call names its own."""
    return tuple(route for routes in modules for route in routes())


def _service(practice: Practice, routes: Sequence[BaseRoute], not_routed: NotRouted) -> Starlette:
    app = Starlette(routes=routes, exception_handlers={Refusal: refused, HTTPException: not_routed})
    app.state.practice = practice
    app.router.redirect_slashes = False
    return app


class _Stamped:
    """An application whose every answer carries its vendor's own headers, unless it sets them itself."""

    def __init__(self, app: ASGIApp, practice: Practice, added: Extra) -> None:
        self.app = app
        self.practice = practice
        self.added = added

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = list(message.get("headers", []))
                names = {name.lower() for name, _ in told}
                extra = self.added(self.practice, Headers(scope=scope), message["status"])
                more = [(name.lower().encode(), value.encode()) for name, value in extra.items()]
                message = {**message, "headers": [*told, *(row for row in more if row[0] not in names)]}
            await send(message)

        await self.app(scope, receive, stamped)


class _Dated:
    """An application whose every answer says what time it is, by the practice clock."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", http_date(self.clock()).encode())
                message = {**message, "headers": [*message.get("headers", []), date]}
            await send(message)

        await self.app(scope, receive, dated)
