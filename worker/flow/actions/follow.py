"""Follow: write on an open ticket what its rule wants kept up to date when its bug changes.

Nothing here stops a status. What a service refuses is told in history once, and the case goes on. Each write sets
values, so that one whose answer was lost is made again without harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from worker.case import Action, Escalate, Live, TicketChange
from worker.errors import Gone, Moved, Permanent, UserFault
from worker.flow.actions.boards import boards_of
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.observe.origin import origin_told
from worker.flow.story import follow as story
from worker.mapping.policy import FollowPriority, Update
from worker.model import Hint, Issue, Ticket, TrackerKind
from worker.store.case_rows import TicketRow
from worker.store.written import WrittenRow
from worker.talk.follow import Following, Wanted, Written, bug_of, is_new_there, mark_of
from worker.talk.follow import follow as decide

WRITTEN: TypeAdapter[Written] = TypeAdapter(Written)
"""The same value as JSON, as it rests with its ticket."""

ROUND = 100
"""Tickets that one round looks at again."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An open ticket whose rule wants something kept up to date. `known`: what was written on it last.

    `boards`: the projects that it was put on, where counts go there.
    """

    case_id: int
    row_id: int
    rule: str
    ticket: Ticket
    bug: Issue
    update: Update
    mark: str
    known: WrittenRow | None
    boards: tuple[str, ...] | None = None

    @property
    def before(self) -> Written:
        """What was written last."""
        return WRITTEN.validate_python(self.known.content) if self.known else Written()

    @property
    def is_news(self) -> bool:
        """Whether there may be something to write."""
        return self.before.mark != self.mark

    @property
    def soonest(self) -> datetime | None:
        """When it may be written again; None: at once, as on a project that it was just put on."""
        if self.known is None or is_new_there(self.update, self.bug, self.boards, self.before):
            return None
        return self.known.compared_at + self.update.every


def follow(ctx: Context, lease: Lease, seen: Seen, actions: Sequence[Action]) -> None:
    """Write what has changed, unless it is too soon: then it is looked at again in time. `actions`: just done."""
    pair = _pair(ctx, seen)
    if pair is None or not pair.is_news:
        return
    # Our own word about an escalation was not read back yet: its priority would pass for a person's.
    raised = any(isinstance(action, Escalate) and action.priority for action in actions)
    if raised or (pair.soonest and ctx.now() < pair.soonest):
        if pair.known and pair.known.due_at is None:
            with ctx.store.write(lease.claim, ctx.now()) as tx:
                tx.written.wait(pair.row_id, max(pair.soonest or ctx.now(), ctx.now()))
        return
    _write(ctx, lease, pair, seen.case.policy.escalation.priority)


def outlook(ctx: Context, seen: Seen) -> tuple[TicketChange, datetime | None] | None:
    """What would be written, and from when on (None: now); None when nothing would. Nothing is remembered."""
    pair = _pair(ctx, seen)
    if pair is None or not pair.is_news:
        return None
    change = _decided(ctx, pair).change
    return (change, pair.soonest if pair.soonest and ctx.now() < pair.soonest else None) if change else None


def sweep_updates(ctx: Context) -> int:
    """Hint at some tickets that changed when it was too soon to write it; the number of hints."""
    with ctx.store.write(now=ctx.now()) as tx:
        due = tx.written.take_due(ctx.now(), ROUND)
        for case_id in due:
            tx.work.push(Hint(f"case:{case_id}", "update"), ctx.now())
    return len(due)


def _pair(ctx: Context, seen: Seen) -> Pair | None:
    """What is to be kept up to date; None where nothing is: a closed ticket, say."""
    update, live, row = seen.case.policy.update, seen.case.link, seen.row.ticket
    issues = [member.issue for member in seen.case.members]
    if update.nothing or not isinstance(live, Live) or row is None or not issues or live.ticket.state.done:
        return None
    with ctx.store.read() as tx:
        known = tx.written.of(row.id)
    bug = bug_of(issues)
    boards = boards_of(ctx, row) if update.counts and _on_github(ctx, row) else None
    mark = mark_of(update, bug, ctx.book().digest, boards)
    return Pair(seen.case.id, row.id, row.rule, live.ticket, bug, update, mark, known, boards)


def _on_github(ctx: Context, row: TicketRow) -> bool:
    return ctx.tracker(row.tracker).kind is TrackerKind.GITHUB


def _decided(ctx: Context, pair: Pair) -> Following:
    found = decide(pair.update, pair.bug, pair.ticket, _wanted(ctx, pair), pair.before)
    return replace(found, then=replace(found.then, mark=pair.mark))


def _wanted(ctx: Context, pair: Pair) -> Wanted:
    """What the rule would write now; nothing where it is no longer in the mapping."""
    update, event, origin, nothing = pair.update, None, None, Wanted(boards=pair.boards)
    if update.priority is FollowPriority.OFF and not update.labels:
        return nothing
    if update.labels:
        event = ctx.newest_event(pair.bug.id)
        origin = origin_told(ctx, pair.rule, pair.bug, event)
    try:
        fields = ctx.book().draft(pair.rule, pair.bug, event, pair.ticket.tracker, origin).fields
    except UserFault:
        return nothing
    labels = tuple(fields.get("labels") or ()) if update.labels else None
    return replace(nothing, priority=fields.get("priority"), labels=labels)


def _write(ctx: Context, lease: Lease, pair: Pair, raised_to: str | None) -> None:
    """Set what has changed, and remember it. `raised_to`: what an escalation sets, which is our own word, too."""
    following, now = _decided(ctx, pair), ctx.now()
    if following.change.priority:
        sending = replace(pair.before, sending=following.change.priority)
        with ctx.store.write(lease.claim, now) as tx:
            tx.written.save(pair.row_id, WRITTEN.dump_python(sending, mode="json"), now - pair.update.every)
    done, refused = _set(ctx, pair, following.change)
    with ctx.store.write(lease.claim, now) as tx:
        tx.written.save(pair.row_id, WRITTEN.dump_python(following.kept(pair.before, done), mode="json"), now)
        if following.left and following.left != raised_to:
            tx.history.add(story.priority_left(pair.case_id, pair.ticket, following.left, now), now)
        for reason in refused:
            tx.history.add(story.refused(pair.case_id, pair.ticket, reason, now), now)
        if any(part.priority or part.add_labels or part.remove_labels for part in done):
            tx.history.add(story.updated(pair.case_id, pair.ticket, done, now), now)


def _set(ctx: Context, pair: Pair, change: TicketChange) -> tuple[list[TicketChange], list[str]]:
    """What was set and why the rest was not: what is refused together is tried one by one."""
    tracker, parts = ctx.tracker(pair.ticket.tracker), list(change.parts())
    if not parts:
        return [], []
    try:
        tracker.update(pair.ticket.key, change)
    except Gone:
        raise
    except (Permanent, Moved) as refusal:
        if len(parts) == 1:
            return [], [str(refusal)]
        tried = [_set(ctx, pair, part) for part in parts]
        return [one for done, _ in tried for one in done], [why for _, refused in tried for why in refused]
    return parts, []
