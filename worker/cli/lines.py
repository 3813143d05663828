"""How deliveries and history read on the terminal: one row each, foreign text as plain cells."""

from collections.abc import Iterable
from datetime import datetime

from rich.table import Table
from rich.text import Text

from worker.cli.screen import ago, table
from worker.store.history import Recorded
from worker.store.inbox import DeliveryRow


def delivery_table(rows: Iterable[DeliveryRow], now: datetime) -> Table:
    """Deliveries with the id that `bugferry replay` takes."""
    made = table("id", "received", "from", "what", "looks at", "identity")
    for row in rows:
        what = f"{row.resource} {row.action or ''}".rstrip()
        keys = ", ".join(hint.key for hint in row.hints) or "nothing"
        cells = (str(row.id), ago(row.received_at, now), row.source, what, keys, row.identity)
        made.add_row(*map(Text, cells))
    return made


def history_table(entries: Iterable[Recorded]) -> Table:
    """History: when, who, what, and why under which rule."""
    made = table("when (UTC)", "who", "what", "why")
    for entry in entries:
        move = f" {entry.old} → {entry.new}" if entry.old and entry.new and entry.old != entry.new else ""
        when = f"{entry.occurred_at:%Y-%m-%d %H:%M:%S}"
        made.add_row(*map(Text, (when, entry.actor, entry.kind + move, entry.why)))
    return made
