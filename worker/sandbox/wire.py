"""What the three practice APIs share of HTTP: one call, one refusal, JSON in and out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.access import Deed, deed_of
from worker.sandbox.seed import Account
from worker.sandbox.state import Practice
from worker.sandbox.values import Json


class Refusal(Exception):
    """An answer other than the wished one, in the vendor's own shape."""

    def __init__(self, status: int, body: Json | None = None, headers: Mapping[str, str] | None = None) -> None:
        """`body` None: an empty one."""
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Call:
    """One API call, authenticated and with its body read. `base`: the API's own address as the caller wrote it."""

    practice: Practice
    request: Request
    account: Account
    body: Any  # JSON from outside: a handler checks what it uses
    base: str

    @property
    def path(self) -> Mapping[str, str]:
        """The variable parts of the path."""
        return cast("Mapping[str, str]", self.request.path_params)

    @property
    def fields(self) -> Json:
        """The body as an object; empty when it is none."""
        return self.body if isinstance(self.body, dict) else {}

    def query(self, name: str, default: str = "") -> str:
        """Read one query parameter."""
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int, most: int) -> int:
        """Read a positive query parameter, at most `most`; `default` when it is absent or no number."""
        text = self.query(name)
        return max(1, min(int(text), most)) if text.isdigit() else default


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller is about to do. `place`: method and pattern of the path, which tells one endpoint from another."""

    practice: Practice
    request: Request
    account: Account
    deed: Deed
    place: str


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Door:
    """How one API receives a call: who is it, may they, are they too fast; and how it says no in its own words."""

    service: str
    authenticate: Callable[[Request, Practice], Account]
    throttle: Callable[[Ask], None]
    forbidden: Callable[[], Refusal]
    bad_body: Callable[[], Refusal]

    def route(self, method: str, path: str, handler: Handler) -> Route:
        """Make one address of the API."""
        deed, place = deed_of(method, path), f"{method} {path}"

        async def endpoint(request: Request) -> Response:
            practice = cast("Practice", request.app.state.practice)
            account = self.authenticate(request, practice)
            if account.bot and practice.access[self.service].forbids(deed):
                raise self.forbidden()
            self.throttle(Ask(practice, request, account, deed, place))
            body = await _body(request, self.bad_body)
            return handler(Call(practice, request, account, body, f"{origin(request)}/{self.service}"))

        return Route(path, endpoint, methods=[method], name=place)


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer JSON. Lone surrogates survive as escapes."""
    return Response(json.dumps(body), status, headers=headers, media_type="application/json")


def nothing(status: int = 204) -> Response:
    """Answer without a body."""
    return Response(status_code=status)


async def _body(request: Request, bad_body: Callable[[], Refusal]) -> object:
    """Read a JSON body; None when there is none."""
    raw = await request.body()
    if not raw.strip():
        return None
    try:
        return cast("object", json.loads(raw))
    except (ValueError, RecursionError):
        raise bad_body() from None


def origin(request: Request) -> str:
    """`http://host:port` as the caller wrote it."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def refused(_request: Request, refusal: Exception) -> Response:
    """Turn a refusal into its answer."""
    if not isinstance(refusal, Refusal):
        raise refusal
    body = b"" if refusal.body is None else json.dumps(refusal.body).encode()
    return Response(body, refusal.status, headers=refusal.headers, media_type="application/json" if body else None)
