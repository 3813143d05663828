"""`plan`: the dry run over live data."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli.screen import out, print_json, table
from worker.cli.sync_screen import Screen
from worker.flow.ahead.survey import Survey, survey
from worker.settings import load_settings
from worker.wiring.flow import build
from worker.wiring.log import start_logging

app = typer.Typer(add_completion=False)

SHOWN = 20
"""So many changes are printed one by one; --json names more."""


@app.command()
def plan(
    limit: Annotated[
        int | None, typer.Option(min=1, help="Look closer at so many cases and issues at most. None: at all.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only those of one Sentry project, by its slug.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what would change now, for every case and every open issue without one. Nothing is written anywhere.

    Exit code 0 whether something would change or not, 1 when something could not be read.
    """
    settings = load_settings()
    start_logging(settings)
    ctx = build(settings)
    try:
        with Screen("would change") as screen:
            found = survey(ctx, screen.show, time.sleep, project=project, limit=limit)
    except KeyboardInterrupt:
        out.print("Stopped. Nothing was written; `bugferry plan --limit 100` looks at fewer.")
        raise typer.Exit(1) from None
    if json:
        print_json(_as_json(found))
    else:
        _tell(found)
    raise typer.Exit(1 if found.unread else 0)


def routes(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Figures by rule and tracker, as JSON has them."""
    return [{"rule": rule, "tracker": tracker, "tickets": number} for (rule, tracker), number in counts.items()]


def _as_json(found: Survey) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "issues_without_case": found.issues_without_case,
        "create": routes(found.create),
        "only_by_backfill": routes(found.only_by_backfill),
        "changes": dict(found.changes),
        "nothing": found.nothing,
        "told": [asdict(change) for change in found.told],
        "unread": list(found.unread),
    }


def _tell(found: Survey) -> None:
    looked = f"Looked at {found.cases} cases and {found.issues_without_case} open issues without one"
    out.print(f"{looked}: {found.total} would change now, {found.nothing} would stay as they are.")
    for (rule, tracker), number in found.create.items():
        out.print(Text(f"  {number} new in {tracker} by rule “{rule}”"))
    for kind, number in found.changes.items():
        if kind != "create":
            out.print(f"  {kind}: {number}")
    for (rule, tracker), number in found.only_by_backfill.items():
        out.print(Text(f"  {number} more in {tracker} by rule “{rule}”, but only by `bugferry backfill`", style="dim"))
    if found.told:
        _tell_changes(found)
    for problem in found.unread[:SHOWN]:
        out.print(Text(f"  could not be read: {problem}", style="yellow"))


def _tell_changes(found: Survey) -> None:
    made = table("case", "issues", "where", "what")
    for change in found.told[:SHOWN]:
        name = (str(change.case or "new"), ", ".join(change.issues))
        for number, step in enumerate(change.steps):
            made.add_row(*map(Text, (*(name if number == 0 else ("", "")), step.where, step.what)))
    out.print()
    out.print(made)
    if found.total > SHOWN:
        out.print(f"… and {found.total - SHOWN} more; --json names up to 500, `bugferry explain case:ID` one in full.")
