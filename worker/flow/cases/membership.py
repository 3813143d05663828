"""Joining and leaving: two cases become one, an issue leaves its case. Each is one commit and a hint to look again.

Whoever joins cases holds at most one of them: the other must be nobody's at that moment, or what its holder is just
doing would be recorded for the wrong ticket.
"""

from datetime import datetime

from worker.errors import Transient
from worker.flow.cases import umbrella
from worker.flow.cases.goal import GOAL
from worker.flow.context import Context
from worker.flow.story import cases as story
from worker.flow.story.moves import moved_before
from worker.model import Hint, Ticket
from worker.store.membership import BUSY_S, Merged
from worker.store.store import Tx


def take_in(tx: Tx, from_id: int, into_id: int, reason: str, now: datetime, *, actor: str = "sentry") -> Merged:
    """Make two cases one: the older ticket speaks on, the other is closed as its duplicate."""
    reserve(tx, into_id, now)
    _tell_half_done(tx, (from_id, into_id), now)
    return _told(tx, tx.membership.merge(from_id, into_id, reason), (from_id, into_id), reason, now, actor)


def follow(tx: Tx, from_id: int, into_id: int, reason: str, now: datetime) -> Merged:
    """Make two cases one because a person closed the ticket of the first as duplicate of that of the second."""
    reserve(tx, into_id, now)
    _tell_half_done(tx, (from_id, into_id), now)
    merged = tx.membership.merge(from_id, into_id, reason, keep_into=True)
    return _told(tx, merged, (from_id, into_id), reason, now, "tracker")


def merge_cases(ctx: Context, from_id: int, into_id: int, actor: str) -> Merged:
    """Make two cases one because a person says so. `Permanent` when that cannot be, `Transient` while one is busy."""
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        reserve(tx, from_id, now)
        _say_one(tx, from_id, into_id, actor, now)
        return take_in(tx, from_id, into_id, f"{actor} says that they are one bug", now, actor=actor)


def split_off(ctx: Context, issue_id: str, actor: str) -> int:
    """Let an issue leave its case for one of its own, because a person says so; the new case."""
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        reserve(tx, tx.cases.of_issue(issue_id) or 0, now)
        old, new = tx.membership.split(issue_id, now)
        left = _issues_of(tx, old)
        tx.feedback.add("split", issue_id, left, actor, now)
        tx.casebook.settle_between([issue_id], left, "refused", actor, now)
        for case_id in (old, new):
            tx.history.add(story.case_split(case_id, issue_id, old, new, actor, now), now)
        tx.work.push(Hint(f"case:{new}", "case split"), now)
    return new


def _say_one(tx: Tx, from_id: int, into_id: int, actor: str, now: datetime) -> None:
    """Remember that a person called the issues of two cases one bug."""
    mine, theirs = _issues_of(tx, from_id), _issues_of(tx, into_id)
    for issue_id in mine if theirs else ():
        tx.feedback.add("merge", issue_id, theirs, actor, now)
    tx.casebook.settle_between(mine, theirs, "taken", actor, now)


def _issues_of(tx: Tx, case_id: int) -> list[str]:
    row = tx.cases.load(case_id)
    return [member.id for member in row.members] if row else []


def reserve(tx: Tx, case_id: int, now: datetime) -> None:
    """Ask for a look at a case, which keeps its row ours until the commit; `Transient` while somebody holds it."""
    key = f"case:{case_id}"
    tx.work.push(Hint(key, "its members changed"), now)
    row = tx.work.get(key)
    # A lease that ran out counts as well: its holder may be late and not dead.
    if row is None or row.lease_token is not None:
        raise Transient(f"case {case_id} is being worked on; it is joined after that", BUSY_S)


def made_for(tx: Tx, ticket: Ticket, case_id: int) -> int | None:
    """Which other case a ticket of ours that no case knows was made for; `Transient` until that one has taken it."""
    intent = tx.intents.by_nonce(ticket.nonce or "")
    theirs = tx.cases.home(intent.case_id) if intent and intent.kind == "create" else case_id
    if theirs == case_id:
        return None
    if tx.cases.ticket_of(theirs) is None:
        if intent and intent.state == "done":  # it was taken away from that case since
            return None
        raise Transient(f"{ticket.key} is just being made for case {theirs}; it is joined after that", BUSY_S)
    return theirs


def _other(pair: tuple[int, int], merged: Merged) -> str:
    return f"{story.called(merged.survivor)}" if merged.survivor else f"case {pair[1]}"


def _tell_half_done(tx: Tx, pair: tuple[int, int], now: datetime) -> None:
    """A case that gets another ticket forgets its goal: what was moved for it is told before."""
    for row in filter(None, map(tx.cases.load, pair)):
        for entry in moved_before(row, GOAL.validate_python(row.goal), now) if row.goal else ():
            tx.history.add(entry, now)


def _told(tx: Tx, merged: Merged, pair: tuple[int, int], reason: str, now: datetime, actor: str) -> Merged:
    for case_id in pair:
        if case_id != pair[1] or merged.survivor:  # collected, and without a ticket: it stays
            umbrella.release(tx, case_id, f"it is one bug with {_other(pair, merged)}", now)
    tx.intents.hand_over("merge", *pair, now)
    for case_id in pair:
        tx.history.add(story.case_merged(case_id, *pair, merged, reason, actor, now), now)
    return merged
