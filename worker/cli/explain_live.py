"""`explain` of what is live: an issue, a ticket or a case, as both sides show it now, and what would be done."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from worker.cli.explain_screen import show_decision
from worker.cli.lines import case_facts, member_table
from worker.cli.screen import ago, out, print_json, table
from worker.errors import BugferryError, Gone, Moved, UserFault
from worker.flow.ahead.preview import Preview, preview_case, preview_issue, reasons
from worker.flow.ahead.steps import Step
from worker.flow.cases.known import Known, known_of
from worker.flow.context import Context
from worker.flow.people.named import Named, NamedCase, NamedIssue, NamedTicket, case_of, named
from worker.mapping.load import load_mapping
from worker.model import Issue, TrackerKind
from worker.settings import load_settings
from worker.store.case_rows import CaseRow
from worker.store.work import WorkRow
from worker.wiring.flow import build
from worker.wiring.log import start_logging

NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(("rule", "why", "skipped", "ticket", "introduced")),
    "steps": [],
    "follows": [],
}
"""What is said of rules where there is no issue to ask them about."""


@dataclass(frozen=True, slots=True)
class _Told:
    """Everything there is to say. `preview` None: nothing could be planned, and `problem` says why."""

    what: Named
    row: CaseRow | None
    work: WorkRow | None
    preview: Preview | None
    decision: dict[str, Any] | None
    problem: str | None
    known: Sequence[Known] = ()


def explain_now(name: str, kind: TrackerKind | None, mapping: Sequence[Path] | None, *, json: bool) -> int:
    """Say what is so now, by the running mapping or another one; the exit code."""
    settings = load_settings()
    start_logging(settings)
    ctx = build(settings)
    if mapping:
        book = load_mapping(mapping)
        ctx = replace(ctx, book=lambda: book)
    return explain_live(ctx, name, kind, json=json)


def explain_live(ctx: Context, name: str, kind: TrackerKind | None, *, json: bool) -> int:
    """Print everything about what a person names; the exit code. Nothing is written anywhere."""
    told = _with_known(ctx, _find_out(ctx, named(ctx, name), kind))
    if json:
        print_json(_as_json(told))
    else:
        _tell(ctx, told)
    return 1 if told.problem else 0


def _find_out(ctx: Context, what: Named, kind: TrackerKind | None) -> _Told:
    case_id = case_of(ctx, what)
    if case_id is None and not isinstance(what, NamedIssue):
        key = what.key if isinstance(what, NamedTicket) else what.said
        why = f"no case has {key}: it is no ticket of ours, so nothing is ever done about it"
        return _Told(what, None, None, None, None, why)
    row, work = _known(ctx, case_id)
    try:
        preview = _preview(ctx, what, case_id)
        decision = reasons(ctx, preview.case, kind) if preview else None
    except UserFault:
        raise
    except BugferryError as error:
        return _Told(what, row, work, None, None, str(error))
    return _Told(what, row, (preview and preview.work) or work, preview, decision, None)


def _with_known(ctx: Context, told: _Told) -> _Told:
    if told.row is None:
        return told
    with ctx.store.read() as tx:
        return replace(told, known=known_of(tx, told.row, tx.history.of_case(told.row.id)))


def _known(ctx: Context, case_id: int | None) -> tuple[CaseRow | None, WorkRow | None]:
    if case_id is None:
        return None, None
    with ctx.store.read() as tx:
        return tx.cases.load(case_id), tx.work.get(f"case:{case_id}")


def _preview(ctx: Context, what: Named, case_id: int | None) -> Preview | None:
    if case_id is not None:
        return preview_case(ctx, case_id)
    if not isinstance(what, NamedIssue):
        return None
    try:
        return preview_issue(ctx, what.id)
    except Gone as gone:
        raise UserFault(f"{gone} Nothing is left to explain.") from gone
    except Moved as moved:
        raise UserFault(f"{moved} Explain issue:{moved.to} instead.") from moved


# ---------------------------------------------------------------- as JSON


def _as_json(told: _Told) -> dict[str, Any]:
    preview = told.preview
    return {
        **(told.decision or NOTHING),
        "what": told.what.said,
        "case": asdict(told.row) if told.row else None,
        "work": asdict(told.work) if told.work else None,
        "left_alone": preview.left_alone if preview else False,
        "plan": [asdict(step) for step in preview.steps] if preview else None,
        "known": [asdict(one) for one in told.known],
        "problem": told.problem,
    }


# ---------------------------------------------------------------- on the terminal


def _tell(ctx: Context, told: _Told) -> None:
    now = ctx.now()
    if told.row:
        _tell_row(told, told.row, now)
    if told.preview:
        for member in told.preview.case.members:
            seen = ago(member.issue.last_seen, now)
            out.print(Text.assemble((f"\n{member.issue.short_id} ", "bold"), _looks(member.issue), f", last {seen}"))
    if told.decision:
        out.print("\n[bold]What the rules say[/]")
        if told.row and told.row.ticket:
            out.print(f"It has its ticket, so it stays with {told.row.ticket.tracker} whatever they say.", style="dim")
        show_decision(told.decision)
    if told.preview:
        _tell_steps(told.preview.steps)
        if told.preview.left_alone:
            out.print("No worker looks at it by itself: it was there before Bugferry and has not come back since.")
            out.print("`bugferry backfill` brings such issues in.")
    if told.problem:
        out.print(Text(f"\nCould not be planned: {told.problem}", style="yellow"))


def _tell_row(told: _Told, row: CaseRow, now: datetime) -> None:
    asked = "" if isinstance(told.what, NamedCase) else f", which has {told.what.said}"
    out.print(Text.assemble((f"Case {row.id}", "bold"), asked))
    facts = case_facts(row, told.work, now)
    for name, value in (*facts, *((one.name, one.said) for one in told.known)):
        out.print(Text.assemble((f"{name:>10}  ", "dim"), value))
    out.print(member_table(row.members, now))


def _looks(issue: Issue) -> str:
    state = f"{issue.status} ({issue.substatus})" if issue.substatus else str(issue.status)
    return f"{issue.title}: {state} in Sentry, {issue.count} events, {issue.user_count} users"


def _tell_steps(steps: Sequence[Step]) -> None:
    out.print("\n[bold]What would be done now[/]")
    if not steps:
        out.print("Nothing: both sides are as they should be.")
        return
    made = table("where", "what")
    for step in steps:
        made.add_row(Text(step.where), Text(step.what))
    out.print(made)
