"""`explain`: which rule takes an error, why, the ticket as it would be sent, and what would be done now."""

import re
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.explain_screen import show_decision
from worker.cli.saved import load_saved
from worker.cli.screen import print_json
from worker.ends.sentry_files import read_saved
from worker.errors import UserFault
from worker.mapping.explain import explain as explain_issue
from worker.mapping.load import load_mapping
from worker.model import TrackerKind
from worker.settings import load_settings

app = typer.Typer(add_completion=False)

MappingOption = Annotated[
    list[Path] | None, typer.Option("--mapping", help="Mapping file or folder; repeat to merge several.")
]

_NAMES_MORE = re.compile(r"\d+|[A-Za-z][\w-]*-[A-Za-z0-9]+|([\w.-]+/[\w.-]+)?#\d+|(issue|case|ticket):.+")
"""File names that could as well be an issue, a ticket or a case."""


@app.command()
def explain(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT",
            help="A JSON file (SDK event, API event or issue, webhook body; - reads stdin), a Sentry issue by id or "
            "short id, a ticket key (SHOP-12, acme/shop#4, #4), or a case (case:3).",
        ),
    ],
    kind: Annotated[
        TrackerKind | None, typer.Option("--for", help="Write the ticket for this kind of tracker.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Sentry project slug, where the file does not say.")] = None,
    mapping: MappingOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say which rule takes an error, why, and the ticket exactly as it would be sent. Nothing is written anywhere.

    Of an issue, a ticket or a case also what it looks like on both sides now, what is waited for, and what would be
    done. Exit code 1 when a side could not be read.
    """
    name = " ".join(what)
    if _means_file(name):
        _explain_file(Path(name), kind, project, mapping, json=json)
        return
    # Loaded only for what is live (adr/0005): a file needs neither the services' libraries nor the database's.
    raise typer.Exit(import_module("worker.cli.explain_live").explain_now(name, kind, mapping, json=json))


def _means_file(name: str) -> bool:
    """Whether a name is that of a file; `UserFault` when it could be something else as well."""
    there, names_more = Path(name).is_file(), _NAMES_MORE.fullmatch(name)
    if there and names_more:
        raise UserFault(
            f"'{name}' is a file here and could be an issue, a ticket or a case: say `./{name}` for the file; "
            "`issue:ID`, `ticket:TRACKER:KEY` or `case:ID` for the others."
        )
    return there or name == "-" or (not names_more and ("/" in name or "." in name))


def _explain_file(
    file: Path, kind: TrackerKind | None, project: str | None, mapping: list[Path] | None, *, json: bool
) -> None:
    issue, event = read_saved(load_saved(file, stdin=True), project)
    book = load_mapping(mapping or load_settings().mapping_paths)
    said = explain_issue(book, issue, event, kind)
    if json:
        print_json(said)
    else:
        show_decision(said)
