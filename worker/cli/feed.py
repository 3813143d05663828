"""What happens, as it happens: history, one line an entry."""

from collections.abc import Iterator

from rich.text import Text

from worker.store.history import Recorded
from worker.store.store import Store

_LOOK = {
    "case.opened": ("new", "yellow"),
    "ticket.created": ("ticket", "green"),
    "ticket.linked": ("ticket", "green"),
    "ticket.declined": ("quiet", "dim"),
    "ticket.moved": ("moved", "cyan"),
    "issue.moved": ("moved", "cyan"),
    "comment.made": ("said", "cyan"),
    "link.broken": ("broken", "red"),
    "issue.gone": ("gone", "dim"),
    "ticket.not_shown": ("link", "yellow"),
}


class Feed:
    """History from now on; entries nobody needs to watch are left out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._after = 0

    def news(self) -> Iterator[Text]:
        """The entries since the last call, oldest first."""
        with self._store.read() as tx:
            entries = tx.history.after(self._after, limit=200)
        for entry in entries:
            self._after = entry.id
            if entry.kind in _LOOK:
                yield _line(entry)


def _line(entry: Recorded) -> Text:
    word, style = _LOOK[entry.kind]
    mover = {"sentry": "Sentry", "tracker": "tracker", "bugferry": "Bugferry"}.get(entry.actor, entry.actor)
    move = f" [{entry.old} → {entry.new}]" if entry.old and entry.new and entry.old != entry.new else ""
    return Text.assemble(
        (f"{entry.recorded_at.astimezone():%H:%M:%S} ", "dim"),
        (f"{word:<7}", style),
        f"case {entry.case_id:<4}",
        entry.why.partition(" (rule ")[0],
        (move, "bold"),
        (f"  ({mover})", "dim"),
    )
