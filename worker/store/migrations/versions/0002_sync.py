"""Waiting, past tickets, repeated comments, services in trouble. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what sync remembers beyond a status."""
    _work()
    _cases()
    _tickets()
    op.add_column("issues", sa.Column("escalation_told", sa.Text()))
    _copies()
    _services()


def _work() -> None:
    op.add_column("work", sa.Column("waits_for", sa.Text()))
    only = sa.text("waits_for IS NOT NULL")
    op.create_index("ix_work_waits_for", "work", ["waits_for"], sqlite_where=only, postgresql_where=only)


def _cases() -> None:
    op.add_column("cases", sa.Column("waiting_for", sa.Text()))
    op.add_column("cases", sa.Column("waiting_since", _moment))
    op.add_column("cases", sa.Column("merged_into", _row_id))
    op.add_column("cases", sa.Column("assignee_agreed", sa.Text()))
    only = sa.text("waiting_for IS NOT NULL")
    op.create_index("ix_cases_waiting", "cases", ["id"], sqlite_where=only, postgresql_where=only)


def _tickets() -> None:
    op.add_column("tickets", sa.Column("changed_at", _moment))
    op.add_column("tickets", sa.Column("done_since", _moment))
    op.add_column("tickets", sa.Column("farewell", sa.String(16)))
    op.add_column("tickets", sa.Column("seen_off_at", _moment))
    op.add_column("tickets", sa.Column("not_followed", sa.Text()))


def _copies() -> None:
    op.create_table(
        "copies",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("case_id", _row_id, nullable=False),
        sa.Column("said_on", sa.Text(), nullable=False),
        sa.Column("said_id", sa.Text(), nullable=False),
        sa.Column("shown_on", sa.Text(), nullable=False),
        sa.Column("shown_id", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("updated_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_copies"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_copies_case_id_cases"),
        sa.UniqueConstraint("said_on", "said_id", "shown_on", name="uq_copies_said_on_said_id_shown_on"),
    )
    op.create_index("ix_copies_case_id", "copies", ["case_id"])


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("since", _moment, nullable=False),
        sa.Column("until", _moment, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_services"),
    )
