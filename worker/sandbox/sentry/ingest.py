"""Where SDKs send events: `/api/{project}/store/` and `/api/{project}/envelope/`. Whatever comes, never a 500."""

import re
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.seed import Project
from worker.sandbox.sentry.incoming import from_envelope, parse, read_event, unpack
from worker.sandbox.state import Practice
from worker.sandbox.values import Json
from worker.sandbox.wire import reply

BIGGEST = 20 * 1024 * 1024
_KEY = re.compile(r"sentry_key=([0-9a-zA-Z]+)")


async def store(request: Request) -> Response:
    """Take one event as plain JSON."""
    practice = _practice(request)
    project = _project(request, practice)
    body = unpack(await request.body(), request.headers.get("content-encoding", ""))
    raw = parse(body) if len(body) <= BIGGEST else None
    if project is None:
        return reply({"detail": "event submission rejected with_reason: ProjectId"}, 403)
    if not isinstance(raw, dict):
        return reply({"detail": "event submission rejected with_reason: InvalidJson"}, 400)
    return _take(practice, project, [raw])


async def envelope(request: Request) -> Response:
    """Take the events of an envelope; sessions, transactions and the rest are thanked for and dropped."""
    practice = _practice(request)
    project = _project(request, practice)
    body = unpack(await request.body(), request.headers.get("content-encoding", ""))
    if project is None:
        return reply({"detail": "event submission rejected with_reason: ProjectId"}, 403)
    if not isinstance(parse(body.partition(b"\n")[0]), dict):
        return reply({"detail": "event submission rejected with_reason: InvalidEnvelope"}, 400)
    return _take(practice, project, from_envelope(body) if len(body) <= BIGGEST else [])


def _take(practice: Practice, project: Project, events: list[Json]) -> Response:
    read = [read_event(raw, practice.clock(), project.platform) for raw in events]
    for event in read:
        practice.sentry.ingest(event, project)
    return reply({"id": read[-1].id} if read else {})


def _practice(request: Request) -> Practice:
    return cast("Practice", request.app.state.practice)


def _project(request: Request, practice: Practice) -> Project | None:
    """The project of the path, if the caller knows its key."""
    project = practice.sentry.projects.get(request.path_params["project"])
    given = request.query_params.get("sentry_key", "")
    sent = f"{request.headers.get('x-sentry-auth', '')},{request.headers.get('authorization', '')}"
    keys = {given, *_KEY.findall(sent)}
    return project if project and project.key in keys else None


def routes() -> list[Route]:
    """Every address of this module."""
    return [
        Route("/api/{project:str}/store/", store, methods=["POST"]),
        Route("/api/{project:str}/envelope/", envelope, methods=["POST"]),
    ]
