"""What was last written on tickets. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "written",
        sa.Column("ticket_id", _row_id, autoincrement=False, nullable=False),
        sa.Column("content", _json, nullable=False),
        sa.Column("compared_at", _moment, nullable=False),
        sa.Column("due_at", _moment),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_written"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_written_ticket_id_tickets"),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_written_due_at", "written", ["due_at"], sqlite_where=due, postgresql_where=due)
