"""The store as others see it: a transaction to read, a transaction to write, and claims on work.

Keep no transaction open across a call to a vendor.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, QueuePool, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from worker.errors import Transient
from worker.store.casebook import Casebook
from worker.store.cases import Cases
from worker.store.copies import Copies
from worker.store.cursors import Cursors
from worker.store.engine import READS
from worker.store.feedback import Feedback
from worker.store.history import History
from worker.store.inbox import Inbox
from worker.store.intents import Intents
from worker.store.ledgers import Ledgers
from worker.store.live import LiveFigures
from worker.store.membership import Membership
from worker.store.outbox import Outbox
from worker.store.pairs import Pairs
from worker.store.rollup import Rollup
from worker.store.services import Services
from worker.store.spells import Spells
from worker.store.spreads import Spreads
from worker.store.umbrellas import Umbrellas
from worker.store.waiting import Waiting
from worker.store.watches import Watches
from worker.store.work import Claim, Work
from worker.store.written import Written

_TURN_TIMEOUT_S = 30.0


class Tx:
    """One transaction, by what it is about."""

    def __init__(self, connection: Connection) -> None:
        self.inbox = Inbox(connection)
        self.work = Work(connection)
        self.cases = Cases(connection)
        self.membership = Membership(connection)
        self.pairs = Pairs(connection)
        self.intents = Intents(connection)
        self.history = History(connection)
        self.cursors = Cursors(connection)
        self.copies = Copies(connection)
        self.services = Services(connection)
        self.rollup = Rollup(connection)
        self.spells = Spells(connection)
        self.live = LiveFigures(connection)
        self.casebook = Casebook(connection)
        self.feedback = Feedback(connection)
        self.spreads = Spreads(connection)
        self.umbrellas = Umbrellas(connection)
        self.outbox = Outbox(connection)
        self.watches = Watches(connection)
        self.ledgers = Ledgers(connection)
        self.waiting = Waiting(connection)
        self.written = Written(connection)


class Store:
    """Durable memory behind one engine. Raises `Transient` when the database does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # SQLite lets one write at a time and leaves who is next to chance, with seconds of waiting for the unlucky.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None
        # One snapshot for all reads of a transaction, on both databases.
        self._reading = engine.execution_options(**_reading(engine))

    @contextmanager
    def write(self, claim: Claim | None = None, now: datetime | None = None) -> Iterator[Tx]:
        """Write all or nothing. With a claim, nothing unless the claim stands until the commit: else `LeaseLost`.

        `now` is kept with the claimed key as its holder's last sign of life.
        """
        with _answering(), self._own_turn(), self._engine.begin() as connection:
            tx = Tx(connection)
            if claim is not None:
                tx.work.hold(claim, now)
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Read one moment of the database; whoever tries to write here is refused by it."""
        with _answering(), self._reading.begin() as connection:
            yield Tx(connection)

    def claim(self, now: datetime, lease: timedelta, limit: int = 1, prefix: str | None = None) -> list[Claim]:
        """Take up to `limit` due keys that start with `prefix`, longest due first, in a transaction of its own."""
        with self.write() as tx:
            return tx.work.claim(now, lease, limit, prefix)

    def soonest(self) -> datetime | None:
        """Since when, or from when on, the first key can be claimed; None when there is none to wait for."""
        with self.read() as tx:
            return tx.work.soonest()

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> Claim:
        """Hold a claimed key for `lease` from `now` on. Raises `LeaseLost`."""
        with self.write() as tx:
            return tx.work.renew(claim, now, lease)

    def ping(self) -> None:
        """Raise `Transient` unless the database answers."""
        with _answering(), self._reading.connect() as connection:
            connection.execute(select(1))

    def time(self) -> datetime | None:
        """Ask the database for the time; None on SQLite, which has no clock but its host's."""
        if self._engine.dialect.name == "sqlite":
            return None
        with _answering(), self._reading.connect() as connection:
            told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return told.astimezone(UTC)

    @property
    def open_connections(self) -> int:
        """How many connections of this process are in use right now: 0 during every call to a vendor."""
        pool = self._engine.pool
        if not isinstance(pool, QueuePool):
            raise TypeError("the engine has a pool that does not count; open it with open_engine")
        return pool.checkedout()

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        """Queue with the other threads of this process where one must; other processes queue in the database."""
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=_TURN_TIMEOUT_S):
            raise Transient("the database is busy: other threads have been writing all the time; trying again may work")
        try:
            yield
        finally:
            self._turn.release()


def _reading(engine: Engine) -> dict[str, object]:
    if engine.dialect.name == "sqlite":
        return {READS: True}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


@contextmanager
def _answering() -> Iterator[None]:
    """Say in our words that the database did not answer or could not serve us now."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolExhausted) as error:
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise Transient(f"the database did not serve us: {said}; trying again may work") from error
