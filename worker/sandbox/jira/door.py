"""Who may call the practice Jira, and how it says no."""

import base64
import binascii
import math
from collections.abc import Mapping
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.meter import Room
from worker.sandbox.seed import JIRA_ACCOUNTS, Account, JiraProject
from worker.sandbox.state import Practice
from worker.sandbox.values import Json
from worker.sandbox.wire import Ask, Call, Door, Refusal, reply

PAGE = 50
MOST = 1000


STRANGER = Account("", "Anonymous", "", "", bot=True)
"""Whom a revoked token is taken for, where Jira does not refuse it outright."""


def authenticate(request: Request, practice: Practice) -> Account:
    """Check basic authentication: e-mail address and API token."""
    account, access = account_of(request.headers), practice.access["jira"]
    if account is not None and account.bot and access.revoked:
        account = STRANGER if access.stranger else None
    if account is None:
        raise unauthenticated()
    return account


def account_of(headers: Headers) -> Account | None:
    """Who calls, whether or not the token is still good."""
    scheme, _, packed = headers.get("authorization", "").partition(" ")
    try:
        pair = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    found = next((known for known in JIRA_ACCOUNTS if pair == f"{known.login}:{known.token}"), None)
    return found if scheme.lower() == "basic" else None


def unauthenticated() -> Refusal:
    """401: log in first."""
    body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
    return Refusal(401, body, {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'})


def limits(practice: Practice, headers: Headers, _status: int) -> Mapping[str, str]:
    """The header by which Jira says that it took no notice of a token."""
    account = account_of(headers)
    failed = account is None or (account.bot and practice.access["jira"].revoked)
    return {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"} if failed and "authorization" in headers else {}


def throttle(ask: Ask) -> None:
    """Refuse a caller who asks one endpoint too often, or writes to one issue too often."""
    wanted = {"burst_per_s": (f"{ask.account.id} {ask.place}", 1)}
    name = ask.request.path_params.get("issue")
    if name is not None and ask.deed != "read":
        issue = ask.practice.jira.find(name)
        key = issue.id if issue else name
        wanted |= {"issue_writes_per_2s": (key, 1), "issue_writes_per_30s": (key, 1)}
    full = ask.practice.meter.full("jira", wanted)
    if full is not None:
        raise _too_many(ask.practice, *full)


def _too_many(practice: Practice, limit: str, room: Room) -> Refusal:
    """429. `X-RateLimit-Reset` is a time without seconds, so that it is never too early."""
    until = practice.clock() + timedelta(seconds=room.frees_s + 60)
    headers = {
        "Retry-After": str(max(1, math.ceil(room.frees_s))),
        "X-RateLimit-Limit": str(room.most),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": until.strftime("%Y-%m-%dT%H:%MZ"),
        "RateLimit-Reason": "jira-burst-based" if limit == "burst_per_s" else "jira-per-issue-on-write",
    }
    return Refusal(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}}, headers)


def forbidden() -> Refusal:
    """A right is missing."""
    return refusal(403, "You do not have permission to do this in this project.")


def refusal(status: int, *messages: str, **errors: str) -> Refusal:
    """A refusal in Jira's shape: messages, and errors by field."""
    return Refusal(status, {"errorMessages": list(messages), "errors": errors})


def bad_body() -> Refusal:
    """A body that is no JSON."""
    return refusal(400, "There was an error parsing JSON. Check that your request body is valid.")


route = Door("jira", authenticate, throttle, forbidden, bad_body).route


def version(call: Call) -> str:
    """`2` or `3`: which spelling of texts the caller speaks."""
    return "2" if call.path.get("v") == "2" else "3"


def sees(call: Call, issue: JiraIssue) -> bool:
    """Whether the caller may see an issue: our account not when its security level or its project keep it out."""
    return sees_project(call, issue.project) and not (call.account.bot and issue.hidden)


def sees_project(call: Call, project: JiraProject) -> bool:
    """Whether the caller may see a project."""
    if not call.account.bot:
        return True
    return call.account is not STRANGER and not project.private and not call.practice.access["jira"].hidden


def find(call: Call, name: str) -> JiraIssue | None:
    """An issue by id or key, as far as the caller may see it."""
    issue = call.practice.jira.find(name)
    return issue if issue is not None and sees(call, issue) else None


def found_issue(call: Call) -> JiraIssue:
    """The issue of the path, by id or key."""
    issue = find(call, call.path["issue"])
    if issue is None:
        raise refusal(404, "Issue does not exist or you do not have permission to see it.")
    return issue


def found_project(call: Call, name: str) -> JiraProject:
    """A project by id or key; 404 when there is none that the caller may see."""
    project = call.practice.jira.project(name)
    if project is None or not sees_project(call, project):
        raise refusal(404, f"No project could be found with key '{name}'.")
    return project


def page(call: Call, rows: list[Json], name: str = "values") -> Json:
    """One page by `startAt` and `maxResults`, with `isLast`."""
    start = int(call.query("startAt")) if call.query("startAt").isdigit() else 0
    size = call.number("maxResults", PAGE, MOST)
    kept = rows[start : start + size]
    return {
        "self": str(call.request.url),
        "maxResults": size,
        "startAt": start,
        "total": len(rows),
        "isLast": start + size >= len(rows),
        name: kept,
    }


def wanted_fields(value: object) -> set[str]:
    """Field names of a comma list or a JSON list."""
    names = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return {str(name).strip() for name in names if str(name).strip()}


async def not_routed(_request: Request, problem: Exception) -> Response:
    """Answer an unknown path or method."""
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    return reply({"errorMessages": ["null for uri"], "errors": {}}, status)
