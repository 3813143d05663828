"""The decision: what was agreed, what each side says now, and what follows. Pure: the clock is an argument.

The side that moved since both last agreed speaks; if both moved, the rule's winner does. Whatever is decided is written
down as a goal before the first write, so that a half-done move is finished and never taken for a person's.
"""

from datetime import datetime

from worker import case as do
from worker.case import Action, Case, Goal, Live, Member, NoTicket, Plan, Settled
from worker.model import Side, Status
from worker.speaker import reopens, sentry_says, speaker, tracker_says, why


def plan(case: Case, now: datetime) -> Plan:
    """Say what to do now; after it is done, planning again says nothing."""
    match case.link:
        case NoTicket() as link if case.members or link.interrupted:
            return Plan(_first_ticket(case, link))
        case Live() as link if case.members:
            goal = case.goal or _next_goal(case, link, now)
            shows = tuple(do.ShowTicket(m.issue.id) for m in case.members if not m.shows_ticket)
            return Plan((_pursue(case, link, goal) if goal else _rebase(case, link)) + shows, goal)
        case _:
            return Plan()


def _first_ticket(case: Case, link: NoTicket) -> tuple[Action, ...]:
    """Only what is open and has a rule gets a ticket; everything else gets its reason, once."""
    status = sentry_says(case)
    if link.rule and link.tracker and (status is Status.OPEN or link.interrupted):
        make = do.CreateTicket(link.rule, link.tracker, adopt_only=status is not Status.OPEN)
        return (make, *(do.ShowTicket(m.issue.id) for m in case.members))
    closed = f"it is {status} in Sentry, and only an open issue gets a new ticket"
    reason = closed if link.rule and link.tracker else link.reason
    return () if reason == link.recorded else (do.Decline(link.rule, reason),)


def _next_goal(case: Case, link: Live, now: datetime) -> Goal | None:
    """What the side that speaks wants of the other; None when both say the same or nobody moved."""
    sentry, by = sentry_says(case), speaker(case, link)
    if by is None or case.policy.status.echo(sentry) == tracker_says(case, link):
        return None
    to = sentry if by is Side.SENTRY else tracker_says(case, link)
    moving = _follow_ticket(case, to) if by is Side.TRACKER else ()
    closing = to is not Status.OPEN and link.agreed is Status.OPEN
    return Goal(
        occasion=f"{to}@{now.isoformat()}",
        to=to,
        by=by,
        why=why(case, by, to),
        move_ticket=by is Side.SENTRY,
        moves=tuple(m.issue.id for m in moving),
        reopened_by=tuple(m.issue.id for m in case.members if by is Side.SENTRY and reopens(m)),
        settles=tuple(_settled(m, to if m in moving else m.issue.status, closing=closing) for m in case.members),
    )


def _pursue(case: Case, link: Live, goal: Goal) -> tuple[Action, ...]:
    """What is left to do for a goal, however much of it was done before a crash."""
    said = case.policy.status.echo(goal.to) if goal.move_ticket else goal.to
    ticket = (do.MoveTicket(goal.to),) if goal.move_ticket and tracker_says(case, link) != said else ()
    behind = (m.issue.id for m in case.members if m.issue.id in goal.moves and m.issue.status != goal.to)
    comment = (do.CommentReopened(goal.occasion, goal.reopened_by),) if goal.reopened_by else ()
    return (*ticket, *(do.MoveIssue(i, goal.to) for i in behind), *comment, do.Agree(goal.settles, said))


def _rebase(case: Case, link: Live) -> tuple[Action, ...]:
    """Nothing to write: remember what both sides say, if that is news."""
    tracker = tracker_says(case, link)
    if tracker == link.agreed and all(m.agreed == m.issue.status for m in case.members):
        return ()
    closing = tracker is not Status.OPEN and link.agreed is Status.OPEN
    return (do.Agree(tuple(_settled(m, m.issue.status, closing=closing) for m in case.members), tracker),)


def _settled(member: Member, status: Status, *, closing: bool) -> Settled:
    """An issue that closes while its ticket closes belongs to that closing, until it opens again."""
    joins = closing and member.agreed is Status.OPEN
    return Settled(member.issue.id, status, status is not Status.OPEN and (member.closed_with_ticket or joins))


def _follow_ticket(case: Case, to: Status) -> tuple[Member, ...]:
    """Those whom the ticket speaks for: a closing takes the open ones along, a reopening those it had closed."""
    differing = tuple(m for m in case.members if m.issue.status != to)
    along = Status.RESOLVED if to is Status.OPEN else Status.OPEN
    ours = tuple(m for m in differing if m.closed_with_ticket)
    if to is Status.OPEN and ours:
        return ours
    return tuple(m for m in differing if m.issue.status is along or m in ours) or differing
