"""How a tracker's own statuses and our three read as each other.

Reading is total: by the rule's names, else by category and resolution, else `open`. Writing must come back as it went
out (`read(write(s)) == s`), or the rule says that `s` is one-way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from worker.model import StateTarget, Status, TicketState, TrackerKind


class Closing(StrEnum):
    """Why a ticket was closed without a fix."""

    WONT_DO = "wont_do"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"


CLOSING_WORDS: Mapping[str, Closing] = {
    **dict.fromkeys(("won't do", "wont do", "won't fix", "wont fix", "wontfix"), Closing.WONT_DO),
    **dict.fromkeys(("not_planned", "not planned", "declined", "rejected", "invalid"), Closing.WONT_DO),
    **dict.fromkeys(("cannot reproduce", "can't reproduce", "incomplete"), Closing.WONT_DO),
    **dict.fromkeys(("not a bug", "works as designed"), Closing.WONT_DO),
    "duplicate": Closing.DUPLICATE,
    **dict.fromkeys(("cancelled", "canceled"), Closing.CANCELLED),
}
"""Resolutions, and names of done statuses (`plain`), by which a closed ticket says: this was not fixed, and why."""

NOT_FIXED = frozenset(CLOSING_WORDS)
"""The same words, whatever they are read as: nothing that was fixed is closed by one of them."""


def plain(word: str) -> str:
    """A tracker's word as it is compared: without regard to case and to the kind of apostrophe."""
    return word.lower().replace("\u2019", "'").strip()


def closing(state: TicketState) -> Closing | None:
    """Why a done ticket was closed without a fix; None when nothing says so.

    The resolution speaks first, then the status name: many workflows set the resolution Done on whatever is closed.
    """
    return CLOSING_WORDS.get(plain(state.resolution or "")) or CLOSING_WORDS.get(plain(state.name))


@dataclass(frozen=True, slots=True)
class StatusMap:
    """One rule's reading and writing of a tracker's statuses. Names compare without regard to case."""

    kind: TrackerKind
    writes: Mapping[Status, StateTarget] = field(default_factory=dict)
    reads: Mapping[str, Status] = field(default_factory=dict)
    """By `name:resolution`, `name`, or `:resolution` of what is done; each `plain`."""
    one_way: frozenset[Status] = frozenset()
    """Statuses that are written but read back as another."""
    closed_as: Mapping[Closing, Status] = field(default_factory=dict)
    """What each closing without a fix means where `reads` does not say; ignored if nothing is said."""
    unless_unfixed: str | None = None
    """The status name that means fixed unless the resolution beside it says otherwise: “Done” as “Won't Do” is not."""

    def read(self, state: TicketState) -> Status:
        """Say what a ticket's state means; every state means something."""
        by_name = self._by_name(state)
        if by_name is not None:
            return by_name
        if not state.done:
            return Status.OPEN
        why = closing(state)
        return self.closed_as.get(why, Status.IGNORED) if why else Status.RESOLVED

    def because(self, state: TicketState) -> Closing | None:
        """The entry of `closed_as` by which a state is read; None when it is read by anything else."""
        return closing(state) if state.done and self._by_name(state) is None else None

    def _by_name(self, state: TicketState) -> Status | None:
        name, resolution = plain(state.name), plain(state.resolution or "")
        keys = [f"{name}:{resolution}", name]
        if state.done and resolution:
            keys.insert(1 if name == self.unless_unfixed else 2, f":{resolution}")
            if name == self.unless_unfixed and resolution in CLOSING_WORDS:
                keys.remove(name)
        return next((self.reads[key] for key in keys if key in self.reads), None)

    def write(self, status: Status) -> StateTarget:
        """Where a ticket goes to say `status`."""
        return self.writes.get(status) or _DEFAULT[self.kind][status]

    def echo(self, status: Status) -> Status:
        """What a ticket reads as once it was moved to say `status`; differs only where that is one-way."""
        return self.read(arrival(self.write(status)))

    def broken(self) -> dict[Status, Status]:
        """The statuses that do not come back as they were written, with what they come back as; empty when sound."""
        back = {status: self.echo(status) for status in Status}
        return {sent: seen for sent, seen in back.items() if sent != seen and sent not in self.one_way}


def arrival(target: StateTarget) -> TicketState:
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
