"""`backfill --history`: the past of issues and tickets, for reports; shown while it comes in."""

import time
from dataclasses import asdict
from datetime import timedelta

import typer
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.cli.sync_screen import Screen
from worker.errors import BugferryError
from worker.flow.backfill.past import PastBroughtIn, bring_in_past, rehearse_past
from worker.flow.context import Context

GOES_ON = "The same command goes on where this one stopped."


def import_past(ctx: Context, query: str, covers: timedelta | None, *, go: bool, json: bool) -> None:
    """Count what there is, or import it. `covers`: how far back the search finds everything; None: not everything."""
    try:
        with Screen("unknown" if not go else "new moves") as screen:
            if not go:
                ahead = rehearse_past(ctx, query, screen.show, time.sleep)
            else:
                came = bring_in_past(ctx, query, screen.show, time.sleep, covers)
    except KeyboardInterrupt:
        out.print(f"Stopped. {GOES_ON}" if go else "Stopped. Nothing was written.")
        raise typer.Exit(1) from None
    except BugferryError as error:
        error.args = (f"{error} {GOES_ON}",) if go else error.args
        raise
    if go:
        _tell(query, came, json=json)
        return
    if json:
        print_json({"query": query, "dry_run": True, "history": True, **asdict(ahead), "reads": ahead.reads})
        return
    known, unknown = ahead.issues.get("known", 0), ahead.issues.get("unknown", 0)
    out.print(Text(f"There are {known + unknown} issues ({query or 'all'}): {known} have a case, {unknown} have none."))
    out.print(
        f"The past of each would become history, and that of {ahead.tickets} tickets: {ahead.reads} reads or more."
    )
    out.print("Nothing was written, and no ticket will be made. `--go` brings it in.")


def _tell(query: str, came: PastBroughtIn, *, json: bool) -> None:
    if json:
        print_json({"query": query, "dry_run": False, "history": True, **asdict(came)})
        return
    again = ", going on from an earlier run" if came.resumed else ""
    out.print(Text(f"Read the past of {came.looked} issues ({query or 'all'}){again}: {came.moves} new moves."))
    out.print(f"  {came.opened} cases were opened for their history; they get no ticket by themselves")
    out.print(f"Read the past of {came.tickets} cases with a ticket: {came.ticket_moves} new moves.")
    for reason, number in came.left.items():
        out.print(Text(f"  {number} left alone: {reason}", style="dim"))
    out.print("`bugferry report` shows it; `bugferry backfill` still makes tickets for what is open.")
