"""`check`: what is wrong with a mapping, before it runs, and whether its own examples come out as expected."""

import sys
from collections.abc import Mapping, Sequence, Sized
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli import check_online
from worker.cli.saved import load_saved
from worker.cli.screen import out, print_json
from worker.ends.sentry_files import read_saved
from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.mapping.examples import Example, Result, run, unreached
from worker.mapping.load import load_with_examples
from worker.mapping.problem import MappingRefused, Problem
from worker.mapping.reference import reference
from worker.mapping.schema_json import json_schema
from worker.settings import Settings, has_access, load_settings

app = typer.Typer(add_completion=False)


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Mapping files or folders, merged in order. None: the configured ones.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of mapping files, for editors, and check nothing.")
    ] = False,
    reference_page: Annotated[
        bool, typer.Option("--reference", help="Print every key of mapping files as a page, and check nothing.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the live services whether it fits them. Writes nothing there.")
    ] = False,
) -> None:
    """Check a mapping before it runs: keys, conditions, templates, status maps, rules nobody can reach.

    Runs its `examples` and names the rules that none of them reaches. Exit code 1 with file, line and column of every
    problem, and the nearest right word.
    """
    if schema:
        print_json(json_schema())
        return
    if reference_page:
        sys.stdout.write(reference())
        return
    settings = load_settings()
    paths = paths or settings.mapping_paths
    try:
        book, examples = load_with_examples(paths)
    except MappingRefused as refused:
        _refuse(refused.problems, json=json)
        raise typer.Exit(1) from None
    results = [_tried(book, example) for example in examples]
    problems = [problem for result in results for problem in result.problems]
    named = book.trackers.values() if settings.configured else ()
    missing = [spec.name for spec in named if not has_access(settings, spec.name, spec.kind, spec.edition)]
    unset = _unset(settings, book)
    findings = check_online.asked(settings, book, paths, quiet=json) if online else None
    if json:
        lacking = {"without_credentials": missing, "channels_without_settings": list(unset)}
        print_json({**_told(book, results), **lacking} | check_online.told(findings))
    else:
        _show(book, results)
        for why in unset.values():
            out.print(Text(f"Note: a worker would not start: {why}", style="yellow"))
        check_online.show(findings, missing)
    if problems or check_online.problems_of(findings):
        raise typer.Exit(1)


def _tried(book: MappingBook, example: Example) -> Result:
    """Read the error of an example and run it; what cannot be read has failed."""
    try:
        data = example.inline if example.path is None else load_saved(example.path)
    except UserFault as fault:
        return Result(None, (example.problem(str(fault), example.entry.key),))
    return run(book, example, *read_saved(data))


def _unset(settings: Settings, book: MappingBook) -> Mapping[str, str]:
    """By channel why a start would refuse it; none where nothing is set up yet."""
    if not book.channels or not settings.configured:
        return {}
    # With the libraries of mail and chat: only now (adr/0005).
    found: Mapping[str, str] = import_module("worker.wiring.channels").without_settings(settings, book)
    return found


def _refuse(problems: Sequence[Problem], *, json: bool) -> None:
    if json:
        print_json({"ok": False, "problems": _rows(problems)})
        return
    _list(problems)
    out.print(f"[bold red]{_count(problems, 'problem')}[/]; the mapping would be refused.")


def _told(book: MappingBook, results: Sequence[Result]) -> dict[str, Any]:
    """What `--json` prints of a mapping that loads (JSON, hence Any)."""
    failed = [result for result in results if result.problems]
    return {
        "ok": not failed,
        "problems": _rows([problem for result in failed for problem in result.problems]),
        "rules": len(book.rules),
        "trackers": sorted(book.trackers),
        "examples": {"run": len(results), "failed": len(failed)},
        "unreached": list(unreached(book, results)),
    }


def _show(book: MappingBook, results: Sequence[Result]) -> None:
    failed = [result for result in results if result.problems]
    _list([problem for result in failed for problem in result.problems])
    if failed:
        of_all = f"{len(failed)} of {_count(results, 'example')}"
        out.print(f"[bold red]{of_all} failed[/]; a worker would take the mapping all the same.")
        return
    trackers = f"{_count(book.trackers, 'tracker')} ({', '.join(book.trackers)})"
    out.print(f"[green]Fine[/]: {_count(book.rules, 'rule')} for {trackers}.")
    if results:
        out.print(f"{_count(results, 'example')} {'passes' if len(results) == 1 else 'pass'}.")
        missing = unreached(book, results)
        if missing:
            out.print(Text(f"No example reaches: {', '.join(missing)}.", style="yellow"))


def _list(problems: Sequence[Problem]) -> None:
    for problem in problems:
        out.print(Text(str(problem)))


def _rows(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint} for p in problems
    ]


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
