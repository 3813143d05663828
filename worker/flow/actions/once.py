"""Writes that must not happen twice: an intent before the call, its nonce inside the call, a look before a repeat.

An end is ambiguous when the request may have arrived. Then the nonce is looked for with growing waits through a grace
window longer than any index lag, and only after it is the same write made again under the same nonce.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from worker.case import CreateTicket
from worker.ends.ports import Tracker
from worker.errors import Ambiguous, Permanent, Transient
from worker.flow.cases import umbrella
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.observe.notes import create_intent
from worker.flow.observe.origin import origin_written
from worker.flow.story import moves as story
from worker.flow.story import watch as story_watch
from worker.flow.story.cases import called
from worker.flow.watch import limits, storms
from worker.model import Body, Hint, Status, Ticket
from worker.store.history import Entry
from worker.store.intents import Intent

SKEW = timedelta(minutes=5)
"""How far a service's clock may be behind ours when we ask for "made since"."""

Made = TypeVar("Made")


def create_ticket(ctx: Context, lease: Lease, seen: Seen, action: CreateTicket) -> None:
    """Make the case's ticket, or adopt it if an earlier attempt made it.

    The route is written down with the intent: whatever the mapping says later, it is looked for where it was sent.
    In a storm, or over the limit of its rule, it is collected instead.
    """
    tracker = ctx.tracker(action.tracker)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.set_route(seen.case.id, action.rule, action.tracker)
        if not action.adopt_only and (storms.held(ctx, tx, seen, action) or limits.held(ctx, tx, seen, action)):
            return
        intent = tx.intents.open(seen.case.id, *create_intent(seen.row), ctx.now())
        if intent.state == "unsent" and not intent.fresh:
            tx.intents.renew(intent, ctx.now())
    found = adopt(ctx, tracker, intent)
    if found is None and action.adopt_only:
        _give_up(ctx, lease, intent)
        return
    ticket = found or _create(ctx, lease, seen, action, (tracker, intent))
    # A ticket of ours is born open: when one that is found says otherwise, somebody has moved it since.
    born = ctx.book().policy(action.rule, action.tracker).status.read(ticket.state)
    agreed = Status.OPEN if found else born
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.cases.add_ticket(seen.case.id, ticket, action.rule, intent.id, agreed, now)
        tx.cases.agree(seen.case.id, {m.issue.id: (Status.OPEN, False) for m in seen.case.members}, agreed)
        tx.intents.done(intent, ticket.key, now)
        umbrella.release(tx, seen.case.id, f"it has its own ticket, {called(ticket.key)}", now)
        tx.history.add(story.ticket_created(seen.case.id, action.rule, ticket, adopted=bool(found), now=now), now)


def comment(ctx: Context, lease: Lease, case_id: int, ticket: Ticket, said: tuple[str, Body]) -> bool:
    """Say something on a ticket once for an occasion; False when it had been said before."""
    occasion, body = said
    tracker = ctx.tracker(ticket.tracker)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        intent = tx.intents.open(case_id, "comment", occasion, ctx.now())
    if intent.state == "done":
        return False
    found = look_for(ctx, intent, lambda: tracker.find_comment(ticket.key, intent.id))
    made = found or attempt(ctx, lease, intent, lambda: tracker.comment(ticket.key, body, intent.id))
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.intents.done(intent, made, ctx.now())
    return True


def _give_up(ctx: Context, lease: Lease, intent: Intent) -> None:
    """The create never arrived and is no longer wanted."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.intents.give_up(intent)
        tx.work.push(Hint(lease.claim.key, "create given up"), ctx.now())


def adopt(ctx: Context, tracker: Tracker, intent: Intent) -> Ticket | None:
    """The ticket that an earlier attempt made; None when it is safe to make it, `Transient` while it may show up."""

    def oldest() -> Ticket | None:
        return next(iter(tracker.find(intent.id, intent.opened_at - SKEW)), None)

    return look_for(ctx, intent, oldest)


def look_for(ctx: Context, intent: Intent, find: Callable[[], Made | None]) -> Made | None:
    """What an earlier attempt made. None means that it is safe to make it (again); `Transient` means look later."""
    if intent.state != "sent":
        return None
    found = find()
    waited = ctx.now() - (intent.last_sent_at or intent.opened_at)
    if found is None and waited < ctx.timing.grace:
        raise Transient(
            f"an interrupted {intent.kind} may still show up: looked for {intent.id} after "
            f"{waited.total_seconds():.0f} s and will make it again after {ctx.timing.grace.total_seconds():.0f} s"
        )
    return found


def _create(ctx: Context, lease: Lease, seen: Seen, action: CreateTicket, at: tuple[Tracker, Intent]) -> Ticket:
    tracker, intent = at
    issue = seen.case.members[0].issue
    event = ctx.newest_event(issue.id)
    origin = origin_written(ctx, action.rule, issue, event)
    draft = ctx.book().draft(action.rule, issue, event, action.tracker, origin)
    brought = story_watch.brought(seen.case.id, issue.id, origin, ctx.now()) if origin else ()
    return attempt(ctx, lease, intent, lambda: tracker.create(draft, intent.id), *brought)


def attempt(ctx: Context, lease: Lease, intent: Intent, write: Callable[[], Made], *told: Entry) -> Made:
    """Make the write; remember when it certainly did not arrive, so that the next attempt need not wait.

    `told`: what goes into history with the attempt, whatever becomes of it.
    """
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.intents.sent(intent, ctx.now())
        for entry in told:
            tx.history.add(entry, ctx.now())
    try:
        return write()
    except Ambiguous:
        raise
    except (Transient, Permanent):
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.intents.unsent(intent)
        raise
