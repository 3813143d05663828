"""`python -m tests.bench.heal`: on labelled data, for how many bugs there are rules that join without a wrong join.

A bug's issues are those in which most events are labelled so. Proposed is as `bugferry heal` does: exactly on the
newest event of each issue of the bug, on signatures for the rest. Then the lines are held against every raw event.
`later`: rules made of the first half of the time, held against issues that were first seen after it.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.ends.sentry_shapes import read_event
from worker.event import Event
from worker.triage.fingerprint_rules import read_rules
from worker.triage.heal import Healing, Proposal
from worker.triage.heal_lines import Member
from worker.triage.rule_match import fits, seen
from worker.triage.signature import sign

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "grouping"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One event, the issue it is in, and the bug it is of."""

    project: str
    issue: str
    bug: str
    event: Event


def load(folder: Path) -> list[Labelled]:
    bugs = {row["event_id"]: row["bug"] for row in map(json.loads, (folder / "labels.jsonl").open())}
    rows = map(json.loads, (folder / "events.jsonl").open())
    return [
        Labelled(row["project"], row["issue"], bugs[row["event"]["event_id"]], read_event(row["event"])) for row in rows
    ]


def bugs_of(rows: Iterable[Labelled]) -> dict[str, str]:
    """The bug of each issue: that of most of its events."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counted[row.issue][row.bug] += 1
    return {issue: max(sorted(counts), key=counts.__getitem__) for issue, counts in counted.items()}


def propose(rows: Sequence[Labelled]) -> dict[str, tuple[Proposal, ...]]:
    """The proposals for each bug that spans several issues of one project."""
    bug_of, newest = bugs_of(rows), {row.issue: row for row in rows}
    issues: defaultdict[str, list[str]] = defaultdict(list)
    for issue, bug in bug_of.items():
        issues[bug].append(issue)
    signed = [(row.project, row.issue, sign(row.event)) for row in rows]
    found = {}
    for bug, own in issues.items():
        if len(own) > 1:
            healing = Healing("bugferry-case-1", [Member(issue, newest[issue].event) for issue in own])
            for project, issue, signature in signed:
                if project == newest[own[0]].project:
                    healing.look_at(issue, signature, own=bug_of[issue] == bug)
            found[bug] = healing.proposals()
    return found


def taken_by(proposal: Proposal, rows: Iterable[Labelled], project: str) -> list[Labelled]:
    """The raw events that the lines take, as Sentry would have it."""
    rules, unread = read_rules("\n".join(proposal.lines))
    assert not unread
    mine = (row for row in rows if row.project == project)
    return [row for row in mine if any(fits(rule, seen(row.event)) for rule in rules)]


def figures(rows: Sequence[Labelled]) -> dict[str, object]:
    """All of it, over one data set."""
    bug_of, found = bugs_of(rows), propose(rows)
    project_of = {row.bug: row.project for row in rows}
    sizes = Counter(bug for bug in bug_of.values() if bug in found)
    best = {bug: next((one for one in ways if one.clean and not one.enhances), None) for bug, ways in found.items()}
    clean = {bug: one for bug, one in best.items() if one}
    wrong_really = {
        bug: {one.issue for one in taken_by(way, rows, project_of[bug]) if bug != one.bug} for bug, way in clean.items()
    }
    return {
        "bugs of several issues": len(found),
        "with a clean proposal": len(clean),
        "  that joins all its issues": sum(not one.left for one in clean.values()),
        "  of one line": sum(len(one.lines) == 1 for one in clean.values()),
        "issues beyond the first of each bug": sum(sizes.values()) - len(sizes),
        "  saved by clean proposals": sum(len(one.joined) - 1 for one in clean.values()),
        "clean proposals that take an event of another bug": sum(map(bool, wrong_really.values())),
        "stack-trace proposals, clean": sum(any(w.enhances and w.clean for w in ways) for ways in found.values()),
        **later(rows),
    }


def later(rows: Sequence[Labelled]) -> Mapping[str, int]:
    """Rules made of the first half, on issues that came after."""
    half, rest = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    known = {row.issue for row in half}
    bug_of, fresh = bugs_of(rows), [row for row in rest if row.issue not in known]
    project_of = {row.bug: row.project for row in rows}
    caught = wrong = proposals = could = 0
    for bug, ways in propose(half).items():
        could += len({row.issue for row in fresh if bug_of[row.issue] == bug})
        if one := next((one for one in ways if one.clean and not one.enhances), None):
            proposals += 1
            taken = taken_by(one, fresh, project_of[bug])
            caught += len({row.issue for row in taken if row.bug == bug})
            wrong += len({row.issue for row in taken if row.bug != bug})
    return {
        "later: clean proposals": proposals,
        "later: new issues of the bugs tried": could,
        "later:   that clean proposals join": caught,
        "later: issues of other bugs pulled in": wrong,
    }


def main() -> None:
    if not DATA.is_dir():
        sys.exit("There is no labelled data here: nothing was measured.")
    for name in ("real", "generated"):
        sys.stdout.write(f"{name}\n")
        for figure, value in figures(load(DATA / name)).items():
            sys.stdout.write(f"  {figure:<60}{value:>6}\n")


if __name__ == "__main__":
    main()
