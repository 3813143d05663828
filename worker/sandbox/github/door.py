"""Who may call the practice GitHub, how it pages, tags and says no."""

import hashlib
import json
import math
import uuid
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.github.records import GithubIssue
from worker.sandbox.github.world import GithubRepo
from worker.sandbox.meter import DOCUMENTED, Room
from worker.sandbox.seed import GITHUB_ACCOUNTS, Account
from worker.sandbox.state import Practice
from worker.sandbox.values import Json
from worker.sandbox.wire import Ask, Call, Door, Refusal, reply

DOCS = "https://docs.github.com/rest"
PAGE, MOST = 30, 100
HOURLY = DOCUMENTED["github"]["calls_per_h"]
MADE_NEW = frozenset({"create", "comment"})
WRITE_POINTS = 5
NOT_MODIFIED = 304


def authenticate(request: Request, practice: Practice) -> Account:
    """Check the token, then that the repository is one of ours."""
    if not request.headers.get("user-agent"):
        raise refusal(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
        )
    account = account_of(request.headers)
    if account is None or (account.bot and practice.access["github"].revoked):
        raise refusal(401, "Bad credentials" if request.headers.get("authorization") else "Requires authentication")
    if "owner" in request.path_params:
        _check_repo(request, practice, account)
    return account


def account_of(headers: Headers) -> Account | None:
    """Whose token it is, good or revoked."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    known = next((one for one in GITHUB_ACCOUNTS if one.token == token.strip()), None)
    return known if scheme.lower() in {"token", "bearer"} else None


def _check_repo(request: Request, practice: Practice, account: Account) -> None:
    name = f"{request.path_params['owner']}/{request.path_params['repo']}"
    if account.bot and practice.access["github"].hidden:
        raise refusal(404, "Not Found")
    repo = practice.site.named(name)
    if repo is not None:
        if repo.archived and request.method != "GET":
            raise refusal(403, "Repository was archived so is read-only.")
        return
    renamed = practice.site.once_named(name)
    if renamed is not None:
        raise moved(str(request.url).replace(f"/repos/{name}", f"/repos/{renamed.name}", 1))
    raise refusal(404, "Not Found")


def throttle(ask: Ask) -> None:
    """Refuse a caller who asks too much in an hour, or makes or asks too much in a minute."""
    key, meter = ask.account.id, ask.practice.meter
    room = meter.room("github", "calls_per_h", key)
    if room is not None and room.left < 1 and not ask.place.endswith("/rate_limit"):
        meter.refused["github"] += 1
        raise refusal(403, f"API rate limit exceeded for user ID {key}.")
    wanted = {"points_per_min": (key, 1 if ask.deed == "read" else WRITE_POINTS)}
    if ask.deed in MADE_NEW:
        wanted |= {"creates_per_min": (key, 1), "creates_per_h": (key, 1)}
    full = meter.full("github", wanted)
    if full is not None:
        raise _secondary(full[1])


def _secondary(room: Room) -> Refusal:
    found = refusal(
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    )
    return Refusal(403, found.body, {"Retry-After": str(max(1, math.ceil(room.frees_s)))})


def forbidden() -> Refusal:
    """A right is missing."""
    return refusal(403, "Resource not accessible by personal access token")


def refusal(status: int, message: str, errors: Sequence[Json] = ()) -> Refusal:
    """A refusal in GitHub's shape."""
    body: Json = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Refusal(status, {**body, "errors": list(errors)} if errors else body)


def invalid(resource: str, field: str, code: str, message: str | None = None) -> Refusal:
    """422, with what is wrong with which field."""
    error: Json = {"resource": resource, "field": field, "code": code}
    return refusal(422, "Validation Failed", [{**error, "message": message} if message else error])


def moved(address: str) -> Refusal:
    """301: it lives elsewhere now."""
    body = {"message": "Moved Permanently", "url": address, "documentation_url": DOCS}
    return Refusal(301, body, {"Location": address})


def bad_body() -> Refusal:
    """A body that is no JSON."""
    return refusal(400, "Problems parsing JSON")


route = Door("github", authenticate, throttle, forbidden, bad_body).route


def repo_of(call: Call) -> GithubRepo:
    """The repository of the path."""
    repo = call.practice.site.named(f"{call.path['owner']}/{call.path['repo']}")
    if repo is None:
        raise refusal(404, "Not Found")
    return repo


def found_issue(call: Call) -> tuple[GithubRepo, GithubIssue]:
    """The issue of the path. 301 when transferred, 410 when deleted or when issues are switched off, else 404."""
    repo = enabled_repo(call)
    number = int(call.path["number"])
    if number in repo.transferred:
        rest = str(call.request.url).partition(f"/issues/{number}")[2]
        raise moved(f"{call.base}/repos/{repo.transferred[number]}{rest}")
    if number in repo.deleted:
        raise refusal(410, "This issue was deleted")
    if number not in repo.issues:
        raise refusal(404, "Not Found")
    return repo, repo.issues[number]


def enabled_repo(call: Call) -> GithubRepo:
    """The repository of the path; 410 when issues are switched off."""
    repo = repo_of(call)
    if not repo.has_issues:
        raise refusal(410, "Issues has been disabled in this repository.")
    return repo


def tagged(call: Call, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """Answer a read with an ETag, or 304 when the caller has it already."""
    # The token is part of the tag: GitHub's tags differ from caller to caller.
    digest = hashlib.sha256((call.account.token + json.dumps(body)).encode()).hexdigest()
    tag = f'W/"{digest}"'
    if call.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return reply(body, headers={"ETag": tag, **(headers or {})})


def paged(call: Call, rows: list[Json]) -> Response:
    """One page by `page` and `per_page`, with `Link`."""
    size, page = call.number("per_page", PAGE, MOST), call.number("page", 1, 1_000_000)
    last = max(1, -(-len(rows) // size))
    targets = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    shown = [
        rel for rel in targets if (rel in {"prev", "first"} and page > 1) or (rel in {"next", "last"} and page < last)
    ]
    links = [f'<{call.request.url.include_query_params(page=targets[rel])}>; rel="{rel}"' for rel in shown]
    return tagged(call, rows[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {})


def created(body: Json) -> Response:
    """201 with the address of what was made."""
    return reply(body, 201, {"Location": body["url"]})


def limits(practice: Practice, headers: Headers, status: int) -> Mapping[str, str]:
    """The headers that every answer carries. This is where a call is counted: one that is answered 304 is free."""
    account, meter, now = account_of(headers), practice.meter, practice.clock().timestamp()
    key = account.id if account else ""
    if status != NOT_MODIFIED:
        meter.spend("github", "calls_per_h", key)
    room = meter.room("github", "calls_per_h", key) or Room(HOURLY, HOURLY - 1, 3600.0)
    return {
        "X-RateLimit-Limit": str(room.most),
        "X-RateLimit-Remaining": str(room.left),
        "X-RateLimit-Used": str(room.most - room.left),
        "X-RateLimit-Resource": "core",
        "X-RateLimit-Reset": str(math.ceil(now + room.frees_s)),
        "X-GitHub-Request-Id": uuid.uuid4().hex[:16].upper(),
        "X-GitHub-Media-Type": "github.v3; format=json",
    }


async def not_routed(_request: Request, problem: Exception) -> Response:
    """Answer an unknown path or method."""
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    return reply({"message": "Not Found", "documentation_url": DOCS, "status": str(status)}, status)
