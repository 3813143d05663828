"""`report`: the numbers of a week, as a lead reads them, as a script takes them, and the moves behind each."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.example_team import example
from worker.cli.lines import history_table
from worker.cli.report_send import Order
from worker.cli.report_send import send as hand_out
from worker.cli.screen import out, print_json
from worker.errors import UserFault
from worker.flow.figures.leads import scope_of
from worker.flow.figures.reports import Behind, compute, week_of, why
from worker.mapping.load import load_mapping
from worker.mapping.markup import one_line
from worker.mapping.problem import MappingRefused
from worker.mapping.teams import Teams
from worker.metrics.definitions import DEFINITIONS
from worker.metrics.render.rendering import Format, rendered
from worker.metrics.render.tongue import DEFAULT_LOCALE
from worker.metrics.scope import Scope
from worker.settings import Settings, load_settings
from worker.store.store import Store
from worker.wiring.ground import clock_of, open_store
from worker.wiring.reporting import writer

app = typer.Typer(add_completion=False)

STDOUT = Path("-")


class Printed(StrEnum):
    """The formats that the command writes."""

    TEXT = "text"
    HTML = "html"
    MD = "md"
    JSON = "json"
    CSV = "csv"


_FORMATS: dict[Printed, Format] = {
    Printed.TEXT: "text",
    Printed.HTML: "html",
    Printed.MD: "md",
    Printed.JSON: "json",
    Printed.CSV: "csv",
}


@app.command()
def report(
    week: Annotated[str | None, typer.Option(help="ISO week, such as 2026-W47. None: the last complete one.")] = None,
    lead: Annotated[str | None, typer.Option("--for", help="Name under `reports:`. None: everything.")] = None,
    format: Annotated[Printed, typer.Option(help="How it is written.")] = Printed.TEXT,  # noqa: A002 - its name
    to: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write; - is standard output.")] = STDOUT,
    figure: Annotated[
        str | None, typer.Option("--why", metavar="FIGURE", help="Show the moves behind this figure instead.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to its channels; without --for every report.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --send: also to channels that had it.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Show that of a made-up team instead.")] = False,
) -> None:
    """Say how a week went: what came in, what was fixed, how long it took, and how sure that is.

    It is computed from history, so any past week can be asked for. Nothing is sent without --send.
    """
    if preview:
        if lead or figure or send:
            raise typer.BadParameter("it is nobody's: leave out --for, --why and --send", param_hint="--preview")
        _preview(week, format, to)
        return
    settings = load_settings()
    scope, locale = (Scope(), DEFAULT_LOCALE) if send and lead is None else _scope(settings, lead)
    store = _opened(settings)
    now = clock_of(store)()
    _refuse(week, figure, scope, now)
    if send or again:
        _refuse_beside_send(format, to, figure, send=send)
        leads = load_mapping(settings.mapping_paths).leads
        order = Order({lead: leads[lead]} if lead else leads, week, again)
        hand_out(store, order, writer(store, lambda: now, settings.public_url), now, json=format is Printed.JSON)
    if figure is not None:
        if to != STDOUT:
            raise typer.BadParameter("--why writes to standard output alone", param_hint="--out")
        _explain(figure, why(store, figure, week, scope, now), format)
        return
    computed = compute(store, week, scope, now)
    _say_if_empty(store)
    made = rendered(computed, _FORMATS[format], pages_url=settings.public_url, locale=locale)
    _write(made.html or made.text, to)


def _preview(week: str | None, format: Printed, to: Path) -> None:  # noqa: A002 - its name
    """Write the report of a made-up team, marked as such; it needs no database and is sent to nobody."""
    now = datetime.now(UTC)
    _refuse(week, None, Scope(), now)
    made = rendered(example(week_of(week, Scope(), now), now), _FORMATS[format])
    _write(made.html or made.text, to)


def _opened(settings: Settings) -> Store:
    try:
        return open_store(settings)
    except UserFault as fault:
        fault.args = (f"{fault} `bugferry report --preview` shows what a report looks like.",)
        raise


def _say_if_empty(store: Store) -> None:
    """Say beside a report of nothing what to do about it."""
    with store.read() as tx:
        empty = tx.spells.begins() is None
    if empty:
        typer.echo(
            "There is no history yet: start `bugferry run`, or bring in the past with `bugferry backfill --history`. "
            "`bugferry report --preview` shows what a report looks like.",
            err=True,
        )


def _scope(settings: Settings, lead: str | None) -> tuple[Scope, str]:
    """What the report is about, and how its reader writes numbers."""
    if lead is None:
        return Scope(teams=_teams(settings)), DEFAULT_LOCALE
    leads = load_mapping(settings.mapping_paths).leads
    if lead not in leads:
        known = f"there are {', '.join(sorted(leads))}" if leads else "the mapping has no `reports:`"
        raise typer.BadParameter(f"there is no report for '{lead}'; {known}", param_hint="--for")
    return scope_of(leads[lead]), leads[lead].locale


def _teams(settings: Settings) -> Teams:
    """The teams of the mapping; a mapping that is refused holds up no report of everything."""
    try:
        return load_mapping(settings.mapping_paths).teams
    except MappingRefused:
        typer.echo("The mapping is refused, so nothing is told by team; `bugferry check` says why.", err=True)
        return {}


def _refuse(week: str | None, figure: str | None, scope: Scope, now: datetime) -> None:
    """Say what is wrong with the command line, before anything is computed."""
    if figure is not None and figure not in DEFINITIONS:
        raise typer.BadParameter(
            f"there is no figure '{figure}'; there are {', '.join(DEFINITIONS)}", param_hint="--why"
        )
    try:
        begins = week_of(week, scope, now).begins
    except UserFault as fault:
        raise typer.BadParameter(str(fault), param_hint="--week") from None
    if begins > now:
        raise typer.BadParameter(f"{week} has not begun yet; leave --week out for the last complete one")


def _refuse_beside_send(format: Printed, to: Path, figure: str | None, *, send: bool) -> None:  # noqa: A002 - its name
    if not send:
        raise typer.BadParameter("--again is for --send", param_hint="--again")
    if figure is not None or to != STDOUT or format not in {Printed.TEXT, Printed.JSON}:
        raise typer.BadParameter(
            "channels get the report as they can show it: leave out --why, --out and --format "
            "(--format json is how this command answers)",
            param_hint="--send",
        )


def _write(text: str, to: Path) -> None:
    if to == STDOUT:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UserFault(f"{to} cannot be written: {error.strerror}. Name another file with --out.") from error
    out.print(Text.assemble("Written to ", (str(to), "bold"), "."))


def _explain(figure: str, found: Sequence[Behind], format: Printed) -> None:  # noqa: A002 - its name
    """The cases behind a figure, each with the moves that put it there."""
    means = DEFINITIONS[figure].means
    if format is Printed.JSON:
        print_json({"figure": figure, "means": means, "cases": [asdict(one) for one in found]})
        return
    if format is not Printed.TEXT:
        raise typer.BadParameter("what is behind a figure is written as text or json", param_hint="--format")
    out.print(Text.assemble((figure, "bold"), f": {means}\n"))
    if not found:
        out.print("Nothing in this week counts.")
    for one in found:
        ticket = f" [{one.line.ticket}]" if one.line.ticket else ""
        out.print(Text.assemble((f"Case {one.line.case}", "bold"), f": {one_line(one.line.title)}{ticket}"))
        out.print(history_table(one.moves))
        out.print()
