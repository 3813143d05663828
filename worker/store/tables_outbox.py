"""Messages and reports, as they were sent: tables beside those of sync."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text

from worker.store.column_types import Json, RowId, UtcDateTime
from worker.store.tables import metadata

messages = Table(
    "messages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("channel", Text, nullable=False),
    # What it is about, so that a channel is told once.
    Column("occasion", Text, nullable=False),
    # What all messages about one thing have in common: a later one answers the first.
    Column("thread", Text),
    Column("kind", String(16), nullable=False),
    # Notes that wait are told together with others of the same bundle.
    Column("bundle", Text),
    Column("subject", Text, nullable=False),
    Column("content", Json, nullable=False),
    # Of pictures inside: cid, alt and the PNG in base64.
    Column("pictures", Json, nullable=False),
    Column("state", String(16), nullable=False),
    # The message that tells it, where it is no message of its own.
    Column("told_in", RowId, index=True),
    Column("vendor_id", Text),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    UniqueConstraint("channel", "occasion"),
    CheckConstraint("state IN ('waiting', 'held', 'sent', 'maybe', 'done', 'dropped')", name="state"),
    Index("ix_messages_channel_thread", "channel", "thread"),
    Index("ix_messages_channel_created_at", "channel", "created_at"),
)
_held = text("state = 'held'")
Index("ix_messages_held", messages.c.channel, messages.c.id, sqlite_where=_held, postgresql_where=_held)

reports = Table(
    "reports",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead", Text, nullable=False),
    Column("period", String(16), nullable=False),
    Column("channel", Text, nullable=False),
    Column("message_id", RowId, ForeignKey("messages.id"), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("lead", "period", "channel"),
)
