"""Introduce: tell a ticket that a person linked which Sentry issues it stands for, once."""

from worker.case import Live
from worker.errors import Gone, Moved, Permanent
from worker.flow.actions.once import attempt, look_for
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import cases as story
from worker.flow.story import words
from worker.store.intents import introduction


def introduce(ctx: Context, lease: Lease, seen: Seen) -> None:
    """Tell the live ticket, if that was meant and not done yet. A refusal is told in history and is the end of it."""
    row, live = seen.row.ticket, seen.case.link
    if row is None or not isinstance(live, Live) or not seen.case.members:
        return
    with ctx.store.read() as tx:
        meant = tx.intents.get(seen.case.id, "comment", introduction(row.id))
    if meant is None or meant.state == "done":
        return
    tracker, issues = ctx.tracker(live.ticket.tracker), [member.issue for member in seen.case.members]
    key, nonce = live.ticket.key, meant.id
    body = ctx.book().comment(tracker.name, words.stands_for(tracker.kind, issues))
    try:
        found = look_for(ctx, meant, lambda: tracker.find_comment(key, nonce))
        made = found or attempt(ctx, lease, meant, lambda: tracker.comment(key, body, nonce))
        said = f"said on {story.called(key)} which issues it stands for"
    except Gone:
        raise
    except (Permanent, Moved) as refused:
        made = said = f"{story.called(key)} is not told which issues it stands for: {refused}"
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.intents.done(meant, made, now)
        tx.history.add(story.introduced(seen.case.id, live.ticket, said, now), now)
