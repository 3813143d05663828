"""`sync`: do what is due now, in this process, and say what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from worker.cli.screen import out, print_json
from worker.cli.sync_screen import Screen
from worker.errors import BugferryError
from worker.flow.attend import drain
from worker.flow.context import Context
from worker.flow.polls.reconcile import Reconciled, reconcile
from worker.flow.rounds import ROUNDS, run_now
from worker.model import Hint
from worker.settings import load_settings
from worker.wiring.flow import build
from worker.wiring.log import start_logging

app = typer.Typer(add_completion=False)

AT_A_TIME = 10
"""Keys attended to between two looks at how many are left."""

GOES_ON = "`bugferry sync --full` goes on where this one stopped."


@app.command()
def sync(
    keys: Annotated[
        list[str] | None,
        typer.Argument(help="Look at these first: a Sentry issue id, `ticket:TRACKER:KEY`, `case:ID`. None: poll."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Compare every linked pair; stopped by Ctrl-C, it goes on from there.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look once at whatever changed and bring both sides together, without waiting for a worker.

    Exit code 1 when a service could not be asked or work is left parked.
    """
    if full and keys:
        raise typer.BadParameter("--full compares every pair; name keys or say --full, not both")
    settings = load_settings()
    start_logging(settings)
    ctx = build(settings)
    if full:
        _full(ctx, json=json)
        return
    hints = {name: run_now(ctx, name) for name in ROUNDS} if not keys else {}
    for key in keys or []:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.work.push(Hint(key if ":" in key else f"issue:{key}", "asked for"), ctx.now())
    _tell(ctx, hints, drain(ctx), None, json=json)


def _full(ctx: Context, *, json: bool) -> None:
    """Compare everything, then attend to what differs; whatever stops it, it says how to go on."""
    try:
        with Screen() as screen:
            reconciled = reconcile(ctx, screen.show)
            attended = _attend_all(ctx, screen)
    except KeyboardInterrupt:
        out.print(f"Stopped. Nothing is half done: {GOES_ON}")
        raise typer.Exit(1) from None
    except BugferryError as error:
        error.args = (f"{error} {GOES_ON}",)
        raise
    _tell(ctx, {}, attended, reconciled, json=json)


def _attend_all(ctx: Context, screen: Screen) -> int:
    """Attend to all that is due; how many keys it were. Workers that run help along."""
    attended = 0
    while done := drain(ctx, limit=AT_A_TIME):
        attended += done
        with ctx.store.read() as tx:
            left = tx.work.counts(ctx.now()).due
        screen.attended(attended, left)
    return attended


def _tell(
    ctx: Context, hints: Mapping[str, int | None], attended: int, reconciled: Reconciled | None, *, json: bool
) -> None:
    """Print what came of it and end with the exit code that says so."""
    unasked: Sequence[str] = [name for name, given in hints.items() if given is None]
    with ctx.store.read() as tx:
        counts, parked = tx.work.counts(ctx.now()), tx.work.listing(parked=True, limit=10)
    if json:
        compared = {"reconciled": asdict(reconciled)} if reconciled else {}
        figures = {"attended": attended, "waiting": counts.waiting, "parked": counts.parked}
        print_json({"hints": hints, **compared, **figures})
    else:
        for name in unasked:
            out.print(f"[yellow]{name} did not get through; the log above says why. Try again.[/]")
        if reconciled:
            again = " (an earlier run was gone on with)" if reconciled.resumed else ""
            found = f"{reconciled.differences} differed; {reconciled.calls} calls"
            out.print(f"Compared {reconciled.pairs} pairs{again}: {found}.")
        out.print(f"Attended to {attended} keys; {counts.waiting} wait for their time, {counts.parked} are parked.")
        for row in parked:
            out.print(f"  parked {row.key}: {row.parked_reason}", markup=False)
    raise typer.Exit(1 if counts.parked or unasked else 0)
