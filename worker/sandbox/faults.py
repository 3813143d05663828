"""Faults on order: calls that fail before or after they took effect, hang, or are dropped without an answer."""

import asyncio
import json
import re
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = frozenset({"fail_before", "fail_after", "429", "hang", "drop_before", "drop_after"})
TRANSPORT = "practice.transport"
"""Extension of the ASGI scope under which the server keeps the connection, to close it without an answer."""


@dataclass(slots=True)
class Fault:
    """One ordered fault. `service` and `method` empty: any. `times`: how often it still strikes; below 0: for ever."""

    kind: str
    service: str = ""
    method: str = ""
    path: str = ""
    status: int = 503
    retry_after: float | None = None
    times: int = 1
    hang_s: float = 30.0
    struck: int = 0

    def meets(self, method: str, path: str) -> bool:
        """Say whether this call is to suffer."""
        service = path.split("/", 2)[1] if "/" in path else ""
        wanted = (not self.service or service == self.service) and (not self.method or method == self.method.upper())
        return self.times != 0 and wanted and re.search(self.path, path) is not None


@dataclass(slots=True)
class Faults:
    """The faults on order, first match strikes."""

    pending: list[Fault] = field(default_factory=list)

    def clear(self) -> None:
        """Be well again."""
        self.pending.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """Take one strike of the first fault that meets this call."""
        for fault in self.pending:
            if fault.meets(method, path):
                fault.times -= 1 if fault.times > 0 else 0
                fault.struck += 1
                return fault
        return None


class FaultMiddleware:
    """Wraps the whole application; the controls and the human pages never suffer."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        """Wrap `app` with the faults on order."""
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, or make it suffer."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox"):
            await self.app(scope, receive, send)
            return
        target = scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        fault = self.faults.strike(scope["method"], target)
        if fault is None:
            await self.app(scope, receive, send)
        else:
            await self._suffer(fault, scope, receive, send)

    async def _suffer(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind.endswith("_after"):
            await self.app(scope, receive, _swallow)
        if fault.kind == "hang":
            await asyncio.sleep(fault.hang_s)
        if fault.kind.startswith("drop") or fault.kind == "hang":
            await _drop(scope, receive)
        else:
            await _fail(fault, send)


async def _swallow(_message: Message) -> None:
    """Take an answer and lose it."""


async def _fail(fault: Fault, send: Send) -> None:
    status = 429 if fault.kind == "429" else fault.status
    body = json.dumps({"detail": "practice fault", "message": "practice fault", "errorMessages": ["practice fault"]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if fault.retry_after is not None:
        headers.append((b"retry-after", f"{fault.retry_after:g}".encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer."""
    transport: asyncio.Transport = scope["extensions"][TRANSPORT]
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
