"""Spells of cases, for reports. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_dimensions = ("project", "rule", "tracker", "cause", "release", "deploy", "owner")


def upgrade() -> None:
    """Add the spells and the words they use; the rollup fills them from history by itself."""
    op.create_table(
        "spells",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ticket_at", sa.BigInteger()),
        sa.Column("human_at", sa.BigInteger()),
        sa.Column("reopened_at", sa.BigInteger()),
        sa.Column("began_how", sa.SmallInteger(), nullable=False),
        sa.Column("ended_how", sa.SmallInteger(), nullable=False),
        sa.Column("began_entry", sa.BigInteger(), nullable=False),
        sa.Column("ended_entry", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _dimensions),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_spells"),
    )
    op.create_index("ix_spells_ended_at", "spells", ["ended_at"])
    op.create_table(
        "rollup_words",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("dimension", sa.String(16), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rollup_words"),
        sa.UniqueConstraint("dimension", "word", name="uq_rollup_words_dimension_word"),
    )
