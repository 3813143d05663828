"""What the flow may ask of the outside, in our words.

Every method raises only `Transient` (with `Ambiguous` and `Unauthorized`), `Permanent`, `Gone` or `Moved` of
`worker.errors`, or `LeaseLost` from the guard. Reads are retried a little inside; writes are made exactly once a call.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from worker.model import Body, Draft, Event, Issue, StateTarget, Status, Ticket, TrackerKind


class Sentry(Protocol):
    """The error tracker."""

    def issue(self, issue_id: str) -> Issue:
        """Read one issue, with its latest status activity. `Gone` when deleted, `Moved` when merged into another."""
        ...

    def latest_event(self, issue_id: str) -> Event | None:
        """Read the newest event of an issue; None when it has none (any more)."""
        ...

    def move(self, issue_id: str, to: Status) -> None:
        """Set the status. `ignored` means archived until escalating."""
        ...

    def link(self, issue_id: str, url: str, place: str, identifier: str, installation: str | None) -> bool:
        """Show a ticket on the issue (an upsert, harmless to repeat). False when no installation can carry it."""
        ...

    def active_since(self, since: datetime) -> Iterator[tuple[Issue, ...]]:
        """Pages of issues of any status with events since `since`, newest first; one page in memory."""
        ...

    def rows(self, short_ids: Sequence[str]) -> tuple[Issue, ...]:
        """List rows of at most 100 issues by short id in one call; the missing are absent. No `moved_at` in them."""
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

    def read(self, key: str) -> Ticket:
        """Read one ticket by key. `Gone` only if its place is readable; a move is followed to the new key."""
        ...

    def move(self, ticket: Ticket, to: StateTarget) -> None:
        """Bring a ticket to a status, along several steps if need be. `Permanent` names what is reachable."""
        ...

    def comment(self, key: str, body: Body, nonce: str) -> str:
        """Add a comment that carries `nonce`; its id."""
        ...

    def find_comment(self, key: str, nonce: str) -> str | None:
        """The id of our comment that carries `nonce`, if it arrived."""
        ...

    def moved_at(self, key: str) -> datetime | None:
        """When the status last changed, by the tracker's own history; None when it never did."""
        ...

    def changed_since(self, since: datetime) -> Iterator[tuple[str, ...]]:
        """Pages of keys of tickets changed at or after `since` (with overlap: repeats are harmless)."""
        ...


class Wake(Protocol):
    """Tells workers that something is due. It may fail silently: workers sweep on their own."""

    def __call__(self) -> None:
        """Wake a worker."""
        ...
