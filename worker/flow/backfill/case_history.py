"""The past of a case: what Sentry and its trackers remember of it becomes history, each move once.

A move has the id that a look writes for it. What a look wrote otherwise (our own moves, and those of tickets that tell
only when they last changed) is known again by its time and status.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from worker.ends.ports import Activity, TicketMove
from worker.errors import Gone, Moved, Permanent, UserFault
from worker.flow.cases.goal import GOAL
from worker.flow.context import Context
from worker.flow.observe.before import KNOWN_BEFORE
from worker.flow.polls.changes import older_than_we
from worker.flow.story import moves as story
from worker.flow.story import past as story_past
from worker.model import Issue, Status
from worker.store.case_rows import CaseRow, TicketRow
from worker.store.history import Entry, Recorded
from worker.store.store import Tx

log = structlog.get_logger()

SKEW = timedelta(minutes=2)
"""The clocks of the services and ours may differ by so much."""
SAME_SECOND = timedelta(seconds=1)
BY_US = "by-us:"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one issue: whether a case was opened for its history, and how many moves are new in it.

    `left`: nothing was done, and why.
    """

    opened: bool = False
    moves: int = 0
    left: str | None = None


def import_issue(ctx: Context, issue_id: str) -> Imported:
    """Write what Sentry remembers of an issue into history; a case is opened for it where it has none.

    An open issue that is newer than we are is left to the workers: it may earn a ticket.
    """
    try:
        issue, told = ctx.sentry.activities(issue_id)
    except (Gone, Moved):
        return Imported(left="it was deleted or merged in Sentry meanwhile")
    except Permanent as refused:  # one issue that is closed to us holds up no other
        log.info("past not read", issue=issue_id, why=str(refused))
        return Imported(left="Sentry refuses to show it")
    if not issue.settled:
        return Imported(left="it is being moved in Sentry just now")
    ours = issue.status is Status.OPEN and not older_than_we(ctx, issue)
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cases.lock_group(ctx.book().group_of(issue.project.slug).name)
        known = tx.cases.of_issue(issue.id)
        if known is None and ours:
            return Imported(left="it is new: workers bring it in")
        case_id = known or _open(tx, ctx, issue)
        added = [tx.history.add(entry, ctx.now()) for entry in _issue_entries(tx, case_id, issue, told)]
    return Imported(known is None, sum(added))


def import_tickets(ctx: Context, row: CaseRow) -> int:
    """Write what trackers remember of a case's tickets into history; how many moves are new in it.

    A ticket that cannot be read, or whose tracker is no longer in the mapping, has no more past than we know.
    """
    return sum(_import_ticket(ctx, row, known) for known in (row.ticket, *row.past) if known)


def _open(tx: Tx, ctx: Context, issue: Issue) -> int:
    """Open a case of its own: joining another would be news there, and may reopen a ticket."""
    case_id = tx.cases.open(issue, ctx.book().group_of(issue.project.slug).name, ctx.now())
    tx.history.add(story.case_opened(case_id, issue, ctx.now()), ctx.now())
    tx.cases.set_verdict(case_id, None, KNOWN_BEFORE)
    return case_id


# ---------------------------------------------------------------- issues


def _issue_entries(tx: Tx, case_id: int, issue: Issue, told: Sequence[Activity]) -> Iterable[Entry]:
    """The moves in their order, without what changes nothing and without what we did ourselves."""
    row = tx.cases.load(case_id)
    by_us = list(_our_moves(tx, row, issue.id)) if row else []
    status = Status.OPEN
    for one in told:
        if one.kind == "merged":
            yield from _merged(tx, issue, one)
        if one.status is None or one.status is status:
            continue
        old, status = status, one.status
        if not any(since <= one.at <= until and status == to for since, until, to in by_us):
            yield story_past.issue_moved(case_id, issue, one, old, status)


def _merged(tx: Tx, into: Issue, one: Activity) -> Iterable[Entry]:
    """Of the issues that were merged into this one, those that have a case."""
    members = (tx.cases.member(issue_id) for issue_id in one.others if issue_id != into.id)
    return (story_past.issue_merged(member, into.id, one) for member in members if member)


def _our_moves(tx: Tx, row: CaseRow, issue_id: str) -> Iterator[tuple[datetime, datetime, Status]]:
    """From when until when we moved an issue, and to which status: done, or under way now."""
    for entry in _told_of(tx, row.id):
        known_as = entry.external_id or ""
        if entry.issue_id == issue_id and known_as.startswith(BY_US):
            yield _begun(known_as, entry.occurred_at) - SKEW, entry.occurred_at + SKEW, Status(str(entry.new))
    goal = GOAL.validate_python(row.goal) if row.goal else None
    if goal and issue_id in goal.moves:
        yield _begun(goal.occasion, row.opened_at) - SKEW, datetime.max.replace(tzinfo=UTC), goal.to


def _told_of(tx: Tx, case_id: int) -> list[Recorded]:
    """What history says of a case and of those that it took issues from, or gave issues to."""
    todo, known = {case_id}, dict[int, tuple[Recorded, ...]]()
    while todo:
        one = todo.pop()
        known[one] = tx.history.of_case(one)
        moved = (entry for entry in known[one] if entry.kind in {"case.merged", "case.split"})
        others = (entry.detail.get(key) for entry in moved for key in ("from", "into"))
        todo |= {other for other in others if isinstance(other, int)} - known.keys()
    return [entry for entries in known.values() for entry in entries]


def _begun(external_id: str, otherwise: datetime) -> datetime:
    """When a goal was set, by the occasion in the id of its entry."""
    try:
        return datetime.fromisoformat(external_id.rpartition("@")[2])
    except ValueError:
        return otherwise


# ---------------------------------------------------------------- tickets


def _import_ticket(ctx: Context, row: CaseRow, known: TicketRow) -> int:
    try:
        moves = ctx.tracker(known.tracker).moves(known.key)
    except (Gone, Permanent, UserFault):
        return 0
    policy = ctx.book().policy(known.rule, known.tracker)
    old, entries = Status.OPEN, list[tuple[TicketMove, Entry]]()
    for move in moves:
        new = policy.status.read(move.state)
        entries.append((move, story_past.ticket_moved(known, move, old, new)))
        old = new
    with ctx.store.write(now=ctx.now()) as tx:
        seen = _seen(tx, row, known, [entry for _, entry in entries])
        return sum(
            tx.history.add(entry, ctx.now())
            for move, entry in entries
            if not move.ours and entry.external_id not in seen
        )


def _seen(tx: Tx, row: CaseRow, known: TicketRow, entries: Sequence[Entry]) -> set[str | None]:
    """The moves that a look has told with another time: it knew only when the ticket last changed."""
    ids = {entry.external_id for entry in entries}
    looks = [
        entry
        for entry in _told_of(tx, row.id)
        if entry.kind == "ticket.moved" and entry.actor == "tracker" and entry.external_id not in ids
        and (entry.external_id or "").startswith(f"moved:{known.vendor_id}:")
    ]  # fmt: skip
    before = ([one for one in entries if one.occurred_at <= look.occurred_at + SAME_SECOND] for look in looks)
    latest = [(look, moves[-1]) for look, moves in zip(looks, before, strict=True) if moves]
    return {move.external_id for look, move in latest if move.new == look.new}
