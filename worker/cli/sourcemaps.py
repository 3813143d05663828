"""`sourcemaps`: whether Sentry will find the map of every bundle of a build; and where it did not."""

import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.errors import UserFault
from worker.mapping.sourcemap_text import line_of, title_of
from worker.settings import load_settings
from worker.triage.bundle_findings import Finding, Level
from worker.triage.bundle_folder import Folder, bundles_in, prefix_of
from worker.triage.bundles import Checked, check
from worker.triage.sourcemaps import Diagnosis, State, diagnosis_of
from worker.wiring.ground import open_store

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Source maps: check a build folder before it ships; list releases whose code Sentry cannot show.",
)

SHOWN = 5
"""Files named under one problem; `--json` names them all."""
LISTED = 500
"""Releases that are listed at most."""
_RELEASE = re.compile(r"(?!\.{1,2}$)(?=.*\S)[^\n\r\t/\\]{1,200}")
"""What Sentry takes for a release (docs.sentry.io/cli/releases)."""
_SKIPPED = frozenset({"node_modules"})


@app.callback()
def sourcemaps() -> None:
    """Source maps: check a build folder before it ships; list releases whose code Sentry cannot show."""


@app.command("list")
def list_releases(
    over: Annotated[bool, typer.Option("--all", help="Those as well that read well again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the releases whose code Sentry cannot show, with why and what to do; the latest changed first.

    It tells what events showed; nothing is asked of Sentry.
    """
    store = open_store(load_settings())
    states = ("open", "gone") if over else ("open",)
    with store.read() as tx:
        ledgers = tx.ledgers.listing(states, LISTED)
    told = [diagnosis for ledger in ledgers if (diagnosis := diagnosis_of(ledger))]
    if as_json:
        print_json([asdict(one) for one in told])
        return
    for one in told:
        _tell(one)
    if not told:
        out.print("Sentry can show the code of every release that events were seen of.")


@app.command("check")
def check_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that the build wrote.")],
    release: Annotated[str, typer.Option("--release", help="The release under which the maps will be uploaded.")],
    url_prefix: Annotated[
        str, typer.Option("--url-prefix", help="Where the folder is served, as given to the upload: `~/static`.")
    ] = "~/",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of what was found.")] = False,
) -> None:
    """Check that every bundle has its map, that both belong together, and that Sentry will find them.

    Reads .js, .mjs and .cjs files, not those of node_modules or of hidden folders; style sheets need no map in Sentry.
    """
    prefix = prefix_of(url_prefix)
    if prefix is None:
        raise typer.BadParameter("begin it with ~/ or https://, such as ~/static", param_hint="--url-prefix")
    if not _RELEASE.fullmatch(release):
        why = "Sentry takes up to 200 characters without line breaks, tabs, / and \\, and not . or .. alone"
        raise typer.BadParameter(why, param_hint="--release")
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder: build first, then name the output", param_hint="DIR")
    checked = _checked(folder, release, prefix)
    if as_json:
        print_json([_row(one) for one in checked.findings])
    else:
        _show(checked, release)
    if any(one.level is Level.ERROR for one in checked.findings):
        raise typer.Exit(1)


def _checked(root: Path, release: str, prefix: str) -> Checked:
    """Read the folder, with progress where somebody watches."""
    files = _files(root)
    watched = Console(stderr=True)
    with Progress(console=watched, transient=True, disable=not watched.is_terminal) as progress:
        task = progress.add_task("Reading bundles", total=len(bundles_in(files)))
        return check(
            Folder(files, lambda path: _read(root / path), release, prefix), lambda _path: progress.advance(task)
        )


def _files(root: Path) -> dict[str, float]:
    """Every file below, by its path with slashes, and when it was written (seconds); links to folders are not taken."""
    found = {}
    for inside, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in names:
            path = Path(inside, name)
            if path.is_file():
                found[path.relative_to(root).as_posix()] = path.stat().st_mtime
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserFault(f"{path} cannot be read: {error.strerror}. Make it readable, then check again.") from error


def _row(finding: Finding) -> dict[str, Any]:
    return {name: str(getattr(finding, name)) for name in ("file", "level", "kind", "what", "do")}


# ---------------------------------------------------------------- for people


def _tell(one: Diagnosis) -> None:
    state = "over" if one.state is State.GONE else "open"
    out.print(Text.assemble((title_of(one), "bold"), f" ({state}, {one.cause})"))
    out.print(Text(f"  {line_of(one)}"))
    for step in () if one.state is State.GONE else one.said.do:
        out.print(Text(f"  → {step}"))
    out.print()


def _show(checked: Checked, release: str) -> None:
    """One paragraph for each kind of problem, errors first, then how it stands as a whole."""
    for _, same in groupby(sorted(checked.findings, key=_alike), _alike):
        _paragraph(list(same))
    errors = sum(one.level is Level.ERROR for one in checked.findings)
    counts = [_count(errors, "error"), _count(len(checked.findings) - errors, "warning")]
    said = ", ".join(count for count in counts if not count.startswith("0 "))
    style = "red" if errors else "yellow" if checked.findings else "green"
    total = f"{_count(len(checked.bundles), 'bundle')}, {checked.fine} fine{f' ({said})' if said else ''}."
    out.print(Text(total, style=f"bold {style}"))
    if checked.by_id:
        out.print(Text(f"Sentry finds {_count(checked.by_id, 'bundle')} by debug id."))
    if checked.by_path:
        first = checked.by_path[0]
        named = first if len(checked.by_path) == 1 else f"{first} and {len(checked.by_path) - 1} more"
        out.print(Text(f"Sentry looks by path in release {release}: {named}."))


def _alike(finding: Finding) -> tuple[str, str, str]:
    return finding.level, finding.kind, finding.do


def _paragraph(same: Sequence[Finding]) -> None:
    """The files, each with what is wrong, then once what to do."""
    level = same[0].level
    shown = Table.grid(padding=(0, 2))
    for one in same[:SHOWN]:
        style = "bold red" if level is Level.ERROR else "bold yellow"
        shown.add_row(Text(level, style=style), Text.assemble((one.file, "bold"), f" {one.what}"))
    if len(same) > SHOWN:
        shown.add_row("", Text(f"… and {len(same) - SHOWN} more like it", style="dim"))
    shown.add_row("", Text(f"→ {same[0].do}"))
    out.print(shown)
    out.print()


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
