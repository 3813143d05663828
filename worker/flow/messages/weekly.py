"""Weekly reports: each lead's report of the last complete ISO week, once it is due, once for each of its channels.

That it is due becomes work of its own, `report:<week>:<lead>`: what cannot be written is tried again or parked like all
work, and holds up no other report.
"""

from datetime import date, datetime, time, timedelta

from worker.errors import Permanent, UserFault
from worker.flow.context import Context
from worker.flow.messages.post import send_report
from worker.mapping.channels import Lead
from worker.mapping.schema_channels import Weekday
from worker.metrics.weeks import week_named
from worker.model import Hint
from worker.store.store import Store

LATE = timedelta(hours=1)
"""A report that is written so long after it was due says that it is late."""

REMEMBERED_WEEKS = 52
"""A report that comes after so many weeks names no more of those that were missed."""


def sweep_reports(ctx: Context) -> int:
    """See that the reports that are due are written; how many. A lead seen for the first time waits for the next week.

    Whatever ends the work in between, the outbox takes each channel's report of a week only once.
    """
    return sum(_due(ctx, lead) for lead in ctx.book().leads.values())


def _due(ctx: Context, lead: Lead) -> bool:
    week, _ = last_due(lead, ctx.now())
    name = f"report.{lead.name}"
    with ctx.store.read() as tx:
        done = tx.cursors.get(name)
    if done is not None and done >= week:
        return False
    with ctx.store.write(now=ctx.now()) as tx:
        if not tx.cursors.claim_slot(name, week) or done is None:
            return False
        tx.work.push(Hint(f"report:{week}:{lead.name}", f"the report of {week} is due"), ctx.now())
    return True


def write_report(ctx: Context, week: str, name: str) -> None:
    """Write a lead's report of a week and hand it to those of its channels that have not had it."""
    lead = ctx.book().leads.get(name)
    if lead is None:
        raise UserFault(
            f"there is no report '{name}' in the mapping any more: put it back under `reports:`, or let it be."
        )
    if ctx.report is None:
        raise Permanent("this process writes no reports")
    late = ctx.now() - due_at(lead, week) > LATE
    send_report(ctx.store, lead, week, ctx.report(lead, week, late), ctx.now(), late=late)


def not_sent(store: Store, lead: Lead, week: str) -> tuple[str, ...]:
    """The weeks between the last report that a lead was sent and this one, the oldest first; none before its first."""
    with store.read() as tx:
        last = tx.outbox.report_before(lead.name, week)
    found: list[str] = []
    one = week_named(week, lead.zone).before()
    while last is not None and one.name > last and len(found) < REMEMBERED_WEEKS:
        found.insert(0, one.name)
        one = one.before()
    return tuple(found)


def last_due(lead: Lead, now: datetime) -> tuple[str, datetime]:
    """The ISO week whose report was due last, and when; days and hours by the lead's own clock."""
    here = now.astimezone(lead.zone)
    monday = here.date() - timedelta(days=here.weekday())
    when = _moment(lead, monday)
    if now < when:
        monday -= timedelta(days=7)
        when = _moment(lead, monday)
    year, week, _ = (monday - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02}", when


def due_at(lead: Lead, week: str) -> datetime:
    """When a lead's report of an ISO week is due: in the week after it."""
    return _moment(lead, datetime.strptime(f"{week}-1", "%G-W%V-%u").date() + timedelta(days=7))  # noqa: DTZ007 - a day


def _moment(lead: Lead, monday: date) -> datetime:
    day = monday + timedelta(days=list(Weekday).index(lead.day))
    return datetime.combine(day, time(lead.hour), lead.zone)
