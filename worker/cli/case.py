"""`case`: one bug with everything that belongs to it, and a person's word on what is the same bug."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.case_suggestions import accept, refuse, show_evidence, suggestions
from worker.cli.deciding import NAMED, By, actor, case_named, load_case, patiently
from worker.cli.lines import case_facts, history_table, member_table
from worker.cli.screen import out, print_json
from worker.errors import UserFault
from worker.flow.cases.known import Known, known_of
from worker.flow.cases.membership import merge_cases, split_off
from worker.flow.context import Context
from worker.settings import load_settings
from worker.store.case_rows import CaseRow
from worker.store.history import Recorded
from worker.store.work import WorkRow
from worker.wiring.flow import build
from worker.wiring.ground import clock_of, open_store
from worker.wiring.log import start_logging

app = typer.Typer(
    help="One bug: its issues, its ticket, its history; merge and split.", no_args_is_help=True, add_completion=False
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

for _command in (suggestions, accept, refuse):
    app.command()(_command)


@app.command()
def show(
    cases: Annotated[list[str], typer.Argument(metavar="ID...", help=f"Each a {NAMED}.")], json: Json = False
) -> None:
    """Show cases: issues, ticket, past tickets, what is waited for, a move under way, and the whole history."""
    store = open_store(load_settings())
    now = clock_of(store)()
    with store.read() as tx:
        rows = [load_case(tx, case_named(tx, name)) for name in cases]
        stories = [tx.history.of_case(row.id) for row in rows]
        works = [tx.work.get(f"case:{row.id}") for row in rows]
        known = [known_of(tx, row, story) for row, story in zip(rows, stories, strict=True)]
        asked = [tx.casebook.suggestions(case_id=row.id) for row in rows]
    told = list(zip(rows, stories, works, known, strict=True))
    if json:
        suggested = [{"suggestions": [asdict(one) for one in found]} for found in asked]
        print_json([_as_json(*each) | found for each, found in zip(told, suggested, strict=True)])
        return
    for each, found in zip(told, asked, strict=True):
        _tell(*each, now)
        show_evidence(each[1], found)


@app.command()
def merge(
    one: Annotated[str, typer.Argument(metavar="FROM", help=f"The case to be taken in: {NAMED}.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help=f"The case that stays: {NAMED}.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Say that two cases are one bug: the issues of the first join the second; of two tickets the older survives.

    The machine never undoes this; `bugferry case split` does.
    """
    ctx = _context()
    with ctx.store.read() as tx:
        from_id, into_id = case_named(tx, one), case_named(tx, into)
    if from_id == into_id:
        raise typer.BadParameter(f"{one} and {into} are one case already")
    merged = patiently(lambda: merge_cases(ctx, from_id, into_id, actor(by)))
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
    after = patiently(lambda: split_off(ctx, issue_id, actor(by)))
    _tell_result(
        json,
        {"issue": issue_id, "left": before, "case": after},
        f"Issue {issue_id} left case {before} for case {after}.",
    )


def _context() -> Context:
    settings = load_settings()
    start_logging(settings)
    return build(settings)


def _tell_result(json: bool, figures: Mapping[str, object], sentence: str) -> None:
    if json:
        print_json(figures)
    else:
        out.print(f"{sentence} A worker brings the tickets in line within seconds.")


# ---------------------------------------------------------------- telling


def _as_json(
    row: CaseRow, history: Sequence[Recorded], work: WorkRow | None, known: Sequence[Known]
) -> dict[str, object]:
    said = {"work": asdict(work) if work else None, "known": [asdict(one) for one in known]}
    return {**asdict(row), **said, "history": [asdict(entry) for entry in history]}


def _tell(
    row: CaseRow, history: Sequence[Recorded], work: WorkRow | None, known: Sequence[Known], now: datetime
) -> None:
    title = row.members[0].title if row.members else "no issue left"
    out.print(Text.assemble((f"Case {row.id}", "bold"), f": {title}"))
    for name, value in case_facts(row, work, now):
        out.print(Text.assemble((f"{name:>10}  ", "dim"), value))
    for one in known:
        out.print(Text.assemble((f"{one.name:>10}  ", "dim"), one.said))
    out.print("\n[bold]Issues[/]")
    out.print(member_table(row.members, now))
    out.print("\n[bold]What happened, and why[/]")
    out.print(history_table(history))
    out.print()
