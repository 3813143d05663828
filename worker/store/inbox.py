"""What was delivered: each delivery once, with its hints, in the one commit that a 2xx answer promises."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection, bindparam, exists, false, func, or_, select
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ColumnElement

from worker.model import Delivery, Hint
from worker.store.cursors import Cursors
from worker.store.tables import columns_of, deliveries, fetch, insert_in, issues
from worker.store.work import Work

INSTALLATION = "sentry.installation"
"""Cursor: the Sentry installation that last named itself in a delivery."""

REPEATED = timedelta(seconds=2)
"""A duplicate that comes sooner than this after the first is the same one sent twice."""

_ISSUE = "issue:"
_ID_DIGITS = 19
"""Row ids have fewer digits; a longer number is no id and would not fit PostgreSQL's."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery as it was read; the raw body is not kept."""

    id: int
    source: str
    identity: str
    resource: str
    action: str | None
    digest: str
    verdict: str
    hints: tuple[Hint, ...]
    installation: str | None
    received_at: datetime


_columns = columns_of(deliveries, DeliveryRow)
_RECEIVED_AT = select(deliveries.c.received_at).where(
    deliveries.c.source == bindparam("of_source"), deliveries.c.identity == bindparam("of_identity")
)
_OBSERVED_AT = select(issues.c.observed_at).where(issues.c.id == bindparam("issue_id"))


@cache
def _remembering(dialect: str) -> Executable:
    fresh = insert_in(dialect, deliveries)
    return fresh.on_conflict_do_nothing(index_elements=["source", "identity"]).returning(deliveries.c.id)


class Inbox:
    """The deliveries in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._work = Work(connection)
        self._cursors = Cursors(connection)

    def accept(self, delivery: Delivery, digest: str, now: datetime, hold: timedelta) -> bool:
        """Remember a delivery and make its hints due; False when the same one was accepted before.

        A hint that is not urgent waits until its issue was last observed `hold` ago.
        """
        if not self._remember(delivery, digest, now):
            self._look_again(delivery, now)
            return False
        # In one order for everybody: two deliveries about the same keys must not wait for each other.
        for hint in sorted(delivery.hints, key=lambda hint: hint.key):
            self._work.push(hint, now, self._due(hint, now, hold))
        if delivery.installation is not None:
            self._cursors.set(INSTALLATION, delivery.installation)
        return True

    def _look_again(self, delivery: Delivery, now: datetime) -> None:
        """Heed the urgent hints of a duplicate that comes late.

        Resolve, unresolve and resolve again without a new event look the same in Sentry's payloads; a look too many is
        cheap, one too few is not.
        """
        same = {"of_source": delivery.source, "of_identity": delivery.identity}
        first = self._connection.scalar(_RECEIVED_AT, same)
        if first is not None and now - first > REPEATED:
            for hint in sorted((hint for hint in delivery.hints if hint.urgent), key=lambda hint: hint.key):
                self._work.push(hint, now)

    def recent(self, limit: int) -> tuple[DeliveryRow, ...]:
        """Latest deliveries, newest first."""
        query = select(*_columns).order_by(deliveries.c.received_at.desc(), deliveries.c.id.desc())
        return tuple(fetch(self._connection, query.limit(limit), DeliveryRow))

    def since(self, when: datetime) -> tuple[DeliveryRow, ...]:
        """Deliveries received at or after `when`, oldest first."""
        query = select(*_columns).where(deliveries.c.received_at >= when)
        in_order = query.order_by(deliveries.c.received_at, deliveries.c.id)
        return tuple(fetch(self._connection, in_order, DeliveryRow))

    def last(self, source: str, since: datetime) -> datetime | None:
        """When the newest delivery of that source came; None when none has come since."""
        of_it = (deliveries.c.source == source, deliveries.c.received_at >= since)
        newest = select(deliveries.c.received_at).where(*of_it).order_by(deliveries.c.received_at.desc()).limit(1)
        return self._connection.scalar(newest)

    def page(self, since: datetime | None, source: str | None, after: int, limit: int) -> tuple[DeliveryRow, ...]:
        """Deliveries received since then from that source (None: any), with a greater id than `after`, by id."""
        query = select(*_columns).where(deliveries.c.id > after).order_by(deliveries.c.id).limit(limit)
        query = query if since is None else query.where(deliveries.c.received_at >= since)
        query = query if source is None else query.where(deliveries.c.source == source)
        return tuple(fetch(self._connection, query, DeliveryRow))

    def named(self, name: str) -> DeliveryRow | None:
        """Give the delivery with this id or this identity; None when there is none."""
        numbered = name.isdecimal() and len(name) < _ID_DIGITS
        query = select(*_columns).where(
            or_(deliveries.c.identity == name, deliveries.c.id == int(name) if numbered else false())
        )
        return next(iter(fetch(self._connection, query.order_by(deliveries.c.id).limit(1), DeliveryRow)), None)

    def about(self, keys: Collection[str], limit: int) -> tuple[DeliveryRow, ...]:
        """Latest deliveries that hinted at one of these work keys, newest first."""
        query = select(*_columns).where(self._hints_at(keys)).order_by(deliveries.c.id.desc()).limit(limit)
        return tuple(fetch(self._connection, query, DeliveryRow))

    def _hints_at(self, keys: Collection[str]) -> ColumnElement[bool]:
        """Whether a hint in the row's JSON array has one of these keys, in the words of either database."""
        if self._connection.dialect.name == "sqlite":
            each = func.json_each(deliveries.c.hints).table_valued("value")
            key: ColumnElement[str] = func.json_extract(each.c.value, "$.key")
        else:
            each = func.jsonb_array_elements(deliveries.c.hints).table_valued("value")
            key = func.jsonb_extract_path_text(each.c.value, "key")
        return exists(select(each.c.value).where(key.in_(keys)).correlate(deliveries))

    def counts(self) -> dict[str, int]:
        """Count the deliveries by verdict; a verdict never given is absent."""
        query = select(deliveries.c.verdict, func.count().label("number")).group_by(deliveries.c.verdict)
        return {row.verdict: row.number for row in self._connection.execute(query)}

    def _remember(self, delivery: Delivery, digest: str, now: datetime) -> bool:
        row = {
            "source": delivery.source,
            "identity": delivery.identity,
            "resource": delivery.resource,
            "action": delivery.action,
            "digest": digest,
            "verdict": "hinted" if delivery.hints else "nothing_to_do",
            "hints": delivery.hints,
            "installation": delivery.installation,
            "received_at": now,
        }
        return self._connection.execute(_remembering(self._connection.dialect.name), row).first() is not None

    def _due(self, hint: Hint, now: datetime, hold: timedelta) -> datetime:
        if hint.urgent or not hint.key.startswith(_ISSUE):
            return now
        observed_at = self._connection.scalar(_OBSERVED_AT, {"issue_id": hint.key.removeprefix(_ISSUE)})
        return now if observed_at is None else max(now, observed_at + hold)
