"""`case`: one bug with everything that belongs to it, and a person's word on what is the same bug."""

import getpass
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from worker.cli.lines import case_facts, history_table, member_table
from worker.cli.screen import out, print_json
from worker.errors import Transient, UserFault
from worker.flow.context import Context
from worker.flow.membership import merge_cases, split_off
from worker.settings import load_settings
from worker.store.case_rows import CaseRow
from worker.store.history import Recorded
from worker.store.store import Tx
from worker.store.work import WorkRow
from worker.wiring.flow import build
from worker.wiring.ground import clock_of, open_store, start_logging

app = typer.Typer(
    help="One bug: its issues, its ticket, its history; merge and split.", no_args_is_help=True, add_completion=False
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option("--by", help="Who decided, as history shall say. None: your login name.")]

TRIES, PAUSE_S = 40, 0.5
"""How long `merge` and `split` wait for a worker that has the case just now."""

Decided = TypeVar("Decided")

_NAMED = "case id, `issue:ID` or `ticket:TRACKER:KEY`"


@app.command()
def show(
    cases: Annotated[list[str], typer.Argument(metavar="ID...", help=f"Each a {_NAMED}.")], json: Json = False
) -> None:
    """Show cases: issues, ticket, past tickets, what is waited for, a move under way, and the whole history."""
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.read() as tx:
        rows = [_load(tx, _id_of(tx, name)) for name in cases]
        told = [(row, tx.history.of_case(row.id), tx.work.get(f"case:{row.id}")) for row in rows]
    if json:
        print_json([_as_json(*each) for each in told])
        return
    for row, history, work in told:
        _tell(row, history, work, now)


@app.command()
def merge(
    one: Annotated[str, typer.Argument(metavar="FROM", help=f"The case to be taken in: {_NAMED}.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help=f"The case that stays: {_NAMED}.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Say that two cases are one bug: the issues of the first join the second; of two tickets the older survives.

    The machine never undoes this; `bugferry case split` does.
    """
    ctx = _context()
    with ctx.store.read() as tx:
        from_id, into_id = _id_of(tx, one), _id_of(tx, into)
    if from_id == into_id:
        raise typer.BadParameter(f"{one} and {into} are one case already")
    merged = _patiently(lambda: merge_cases(ctx, from_id, into_id, _actor(by)))
    figures = {"merged": from_id, "into": into_id, "ticket": merged.survivor, "closed_as_duplicate": merged.loser}
    speaks = f"; {merged.survivor} is its ticket" if merged.survivor else ""
    quiet = f", and {merged.loser} is closed as its duplicate" if merged.loser else ""
    _tell_result(json, figures, f"Case {from_id} is part of case {into_id} now{speaks}{quiet}.")


@app.command()
def split(
    issue: Annotated[str, typer.Argument(metavar="ISSUE", help="The Sentry issue that is a bug of its own, by id.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Say that an issue is a bug of its own: it leaves its case and gets one for itself.

    The machine never undoes this; `bugferry case merge` does.
    """
    ctx, issue_id = _context(), issue.removeprefix("issue:")
    with ctx.store.read() as tx:
        before = tx.cases.of_issue(issue_id)
    if before is None:
        raise UserFault(
            f"no case has the Sentry issue {issue_id}; `bugferry case show ID` prints the ids of its issues."
        )
    after = _patiently(lambda: split_off(ctx, issue_id, _actor(by)))
    _tell_result(
        json,
        {"issue": issue_id, "left": before, "case": after},
        f"Issue {issue_id} left case {before} for case {after}.",
    )


def _context() -> Context:
    settings = load_settings()
    start_logging(settings)
    return build(settings)


def _actor(by: str | None) -> str:
    """Who decided: a name given, else that of the login."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise typer.BadParameter("your login has no name; say who decided", param_hint="--by") from None


def _patiently(decide: Callable[[], Decided]) -> Decided:
    """Carry a decision out, after whoever is just working on the case."""
    for _ in range(TRIES):
        try:
            return decide()
        except Transient:
            time.sleep(PAUSE_S)
    return decide()


def _tell_result(json: bool, figures: Mapping[str, object], sentence: str) -> None:
    if json:
        print_json(figures)
    else:
        out.print(f"{sentence} A worker brings the tickets in line within seconds.")


# ---------------------------------------------------------------- finding


def _id_of(tx: Tx, name: str) -> int:
    """The id of the case that a person means; `UserFault` when there is none."""
    kind, colon, rest = name.partition(":")
    if not colon:
        kind, rest = "case", name
    match kind:
        case "case" if rest.isdecimal():
            found: int | None = _load(tx, int(rest)).id
        case "issue":
            found = tx.cases.of_issue(rest)
        case "ticket" if ":" in rest:
            found = tx.cases.of_ticket(*rest.split(":", 1))
        case _:
            raise typer.BadParameter(f"'{name}' names no case; say its number, issue:ID or ticket:TRACKER:KEY")
    if found is None:
        raise UserFault(f"no case has {name}; the front page of `bugferry web` lists the cases.")
    return found


def _load(tx: Tx, case_id: int) -> CaseRow:
    row = tx.cases.load(case_id)
    if row is None:
        raise UserFault(f"there is no case {case_id}; the front page of `bugferry web` lists them.")
    return row


# ---------------------------------------------------------------- telling


def _as_json(row: CaseRow, history: Sequence[Recorded], work: WorkRow | None) -> dict[str, object]:
    return {**asdict(row), "work": asdict(work) if work else None, "history": [asdict(entry) for entry in history]}


def _tell(row: CaseRow, history: Sequence[Recorded], work: WorkRow | None, now: datetime) -> None:
    title = row.members[0].title if row.members else "no issue left"
    out.print(Text.assemble((f"Case {row.id}", "bold"), f": {title}"))
    for name, value in case_facts(row, work, now):
        out.print(Text.assemble((f"{name:>10}  ", "dim"), value))
    out.print("\n[bold]Issues[/]")
    out.print(member_table(row.members, now))
    out.print("\n[bold]What happened, and why[/]")
    out.print(history_table(history))
    out.print()
