"""Spells of cases, rebuilt from history: tables beside those of sync."""

from sqlalchemy import BigInteger, Column, Integer, SmallInteger, String, Table, Text, UniqueConstraint

from worker.store.column_types import RowId
from worker.store.tables import metadata

# One time that a case was open. Moments are whole seconds since 1970, UTC: a report reads a million of them, and
# numbers cost a tenth of datetimes. The words are numbers in `rollup_words`; 0 is not known.
spells = Table(
    "spells",
    metadata,
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, index=True),
    Column("ticket_at", BigInteger),
    Column("human_at", BigInteger),
    Column("reopened_at", BigInteger),
    # Places in `spell.BEGAN` and `spell.ENDED`; -1: still open.
    Column("began_how", SmallInteger, nullable=False),
    Column("ended_how", SmallInteger, nullable=False),
    # The entries of history that say so.
    Column("began_entry", BigInteger, nullable=False),
    Column("ended_entry", BigInteger, nullable=False),
    Column("project", Integer, nullable=False),
    Column("rule", Integer, nullable=False),
    Column("tracker", Integer, nullable=False),
    Column("cause", Integer, nullable=False),
    Column("release", Integer, nullable=False),
    Column("deploy", Integer, nullable=False),
    Column("owner", Integer, nullable=False),
)

rollup_words = Table(
    "rollup_words",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("dimension", String(16), nullable=False),
    Column("word", Text, nullable=False),
    UniqueConstraint("dimension", "word"),
)
