"""What the flow may ask of the outside, in our words.

Every method raises only `Transient` (with `Ambiguous` and `Unauthorized`), `Permanent` (with `NoRelease`), `Gone` or
`Moved` of `worker.errors`, each with its `service`, or `LeaseLost` from the guard. Reads are retried a little inside;
writes are made exactly once a call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from worker.model import (
    Body,
    Comment,
    Deploy,
    Draft,
    Event,
    Fixed,
    Issue,
    Ours,
    Person,
    Project,
    StateTarget,
    Status,
    Stirred,
    Ticket,
    TrackerKind,
)

Spending = Literal["read", "write", "create"]
"""What a call does to a service's limits: a read, a write to something, or new content (a ticket, a comment)."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search. `cursor`: of the page after it, None on the last; `total`: all there are, where told."""

    issues: tuple[Issue, ...]
    cursor: str | None
    total: int | None


class Sentry(Protocol):
    """The error tracker."""

    def now(self) -> datetime:
        """Tell the time by Sentry's own clock."""
        ...

    def issue(self, issue_id: str) -> Issue:
        """Read one issue, with its latest status activity. `Gone` when deleted, `Moved` when merged into another."""
        ...

    def latest_event(self, issue_id: str) -> Event | None:
        """Read the newest event of an issue; None when it has none (any more)."""
        ...

    def move(self, issue_id: str, to: Status, fixed: Fixed) -> None:
        """Set the status. `ignored` means archived until escalating; `fixed` counts for `resolved` alone.

        `NoRelease` when the project has no release to tie the resolution to; nothing was changed then.
        """
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

    def changed_since(self, since: datetime) -> Iterator[tuple[Stirred, ...]]:
        """Pages of tickets changed at or after `since` (with overlap: repeats are harmless).

        Asking again with the same `since` while nothing changed costs nothing where the tracker can tell so.
        """
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
