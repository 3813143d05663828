"""`doctor`: one screen of what is right and wrong with this installation."""

import platform
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.doctor_lines import Line, Look, State, all_lines, fine, note, wrong
from worker.cli.doctor_places import (
    look_at_broker,
    look_at_disk,
    look_at_settings,
    looks_at_channels,
    looks_at_services,
)
from worker.cli.doctor_store import look_at_database
from worker.cli.main import installed_version
from worker.cli.screen import out, print_json, table
from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.settings import Settings, load_settings

app = typer.Typer(add_completion=False)

LIMIT_S = 30.0
"""Longer than one call may take, with its repetitions."""

_LOOK = {State.FINE: ("✓", "green"), State.NOTE: ("·", "yellow"), State.WRONG: ("✗", "bold red")}


@app.command()
def doctor(
    timeout: Annotated[float, typer.Option(min=1, help="Wait so many seconds for what does not answer.")] = LIMIT_S,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say on one screen what is right and wrong with this installation. Nothing is written anywhere.

    Settings, mapping, database, broker, services, webhooks, workers, channels, disk: each with what to do. Exit code 1
    when something is wrong.
    """
    lines = list(_examined(timeout))
    bad = [line for line in lines if line.state is State.WRONG]
    if json:
        print_json({"ok": not bad, "lines": [asdict(line) for line in lines]})
    else:
        _show(lines, len(bad))
    raise typer.Exit(1 if bad else 0)


def _examined(limit_s: float) -> Iterator[Line]:
    """Everything there is to say, what others rest on first."""
    yield fine("version", f"{installed_version()} on Python {platform.python_version()}")
    try:
        settings = load_settings()
    except UserFault as fault:
        yield wrong("settings", str(fault), "Nothing else could be looked at.")
        return
    except Exception as error:  # noqa: BLE001 - of whatever kind: what it says may hold secrets
        kind = f"they cannot be read ({type(error).__name__})"
        yield wrong("settings", kind, "Look at `.env` and the BUGFERRY_… variables. Nothing else could be looked at.")
        return
    book, said = _mapping(settings)
    looks = [
        Look("settings", lambda: look_at_settings(settings)),
        Look("mapping", lambda: [said]),
        Look("data folder", lambda: look_at_disk(settings)),
        Look("broker", lambda: look_at_broker(settings)),
        Look("database", lambda: look_at_database(settings, _sources(settings, book))),
    ]
    if book is not None and settings.configured:
        looks += [*looks_at_services(settings, book), *looks_at_channels(settings, book)]
    yield from all_lines(looks, limit_s)


def _mapping(settings: Settings) -> tuple[MappingBook | None, Line]:
    files = ", ".join(str(path) for path in settings.mapping_paths)
    try:
        book = load_mapping(settings.mapping_paths)
    except MappingRefused as refused:
        problems = len(refused.problems)
        said = f"{files} would be refused, {problems} problem{'s' if problems > 1 else ''}: {refused.problems[0]}"
        return None, wrong("mapping", said, "`bugferry check` names them all. The services were not asked.")
    except UserFault as fault:
        return None, wrong("mapping", str(fault), "Correct BUGFERRY_MAPPINGS. The services were not asked.")
    rules = f"{len(book.rules)} rule{'s' if len(book.rules) != 1 else ''} for {', '.join(book.trackers)}, from {files}"
    if settings.configured and not settings.mappings and not settings.practice:
        return book, note("mapping", rules, "That is the shipped one: name yours in BUGFERRY_MAPPINGS.")
    return book, fine("mapping", rules)


def _sources(settings: Settings, book: MappingBook | None) -> list[str]:
    """Whose webhooks matter here: of practice nobody's."""
    if not settings.configured:
        return []
    kinds = {spec.kind.value for spec in book.trackers.values()} if book else set()
    return ["sentry", *sorted(kinds)]


def _show(lines: list[Line], bad: int) -> None:
    made = table("", "what", "")
    for line in lines:
        mark, style = _LOOK[line.state]
        told = Text(line.said, style="" if line.state is State.FINE else style)
        if line.todo:
            told.append(f"\n→ {line.todo}", style="dim")
        made.add_row(Text(mark, style=style), Text(line.what, style="bold" if line.state is State.WRONG else ""), told)
    out.print(made)
    if bad:
        out.print(f"\n[bold red]{bad} thing{'s' if bad > 1 else ''} to put right.[/] Nothing was written anywhere.")
    else:
        out.print("\n[green]Nothing is wrong[/], as far as can be seen. Nothing was written anywhere.")
