"""How deliveries, history and cases read on the terminal: foreign text as plain cells."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.table import Table
from rich.text import Text

from worker.cli.screen import ago, table
from worker.store.case_rows import CaseRow, MemberRow, TicketRow
from worker.store.history import Recorded
from worker.store.inbox import DeliveryRow
from worker.store.work import WorkRow


def delivery_table(rows: Iterable[DeliveryRow], now: datetime) -> Table:
    """Deliveries with the id that `bugferry replay` takes."""
    made = table("id", "received", "from", "what", "looks at", "identity")
    for row in rows:
        what = f"{row.resource} {row.action or ''}".rstrip()
        keys = ", ".join(hint.key for hint in row.hints) or "nothing"
        cells = (str(row.id), ago(row.received_at, now), row.source, what, keys, row.identity)
        made.add_row(*map(Text, cells))
    return made


def history_table(entries: Iterable[Recorded]) -> Table:
    """History: when, who, what, and why under which rule."""
    made = table("when (UTC)", "who", "what", "why")
    for entry in entries:
        move = f" {entry.old} → {entry.new}" if entry.old and entry.new and entry.old != entry.new else ""
        when = f"{entry.occurred_at:%Y-%m-%d %H:%M:%S}"
        made.add_row(*map(Text, (when, entry.actor, entry.kind + move, entry.why)))
    return made


def member_table(members: Iterable[MemberRow], now: datetime) -> Table:
    """The issues of a case with what was agreed about each."""
    made = table("id", "issue", "status", "agreed", "last seen", "title")
    for member in members:
        made.add_row(*map(Text, _member(member, now)))
    return made


def _member(member: MemberRow, now: datetime) -> tuple[str, ...]:
    status = f"{member.status} (gone from Sentry)" if member.gone_at else str(member.status)
    agreed = f"{member.agreed or 'nothing yet'}{', closed with the ticket' if member.closed_with_ticket else ''}"
    return (member.id, member.short_id, status, agreed, ago(member.last_seen, now), member.title)


def case_facts(row: CaseRow, work: WorkRow | None, now: datetime) -> Iterator[tuple[str, str]]:
    """What there is to say of a case, in the order in which a person asks."""
    yield (
        "ticket",
        _ticket(row.ticket) if row.ticket else f"none: {row.broken_reason or row.verdict or 'not decided yet'}",
    )
    for past in row.past:
        yield "before", f"{_ticket(past)}: {past.closed_reason or 'it no longer speaks'}"
    if row.rule:
        yield "rule", f"{row.rule} ({row.tracker})" if row.tracker else row.rule
    if row.waiting_for:
        yield "waiting", f"{row.waiting_for} (since {ago(row.waiting_since, now)})"
    if row.goal:
        yield "under way", f"{row.goal.get('why')}: to {row.goal.get('to')}"
    if work:
        state = f"parked: {work.parked_reason}" if work.parked_at else f"a look is due {ago(work.due_at, now)}"
        yield "work", f"{state}; `bugferry work show {work.key}` has more"


def _ticket(ticket: TicketRow) -> str:
    state = f"{ticket.status_name} ({ticket.resolution})" if ticket.resolution else ticket.status_name
    return (
        f"{ticket.tracker} {ticket.key}, {state}; both sides agreed on {ticket.agreed or 'nothing yet'}; {ticket.url}"
    )
