"""Apply: run a plan's actions in order, each followed by the commit that remembers it."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from worker.case import (
    Agree,
    CommentReopened,
    CreateTicket,
    Decline,
    Escalate,
    FollowDuplicate,
    Goal,
    Live,
    MoveIssue,
    MoveTicket,
    Plan,
    RetireTicket,
    SeeOff,
    ShowTicket,
    Wait,
)
from worker.errors import NoRelease
from worker.flow.actions.linking import link
from worker.flow.actions.tell import tell
from worker.flow.cases.goal import GOAL
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import cases as story_cases
from worker.flow.story import moves as story
from worker.flow.story import watch as story_watch
from worker.model import Fixed


def apply(ctx: Context, lease: Lease, seen: Seen, plan: Plan) -> None:
    """Bring both sides together as planned. Whatever interrupts it, planning again reaches the same end."""
    if plan.goal and plan.goal != seen.case.goal:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.set_goal(seen.case.id, GOAL.dump_python(plan.goal, mode="json"))
    moved = _moved_before(seen, plan)
    for action in plan.actions:
        match action:
            case CreateTicket() | Decline() | RetireTicket() | FollowDuplicate():
                link(ctx, lease, seen, action)
            case MoveTicket():
                _move_ticket(ctx, lease, seen, action)
            case MoveIssue():
                moved[action.issue_id] = ctx.now()
                _move_issue(ctx, lease, seen, action)
            case ShowTicket() | CommentReopened() | Escalate() | SeeOff():
                tell(ctx, lease, seen, action)
            case Agree():
                _agree(ctx, lease, seen, action, (plan.goal, moved))
            case Wait():
                _wait(ctx, lease, seen, action)
            case _:
                assert_never(action)


def _move_ticket(ctx: Context, lease: Lease, seen: Seen, action: MoveTicket) -> None:
    live = seen.case.link
    if not isinstance(live, Live):
        return
    tracker, status = ctx.tracker(live.ticket.tracker), seen.case.policy.status
    tracker.move(live.ticket, status.write(action.to))
    ticket = tracker.read(live.ticket.key)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.save_ticket(seen.case.id, ticket, ctx.now())


def _move_issue(ctx: Context, lease: Lease, seen: Seen, action: MoveIssue) -> None:
    issue = seen.issue(action.issue_id)
    try:
        ctx.sentry.move(issue.id, action.to, action.fixed)
        tied = True
    except NoRelease:  # the rule's wish cannot be had here; a bug that is fixed must not stay open for it
        ctx.sentry.move(issue.id, action.to, Fixed())
        tied = False
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.save_issue(replace(issue, status=action.to, substatus=None), ctx.now())
        if not tied:
            entry = story_cases.no_release(seen.row, issue.id, action.fixed.how, ctx.now())
            tx.history.add(entry, ctx.now())


def _wait(ctx: Context, lease: Lease, seen: Seen, action: Wait) -> None:
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.cases.wait(seen.case.id, action.reason, now)
        tx.history.add(story_cases.waits(seen.case.id, action.reason, now), now)


Moved = dict[str, datetime]
"""When we moved an issue, by its id."""


def _moved_before(seen: Seen, plan: Plan) -> Moved:
    """What an earlier attempt moved for the goal, and when, by Sentry's own word."""
    there = [member.issue for member in seen.case.members if plan.goal and member.issue.id in plan.goal.moves]
    return {
        issue.id: issue.moved_at for issue in there if plan.goal and issue.status is plan.goal.to and issue.moved_at
    }


def _agree(ctx: Context, lease: Lease, seen: Seen, action: Agree, reached: tuple[Goal | None, Moved]) -> None:
    """Close the round. Our moves enter history here, so that one whose answer was lost is told like any other."""
    (goal, moved), now = reached, ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        members = {s.issue_id: (s.status, s.closed_with_ticket) for s in action.members}
        tx.cases.agree(seen.case.id, members, action.ticket)
        environment = seen.case.policy.resolve.environment
        fixes = story_watch.deployed_fixes(seen.case.id, goal, environment, now) if goal else ()
        for entry in (*story.our_moves(seen.row, seen.case, goal, now, moved), *fixes) if goal else ():
            tx.history.add(entry, now)
