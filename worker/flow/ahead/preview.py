"""What would be done now: the real look and the real plan, without a write anywhere."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from worker.case import Case, CreateTicket, Live, Member, NoTicket, Plan
from worker.ends.retry import Held, guarding
from worker.errors import Transient
from worker.flow.actions.follow import outlook
from worker.flow.ahead.steps import HERE, Step, steps_of
from worker.flow.cases.umbrella import Foretold
from worker.flow.context import Context
from worker.flow.grouping.first_sight import Sight, foreseen, short_id, sight
from worker.flow.observe.look import Seen, alone, glance
from worker.flow.observe.origin import origin_shown
from worker.flow.polls.changes import CONTACT, older_than_we
from worker.flow.story.casebook import because
from worker.flow.story.cases import called
from worker.flow.story.follow import in_words
from worker.flow.watch import limits, storms
from worker.mapping.explain import explain
from worker.mapping.facts import Around
from worker.model import Issue, TrackerKind
from worker.plan import plan
from worker.store.case_rows import CaseRow
from worker.store.services import ServiceRow
from worker.store.store import Tx
from worker.store.work import WorkRow
from worker.triage.cause import Cause
from worker.triage.same_bug import Join, Suggest

LONGEST_PAUSE_S = 300.0
"""A service that asks for a longer pause than this is not waited for by a command."""

TURNS = 20
"""How often one read waits for a budget or a busy service before that ends the command."""

NOBODY: Mapping[str, int] = {}
"""No tickets of any rule would be made before."""

Pause = Callable[[float], None]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Preview:
    """A case as it looks now and what would be done about it. `row` None: the issue has no case yet."""

    case: Case
    row: CaseRow | None
    plan: Plan
    steps: tuple[Step, ...]
    work: WorkRow | None = None
    left_alone: bool = False
    """The issue was there before us and has not come back: only `backfill` brings it in."""
    joins: int | None = None
    """The case that the issue would join; `case` is that one with the issue before all others."""
    collected: bool = False
    """Its rule may make no more tickets for now, or a storm holds it back: it would be collected."""


def preview_case(ctx: Context, case_id: int, ahead: Mapping[str, int] = NOBODY) -> Preview | None:
    """Look at a case and plan; None when there is no such case. `Transient` while a side cannot be read.

    `ahead`: by rule, how many tickets would be made before.
    """
    with sparing(ctx):
        seen = glance(ctx, case_id)
        if seen is None:
            return None
        with ctx.store.read() as tx:
            work = tx.work.get(f"case:{case_id}")
        todo = plan(seen.case, ctx.now())
        later = () if todo.goal else _later(ctx, seen)
    held = _collected(ctx, seen.case, todo, ahead, seen.row)
    steps = (*(held or steps_of(seen.case, todo)), *later)
    return Preview(seen.case, seen.row, todo, steps, work, collected=bool(held))


def preview_issue(ctx: Context, issue_id: str, ahead: Mapping[str, int] = NOBODY) -> Preview:
    """Look at an issue that has no case as its first look would, and plan. `Gone` or `Moved` as Sentry says.

    Where it is sure to be the bug of a case, the plan is that of the case with this issue in it.
    """
    with sparing(ctx):
        issue = ctx.sentry.issue(issue_id)
        event = ctx.sentry.latest_event(issue.id)
        seen = sight(issue, event)
        joins, grouped = _grouped(ctx, issue, seen)
        home = glance(ctx, joins) if joins else None
        case = _with(home, issue) if home else alone(ctx, issue, event)
    with ctx.store.read() as tx:
        work = tx.work.get(f"issue:{issue_id}")
    todo = plan(case, ctx.now())
    infrastructure = seen is not None and seen.verdict.leading is Cause.INFRASTRUCTURE
    held = _collected(ctx, case, todo, ahead, home.row if home else None, infrastructure=infrastructure)
    return Preview(
        replace(case, members=(case.members[-1], *case.members[:-1])),
        None,
        todo,
        (*grouped, *(held or steps_of(case, todo))),
        work,
        left_alone=_left_alone(ctx, issue),
        joins=joins if home else None,
        collected=bool(held),
    )


def _with(home: Seen, issue: Issue) -> Case:
    """A case that an issue has just joined: nothing is agreed about it, and no ticket is shown on it."""
    link = home.case.link
    none = link.umbrella is None if isinstance(link, NoTicket) else home.row.ticket is None
    return replace(home.case, members=(*home.case.members, Member(issue, shows_ticket=none)))


def _grouped(ctx: Context, issue: Issue, seen: Sight | None) -> tuple[int | None, tuple[Step, ...]]:
    """The case that an issue would join, and what would be done about its likeness to others."""
    with ctx.store.read() as tx:
        match foreseen(tx, ctx.book(), issue, seen):
            case Join(found):
                why = because(found, short_id(tx, found.issue))
                return found.case, (Step(HERE, f"{issue.short_id} joins case {found.case}: {why}"),)
            case Suggest(likely, why):
                asked = ", ".join(f"case {one.case} ({short_id(tx, one.issue)})" for one in likely)
                return None, (Step(HERE, f"ask a person whether {issue.short_id} is the bug of {asked}: {why}"),)
            case _:
                return None, ()


def _collected(
    ctx: Context, case: Case, todo: Plan, ahead: Mapping[str, int], row: CaseRow | None, *, infrastructure: bool = False
) -> tuple[Step, ...]:
    """What would be done instead of making its ticket, where a storm holds it or its rule may make no more for now."""
    make = next((action for action in todo.actions if isinstance(action, CreateTicket)), None)
    if make is None:
        return ()
    known = {member.id: member for member in row.members} if row else {}
    with ctx.store.read() as tx:
        stormy = storms.foretold(ctx, tx, case, make, known, infrastructure=infrastructure)
        found = stormy or limits.foretold(ctx, tx, case, make, ahead.get(make.rule, 0))
        return (_under(tx, found),) if found else ()


def _under(tx: Tx, found: Foretold) -> Step:
    """The umbrella by its title, and by its ticket where that is made already."""
    place = tx.umbrellas.open_of(found.umbrella.kind, found.umbrella.about)
    ticket = tx.cases.ticket_of(place.case_id) if place else None
    where, title = (place or found.umbrella).tracker, (place or found.umbrella).title
    name = f"{called(ticket.key)} “{title}”" if ticket else f"“{title}”"
    why = f", {found.because}" if found.because else ""
    return Step(where, f"collect it in {name}{why}; it gets its own ticket when {found.until}")


def reasons(ctx: Context, case: Case, kind: TrackerKind | None = None) -> dict[str, Any] | None:
    """What each rule saw of a case's first issue and the ticket as it would be sent (JSON, hence Any); None: no issue.

    A case with a ticket keeps its rule and tracker, whatever the rules would say today.
    """
    if not case.members:
        return None
    issue = case.members[0].issue
    with sparing(ctx):
        event = ctx.sentry.latest_event(issue.id)
        origin = origin_shown(ctx, issue, event)
    members = tuple(member.issue for member in case.members)
    with ctx.store.read() as tx:
        word = tx.feedback.word_on([member.id for member in members])
    around = Around(ctx.now(), members, origin, word.no_noise, word.wanted_by)
    return explain(ctx.book(), issue, event, kind, around)


def _left_alone(ctx: Context, issue: Issue) -> bool:
    """Whether the polls pass an issue over that has no case. Before the first one all are older than we."""
    with ctx.store.read() as tx:
        begun = tx.cursors.get(CONTACT) is not None
    return not begun or older_than_we(ctx, issue)


@contextmanager
def sparing(ctx: Context) -> Iterator[None]:
    """Within this block a service that is left alone by all workers is left alone by us, and nothing is recorded."""

    def read() -> tuple[ServiceRow, ...]:
        with ctx.store.read() as tx:
            return tx.services.listing()

    def cover(_timeout_s: float, service: str) -> None:
        row = ctx.trouble.of(service, ctx.now(), read)
        if row and row.until > ctx.now():
            held = Held(
                f"{service} is left alone until {row.until.isoformat(timespec='seconds')} ({row.reason}). "
                "Nothing was asked of it; try again then.",
                (row.until - ctx.now()).total_seconds(),
            )
            held.service = service
            raise held

    with guarding(cover):
        yield


def patiently(ask: Callable[[], Answer], pause: Pause) -> Answer:
    """Ask, and again after each pause that a budget or a service wishes for; a longer trouble ends it."""
    for _ in range(TURNS):
        try:
            return ask()
        except Transient as error:
            if error.retry_after_s is None or error.retry_after_s > LONGEST_PAUSE_S:
                raise
            pause(error.retry_after_s)
    return ask()


def _later(ctx: Context, seen: Seen) -> tuple[Step, ...]:
    """What would follow on the open ticket."""
    found, live = outlook(ctx, seen), seen.case.link
    if found is None or not isinstance(live, Live):
        return ()
    change, at = found
    when = f"from {at.isoformat(timespec='minutes')} on, " if at else ""
    return (Step(live.ticket.tracker, f"{when}update {called(live.ticket.key)}: {in_words(change, live.ticket)}"),)
