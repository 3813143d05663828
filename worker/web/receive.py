"""Webhooks in: signature over the raw bytes first, then one commit, then 202. Nothing is believed, only looked at."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from worker.ends import hooks
from worker.ends.ports import Wake
from worker.errors import Malformed, Transient
from worker.store.store import Store

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes; larger bodies are refused before they are read to the end."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """What receiving needs: the store, the secrets, whose place is whose, a clock and a way to wake workers."""

    store: Store
    secrets: Mapping[str, str]
    tracker_of: Callable[[str, str], str | None]
    now: Callable[[], datetime]
    wake: Wake
    hold: timedelta
    mapping_refused: Callable[[], str | None] = lambda: None
    """Why the mapping on the disk does not run; None while it does."""


class _TooLarge(Exception):
    pass


def router(door: Door) -> APIRouter:
    """`POST /hooks/{sentry,jira,github}`."""
    routes = APIRouter()

    @routes.post("/hooks/{source}")
    async def receive(source: str, request: Request) -> JSONResponse:
        if source not in hooks.SIGNATURE:
            return _answer(404, f"there is no hook '{source}'; there are sentry, jira and github")
        if source not in door.secrets:
            return _answer(404, f"the {source} hook is switched off: no secret is configured for it")
        try:
            body = await _bounded_body(request)
        except _TooLarge:
            return _answer(413, f"the body is larger than {BODY_LIMIT} bytes")
        headers = dict(request.headers)
        if not hooks.signed(source, door.secrets[source], headers, body):
            return _answer(401, "the signature does not match the body; nothing was stored")
        return await run_in_threadpool(_take, door, source, headers, body)

    return routes


async def _bounded_body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > BODY_LIMIT:
        raise _TooLarge
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)


def _take(door: Door, source: str, headers: Mapping[str, str], body: bytes) -> JSONResponse:
    """Store delivery and hint in one commit; our own trouble asks the sender to try again."""
    try:
        delivery = hooks.read(source, headers, body, door.tracker_of)
        with door.store.write(now=door.now()) as tx:
            new = tx.inbox.accept(delivery, hashlib.sha256(body).hexdigest(), door.now(), door.hold)
    except Malformed as error:
        return _answer(400, str(error))
    except (SQLAlchemyError, Transient):
        log.exception("delivery could not be stored; the sender was asked to try again", source=source)
        return _answer(503, "the delivery could not be stored; please send it again", retry_after_s=30)
    if new and delivery.hints:
        door.wake()
    return JSONResponse({"accepted": True, "new": new}, status_code=202)


def _answer(status: int, reason: str, *, retry_after_s: int | None = None) -> JSONResponse:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return JSONResponse({"error": reason}, status_code=status, headers=headers)
