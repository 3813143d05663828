"""What is submitted to Sentry to bring an issue to a status (docs.sentry.io/api/events/update-an-issue)."""

from collections.abc import Mapping
from typing import assert_never

from worker.ends.ports import Until
from worker.ends.sentry_site import Body
from worker.errors import NoRelease
from worker.model import Fixed, Resolve, Status

MOVES: Mapping[Status, Mapping[str, str]] = {
    Status.OPEN: {"status": "unresolved"},
    Status.RESOLVED: {"status": "resolved"},
    Status.IGNORED: {"status": "ignored", "substatus": "archived_until_escalating"},
}
"""What is submitted to reach each status; only what is submitted changes."""
AT_ONCE = Fixed()


def asleep(until: Until) -> Body:
    """Archived until so many minutes have gone, or so many more events came, or it escalates."""
    told = {"ignoreDuration": until.minutes, "ignoreCount": until.events}
    details = {name: number for name, number in told.items() if number is not None}
    if not details:
        return MOVES[Status.IGNORED]
    return {"status": "ignored", "substatus": "archived_until_condition_met", "statusDetails": details}


def counting_from(issue_id: str, fixed: Fixed) -> Body:
    """Say in Sentry's words from which release on the resolution counts."""
    match fixed.how:
        case Resolve.NOW:
            return {}
        case Resolve.NEXT_RELEASE:
            return {"statusDetails": {"inNextRelease": True}}
        case Resolve.CURRENT_RELEASE:
            return {"statusDetails": {"inRelease": "latest"}}
        case Resolve.ON_DEPLOY if fixed.release:
            return {"statusDetails": {"inRelease": fixed.release}}
        case Resolve.ON_DEPLOY:
            raise NoRelease(f"Issue {issue_id} is to be resolved by a deploy, but no release was named: name it.")
        case _:
            assert_never(fixed.how)
