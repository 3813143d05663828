"""What is watched from issue to issue: storms in a project, source maps of a release, bugs that went quiet."""

from sqlalchemy import Boolean, CheckConstraint, Column, String, Table, Text

from worker.store.column_types import Json, UtcDateTime
from worker.store.tables import metadata

# One row a project in which an issue began since we are here.
watches = Table(
    "watches",
    metadata,
    Column("project", Text, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    # What is usual there and the storm that rages, as `triage.storm.Watch`.
    Column("kept", Json, nullable=False),
    # When the storm that rages began, which stands in `kept` as well: few rows are read for it.
    Column("storm_at", UtcDateTime),
    # Why the storm before it was over.
    Column("ended_why", Text),
)

# One row for each project and release with an event that tells something of its source maps.
ledgers = Table(
    "ledgers",
    metadata,
    Column("project", Text, primary_key=True),
    # Empty: of events without a release.
    Column("release", Text, primary_key=True),
    # As `triage.sourcemaps.Ledger`; the next two are told by it.
    Column("kept", Json, nullable=False),
    Column("state", String(8), nullable=False),
    # Whether Sentry is to be asked about one of its events.
    Column("asks", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    CheckConstraint("state IN ('fine', 'open', 'gone')", name="state"),
)

# For which last event of an issue it was asked what took it away.
quiets = Table(
    "quiets",
    metadata,
    Column("issue_id", Text, primary_key=True),
    Column("last_seen", UtcDateTime, nullable=False),
)
