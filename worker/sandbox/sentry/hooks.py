"""The webhooks an internal Sentry integration sends: `issue.*` and `error.created`."""

import json
import uuid
from collections.abc import Callable

from worker.sandbox.hooks import Letter, Outbox
from worker.sandbox.seed import INSTALLATION, ORG, Account
from worker.sandbox.sentry import event_shapes, shapes
from worker.sandbox.sentry.incoming import Incoming
from worker.sandbox.sentry.world import SentryIssue
from worker.sandbox.values import Json

Teller = Callable[[str, str, SentryIssue, Account | None, Incoming | None], None]


def teller(outbox: Outbox, base: str) -> Teller:
    """Make the listener that turns changes into deliveries. `base`: address of the practice Sentry."""

    def tell(resource: str, action: str, issue: SentryIssue, who: Account | None, event: Incoming | None) -> None:
        if not outbox.wants("sentry", resource, action):
            return
        body = {
            "action": action,
            "installation": {"uuid": INSTALLATION},
            "data": _payload(resource, issue, event, base),
            "actor": _actor(who),
        }
        headers = {"Content-Type": "application/json", "Sentry-Hook-Resource": resource}
        outbox.put(Letter(uuid.uuid4().hex, "sentry", resource, action, json.dumps(body).encode(), headers))

    return tell


def _payload(resource: str, issue: SentryIssue, event: Incoming | None, base: str) -> Json:
    if resource == "error" and event is not None:
        return {"error": event_shapes.webhook_event(event, issue, base)}
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
