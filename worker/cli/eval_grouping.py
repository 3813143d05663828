"""How well the code that runs in production tells one bug from another, on labelled events: one pass, in time order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from worker.triage.casebook import Casebook
from worker.triage.draw import reconsider, said_before
from worker.triage.mixed import suggest_split
from worker.triage.same_bug import Join, Match, Suggest, Thresholds, decide
from worker.triage.signature import Signature

LARGEST_CASE_READ = 200
"""Newest events of an issue that are looked at for a split, as production looks at them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event as it came in, without its label."""

    id: str
    project: str
    issue: str
    signature: Signature


@dataclass(slots=True)
class Pass:
    """What one pass over the events decided; it has seen no label."""

    case_of: dict[str, int] = field(default_factory=dict)
    """Issue to case, joined by the machine alone."""
    suggested_case_of: dict[str, int] = field(default_factory=dict)
    """The same with every first suggestion taken unseen."""
    joined: dict[str, Match] = field(default_factory=dict)
    """Issues that joined an earlier case when they were first seen, and by what: the nearest may be vetoed."""
    ranked: dict[str, list[Match]] = field(default_factory=dict)
    splits: set[str] = field(default_factory=set)
    platform: dict[str, str] = field(default_factory=dict)
    project: dict[str, str] = field(default_factory=dict)


def run(events: Iterable[Seen], thresholds: Thresholds) -> Pass:
    """Take the events one by one, as they came: a new issue is compared, and so is every new look of a known one."""
    done, books, kept = Pass(), defaultdict[str, Casebook](Casebook), defaultdict[str, list[Signature]](list)
    for one in events:
        book = books[one.project]
        if one.issue not in done.case_of:
            _first_seen(one, book, thresholds, done)
            _draw_together(one, book, done.ranked[one.issue], thresholds, done)
        elif all(one.signature.look != other.look for other in kept[one.issue]) and said_before(
            one.signature, kept[one.issue]
        ):
            _draw_together(one, book, book.rank(one.signature), thresholds, done)
        book.keep(done.case_of[one.issue], one.issue, one.signature)
        kept[one.issue].append(one.signature)
    done.splits = {issue for issue, all_of in kept.items() if suggest_split(all_of[-LARGEST_CASE_READ:])}
    return done


def _draw_together(one: Seen, book: Casebook, matches: list[Match], thresholds: Thresholds, done: Pass) -> None:
    """Merge the cases that one look shows to be the same bug; the older case stays."""
    for match in reconsider(matches, done.case_of[one.issue], thresholds):
        into, case = sorted((done.case_of[one.issue], match.case))
        book.merge(case, into)
        moved = [issue for issue, held in done.case_of.items() if held == case]
        done.case_of.update(dict.fromkeys(moved, into))


def _first_seen(one: Seen, book: Casebook, thresholds: Thresholds, done: Pass) -> None:
    matches = book.rank(one.signature)
    decision = decide(matches, thresholds)
    fresh = len(done.case_of)
    done.ranked[one.issue] = matches
    done.project[one.issue] = one.project
    done.platform[one.issue] = one.signature.platform + ("" if one.signature.resolved else " unresolved")
    done.case_of[one.issue] = decision.match.case if isinstance(decision, Join) else fresh
    if isinstance(decision, Join):
        done.joined[one.issue] = decision.match
    nearest = (
        decision.match if isinstance(decision, Join) else decision.matches[0] if isinstance(decision, Suggest) else None
    )
    done.suggested_case_of[one.issue] = done.suggested_case_of[nearest.issue] if nearest else fresh


# ---------------------------------------------------------------- against the labels


def figures(done: Pass, events: Iterable[Seen], bugs: Mapping[str, str]) -> dict[str, object]:
    """Every figure of issue level (an issue is of the bug of its first event) and of event level.

    `bugs`: event id to bug; an event without a label counts nowhere.
    """
    labelled = [(one, bugs[one.id]) for one in events if one.id in bugs]
    first: dict[str, str] = {}
    for one, bug in labelled:
        first.setdefault(one.issue, f"{one.project}/{bug}")
    counted = list(first)
    return {
        **_pairs(done, first, counted),
        **_ranks(done, first, counted),
        "event_f1": _event_f1(labelled, done.case_of),
        "event_f1_with_suggestions": _event_f1(labelled, done.suggested_case_of),
        "ceiling_event_f1": _event_f1(labelled, _best_cases(labelled)),
        **_mixed(done, labelled),
        "by_platform": _by_platform(done, first),
        "events": len(labelled),
        "issues": len(counted),
    }


def _by_platform(done: Pass, first: Mapping[str, str]) -> dict[str, object]:
    """Pairs and ranks of the issues of each platform; JavaScript with and without source maps apart."""
    platforms = sorted({done.platform[issue] for issue in first})
    mine = {one: [issue for issue in first if done.platform[issue] == one] for one in platforms}
    return {one: {**_pairs(done, first, issues), **_ranks(done, first, issues)} for one, issues in mine.items()}


def _pairs(done: Pass, first: Mapping[str, str], issues: list[str]) -> dict[str, float]:
    """Pairs of issues of one project: in one case, and of one bug."""
    rows = [(done.case_of[a] == done.case_of[b], first[a] == first[b]) for a, b in combinations(issues, 2)]
    return _prf(sum(s and t for s, t in rows), sum(s for s, _ in rows), sum(t for _, t in rows))


def _prf(right: int, said: int, there: int) -> dict[str, float]:
    precision, recall = right / said if said else 1.0, right / there if there else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def _ranks(done: Pass, first: Mapping[str, str], issues: list[str]) -> dict[str, float]:
    """Where the first right case stands, of the issues whose bug was seen before; and joins counted one by one.

    A case stands for the issue of it that is nearest: a case that holds the right issue beside others is no hit.
    """
    order = list(first)
    before: set[str] = set()
    seen_before: set[str] = set()
    for issue in order:
        if first[issue] in before:
            seen_before.add(issue)
        before.add(first[issue])
    asked = [issue for issue in issues if issue in seen_before]
    ranks = [next((n for n, m in enumerate(done.ranked[i], 1) if first.get(m.issue) == first[i]), 0) for i in asked]
    joins = [first.get(done.joined[i].issue) == first[i] for i in issues if i in done.joined]
    return {
        "rr1": _share(rank == 1 for rank in ranks),
        "mrr": round(sum(1 / rank for rank in ranks if rank) / len(ranks), 4) if ranks else 1.0,
        "join_precision": _share(joins),
        "join_recall": round(sum(joins) / len(asked), 4) if asked else 1.0,
    }


def _share(hits: Iterable[bool]) -> float:
    told = list(hits)
    return round(sum(told) / len(told), 4) if told else 1.0


def _event_f1(labelled: list[tuple[Seen, str]], case_of: Mapping[str, int]) -> float:
    """F1 over pairs of events of one project, from the counts of each case and bug."""
    cells = Counter((one.project, case_of[one.issue], bug) for one, bug in labelled)
    cases, bugs = Counter[tuple[str, int]](), Counter[tuple[str, str]]()
    for (project, case, bug), count in cells.items():
        cases[project, case] += count
        bugs[project, bug] += count
    right, said, there = (sum(n * (n - 1) // 2 for n in counts.values()) for counts in (cells, cases, bugs))
    return _prf(right, said, there)["f1"]


def _best_cases(labelled: list[tuple[Seen, str]]) -> dict[str, int]:
    """The best that merging whole issues can do: each issue with its commonest bug."""
    held = defaultdict[str, Counter[str]](Counter)
    for one, bug in labelled:
        held[one.issue][f"{one.project}/{bug}"] += 1
    number: dict[str, int] = {}
    return {issue: number.setdefault(count.most_common(1)[0][0], len(number)) for issue, count in held.items()}


def _mixed(done: Pass, labelled: list[tuple[Seen, str]]) -> dict[str, float]:
    """An issue is mixed when two bugs or more have two events or more in it; a hit with fewer is no mistake."""
    held = defaultdict[str, Counter[str]](Counter)
    for one, bug in labelled:
        held[one.issue][bug] += 1
    there = {issue for issue, count in held.items() if _is_mixed(count.values())}
    said = done.splits & held.keys()
    wrong = sum(len(held[issue]) == 1 for issue in said)
    return {
        "mixed_precision": round(1 - wrong / len(said), 4) if said else 1.0,
        "mixed_recall": round(len(said & there) / len(there), 4) if there else 1.0,
    }


def _is_mixed(counts: Iterable[int]) -> bool:
    return len([count for count in counts if count > 1]) > 1


def explain(done: Pass) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
    """Issue, the earlier issue that it joined, score and reasons, of everything that joined."""
    for issue, match in done.joined.items():
        yield issue, match.issue, match.sure, match.reasons
