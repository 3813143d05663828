"""Intents of a third kind: issues that are merged in Sentry. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('create', 'comment', 'merge')"
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Let intents be merges. SQLite changes no constraint of a table: there the rows move into a new one."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_intents_kind"), "intents", type_="check")
        op.create_check_constraint(op.f("ck_intents_kind"), "intents", _KINDS)
        return
    op.drop_index("ix_intents_unclosed_opened_at", "intents")
    op.rename_table("intents", "intents_before")
    _intents()
    op.execute("INSERT INTO intents SELECT * FROM intents_before")  # the columns are the same, in the same order
    op.drop_table("intents_before")
    still = sa.text("closed_at IS NULL")
    op.create_index("ix_intents_unclosed_opened_at", "intents", ["opened_at"], sqlite_where=still)


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", _row_id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", _moment, nullable=False),
        sa.Column("last_sent_at", _moment),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("closed_at", _moment),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_intents_case_id_cases"),
        sa.UniqueConstraint("case_id", "kind", "occasion", name="uq_intents_case_id_kind_occasion"),
        sa.CheckConstraint(_KINDS, name=op.f("ck_intents_kind")),
        sa.CheckConstraint("state IN ('unsent', 'sent', 'done')", name=op.f("ck_intents_state")),
    )
