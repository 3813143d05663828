"""`work`: what is due, waiting and parked, why, and the retry button."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.lines import delivery_table, history_table
from worker.cli.screen import ago, out, print_json, table
from worker.errors import UserFault
from worker.settings import load_settings
from worker.store.history import Recorded
from worker.store.inbox import DeliveryRow
from worker.store.services import ServiceRow
from worker.store.store import Tx
from worker.store.work import WorkRow
from worker.wiring.ground import clock_of, open_store

app = typer.Typer(help="Work that is due, waiting, under way or parked.", no_args_is_help=True, add_completion=False)

SHOWN = 10
"""How many deliveries, and how many entries of history, `show` has beside a piece of work."""

PARKABLE = {
    "issue": "issue:ID",
    "ticket": "ticket:TRACKER:KEY",
    "case": "case:ID",
    "message": "message:ID",
    "report": "report:WEEK:NAME",
}
"""Kinds of work, and how the key of each is written."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_work(
    parked: Annotated[bool, typer.Option("--parked", help="Only what waits for a person.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 50,
    json: Json = False,
) -> None:
    """List work, soonest first, below the services in trouble. Exit code 1 when something is parked."""
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.read() as tx:
        rows, counts = tx.work.listing(parked=True if parked else None, limit=limit), tx.work.counts(now)
        troubled = tx.services.listing()
    if json:
        print_json([asdict(row) for row in rows])
    else:
        _tell_services(troubled, now)
        _tell_work(rows, now, parked=parked)
    raise typer.Exit(1 if counts.parked else 0)


@app.command()
def services(json: Json = False) -> None:
    """List the services that refuse us, are down or ask for a pause. Exit code 1 when there is one."""
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.read() as tx:
        troubled = tx.services.listing()
    if json:
        print_json([asdict(row) for row in troubled])
    elif troubled:
        _tell_services(troubled, now)
    else:
        out.print("Every service answers, as far as we know.")
    raise typer.Exit(1 if troubled else 0)


@app.command()
def show(key: str, json: Json = False) -> None:
    """Show one piece of work: why it waits, what to do, which deliveries hinted at it, and its case's history."""
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.read() as tx:
        row = tx.work.get(key)
        case_id = _case_of(tx, key)
        deliveries = tx.inbox.about(_keys_about(tx, key, case_id), SHOWN)
        history = tx.history.of_case(case_id)[-SHOWN:] if case_id else ()
    if row is None:
        raise UserFault(
            f"there is no work under '{key}': nothing is left to do for it. `bugferry work list` shows all."
        )
    if json:
        more = {"deliveries": [asdict(d) for d in deliveries], "history": [asdict(entry) for entry in history]}
        print_json({**asdict(row), "what_to_do": _what_to_do(row, now), **more})
        return
    _tell_row(row, now)
    _tell_background(case_id, deliveries, history, now)


@app.command()
def retry(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys as `work list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
    json: Json = False,
) -> None:
    """Make parked work due again, its failures forgotten."""
    if not keys and not everything:
        raise typer.BadParameter("name the keys, or say --all")
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.write(now=now) as tx:
        wanted = [row.key for row in tx.work.listing(parked=True, limit=100_000)] if everything else keys or []
        freed = [key for key in wanted if tx.work.unpark(key, now)]
    if json:
        print_json({"freed": freed, "not_parked": [key for key in wanted if key not in freed]})
    else:
        out.print(f"{len(freed)} of {len(wanted)} are due now; a worker takes them within seconds.")
    raise typer.Exit(0 if len(freed) == len(wanted) else 1)


@app.command()
def park(
    key: str, reason: Annotated[str, typer.Option(help="Why it shall wait.")] = "parked by hand", json: Json = False
) -> None:
    """Let a piece of work wait for a person."""
    kind, _, rest = key.partition(":")
    if kind not in PARKABLE or not rest:
        raise typer.BadParameter(f"'{key}' is no key; keys are {', '.join(PARKABLE.values())}")
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.write(now=now) as tx:
        tx.work.park_key(key, reason, now)
    if json:
        print_json({"parked": key, "reason": reason})
    else:
        out.print(f"{key} is parked; `bugferry work retry {key}` frees it.", markup=False)


# ---------------------------------------------------------------- what belongs to a key


def _case_of(tx: Tx, key: str) -> int | None:
    kind, _, rest = key.partition(":")
    match kind:
        case "case":
            return int(rest) if rest.isdecimal() else None
        case "issue":
            return tx.cases.of_issue(rest)
        case _:
            tracker, _, ticket = rest.partition(":")
            return tx.cases.of_ticket(tracker, ticket)


def _keys_about(tx: Tx, key: str, case_id: int | None) -> set[str]:
    """The key, and those of its case's issues and tickets: deliveries never name a case."""
    case = tx.cases.load(case_id) if case_id else None
    if case is None:
        return {key}
    tickets = [*case.past, *([case.ticket] if case.ticket else [])]
    issues = {f"issue:{member.id}" for member in case.members}
    return {key} | issues | {f"ticket:{ticket.tracker}:{ticket.key}" for ticket in tickets}


def _state(row: WorkRow) -> str:
    if row.parked_at:
        return "parked"
    return "under way" if row.lease_until else f"waits for {row.waits_for}" if row.waits_for else "waiting"


def _what_to_do(row: WorkRow, now: datetime) -> str:
    """What a person can do about it: mostly nothing."""
    if row.parked_at:
        return f"change what the reason names, then: bugferry work retry {row.key}"
    if row.lease_until:
        return f"nothing: a worker has it; should that one have died, another takes it {ago(row.lease_until, now)}"
    if row.waits_for:
        return f"nothing here: it goes on by itself once {row.waits_for} is well; see `bugferry work services`"
    if row.due_at <= now:
        return "nothing: it is due, and a worker takes it within a second; if none does, start one"
    return f"nothing: it is looked at by itself {ago(row.due_at, now)}"


# ---------------------------------------------------------------- telling


def _tell_services(troubled: Sequence[ServiceRow], now: datetime) -> None:
    for row in troubled:
        when = f"since {ago(row.since, now)}; tried again {ago(row.until, now)}"
        out.print(Text.assemble((f"{row.name} {row.trouble}", "bold red"), f" ({when}): {row.reason}"))
    if troubled:
        out.print("Work for it waits and goes on by itself; nothing of it is parked.\n")


def _tell_work(rows: Sequence[WorkRow], now: datetime, *, parked: bool) -> None:
    if not rows:
        out.print("Nothing is parked." if parked else "Nothing is due: both sides agree as far as we know.")
        return
    made = table("key", "state", "due", "tries", "why")
    for row in rows:
        why = row.parked_reason or row.last_error or row.why
        made.add_row(*map(Text, (row.key, _state(row), ago(row.due_at, now), str(row.attempts), why)))
    out.print(made)
    if any(row.parked_at for row in rows):
        out.print("\nChange what a reason names, then `bugferry work retry KEY`; `bugferry work show KEY` has more.")


def _tell_row(row: WorkRow, now: datetime) -> None:
    said = {
        "state": _state(row),
        "parked": f"{ago(row.parked_at, now)}: {row.parked_reason}" if row.parked_at else None,
        "what to do": _what_to_do(row, now),
        "last error": row.last_error if row.last_error != row.parked_reason else None,
        "hinted by": row.why,
        "tries": f"{row.attempts} failed, {row.stumbles} of them unforeseen" if row.attempts else None,
        "known since": f"{ago(row.created_at, now)}; last touched {ago(row.updated_at, now)}",
    }
    out.print(Text(row.key, style="bold"))
    for name, value in said.items():
        if value is not None:
            out.print(Text.assemble((f"{name:>12}  ", "dim"), value))


def _tell_background(
    case_id: int | None, deliveries: Sequence[DeliveryRow], history: Sequence[Recorded], now: datetime
) -> None:
    out.print("\n[bold]Deliveries that hinted at it[/], latest first; `bugferry replay ID` gives one again")
    out.print(delivery_table(deliveries, now) if deliveries else "none: it came from a poll, a sweep or a person")
    if history:
        out.print(f"\n[bold]The latest of case {case_id}[/]; `bugferry case show {case_id}` has all of it")
        out.print(history_table(history))
