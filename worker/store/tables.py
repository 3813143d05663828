"""The schema: one place that says what is kept, with the constraints that hold whatever the code above does."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Update,
    bindparam,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from worker.store.column_types import HintList, Json, RowId, StatusText, UtcDateTime

Shape = TypeVar("Shape")
Upsert = sqlite.Insert | postgresql.Insert


def utc_now() -> datetime:
    """Now, for columns that only tell a person when a row last changed; no decision reads them."""
    return datetime.now(UTC)


def columns_of(table: Table, shape: type) -> Sequence[ColumnElement[object]]:
    """The columns that fill a dataclass whose fields are named like them."""
    return [table.c[field.name] for field in fields(shape)]


def fetch(
    connection: Connection, query: Executable, shape: type[Shape], given: Mapping[str, object] | None = None
) -> list[Shape]:
    """Run a query whose columns are named like the fields of `shape`, and give those values.

    `given`: values of its named parameters. A query that is built once and runs often takes a third of the time.
    """
    return [shape(**row._asdict()) for row in connection.execute(query, given)]


def change(connection: Connection, table: Table, of: Mapping[str, object], values: Mapping[str, object]) -> int:
    """Set columns of the rows whose columns `of` have these values; how many rows that were."""
    computed = {name: value for name, value in values.items() if isinstance(value, ClauseElement)}
    plain = {name: value for name, value in values.items() if name not in computed}
    statement = _changing(table, tuple(of))
    statement = statement.values(computed) if computed else statement
    return connection.execute(statement, {**plain, **{f"of_{name}": value for name, value in of.items()}}).rowcount


@cache
def _changing(table: Table, names: tuple[str, ...]) -> Update:
    return update(table).where(*(table.c[name] == bindparam(f"of_{name}") for name in names))


def insert_into(connection: Connection, table: Table) -> Upsert:
    """An INSERT that knows ON CONFLICT, in the dialect of this connection."""
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: Table) -> Upsert:
    """An INSERT that knows ON CONFLICT, in a dialect: `sqlite` or `postgresql`."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source", String(32), nullable=False),
    Column("identity", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("action", Text),
    Column("digest", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("hints", HintList, nullable=False),
    Column("installation", Text),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("source", "identity"),
    CheckConstraint("verdict IN ('hinted', 'nothing_to_do')", name="verdict"),
)

work = Table(
    "work",
    metadata,
    Column("key", Text, primary_key=True),
    Column("generation", BigInteger, nullable=False),
    # When the row may be claimed: while it is leased, that is when the lease runs out.
    Column("due_at", UtcDateTime, nullable=False),
    # While it is leased: the soonest that a hint asked for since. Finishing makes it the due time.
    Column("hinted_due_at", UtcDateTime),
    Column("why", Text, nullable=False),
    Column("lease_token", String(16)),
    Column("attempts", Integer, nullable=False),
    # Unforeseen errors and dead workers in a row.
    Column("stumbles", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("parked_at", UtcDateTime),
    Column("parked_reason", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # The service whose trouble made it wait: not taken while that is closed, due at once when it opens.
    Column("waits_for", Text),
)
_unparked = text("parked_at IS NULL")
Index("ix_work_unparked_due_at", work.c.due_at, sqlite_where=_unparked, postgresql_where=_unparked)
_awaiting = text("waits_for IS NOT NULL")
Index("ix_work_waits_for", work.c.waits_for, sqlite_where=_awaiting, postgresql_where=_awaiting)

cases = Table(
    "cases",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("project_group", Text, nullable=False, index=True),
    Column("rule", Text),
    Column("tracker", Text),
    Column("verdict", Text),
    Column("goal", Json),
    Column("broken_reason", Text),
    Column("broken_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False, default=utc_now, onupdate=utc_now, index=True),
    # Why both sides differ on purpose, and since when.
    Column("waiting_for", Text),
    Column("waiting_since", UtcDateTime),
    # The case that took this one in.
    Column("merged_into", RowId),
    # Whom each side named when both were last compared, and on which ticket (JSON); null for never compared.
    Column("assignee_agreed", Text),
)
_is_waiting = text("waiting_for IS NOT NULL")
Index("ix_cases_waiting", cases.c.id, sqlite_where=_is_waiting, postgresql_where=_is_waiting)

tickets = Table(
    "tickets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False, index=True),
    Column("tracker", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("vendor_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status_name", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("resolution", Text),
    Column("agreed", StatusText),
    Column("nonce", Text),
    Column("rule", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("closed_reason", Text),
    # Its tracker's own time of the latest change that we have seen.
    Column("changed_at", UtcDateTime),
    # Since when it has been done, as far as we saw.
    Column("done_since", UtcDateTime),
    # One that no longer speaks: how it is told which ticket took over, and when that was done.
    Column("farewell", String(16)),
    Column("seen_off_at", UtcDateTime),
    # The ticket that it is a duplicate of and that could not be followed.
    Column("not_followed", Text),
    UniqueConstraint("tracker", "vendor_id"),
    Index("ix_tickets_tracker_key", "tracker", "key"),
)
# Promise 1: at most one live ticket per case, kept by the database itself.
Index("uq_tickets_live_case", tickets.c.case_id, unique=True, sqlite_where=text("live"), postgresql_where=text("live"))

issues = Table(
    "issues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False, index=True),
    Column("short_id", Text, nullable=False, index=True),
    Column("project_slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("permalink", Text),
    Column("status", StatusText, nullable=False),
    Column("substatus", Text),
    Column("priority", Text),
    Column("level", Text),
    Column("platform", Text),
    Column("count", BigInteger, nullable=False),
    Column("user_count", BigInteger, nullable=False),
    Column("first_seen", UtcDateTime),
    Column("last_seen", UtcDateTime),
    Column("first_release", Text),
    Column("last_release", Text),
    Column("assignee", Text),
    Column("agreed", StatusText),
    Column("closed_with_ticket", Boolean, nullable=False),
    Column("linked_ticket", RowId, ForeignKey("tickets.id")),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("gone_at", UtcDateTime),
    # The escalation that the ticket was last told of.
    Column("escalation_told", Text),
    # How many notes it has, as Sentry's lists tell.
    Column("note_count", Integer),
    # Whose fault it is by what was last read of it: the cause, by how much it leads, and why (triage.cause).
    Column("cause", String(16)),
    Column("cause_margin", Float),
    Column("cause_reasons", Json),
    # When its newest event was last compared with other cases.
    Column("signed_at", UtcDateTime),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_sent_at", UtcDateTime),
    Column("tries", Integer, nullable=False),
    Column("result", Text),
    Column("closed_at", UtcDateTime),
    UniqueConstraint("case_id", "kind", "occasion"),
    CheckConstraint("kind IN ('create', 'comment', 'merge')", name="kind"),
    CheckConstraint("state IN ('unsent', 'sent', 'done')", name="state"),
)
_unclosed = text("closed_at IS NULL")
Index("ix_intents_unclosed_opened_at", intents.c.opened_at, sqlite_where=_unclosed, postgresql_where=_unclosed)

history = Table(
    "history",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id")),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False, index=True),
    Column("recorded_at", UtcDateTime, nullable=False, index=True),
    Column("issue_id", Text),
    Column("ticket_key", Text),
    Column("rule", Text),
    Column("old", Text),
    Column("new", Text),
    Column("source", Text, nullable=False),
    Column("external_id", Text),
    Column("detail", Json, nullable=False),
    Index("ix_history_case_id_occurred_at", "case_id", "occurred_at"),
    Index("ix_history_kind_occurred_at", "kind", "occurred_at"),
)
_foreign = text("external_id IS NOT NULL")
Index(
    "uq_history_source_external_id",
    history.c.source,
    history.c.external_id,
    unique=True,
    sqlite_where=_foreign,
    postgresql_where=_foreign,
)

# What somebody said on one side and we repeated on the other, so that it is said once and edits are followed.
copies = Table(
    "copies",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case_id", RowId, ForeignKey("cases.id"), nullable=False, index=True),
    # Where it was said: `issue:<id>` or `ticket:<row id>`, and the comment's id there.
    Column("said_on", Text, nullable=False),
    Column("said_id", Text, nullable=False),
    Column("shown_on", Text, nullable=False),
    Column("shown_id", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    # Of the text as it was last repeated.
    Column("digest", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("said_on", "said_id", "shown_on"),
)

# Outside services that refuse or ask for a pause; one that is well has no row.
services = Table(
    "services",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    # No call before then; whoever comes first after it tries for everybody.
    Column("until", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False, default=utc_now, onupdate=utc_now),
)
