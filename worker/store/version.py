"""Which schema a database has, read without the library that changes schemas: every process asks when it starts."""

from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from worker.errors import UserFault

MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION = table("alembic_version", column("version_num"))
"""Alembic's own table: one row, the revision that the database is at."""


def pending(engine: Engine) -> bool:
    """Whether the database lacks a migration. Raises `UserFault` when it is newer than this version."""
    with engine.begin() as connection:
        refuse_newer(connection)
        return _at(connection) != revisions()[-1]


def refuse_newer(connection: Connection) -> None:
    """Raise `UserFault` when the database is newer than this version."""
    at = _at(connection)
    if at is not None and at not in revisions():
        raise UserFault(f"the database was upgraded by a newer version (its schema is {at!r}); install that version")


def revisions() -> list[str]:
    """The revisions of this version, the newest last. A migration's file begins with its revision; a test compares."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _at(connection: Connection) -> str | None:
    """The revision of the database; None when it is empty."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    at: str | None = connection.scalar(select(_VERSION.c.version_num))
    return at
