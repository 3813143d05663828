"""Introduce: tell a ticket that a person linked which Sentry issues it stands for, once."""

from worker.case import Live
from worker.errors import Gone, Moved, Permanent
from worker.flow.actions import once
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import cases as story
from worker.flow.story import words
from worker.store.store import Tx


def mean_to_introduce(tx: Tx, ctx: Context, case_id: int, row_id: int) -> None:
    """Note, with the link itself, that the ticket of that row is to be told of its case."""
    tx.intents.open(case_id, "comment", _occasion(row_id), ctx.now())


def introduce(ctx: Context, lease: Lease, seen: Seen) -> None:
    """Tell the live ticket, if that was meant and not done yet. A refusal is told in history and is the end of it."""
    row, live = seen.row.ticket, seen.case.link
    if row is None or row.nonce or not isinstance(live, Live) or not seen.case.members:
        return
    with ctx.store.read() as tx:
        meant = tx.intents.get(seen.case.id, "comment", _occasion(row.id))
    if meant is None or meant.state == "done":
        return
    tracker, issues = ctx.tracker(live.ticket.tracker), [member.issue for member in seen.case.members]
    body = ctx.book().comment(tracker.name, words.stands_for(tracker.kind, issues))
    try:
        once.comment(ctx, lease, seen.case.id, live.ticket, (meant.occasion, body))
        said = f"said on {story.called(row.key)} which issues it stands for"
    except Gone:
        raise
    except (Permanent, Moved) as refused:
        said = f"{story.called(row.key)} is not told which issues it stands for: {refused}"
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.intents.done(meant, said, now)
        tx.history.add(story.introduced(seen.case.id, live.ticket, said, now), now)


def _occasion(row_id: int) -> str:
    return f"introduction:{row_id}"
