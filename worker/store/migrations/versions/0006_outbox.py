"""Messages and reports, as sent. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_STATES = "state IN ('waiting', 'held', 'sent', 'maybe', 'done', 'dropped')"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "messages",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text()),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("bundle", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", _json, nullable=False),
        sa.Column("pictures", _json, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("told_in", _row_id),
        sa.Column("vendor_id", sa.Text()),
        sa.Column("due_at", _moment, nullable=False),
        sa.Column("created_at", _moment, nullable=False),
        sa.Column("sent_at", _moment),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("channel", "occasion", name="uq_messages_channel_occasion"),
        sa.CheckConstraint(_STATES, name=op.f("ck_messages_state")),
    )
    op.create_index("ix_messages_channel_thread", "messages", ["channel", "thread"])
    op.create_index("ix_messages_channel_created_at", "messages", ["channel", "created_at"])
    op.create_index("ix_messages_told_in", "messages", ["told_in"])
    held = sa.text("state = 'held'")
    op.create_index("ix_messages_held", "messages", ["channel", "id"], sqlite_where=held, postgresql_where=held)
    op.create_table(
        "reports",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message_id", _row_id, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("created_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint("lead", "period", "channel", name="uq_reports_lead_period_channel"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_reports_message_id_messages"),
    )
