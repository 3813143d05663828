"""What was last written on tickets that follow their bugs: a table beside those of sync."""

from sqlalchemy import Column, ForeignKey, Index, Table, text

from worker.store.column_types import Json, RowId, UtcDateTime
from worker.store.tables import metadata

written = Table(
    "written",
    metadata,
    Column("ticket_id", RowId, ForeignKey("tickets.id"), primary_key=True, autoincrement=False),
    # Counts, priority and labels as we set them last (`worker.talk.follow.Written`).
    Column("content", Json, nullable=False),
    # When the ticket was last compared with its bug.
    Column("compared_at", UtcDateTime, nullable=False),
    # When to look again although nothing is heard: something has changed since, and it was too soon to write it.
    Column("due_at", UtcDateTime),
)
_due = text("due_at IS NOT NULL")
Index("ix_written_due_at", written.c.due_at, sqlite_where=_due, postgresql_where=_due)
