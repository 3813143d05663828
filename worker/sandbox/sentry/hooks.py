"""The webhooks an internal Sentry integration sends: `issue.*`, `comment.*` and `error.created`."""

import json
import uuid

from worker.sandbox.hooks import Letter, Outbox
from worker.sandbox.seed import INSTALLATION, ORG, Account
from worker.sandbox.sentry import event_shapes, shapes
from worker.sandbox.sentry.records import Change, Told
from worker.sandbox.values import Json


def teller(outbox: Outbox, base: str) -> Told:
    """Make the listener that turns changes into deliveries. `base`: address of the practice Sentry."""

    def tell(change: Change) -> None:
        if not outbox.wants("sentry", change.resource, change.action):
            return
        body = {
            "action": change.action,
            "installation": {"uuid": INSTALLATION},
            "data": _payload(change, base),
            "actor": _actor(change.who),
        }
        headers = {"Content-Type": "application/json", "Sentry-Hook-Resource": change.resource}
        payload = json.dumps(body).encode()
        outbox.put(Letter(uuid.uuid4().hex, "sentry", change.resource, change.action, payload, headers))

    return tell


def _payload(change: Change, base: str) -> Json:
    issue = change.issue
    if change.note is not None:
        return {
            "comment": change.note["data"]["text"],
            "project_slug": issue.project.slug,
            "comment_id": int(change.note["id"]),
            "issue_id": int(issue.id),
            "timestamp": change.note["dateCreated"],
        }
    if change.resource == "error" and change.event is not None:
        return {"error": event_shapes.webhook_event(change.event, issue, base)}
    addresses = {
        "url": f"{base}/api/0/organizations/{ORG}/issues/{issue.id}/",
        "web_url": shapes.permalink(issue, base),
        "project_url": f"{base}/organizations/{ORG}/projects/{issue.project.slug}/",
    }
    return {"issue": {**shapes.issue(issue, base), **addresses}}


def _actor(who: Account | None) -> Json:
    if who is None:
        return {"type": "application", "id": "sentry", "name": "Sentry"}
    if who.bot:
        return {"type": "application", "id": who.id, "name": who.name}
    return {"type": "user", "id": int(who.id), "name": who.name}
