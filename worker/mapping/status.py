"""How a tracker's own statuses and our three read as each other; and what a rule wants when the two sides differ.

Reading is total: by the rule's names, else by category and resolution, else `open`. Writing must come back as it went
out (`read(write(s)) == s`), or the rule says that `s` is one-way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.model import StateTarget, Status, TicketState, TrackerKind, Winner

NOT_FIXED = frozenset(
    {"won't do", "won't fix", "wont fix", "wontfix", "cannot reproduce", "declined", "duplicate", "not_planned"}
)
"""Resolutions (lower case) by which a closed ticket says: this was not fixed."""


@dataclass(frozen=True, slots=True)
class StatusMap:
    """One rule's reading and writing of a tracker's statuses. Names compare without regard to case."""

    kind: TrackerKind
    writes: Mapping[Status, StateTarget] = field(default_factory=dict)
    reads: Mapping[str, Status] = field(default_factory=dict)
    """Lower-case status names of the tracker, and for GitHub `closed:<state_reason>`."""
    one_way: frozenset[Status] = frozenset()
    """Statuses that are written but read back as another."""

    def read(self, state: TicketState) -> Status:
        """Say what a ticket's state means; every state means something."""
        name = state.name.lower()
        by_name = self.reads.get(f"{name}:{(state.resolution or '').lower()}") or self.reads.get(name)
        if by_name is not None:
            return by_name
        if not state.done:
            return Status.OPEN
        return Status.IGNORED if (state.resolution or "").lower() in NOT_FIXED else Status.RESOLVED

    def write(self, status: Status) -> StateTarget:
        """Where a ticket goes to say `status`."""
        return self.writes.get(status) or _DEFAULT[self.kind][status]

    def echo(self, status: Status) -> Status:
        """What a ticket reads as once it was moved to say `status`; differs only where that is one-way."""
        return self.read(_arrival(self.write(status)))

    def broken(self) -> dict[Status, Status]:
        """The statuses that do not come back as they were written, with what they come back as; empty when sound."""
        back = {status: self.echo(status) for status in Status}
        return {sent: seen for sent, seen in back.items() if sent != seen and sent not in self.one_way}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a rule wants of its pairs once a ticket exists."""

    status: StatusMap
    winner: Winner = Winner.NEWEST


def _arrival(target: StateTarget) -> TicketState:
    """The state a ticket is in after it was moved to `target`, as far as the target says."""
    name = target.name or ("done" if target.done else "open")
    return TicketState(name=name, done=target.done, resolution=target.resolution)


_DEFAULT: Mapping[TrackerKind, Mapping[Status, StateTarget]] = {
    TrackerKind.GITHUB: {
        Status.OPEN: StateTarget(done=False, name="open"),
        Status.RESOLVED: StateTarget(done=True, name="closed", resolution="completed"),
        Status.IGNORED: StateTarget(done=True, name="closed", resolution="not_planned"),
    },
    TrackerKind.JIRA: {
        Status.OPEN: StateTarget(done=False),
        Status.RESOLVED: StateTarget(done=True),
        Status.IGNORED: StateTarget(done=True, resolution="Won't Do"),
    },
}
