"""Converse: carry comments and the assignee between the two sides of a pair, once its status is settled.

Nothing here stops a status. What a service refuses is told in history once, and the case goes on; what fails for a
while is tried again with the whole look. Each side is only listened to when something may have been said there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter

from worker.case import Live
from worker.errors import Moved, Permanent
from worker.flow.actions.once import attempt, look_for
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.talk import story
from worker.flow.talk.places import OnIssue, OnTicket, Place
from worker.flow.talk.reassign import reassign
from worker.mapping.policy import Direction
from worker.model import Comment
from worker.store.case_rows import TicketRow
from worker.talk.comments import Copy, Repeat, Reword, carry, digest
from worker.talk.words import worded


@dataclass(frozen=True, slots=True)
class Heard:
    """How far we listened to a pair. `since`: from when on; `marks`: by place, what it looked like when last read."""

    since: datetime
    marks: Mapping[str, str] = field(default_factory=dict)


HEARD: TypeAdapter[Heard] = TypeAdapter(Heard)
"""The same value as JSON, as it rests among the cursors."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The two sides of one pair: its ticket and its issues, with how far we listened."""

    seen: Seen
    ticket: OnTicket
    issues: Sequence[OnIssue]
    heard: Heard

    @property
    def places(self) -> Mapping[str, Place]:
        """Both sides by name."""
        both: tuple[Place, ...] = (self.ticket, *self.issues)
        return {place.key: place for place in both}


def converse(ctx: Context, lease: Lease, seen: Seen) -> None:
    """Carry over whom people assigned and what they said, each as the rule wants it."""
    policy, live = seen.case.policy, seen.case.link
    if policy.assignee is Direction.OFF and policy.comments is Direction.OFF:
        return
    with ctx.store.read() as tx:
        row = tx.cases.load(seen.case.id)
        heard = tx.cursors.get(_cursor(row.ticket)) if row and row.ticket else None
    # The plan that was just applied may have given the case another ticket: that one is talked to after the next look.
    if not isinstance(live, Live) or row is None or row.ticket is None or row.ticket.vendor_id != live.ticket.id:
        return
    if policy.assignee is not Direction.OFF:
        reassign(ctx, lease, seen, row)
    if policy.comments is not Direction.OFF:
        tracker = ctx.tracker(live.ticket.tracker)
        issues = [OnIssue(ctx.sentry, member.issue) for member in seen.case.members]
        known = HEARD.validate_json(heard) if heard else Heard(_beginning(row.ticket, ctx.now()))
        _exchange(ctx, lease, Talk(seen, OnTicket(tracker, live.ticket, ctx.book(), row.ticket.id), issues, known))


def _cursor(ticket: TicketRow | None) -> str:
    return f"talk:{ticket.id}" if ticket else ""


def _beginning(ticket: TicketRow, now: datetime) -> datetime:
    """Since when both sides are a pair: a ticket that we did not make had a life of its own before."""
    return ticket.created_at if ticket.nonce else now


def _exchange(ctx: Context, lease: Lease, talk: Talk) -> None:
    """Listen where something may have been said, and carry it over."""
    marks = _marks(talk)
    changed = [place for place, mark in marks.items() if mark is None or talk.heard.marks.get(place) != mark]
    if _was_edited(lease.claim.why) and talk.ticket.key in marks and talk.ticket.key not in changed:
        changed.append(talk.ticket.key)
    said = {place: _listen(ctx, lease, talk, place) for place in changed}
    if not said:
        return
    heard = {place: comments for place, comments in said.items() if comments is not None}
    with ctx.store.read() as tx:
        copies = tx.copies.of_case(talk.seen.case.id, list(talk.places))
    issues = [place.key for place in talk.issues]
    for act in carry(heard, talk.ticket.key, issues, copies, talk.heard.since):
        _act(ctx, lease, talk, act)
    kept = {place: mark for place, mark in marks.items() if mark is not None and said.get(place, ()) is not None}
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cursors.set(f"talk:{talk.ticket.row_id}", HEARD.dump_json(replace(talk.heard, marks=kept)).decode())


def _marks(talk: Talk) -> Mapping[str, str | None]:
    """By place whose words go anywhere: what changes when something is said there; None where nothing tells.

    A ticket counts with its issues: one that joins has not been shown anything yet.
    """
    policy, ticket = talk.seen.case.policy.comments, talk.ticket.ticket
    audience = ",".join(place.issue.id for place in talk.issues)
    mark = f"{ticket.updated_at}|{ticket.comment_count}|{audience}" if ticket.updated_at else None
    on_ticket = {talk.ticket.key: mark} if policy.to_sentry else {}
    return on_ticket | ({place.key: place.issue.notes for place in talk.issues} if policy.to_ticket else {})


def _was_edited(why: str) -> bool:
    """Whether a tracker told us of an edit: not all of them date the ticket anew for it."""
    return "comment" in why and ("edited" in why or "updated" in why)


def _listen(ctx: Context, lease: Lease, talk: Talk, place: str) -> tuple[Comment, ...] | None:
    """Read what was said there; None when we may not."""
    try:
        return talk.places[place].listen()
    except (Permanent, Moved) as refused:
        what = f"what is said on {talk.places[place].called} cannot be read"
        _tell(ctx, lease, talk, (what, f"read:{place}", str(refused)))
        return None


def _act(ctx: Context, lease: Lease, talk: Talk, act: Repeat | Reword) -> None:
    """Repeat or reword; a refusal is told once and is the end of it."""
    where, shown = (act.said_on, act.shown_on) if isinstance(act, Repeat) else (act.copy.said_on, act.copy.shown_on)
    if shown not in talk.places:
        return
    try:
        if isinstance(act, Repeat):
            _repeat(ctx, lease, talk, act)
        else:
            _reword(ctx, lease, talk, act)
    except (Permanent, Moved) as refused:
        what = f"a comment on {talk.places[where].called} is not shown on {talk.places[shown].called}"
        _tell(ctx, lease, talk, (what, f"{where}:{act.comment.id}:{shown}", str(refused)))
        if isinstance(act, Reword):
            with ctx.store.write(lease.claim, ctx.now()) as tx:
                tx.copies.edited(act.copy, digest(act.comment.text), ctx.now())


def _repeat(ctx: Context, lease: Lease, talk: Talk, act: Repeat) -> None:
    """Show a comment once. One that an interrupted attempt showed may say what it said then: it is worded anew."""
    where, shown, case_id = talk.places[act.said_on], talk.places[act.shown_on], talk.seen.case.id
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        intent = tx.intents.open(case_id, "comment", act.occasion, ctx.now())
    text = worded(shown.kind, act.comment, where.called, where.url)
    found = intent.result or look_for(ctx, intent, lambda: shown.find(intent.id))
    made = found or attempt(ctx, lease, intent, lambda: shown.say(text, intent.id))
    says = "" if found else digest(act.comment.text)
    copy, now = Copy(act.said_on, act.comment.id, act.shown_on, made, intent.id, says), ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.intents.done(intent, made, now)
        tx.copies.add(case_id, copy, now)
        tx.history.add(story.carried(case_id, act.comment, where, shown, now), now)
    if found:
        _reword(ctx, lease, talk, Reword(act.comment, copy))


def _reword(ctx: Context, lease: Lease, talk: Talk, act: Reword) -> None:
    """Follow an edit."""
    where, shown = talk.places[act.copy.said_on], talk.places[act.copy.shown_on]
    text = worded(shown.kind, act.comment, where.called, where.url)
    shown.reword(act.copy.shown_id, text, act.copy.nonce)
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.copies.edited(act.copy, digest(act.comment.text), now)
        if act.copy.digest:
            tx.history.add(story.reworded(talk.seen.case.id, act.comment, where, shown, now), now)


def _tell(ctx: Context, lease: Lease, talk: Talk, refusal: tuple[str, str, str]) -> None:
    """Say in history once what could not be done, about which occasion, and why."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.history.add(story.refused(talk.seen.case.id, *refusal, ctx.now()), ctx.now())
