"""Boards: put an open ticket once on each GitHub project that its rule names.

It is work of its own (`board:` and the case), so that a project which refuses us parks that alone: status goes on.
"""

from collections.abc import Mapping

from worker.case import Live
from worker.ends.ports import Boards
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.observe.origin import origin_told
from worker.flow.story.follow import put_on
from worker.model import Draft, Hint
from worker.store.case_rows import CaseRow, TicketRow


def call_for(ctx: Context, lease: Lease, seen: Seen) -> None:
    """Ask for the ticket to be put on the projects where it is not yet; once, until that is done or parked."""
    live, row = seen.case.link, seen.row.ticket
    if not isinstance(live, Live) or row is None or live.ticket.state.done:
        return
    wanted = ctx.book().projects(row.rule, row.tracker)
    if not wanted:
        return
    key = f"board:{seen.case.id}"
    with ctx.store.read() as tx:
        asked = tx.work.get(key) is not None
    if asked or set(wanted) <= set(_done(ctx, row)):
        return
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.work.push(Hint(key, "a ticket for a project"), ctx.now())


def put_on_boards(ctx: Context, lease: Lease, case_id: int) -> None:
    """Put the case's ticket on each project of its rule that it was not put on yet, and remember each."""
    with ctx.store.read() as tx:
        row = tx.cases.load(case_id)
    ticket = row.ticket if row else None
    if row is None or ticket is None or ticket.done or not ctx.book().projects(ticket.rule, ticket.tracker):
        return
    tracker, draft = ctx.tracker(ticket.tracker), _draft(ctx, row, ticket)
    if draft is None or not isinstance(tracker, Boards):
        return
    counts = ctx.book().policy(ticket.rule, ticket.tracker).update.counts
    for project in draft.fields.get("projects", ()):
        name, done = _named(project), _done(ctx, ticket)
        if name in done:
            continue
        tracker.add_to_project(ticket.key, project)
        now = ctx.now()
        with ctx.store.write(lease.claim, now) as tx:
            tx.cursors.set(_cursor(ticket), " ".join([*done, name]))
            tx.history.add(put_on(case_id, ticket.key, name, now), now)
            if counts:
                tx.work.push(Hint(f"case:{case_id}", "a project that counts go to"), now)


def boards_of(ctx: Context, ticket: TicketRow) -> tuple[str, ...]:
    """The projects of its rule that a ticket was put on, as `owner/number`."""
    done = _done(ctx, ticket)
    return tuple(name for name in ctx.book().projects(ticket.rule, ticket.tracker) if name in done)


def _draft(ctx: Context, row: CaseRow, ticket: TicketRow) -> Draft | None:
    """The ticket as its rule would write it now; None when every issue of it is gone."""
    member = next((one for one in row.members if not one.gone_at), None)
    if member is None:
        return None
    issue = ctx.sentry.issue(member.id)
    event = ctx.newest_event(issue.id)
    origin = origin_told(ctx, ticket.rule, issue, event)
    return ctx.book().draft(ticket.rule, issue, event, ticket.tracker, origin)


def _named(project: Mapping[str, object]) -> str:
    return f"{project['owner']}/{project['number']}"


def _cursor(ticket: TicketRow) -> str:
    return f"boards:{ticket.id}"


def _done(ctx: Context, ticket: TicketRow) -> list[str]:
    """The projects that it was put on, as `owner/number`."""
    with ctx.store.read() as tx:
        return (tx.cursors.get(_cursor(ticket)) or "").split()
