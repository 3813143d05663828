"""Umbrella tickets, and the cases that each of them collects."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from worker.store.column_types import RowId, UtcDateTime
from worker.store.tables import metadata

# A case without issues of its own that owns one ticket for many other cases.
umbrellas = Table(
    "umbrellas",
    metadata,
    Column("case_id", RowId, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    # What it is about: a rule and a day, a storm, a release.
    Column("about", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("tracker", Text, nullable=False),
    # As it was opened, so that a retry sends the same.
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_why", Text),
    # When its ticket was told that it is closed: nothing is said or moved there after that.
    Column("ended_at", UtcDateTime),
    CheckConstraint("kind IN ('limit', 'storm', 'source_maps')", name="kind"),
)
_open = text("closed_at IS NULL")
Index("uq_umbrellas_open", umbrellas.c.kind, umbrellas.c.about, unique=True, sqlite_where=_open, postgresql_where=_open)

# One stay of a case in an umbrella.
collected = Table(
    "collected",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("umbrella_id", RowId, ForeignKey("umbrellas.case_id"), nullable=False, index=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False),
    # How the ticket lists it.
    Column("short_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("permalink", Text),
    Column("more", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
    # When it was asked to get a ticket of its own, because there is room now.
    Column("called_at", UtcDateTime),
    Column("left_at", UtcDateTime),
    Column("left_why", Text),
    # The number of the message on the ticket that says so; 0: the text of the ticket itself.
    Column("joined_in", Integer),
    Column("left_in", Integer),
)
_stays = text("left_at IS NULL")
Index("uq_collected_case", collected.c.case_id, unique=True, sqlite_where=_stays, postgresql_where=_stays)
