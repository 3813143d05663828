"""Who may call the practice GitHub, how it pages, tags and says no."""

import hashlib
import json
import time
import uuid
from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.github.world import GithubIssue
from worker.sandbox.seed import GITHUB_ACCOUNTS, GITHUB_REPO, Account
from worker.sandbox.state import Practice
from worker.sandbox.values import Json
from worker.sandbox.wire import Call, Refusal, reply, router

DOCS = "https://docs.github.com/rest"
PAGE, MOST = 30, 100
HOURLY = 5000


def authenticate(request: Request, practice: Practice) -> Account:
    """Check the token, then that the repository is the one there is."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not request.headers.get("user-agent"):
        raise refusal(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
        )
    account = next((known for known in GITHUB_ACCOUNTS if known.token == token.strip()), None)
    if scheme.lower() not in {"token", "bearer"} or account is None:
        raise refusal(401, "Bad credentials" if token else "Requires authentication")
    if "owner" in request.path_params:
        _check_repo(request, practice)
    return account


def _check_repo(request: Request, practice: Practice) -> None:
    name = f"{request.path_params['owner']}/{request.path_params['repo']}"
    if practice.github.knows(name):
        return
    if name.lower() in practice.github.old_names:
        address = str(request.url).replace(f"/repos/{name}", f"/repos/{GITHUB_REPO}", 1)
        raise moved(address)
    raise refusal(404, "Not Found")


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


route = router("/github", authenticate, bad_body)


def found_issue(call: Call) -> GithubIssue:
    """The issue of the path. 301 when transferred, 410 when deleted or when issues are switched off, else 404."""
    world = call.practice.github
    check_enabled(call)
    number = int(call.path["number"])
    if number in world.transferred:
        raise moved(f"{call.base}/repos/{world.transferred[number]}")
    if number in world.deleted:
        raise refusal(410, "This issue was deleted")
    if number not in world.issues:
        raise refusal(404, "Not Found")
    return world.issues[number]


def check_enabled(call: Call) -> None:
    """410 when issues are switched off."""
    if not call.practice.github.has_issues:
        raise refusal(410, "Issues has been disabled in this repository.")


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


def limits() -> Mapping[str, str]:
    """The headers that every answer carries."""
    return {
        "X-RateLimit-Limit": str(HOURLY),
        "X-RateLimit-Remaining": str(HOURLY - 1),
        "X-RateLimit-Used": "1",
        "X-RateLimit-Resource": "core",
        "X-RateLimit-Reset": str(int(time.time()) // 3600 * 3600 + 3600),
        "X-GitHub-Request-Id": uuid.uuid4().hex[:16].upper(),
        "X-GitHub-Media-Type": "github.v3; format=json",
    }


async def not_routed(_request: Request, problem: Exception) -> Response:
    """Answer an unknown path or method."""
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    return reply({"message": "Not Found", "documentation_url": DOCS, "status": str(status)}, status)
