"""Apply: run a plan's actions in order, each followed by the commit that remembers it."""

from dataclasses import replace
from typing import assert_never

from worker.case import (
    Agree,
    CommentReopened,
    CreateTicket,
    Decline,
    Goal,
    Live,
    MoveIssue,
    MoveTicket,
    Plan,
    ShowTicket,
)
from worker.flow import once, story, words
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.look import GOAL, Seen


def apply(ctx: Context, lease: Lease, seen: Seen, plan: Plan) -> None:
    """Bring both sides together as planned. Whatever interrupts it, planning again reaches the same end."""
    if plan.goal and plan.goal != seen.case.goal:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.set_goal(seen.case.id, GOAL.dump_python(plan.goal, mode="json"))
    for action in plan.actions:
        match action:
            case CreateTicket():
                once.create_ticket(ctx, lease, seen, action)
            case Decline():
                _decline(ctx, lease, seen, action)
            case ShowTicket():
                _show(ctx, lease, seen, action)
            case MoveTicket():
                _move_ticket(ctx, lease, seen, action)
            case MoveIssue():
                _move_issue(ctx, lease, seen, action)
            case CommentReopened():
                _comment(ctx, lease, seen, action)
            case Agree():
                _agree(ctx, lease, seen, action, plan.goal)
            case _:
                assert_never(action)


def _decline(ctx: Context, lease: Lease, seen: Seen, action: Decline) -> None:
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.set_verdict(seen.case.id, action.rule, action.reason)
        tx.history.add(story.declined(seen.case.id, action.rule, action.reason, ctx.now()), ctx.now())


def _show(ctx: Context, lease: Lease, seen: Seen, action: ShowTicket) -> None:
    with ctx.store.read() as tx:
        row = tx.cases.ticket_of(seen.case.id)
        installation = ctx.installation or tx.cursors.get("sentry.installation")
    if row is None:
        return
    place = ctx.tracker(row.tracker).place
    shown = ctx.sentry.link(action.issue_id, row.url, place.rpartition("/")[2], row.key, installation)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.mark_linked(action.issue_id, row.id)
        entry = story.ticket_shown(seen.case.id, action.issue_id, row.key, shown=shown, now=ctx.now())
        tx.history.add(entry, ctx.now())


def _move_ticket(ctx: Context, lease: Lease, seen: Seen, action: MoveTicket) -> None:
    link = seen.case.link
    if not isinstance(link, Live):
        return
    tracker, status = ctx.tracker(link.ticket.tracker), seen.case.policy.status
    tracker.move(link.ticket, status.write(action.to))
    ticket = tracker.read(link.ticket.key)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.save_ticket(seen.case.id, ticket, ctx.now())


def _move_issue(ctx: Context, lease: Lease, seen: Seen, action: MoveIssue) -> None:
    issue = next(m.issue for m in seen.case.members if m.issue.id == action.issue_id)
    ctx.sentry.move(issue.id, action.to)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.save_issue(replace(issue, status=action.to, substatus=None), ctx.now())


def _comment(ctx: Context, lease: Lease, seen: Seen, action: CommentReopened) -> None:
    link = seen.case.link
    if not isinstance(link, Live):
        return
    issues = [m.issue for m in seen.case.members if m.issue.id in action.issue_ids]
    tracker = ctx.tracker(link.ticket.tracker)
    body = ctx.book().comment(tracker.name, words.reopened(tracker.kind, issues))
    if once.comment(ctx, lease, seen.case.id, link.ticket, (action.occasion, body)):
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            entry = story.commented(seen.case.id, link.ticket.key, action.occasion, ctx.now())
            tx.history.add(entry, ctx.now())


def _agree(ctx: Context, lease: Lease, seen: Seen, action: Agree, goal: Goal | None) -> None:
    """Close the round. Our moves enter history here, so that one whose answer was lost is told like any other."""
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        members = {s.issue_id: (s.status, s.closed_with_ticket) for s in action.members}
        tx.cases.agree(seen.case.id, members, action.ticket)
        for entry in story.our_moves(seen.row, seen.case, goal, now) if goal else ():
            tx.history.add(entry, now)
