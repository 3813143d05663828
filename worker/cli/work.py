"""`work`: what is due, waiting and parked, and the retry button."""

from dataclasses import asdict
from typing import Annotated

import typer

from worker.cli.screen import ago, out, print_json, table
from worker.errors import UserFault
from worker.settings import load_settings
from worker.wiring.ground import open_store, utc_now

app = typer.Typer(help="Work that is due, waiting, under way or parked.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_work(
    parked: Annotated[bool, typer.Option("--parked", help="Only what waits for a person.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List work, soonest first. Exit code 1 when something is parked."""
    store, now = open_store(load_settings()), utc_now()
    with store.read() as tx:
        rows, counts = tx.work.listing(parked=True if parked else None, limit=limit), tx.work.counts(now)
    if json:
        print_json([asdict(row) for row in rows])
    elif not rows:
        out.print("Nothing is parked." if parked else "Nothing is due: both sides agree as far as we know.")
    else:
        made = table("key", "state", "due", "tries", "why")
        for row in rows:
            state = "parked" if row.parked_at else "under way" if row.lease_until else "waiting"
            why = row.parked_reason or row.last_error or row.why
            made.add_row(row.key, state, ago(row.due_at, now), str(row.attempts), _plain(why))
        out.print(made)
    raise typer.Exit(1 if counts.parked else 0)


@app.command()
def show(key: str, json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False) -> None:
    """Show one piece of work with its last error."""
    with open_store(load_settings()).read() as tx:
        row = tx.work.get(key)
    if row is None:
        raise UserFault(
            f"there is no work under '{key}': nothing is left to do for it. `bugferry work list` shows all."
        )
    if json:
        print_json(asdict(row))
        return
    for name, value in asdict(row).items():
        out.print(f"{name:>14}  {value}", markup=False)


@app.command()
def retry(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys as `work list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make parked work due again, its failures forgotten."""
    if not keys and not everything:
        raise typer.BadParameter("name the keys, or say --all")
    store, now = open_store(load_settings()), utc_now()
    with store.write(now=now) as tx:
        wanted = [row.key for row in tx.work.listing(parked=True, limit=100_000)] if everything else keys or []
        freed = [key for key in wanted if tx.work.unpark(key, now)]
    if json:
        print_json({"freed": freed, "not_parked": [key for key in wanted if key not in freed]})
    else:
        out.print(f"{len(freed)} of {len(wanted)} are due now; a worker takes them within seconds.")
    raise typer.Exit(0 if len(freed) == len(wanted) else 1)


@app.command()
def park(key: str, reason: Annotated[str, typer.Option(help="Why it shall wait.")] = "parked by hand") -> None:
    """Let a piece of work wait for a person."""
    store, now = open_store(load_settings()), utc_now()
    with store.write(now=now) as tx:
        tx.work.park_key(key, reason, now)
    out.print(f"{key} is parked; `bugferry work retry {key}` frees it.", markup=False)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
