"""Signatures and their postings, causes, suggestions, what people decided. Forward only: the way back is a backup."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_moment = sa.DateTime(timezone=True)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add what triage remembers."""
    for name, kind in (("cause", sa.String(16)), ("cause_margin", sa.Float()), ("cause_reasons", _json)):
        op.add_column("issues", sa.Column(name, kind))
    op.add_column("issues", sa.Column("signed_at", _moment))
    _signatures()
    _suggestions()
    _feedback()


def _signatures() -> None:
    op.create_table(
        "signatures",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("issue_id", sa.Text(), nullable=False),
        sa.Column("project_group", sa.Text(), nullable=False),
        sa.Column("look", sa.String(32), nullable=False),
        sa.Column("signature", _json, nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kept_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signatures"),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name="fk_signatures_issue_id_issues"),
        sa.UniqueConstraint("issue_id", "look", name="uq_signatures_issue_id_look"),
    )
    op.create_table(
        "postings",
        sa.Column("key", _row_id, nullable=False, autoincrement=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column("newest", _json, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_postings"),
    )
    op.create_table(
        "words",
        sa.Column("word", _row_id, nullable=False, autoincrement=False),
        sa.Column("seen_in", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_words"),
    )


def _suggestions() -> None:
    op.create_table(
        "suggestions",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("issue_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reasons", _json, nullable=False),
        sa.Column("evidence", _json, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("made_at", _moment, nullable=False),
        sa.Column("settled_at", _moment),
        sa.Column("settled_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_suggestions"),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name="fk_suggestions_issue_id_issues"),
        sa.ForeignKeyConstraint(["other_id"], ["issues.id"], name="fk_suggestions_other_id_issues"),
        sa.UniqueConstraint("kind", "issue_id", "other_id", name="uq_suggestions_kind_issue_id_other_id"),
        sa.CheckConstraint("kind IN ('join', 'split')", name=op.f("ck_suggestions_kind")),
        sa.CheckConstraint("state IN ('open', 'taken', 'refused')", name=op.f("ck_suggestions_state")),
    )
    only = sa.text("state = 'open'")
    op.create_index("ix_suggestions_open", "suggestions", ["score"], sqlite_where=only, postgresql_where=only)


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("issue_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text()),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.CheckConstraint(
            "kind IN ('merge', 'split', 'unsaid', 'not_noise', 'as_judged', 'open', 'as_ruled')",
            name=op.f("ck_feedback_kind"),
        ),
    )
    op.create_index("ix_feedback_issue_id", "feedback", ["issue_id"])
    op.create_index("ix_feedback_other_id", "feedback", ["other_id"])
