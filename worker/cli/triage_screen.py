"""How what waits for a decision reads on a terminal. Foreign text is printed as plain text, never as markup."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from worker.cli.screen import ago, out, table
from worker.flow.people.decisions import Decision, Nearest, Why
from worker.mapping.markup import one_line, shorten
from worker.store.suggestions import Suggestion

SHOWN_REASONS = 2
FACT_SHOWN = 200
"""Characters of one fact; `e` and `bugferry explain` show all."""
STYLES = {Why.JOIN: "cyan", Why.SPLIT: "cyan", Why.BROKEN: "red", Why.WAITS: "yellow"}

Near = dict[int, Nearest | None]
"""By case, the other case that is most alike."""


def as_json(decision: Decision, near: Nearest | None) -> dict[str, Any]:
    """Everything about one decision, for scripts (JSON, hence Any)."""
    case = decision.case
    alike = {"case": near.case, "issue": near.short_id, "score": round(near.match.score, 4)} if near else None
    return {
        "case": case.id,
        "issues": [issue.short_id for issue in decision.issues],
        "issue_ids": [issue.id for issue in decision.issues],
        "title": decision.title,
        "whys": [why.value for why in decision.whys],
        "said": decision.said,
        "rule": case.rule,
        "ticket": case.ticket.key if case.ticket else None,
        "cause": decision.cause,
        "reasons": list(decision.reasons),
        "users": decision.users,
        "events": decision.events,
        "since": decision.since,
        "came_back": decision.back,
        "nearest": alike,
        "suggestions": [asdict(one) for one in decision.suggestions],
    }


def show_list(decisions: Sequence[Decision], near: Near, now: datetime, shown: int) -> None:
    """Two lines for each, worst first."""
    out.print(Text(headline(decisions), style="bold"))
    if decisions:
        out.print(_both_ends(Text(""), Text(f"{'users':>6} {'events':>7} {'age':>6}")), style="dim")
    for decision in decisions[:shown]:
        out.print(_first_line(decision, now), no_wrap=True)
        out.print(_second_line(decision, near.get(decision.case.id)), no_wrap=True)
    if len(decisions) > shown:
        out.print(Text(f"… and {len(decisions) - shown} more: `bugferry triage list --limit {len(decisions)}`"))


def headline(decisions: Sequence[Decision]) -> str:
    """How much waits, in one line."""
    if not decisions:
        return "Nothing waits for a decision."
    back = sum(decision.back for decision in decisions)
    noise = sum(decision.cause == "noise" for decision in decisions)
    asked = sum(bool(decision.suggestions) for decision in decisions)
    said = [f"{back} came back"] * bool(back) + [f"{noise} look like noise"] * bool(noise)
    said += [f"{asked} with a suggestion"] * bool(asked)
    count = f"{len(decisions)} {'case waits' if len(decisions) == 1 else 'cases wait'} for a decision"
    return f"{count}: {', '.join(said)}" if said else count


def show_one(decision: Decision, near: Nearest | None, place: str, now: datetime) -> None:
    """One decision with all that it rests on."""
    out.rule(style="dim")
    head = Text.assemble((place, "dim"), "  ")
    out.print(head.append_text(_first_line(decision, now, taken=len(head), words=True)), no_wrap=True)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in _facts(decision, near, now):
        grid.add_row(Text(f"  {name}"), Text(shorten(one_line(value), FACT_SHOWN)))
    out.print(grid)


def show_evidence(decision: Decision, near: Nearest | None) -> None:
    """The frames of both issues side by side, the newest first; of a mixed issue what tells its bugs apart."""
    for one in decision.suggestions:
        if one.kind == "split":
            _show_clusters(one)
        else:
            _show_frames(f"issue {one.other_id} of case {one.other_case_id}", one.score, one.reasons, _aligned(one))
    if near and not any(one.kind == "join" for one in decision.suggestions):
        _show_frames(f"{near.short_id} of case {near.case}", near.match.score, near.match.reasons, near.match.aligned)
    elif not decision.suggestions:
        out.print(Text("No other case is like it.", style="dim"))
    for reason in decision.reasons:
        out.print(Text(f"  {decision.cause}: {reason}", style="dim"))


def clusters(one: Suggestion) -> list[tuple[str, str]]:
    """How many events each bug of a mixed issue has, and what it is told by."""
    found = one.evidence.get("clusters")
    rows = found if isinstance(found, list) else []
    return [(str(row.get("events", "")), str(row.get("told_by", ""))) for row in rows]


# ---------------------------------------------------------------- parts


def _first_line(decision: Decision, now: datetime, *, taken: int = 0, words: bool = False) -> Text:
    """Short id and title on the left, who is hurt on the right."""
    issues = decision.issues
    more = f" +{len(issues) - 1}" if len(issues) > 1 else ""
    back = " came back" if decision.back else ""
    age = ago(decision.since, now).removesuffix(" ago")
    figures = f"{decision.users:>6,} {decision.events:>7,} {age:>6}"
    if words:
        figures = f"{decision.users:,} users · {decision.events:,} events · {age}"
    left = Text.assemble((f"{issues[0].short_id if issues else '?'}{more}", "bold"), (back, "bold red"), "  ")
    left.append(one_line(decision.title))
    return _both_ends(left, Text(figures, style="bold" if decision.users > 1 else ""), taken)


def _second_line(decision: Decision, near: Nearest | None) -> Text:
    """Why it waits, its cause with the best reasons; on the right the nearest case, with `?` where that is asked."""
    line = Text("  ")
    for why in decision.whys:
        if why is not Why.DECLINED:
            line.append(f"{why.value} ", style=STYLES.get(why, "dim"))
        elif decision.cause != "noise" and decision.case.rule:
            line.append(f"skipped by “{decision.case.rule}” ", style="yellow")
    line.append(one_line(f"{decision.cause}: {_reasons(decision)}" if decision.cause else decision.said or ""))
    asked = any(one.kind == "join" for one in decision.suggestions)
    alike = f"≈ {near.short_id} {near.match.score:.0%}{'?' * asked}" if near else ""
    return _both_ends(line, Text(alike, style="cyan" if asked else "dim"))


def _both_ends(left: Text, right: Text, taken: int = 0) -> Text:
    left.truncate(max(out.width - taken - len(right) - 2, 20), overflow="ellipsis", pad=True)
    return left.append("  ").append_text(right)


def _reasons(decision: Decision) -> str:
    return "; ".join(decision.reasons[:SHOWN_REASONS]) or "no reasons"


def _facts(decision: Decision, near: Nearest | None, now: datetime) -> Iterator[tuple[str, str]]:
    names = ", ".join(issue.short_id for issue in decision.issues)
    first = decision.issues[0] if decision.issues else None
    yield "case", f"{decision.case.id}: {names}" + (f"  {first.permalink}" if first and first.permalink else "")
    if first:
        seen = [first.project_slug, first.level, first.last_release, f"last seen {ago(first.last_seen, now)}"]
        yield "", " · ".join(part for part in seen if part)
    if decision.case.ticket:
        yield "ticket", f"{decision.case.ticket.key}, {decision.case.ticket.status_name}"
    elif decision.said:
        said = "collected" if Why.COLLECTED in decision.whys else "ticket"
        yield said, decision.said
    if decision.cause:
        yield "cause", f"{decision.cause}: {_reasons(decision)}"
    for one in decision.suggestions:
        if one.kind == "join":
            reasons = "; ".join(one.reasons[:SHOWN_REASONS])
            yield "same bug?", f"{one.score:.0%} like case {one.other_case_id} (suggestion {one.id}): {reasons}"
            yield "", f"not joined by itself: {one.why}"
        else:
            told = " | ".join(f"{events} events: {told_by}" for events, told_by in clusters(one))
            yield "several?", f"{one.why} (suggestion {one.id}): {told}"
    if near and not any(one.kind == "join" for one in decision.suggestions):
        yield "nearest", f"{near.short_id} of case {near.case}, {near.match.score:.0%}"


def _aligned(one: Suggestion) -> list[tuple[str, str]]:
    found = one.evidence.get("aligned")
    return [(str(pair[0]), str(pair[1])) for pair in found] if isinstance(found, list) else []


def _show_frames(named: str, score: float, reasons: Sequence[str], aligned: Sequence[tuple[str, str]]) -> None:
    out.print(Text(f"{score:.0%} like {named}: {'; '.join(reasons) or 'nothing that persuades'}"))
    made = table("this issue, newest frame first", named)
    for mine, theirs in aligned:
        made.add_row(Text(mine), Text(theirs, style="" if mine == theirs else "yellow"))
    if aligned:
        out.print(made)


def _show_clusters(one: Suggestion) -> None:
    out.print(Text(f"Several bugs in one issue? {one.why}"))
    made = table("events", "told by")
    for events, told_by in clusters(one):
        made.add_row(Text(events), Text(told_by))
    out.print(made)
