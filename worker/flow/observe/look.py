"""Observe: read both sides of a case as they are now, and remember what people moved since the last look."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.case import Broken, Case, Link, Live, Member, NoTicket, Parting, Waiting
from worker.errors import Gone, Moved, NoRelease, Transient
from worker.event import Event
from worker.flow.cases import umbrella
from worker.flow.cases.goal import GOAL
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.before import KNOWN_BEFORE, rests
from worker.flow.observe.notes import Notes, Unwritten, Written, create_intent
from worker.flow.observe.origin import origin_asked
from worker.mapping.facts import Around
from worker.mapping.policy import Policy
from worker.mapping.status import StatusMap
from worker.model import Fixed, Issue, Resolve, Status, Ticket, TrackerKind
from worker.speaker import awaiting, both_moved
from worker.store.case_rows import CaseRow, MemberRow, TicketRow

UNSETTLED_S = 20.0
"""How long Sentry is given to finish a merge, a deletion or a reprocessing before we look again."""

PRECISION = timedelta(seconds=1)
"""Trackers tell the time in whole seconds: a deploy in the second of the closing may have come before it."""

UNROUTED = Policy(StatusMap(TrackerKind.JIRA))
"""What holds for a case that no tracker was found for yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as observed, beside what the store knew of it."""

    case: Case
    row: CaseRow

    def issue(self, issue_id: str) -> Issue:
        """The member of that id, as observed."""
        return next(member.issue for member in self.case.members if member.issue.id == issue_id)


def look(ctx: Context, lease: Lease, case_id: int) -> Seen | None:
    """Read a case's two sides, and remember what people moved; None when the case is unknown.

    `Transient` while Sentry is still moving an issue.
    """
    return _look(ctx, Written(ctx, lease), case_id)


def glance(ctx: Context, case_id: int) -> Seen | None:
    """Read a case's two sides as `look` does and remember nothing."""
    return _look(ctx, Unwritten(), case_id)


def first_glance(ctx: Context, issue: Issue) -> Case:
    """The case that an issue without one would open, as it would be seen first; nothing is remembered."""
    return alone(ctx, issue, ctx.sentry.latest_event(issue.id))


def alone(ctx: Context, issue: Issue, event: Event | None) -> Case:
    """The same, of an issue whose newest event was read already."""
    verdict = ctx.book().route(issue, event, Around(ctx.now(), origin=origin_asked(ctx, issue, event)))
    policy = ctx.book().policy(verdict.rule, verdict.tracker) if verdict.tracker else UNROUTED
    return Case(0, (Member(issue),), NoTicket(verdict.rule, verdict.tracker, verdict.why), policy)


def _look(ctx: Context, notes: Notes, case_id: int) -> Seen | None:
    with ctx.store.read() as tx:
        row = tx.cases.load(case_id)
    if row is None:
        return None
    goal = GOAL.validate_python(row.goal) if row.goal else None
    policy = ctx.book().policy(row.rule, row.tracker) if row.tracker else UNROUTED
    issues = [issue for member in row.members if (issue := _issue(ctx, notes, row, member))]
    ticket = _ticket(ctx, notes, row, row.ticket) if row.ticket else None
    notes.seen(row, issues, ticket, policy, goal)
    waiting = Waiting(row.waiting_for, row.waiting_since) if row.waiting_for and row.waiting_since else None
    link = _link(ctx, row, issues, ticket)
    case = Case(row.id, _members(row, issues, link), link, policy, goal, waiting, partings=_partings(row))
    if ticket and both_moved(case):
        case = _with_times(ctx, case, ticket)
    return Seen(_with_deploys(ctx, notes, case), row)


def _issue(ctx: Context, notes: Notes, row: CaseRow, member: MemberRow) -> Issue | None:
    """Read a member. One that seemed gone is read as well: a single wrong answer must not silence it for good."""
    try:
        issue = ctx.sentry.issue(member.id)
    except (Gone, Moved) as gone:
        if not member.gone_at:
            notes.left(row, member, gone)
        return None
    if not issue.settled:
        raise Transient(f"Sentry is still moving {issue.short_id}; looking again", UNSETTLED_S)
    return issue


def _partings(row: CaseRow) -> tuple[Parting, ...]:
    """The past tickets that were not told yet which one took over."""
    left = (ticket for ticket in row.past if ticket.farewell and not ticket.seen_off_at)
    return tuple(Parting(one.id, one.tracker, one.key, one.farewell == "duplicate") for one in left)


def _ticket(ctx: Context, notes: Notes, row: CaseRow, known: TicketRow) -> Ticket | None:
    try:
        return ctx.tracker(known.tracker).read(known.key)
    except Gone as gone:
        notes.ticket_gone(row, str(gone))
        return None


def _members(row: CaseRow, issues: list[Issue], link: Link) -> tuple[Member, ...]:
    """Join what was read with what was remembered."""
    kept = {m.id: m for m in row.members}
    shown = link.umbrella if isinstance(link, NoTicket) else row.ticket.id if row.ticket else None
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
        stay = tx.umbrellas.stay_of(row.id)
        stands = umbrella.standing_for(tx, row.id, ctx.trackers) if stay else None
    if intent and intent.state == "sent":
        return NoTicket(row.rule, row.tracker, "a create was interrupted", row.verdict, interrupted=True)
    if stay and not stay.called_at:
        shown = stands.id if stands else None
        return NoTicket(row.rule, None, collected := row.verdict or stay.why, collected, umbrella=shown)
    # One that was called because there is room is routed anew: its reason is no longer the last word.
    return _unlinked(ctx, replace(row, verdict=None) if stay else row, issues)


def _unlinked(ctx: Context, row: CaseRow, issues: list[Issue]) -> NoTicket:
    """What its rule says of a case without a ticket."""
    if not issues:
        return NoTicket(None, None, "every issue of this case is gone from Sentry", row.verdict)
    if any(ticket.farewell == "succeeded" for ticket in row.past):
        return NoTicket(row.rule, row.tracker, "its bug came back after its ticket was retired", row.verdict)
    if rests(ctx, row, issues):
        return NoTicket(None, None, KNOWN_BEFORE, KNOWN_BEFORE)
    event = ctx.newest_event(issues[0].id)
    with ctx.store.read() as tx:
        word = tx.feedback.word_on([issue.id for issue in issues])
    origin = origin_asked(ctx, issues[0], event)
    around = Around(ctx.now(), tuple(issues), origin, word.no_noise, word.wanted_by)
    verdict = ctx.book().route(issues[0], event, around)
    # The sentence holds values that change with every event; the decision is news only when its rule is.
    decided_before = row.verdict is not None and row.rule == verdict.rule and verdict.tracker is None
    recorded = verdict.why if decided_before else row.verdict
    return NoTicket(verdict.rule, verdict.tracker, verdict.why, recorded, again_at=verdict.again_at)


def _with_times(ctx: Context, case: Case, ticket: Ticket) -> Case:
    """Add when the ticket moved: needed only when both sides did, or a deploy after it counts; it costs a call."""
    moved = replace(ticket, moved_at=ctx.tracker(ticket.tracker).moved_at(ticket.key))
    link = replace(case.link, ticket=moved) if isinstance(case.link, Live) else case.link
    return replace(case, link=link)


def _with_deploys(ctx: Context, notes: Notes, case: Case) -> Case:
    """Add where the fix was deployed since the ticket was closed; asked only while a deploy is awaited."""
    link, environment = case.link, case.policy.resolve.environment
    awaited = awaiting(case)
    if not awaited or not isinstance(link, Live) or not environment:
        return case
    closed_at = link.done_since or ctx.now()
    if case.waiting is None:
        closed_at = ctx.tracker(link.ticket.tracker).moved_at(link.ticket.key) or closed_at
        notes.closed_at(case.id, closed_at)
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
