"""Join a case and a ticket: make one, adopt one, hand the case to another, or say why there is none."""

from typing import assert_never

from worker.case import CreateTicket, Decline, FollowDuplicate, Linking, Live, RetireTicket
from worker.errors import Gone, Permanent
from worker.flow.actions import once
from worker.flow.cases import umbrella
from worker.flow.cases.membership import follow, made_for
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import cases as story_cases
from worker.flow.story import moves as story
from worker.model import Status, Ticket
from worker.speaker import sentry_says
from worker.store.store import Tx


def link(ctx: Context, lease: Lease, seen: Seen, action: Linking) -> None:
    """Do one such action and commit it."""
    match action:
        case CreateTicket():
            once.create_ticket(ctx, lease, seen, action)
        case Decline():
            _decline(ctx, lease, seen, action)
        case RetireTicket():
            _retire(ctx, lease, seen, action)
        case FollowDuplicate():
            _follow_duplicate(ctx, lease, seen, action)
        case _:
            assert_never(action)


def _decline(ctx: Context, lease: Lease, seen: Seen, action: Decline) -> None:
    """A collected case that was called leaves its umbrella as well, unless its bug is only closed just now."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        if tx.umbrellas.stay_of(seen.case.id):
            if seen.case.members and sentry_says(seen.case) is not Status.OPEN:
                tx.umbrellas.call([seen.case.id], None)
                return
            umbrella.release(tx, seen.case.id, action.reason, ctx.now())
        tx.cases.set_verdict(seen.case.id, action.rule, action.reason)
        tx.history.add(story.declined(seen.case.id, action.rule, action.reason, ctx.now()), ctx.now())


def _retire(ctx: Context, lease: Lease, seen: Seen, action: RetireTicket) -> None:
    """Let the closed ticket rest; the next look makes the new one."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.retire(seen.case.id, action.reason, "succeeded")
        tx.history.add(story_cases.ticket_retired(seen.row, action.reason, ctx.now()), ctx.now())


def _follow_duplicate(ctx: Context, lease: Lease, seen: Seen, action: FollowDuplicate) -> None:
    """Hand the case to the ticket that a person named as the original: it joins that one's case, if it has one.

    An original that cannot be followed is told in history once, and the ticket then counts as closed like any other.
    """
    link, row = seen.case.link, seen.row.ticket
    if not isinstance(link, Live) or row is None:
        return
    try:
        original = ctx.tracker(link.ticket.tracker).read(action.key)
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            _go_over(tx, ctx, seen, (link, original))
    except (Gone, Permanent) as refused:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.not_followed(row.id, action.key)
            tx.history.add(story_cases.not_followed(seen.row, action.key, str(refused), ctx.now()), ctx.now())


def _go_over(tx: Tx, ctx: Context, seen: Seen, over: tuple[Live, Ticket]) -> None:
    (link, original), now = over, ctx.now()
    reason = f"{link.ticket.key} was closed as a duplicate of {original.key}"
    if original.id == link.ticket.id or any(original.id == past.vendor_id for past in seen.row.past):
        raise Permanent(f"{original.key} is a former ticket of the same case")
    theirs = tx.cases.of_ticket(original.tracker, original.id) or made_for(tx, original, seen.case.id)
    if theirs is not None and tx.umbrellas.of(theirs):
        raise Permanent(f"{original.key} is an umbrella ticket and stands for no bug of its own")
    if theirs is not None:
        follow(tx, seen.case.id, theirs, reason, now)
        return
    tx.cases.retire(seen.case.id, reason, None)
    tx.cases.add_ticket(seen.case.id, original, seen.row.rule or "", None, link.agreed, now)
    tx.history.add(story_cases.ticket_followed(seen.row, original, now), now)
