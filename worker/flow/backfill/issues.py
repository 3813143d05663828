"""Backfill: bring in issues that were there before us, page by page, no faster than they are worked off.

The hints of a page and the place after it are one commit, so that it can stop anywhere and goes on from there.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from worker.case import NoTicket
from worker.ends.ports import Found
from worker.errors import Gone, Moved
from worker.flow.ahead.preview import Pause, patiently, sparing
from worker.flow.attend import drain
from worker.flow.context import Context
from worker.flow.observe.before import bring_back, is_known_before
from worker.flow.observe.look import first_glance
from worker.flow.services import Gate
from worker.model import Hint, Issue, Status
from worker.store.store import Tx

WHY = "backfill"
"""The reason of its hints: more than mere activity, so that age holds nothing back."""

AHEAD = 100
"""So many of its issues at most are under way at a time: whatever else is due finds its turn."""

AT_A_TIME = 10
"""Keys attended to between two looks at how many are left."""

LAST_WAIT = timedelta(minutes=5)
"""It waits so long for any of its work to be done; what has to wait longer is left to the workers."""

PAUSE_S = 1.0
"""How long it pauses while others have its work, or its work waits for its time."""

Route = tuple[str, str]
"""A rule and its tracker."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has got: `looked` of `total` issues (None: not told), how many want a ticket, how many are done."""

    looked: int
    total: int | None
    wanted: int
    finished: int


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the issues would come to: `tickets` by rule and tracker, `skipped` by reason."""

    looked: int
    tickets: Mapping[Route, int]
    skipped: Mapping[str, int]

    @property
    def wanted(self) -> int:
        """How many would get a ticket."""
        return sum(self.tickets.values())


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of it. `made`: tickets by rule and tracker; `left`: issues that still wait for their time.

    `resumed`: it went on where another had stopped; `whole`: it came to the end of what the search finds.
    """

    rehearsed: Rehearsed
    made: Mapping[Route, int]
    declined: int
    parked: int
    left: int
    resumed: bool
    whole: bool


Report = Callable[[Progress], None]


def query_of(query: str, project: str | None, since: str | None) -> str:
    """What to ask Sentry's search: the words of a person, narrowed to a project and to issues with events since."""
    parts = (query.strip(), f"project:{project}" if project else "", f"lastSeen:-{since}" if since else "")
    return " ".join(filter(None, parts))


def rehearse(ctx: Context, query: str, report: Report, pause: Pause, limit: int | None = None) -> Rehearsed:
    """Look at every issue that the search finds as its first look would; nothing is written.

    Stops after `limit` issues that would get a ticket. `Permanent` when Sentry cannot read the query.
    """
    tally = _Tally()
    with sparing(ctx):
        for found in pages(ctx, query, None, pause):
            for issue in found.issues:
                tally.count(patiently(lambda issue=issue: _judge(ctx, issue), pause))  # type: ignore[misc] # bound per turn
                report(Progress(tally.looked, found.total, tally.wanted, 0))
                if tally.wanted == limit:
                    return tally.done()
    return tally.done()


def bring_in(ctx: Context, query: str, report: Report, pause: Pause, limit: int | None = None) -> BroughtIn:
    """Give a hint for each issue that a rule wants, and work them off; goes on where the same query had stopped.

    An issue whose rule waits comes in as well, and gets its ticket when it has earned it. Stops after
    `limit` issues that get one at once; then, and at the end, it waits for what is under way. Workers help along.
    """
    before, cursor = _place(ctx, query)
    tally, under_way, whole = _Tally(), _UnderWay(ctx, pause), True
    for found in pages(ctx, query, cursor, pause):

        def tell(found: Found = found) -> None:
            report(Progress(before + tally.looked, found.total, tally.wanted, under_way.finished))

        wanted: list[str] = []
        for issue in found.issues:
            if tally.wanted == limit:
                break
            fate = patiently(lambda issue=issue: _guarded(ctx, issue), pause)  # type: ignore[misc] # bound per turn
            wanted += [issue.id] if tally.count(fate) or fate.waits else []
            tell()
        whole = tally.wanted != limit
        _hint(ctx, query, wanted, (before + tally.looked, found.cursor) if whole else None)
        under_way.add(wanted)
        under_way.work_off(AHEAD if whole and found.cursor else 1, tell)
        if not whole:
            break
    made, ends = under_way.made, under_way.ends
    left = len(under_way.ids)
    return BroughtIn(tally.done(), made, ends["declined"], ends["parked"], left, cursor is not None, whole)


# ---------------------------------------------------------------- where it is


def pages(ctx: Context, query: str, cursor: str | None, pause: Pause) -> Iterator[Found]:
    """Pages of what the search finds, from a cursor or the start on."""
    while True:
        found = patiently(lambda at=cursor: ctx.sentry.search(query, at), pause)  # type: ignore[misc] # bound per turn
        yield found
        cursor = found.cursor
        if cursor is None:
            return


def _place(ctx: Context, query: str) -> tuple[int, str | None]:
    """How many issues an earlier run of this query looked at, and the cursor that it stopped at."""
    with ctx.store.read() as tx:
        looked, _, cursor = (tx.cursors.get(_name(query)) or "0").partition(" ")
    return int(looked), cursor or None


def _name(query: str) -> str:
    return f"backfill.{query}"


def _hint(ctx: Context, query: str, issue_ids: list[str], place: tuple[int, str | None] | None) -> None:
    """Give the hints of a page and remember the place after it; None: the page is not done with, and stays."""
    with ctx.store.write(now=ctx.now()) as tx:
        for issue_id in issue_ids:
            bring_back(tx, issue_id)
            tx.work.push(Hint(f"issue:{issue_id}", WHY), ctx.now())
        if place:
            looked, cursor = place
            tx.cursors.set(_name(query), f"{looked} {cursor}" if cursor else "")


# ---------------------------------------------------------------- what an issue comes to


@dataclass(frozen=True, slots=True)
class _Fate:
    """A rule and a tracker that want the issue, or why it is passed over."""

    route: Route | None
    why_not: str = ""
    waits: bool = False
    """Its rule wants it once it has earned a ticket: it comes in as well, to be counted from now on."""


def _guarded(ctx: Context, issue: Issue) -> _Fate:
    """Judge an issue as workers do: a service in trouble is told to all, and asked by one."""
    with Gate(ctx).watching():
        return _judge(ctx, issue)


def _judge(ctx: Context, row: Issue) -> _Fate:
    """Look at an issue as its first look would. A row of a search leaves things out that rules may ask for."""
    with ctx.store.read() as tx:
        if tx.cases.of_issue(row.id) is not None and not is_known_before(tx, row.id):
            return _Fate(None, "it has a case already")
    if row.status is not Status.OPEN:
        return _Fate(None, f"it is {row.status} in Sentry, and only an open issue gets a new ticket")
    try:
        issue = ctx.sentry.issue(row.id)
        link = first_glance(ctx, issue).link
    except (Gone, Moved):
        return _Fate(None, "it was deleted or merged in Sentry meanwhile")
    if not issue.settled or issue.status is not Status.OPEN:
        return _Fate(None, "it is being moved in Sentry just now")
    if isinstance(link, NoTicket) and link.rule and link.tracker:
        return _Fate((link.rule, link.tracker))
    return _passed_over(ctx, link.rule if isinstance(link, NoTicket) else None)


def _passed_over(ctx: Context, rule: str | None) -> _Fate:
    """Why the mapping wants no ticket now, in words that are the same for every issue of the rule."""
    clause = next((one.clause for one in ctx.book().rules if one.clause.name == rule), None)
    if clause is None:
        return _Fate(None, "no rule takes it")
    if clause.skip is not None:
        return _Fate(None, f"rule “{rule}”: {clause.skip}")
    return _Fate(None, f"rule “{rule}” waits until it has earned a ticket", waits=True)


class _Tally:
    """Counts what issues came to."""

    def __init__(self) -> None:
        self.looked, self.wanted = 0, 0
        self._tickets: Counter[Route] = Counter()
        self._skipped: Counter[str] = Counter()

    def count(self, fate: _Fate) -> bool:
        """Count one more issue; whether it wants a ticket."""
        self.looked += 1
        if fate.route is None:
            self._skipped[fate.why_not] += 1
            return False
        self.wanted += 1
        self._tickets[fate.route] += 1
        return True

    def done(self) -> Rehearsed:
        """All that was counted, the most frequent first."""
        return Rehearsed(self.looked, dict(self._tickets.most_common()), dict(self._skipped.most_common()))


# ---------------------------------------------------------------- working it off


class _UnderWay:
    """The issues that were hinted at and whose case is not settled yet, and what became of the others."""

    def __init__(self, ctx: Context, pause: Pause) -> None:
        self._ctx, self._pause = ctx, pause
        self.ids: set[str] = set()
        self.made: Counter[Route] = Counter()
        self.ends: Counter[str] = Counter()

    @property
    def finished(self) -> int:
        """How many are settled."""
        return self.ends.total()

    def add(self, issue_ids: list[str]) -> None:
        """Take note of more."""
        self.ids.update(issue_ids)

    def work_off(self, below: int, tell: Callable[[], None]) -> None:
        """Attend to what is due until fewer than `below` are under way, or the rest has to wait for long."""
        since = self._ctx.now()
        while len(self.ids) >= below:
            attended, before = drain(self._ctx, limit=AT_A_TIME), len(self.ids)
            self._settle()
            tell()
            if len(self.ids) < before:
                since = self._ctx.now()
            elif self._ctx.now() - since > LAST_WAIT:
                return
            elif not attended:
                self._pause(PAUSE_S)

    def _settle(self) -> None:
        with self._ctx.store.read() as tx:
            ends = {issue_id: end for issue_id in self.ids if (end := self._end(tx, issue_id))}
        self.ids -= set(ends)
        self.ends.update(ends.values())

    def _end(self, tx: Tx, issue_id: str) -> str | None:
        """What became of an issue; None while its work goes on."""
        case_id = tx.cases.of_issue(issue_id)
        row = tx.cases.load(case_id) if case_id else None
        work = (tx.work.get(f"case:{case_id}") if case_id else None) or tx.work.get(f"issue:{issue_id}")
        if row and row.ticket:
            self.made[row.ticket.rule, row.ticket.tracker] += 1
            return "made"
        if work and work.parked_at:
            return "parked"
        if row and (row.verdict or row.broken_reason):
            return "declined"
        return None if work else "declined"
