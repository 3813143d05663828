"""Who may call the practice Sentry, and how it says no."""

from collections.abc import Mapping

from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.seed import ORG, SENTRY_ACCOUNTS, Account
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.state import Practice
from worker.sandbox.wire import Ask, Call, Door, Refusal, reply

PAGE = 100
WINDOW_LIMIT = 4000


def authenticate(request: Request, practice: Practice) -> Account:
    """Check the bearer token and the organisation in the path."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, {"detail": "Authentication credentials were not provided."})
    account, access = account_of(token), practice.access["sentry"]
    if account is None or (account.bot and access.revoked):
        raise Refusal(401, {"detail": "Invalid token"})
    if request.path_params.get("org", ORG) != ORG or (account.bot and access.hidden):
        raise missing()
    return account


def account_of(token: str) -> Account | None:
    """Whose token it is."""
    return next((known for known in SENTRY_ACCOUNTS if known.token == token.strip()), None)


def throttle(ask: Ask) -> None:
    """Refuse a caller who asks one endpoint too often."""
    full = ask.practice.meter.full("sentry", {"calls_per_s": (f"{ask.account.id} {ask.place}", 1)})
    if full is not None:
        most = full[1].most
        text = f"You are attempting to use this endpoint too frequently. Limit is {most} requests in 1 seconds"
        reset = str(int(ask.practice.clock().timestamp()) + 1)
        headers = {"X-Sentry-Rate-Limit-Remaining": "0", "X-Sentry-Rate-Limit-Limit": str(most)}
        raise Refusal(429, {"detail": text}, {**headers, "X-Sentry-Rate-Limit-Reset": reset})


def forbidden() -> Refusal:
    """A right is missing."""
    return Refusal(403, {"detail": "You do not have permission to perform this action."})


def bad_body() -> Refusal:
    """A body that is no JSON."""
    return Refusal(400, {"detail": "JSON parse error"})


route = Door("sentry", authenticate, throttle, forbidden, bad_body).route


def missing() -> Refusal:
    """Nothing there, or nothing this caller may see."""
    return Refusal(404, {"detail": "The requested resource does not exist"})


def found_issue(call: Call) -> SentryIssue:
    """The issue of the path, by id or short id; a merged id gives its parent."""
    name = call.path["issue"]
    world = call.practice.sentry
    issue = world.find(name) if name.isdigit() else world.by_short_id(name)
    if issue is None:
        raise missing()
    return issue


def several(params: QueryParams, name: str) -> set[str]:
    """All values of a repeated query parameter."""
    return set(params.getlist(name))


def paged(call: Call, rows: list[object]) -> Response:
    """One page of rows, with Sentry's `Link`: `rel="next"` is there on the last page too, with results="false"."""
    size = call.number("limit", call.number("per_page", PAGE, PAGE), PAGE)
    offset = _offset(call.query("cursor"))
    page = rows[offset : offset + size]
    links = [
        _link(call, "previous", max(0, offset - size), back=True, more=offset > 0),
        _link(call, "next", offset + size, back=False, more=offset + size < len(rows)),
    ]
    return reply(page, headers={"Link": ", ".join(links), "X-Hits": str(len(rows))})


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    parts = cursor.split(":")
    if len(parts) != 3 or not parts[1].isdigit():  # noqa: PLR2004 - value:offset:is_prev
        raise Refusal(400, {"detail": "Invalid cursor parameter."})
    return int(parts[1])


def _link(call: Call, rel: str, offset: int, *, back: bool, more: bool) -> str:
    cursor = f"0:{offset}:{int(back)}"
    address = call.request.url.include_query_params(cursor=cursor)
    return f'<{address}>; rel="{rel}"; results="{str(more).lower()}"; cursor="{cursor}"'


def limits(practice: Practice, _headers: Headers, _status: int) -> Mapping[str, str]:
    """The rate limit headers that every answer carries."""
    return {
        "X-Sentry-Rate-Limit-Limit": str(WINDOW_LIMIT),
        "X-Sentry-Rate-Limit-Remaining": str(WINDOW_LIMIT - 1),
        "X-Sentry-Rate-Limit-Reset": str(int(practice.clock().timestamp()) + 1),
        "X-Sentry-Rate-Limit-ConcurrentLimit": "25",
        "X-Sentry-Rate-Limit-ConcurrentRemaining": "24",
    }


async def not_routed(_request: Request, problem: Exception) -> Response:
    """Answer an unknown path or method in Sentry's shape."""
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    return reply({"detail": "The requested resource does not exist"}, status)
