"""`backfill`: bring in issues that were there before Bugferry."""

import re
import time
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli.backfill_past import import_past
from worker.cli.plan import routes
from worker.cli.screen import out, print_json
from worker.cli.sync_screen import Screen
from worker.errors import BugferryError
from worker.flow.backfill import issues as flow
from worker.flow.backfill.issues import BroughtIn, Rehearsed
from worker.flow.backfill.past import RETENTION
from worker.flow.context import Context
from worker.flow.polls.reconcile import Progress
from worker.settings import load_settings
from worker.wiring.flow import build
from worker.wiring.log import start_logging

app = typer.Typer(add_completion=False)

GOES_ON = "The same command goes on where this one stopped; workers do what was begun."

_DURATION = re.compile(r"\d+[mhdw]")


@app.command()
def backfill(
    query: Annotated[
        str | None,
        typer.Option(
            help="Which issues: a search as Sentry's own issue page takes it. None: is:unresolved; for history, all."
        ),
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only those of one Sentry project, by its slug.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Only those with an event since: 90m, 12h, 30d, 4w.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many issues that a rule wants. None: at the end.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Bring in what happened, for reports; no ticket is made.")
    ] = False,
    go: Annotated[bool, typer.Option("--go/--dry-run", help="Do it; else only say what would be done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring in issues that were there before: say how many would get a ticket, by which rule; with --go, make them.

    With --history, bring in only what happened to them and to our tickets, so that reports begin with a past.
    Stopped by Ctrl-C, the same command goes on from there. Exit code 1 when it was stopped or work is left parked.
    """
    if since and not _DURATION.fullmatch(since):
        raise typer.BadParameter(f"'{since}' is no duration; say 90m, 12h, 30d or 4w", param_hint="--since")
    if history and limit:
        raise typer.BadParameter(
            "it counts tickets, and --history makes none; narrow it by --since", param_hint="--limit"
        )
    settings = load_settings()
    start_logging(settings)
    ctx = build(settings)
    asked = flow.query_of("" if history and query is None else query or "is:unresolved", project, since)
    if history:
        whole = query is None and project is None
        import_past(ctx, asked, _days(since) if whole else None, go=go, json=json)
    elif go:
        _bring_in(ctx, asked, limit, json=json)
    else:
        _rehearse(ctx, asked, limit, json=json)


def _days(since: str | None) -> timedelta:
    """How far back a search narrowed so finds everything."""
    unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    return timedelta(**{unit[since[-1]]: int(since[:-1])}) if since else RETENTION


def _rehearse(ctx: Context, query: str, limit: int | None, *, json: bool) -> None:
    try:
        with Screen("tickets") as screen:
            found = flow.rehearse(ctx, query, _shown_on(screen), time.sleep, limit)
    except KeyboardInterrupt:
        out.print("Stopped. Nothing was written; --limit looks at fewer.")
        raise typer.Exit(1) from None
    if json:
        print_json({"query": query, "dry_run": True, **_figures(found)})
        return
    out.print(Text(f"Looked at {found.looked} issues ({query}): {found.wanted} would get a ticket."))
    _tell_figures(found)
    if found.wanted:
        out.print("Nothing was written. `--go` makes them.")


def _bring_in(ctx: Context, query: str, limit: int | None, *, json: bool) -> None:
    try:
        with Screen("tickets") as screen:
            came = flow.bring_in(ctx, query, _shown_on(screen), time.sleep, limit)
    except KeyboardInterrupt:
        out.print(f"Stopped. Nothing is half done: {GOES_ON[0].lower()}{GOES_ON[1:]}")
        raise typer.Exit(1) from None
    except BugferryError as error:
        error.args = (f"{error} {GOES_ON}",)
        raise
    if json:
        print_json({"query": query, "dry_run": False, **_figures(came.rehearsed), **_came(came)})
    else:
        _tell(query, came)
    raise typer.Exit(1 if came.parked else 0)


def _shown_on(screen: Screen) -> flow.Report:
    def show(progress: flow.Progress) -> None:
        screen.show(Progress("issues", progress.looked, progress.total, progress.wanted))
        if progress.finished:
            screen.show(Progress("brought in", progress.finished, progress.wanted, 0))

    return show


def _figures(found: Rehearsed) -> dict[str, Any]:
    return {
        "looked": found.looked,
        "wanted": found.wanted,
        "tickets": routes(found.tickets),
        "skipped": dict(found.skipped),
    }


def _came(came: BroughtIn) -> dict[str, Any]:
    return {
        "made": routes(came.made),
        "declined": came.declined,
        "parked": came.parked,
        "left": came.left,
        "resumed": came.resumed,
        "whole": came.whole,
    }


def _tell_figures(found: Rehearsed) -> None:
    for (rule, tracker), number in found.tickets.items():
        out.print(Text(f"  {number} in {tracker} by rule “{rule}”"))
    for reason, number in found.skipped.items():
        out.print(Text(f"  {number} passed over: {reason}", style="dim"))


def _tell(query: str, came: BroughtIn) -> None:
    again = ", going on from an earlier run" if came.resumed else ""
    seen = came.rehearsed
    out.print(Text(f"Looked at {seen.looked} issues ({query}){again}; {seen.wanted} were brought in."))
    for (rule, tracker), number in came.made.items():
        out.print(Text(f"  {number} have a ticket in {tracker} by rule “{rule}”"))
    for word, number in (("got none for now", came.declined), ("are parked: `bugferry work list`", came.parked)):
        if number:
            out.print(f"  {number} {word}")
    if came.left:
        out.print(f"  {came.left} wait for their time; workers go on with them")
    for reason, number in seen.skipped.items():
        out.print(Text(f"  {number} passed over: {reason}", style="dim"))
    if not came.whole:
        out.print("Stopped at --limit; the same command goes on from there.")
