"""`heal`: Sentry's own grouping rules for bugs that it splits; shown with what they would have done, then written."""

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.ends.ports import RuleKeeper
from worker.errors import UserFault
from worker.flow.context import Context
from worker.flow.grouping.heal import Change, Remedy, change_for, remedies, write
from worker.settings import load_settings
from worker.triage.heal import Proposal
from worker.wiring.flow import build
from worker.wiring.log import start_logging
from worker.wiring.rules import open_rules

app = typer.Typer(add_completion=False)

NAMED = 6
"""Issues named in a line; `--json` names them all."""


@app.command()
def heal(
    project: Annotated[str | None, typer.Option(help="Only one Sentry project, by its slug.")] = None,
    case: Annotated[int | None, typer.Option(help="Only the case with this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Cases to look at, those with most issues first.")] = 10,
    apply: Annotated[
        int | None, typer.Option(metavar="CASE", help="Show what writing the rules of this case would change.")
    ] = None,
    choice: Annotated[int, typer.Option(min=1, help="Which of its proposals, as they are counted.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="With --apply: write it to the project's settings.")] = False,
    even_so: Annotated[
        bool, typer.Option("--even-so", help="With --apply: also a rule that takes issues of other bugs.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Propose grouping rules for Sentry that would have kept a bug in one issue; with --apply, write them.

    Reads the newest event of each issue of a case. Rules count for events to come: issues that exist stay as they are.
    """
    if apply is None and (yes or even_so):
        raise typer.BadParameter("it goes with --apply CASE", param_hint="--yes" if yes else "--even-so")
    if apply is not None and case not in (None, apply):
        raise typer.BadParameter("name one case alone", param_hint="--case")
    settings = load_settings()
    start_logging(settings)
    ctx, keeper = build(settings), open_rules(settings)
    found = _look(ctx, keeper, limit, project, case if apply is None else apply)
    if apply is None:
        _list(found, json=json)
        return
    one = _the_one(found, apply, project)
    change = change_for(keeper, one, choice, even_so=even_so)
    if yes:
        write(ctx, keeper, one, change, _login())
    if json:
        print_json({"project": change.project, "written": yes and bool(change.diff), "diff": change.diff})
    else:
        _tell_change(change, written=yes)


def _look(ctx: Context, keeper: RuleKeeper, limit: int, project: str | None, case: int | None) -> tuple[Remedy, ...]:
    watched = Console(stderr=True)
    with Progress(console=watched, transient=True, disable=not watched.is_terminal) as progress:
        task = progress.add_task("Reading events")
        return remedies(
            ctx,
            keeper,
            limit,
            lambda done, of: progress.update(task, completed=done, total=of),
            project=project,
            case_id=case,
        )


def _the_one(found: Sequence[Remedy], case: int, project: str | None) -> Remedy:
    """The bug that rules shall be written for; `UserFault` where that is none, or several."""
    if not found:
        where = f" of project {project}" if project else " of one project"
        raise UserFault(f"case {case} has no two issues{where}: Sentry holds it together already.")
    if len(found) > 1:
        slugs = ", ".join(one.spread.project_slug for one in found)
        raise UserFault(f"case {case} has issues in {slugs}: rules belong to one project, name it with --project.")
    return found[0]


# ---------------------------------------------------------------- showing


def _list(found: Sequence[Remedy], *, json: bool) -> None:
    if json:
        print_json([_as_json(one) for one in found])
        return
    if not found:
        out.print("Sentry holds no bug in several issues of one project, as far as the cases tell.")
    for one in found:
        _tell(one)
    if any(one.proposals for one in found):
        out.print("Nothing was written. `bugferry heal --apply CASE` shows what would change in the settings.")


def _as_json(one: Remedy) -> dict[str, object]:
    told = asdict(one)
    told["proposals"] = [asdict(way) | {"clean": way.clean} for way in one.proposals]
    return {**asdict(one.spread), **{name: value for name, value in told.items() if name != "spread"}}


def _tell(one: Remedy) -> None:
    said = "a person says so" if one.accepted else "they joined by themselves"
    head = f"{one.spread.issues} issues of {one.spread.project_slug}, {said}"
    out.print(Text.assemble((f"Case {one.spread.case_id}", "bold"), f": {one.title}\n  ", (head, "dim")))
    for number, way in enumerate(one.proposals, 1):
        _tell_way(number, way, one.names)
    if not one.proposals:
        out.print("  No rule can tell these issues: they have no type of error, frame of ours or words in common.")
    for note in _notes(one):
        out.print(Text(f"  {note}", style="yellow"))
    out.print()


def _notes(one: Remedy) -> list[str]:
    """What a person must know beside the proposals."""
    notes = []
    if one.ruled:
        notes.append(f"A rule in the settings takes {_named(one.ruled, one.names)} already, before ours could.")
    if one.ruled is None:
        notes.append("The rules in the project's settings are closed to us (scope project:read): one may come first.")
    if one.unread:
        notes.append(f"{_named(one.unread, one.names)} have no event to go by.")
    if one.withheld:
        notes.append(f"{one.withheld} more would have carried personal data or a secret: not shown.")
    return notes


def _tell_way(number: int, way: Proposal, names: Mapping[str, str]) -> None:
    sort = "stack-trace rule" if way.enhances else "fingerprint rule"
    verdict = ("no wrong joins", "green") if way.clean else (f"{len(way.wrong)} perhaps wrongly", "red")
    out.print(Text.assemble(f"  {number}. {sort}: joins {len(way.joined)}, ", verdict, f", leaves {len(way.left)}"))
    for line in way.lines:
        out.print(Text(f"     {line}"), soft_wrap=True)
    for word, issues in (("joins", way.joined), ("leaves out", way.left), ("wrongly", way.wrong)):
        if issues:
            out.print(Text(f"     {word}: {_named(issues, names)}", style="dim"))
    if way.stirred:
        told = (
            f"changes the grouping of {len(way.stirred)} other issues, which begin anew: {_named(way.stirred, names)}"
        )
        out.print(Text(f"     {told}", style="red"))


def _named(issues: Sequence[str], names: Mapping[str, str]) -> str:
    told = ", ".join(names.get(issue, issue) for issue in issues[:NAMED])
    return f"{told} and {len(issues) - NAMED} more" if len(issues) > NAMED else told


# ---------------------------------------------------------------- writing


def _tell_change(change: Change, *, written: bool) -> None:
    if not change.diff:
        out.print(f"The rules stand in the settings of {change.project} already; nothing to write.")
        return
    out.print(Text(change.diff), soft_wrap=True)
    if written:
        out.print(f"\nWritten to the settings of {change.project}. New events go to one new issue from now on.")
    else:
        out.print("\nNothing was written. The same command with --yes writes it.")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody at the command line"
