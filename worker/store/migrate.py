"""Brings a database to the schema of this version; safe to run from many processes at once."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, func, select

from worker.store.version import MIGRATIONS, refuse_newer

_UPGRADE_LOCK = 0x6275_6766_6572_7279


def upgrade(engine: Engine) -> None:
    """Run every migration this database lacks, all or none. Raises `UserFault` when it is newer than this version."""
    with engine.begin() as connection:
        _alone(connection)
        refuse_newer(connection)
        command.upgrade(_config(connection), "head")


def _alone(connection: Connection) -> None:
    """Let one process upgrade at a time; on SQLite every writing transaction is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))


def _config(connection: Connection) -> Config:
    config = Config()
    # A percent sign would be read as a placeholder.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
