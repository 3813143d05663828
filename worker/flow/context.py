"""Everything the flow works with, built once by the wiring and handed to each function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.ends.notify import Notifier, Rendered
from worker.ends.ports import Sentry, Tracker
from worker.errors import UserFault
from worker.event import Event
from worker.flow.trouble import Trouble
from worker.mapping.book import MappingBook
from worker.mapping.channels import Channel, Lead
from worker.store.store import Store


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient we are."""

    lease: timedelta = timedelta(seconds=25)
    """A dead worker's work is free again after this long."""
    hold: timedelta = timedelta(seconds=30)
    """A hint of mere activity waits this long after the last look."""
    grace: timedelta = timedelta(seconds=120)
    """A lost create is looked for this long before it is repeated; longer than any index lag."""
    poll: timedelta = timedelta(seconds=60)
    """The interval between two polls of one service."""


@dataclass(frozen=True, slots=True)
class Context:
    """The store, both ends, the running mapping and the clock."""

    store: Store
    sentry: Sentry
    trackers: Mapping[str, Tracker]
    book: Callable[[], MappingBook]
    now: Callable[[], datetime]
    timing: Timing = Timing()
    installation: str | None = None
    """The Sentry installation that shows tickets, where the settings name it."""
    trouble: Trouble = field(default_factory=Trouble)
    """What this process last read of services in trouble."""
    latest: Callable[[], tuple[MappingBook, Mapping[str, Tracker]]] | None = None
    """The running mapping with its trackers, where it may change; None: `book` and `trackers` are for good."""
    events: dict[str, Event | None] | None = None
    """The newest events that this piece of work has read, by issue; None: nothing is kept."""
    notifier: Callable[[Channel], Notifier] | None = None
    """Who says something in a channel; None: nobody says anything."""
    report: Callable[[Lead, str, bool], Rendered] | None = None
    """Writes a lead's report of an ISO week, as one that is late or not; None: nobody writes any."""

    def fresh(self) -> "Context":
        """The same with the mapping that runs now: one piece of work or one round goes by one mapping."""
        if self.latest is None:
            return self
        book, trackers = self.latest()
        return replace(self, book=lambda: book, trackers=trackers)

    def newest_event(self, issue_id: str) -> Event | None:
        """The newest event of an issue, read once for one piece of work; None when it has none."""
        if self.events is None:
            return self.sentry.latest_event(issue_id)
        if issue_id not in self.events:
            self.events[issue_id] = self.sentry.latest_event(issue_id)
        return self.events[issue_id]

    def tracker(self, name: str) -> Tracker:
        """The tracker of that name; `UserFault` when it is no longer set up (a ticket never moves to another)."""
        try:
            return self.trackers[name]
        except KeyError:
            raise UserFault(
                f"tracker '{name}' has tickets but is no longer in the mapping: put it back under `trackers:`, "
                "then retry this work."
            ) from None
