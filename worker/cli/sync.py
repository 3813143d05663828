"""`sync`: do what is due now, in this process, and say what happened."""

from typing import Annotated

import typer

from worker.cli.screen import out, print_json
from worker.flow.attend import drain
from worker.flow.rounds import ROUNDS, run_now
from worker.model import Hint
from worker.settings import load_settings
from worker.wiring.flow import build
from worker.wiring.ground import start_logging

app = typer.Typer(add_completion=False)


@app.command()
def sync(
    keys: Annotated[
        list[str] | None,
        typer.Argument(help="Look at these first: a Sentry issue id, `ticket:TRACKER:KEY`, `case:ID`. None: poll."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look once at whatever changed and bring both sides together, without waiting for a worker.

    Exit code 1 when a service could not be asked or work is left parked.
    """
    settings = load_settings()
    start_logging(settings)
    ctx = build(settings)
    hints = {name: run_now(ctx, name) for name in ROUNDS} if not keys else {}
    for key in keys or []:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.work.push(Hint(key if ":" in key else f"issue:{key}", "asked for"), ctx.now())
    attended = drain(ctx)
    unasked = [name for name, given in hints.items() if given is None]
    with ctx.store.read() as tx:
        counts, parked = tx.work.counts(ctx.now()), tx.work.listing(parked=True, limit=10)
    if json:
        print_json({"hints": hints, "attended": attended, "waiting": counts.waiting, "parked": counts.parked})
    else:
        for name in unasked:
            out.print(f"[yellow]{name} did not get through; the log above says why. Try again.[/]")
        out.print(f"Attended to {attended} keys; {counts.waiting} wait for their time, {counts.parked} are parked.")
        for row in parked:
            out.print(f"  parked {row.key}: {row.parked_reason}", markup=False)
    raise typer.Exit(1 if counts.parked or unasked else 0)
