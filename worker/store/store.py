"""The store as others see it: a transaction to read, a transaction to write, and claims on work.

Keep no transaction open across a call to a vendor.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Generic, TypeVar

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


Room = TypeVar("Room")


class _Of(Generic[Room]):
    """A part of a transaction, built when it is first asked for: most transactions need one or two of them."""

    def __init__(self, room: Callable[[Connection], Room]) -> None:
        self._room = room

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, tx: "Tx", owner: type) -> Room:
        room = tx.__dict__[self._name] = self._room(tx.connection)
        return room


class Tx:
    """One transaction, by what it is about."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    inbox = _Of(Inbox)
    work = _Of(Work)
    cases = _Of(Cases)
    membership = _Of(Membership)
    pairs = _Of(Pairs)
    intents = _Of(Intents)
    history = _Of(History)
    cursors = _Of(Cursors)
    copies = _Of(Copies)
    services = _Of(Services)
    rollup = _Of(Rollup)
    spells = _Of(Spells)
    live = _Of(LiveFigures)
    casebook = _Of(Casebook)
    feedback = _Of(Feedback)
    spreads = _Of(Spreads)
    umbrellas = _Of(Umbrellas)
    outbox = _Of(Outbox)
    watches = _Of(Watches)
    ledgers = _Of(Ledgers)
    waiting = _Of(Waiting)
    written = _Of(Written)


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
        with _ANSWERING, self._own_turn(), self._begun(reads=False) as connection:
            tx = Tx(connection)
            if claim is not None:
                tx.work.hold(claim, now)
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Read one moment of the database; whoever tries to write here is refused by it."""
        with _ANSWERING, self._begun(reads=True) as connection:
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
        with _ANSWERING, self._reading.connect() as connection:
            connection.execute(select(1))

    def time(self) -> datetime | None:
        """Ask the database for the time; None on SQLite, which has no clock but its host's."""
        if self._engine.dialect.name == "sqlite":
            return None
        with _ANSWERING, self._reading.connect() as connection:
            told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return told.astimezone(UTC)

    @property
    def open_connections(self) -> int:
        """How many connections of this process are in use right now: 0 during every call to a vendor."""
        pool = self._engine.pool
        if not isinstance(pool, QueuePool):
            raise TypeError("the engine has a pool that does not count; open it with open_engine")
        return pool.checkedout()

    def _begun(self, *, reads: bool) -> AbstractContextManager[Connection]:
        """One transaction: committed at the end of the block, rolled back where that ends with an error."""
        return (self._reading if reads else self._engine).begin()

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


class _Answering:
    """Says in our words that the database did not answer or could not serve us now."""

    def __enter__(self) -> None:
        """Nothing to prepare: a class because its block is entered for every transaction."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OperationalError | InterfaceError | PoolExhausted):
            said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise Transient(f"the database did not serve us: {said}; trying again may work") from error


_ANSWERING = _Answering()
