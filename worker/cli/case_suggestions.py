"""What is suggested about cases: listed, shown with its evidence, accepted, refused."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from worker.cli.deciding import By, actor, patiently
from worker.cli.screen import out, print_json, table
from worker.errors import UserFault
from worker.flow.context import Context
from worker.flow.people.answers import Answered, different, join, several
from worker.settings import load_settings
from worker.store.history import Recorded
from worker.store.suggestions import Suggestion
from worker.wiring.flow import build
from worker.wiring.ground import open_store
from worker.wiring.log import start_logging

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(metavar="N", help="The number of a suggestion.")]
Reason = Annotated[str | None, typer.Option("--why", help="Why, for history.")]


def suggestions(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the likeliest.")] = 100, json: Json = False
) -> None:
    """List what the machine would do if it were sure: cases that may be one bug, issues that may hold several."""
    with open_store(load_settings()).read() as tx:
        found = tx.casebook.suggestions(limit=limit)
    if json:
        print_json([asdict(one) for one in found])
    elif found:
        out.print(_suggested(found))
        out.print("`bugferry case accept N` and `bugferry case refuse N` answer one.", style="dim")
    else:
        out.print("Nothing is suggested.")


def accept(number: Number, why: Reason = None, by: By = None, json: Json = False) -> None:
    """Do what was suggested: two cases become one. `bugferry triage undo` takes it back.

    That an issue holds several bugs is only noted: nobody but Sentry can take it apart.
    """
    ctx, who = _context(), actor(by)
    _tell(number, patiently(lambda: _accept(ctx, number, who, why)), json=json)


def refuse(number: Number, why: Reason = None, by: By = None, json: Json = False) -> None:
    """Say that a suggestion is wrong: it is never made again. `bugferry triage undo` takes it back."""
    ctx, who = _context(), actor(by)
    _tell(number, patiently(lambda: different(ctx, number, who, why)), json=json)


def _accept(ctx: Context, number: int, who: str, why: str | None) -> Answered:
    with ctx.store.read() as tx:
        told = tx.casebook.suggestion(number)
    if told is None:
        raise UserFault(f"there is no suggestion {number}; `bugferry case suggestions` lists what waits.")
    if told.kind == "join" and told.state == "open" and told.case_id != told.other_case_id:
        return join(ctx, told.case_id, told.other_case_id, who, why)
    return several(ctx, number, who, why)


def _tell(number: int, answer: Answered, *, json: bool) -> None:
    if json:
        print_json({"suggestion": number, "case": answer.case, "answer": answer.kind, "said": answer.said})
    else:
        out.print(f"Case {answer.case}: {answer.said}.", markup=False)


def _context() -> Context:
    settings = load_settings()
    start_logging(settings)
    return build(settings)


# ---------------------------------------------------------------- beside a case


def show_evidence(history: Iterable[Recorded], found: Sequence[Suggestion]) -> None:
    """Print what joined a case by itself, with the frames side by side, and what is suggested about it."""
    for entry in history:
        aligned = entry.detail.get("aligned")
        if entry.kind == "case.joined" and isinstance(aligned, list) and aligned:
            out.print(Text(entry.why, style="bold"))
            out.print(_aligned(aligned, f"issue {entry.detail.get('issue')}"))
            out.print()
    if found:
        out.print("[bold]What may be the same bug, or several[/]")
        out.print(_suggested(found))
        out.print()


def _aligned(pairs: Iterable[Sequence[object]], other: str) -> Table:
    made = table("its frames, the newest first", other)
    for pair in pairs:
        made.add_row(*(Text(str(frame)) for frame in pair))
    return made


def _suggested(found: Iterable[Suggestion]) -> Table:
    made = table("N", "what", "case", "like", "score", "why", "not by itself because")
    for one in found:
        what, like = ("one bug?", str(one.other_case_id)) if one.kind == "join" else ("several bugs?", "")
        reasons = "; ".join(one.reasons[:2])
        made.add_row(*map(Text, (str(one.id), what, str(one.case_id), like, f"{one.score:.0%}", reasons, one.why)))
    return made
