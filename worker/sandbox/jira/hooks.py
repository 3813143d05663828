"""The webhooks an admin registers in Jira Cloud with a secret: issues and comments."""

import json
import uuid
from collections.abc import Callable

from worker.sandbox.clock import Clock
from worker.sandbox.hooks import Letter, Outbox
from worker.sandbox.jira import shapes
from worker.sandbox.jira.world import Change
from worker.sandbox.values import Json

_NAMES = {
    "jira:issue_created": "issue_created",
    "jira:issue_updated": "issue_updated",
    "jira:issue_deleted": "issue_deleted",
}


def teller(outbox: Outbox, base: str, clock: Clock) -> Callable[[Change], None]:
    """Make the listener that turns changes into deliveries. `base`: address of the practice Jira."""

    def tell(change: Change) -> None:
        resource, _, action = change.event.removeprefix("jira:").partition("_")
        if not outbox.wants("jira", resource, action):
            return
        identity = uuid.uuid4().hex
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": identity,
            "X-Atlassian-Webhook-Flow": "Primary",
        }
        outbox.put(Letter(identity, "jira", resource, action, json.dumps(_body(change, base, clock)).encode(), headers))

    return tell


def _body(change: Change, base: str, clock: Clock) -> Json:
    fields = shapes.fields(change.issue, base, "2")
    body: Json = {
        "timestamp": int(clock().timestamp() * 1000),
        "webhookEvent": change.event,
        "issue": {**shapes.head(change.issue, base, "2"), "fields": fields},
    }
    if change.comment is not None:
        return {**body, "comment": shapes.comment(change.comment, change.issue, base, "2")}
    body |= {"user": shapes.user(change.who, base, "2"), "issue_event_type_name": _kind(change)}
    if change.history_id is not None:
        body["changelog"] = {"id": change.history_id, "items": list(change.items)}
    return body


def _kind(change: Change) -> str:
    moved = any(item["field"] == "status" for item in change.items)
    return "issue_generic" if moved else _NAMES.get(change.event, change.event)
