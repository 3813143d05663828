"""Whether a bug has earned its ticket: what a rule waits for, counted up to a moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.mapping.route import Verdict
from worker.model import Issue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WaitFor:
    """What must have come together before there is a ticket; what is None is not asked for.

    `within`: events count only if they came in so long a time before now, in whole hours, at most a day.
    """

    events: int | None = None
    users: int | None = None
    age: timedelta | None = None
    within: timedelta | None = None


def held_back(verdict: Verdict, wait_for: WaitFor, issues: Sequence[Issue], now: datetime) -> Verdict:
    """The verdict itself if its ticket is earned; else one without a ticket that says what is missing."""
    lacks = tuple(_lacking(wait_for, issues, now))
    if not lacks:
        return verdict
    why = f"No ticket yet: rule “{verdict.rule}” waits until there {_are(lacks)}."
    return replace(verdict, tracker=None, why=why, lacks=lacks, again_at=_old_enough(wait_for, issues, now))


def events_within(issues: Sequence[Issue], window: timedelta, now: datetime) -> int:
    """Events of the hours that have begun in so long a time before now."""
    return sum(count for issue in issues for begin, count in issue.hourly if now - window - HOUR < begin <= now)


def _lacking(wait_for: WaitFor, issues: Sequence[Issue], now: datetime) -> Iterator[str]:
    events = sum(issue.count for issue in issues)
    within = ""
    if wait_for.within is not None:
        events, within = events_within(issues, wait_for.within, now), f" in {_told(wait_for.within)}"
    if wait_for.events is not None and events < wait_for.events:
        yield f"{wait_for.events} events{within} (so far {events})"
    users = sum(issue.user_count for issue in issues)
    if wait_for.users is not None and users < wait_for.users:
        yield f"{wait_for.users} users (so far {users})"
    if wait_for.age is not None and (age := now - _born(issues, now)) < wait_for.age:
        yield f"{_told(wait_for.age)} since it was first seen (so far {_told(age)})"


def _born(issues: Sequence[Issue], now: datetime) -> datetime:
    return min((issue.first_seen for issue in issues if issue.first_seen), default=now)


def _old_enough(wait_for: WaitFor, issues: Sequence[Issue], now: datetime) -> datetime | None:
    """When the age alone will be reached; None when that is not what is missing. Nothing else comes by itself."""
    reached = _born(issues, now) + wait_for.age if wait_for.age is not None else now
    return reached if reached > now else None


def _are(lacks: Sequence[str]) -> str:
    return f"are {' and '.join(lacks)}"


def _told(span: timedelta) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h")):
        if span >= unit and span % unit == timedelta():
            return f"{span // unit} {name}"
    return f"{span // timedelta(minutes=1)} min"
