"""The first schema. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make every table."""
    _deliveries()
    _work()
    _cases()
    _tickets()
    _issues()
    _intents()
    _history()
    _cursors()


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("action", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("hints", _json, nullable=False),
        sa.Column("installation", sa.Text()),
        sa.Column("received_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("source", "identity", name="uq_deliveries_source_identity"),
        sa.CheckConstraint("verdict IN ('hinted', 'nothing_to_do')", name=op.f("ck_deliveries_verdict")),
    )
    op.create_index("ix_deliveries_received_at", "deliveries", ["received_at"])


def _work() -> None:
    op.create_table(
        "work",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("due_at", _moment, nullable=False),
        sa.Column("hinted_due_at", _moment),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("lease_token", sa.String(16)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stumbles", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("parked_at", _moment),
        sa.Column("parked_reason", sa.Text()),
        sa.Column("created_at", _moment, nullable=False),
        sa.Column("updated_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_work"),
    )
    _partial_index("ix_work_unparked_due_at", "work", ["due_at"], "parked_at IS NULL")


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("opened_at", _moment, nullable=False),
        sa.Column("project_group", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("tracker", sa.Text()),
        sa.Column("verdict", sa.Text()),
        sa.Column("goal", _json),
        sa.Column("broken_reason", sa.Text()),
        sa.Column("broken_at", _moment),
        sa.Column("updated_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_project_group", "cases", ["project_group"])
    op.create_index("ix_cases_updated_at", "cases", ["updated_at"])


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("case_id", _row_id, nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status_name", sa.Text(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("resolution", sa.Text()),
        sa.Column("agreed", sa.String(16)),
        sa.Column("nonce", sa.Text()),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", _moment, nullable=False),
        sa.Column("observed_at", _moment, nullable=False),
        sa.Column("closed_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_tickets_case_id_cases"),
        sa.UniqueConstraint("tracker", "vendor_id", name="uq_tickets_tracker_vendor_id"),
    )
    op.create_index("ix_tickets_case_id", "tickets", ["case_id"])
    op.create_index("ix_tickets_tracker_key", "tickets", ["tracker", "key"])
    _partial_index("uq_tickets_live_case", "tickets", ["case_id"], "live", unique=True)


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", _row_id, nullable=False),
        sa.Column("short_id", sa.Text(), nullable=False),
        sa.Column("project_slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("substatus", sa.Text()),
        sa.Column("priority", sa.Text()),
        sa.Column("level", sa.Text()),
        sa.Column("platform", sa.Text()),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("user_count", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", _moment),
        sa.Column("last_seen", _moment),
        sa.Column("first_release", sa.Text()),
        sa.Column("last_release", sa.Text()),
        sa.Column("assignee", sa.Text()),
        sa.Column("agreed", sa.String(16)),
        sa.Column("closed_with_ticket", sa.Boolean(), nullable=False),
        sa.Column("linked_ticket", _row_id),
        sa.Column("observed_at", _moment, nullable=False),
        sa.Column("gone_at", _moment),
        sa.PrimaryKeyConstraint("id", name="pk_issues"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_issues_case_id_cases"),
        sa.ForeignKeyConstraint(["linked_ticket"], ["tickets.id"], name="fk_issues_linked_ticket_tickets"),
    )
    op.create_index("ix_issues_case_id", "issues", ["case_id"])
    op.create_index("ix_issues_short_id", "issues", ["short_id"])


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
        sa.CheckConstraint("kind IN ('create', 'comment')", name=op.f("ck_intents_kind")),
        sa.CheckConstraint("state IN ('unsent', 'sent', 'done')", name=op.f("ck_intents_state")),
    )
    _partial_index("ix_intents_unclosed_opened_at", "intents", ["opened_at"], "closed_at IS NULL")


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("case_id", _row_id),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("occurred_at", _moment, nullable=False),
        sa.Column("recorded_at", _moment, nullable=False),
        sa.Column("issue_id", sa.Text()),
        sa.Column("ticket_key", sa.Text()),
        sa.Column("rule", sa.Text()),
        sa.Column("old", sa.Text()),
        sa.Column("new", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text()),
        sa.Column("detail", _json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_history_case_id_cases"),
    )
    op.create_index("ix_history_occurred_at", "history", ["occurred_at"])
    op.create_index("ix_history_recorded_at", "history", ["recorded_at"])
    op.create_index("ix_history_case_id_occurred_at", "history", ["case_id", "occurred_at"])
    op.create_index("ix_history_kind_occurred_at", "history", ["kind", "occurred_at"])
    once = ["source", "external_id"]
    _partial_index("uq_history_source_external_id", "history", once, "external_id IS NOT NULL", unique=True)


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    """An index over the rows that `where` holds for, on either database."""
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)
