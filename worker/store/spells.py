"""Spells as reports read them: columns of numbers, and the cases and entries behind a few of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import BigInteger, Connection, case, cast, func, or_, select

from worker.metrics.columns import NEVER, Columns, seconds
from worker.metrics.columns import columns_of as made_of
from worker.metrics.scope import DIMENSIONS, Dimension
from worker.metrics.spell import BEGAN, ENDED, Began
from worker.store.case_rows import CaseRow, read_cases
from worker.store.cursors import Cursors
from worker.store.history import Recorded
from worker.store.numbers import pages
from worker.store.rollup import STORED, TIMES
from worker.store.tables import cases, columns_of, fetch, history, issues, work
from worker.store.tables_rollup import rollup_words, spells

IMPORTED = "past.begins"
"""Cursor: from when on an import of the past has made history whole; earlier than its first entry was recorded."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A case that came in: how, and whether it is still open."""

    case: int
    how: Began
    still: bool


class Spells:
    """What reports read, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begins(self) -> datetime | None:
        """When history begins; None while it is empty."""
        first: datetime | None = self._connection.scalar(select(func.min(history.c.recorded_at)))
        imported = Cursors(self._connection).get(IMPORTED)
        return min(first, datetime.fromisoformat(imported)) if first and imported else first

    def columns(self, since: datetime) -> Columns:
        """Every spell that was open at `since` or later, with what Sentry counts on the open ones now."""
        stored = [func.coalesce(spells.c[name], NEVER) if name in TIMES else spells.c[name] for name in STORED]
        query = select(*stored, *(spells.c[name] for name in DIMENSIONS)).where(
            or_(spells.c.ended_at.is_(None), spells.c.ended_at >= seconds(since))
        )
        return self._with_now(made_of(pages(self._connection, query), self._words()))

    def begun(self, since: datetime) -> tuple[Begun, ...]:
        """What came in at `since` or later, the latest first."""
        fresh = or_(spells.c.ended_at.is_(None), spells.c.ended_at >= seconds(since))
        query = select(spells.c.case_id, spells.c.began_how, spells.c.ended_at).where(
            spells.c.began_at >= seconds(since), fresh, spells.c.ended_how != ENDED.index("before_us")
        )
        ordered = query.order_by(spells.c.began_at.desc(), spells.c.case_id)
        return tuple(
            Begun(row.case_id, BEGAN[row.began_how], still=row.ended_at is None)
            for row in self._connection.execute(ordered)
        )

    def cases(self, numbers: Iterable[int]) -> tuple[CaseRow, ...]:
        """Give these cases, whole."""
        return read_cases(self._connection, select(cases).where(cases.c.id.in_(sorted(set(numbers)))))

    def entries(self, numbers: Iterable[int]) -> tuple[Recorded, ...]:
        """Give these entries of history, in the order of recording."""
        query = select(*columns_of(history, Recorded)).where(history.c.id.in_(sorted(set(numbers))))
        return tuple(fetch(self._connection, query.order_by(history.c.id), Recorded))

    def parked(self) -> int:
        """How many pieces of work wait for a person."""
        return self._connection.scalar(select(func.count()).where(work.c.parked_at.is_not(None))) or 0

    def _with_now(self, columns: Columns) -> Columns:
        """The same with the users, events and owners of those that are open."""
        owned = func.max(case((issues.c.assignee.is_(None), 0), else_=1))
        sums = (cast(func.sum(one), BigInteger) for one in (issues.c.user_count, issues.c.count))
        joined = spells.join(issues, issues.c.case_id == spells.c.case_id)
        query = select(spells.c.case_id, *sums, 1 - owned).select_from(joined)
        still = (spells.c.ended_at.is_(None), issues.c.gone_at.is_(None))
        grouped = query.where(*still).group_by(spells.c.case_id)
        facts = np.concatenate([np.empty((0, 4), np.int64), *pages(self._connection, grouped)])
        facts = facts[np.argsort(facts[:, 0])]
        if not len(facts):
            return columns
        place = np.minimum(np.searchsorted(facts[:, 0], columns.case), len(facts) - 1)
        found = np.where((facts[place, 0] == columns.case) & (columns.ended == NEVER), facts[place, 1:].T, 0)
        return replace(columns, users=found[0], events=found[1], unowned=found[2] > 0)

    def _words(self) -> Mapping[Dimension, Mapping[int, str]]:
        words: dict[Dimension, dict[int, str]] = {dimension: {} for dimension in DIMENSIONS}
        for row in self._connection.execute(select(rollup_words)):
            if row.dimension in words:
                words[row.dimension][row.id] = row.word
        return words
