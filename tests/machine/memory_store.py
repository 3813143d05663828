"""The real store on SQLite in memory: filled from a migrated template in a blink, with a baton pass at each commit."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, StaticPool, create_engine

from worker.store.engine import open_engine
from worker.store.migrate import upgrade
from worker.store.store import Store, Tx
from worker.store.work import Claim

NEXT_DUE = """
SELECT min(max(work.due_at, coalesce(services.until, work.due_at)))
FROM work LEFT JOIN services ON services.name = work.waits_for WHERE work.parked_at IS NULL
"""
"""When to wake somebody up. Asked after each commit, so past SQLAlchemy; a wrong answer costs virtual time."""


@cache
def template() -> bytes:
    """A migrated database, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        engine = open_engine(f"sqlite:///{path}")
        upgrade(engine)
        engine.dispose()
        raw = sqlite3.connect(path)
        raw.execute("PRAGMA journal_mode=DELETE")
        content = raw.serialize()
        raw.close()
    return content


@cache
def _connection() -> Connection:
    """One connection for all seeds of this process, so that statements are compiled once.

    SQLAlchemy never ends what it takes for one transaction: its own way to begin and to commit takes as long as two
    statements, so ours goes past it.
    """
    raw = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    return create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool).connect()


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


class MemoryStore(Store):
    """The store; before and after each write the baton goes round, and a worker may die there."""

    def __init__(self, pause: Callable[[str], None], clock: Callable[[], datetime]) -> None:
        super().__init__(_connection().engine)
        self._pause, self._clock = pause, clock
        self.writes = 0
        self.zombies: list[str] = []
        self._next_due: tuple[int, datetime | None] = (-1, None)
        self.claimed_at: dict[str, datetime] = {}
        self._file = _raw(_connection())
        self._file.rollback()
        self._file.deserialize(template())
        self._file.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def _begun(self, *, reads: bool) -> Iterator[Connection]:
        del reads
        self._file.execute("BEGIN")
        try:
            yield _connection()
        except BaseException:
            self._file.rollback()
            raise
        self._file.commit()

    @contextmanager
    def write(self, claim: Claim | None = None, now: datetime | None = None) -> Iterator[Tx]:
        self._pause("commit")
        with super().write(claim, now) as tx:
            self._notice_a_zombie(claim)
            yield tx
        self.writes += 1
        self._pause("committed")

    def soonest(self) -> datetime | None:
        """From when on the next key can be claimed; asked again only after somebody wrote."""
        if self._next_due[0] != self.writes:
            (due,) = self._file.execute(NEXT_DUE).fetchone()
            self._next_due = self.writes, datetime.fromisoformat(due).replace(tzinfo=UTC) if due else None
        return self._next_due[1]

    def _notice_a_zombie(self, claim: Claim | None) -> None:
        """Write down that a commit goes through under a claim that somebody else has taken over."""
        if claim is not None:
            held = self._file.execute("SELECT lease_token FROM work WHERE key = ?", (claim.key,)).fetchone()
            if held is None or held[0] != claim.token:
                self.zombies.append(claim.key)

    def history_length(self) -> int:
        (length,) = self._file.execute("SELECT count(*) FROM history").fetchone()
        return int(length)

    def claim(self, now: datetime, lease: timedelta, limit: int = 1, prefix: str | None = None) -> list[Claim]:
        self._pause("commit")
        with super().write() as tx:
            claims = tx.work.claim(now, lease, limit, prefix)
        self.writes += 1
        self.claimed_at.update({claim.key: self._clock() for claim in claims})
        self._pause("committed")
        return claims
