"""Who may call the practice Jira, and how it says no."""

import base64
import binascii

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.seed import JIRA_ACCOUNTS, Account
from worker.sandbox.state import Practice
from worker.sandbox.values import Json
from worker.sandbox.wire import Call, Refusal, reply, router

PAGE = 50
MOST = 1000


def authenticate(request: Request, _practice: Practice) -> Account:
    """Check basic authentication: e-mail address and API token."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    try:
        pair = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    account = next((known for known in JIRA_ACCOUNTS if pair == f"{known.login}:{known.token}"), None)
    if scheme.lower() != "basic" or account is None:
        body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
        raise Refusal(401, body, {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'})
    return account


def refusal(status: int, *messages: str, **errors: str) -> Refusal:
    """A refusal in Jira's shape: messages, and errors by field."""
    return Refusal(status, {"errorMessages": list(messages), "errors": errors})


def bad_body() -> Refusal:
    """A body that is no JSON."""
    return refusal(400, "There was an error parsing JSON. Check that your request body is valid.")


route = router("/jira", authenticate, bad_body)


def version(call: Call) -> str:
    """`2` or `3`: which spelling of texts the caller speaks."""
    return "2" if call.path.get("v") == "2" else "3"


def found_issue(call: Call) -> JiraIssue:
    """The issue of the path, by id or key."""
    issue = call.practice.jira.find(call.path["issue"])
    if issue is None:
        raise refusal(404, "Issue does not exist or you do not have permission to see it.")
    return issue


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
