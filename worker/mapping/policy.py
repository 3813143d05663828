"""What a rule wants of its pairs once a ticket exists: who speaks, when a fix counts, what a regression does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from worker.mapping.status import StatusMap
from worker.model import Resolve, TrackerKind, Winner


class OnRegression(StrEnum):
    """What becomes of a closed ticket whose bug comes back."""

    REOPEN = "reopen"
    NEW_TICKET = "new_ticket"
    COMMENT = "comment"


class FollowPriority(StrEnum):
    """Which way a ticket's priority follows what Sentry says."""

    OFF = "off"
    UP = "up"
    BOTH = "both"


class Direction(StrEnum):
    """Which way comments or assignees go."""

    OFF = "off"
    BOTH = "both"
    TO_TICKET = "to_ticket"
    TO_SENTRY = "to_sentry"

    @property
    def to_ticket(self) -> bool:
        """Whether what happens in Sentry shows on the ticket."""
        return self in {Direction.BOTH, Direction.TO_TICKET}

    @property
    def to_sentry(self) -> bool:
        """Whether what happens on the ticket shows in Sentry."""
        return self in {Direction.BOTH, Direction.TO_SENTRY}


@dataclass(frozen=True, slots=True)
class Regression:
    """What a regression does: `then` within the window after the ticket was closed, `later` after it.

    Without a window `then` always holds.
    """

    then: OnRegression = OnRegression.REOPEN
    within: timedelta | None = None
    later: OnRegression = OnRegression.NEW_TICKET

    def after(self, closed_for: timedelta | None) -> OnRegression:
        """What to do when the ticket has been closed for so long (None: unknown, counts as just now)."""
        late = self.within is not None and closed_for is not None and closed_for > self.within
        return self.later if late else self.then


@dataclass(frozen=True, slots=True)
class Escalation:
    """What an escalation in Sentry does to an open ticket. `priority`: Jira only."""

    comment: bool = False
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """When a closed ticket resolves its issues; `environment` for ON_DEPLOY alone."""

    how: Resolve = Resolve.NOW
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tickets a rule may make in any hour and in any 24 hours; None: as many as come."""

    per_hour: int | None = None
    per_day: int | None = None

    @property
    def windows(self) -> tuple[tuple[int, timedelta, str], ...]:
        """Each limit with its time, and how it is called."""
        hour, day = timedelta(hours=1), timedelta(days=1)
        said = ((self.per_hour, hour, "an hour"), (self.per_day, day, "a day"))
        return tuple((limit, span, words) for limit, span, words in said if limit is not None)


@dataclass(frozen=True, slots=True)
class Update:
    """What of an open ticket follows when its bug changes, at most once in `every` for each ticket."""

    counts: Mapping[str, str] = field(default_factory=dict)
    """`events`, `users` or `last_seen`, and the field that it goes into: of Jira, or of each GitHub project."""
    priority: FollowPriority = FollowPriority.OFF
    labels: bool = False
    every: timedelta = timedelta(hours=1)

    @property
    def nothing(self) -> bool:
        """Whether a ticket stays as it was made."""
        return not self.counts and self.priority is FollowPriority.OFF and not self.labels


@dataclass(frozen=True, slots=True)
class Storms:
    """Whether a storm holds back the tickets of a rule, in projects that were watched for so long."""

    hold: bool = True
    known_for: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a rule wants of its pairs once a ticket exists."""

    status: StatusMap
    winner: Winner = Winner.NEWEST
    resolve: Resolution = Resolution()
    regression: Regression = Regression()
    escalation: Escalation = Escalation()
    archive_closes: bool = True
    """Whether archiving in Sentry closes the ticket."""
    follow_duplicates: bool = True
    """Whether a ticket closed as duplicate of another hands its case to that one."""
    assignee: Direction = Direction.OFF
    comments: Direction = Direction.OFF
    limits: Limits = Limits()
    storms: Storms = Storms()
    source_maps_ticket: bool = False
    """Whether a release whose code cannot be shown gets a ticket of its own."""
    update: Update = field(default_factory=Update)


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """One row of the people table: the same person by each service's name for them."""

    sentry: str
    """The e-mail address in Sentry, lower case."""
    accounts: Mapping[TrackerKind, str] = field(default_factory=dict)
    """Jira accountId, GitHub login."""


@dataclass(frozen=True, slots=True)
class People:
    """Who is who. No guessing: an address or account that two rows claim belongs to nobody."""

    table: tuple[Acquaintance, ...] = ()

    def account_of(self, email: str, kind: TrackerKind) -> str | None:
        """The tracker account of a Sentry member; None when the table does not say."""
        found = {row.accounts[kind] for row in self.table if row.sentry == email.lower() and kind in row.accounts}
        return found.pop() if len(found) == 1 else None

    def email_of(self, account: str, kind: TrackerKind) -> str | None:
        """The Sentry address of a tracker account; None when the table does not say."""
        found = {r.sentry for r in self.table if r.accounts.get(kind, "").lower() == account.lower()}
        return found.pop() if len(found) == 1 else None
