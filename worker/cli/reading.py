"""`check` and `explain`: what a mapping says, before it says it to anybody."""

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markdown import Markdown
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.ends.sentry_files import read_saved
from worker.errors import UserFault
from worker.mapping.explain import explain as explain_issue
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.model import TrackerKind
from worker.settings import load_settings

MappingOption = Annotated[
    list[Path] | None, typer.Option("--mapping", help="Mapping file or folder; repeat to merge several.")
]


def add_to(app: typer.Typer) -> None:
    """Put the commands on the command line."""
    app.command()(check)
    app.command()(explain)


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Mapping files or folders, merged in order. None: the configured ones.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a mapping before it runs: keys, conditions, templates, status maps, rules nobody can reach.

    Exit code 1 with file, line and column of every problem, and the nearest right word.
    """
    files = paths or load_settings().mapping_paths
    try:
        book = load_mapping(files)
    except MappingRefused as refused:
        rows = [
            {"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint}
            for p in refused.problems
        ]
        if json:
            print_json({"ok": False, "problems": rows})
        else:
            for problem in refused.problems:
                out.print(Text(str(problem)))
            out.print(f"[bold red]{len(rows)} problem{'s' if len(rows) > 1 else ''}[/]; the mapping would be refused.")
        raise typer.Exit(1) from None
    if json:
        print_json({"ok": True, "problems": [], "rules": len(book.rules), "trackers": sorted(book.trackers)})
    else:
        out.print(
            f"[green]Fine[/]: {len(book.rules)} rules for {len(book.trackers)} trackers ({', '.join(book.trackers)})."
        )


def explain(
    file: Annotated[
        Path, typer.Argument(help="A JSON file: SDK event, API event or issue, or webhook body; - reads stdin.")
    ],
    kind: Annotated[
        TrackerKind | None, typer.Option("--for", help="Write the ticket for this kind of tracker.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Sentry project slug, where the file does not say.")] = None,
    mapping: MappingOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say which rule takes an error, why, and the ticket exactly as it would be sent. Nothing is written anywhere."""
    data = _load(file)
    issue, event = read_saved(data, project)
    book = load_mapping(mapping or load_settings().mapping_paths)
    said = explain_issue(book, issue, event, kind)
    if json:
        print_json(said)
        return
    for step in said["steps"]:
        out.print(_step(step))
    out.print(Text(f"\n{said['why']}", style="bold"))
    if said["ticket"]:
        _show_ticket(said["ticket"])


def _load(file: Path) -> dict[str, Any]:
    """A JSON object from a file; `UserFault` says what is wrong with it."""
    try:
        raw = typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
        data = json_module.loads(raw.decode("utf-8", errors="replace"))
    except OSError as error:
        raise UserFault(f"{file} cannot be read: {error.strerror}. Name a JSON file of one event or issue.") from error
    except (json_module.JSONDecodeError, RecursionError) as error:
        raise UserFault(
            f"{file} is not JSON: {error}. Save the event from Sentry's JSON link and try again."
        ) from error
    if not isinstance(data, dict):
        raise UserFault(f"{file} holds a {type(data).__name__}; one event or issue is a JSON object.")
    return data


def _step(step: dict[str, Any]) -> Text:
    mark, style = ("✓", "green") if step["matched"] else ("·", "dim")
    decided = step["decided"]
    values = ", ".join(f"{name} = {value}" for name, value in (decided or {}).get("values", {}).items())
    because = f"{' '.join(decided['text'].split())}   {values}" if decided else "always"
    return Text.assemble((f"{mark} {step['rule']:<28} ", style), (because[:200], style))


def _show_ticket(ticket: dict[str, Any]) -> None:
    out.print(Text(f"\n{ticket['tracker']} ({ticket['kind']}): {ticket['title']}", style="bold cyan"))
    for name, value in ticket["fields"].items():
        out.print(Text(f"  {name}: {value}"))
    if isinstance(ticket["body"], str):
        out.print(Markdown(ticket["body"], hyperlinks=False))
    else:
        out.print(Text("  (body: an Atlassian document; --json shows it as it would be sent)", style="dim"))
