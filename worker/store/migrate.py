"""Brings a database to the schema of this version; safe to run from many processes at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, func, select

from worker.errors import UserFault

_FOLDER = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x6275_6766_6572_7279


def upgrade(engine: Engine) -> None:
    """Run every migration this database lacks, all or none. Raises `UserFault` when it is newer than this version."""
    with engine.begin() as connection:
        _alone(connection)
        _refuse_newer(connection)
        command.upgrade(_config(connection), "head")


def pending(engine: Engine) -> bool:
    """Whether the database lacks a migration. Raises `UserFault` when it is newer than this version."""
    with engine.begin() as connection:
        _refuse_newer(connection)
        return _at(connection) != _scripts().get_current_head()


def _alone(connection: Connection) -> None:
    """Let one process upgrade at a time; on SQLite every writing transaction is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))


def _refuse_newer(connection: Connection) -> None:
    at = _at(connection)
    try:
        _scripts().get_revision(at or "base")
    except CommandError as error:
        raise UserFault(
            f"the database was upgraded by a newer version (its schema is {at!r}); install that version"
        ) from error


def _at(connection: Connection) -> str | None:
    """The revision of the database; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(_FOLDER)


def _config(connection: Connection) -> Config:
    config = Config()
    # A percent sign would be read as a placeholder.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
