"""What the practice Jira tells of our own permissions, and to administrators of webhooks."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.access import Deed
from worker.sandbox.jira.door import STRANGER, found_project, refusal, route, unauthenticated
from worker.sandbox.values import Json
from worker.sandbox.wire import Call, reply

PERMISSIONS: Mapping[str, tuple[str, str, Deed]] = {
    "BROWSE_PROJECTS": ("10", "Browse Projects", "read"),
    "CREATE_ISSUES": ("11", "Create Issues", "create"),
    "EDIT_ISSUES": ("12", "Edit Issues", "write"),
    "ASSIGN_ISSUES": ("13", "Assign Issues", "write"),
    "ADD_COMMENTS": ("15", "Add Comments", "comment"),
    "LINK_ISSUES": ("21", "Link Issues", "write"),
    "TRANSITION_ISSUES": ("46", "Transition Issues", "write"),
}
"""Key to id, name, and the deed that a lever takes away."""


def my_permissions(call: Call) -> Response:
    """Which of the asked `permissions` the caller has in a project."""
    asked = [word for word in call.query("permissions").split(",") if word]
    if not asked:
        raise refusal(400, "The 'permissions' query parameter is required.")
    if unknown := [word for word in asked if word not in PERMISSIONS]:
        raise refusal(400, f"Unrecognized permission: {unknown[0]}")
    if call.query("projectKey"):
        found_project(call, call.query("projectKey"))
    return reply({"permissions": {word: permission(call, word) for word in asked}})


def permission(call: Call, word: str) -> Json:
    """One permission, and whether the caller has it."""
    number, name, deed = PERMISSIONS[word]
    has = call.account is not STRANGER and not (call.account.bot and call.practice.access["jira"].forbids(deed))
    return {"id": number, "key": word, "name": name, "type": "PROJECT", "description": "", "havePermission": has}


def list_webhooks(call: Call) -> Response:
    """The registered webhooks; for administrators alone, which our account is not."""
    if call.account is STRANGER:
        raise unauthenticated()
    if call.account.bot:
        raise refusal(403, "You are not authorized to perform this action.")
    target = call.practice.outbox.targets.get("jira")
    row = {"name": "Bugferry", "url": target.url if target else "", "enabled": True, "events": ["jira:issue_updated"]}
    return reply([row] if target else [])


def routes() -> list[Route]:
    """Every address of this module."""
    return [
        route("GET", "/rest/api/{v}/mypermissions", my_permissions),
        route("GET", "/rest/webhooks/1.0/webhook", list_webhooks),
    ]
