"""The organisation of the practice GitHub: its types of issues."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import github_time
from worker.sandbox.github import shapes
from worker.sandbox.github.door import refusal, route, tagged
from worker.sandbox.wire import Call


def list_issue_types(call: Call) -> Response:
    """The types of issues that the organisation has; 404 for anybody else, people included."""
    main = call.practice.github
    if call.path["org"].lower() != main.name.partition("/")[0].lower():
        raise refusal(404, "Not Found")
    at = github_time(main.started)
    more = {"created_at": at, "updated_at": at, "is_enabled": True}
    return tagged(call, [{**shapes.issue_type(name), **more} for name in shapes.ISSUE_TYPES])


def routes() -> list[Route]:
    """Every address of this module."""
    return [route("GET", "/orgs/{org}/issue-types", list_issue_types)]
