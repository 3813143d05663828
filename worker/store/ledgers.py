"""What is known of the source maps of each project and release: ledgers, and which of them want something."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from worker.store.tables import insert_into
from worker.store.tables_watch import ledgers
from worker.triage.sourcemaps import Ledger, from_json, to_json

KEPT = 100
"""Releases of a project that are remembered, the latest changed; beyond them only those that are still broken."""


@dataclass(frozen=True, slots=True)
class LedgerName:
    """Which ledger: a project's slug and a release."""

    project: str
    release: str


class Ledgers:
    """The ledgers in one transaction. Whoever changes one holds its project's lock (`Cases.lock_group`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, project: str, release: str) -> Ledger:
        """The ledger of a release; an empty one where nothing was seen."""
        query = select(ledgers.c.kept).where(ledgers.c.project == project, ledgers.c.release == release)
        kept = self._connection.scalar(query)
        return from_json(kept) if kept else Ledger(project, release)

    def keep(self, ledger: Ledger, now: datetime) -> None:
        """Remember a ledger; of a release that is new, the oldest of its project make room."""
        state = "gone" if ledger.gone else "open" if ledger.broken else "fine"
        values = {"kept": to_json(ledger), "state": state, "asks": ledger.ask is not None, "changed_at": now}
        fresh = insert_into(self._connection, ledgers).values(project=ledger.project, release=ledger.release, **values)
        updating = fresh.on_conflict_do_update(index_elements=[ledgers.c.project, ledgers.c.release], set_=values)
        self._connection.execute(updating)
        if ledger.broken + ledger.fine == 1:
            self._make_room(ledger.project)

    def _make_room(self, project: str) -> None:
        mine = select(ledgers.c.changed_at).where(ledgers.c.project == project)
        oldest = self._connection.scalar(mine.order_by(ledgers.c.changed_at.desc()).offset(KEPT).limit(1))
        if oldest is not None:
            old = (ledgers.c.project == project, ledgers.c.changed_at <= oldest, ledgers.c.state != "open")
            self._connection.execute(delete(ledgers).where(*old))

    def broken_in(self, project: str) -> tuple[Ledger, ...]:
        """The ledgers of a project whose code cannot be shown."""
        query = select(ledgers.c.kept).where(ledgers.c.project == project, ledgers.c.state == "open")
        return tuple(from_json(kept) for kept in self._connection.scalars(query.order_by(ledgers.c.release)))

    def wanting(self, limit: int) -> tuple[LedgerName, ...]:
        """Releases whose code cannot be shown, or of which Sentry is to be asked; the latest changed first."""
        wants = or_(ledgers.c.state == "open", ledgers.c.asks)
        query = select(ledgers.c.project, ledgers.c.release).where(wants)
        rows = self._connection.execute(query.order_by(ledgers.c.changed_at.desc()).limit(limit))
        return tuple(LedgerName(row.project, row.release) for row in rows)

    def listing(self, states: Iterable[str], limit: int) -> tuple[Ledger, ...]:
        """The ledgers in these states (`fine`, `open`, `gone`), the latest changed first."""
        query = select(ledgers.c.kept).where(ledgers.c.state.in_(tuple(states)))
        kept = self._connection.scalars(query.order_by(ledgers.c.changed_at.desc()).limit(limit))
        return tuple(from_json(one) for one in kept)

    def with_issue(self, project: str, issue_id: str) -> tuple[Ledger, ...]:
        """The ledgers of a project that an issue's events were unreadable in."""
        query = select(ledgers.c.kept).where(ledgers.c.project == project, ledgers.c.state != "fine")
        found = (from_json(kept) for kept in self._connection.scalars(query.order_by(ledgers.c.changed_at.desc())))
        return tuple(one for one in found if issue_id in one.issues)
