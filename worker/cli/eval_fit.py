"""People's answers as `worker.triage.fit` takes them: from the database, or from labelled events."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from worker.cli.eval_grouping import Seen, run
from worker.store.feedback import Said
from worker.store.store import Store, Tx
from worker.triage.fit import Asked, Counts, Fitted
from worker.triage.same_bug import Thresholds

PAGE = 1000


def from_feedback(store: Store) -> tuple[list[Asked], list[str]]:
    """What people said of two issues or cases, compared as when the first of them came; and their project groups."""
    with store.read() as tx:
        said = [one for one in _every(tx) if one.other_id and one.kind in {"merge", "split", "unsaid"}]
        latest = {frozenset((one.issue_id, one.other_id)): one.kind for one in said}
        asked, groups = list[Asked](), set[str]()
        for (issue_id, kind, _, _), rows in groupby(said, key=lambda one: (one.issue_id, one.kind, one.who, one.at)):
            others = [
                one.other_id for one in rows if one.other_id and latest[frozenset((issue_id, one.other_id))] == kind
            ]
            row = tx.cases.load(tx.cases.of_issue(issue_id) or 0)
            if kind == "unsaid" or not others or row is None:
                continue
            match = tx.casebook.compared(row.project_group, issue_id, others)
            if match is not None:
                groups.add(row.project_group)
                asked.append(Asked(issue_id, match.issue, match.score, match.certain, kind == "merge"))
    return asked, sorted(groups)


def _every(tx: Tx) -> Iterator[Said]:
    page: Sequence[Said] = tx.feedback.every(0, PAGE)
    while page:
        yield from page
        page = tx.feedback.every(page[-1].id, PAGE)


def from_labels(events: Sequence[Seen], bugs: Mapping[str, str], now: Thresholds) -> tuple[list[Asked], list[str]]:
    """The nearest case of each issue when it came first, as one pass of production ranks them; and the projects."""
    done = run(events, now)
    first: dict[str, str] = {}
    for one in events:
        if one.id in bugs:
            first.setdefault(one.issue, bugs[one.id])
    asked = [
        Asked(issue, near.issue, near.score, near.certain, first[issue] == first[near.issue])
        for issue, ranked in done.ranked.items()
        for near in ranked[:1]
        if issue in first and near.issue in first
    ]
    return asked, sorted({one.project for one in events})


def as_json(fitted: Fitted, answers: Sequence[Asked], groups: Sequence[str]) -> dict[str, object]:
    """Everything for scripts."""
    return {
        "answers": len(answers),
        "same": sum(one.same for one in answers),
        "enough": fitted.enough,
        "now": _thresholds(fitted.now, fitted.counts_now),
        "then": _thresholds(fitted.then, fitted.counts_then),
        "otherwise": [
            {"issue": one.issue, "other": one.other, "same": one.same, "now": before, "then": after}
            for one, before, after in fitted.otherwise
        ],
        "mapping": mapping_lines(fitted, groups) if fitted.enough else None,
    }


def mapping_lines(fitted: Fitted, groups: Sequence[str]) -> str:
    """What to paste into the mapping; nothing is written by itself."""
    numbers = f"{{join: {fitted.then.join:g}, suggest: {fitted.then.suggest:g}}}"
    lines = ["groups:"]
    for group in groups:
        name = group.removeprefix("group:")
        projects = f"[{name}]" if name == group else "[…] # as they stand there"
        lines += [f"  {name}:", f"    projects: {projects}", f"    thresholds: {numbers}"]
    return "\n".join(lines)


def _thresholds(one: Thresholds, counts: Counts) -> dict[str, object]:
    return {
        "join": one.join,
        "suggest": one.suggest,
        "joins": counts.joins,
        "wrong_joins": counts.wrong_joins,
        "suggestions": counts.suggestions,
        "wrong_suggestions": counts.wrong_suggestions,
        "missed": counts.missed,
    }
