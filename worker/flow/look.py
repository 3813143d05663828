"""Observe: read both sides of a case as they are now, and remember what people moved since the last look."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from worker.case import Broken, Case, Goal, Link, Live, Member, NoTicket, Parting, Waiting
from worker.errors import Gone, Moved, NoRelease, Transient
from worker.flow import story
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.membership import take_in
from worker.mapping.policy import Policy
from worker.mapping.status import StatusMap
from worker.model import Fixed, Hint, Issue, Resolve, Status, Ticket, TrackerKind
from worker.speaker import awaiting, both_moved
from worker.store.case_rows import CaseRow, MemberRow, TicketRow
from worker.store.intents import Kind
from worker.store.store import Tx

UNSETTLED_S = 20.0
"""How long Sentry is given to finish a merge, a deletion or a reprocessing before we look again."""

PRECISION = timedelta(seconds=1)
"""Trackers tell the time in whole seconds: a deploy in the second of the closing may have come before it."""

GOAL: TypeAdapter[Goal] = TypeAdapter(Goal)
"""A goal at rest: the same value as JSON."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as observed, beside what the store knew of it."""

    case: Case
    row: CaseRow

    def issue(self, issue_id: str) -> Issue:
        """The member of that id, as observed."""
        return next(member.issue for member in self.case.members if member.issue.id == issue_id)


def look(ctx: Context, lease: Lease, case_id: int) -> Seen | None:
    """Read a case's two sides; None when the case is unknown. `Transient` while Sentry is still moving an issue."""
    with ctx.store.read() as tx:
        row = tx.cases.load(case_id)
    if row is None:
        return None
    goal = GOAL.validate_python(row.goal) if row.goal else None
    policy = ctx.book().policy(row.rule, row.tracker) if row.tracker else Policy(StatusMap(TrackerKind.JIRA))
    issues = [issue for member in row.members if (issue := _issue(ctx, lease, row, member))]
    ticket = _ticket(ctx, lease, row, row.ticket) if row.ticket else None
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        for issue in issues:
            _note_issue(tx, row, issue, goal, ctx.now())
        if ticket and row.ticket:
            _note_ticket(tx, row, (row.ticket, ticket), policy, goal, ctx.now())
    waiting = Waiting(row.waiting_for, row.waiting_since) if row.waiting_for and row.waiting_since else None
    link = _link(ctx, row, issues, ticket)
    case = Case(row.id, _members(row, issues), link, policy, goal, waiting, partings=_partings(row))
    if ticket and both_moved(case):
        case = _with_times(ctx, case, ticket)
    return Seen(_with_deploys(ctx, lease, case), row)


def create_intent(row: CaseRow) -> tuple[Kind, str]:
    """Kind and occasion of the intent that makes the ticket of a case: its first, or the one after a retired one."""
    before = [ticket.id for ticket in row.past if ticket.farewell == "succeeded"]
    return "create", f"after ticket {max(before)}" if before else "first ticket"


def _issue(ctx: Context, lease: Lease, row: CaseRow, member: MemberRow) -> Issue | None:
    """Read a member. One that seemed gone is read as well: a single wrong answer must not silence it for good."""
    try:
        issue = ctx.sentry.issue(member.id)
    except (Gone, Moved) as gone:
        if not member.gone_at:
            _leave(ctx, lease, row, member, gone)
        return None
    if not issue.settled:
        raise Transient(f"Sentry is still moving {issue.short_id}; looking again", UNSETTLED_S)
    return issue


def _leave(ctx: Context, lease: Lease, row: CaseRow, member: MemberRow, gone: Gone | Moved) -> None:
    """A member was deleted, or merged into another: that one takes its place.

    Has the other a case already, it takes in this one, unless other issues are left here.
    """
    with ctx.store.read() as tx:
        theirs = tx.cases.of_issue(gone.to) if isinstance(gone, Moved) else None
        making = tx.intents.get(row.id, *create_intent(row))
    if theirs not in {None, row.id} and making and making.state == "sent":
        return  # its own create is adopted or given up first, or the ticket would be nobody's
    issue = ctx.sentry.issue(gone.to) if isinstance(gone, Moved) and theirs is None else None
    alone = all(other.gone_at for other in row.members if other.id != member.id)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.issue_gone(member.id, ctx.now())
        tx.history.add(story.issue_gone(row.id, member.id, str(gone), ctx.now()), ctx.now())
        if issue:
            tx.cases.join(row.id, issue, member, ctx.now())
            tx.work.push(Hint(f"case:{row.id}", "issue merged"), ctx.now())
        elif isinstance(gone, Moved) and theirs not in {None, row.id}:
            into = int(theirs or 0)
            tx.work.push(Hint(f"case:{into}", "issue merged"), ctx.now())
            if alone:
                take_in(tx, row.id, into, f"{member.short_id} was merged in Sentry", ctx.now())


def _partings(row: CaseRow) -> tuple[Parting, ...]:
    """The past tickets that were not told yet which one took over."""
    left = (ticket for ticket in row.past if ticket.farewell and not ticket.seen_off_at)
    return tuple(Parting(one.id, one.tracker, one.key, one.farewell == "duplicate") for one in left)


def _ticket(ctx: Context, lease: Lease, row: CaseRow, known: TicketRow) -> Ticket | None:
    try:
        return ctx.tracker(known.tracker).read(known.key)
    except Gone as gone:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.break_link(row.id, str(gone), ctx.now())
            tx.history.add(story.link_broken(row, str(gone), ctx.now()), ctx.now())
        return None


def _note_issue(tx: Tx, row: CaseRow, issue: Issue, goal: Goal | None, now: datetime) -> None:
    """Mirror an issue; a status that changed without us is somebody's move and goes into history once."""
    before = next(m for m in row.members if m.id == issue.id)
    ours = goal is not None and issue.id in goal.moves and issue.status is goal.to
    tx.cases.save_issue(issue, now)
    if before.status != issue.status and not ours:
        tx.history.add(story.issue_moved(row.id, before.status, issue, now), now)


def _note_ticket(
    tx: Tx, row: CaseRow, seen: tuple[TicketRow, Ticket], policy: Policy, goal: Goal | None, now: datetime
) -> None:
    """Mirror a ticket; while a move of ours is half done, what it shows is a step of ours and nobody's move."""
    before, ticket = seen
    tx.cases.save_ticket(row.id, ticket, now)
    if before.state != ticket.state and not (goal and goal.move_ticket):
        old, new = policy.status.read(before.state), policy.status.read(ticket.state)
        tx.history.add(story.ticket_moved(row, ticket, old, new, now), now)


def _members(row: CaseRow, issues: list[Issue]) -> tuple[Member, ...]:
    """Join what was read with what was remembered."""
    kept = {m.id: m for m in row.members}
    shown = row.ticket.id if row.ticket else None
    return tuple(
        Member(
            issue,
            (known := kept[issue.id]).agreed,
            known.closed_with_ticket,
            known.linked_ticket == shown,
            known.escalation_told,
        )
        for issue in issues
    )


def _link(ctx: Context, row: CaseRow, issues: list[Issue], ticket: Ticket | None) -> Link:
    if ticket and row.ticket:
        since = (row.ticket.done_since or ctx.now()) if ticket.state.done else None
        return Live(ticket, row.ticket.agreed or Status.OPEN, since, row.ticket.not_followed)
    if row.ticket or row.broken_reason:
        return Broken(row.broken_reason or "the ticket is gone")
    with ctx.store.read() as tx:
        intent = tx.intents.get(row.id, *create_intent(row))
    if intent and intent.state == "sent":
        return NoTicket(row.rule, row.tracker, "a create was interrupted", row.verdict, interrupted=True)
    if not issues:
        return NoTicket(None, None, "every issue of this case is gone from Sentry", row.verdict)
    if any(ticket.farewell == "succeeded" for ticket in row.past):
        return NoTicket(row.rule, row.tracker, "its bug came back after its ticket was retired", row.verdict)
    verdict = ctx.book().route(issues[0], ctx.sentry.latest_event(issues[0].id))
    # The sentence holds values that change with every event; the decision is news only when its rule is.
    decided_before = row.verdict is not None and row.rule == verdict.rule and verdict.tracker is None
    return NoTicket(verdict.rule, verdict.tracker, verdict.why, verdict.why if decided_before else row.verdict)


def _with_times(ctx: Context, case: Case, ticket: Ticket) -> Case:
    """Add when the ticket moved: needed only when both sides did, or a deploy after it counts; it costs a call."""
    moved = replace(ticket, moved_at=ctx.tracker(ticket.tracker).moved_at(ticket.key))
    link = replace(case.link, ticket=moved) if isinstance(case.link, Live) else case.link
    return replace(case, link=link)


def _with_deploys(ctx: Context, lease: Lease, case: Case) -> Case:
    """Add where the fix was deployed since the ticket was closed; asked only while a deploy is awaited."""
    link, environment = case.link, case.policy.resolve.environment
    awaited = awaiting(case)
    if not awaited or not isinstance(link, Live) or not environment:
        return case
    closed_at = link.done_since or ctx.now()
    if case.waiting is None:
        closed_at = ctx.tracker(link.ticket.tracker).moved_at(link.ticket.key) or closed_at
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.closed_at(case.id, closed_at)
    since = closed_at + PRECISION
    found = {issue.id: fixed for issue in awaited if (fixed := _deployed(ctx, issue, environment, since))}
    return replace(case, deployed=found)


def _deployed(ctx: Context, issue: Issue, environment: str, since: datetime) -> Fixed | None:
    """Where the fix of an issue was deployed; without any release there is nothing to wait for."""
    try:
        deploy = ctx.sentry.deployed(issue.project, environment, since)
    except NoRelease:
        return Fixed()
    return Fixed(Resolve.ON_DEPLOY, deploy.release) if deploy else None
