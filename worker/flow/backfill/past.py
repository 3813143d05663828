"""Backfill of history: what Sentry and the trackers remember of the time before us, so that reports begin with a past.

First issue by issue as a search finds them, then ticket by ticket of all cases. No ticket is made, nothing is written
outside. It may stop anywhere: it goes on after the last whole page, and what is imported twice counts once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.flow.ahead.preview import Pause, patiently, sparing
from worker.flow.backfill.case_history import Imported, import_issue, import_tickets
from worker.flow.backfill.issues import pages
from worker.flow.context import Context
from worker.flow.polls.changes import BATCH, CONTACT
from worker.flow.polls.reconcile import Progress
from worker.flow.services import Gate
from worker.store.case_rows import CaseRow
from worker.store.spells import IMPORTED

RETENTION = timedelta(days=90)
"""Sentry deletes issues so long after their last event (docs.sentry.io, data retention; 30 days in its free plan)."""

_TICKETS = "tickets"

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class PastAhead:
    """What there is to read: `issues` by what would be done with them, and cases that have or had tickets."""

    issues: Mapping[str, int]
    tickets: int

    @property
    def reads(self) -> int:
        """How many calls it takes, the search and long lists aside."""
        return sum(self.issues.values()) + self.tickets


@dataclass(frozen=True, slots=True)
class PastBroughtIn:
    """What came of it. `moves`, `ticket_moves`: new entries of history; `left`: issues left alone, by reason."""

    looked: int
    opened: int
    moves: int
    tickets: int
    ticket_moves: int
    left: Mapping[str, int]
    resumed: bool


def rehearse_past(ctx: Context, query: str, report: Report, pause: Pause) -> PastAhead:
    """Count what an import would read; nothing is written. `Permanent` when Sentry cannot read the query."""
    found: Counter[str] = Counter()
    with sparing(ctx):
        for page in pages(ctx, query, None, pause):
            with ctx.store.read() as tx:
                found.update("known" if tx.cases.of_issue(issue.id) else "unknown" for issue in page.issues)
            report(Progress("issues", found.total(), page.total, found["unknown"]))
    with ctx.store.read() as tx:
        return PastAhead(dict(found), tx.cases.counts().live)


def bring_in_past(
    ctx: Context, query: str, report: Report, pause: Pause, covers: timedelta | None = RETENTION
) -> PastBroughtIn:
    """Import the past of what the search finds; goes on where the same query had stopped.

    `covers`: how far back the search finds everything; None: it leaves out more than age, so that no past is whole.
    """
    began = ctx.now()
    _make_contact(ctx, pause)
    place = _place(ctx, query)
    run = _Run(ctx, query, report, pause)
    if not place.startswith(_TICKETS):
        run.issues(place)
    run.tickets(int(place.partition(" ")[2] or 0) if place.startswith(_TICKETS) else 0)
    _finish(ctx, query, began - min(covers, RETENTION) if covers else None)
    return run.done(resumed=bool(place))


class _Run:
    """An import under way."""

    def __init__(self, ctx: Context, query: str, report: Report, pause: Pause) -> None:
        self._ctx, self._query, self._report, self._pause = ctx, query, report, pause
        self._looked = self._opened = self._moves = self._tickets = self._ticket_moves = 0
        self._left: Counter[str] = Counter()

    def issues(self, place: str) -> None:
        """Import page by page; the place after each is remembered."""
        before, _, cursor = place.partition(" ")
        start = int(before or 0)
        for page in pages(self._ctx, self._query, cursor or None, self._pause):
            for issue in page.issues:
                self._count(patiently(lambda issue_id=issue.id: self._issue(issue_id), self._pause))  # type: ignore[misc] # bound per turn
                self._report(Progress("issues", start + self._looked, page.total, self._moves))
            after = f"{start + self._looked} {page.cursor}" if page.cursor else f"{_TICKETS} 0"
            _remember(self._ctx, self._query, after)

    def tickets(self, after: int) -> None:
        """Import the changelogs of the tickets of all cases."""
        with self._ctx.store.read() as tx:
            total = tx.cases.counts().live
        while page := self._linked(after):
            for row in page:
                self._ticket_moves += patiently(lambda row=row: self._case(row), self._pause)  # type: ignore[misc] # bound per turn
                self._tickets += 1
                self._report(Progress("tickets", self._tickets, max(total, self._tickets), self._ticket_moves))
            after = page[-1].id
            _remember(self._ctx, self._query, f"{_TICKETS} {after}")

    def done(self, *, resumed: bool) -> PastBroughtIn:
        return PastBroughtIn(
            self._looked, self._opened, self._moves, self._tickets, self._ticket_moves, dict(self._left), resumed
        )

    def _issue(self, issue_id: str) -> Imported:
        with Gate(self._ctx).watching():
            return import_issue(self._ctx, issue_id)

    def _case(self, row: CaseRow) -> int:
        with Gate(self._ctx).watching():
            return import_tickets(self._ctx, row)

    def _linked(self, after: int) -> tuple[CaseRow, ...]:
        with self._ctx.store.read() as tx:
            return tx.pairs.linked(after, BATCH)

    def _count(self, came: Imported) -> None:
        self._looked += 1
        self._opened += came.opened
        self._moves += came.moves
        if came.left:
            self._left[came.left] += 1


# ---------------------------------------------------------------- where it is


def _make_contact(ctx: Context, pause: Pause) -> None:
    """Before the first poll everything is older than we are; say so, or the past would look like news."""
    with ctx.store.read() as tx:
        known = tx.cursors.get(CONTACT)
    if known is None:
        now = patiently(ctx.sentry.now, pause)
        with ctx.store.write(now=ctx.now()) as tx:
            tx.cursors.set(CONTACT, now.isoformat())


def _name(query: str) -> str:
    return f"past.{query}"


def _place(ctx: Context, query: str) -> str:
    with ctx.store.read() as tx:
        return tx.cursors.get(_name(query)) or ""


def _remember(ctx: Context, query: str, place: str) -> None:
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cursors.set(_name(query), place)


def _finish(ctx: Context, query: str, whole_since: datetime | None) -> None:
    """Begin anew the next time, and remember from when on history is whole: never later than it was."""
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cursors.set(_name(query), "")
        before = tx.cursors.get(IMPORTED)
        if whole_since and (before is None or whole_since < datetime.fromisoformat(before)):
            tx.cursors.set(IMPORTED, whole_since.isoformat())
