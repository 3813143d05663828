"""The whole schema: every table of every room, for migrations and for the test that compares them."""

from worker.store import (
    tables_casebook,
    tables_outbox,
    tables_rollup,
    tables_umbrellas,
    tables_watch,
    tables_written,
)
from worker.store.tables import metadata

__all__ = [
    "metadata",
    "tables_casebook",
    "tables_outbox",
    "tables_rollup",
    "tables_umbrellas",
    "tables_watch",
    "tables_written",
]
