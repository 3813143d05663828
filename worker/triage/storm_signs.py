"""What an issue as Sentry shows it tells a watch for storms: that it is new, came back, or happens far more often."""

from datetime import datetime, timedelta
from statistics import median

from worker.model import Issue
from worker.triage.storm import Beginning, How

HOUR = timedelta(hours=1)
SURGE_TIMES = 5.0
"""So many times its own median absolute deviation above its median hour, an issue surges."""
SURGE_LEAST = 20
"""Fewer events in an hour are no surge."""
NORMAL = 1.4826
"""From a median absolute deviation to a standard deviation."""


def beginning(issue: Issue, *, infrastructure: bool) -> Beginning | None:
    """The latest beginning that an issue shows; None where nothing is known of it.

    `infrastructure`: it is judged to be its fault (`Verdict.leading`).
    """
    release = issue.last_release or issue.first_release
    if issue.substatus in {"regressed", "escalating"} and issue.moved_at is not None:
        how: How = "regressed" if issue.substatus == "regressed" else "escalating"
        return Beginning(issue.id, issue.moved_at, release, infrastructure, how)
    surged_at = surge(issue)
    if surged_at is not None and (issue.first_seen is None or issue.first_seen < surged_at):
        return Beginning(issue.id, surged_at, release, infrastructure, "escalating")
    if issue.first_seen is None:
        return None
    return Beginning(issue.id, issue.first_seen, release, infrastructure)


def surge(issue: Issue) -> datetime | None:
    """When an issue last began to happen far more often than in its other hours of the day; None when it did not.

    The hour in hand is compared as it is: it can only grow. Hours without an event are none of `hourly`, and count.
    """
    if not issue.hourly:
        return None
    (begun, latest), counts = issue.hourly[-1], dict(issue.hourly[:-1])
    before = [counts.get(begun - back * HOUR, 0) for back in range(1, 24)]
    usual = median(before)
    spread = NORMAL * median(abs(count - usual) for count in before)
    return begun if latest >= SURGE_LEAST and latest > usual + SURGE_TIMES * max(spread, 1.0, usual / 2) else None
