"""Assign the other side whom one side named, and remember whom both name, so that it stays quiet."""

from dataclasses import dataclass
from typing import assert_never

from pydantic import TypeAdapter

from worker.case import Live
from worker.errors import Moved, Permanent
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.talk import story
from worker.store.case_rows import CaseRow
from worker.store.history import Entry
from worker.talk.assignee import AssignIssues, Assignment, AssignTicket, LeaveAssigned, Whom, assignment


@dataclass(frozen=True, slots=True)
class Compared:
    """Whom both sides named when they were last compared. `ticket_row`: another ticket is compared anew."""

    ticket_row: int
    whom: Whom


COMPARED: TypeAdapter[Compared] = TypeAdapter(Compared)
"""The same value as JSON, as it rests with its case."""


def reassign(ctx: Context, lease: Lease, seen: Seen, row: CaseRow) -> None:
    """Bring both sides to name the same person, where that can be told for certain. `row`: the case as it is now."""
    live, ticket = seen.case.link, row.ticket
    if not isinstance(live, Live) or ticket is None:
        return
    known = COMPARED.validate_json(row.assignee_agreed) if row.assignee_agreed else None
    before = known.whom if known and known.ticket_row == ticket.id else None
    decided = assignment(before, seen.case, live, ctx.book().people)
    if decided.act is None and decided.then == before:
        return
    then, entries = _carry_out(ctx, seen, live, decided)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.cases.agree_assignee(row.id, COMPARED.dump_json(Compared(ticket.id, then)).decode())
        for entry in entries:
            tx.history.add(entry, ctx.now())


def _carry_out(ctx: Context, seen: Seen, live: Live, decided: Assignment) -> tuple[Whom, list[Entry]]:
    """Whom both sides name then, and what history says about it."""
    match decided.act:
        case None:
            return decided.then, []
        case LeaveAssigned(reason):
            return decided.now, [story.left_assigned(seen.case.id, live.ticket, reason, ctx.now())]
        case AssignTicket() as act:
            return _assign_ticket(ctx, seen, live, decided, act)
        case AssignIssues() as act:
            return _assign_issues(ctx, seen, live, decided, act)
        case _:
            assert_never(decided.act)


def _assign_ticket(
    ctx: Context, seen: Seen, live: Live, decided: Assignment, act: AssignTicket
) -> tuple[Whom, list[Entry]]:
    ticket, tracker = live.ticket, ctx.tracker(live.ticket.tracker)
    try:
        account = act.account or (_account(ctx, live, act.email) if act.email else None)
        if (account or "").lower() == decided.now.ticket:
            return decided.now, []
        tracker.assign(ticket.key, account)
    except (Permanent, Moved) as refused:
        return decided.now, [story.left_assigned(seen.case.id, ticket, str(refused), ctx.now())]
    entry = story.ticket_assigned(seen.case.id, ticket, act.email, account, ctx.now())
    return Whom(decided.now.sentry, (account or "").lower()), [entry]


def _account(ctx: Context, live: Live, email: str) -> str:
    """Whose address that is in the tracker; `Permanent` when nobody's, or when it cannot be told."""
    name = live.ticket.tracker
    person = ctx.tracker(name).person(email)
    if person is None:
        raise Permanent(
            f"tracker '{name}' shows nobody with the address {email}, or more than one; say under `people` in the "
            "mapping which account that is, then assign again"
        )
    return person.account


def _assign_issues(
    ctx: Context, seen: Seen, live: Live, decided: Assignment, act: AssignIssues
) -> tuple[Whom, list[Entry]]:
    """Each issue by itself: what one project refuses does not hold up the others."""
    entries: list[Entry] = []
    done = False
    for issue_id in act.issue_ids:
        try:
            ctx.sentry.assign(issue_id, act.email)
        except (Permanent, Moved) as refused:
            entries.append(story.left_assigned(seen.case.id, live.ticket, str(refused), ctx.now()))
        else:
            done = True
            entries.append(story.issue_assigned(seen.case.id, issue_id, live.ticket, act.email, ctx.now()))
    return decided.then if done else decided.now, entries
