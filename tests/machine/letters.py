"""Webhooks of the worlds in memory: the bytes and headers that the real services would send, read by the real code."""

import json
from collections.abc import Mapping
from datetime import datetime

from tests.machine.sentry_world import Bug
from tests.machine.tracker_world import Slip, TrackerWorld
from worker.ends import hooks
from worker.ends.hook_parts import TrackerOf
from worker.model import Delivery, TrackerKind

Letter = tuple[str, dict[str, str], bytes]
"""Source, headers, body."""


def of_bug(resource: str, action: str, bug: Bug, now: datetime, number: int) -> Letter:
    issue = bug.issue
    match resource:
        case "error":
            about = {"error": {"event_id": f"{issue.id}e{issue.count}", "issue_id": issue.id}}
        case "comment":
            note = bug.notes[-1]
            about = {"issue_id": issue.id, "comment_id": note.id, "timestamp": _text(note.edited_at or note.created_at)}
        case _:
            about = {
                "issue": {
                    "id": issue.id,
                    "shortId": issue.short_id,
                    "status": str(issue.status),
                    "substatus": issue.substatus,
                    "statusDetails": {},
                    "lastSeen": _text(issue.last_seen),
                    "assignedTo": issue.assigned.account if issue.assigned else None,
                }
            }
    body = {"action": action, "installation": {"uuid": "practice"}, "data": about}
    headers = {"Sentry-Hook-Resource": resource, "Request-ID": f"r{number}", "Sentry-Hook-Timestamp": _text(now)}
    return "sentry", headers, json.dumps(body).encode()


def of_slip(
    world: TrackerWorld, resource: str, action: str, slip: Slip, changed: Mapping[str, str], number: int
) -> Letter:
    key = slip.ticket.key
    if world.kind is TrackerKind.GITHUB:
        place, _, bare = key.rpartition("#")
        headers = {
            "X-GitHub-Event": "issues" if resource == "issue" else "issue_comment",
            "X-GitHub-Delivery": f"d{number}",
        }
        body = {"action": action, "issue": {"number": int(bare)}, "repository": {"full_name": place or world.place}}
        return "github", headers, json.dumps(body).encode()
    items = [{"field": name, "fromString": old, "toString": ""} for name, old in changed.items()]
    told = {"key": key, "fields": {"project": {"key": key.rpartition("-")[0]}}}
    body = {"webhookEvent": f"jira:{resource}_{action}" if resource == "issue" else f"{resource}_{action}"}
    body |= {"issue": told, "changelog": {"items": items}}
    return "jira", {"X-Atlassian-Webhook-Identifier": f"w{number}"}, json.dumps(body).encode()


def opened(letter: Letter, tracker_of: TrackerOf) -> Delivery:
    """The delivery that the web process would make of it."""
    source, headers, body = letter
    return hooks.read(source, headers, body, tracker_of)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
