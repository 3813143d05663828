"""How many notes an issue has; umbrella tickets and what they collect. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what it says."""
    op.add_column("issues", sa.Column("note_count", sa.Integer()))
    _umbrellas()
    _collected()


def _umbrellas() -> None:
    op.create_table(
        "umbrellas",
        sa.Column("case_id", _row_id, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("opened_at", _moment, nullable=False),
        sa.Column("closed_at", _moment),
        sa.Column("closed_why", sa.Text()),
        sa.Column("ended_at", _moment),
        sa.PrimaryKeyConstraint("case_id", name="pk_umbrellas"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_umbrellas_case_id_cases"),
        sa.CheckConstraint("kind IN ('limit', 'storm', 'source_maps')", name=op.f("ck_umbrellas_kind")),
    )
    still = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_umbrellas_open", "umbrellas", ["kind", "about"], unique=True, sqlite_where=still, postgresql_where=still
    )


def _collected() -> None:
    op.create_table(
        "collected",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("umbrella_id", _row_id, nullable=False),
        sa.Column("case_id", _row_id, nullable=False),
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text()),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("joined_at", _moment, nullable=False),
        sa.Column("called_at", _moment),
        sa.Column("left_at", _moment),
        sa.Column("left_why", sa.Text()),
        sa.Column("joined_in", sa.Integer()),
        sa.Column("left_in", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_collected"),
        sa.ForeignKeyConstraint(["umbrella_id"], ["umbrellas.case_id"], name="fk_collected_umbrella_id_umbrellas"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_collected_case_id_cases"),
    )
    op.create_index("ix_collected_umbrella_id", "collected", ["umbrella_id"])
    still = sa.text("left_at IS NULL")
    op.create_index(
        "uq_collected_case", "collected", ["case_id"], unique=True, sqlite_where=still, postgresql_where=still
    )
