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
