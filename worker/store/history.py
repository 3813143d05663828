"""Who moved what, when and why: written once, never changed, and the source of every figure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Integer, bindparam, func, select
from sqlalchemy.sql.base import Executable

from worker.store.tables import columns_of, fetch, history, insert_in

OURS = "bugferry"
"""Source of entries about what we saw or did ourselves."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `source` and `external_id` name it where it happened, so that it counts once."""

    case_id: int | None
    kind: str
    actor: str
    why: str
    occurred_at: datetime
    issue_id: str | None = None
    ticket_key: str | None = None
    rule: str | None = None
    old: str | None = None
    new: str | None = None
    source: str = OURS
    external_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Entry):
    """An entry as it stands in history."""

    id: int
    recorded_at: datetime


_columns = columns_of(history, Recorded)
_OF_CASE = select(*_columns).where(history.c.case_id == bindparam("of_case"))
_AFTER = (
    select(*_columns)
    .where(history.c.id > bindparam("number"))
    .order_by(history.c.id)
    .limit(bindparam("at_most", type_=Integer))
)


@cache
def _adding(dialect: str) -> Executable:
    return insert_in(dialect, history).on_conflict_do_nothing().returning(history.c.id)


class History:
    """History in one transaction; there is no way to change or remove an entry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry: Entry, now: datetime) -> bool:
        """Record an entry; False when what happened is recorded already."""
        row = {**asdict(replace(entry, detail=dict(entry.detail))), "recorded_at": now}
        return self._connection.execute(_adding(self._connection.dialect.name), row).first() is not None

    def of_case(self, case_id: int) -> tuple[Recorded, ...]:
        """Everything that happened to a case, in the order in which it happened."""
        entries = fetch(self._connection, _OF_CASE, Recorded, {"of_case": case_id})
        # Trackers tell the time in whole seconds: within one, the order of recording is the better witness.
        return tuple(sorted(entries, key=lambda e: (e.occurred_at.replace(microsecond=0), e.id)))

    def recent(self, limit: int) -> tuple[Recorded, ...]:
        """Latest entries recorded, newest first."""
        query = select(*_columns).order_by(history.c.recorded_at.desc(), history.c.id.desc()).limit(limit)
        return tuple(fetch(self._connection, query, Recorded))

    def latest(self, kinds: Sequence[str], limit: int) -> tuple[Recorded, ...]:
        """Latest entries of these kinds, newest first."""
        query = select(*_columns).where(history.c.kind.in_(kinds)).order_by(history.c.id.desc()).limit(limit)
        return tuple(fetch(self._connection, query, Recorded))

    def after(self, number: int, limit: int) -> tuple[Recorded, ...]:
        """Entries recorded after the one with this id, in the order of recording."""
        return tuple(fetch(self._connection, _AFTER, Recorded, {"number": number, "at_most": limit}))

    def kinds_after(self, number: int, until: datetime) -> tuple[Mapping[str, int], int]:
        """Count the entries after this id by kind, and the last id of these: up to the first recorded after `until`."""
        fresh = select(func.min(history.c.id)).where(history.c.id > number, history.c.recorded_at > until)
        first_fresh = self._connection.scalar(fresh)
        settled = history.c.id > number if first_fresh is None else history.c.id.between(number + 1, first_fresh - 1)
        query = select(history.c.kind, func.count(), func.max(history.c.id)).where(settled).group_by(history.c.kind)
        rows = self._connection.execute(query).all()
        return {str(kind): int(count) for kind, count, _ in rows}, max((int(last) for *_, last in rows), default=number)

    def last(self) -> int:
        """The id of the entry recorded last; 0 when there is none."""
        return self._connection.scalar(select(func.max(history.c.id))) or 0

    def count(self, kind: str) -> int:
        """Count the entries of one kind."""
        return self._connection.scalar(select(func.count()).where(history.c.kind == kind)) or 0
