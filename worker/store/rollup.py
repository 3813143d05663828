"""Spells of cases, kept beside history and equal to it: what changed is folded anew, case by case, wholly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import Connection, delete, func, insert, select

from worker.metrics.columns import NEVER, numbers_of
from worker.metrics.lifeline import fold
from worker.metrics.scope import DIMENSIONS, Dimension
from worker.metrics.spell import Lifeline
from worker.store.cursors import Cursors
from worker.store.history import Recorded
from worker.store.tables import cases, columns_of, fetch, history, insert_into, issues
from worker.store.tables_rollup import rollup_words, spells

CURSOR = "rollup.3"
"""How far the fold has got. A fold that counts otherwise takes the next number, and everything is folded anew."""

SETTLED = timedelta(minutes=5)
"""Transactions are far shorter: no entry recorded so long ago is still to appear with a smaller id."""

_LOCK = 0x6275_6766_726C
TIMES = ("ended_at", "ticket_at", "human_at", "reopened_at")
"""The moments that may never come."""
STORED = ("case_id", "began_at", *TIMES, "began_how", "ended_how", "began_entry", "ended_entry")
"""The columns of `NUMBERS`, as the table names them."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one step did: how many cases it folded, and whether more is left."""

    cases: int
    more: bool


class Rollup:
    """Spells in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursors = Cursors(connection)

    # ------------------------------------------------------------ keeping up

    def refresh(self, now: datetime, limit: int = 1000) -> Done:
        """Fold the cases of the next `limit` entries anew; at the very first, all cases, `limit` at a time."""
        self._alone()
        value = self._cursors.get(CURSOR) or f"cases 0 {self._last_entry()}"
        what, _, place = value.partition(" ")
        return self._next_cases(place, limit) if what == "cases" else self._next_entries(int(place), now, limit)

    def rebuild(self) -> None:
        """Let everything be folded anew by the next refreshes; what is there stays until its turn comes."""
        self._alone()
        self._cursors.set(CURSOR, f"cases 0 {self._last_entry()}")

    def fold_cases(self, case_ids: Iterable[int]) -> None:
        """Fold these cases anew, with those they took issues from or gave issues to."""
        entries = self._family(set(case_ids))
        lines = fold(entries)
        facts = self._facts(lines)
        said = {
            case_id: {**facts.get(case_id, {}), **line.dimensions} for case_id, line in lines.items() if line.spells
        }
        numbers = self._numbers_of_words(said.values())
        self._connection.execute(delete(spells).where(spells.c.case_id.in_(list(lines))))
        rows = [row for line in lines.values() for row in _rows(line, said.get(line.case_id, {}), numbers)]
        if rows:
            self._connection.execute(insert(spells), rows)

    def _next_cases(self, place: str, limit: int) -> Done:
        """One step of folding everything: by case, each once; entries recorded meanwhile have their turn after it."""
        after, _, last_entry = place.partition(" ")
        query = select(cases.c.id).where(cases.c.id > int(after)).order_by(cases.c.id).limit(limit)
        found = list(self._connection.scalars(query))
        self.fold_cases(found)
        going_on = f"cases {found[-1]} {last_entry}" if found else f"history {last_entry}"
        self._cursors.set(CURSOR, going_on)
        return Done(len(found), more=True)

    def _next_entries(self, after: int, now: datetime, limit: int) -> Done:
        """One step of keeping up. Fresh entries are folded at once and again later, for those that commit late."""
        query = select(history.c.id, history.c.case_id, history.c.recorded_at).where(history.c.id > after)
        found = self._connection.execute(query.order_by(history.c.id).limit(limit)).all()
        touched = {row.case_id for row in found if row.case_id is not None}
        self.fold_cases(touched)
        settled = [row.id for row in takewhile(lambda row: row.recorded_at <= now - SETTLED, found)]
        if settled and len(settled) == len(found):
            self._cursors.set(CURSOR, f"history {settled[-1]}")
            return Done(len(touched), more=len(found) == limit)
        return self._fresh(settled[-1] if settled else after, found[-1].id if found else after, touched)

    def _fresh(self, settled: int, last: int, touched: set[int]) -> Done:
        """Fold what is too young for the cursor to pass: all of it, since the next step begins there again."""
        self._cursors.set(CURSOR, f"history {settled}")
        # Each once here and not in the query: SQLite would read the index of all history for it.
        query = select(history.c.case_id).where(history.c.id > last, history.c.case_id.is_not(None))
        late = list(dict.fromkeys(self._connection.scalars(query)))
        for n in range(0, len(late), 1000):
            self.fold_cases(late[n : n + 1000])
        return Done(len(touched | set(late)), more=False)

    def _alone(self) -> None:
        """One fold at a time; on SQLite every writing transaction is alone already."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def _last_entry(self) -> int:
        """The latest entry that surely hides none before it: a little too early costs folding twice."""
        return max(0, (self._connection.scalar(select(func.max(history.c.id))) or 0) - 1000)

    def _family(self, case_ids: set[int]) -> list[Recorded]:
        """All entries of these cases and their relatives; a merge or a split stands in the history of both cases."""
        known: set[int] = set()
        entries: list[Recorded] = []
        while fresh := case_ids - known:
            query = select(*columns_of(history, Recorded)).where(history.c.case_id.in_(sorted(fresh)))
            found = fetch(self._connection, query, Recorded)
            entries += found
            known |= fresh
            case_ids = {case_id for entry in found for case_id in _relatives(entry)}
        return entries

    def _facts(self, case_ids: Iterable[int]) -> Mapping[int, dict[Dimension, str]]:
        """What the tables of sync know of cases beside history."""
        ids = sorted(case_ids)
        heads = select(cases.c.id, cases.c.project_group, cases.c.rule, cases.c.tracker).where(cases.c.id.in_(ids))
        facts: dict[int, dict[Dimension, str]] = {}
        for row in self._connection.execute(heads):
            facts[row.id] = _known(project=row.project_group, rule=row.rule, tracker=row.tracker)
        wanted = (issues.c.project_slug, issues.c.first_release, issues.c.assignee, issues.c.cause, issues.c.gone_at)
        members = self._connection.execute(
            select(issues.c.id, issues.c.case_id, *wanted).where(issues.c.case_id.in_(ids))
        )
        for one in sorted(members, key=lambda one: (len(one.id), one.id), reverse=True):
            # Projects may share their cases: then a case is of the project of its first issue.
            # History tells of a cause only when it was judged otherwise than at first sight.
            cause = None if one.gone_at else one.cause
            known = _known(project=one.project_slug, release=one.first_release, owner=one.assignee, cause=cause)
            facts.setdefault(one.case_id, {}).update(known)
        return facts

    def _numbers_of_words(self, said: Iterable[Mapping[Dimension, str]]) -> Mapping[tuple[str, str], int]:
        """The number of every word, made where it has none."""
        wanted = sorted({(dimension, word) for one in said for dimension, word in one.items()})
        if not wanted:
            return {}
        known = self._words_among(wanted)
        fresh = [{"dimension": one, "word": word} for one, word in wanted if (one, word) not in known]
        if not fresh:
            return known
        self._connection.execute(insert_into(self._connection, rollup_words).on_conflict_do_nothing(), fresh)
        return self._words_among(wanted)

    def _words_among(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        query = select(rollup_words).where(rollup_words.c.word.in_({word for _, word in wanted}))
        return {(row.dimension, row.word): row.id for row in self._connection.execute(query)}


def _known(**facts: str | None) -> dict[Dimension, str]:
    return {name: word for name, word in facts.items() if word}  # type: ignore[misc]  # the names of dimensions


def _relatives(entry: Recorded) -> Iterable[int]:
    if entry.kind not in {"case.merged", "case.split"}:
        return ()
    return [other for key in ("from", "into") if isinstance(other := entry.detail.get(key), int)]


def _rows(
    line: Lifeline, said: Mapping[Dimension, str], numbers: Mapping[tuple[str, str], int]
) -> Iterable[dict[str, int | None]]:
    words: dict[str, int] = {name: numbers[name, said[name]] if name in said else 0 for name in DIMENSIONS}
    for number, spell in enumerate(line.spells):
        values = dict(zip(STORED, numbers_of(line.case_id, spell), strict=True))
        moments = {name: None if values[name] == NEVER else values[name] for name in TIMES}
        yield {**values, **moments, "number": number, **words}
