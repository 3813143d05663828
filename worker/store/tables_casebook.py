"""What triage remembers of issues: signatures and where to find them, suggestions, what people decided."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from worker.store.column_types import Json, RowId, UtcDateTime
from worker.store.tables import metadata

# One way in which an issue looked. Its case is that of its issue: so it stays right when cases merge and split.
signatures = Table(
    "signatures",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("issue_id", Text, ForeignKey("issues.id"), nullable=False),
    Column("project_group", Text, nullable=False),
    # Digest of what makes two events look the same.
    Column("look", String(32), nullable=False),
    Column("signature", Json, nullable=False),
    # How many events of this look were read, and which one last.
    Column("events", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    # The release of that last event; the first one's is in the signature.
    Column("last_release", Text),
    UniqueConstraint("issue_id", "look"),
)

# One row a key: the digest of a project group and what a signature is found by, with its newest signatures.
postings = Table(
    "postings",
    metadata,
    Column("key", RowId, primary_key=True, autoincrement=False),
    # How many signatures ever came under it.
    Column("posted", Integer, nullable=False),
    # Row ids of the newest of them, oldest first.
    Column("newest", Json, nullable=False),
)

# In how many signatures of a project group a word was; one row for the empty word counts the signatures.
words = Table(
    "words",
    metadata,
    Column("word", RowId, primary_key=True, autoincrement=False),
    Column("seen_in", BigInteger, nullable=False),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("issue_id", Text, ForeignKey("issues.id"), nullable=False),
    # The issue that it is likest to, whose case may be the right one; of a split the issue itself.
    Column("other_id", Text, ForeignKey("issues.id"), nullable=False),
    Column("score", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("reasons", Json, nullable=False),
    # Frames side by side; of a split its clusters.
    Column("evidence", Json, nullable=False),
    Column("state", String(8), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("settled_by", Text),
    UniqueConstraint("kind", "issue_id", "other_id"),
    CheckConstraint("kind IN ('join', 'split')", name="kind"),
    CheckConstraint("state IN ('open', 'taken', 'refused')", name="state"),
)
_open = text("state = 'open'")
Index("ix_suggestions_open", suggestions.c.score, sqlite_where=_open, postgresql_where=_open)

# What people decided, one row for each issue or pair of issues: only ever added to. The latest word on a pair holds.
feedback = Table(
    "feedback",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("issue_id", Text, nullable=False, index=True),
    Column("other_id", Text, index=True),
    Column("who", Text, nullable=False),
    Column("why", Text),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('merge', 'split', 'unsaid', 'not_noise', 'as_judged', 'open', 'as_ruled')", name="kind"),
)
