"""The door to the database: one engine per process, opened after any fork, with the settings durability needs."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from worker.errors import UserFault

READS = "bugferry_reads"
"""Execution option of a connection that will only read."""

_BUSY_TIMEOUT_MS = 30_000
_CONNECT_TIMEOUT_S = 10
_WAL_TRIES = 100


def open_engine(url: str) -> Engine:
    """Open the database at `url` (`sqlite:///file` or `postgresql://…`) and prove that it answers.

    Raises `UserFault` when the address is no such thing or nothing answers there.
    """
    place = _parsed(url)
    engine = _sqlite(place) if place.get_backend_name() == "sqlite" else _postgres(place)
    try:
        with engine.connect() as connection:
            connection.execute(select(1))
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise _unreachable(place, error) from error
    return engine


def is_there(url: str) -> bool:
    """Whether there is anything to open: False for a SQLite file that is not there, which opening would make.

    Raises `UserFault` when the address is none.
    """
    place = _parsed(url)
    return place.get_backend_name() != "sqlite" or Path(str(place.database)).exists()


def name_of(url: str) -> str:
    """What people call the database: its whole path, or its address without password and options.

    Raises `UserFault` when the address is none.
    """
    place = _parsed(url)
    if place.get_backend_name() == "sqlite":
        return str(Path(str(place.database)).resolve())
    return place.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def _parsed(url: str) -> URL:
    """The address, with the driver we ship; never repeats a wrong one, which may hold a password."""
    try:
        place = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UserFault("the database address cannot be read; write sqlite:///file or postgresql://…") from error
    if place.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return place.set(drivername="postgresql+psycopg")
    if place.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise UserFault(f"{place.drivername!r} databases are not supported; use sqlite:///file or postgresql://…")
    if not place.database or place.database == ":memory:" or place.database.startswith("file:"):
        raise UserFault("a SQLite database needs a plain file, as in sqlite:///folder/bugferry.db")
    return place


def _postgres(place: URL) -> Engine:
    args = {} if "connect_timeout" in place.query else {"connect_timeout": _CONNECT_TIMEOUT_S}
    # The extra question per checkout makes a restarted server cost nothing but that question.
    return create_engine(
        place, poolclass=QueuePool, max_overflow=20, pool_pre_ping=True, hide_parameters=True, connect_args=args
    )


def _sqlite(place: URL) -> Engine:
    folder = Path(str(place.database)).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unreachable(place, error) from error
    engine = create_engine(place, poolclass=QueuePool, max_overflow=20, hide_parameters=True)
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _settle(raw: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Make a new SQLite connection wait for others, survive power loss and check its references."""
    del entry
    # Only with no isolation level does Python leave every BEGIN to us; its own comes too late and too weak.
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    _to_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _to_wal(cursor: DBAPICursor) -> None:
    """Switch the file to WAL.

    Whoever loses the race to do so is refused at once, whatever the busy timeout (SQLite).
    """
    for _ in range(_WAL_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            # This does honour the timeout: it returns once the winner of the race is through.
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
            continue
        (mode,) = cursor.fetchone() or ("nothing",)
        if mode != "wal":
            raise UserFault(f"SQLite cannot keep a write-ahead log here (it answered {mode!r}); use a local disk")
        return
    raise UserFault("the SQLite file is never free to be opened; is another program holding it?")


def _begin(connection: Connection) -> None:
    """Begin a SQLite transaction: a writing one takes the write lock at once, so that it waits instead of failing."""
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql(f"PRAGMA query_only={int(reads)}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _unreachable(place: URL, error: Exception) -> UserFault:
    said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    where = place.difference_update_query(["password", "sslpassword"]).render_as_string(hide_password=True)
    return UserFault(f"the database {where} does not answer: {said}; check its address and that it runs")
