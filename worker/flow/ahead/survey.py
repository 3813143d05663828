"""What would change now, everywhere: every case and every open issue that has none, in batches, reads only."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from worker.case import Agree, CommentReopened, CreateTicket, Decline, MoveIssue, MoveTicket, NoTicket, Wait
from worker.errors import Gone, Moved, Transient
from worker.flow.ahead.preview import Pause, Preview, patiently, preview_case, preview_issue, sparing
from worker.flow.ahead.steps import Step
from worker.flow.context import Context
from worker.flow.polls.changes import BATCH, moved_in_sentry
from worker.flow.polls.reconcile import EVER, Progress, Report
from worker.model import Issue, Status
from worker.store.case_rows import CaseRow

TOLD = 500
"""So many changes are named one by one; all are counted."""

UNREADABLE = 20
"""After so many cases in a row that cannot be read, a survey says so and ends."""


@dataclass(frozen=True, slots=True)
class Change:
    """One case, or one issue without a case, about which something would be done."""

    case: int | None
    issues: tuple[str, ...]
    kind: str
    rule: str | None
    tracker: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What would change.

    `create`: tickets by rule and tracker; `only_by_backfill`: those that no worker would make by itself;
    `changes`: how many cases by kind of change; `nothing`: how many would stay as they are; `told`: the first of them;
    `unread`: what could not be read now, and why.
    """

    cases: int
    issues_without_case: int
    create: Mapping[tuple[str, str], int]
    only_by_backfill: Mapping[tuple[str, str], int]
    changes: Mapping[str, int]
    nothing: int
    told: tuple[Change, ...]
    unread: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many cases and issues something would be done about."""
        return sum(self.changes.values())


def survey(
    ctx: Context, report: Report, pause: Pause, *, project: str | None = None, limit: int | None = None
) -> Survey:
    """Look at everything, and closer at what may change: one call a hundred pairs and side, three for a closer look.

    `limit`: closer looks at most. `Transient` when a service does not answer at all.
    """
    made = _Survey(ctx, report, pause, project, limit)
    with sparing(ctx):
        made.trackers()
        made.cases()
        made.strangers()
    return made.done()


class _Survey:
    """A survey under way."""

    def __init__(self, ctx: Context, report: Report, pause: Pause, project: str | None, limit: int | None) -> None:
        self._ctx, self._report, self._pause, self._project = ctx, report, pause, project
        self._looks_left = limit
        self._shown: set[tuple[str, str]] = set()
        self._differing: set[int] = set()
        self._cases = self._strangers = self._nothing = self._failed = 0
        self._create: Counter[tuple[str, str]] = Counter()
        self._backfill: Counter[tuple[str, str]] = Counter()
        self._changes: Counter[str] = Counter()
        self._told: list[Change] = []
        self._unread: list[str] = []

    # ------------------------------------------------------------ what may change

    def trackers(self) -> None:
        """Compare all tickets that we made with our mirror."""
        for name, tracker in self._ctx.trackers.items():
            seen, differences = 0, 0
            for page in tracker.ours(EVER):
                seen += len(page)
                for one in page:
                    self._shown.add((name, one.ticket.id))
                    with self._ctx.store.read() as tx:
                        known = tx.pairs.ticket(name, one.ticket.id)
                    if known and known.live and (known.state, known.key) != (one.ticket.state, one.ticket.key):
                        self._differing.add(known.case_id)
                        differences += 1
                self._report(Progress(name, seen, None, differences))

    def cases(self) -> None:
        """Compare all cases with Sentry, and look closer at those that may change."""
        with self._ctx.store.read() as tx:
            total = tx.cases.counts().cases
        after, done = 0, 0
        while page := self._page(after):
            after, done = page[-1].id, done + len(page)
            ours = tuple(row for row in page if self._in_scope(row))
            moved = patiently(lambda page=ours: moved_in_sentry(self._ctx, page), self._pause) if ours else set()  # type: ignore[misc] # bound per turn
            self._cases += len(ours)
            for row in ours:
                if row.id in moved or self._may_change(row):
                    self._look(f"case {row.id}", lambda row=row: preview_case(self._ctx, row.id, self._ahead()))  # type: ignore[misc] # bound per turn
                else:
                    self._nothing += 1
            self._report(Progress("cases", done, total, self._changes.total()))

    def strangers(self) -> None:
        """Look at each open issue that has no case."""
        query = f"is:unresolved project:{self._project}" if self._project else "is:unresolved"
        cursor, done = None, 0
        while True:
            found = patiently(lambda at=cursor: self._ctx.sentry.search(query, at), self._pause)  # type: ignore[misc] # bound per turn
            for issue in found.issues:
                done += 1
                if self._stranger(issue):
                    self._strangers += 1
                    self._look(issue.short_id, lambda one=issue: preview_issue(self._ctx, one.id, self._ahead()))  # type: ignore[misc] # bound per turn
                self._report(Progress("open issues", done, found.total, self._changes.total()))
            cursor = found.cursor
            if cursor is None or self._looks_left == 0:
                return

    def _page(self, after: int) -> tuple[CaseRow, ...]:
        with self._ctx.store.read() as tx:
            return tx.pairs.every(after, BATCH)

    def _in_scope(self, row: CaseRow) -> bool:
        return self._project is None or any(member.project_slug == self._project for member in row.members)

    def _may_change(self, row: CaseRow) -> bool:
        """Whether a closer look may find something although Sentry shows what we know."""
        if row.id in self._differing or row.goal or row.waiting_for:
            return True
        if any(past.farewell and not past.seen_off_at for past in row.past):
            return True
        if row.ticket is None:
            return not row.broken_reason and any(m.status is Status.OPEN and not m.gone_at for m in row.members)
        unshown = any(m.agreed is None or m.linked_ticket != row.ticket.id for m in row.members if not m.gone_at)
        return unshown or (row.ticket.tracker, row.ticket.vendor_id) not in self._shown

    def _stranger(self, issue: Issue) -> bool:
        with self._ctx.store.read() as tx:
            return tx.cases.of_issue(issue.id) is None

    # ------------------------------------------------------------ what would

    def _look(self, name: str, preview: Callable[[], Preview | None]) -> None:
        """Plan one; what cannot be read now is named, and many of those in a row end it all."""
        if self._looks_left == 0:
            return
        if self._looks_left is not None:
            self._looks_left -= 1
        try:
            self._count(patiently(preview, self._pause))
            self._failed = 0
        except (Gone, Moved):
            self._nothing += 1
        except Transient as error:
            self._failed += 1
            self._unread.append(f"{name}: {error}")
            if self._failed >= UNREADABLE:
                raise

    def _count(self, seen: Preview | None) -> None:
        kind = _kind(seen) if seen else None
        if seen is None or kind is None or (seen.left_alone and kind != "create"):
            self._nothing += 1
            return
        link = seen.case.link
        rule, tracker = (link.rule, link.tracker) if isinstance(link, NoTicket) else (None, None)
        if kind == "create" and rule and tracker:
            (self._backfill if seen.left_alone else self._create)[rule, tracker] += 1
        if seen.left_alone:
            return
        self._changes[kind] += 1
        if len(self._told) < TOLD:
            names = tuple(member.issue.short_id for member in seen.case.members)
            self._told.append(Change(seen.case.id or None, names, kind, rule, tracker, seen.steps))

    def _ahead(self) -> Mapping[str, int]:
        """How many tickets each rule would have made by now: they take the places below its limit."""
        made: Counter[str] = Counter()
        for (rule, _), number in self._create.items():
            made[rule] += number
        return made

    def done(self) -> Survey:
        """All that was found."""
        return Survey(
            cases=self._cases,
            issues_without_case=self._strangers,
            create=dict(self._create.most_common()),
            only_by_backfill=dict(self._backfill.most_common()),
            changes=dict(self._changes.most_common()),
            nothing=self._nothing,
            told=tuple(self._told),
            unread=tuple(self._unread),
        )


def _kind(seen: Preview) -> str | None:
    """The weightiest thing that would be done, in one word; None for nothing."""
    kinds = {
        CreateTicket: "create",
        MoveTicket: "move ticket",
        MoveIssue: "move issue",
        CommentReopened: "comment",
        Decline: "decline",
        Wait: "wait",
        Agree: "agree",
    }
    if seen.joins:
        return "join"
    if seen.collected:
        return "collect"
    present = {type(action) for action in seen.plan.actions}
    if not present:
        return None
    return next((word for action, word in kinds.items() if action in present), "tell")
