"""What a Sentry delivery is about (docs.sentry.io, integration platform webhooks)."""

import re

from worker.ends.hook_parts import Parts, digest_of, key_at
from worker.ends.loose import Loose, dig, first_text, mapping, text
from worker.errors import Malformed
from worker.model import Delivery, Hint

_RENAMED = {"archived": "ignored"}
"""Sentry's pages say one, its wire the other."""
_ISSUE_IN_ADDRESS = re.compile(r"/issues/(\d+)(?:/|$)")


def read(parts: Parts) -> Delivery:
    """Read one delivery; a resource that is of no use here has no hints."""
    resource = parts.header("Sentry-Hook-Resource").lower()
    said = text(parts.body.get("action"))
    action = _RENAMED.get(said, said) if said else None
    facts, hints = _about(resource, action, mapping(parts.body.get("data")))
    return Delivery(
        source="sentry",
        identity=f"sentry:{resource}:{facts or parts.sha256}",
        resource=resource,
        action=action,
        hints=hints,
        installation=text(dig(parts.body, "installation", "uuid")),
    )


About = tuple[str, tuple[Hint, ...]]
"""The identity of a payload (empty: its bytes), and what to look at."""


def _about(resource: str, action: str | None, data: Loose) -> About:
    match resource:
        case "issue":
            return _issue(action, mapping(data.get("issue")))
        case "error":
            return _event(resource, mapping(data.get("error")))
        case "event_alert":
            event_id, hints = _event(resource, mapping(data.get("event")), at="data.event")
            return f"{event_id}:{digest_of(data.get('triggered_rule'))}", hints
        case "comment":
            return _comment(action, data)
        case _:
            return "", ()


def _issue(action: str | None, issue: Loose) -> About:
    issue_id = key_at(issue.get("id"), "data.issue.id")
    status = text(issue.get("status"))
    facts = [issue.get(key) for key in ("substatus", "statusDetails", "lastSeen", "assignedTo")]
    hint = Hint(f"issue:{issue_id}", f"Sentry: issue {action or 'changed'}")
    return f"{issue_id}:{digest_of(action, _RENAMED.get(status or '', status), *facts)}", (hint,)


def _event(resource: str, event: Loose, at: str = "data.error") -> About:
    """An event that came in: mere activity of its issue, which may be held back."""
    event_id = key_at(first_text(event.get("event_id"), event.get("eventID")), f"{at}.event_id")
    issue_id = key_at(_issue_of(event), f"{at}.issue_id")
    return event_id, (Hint(f"issue:{issue_id}", f"Sentry: {resource}", urgent=False),)


def _issue_of(event: Loose) -> str | None:
    """Its id, or the one in its address: older events bring no id."""
    told = first_text(event.get("issue_id"), event.get("groupID"))
    found = _ISSUE_IN_ADDRESS.search(text(event.get("issue_url")) or "")
    return told or (found[1] if found else None)


def _comment(action: str | None, data: Loose) -> About:
    """A note on an issue. Its time is that of its making, so that its text has to tell one edit from the next."""
    comment_id, issue_id = text(data.get("comment_id")), text(data.get("issue_id"))
    if comment_id is None:
        raise Malformed("data.comment_id is missing.")
    hint = Hint(f"issue:{key_at(issue_id, 'data.issue_id')}", f"Sentry: comment {action or 'changed'}")
    return f"{comment_id}:{digest_of(action, data.get('timestamp'), data.get('comment'))}", (hint,)
