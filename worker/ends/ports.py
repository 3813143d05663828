"""What the flow may ask of the outside, in our words.

Every method raises only `Transient` (with `Ambiguous` and `Unauthorized`), `Permanent` (with `NoRelease`), `Gone` or
`Moved` of `worker.errors`, each with its `service`, or `LeaseLost` from the guard. Reads are retried a little inside;
writes are made exactly once a call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from worker.case import TicketChange
from worker.event import Event
from worker.model import (
    Body,
    Comment,
    Deploy,
    Draft,
    Fixed,
    Issue,
    Ours,
    Person,
    Project,
    StateTarget,
    Status,
    Stirred,
    Ticket,
    TicketState,
    TrackerKind,
)
from worker.triage.map_answers import MapAnswer
from worker.triage.release import Release, Suspect

Spending = Literal["read", "write", "create"]
"""What a call does to a service's limits: a read, a write to something, or new content (a ticket, a comment)."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search. `cursor`: of the page after it, None on the last; `total`: all there are, where told."""

    issues: tuple[Issue, ...]
    cursor: str | None
    total: int | None


Happened = Literal[
    "resolved", "resolved_in_release", "resolved_in_commit", "resolved_in_pull_request", "resolved_by_age",
    "reopened", "regressed", "escalated", "archived", "merged",
]  # fmt: skip
"""What may have happened to an issue; `merged`: others were merged into it."""

_AFTER: Mapping[Happened, Status] = {
    "reopened": Status.OPEN,
    "regressed": Status.OPEN,
    "escalated": Status.OPEN,
    "archived": Status.IGNORED,
}


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened to an issue. `how`: the error tracker's own word for it.

    `by` None: the error tracker itself. `release`, `commit`: that fixed it, or that it came back in. `others`: ids of
    the issues that were merged into it.
    """

    id: str
    kind: Happened
    at: datetime
    how: str
    by: Person | None = None
    release: str | None = None
    commit: str | None = None
    others: tuple[str, ...] = ()

    @property
    def status(self) -> Status | None:
        """The status of the issue after it; None when it changes none."""
        return None if self.kind == "merged" else _AFTER.get(self.kind, Status.RESOLVED)


@dataclass(frozen=True, slots=True)
class TicketMove:
    """One status change of a ticket, as its tracker remembers it. `ours`: our own account made it."""

    at: datetime
    state: TicketState
    by: Person | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Until:
    """How long an issue stays archived: so many minutes, or so many more events. None of both: until it escalates."""

    minutes: int | None = None
    events: int | None = None


class Sentry(Protocol):
    """The error tracker."""

    def now(self) -> datetime:
        """Tell the time by Sentry's own clock."""
        ...

    def issue(self, issue_id: str) -> Issue:
        """Read one issue, with its latest status activity. `Gone` when deleted, `Moved` when merged into another."""
        ...

    def activities(self, issue_id: str) -> tuple[Issue, tuple[Activity, ...]]:
        """Read one issue with what happened to it, oldest first, as far as that is still told. Raises as `issue`."""
        ...

    def latest_event(self, issue_id: str) -> Event | None:
        """Read the newest event of an issue; None when it has none (any more)."""
        ...

    def move(self, issue_id: str, to: Status, fixed: Fixed) -> None:
        """Set the status. `ignored` means archived until escalating; `fixed` counts for `resolved` alone.

        `NoRelease` when the project has no release to tie the resolution to; nothing was changed then.
        """
        ...

    def merge(self, project: Project, issue_ids: Sequence[str]) -> str | None:
        """Make two or more issues of one project one; the id of the one that stays, which is not ours to choose.

        It may take a while until the others answer as `Moved`. None when none of them is there any more. Repeating it
        is harmless; `Permanent` when they cannot be merged.
        """
        ...

    def archive(self, issue_id: str, until: Until) -> None:
        """Archive the issue until what a person said; it comes back by itself then. Harmless to repeat."""
        ...

    def link(self, issue_id: str, url: str, place: str, identifier: str, installation: str | None) -> bool:
        """Show a ticket on the issue (an upsert, harmless to repeat). False when no installation can carry it."""
        ...

    def active_since(self, since: datetime) -> Iterator[tuple[Issue, ...]]:
        """Pages of issues of any status with events since `since`, newest first; one page in memory."""
        ...

    def search(self, query: str, cursor: str | None = None) -> Found:
        """One page of what the error tracker's own search finds, the latest first seen first; of the start or a cursor.

        `Permanent` when the query cannot be read. What a row leaves out only the issue itself tells.
        """
        ...

    def rows(self, short_ids: Sequence[str]) -> tuple[Issue, ...]:
        """List rows of at most 100 issues by short id in one call; the missing are absent. No `moved_at` in them."""
        ...

    def deployed(self, project: Project, environment: str, since: datetime) -> Deploy | None:
        """Find the first deploy of the project to the environment that finished after `since`.

        `NoRelease` when the project has no release at all, so that no deploy will ever come.
        """
        ...

    def releases(self, project: Project, since: datetime) -> tuple[Release, ...]:
        """The releases of a project made at or after `since`, of its newest 100, newest first; some minutes old."""
        ...

    def deploys_of(self, version: str) -> tuple[Deploy, ...]:
        """The finished deploys of a release; none where it is unknown. Some minutes old at most."""
        ...

    def deploys_since(self, project: Project, since: datetime) -> tuple[Deploy, ...]:
        """The deploys of a project that finished at or after `since`, oldest first; some minutes old at most."""
        ...

    def suspects(self, project: Project, event_id: str) -> tuple[Suspect, ...]:
        """The commits that the error tracker suspects of an event; none where it knows of none."""
        ...

    def source_map_debug(self, project: Project, event_id: str) -> MapAnswer | None:
        """Tell why the frames of a JavaScript event are not readable; None where nobody tells."""
        ...

    def comments(self, issue_id: str) -> tuple[Comment, ...]:
        """Read what was said on an issue, oldest first."""
        ...

    def comment(self, issue_id: str, text: str, nonce: str) -> str:
        """Say something (Markdown) on an issue, with `nonce` out of sight; the comment's id."""
        ...

    def edit_comment(self, issue_id: str, comment_id: str, text: str, nonce: str) -> None:
        """Say it anew. Repeating it is harmless."""
        ...

    def assign(self, issue_id: str, email: str | None) -> None:
        """Assign the issue to the member with this address, or to nobody. `Permanent` when there is no such member."""
        ...


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """The two texts by which a project of the error tracker groups, as people wrote them."""

    fingerprinting: str
    enhancements: str


class RuleKeeper(Protocol):
    """Where the grouping rules of the error tracker's projects stand."""

    def grouping_rules(self, project: str) -> GroupingRules:
        """Read the rules of a project, by its slug."""
        ...

    def set_grouping_rules(self, project: str, before: GroupingRules, after: GroupingRules) -> None:
        """Write them where they still are as they were read; `Permanent` where they are not, or we may not."""
        ...


class Tracker(Protocol):
    """A named Jira project or GitHub repository that takes tickets."""

    name: str
    kind: TrackerKind
    place: str

    def create(self, draft: Draft, nonce: str) -> Ticket:
        """Create a ticket that carries `nonce` in the same call. `Ambiguous` when it may exist nevertheless."""
        ...

    def find(self, nonce: str, since: datetime) -> tuple[Ticket, ...]:
        """Tickets of our own account created at or after `since` that carry `nonce`, oldest first."""
        ...

    def ours(self, since: datetime) -> Iterator[tuple[Ours, ...]]:
        """Pages of all tickets that our own account created at or after `since`, oldest first, as they are now."""
        ...

    def read(self, key: str) -> Ticket:
        """Read one ticket by key. `Gone` only if its place is readable; a move is followed to the new key."""
        ...

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        """Bring a ticket to a status, along several steps if need be. `Permanent` names what is reachable."""
        ...

    def close_as_duplicate(self, ticket: Ticket, of: Ticket) -> None:
        """Close a ticket as the duplicate of another of this tracker, with a link between them. Harmless to repeat."""
        ...

    def set_priority(self, key: str, priority: str) -> None:
        """Set the priority. `Permanent` where the tracker has no such thing."""
        ...

    def update(self, key: str, change: TicketChange) -> None:
        """Set what has changed. Repeating it is harmless. `Permanent` names what cannot be set here."""
        ...

    def comments(self, key: str) -> tuple[Comment, ...]:
        """Read what was said on a ticket, oldest first."""
        ...

    def comment(self, key: str, body: Body, nonce: str) -> str:
        """Add a comment that carries `nonce`; its id."""
        ...

    def edit_comment(self, key: str, comment_id: str, body: Body, nonce: str) -> None:
        """Say it anew. Repeating it is harmless."""
        ...

    def find_comment(self, key: str, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived."""
        ...

    def person(self, email: str) -> Person | None:
        """Find the one account that may be assigned here and shows this address; None for none, or several."""
        ...

    def assign(self, key: str, account: str | None) -> None:
        """Assign the ticket to an account, or to nobody. `Permanent` when it cannot be assigned here."""
        ...

    def moved_at(self, key: str) -> datetime | None:
        """When the status last changed, by the tracker's own history; None when it never did."""
        ...

    def moves(self, key: str) -> tuple[TicketMove, ...]:
        """Every status change of a ticket by the tracker's own history, oldest first."""
        ...

    def changed_since(self, since: datetime) -> Iterator[tuple[Stirred, ...]]:
        """Pages of tickets changed at or after `since` (with overlap: repeats are harmless).

        Asking again with the same `since` while nothing changed costs nothing where the tracker can tell so.
        """
        ...


@runtime_checkable
class Boards(Protocol):
    """A tracker whose tickets can be put on boards of their own: GitHub's projects."""

    def add_to_project(self, key: str, wanted: Mapping[str, object]) -> None:
        """Put a ticket on `{owner, number}` and set its `fields`. Harmless to repeat. `Permanent` names the nearest."""
        ...


class Budget(Protocol):
    """What one service may be asked for in a while, shared by all workers, so that its limits are never hit by us."""

    def spend(self, what: Spending, about: str = "") -> None:
        """Take one call off the budget; `Transient` with the wait when nothing is left. `about`: a ticket's key."""
        ...


class Wake(Protocol):
    """Tells workers that something is due. It may fail silently: workers sweep on their own."""

    def __call__(self) -> None:
        """Wake a worker."""
        ...
