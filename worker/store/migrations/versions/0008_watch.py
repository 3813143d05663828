"""Storms, source maps and bugs that went quiet. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the three tables; they fill by themselves."""
    op.create_table(
        "watches",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("since", _moment, nullable=False),
        sa.Column("kept", _json, nullable=False),
        sa.Column("storm_at", _moment),
        sa.Column("ended_why", sa.Text()),
        sa.PrimaryKeyConstraint("project", name="pk_watches"),
    )
    op.create_table(
        "ledgers",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("kept", _json, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("project", "release", name="pk_ledgers"),
        sa.CheckConstraint("state IN ('fine', 'open', 'gone')", name=op.f("ck_ledgers_state")),
    )
    op.create_index("ix_ledgers_changed_at", "ledgers", ["changed_at"])
    op.create_table(
        "quiets",
        sa.Column("issue_id", sa.Text(), nullable=False),
        sa.Column("last_seen", _moment, nullable=False),
        sa.PrimaryKeyConstraint("issue_id", name="pk_quiets"),
    )
