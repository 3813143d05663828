"""The door to the database: settings that make it durable, plain words when it is shut."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from worker.errors import Transient, UserFault
from worker.store.engine import open_engine
from worker.store.numbers import pages
from worker.store.store import Store


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_sqlite_survives_power_loss_checks_references_and_waits(sqlite_url):
    engine = open_engine(sqlite_url)
    full, on = 2, 1
    assert pragma(engine, "journal_mode") == "wal"
    assert pragma(engine, "synchronous") == full
    assert pragma(engine, "foreign_keys") == on
    assert pragma(engine, "busy_timeout") >= 10_000
    engine.dispose()


def test_the_folder_of_a_sqlite_file_is_made_for_us_alone(tmp_path):
    path = tmp_path / "a" / "b" / "bugferry.db"
    open_engine(f"sqlite:///{path}").dispose()
    assert path.exists()
    assert path.parent.stat().st_mode & 0o077 == 0


def test_foreign_keys_are_kept(store):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), store.write() as tx:
        tx.intents.open(999, "create", "first", datetime(2026, 3, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://u:secret@h/d", "not supported"),
        ("sqlite://", "plain file"),
        ("sqlite:///:memory:", "plain file"),
        ("sqlite:////dev/null/x/bugferry.db", "does not answer"),
        ("postgresql://u:secret@127.0.0.1:1/d", "does not answer"),
        ("postgres://u:secret@127.0.0.1:1/d?connect_timeout=1", "does not answer"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_plain_words(url, says):
    with pytest.raises(UserFault, match=says) as fault:
        open_engine(url)
    assert "secret" not in str(fault.value)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = Path(tmp_path / "notes.txt")
    path.write_text("this is not a database, it is a text of some length " * 50)
    with pytest.raises(UserFault, match="not a database"):
        open_engine(f"sqlite:///{path}")


def test_ping_says_when_the_database_is_gone(tmp_path):
    path = tmp_path / "x" / "bugferry.db"
    engine = open_engine(f"sqlite:///{path}")
    store = Store(engine)
    store.ping()
    engine.dispose()
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    with pytest.raises(Transient):
        store.ping()


def test_a_lost_server_connection_is_replaced_without_a_word(postgres_url):
    engine = open_engine(postgres_url)
    store = Store(engine)

    def cut_off() -> None:
        with store.write() as tx:
            tx.cursors.set("a", "1")
            tx.cursors._connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Transient):
        cut_off()
    with store.write() as tx:
        tx.cursors.set("a", "2")
    with store.read() as tx:
        assert tx.cursors.get("a") == "2"
    engine.dispose()


def test_who_only_reads_cannot_write(store):
    with pytest.raises((DBAPIError, Transient), match=r"(?i)read-?only"), store.read() as tx:
        tx.cursors.set("a", "1")
    with store.read() as tx:
        assert tx.cursors.get("a") is None


def test_all_reads_of_one_transaction_see_one_moment(store):
    with store.read() as reader:
        assert reader.cursors.get("a") is None
        with store.write() as tx:
            tx.cursors.set("a", "1")
        assert reader.cursors.get("a") is None
    with store.read() as tx:
        assert tx.cursors.get("a") == "1"


def test_an_error_inside_a_transaction_writes_nothing(store):
    def half_done() -> None:
        with store.write() as tx:
            tx.cursors.set("a", "1")
            raise RuntimeError("the worker died here")

    with pytest.raises(RuntimeError, match="died here"):
        half_done()
    with store.read() as tx:
        assert tx.cursors.get("a") is None


def test_open_connections_counts_transactions(store):
    assert store.open_connections == 0
    with store.write():
        assert store.open_connections == 1
        with store.read():
            assert store.open_connections == 2
    store.ping()
    assert store.open_connections == 0


def test_numbers_that_the_server_does_not_finish_are_asked_for_again(postgres_url):
    engine = open_engine(postgres_url)
    many = select(func.generate_series(1, 50_000_000).label("n"))

    def hurried() -> None:
        with Store(engine).read() as tx:
            tx.connection.exec_driver_sql("SET LOCAL statement_timeout = 50")
            list(pages(tx.connection, many))

    with pytest.raises(Transient):
        hurried()
    with Store(engine).read() as tx:
        assert [page.tolist() for page in pages(tx.connection, select(func.generate_series(1, 3).label("n")))] == [
            [[1], [2], [3]]
        ]
    engine.dispose()
