"""What a look remembers: nothing, for whoever only wants to see, or all that people moved since the last look."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from worker.case import Goal
from worker.errors import Gone, Moved, Transient
from worker.flow.cases.membership import follow, take_in
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe import beginnings
from worker.flow.story import moves as story
from worker.mapping.policy import Policy
from worker.model import Hint, Issue, Ticket
from worker.store.case_rows import CaseRow, MemberRow, TicketRow
from worker.store.intents import Kind
from worker.store.store import Tx
from worker.triage.cause import Cause


class Notes(Protocol):
    """Where a look puts what it finds out about a case."""

    def left(self, row: CaseRow, member: MemberRow, gone: Gone | Moved) -> None:
        """A member was deleted, or merged into another issue."""
        ...

    def ticket_gone(self, row: CaseRow, why: str) -> None:
        """The ticket was taken away."""
        ...

    def seen(
        self, row: CaseRow, issues: Sequence[Issue], ticket: Ticket | None, policy: Policy, goal: Goal | None
    ) -> None:
        """How both sides look now."""
        ...

    def closed_at(self, case_id: int, moment: datetime) -> None:
        """Since when the ticket has been closed, by its tracker's own history."""
        ...


class Unwritten:
    """Remembers nothing: for a look that only shows what would be done."""

    def left(self, row: CaseRow, member: MemberRow, gone: Gone | Moved) -> None:
        """Leave it: the look that counts will find it again."""

    def ticket_gone(self, row: CaseRow, why: str) -> None:
        """Leave it."""

    def seen(
        self, row: CaseRow, issues: Sequence[Issue], ticket: Ticket | None, policy: Policy, goal: Goal | None
    ) -> None:
        """Leave it."""

    def closed_at(self, case_id: int, moment: datetime) -> None:
        """Leave it."""


class Written:
    """Remembers in the store, in the name of whoever holds the case."""

    def __init__(self, ctx: Context, lease: Lease) -> None:
        self._ctx, self._lease = ctx, lease

    def left(self, row: CaseRow, member: MemberRow, gone: Gone | Moved) -> None:
        """A member was deleted, or merged into another: that one takes its place.

        Has the other a case already, it takes in this one, unless other issues are left here.
        """
        ctx, lease = self._ctx, self._lease
        with ctx.store.read() as tx:
            theirs = tx.cases.of_issue(gone.to) if isinstance(gone, Moved) else None
            making = tx.intents.get(row.id, *create_intent(row))
        if theirs not in {None, row.id} and making and making.state == "sent":
            return  # its own create is adopted or given up first, or the ticket would be nobody's
        issue = _successor(ctx, gone) if isinstance(gone, Moved) and theirs is None else None
        alone = all(other.gone_at for other in row.members if other.id != member.id)
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.issue_gone(member.id, ctx.now())
            tx.history.add(story.issue_gone(row.id, member.id, str(gone), ctx.now()), ctx.now())
            if issue:
                tx.cases.join(row.id, issue, member, ctx.now())
                tx.work.push(Hint(f"case:{row.id}", "issue merged"), ctx.now())
            elif isinstance(gone, Moved) and theirs not in {None, row.id}:
                into = int(theirs or 0)
                tx.work.push(Hint(f"case:{into}", "issue merged"), ctx.now())
                if alone:
                    take_in(tx, row.id, into, f"{member.short_id} was merged in Sentry", ctx.now())

    def ticket_gone(self, row: CaseRow, why: str) -> None:
        """The link is broken for good."""
        ctx = self._ctx
        with ctx.store.write(self._lease.claim, ctx.now()) as tx:
            tx.cases.break_link(row.id, why, ctx.now())
            tx.history.add(story.link_broken(row, why, ctx.now()), ctx.now())

    def seen(
        self, row: CaseRow, issues: Sequence[Issue], ticket: Ticket | None, policy: Policy, goal: Goal | None
    ) -> None:
        """Mirror both sides; what changed without us is somebody's move."""
        ctx = self._ctx
        if ticket and row.ticket and ticket.id != row.ticket.vendor_id:
            self._meet(row, ticket)
        with ctx.store.write(self._lease.claim, ctx.now()) as tx:
            for issue in issues:
                _note_issue(tx, row, issue, goal, ctx.now())
            if ticket and row.ticket:
                _note_ticket(tx, row, (row.ticket, ticket), policy, goal, ctx.now())

    def _meet(self, row: CaseRow, ticket: Ticket) -> None:
        """Join the case that holds this very ticket by now: it was transferred, and that case followed it there."""
        ctx = self._ctx
        with ctx.store.write(self._lease.claim, ctx.now()) as tx:
            theirs = tx.cases.of_ticket(ticket.tracker, ticket.id)
            if theirs in {None, row.id}:
                return
            follow(tx, row.id, int(theirs or 0), f"both go on in {ticket.key}", ctx.now())
        raise Transient(f"case {row.id} became part of case {theirs}: looking again")

    def closed_at(self, case_id: int, moment: datetime) -> None:
        """Correct since when the ticket has been closed."""
        with self._ctx.store.write(self._lease.claim, self._ctx.now()) as tx:
            tx.cases.closed_at(case_id, moment)


def create_intent(row: CaseRow) -> tuple[Kind, str]:
    """Kind and occasion of the intent that makes the ticket of a case: its first, or the one after a retired one."""
    before = [ticket.id for ticket in row.past if ticket.farewell == "succeeded"]
    return "create", f"after ticket {max(before)}" if before else "first ticket"


def _successor(ctx: Context, moved: Moved) -> Issue | None:
    """The issue that a member was merged into; None when that was deleted since."""
    try:
        return ctx.sentry.issue(moved.to)
    except Gone:
        return None


def _note_issue(tx: Tx, row: CaseRow, issue: Issue, goal: Goal | None, now: datetime) -> None:
    """Mirror an issue; a status that changed without us is somebody's move and goes into history once."""
    before = next(m for m in row.members if m.id == issue.id)
    ours = goal is not None and issue.id in goal.moves and issue.status is goal.to
    tx.cases.save_issue(issue, now)
    if beginnings.begins_anew(before.substatus, issue):
        beginnings.heard(tx, issue, infrastructure=before.cause == Cause.INFRASTRUCTURE, now=now)
    if before.status != issue.status and not ours:
        tx.history.add(story.issue_moved(row.id, before.status, issue, now), now)


def _note_ticket(
    tx: Tx, row: CaseRow, seen: tuple[TicketRow, Ticket], policy: Policy, goal: Goal | None, now: datetime
) -> None:
    """Mirror a ticket; while a move of ours is half done, what it shows is a step of ours and nobody's move."""
    before, ticket = seen
    tx.cases.save_ticket(row.id, ticket, now)
    if before.state != ticket.state and not (goal and goal.move_ticket):
        old, new = policy.status.read(before.state), policy.status.read(ticket.state)
        tx.history.add(story.ticket_moved(row, ticket, old, new, now), now)
