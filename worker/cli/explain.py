"""`explain`: which rule takes an error, why, and the ticket as it would be sent."""

import json as json_module
import sys
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
from worker.model import TrackerKind
from worker.settings import load_settings

app = typer.Typer(add_completion=False)

MappingOption = Annotated[
    list[Path] | None, typer.Option("--mapping", help="Mapping file or folder; repeat to merge several.")
]


@app.command()
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


_GROUPS = {"any": "none of its conditions holds", "all": "not all of its conditions hold", "none": "one of them holds"}
"""Why a group did not hold."""


def _load(file: Path) -> dict[str, Any]:
    """A JSON object from a file; `UserFault` says what is wrong with it."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
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
    text = " ".join(decided["text"].split()) if decided else "always"
    because = f"{_GROUPS.get(text, text)}   {values}"
    return Text.assemble((f"{mark} {step['rule']:<28} ", style), (because[:200], style))


def _show_ticket(ticket: dict[str, Any]) -> None:
    out.print(Text(f"\n{ticket['tracker']} ({ticket['kind']}): {ticket['title']}", style="bold cyan"))
    for name, value in ticket["fields"].items():
        out.print(Text(f"  {name}: {value}"))
    if isinstance(ticket["body"], str):
        out.print(Markdown(ticket["body"], hyperlinks=False))
    else:
        out.print(Text("  (body: an Atlassian document; --json shows it as it would be sent)", style="dim"))
