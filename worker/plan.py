"""The decision: what was agreed, what each side says now, and what follows. Pure: the clock is an argument.

The side that moved since both last agreed speaks; if both moved, the rule's winner does. Whatever is decided is written
down as a goal before the first write, so that a half-done move is finished and never taken for a person's.
"""

from datetime import datetime

from worker import case as do
from worker.beside import beside, under_umbrella
from worker.case import Action, Case, Goal, Live, NoTicket, Plan
from worker.mapping.policy import OnRegression
from worker.model import Fixed, Side, Status
from worker.speaker import (
    aggregate,
    apart,
    awaiting,
    differ,
    fixed_in,
    followers,
    on_regression,
    reopens,
    sentry_says,
    settled_as,
    speaker,
    tracker_says,
    why,
)  # fmt: skip


def plan(case: Case, now: datetime) -> Plan:
    """Say what to do now; after it is done, planning again says nothing."""
    match case.link:
        case NoTicket() as link if case.members or link.interrupted:
            return Plan(_first_ticket(case, link) + under_umbrella(case, link))
        case Live() as link if case.members and not case.goal and (handed := _hand_over(case, link, now)):
            return Plan((handed,))
        case Live() as link:
            goal = case.goal or _next_goal(case, link, now) if case.members else None
            return Plan((_pursue(case, link, goal) if goal else _rest(case, link)) + beside(case, goal), goal)
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


def _hand_over(case: Case, link: Live, now: datetime) -> Action | None:
    """The ticket gives the case away: to the one it is a duplicate of, or to a new one for what comes back late."""
    other = link.ticket.duplicate_of
    if case.policy.follow_duplicates and other and other != link.not_followed:
        return do.FollowDuplicate(other)
    if on_regression(case, link, now) is OnRegression.NEW_TICKET:
        since = f" on {link.done_since:%Y-%m-%d}" if link.done_since else ""
        return do.RetireTicket(f"its bug came back; it was closed{since}, and the rule wants a new ticket for that")
    return None


def _next_goal(case: Case, link: Live, now: datetime) -> Goal | None:
    """What the side that speaks wants of the other; None when both say the same, nobody moved, or it has to wait."""
    sentry, by = sentry_says(case), speaker(case, link)
    if by is None or not differ(case, link) or awaiting(case):
        return None
    to = sentry if by is Side.SENTRY else tracker_says(case, link)
    if by is Side.SENTRY and to is Status.IGNORED and not case.policy.archive_closes:
        return None
    stays = on_regression(case, link, now) is OnRegression.COMMENT
    moving = followers(case, to) if by is Side.TRACKER else ()
    closing = to is not Status.OPEN and link.agreed is Status.OPEN
    return Goal(
        occasion=f"{to}@{now.isoformat()}",
        to=to,
        by=by,
        why=why(case, by, to),
        move_ticket=by is Side.SENTRY and not stays,
        moves=tuple(m.issue.id for m in moving),
        reopened_by=tuple(m.issue.id for m in case.members if by is Side.SENTRY and reopens(m)),
        settles=tuple(settled_as(m, to if m in moving else m.issue.status, closing=closing) for m in case.members),
        fixed={m.issue.id: fixed_in(case, m) for m in moving if to is Status.RESOLVED},
        said=tracker_says(case, link) if stays else None,
    )


def _pursue(case: Case, link: Live, goal: Goal) -> tuple[Action, ...]:
    """What is left to do for a goal, however much of it was done before a crash."""
    said = case.policy.status.echo(goal.to) if goal.move_ticket else goal.said or goal.to
    ticket = (do.MoveTicket(goal.to),) if goal.move_ticket and tracker_says(case, link) != said else ()
    behind = (m.issue.id for m in case.members if m.issue.id in goal.moves and m.issue.status != goal.to)
    moves = tuple(do.MoveIssue(i, goal.to, goal.fixed.get(i, Fixed())) for i in behind)
    comment = (do.CommentReopened(goal.occasion, goal.reopened_by, goal.move_ticket),) if goal.reopened_by else ()
    agreed = aggregate([settled.status for settled in goal.settles])
    return (*ticket, *moves, *comment, do.Agree(goal.settles, said), *_wait(case, agreed, said))


def _rest(case: Case, link: Live) -> tuple[Action, ...]:
    """Nothing to move: remember what both sides say if that is news, and why they differ if they do."""
    tracker = tracker_says(case, link)
    news = tracker != link.agreed or any(m.agreed != m.issue.status for m in case.members)
    closing = tracker is not Status.OPEN and link.agreed is Status.OPEN
    settled = tuple(settled_as(m, m.issue.status, closing=closing) for m in case.members)
    # A goal whose last issue was deleted is nobody's any more.
    due = news and not awaiting(case) if case.members else case.goal is not None
    agree = (do.Agree(settled, tracker),) if due else ()
    return agree + _wait(case, sentry_says(case), tracker)


def _wait(case: Case, sentry: Status, tracker: Status) -> tuple[Action, ...]:
    """Say why they differ, if they will and that is news."""
    reason = apart(case, sentry, tracker)
    return () if reason == (case.waiting.reason if case.waiting else None) else (do.Wait(reason),)
