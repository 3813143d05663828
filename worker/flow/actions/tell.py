"""Tell issues and tickets of each other: links, comments of ours, escalations, farewells. Each thing once."""

from typing import assert_never

from worker.case import CommentReopened, Escalate, Live, Parting, SeeOff, ShowTicket, Telling
from worker.ends.ports import Tracker
from worker.errors import Gone, Permanent
from worker.flow.actions import once
from worker.flow.cases import umbrella
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import cases as story_cases
from worker.flow.story import moves as story
from worker.flow.story import words
from worker.model import Status, Ticket


def tell(ctx: Context, lease: Lease, seen: Seen, action: Telling) -> None:
    """Do one such action and commit it."""
    match action:
        case ShowTicket():
            _show(ctx, lease, seen, action)
        case CommentReopened():
            _comment(ctx, lease, seen, action)
        case Escalate():
            _escalate(ctx, lease, seen, action)
        case SeeOff():
            _see_off(ctx, lease, seen, action.parting)
        case _:
            assert_never(action)


def _show(ctx: Context, lease: Lease, seen: Seen, action: ShowTicket) -> None:
    """Show a case's own ticket on one of its issues, or that of the umbrella that has just collected it."""
    with ctx.store.read() as tx:
        row = tx.cases.ticket_of(seen.case.id) or umbrella.standing_for(tx, seen.case.id, ctx.trackers)
        installation = ctx.installation or tx.cursors.get("sentry.installation")
    known = next((m.linked_ticket for m in seen.row.members if m.id == action.issue_id), None)
    if row is None or row.id == known:
        return
    place = ctx.tracker(row.tracker).place
    shown = ctx.sentry.link(action.issue_id, row.url, place.rpartition("/")[2], row.key, installation)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.mark_linked(action.issue_id, row.id)
        entry = story.ticket_shown(seen.case.id, action.issue_id, row.key, shown=shown, now=ctx.now())
        tx.history.add(entry, ctx.now())


def _comment(ctx: Context, lease: Lease, seen: Seen, action: CommentReopened) -> None:
    link = seen.case.link
    if not isinstance(link, Live):
        return
    issues = [m.issue for m in seen.case.members if m.issue.id in action.issue_ids]
    tracker = ctx.tracker(link.ticket.tracker)
    said = words.reopened(tracker.kind, issues) if action.reopened else words.came_back(tracker.kind, issues)
    body = ctx.book().comment(tracker.name, said)
    if once.comment(ctx, lease, seen.case.id, link.ticket, (action.occasion, body)):
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            entry = story.commented(seen.case.id, link.ticket.key, action.occasion, ctx.now())
            tx.history.add(entry, ctx.now())


def _escalate(ctx: Context, lease: Lease, seen: Seen, action: Escalate) -> None:
    """Comment once and raise the priority. A priority that cannot be set is told in history and stops nothing else."""
    link = seen.case.link
    if not isinstance(link, Live):
        return
    tracker, issue = ctx.tracker(link.ticket.tracker), seen.issue(action.issue_id)
    done = ["told on the ticket"] if action.comment else []
    if action.comment:
        body = ctx.book().comment(tracker.name, words.escalates(tracker.kind, issue))
        once.comment(ctx, lease, seen.case.id, link.ticket, (f"{action.issue_id}:{action.occasion}", body))
    if action.priority:
        try:
            tracker.set_priority(link.ticket.key, action.priority)
            done.append(f"its priority is {action.priority}")
        except Permanent as refused:
            done.append(f"its priority stays, because {refused}")
    said = f"{issue.short_id} escalates: {', '.join(done) or 'seen before'}"
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.tell_escalation(issue.id, action.occasion)
        tx.history.add(story_cases.escalated(seen.row, issue.id, said, ctx.now()), ctx.now())


def _see_off(ctx: Context, lease: Lease, seen: Seen, parting: Parting) -> None:
    """Tell a past ticket which one took over, once, and close it where it is a duplicate."""
    link = seen.case.link
    if not isinstance(link, Live):
        return
    successor, tracker = link.ticket, ctx.tracker(parting.tracker)
    try:
        old = tracker.read(parting.key)
    except Gone:
        _remember(ctx, lease, seen, parting)
        return
    _say(ctx, lease, seen, (tracker, old, words.went_on(tracker.kind, successor, duplicate=parting.close)))
    if parting.close:
        _close(ctx, seen, old, successor)
    else:
        heir = ctx.tracker(successor.tracker)
        _say(ctx, lease, seen, (heir, successor, words.came_after(heir.kind, old)))
    _remember(ctx, lease, seen, parting)


def _close(ctx: Context, seen: Seen, old: Ticket, successor: Ticket) -> None:
    """As a duplicate where both are in one tracker; else as a bug that is not fixed here."""
    if old.tracker == successor.tracker:
        ctx.tracker(old.tracker).close_as_duplicate(old, successor)
    elif not old.state.done:
        policy = ctx.book().policy(seen.row.rule, old.tracker)
        ctx.tracker(old.tracker).move(old, policy.status.write(Status.IGNORED))


def _say(ctx: Context, lease: Lease, seen: Seen, what: tuple[Tracker, Ticket, str]) -> None:
    tracker, ticket, text = what
    body = ctx.book().comment(tracker.name, text)
    once.comment(ctx, lease, seen.case.id, ticket, (f"farewell:{ticket.tracker}:{ticket.id}:{text}", body))


def _remember(ctx: Context, lease: Lease, seen: Seen, parting: Parting) -> None:
    link, now = seen.case.link, ctx.now()
    key = link.ticket.key if isinstance(link, Live) else ""
    with ctx.store.write(lease.claim, now) as tx:
        tx.cases.seen_off(parting.row_id, now)
        tx.history.add(story_cases.seen_off(seen.case.id, parting.key, key, now, closed=parting.close), now)
