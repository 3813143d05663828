"""`check --online`: what the live services say of a mapping, as people and scripts read it."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.text import Text

from worker.cli.screen import out
from worker.mapping.book import MappingBook
from worker.mapping.online import Finding, Level, read_places
from worker.settings import Settings

Findings = Sequence[Finding] | None
"""What the services say; None when they were not asked."""


def asked(settings: Settings, book: MappingBook, paths: Sequence[Path], *, quiet: bool) -> Findings:
    """Everything that the services have to say; whom we are asking is shown meanwhile, unless `quiet`."""
    places = read_places(paths)
    ask = import_module("worker.wiring.online").ask_services  # with the services' libraries: only now (adr/0005)
    if quiet:
        return tuple(ask(settings, book, places, lambda _whom: None))
    with out.status("Asking the services …") as status:
        return tuple(ask(settings, book, places, lambda whom: status.update(f"Asking {whom} …")))


def problems_of(findings: Findings) -> list[Finding]:
    """Those that make the check fail."""
    return [finding for finding in findings or () if finding.level is Level.PROBLEM]


def told(findings: Findings) -> dict[str, Any]:
    """What `--json` prints beside the rest (JSON, hence Any); nothing when nobody was asked."""
    wrong = {"ok": False} if problems_of(findings) else {}
    return {} if findings is None else {**wrong, "online": [_row(finding) for finding in findings]}


def show(findings: Findings, missing: Sequence[str]) -> None:
    """Problems first, then notes, then how it stands; `missing`: the trackers without credentials."""
    if findings is None:
        if missing:
            said = f"Note: without credentials, so that a worker would not start: {', '.join(missing)}."
            out.print(Text(said, style="yellow"))
        return
    wrong = problems_of(findings)
    for finding in wrong:
        out.print(Text(str(finding), style="red"))
    for finding in findings:
        if finding.level is Level.NOTE:
            out.print(Text(f"Note: {finding}", style="yellow"))
    if wrong:
        count = f"{len(wrong)} problem{'' if len(wrong) == 1 else 's'}"
        out.print(f"[bold red]{count}[/] with the live services; nothing was written there.")
    else:
        out.print("[green]The live services take it[/], as far as can be seen; nothing was written there.")


def _row(finding: Finding) -> dict[str, Any]:
    spot = finding.spot
    return {
        "level": finding.level.value,
        "service": finding.service,
        "file": spot.file if spot else None,
        "line": spot.line if spot else None,
        "column": spot.column if spot else None,
        "message": finding.message,
    }
