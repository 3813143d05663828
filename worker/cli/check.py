"""`check`: what is wrong with a mapping, before it runs."""

from collections.abc import Sized
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
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
        trackers = f"{_count(book.trackers, 'tracker')} ({', '.join(book.trackers)})"
        out.print(f"[green]Fine[/]: {_count(book.rules, 'rule')} for {trackers}.")


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
