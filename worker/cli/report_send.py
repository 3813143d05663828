"""`report --send`: hand weekly reports to their channels now, each once unless it is asked for again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import typer
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.errors import UserFault
from worker.flow.figures.leads import scope_of
from worker.flow.figures.reports import week_of
from worker.flow.messages.post import send_report
from worker.mapping.channels import Lead
from worker.store.store import Store
from worker.wiring.reporting import Write


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one lead's report. `channels`: those that get it now; `wrong`: why it could not be written."""

    lead: str
    week: str | None
    channels: tuple[str, ...]
    had_it: tuple[str, ...]
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Which reports are wanted. `week` None: the last complete one by each lead's own clock."""

    leads: Mapping[str, Lead]
    week: str | None
    again: bool


def send(store: Store, order: Order, write: Write, now: datetime, *, json: bool) -> None:
    """Hand them out and say so. Exit code 1 when one could not be written."""
    if not order.leads:
        raise UserFault(
            "the mapping has no `reports:`, so nobody is to get one; docs/mapping.md says how to write them."
        )
    done = list(_hand(store, order, write, now))
    if json:
        print_json({"reports": [asdict(one) for one in done]})
    else:
        _tell(done)
    raise typer.Exit(1 if any(one.wrong for one in done) else 0)


def _hand(store: Store, order: Order, write: Write, now: datetime) -> Iterator[Handed]:
    """One that cannot be written holds up no other."""
    for name, lead in order.leads.items():
        try:
            week = _over(order.week, lead, now)
            had_it = () if order.again else _had_it(store, lead, week)
            fresh = set(lead.channels) - set(had_it)
            given = send_report(store, lead, week, write(lead, week, False), now, again=order.again) if fresh else ()
            yield Handed(name, week, given, had_it)
        except UserFault as fault:
            yield Handed(name, order.week, (), (), str(fault))


def _over(wanted: str | None, lead: Lead, now: datetime) -> str:
    """The week as its name. Half of one is refused: it would stand for the whole, which then goes to nobody."""
    week = week_of(wanted, scope_of(lead), now)
    if week.ends > now:
        raise UserFault(f"{week.name} is not over: only whole weeks are sent. Leave --week out for the last one.")
    return week.name


def _had_it(store: Store, lead: Lead, week: str) -> tuple[str, ...]:
    with store.read() as tx:
        sent = {row.channel for row in tx.outbox.reports_of(lead.name, week)}
    return tuple(channel for channel in lead.channels if channel in sent)


def _tell(done: Sequence[Handed]) -> None:
    for one in done:
        out.print(Text.assemble((one.lead, "bold"), f"  {_said(one)}"))
    if any(one.channels for one in done):
        out.print("\nWorkers send them within seconds; `bugferry work list` shows what waits.")


def _said(one: Handed) -> str:
    if one.wrong:
        return one.wrong
    given = f"{one.week} goes to {', '.join(one.channels)}" if one.channels else f"{one.week} was sent before"
    return f"{given}; {', '.join(one.had_it)} had it (--again sends it again)" if one.had_it else given
