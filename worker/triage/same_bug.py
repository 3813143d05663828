"""Whether a new issue is a bug that a case already holds: a score with its reasons, and what to do about it.

The weights were set by hand between the ones that logistic regressions found on four programs (docs/triage.md).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.triage.evidence import Evidence, Prepared, Rarity, compare, contradicts, rarest, side_by_side

WEIGHTS: Mapping[str, float] = {
    "frames": 1.0,
    "words": 1.5,
    "source": 2.5,
    "line": 0.7,
    "vendor": 1.0,
    "message": 3.2,
    "names": 2.7,
    "chain": 2.8,
    "spot": 4.5,
    "entry": 1.0,
}
"""What full agreement of one kind adds, in log odds."""
EXPECTED: Mapping[str, float] = {"source": 0.6, "line": 0.2, "names": 0.3, "spot": 2.0}
"""What is taken away where a kind can be compared at all: two issues with source lines ought to share some."""
START = -8.0
"""Log odds of two issues of one project with nothing in common."""
FRAMES_AND_CHAIN = 1.2
"""Frames and type agreeing together tell more than each alone."""
CONTRADICTION = 2.5
"""What names that contradict each other take away from the rank; joining they rule out altogether."""


LONELY = 1.0
"""What is taken away when two stacks share their newest frame alone: helpers are shared by many bugs."""


JOIN = 0.80
SUGGEST = 0.20


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from 0 to 1 at which a new issue joins by itself, and at which a case is suggested.

    `margin`: how much further (log odds) the best case must be from a different second one.
    """

    join: float = JOIN
    suggest: float = SUGGEST
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """One case that may be the same bug. `reasons` are printed as they stand, the strongest first."""

    case: int
    issue: str
    score: float
    reasons: tuple[str, ...] = ()
    forbids: str | None = None
    """Why it must not join by itself however alike; None: it may."""
    aligned: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """The same bug: put it into this case."""

    match: Match


@dataclass(frozen=True, slots=True)
class Suggest:
    """Perhaps the same bug: ask a person, the likeliest case first. `why`: what kept it from joining."""

    matches: tuple[Match, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Alone:
    """A bug of its own as far as can be seen."""


Decision = Join | Suggest | Alone


@dataclass(frozen=True, slots=True)
class Known:
    """One signature that a case holds, and the issue that it came from."""

    issue: str
    prepared: Prepared


def log_odds(evidence: Evidence) -> float:
    """How likely two signatures are one bug, from everything they have in common."""
    kinds = ((kind, getattr(evidence, kind)) for kind in WEIGHTS)
    told = sum(WEIGHTS[kind] * value - EXPECTED.get(kind, 0.0) for kind, value in kinds if value is not None)
    together = FRAMES_AND_CHAIN * evidence.frames * evidence.chain
    against = CONTRADICTION * evidence.contradiction + LONELY * evidence.lonely
    return float(START + told + together - against)


def match(new: Prepared, case: int, known: Sequence[Known], rarity: Rarity) -> Match:
    """Compare a new signature with all that a case holds: the case is as near as its nearest signature."""
    compared = [(compare(new, one.prepared, rarity), one) for one in known]
    evidence, nearest = max(compared, key=lambda pair: log_odds(pair[0]))
    return Match(
        case=case,
        issue=nearest.issue,
        score=1 / (1 + math.exp(-log_odds(evidence))),
        reasons=tuple(_reasons(evidence, new, nearest.prepared, rarity)),
        forbids=_forbids(evidence, new, known),
        aligned=side_by_side(new.signature, nearest.prepared.signature),
    )


def decide(matches: Iterable[Match], thresholds: Thresholds) -> Decision:
    """Join when sure, suggest when likely; `matches` may come in any order."""
    best = sorted((m for m in matches if m.score >= thresholds.suggest), key=lambda m: (-m.score, m.case))
    if not best:
        return Alone()
    why = _why_not(best, thresholds)
    return Suggest(tuple(best[:3]), why) if why else Join(best[0])


def _why_not(best: list[Match], thresholds: Thresholds) -> str | None:
    first = best[0]
    if first.forbids:
        return first.forbids
    if first.score < thresholds.join:
        return f"likely ({first.score:.0%}) but not sure: it joins by itself from {thresholds.join:.0%} on"
    if len(best) > 1 and _odds(first) - _odds(best[1]) < thresholds.margin:
        return "two cases are equally near: a person has to choose"
    return None


def _odds(one: Match) -> float:
    score = min(max(one.score, 1e-9), 1 - 1e-9)
    return math.log(score / (1 - score))


def _forbids(evidence: Evidence, new: Prepared, known: Sequence[Known]) -> str | None:
    names = new.signature.identifiers
    others = [one.prepared.signature.identifiers for one in known if one.prepared.signature.identifiers]
    if evidence.contradiction or (any(contradicts(names, o) for o in others) and not any(names & o for o in others)):
        return "the messages name different things in the code"
    if evidence.unresolved_across:
        return "frames without source maps change their names with every release: upload the maps to be sure"
    return None


def _reasons(evidence: Evidence, new: Prepared, old: Prepared, rarity: Rarity) -> Iterable[str]:
    """In plain words, the strongest first."""
    mine, yours = new.signature, old.signature
    shared = sorted(name.partition(":")[2] for name in mine.identifiers & yours.identifiers)
    words = rarest(new, old, rarity)
    said = (
        (evidence.line or 0, f"the same source line: {_common_line(new, old)}"),
        (evidence.names or 0, f"both messages name {', '.join(shared)}"),
        (evidence.spot or 0, "the same place in the same bundle"),
        (evidence.frames, f"{len(side_by_side(mine, yours))} frames in common"),
        (evidence.source or 0, "source lines with the same rare names"),
        (evidence.words, f"frames share the words {', '.join(words)}" if words else ""),
        (evidence.vendor or 0, "the same way through libraries"),
        (evidence.chain, f"the same kind of error: {mine.chain[0] if mine.chain else 'none'}"),
        (evidence.entry, f"the same entry point: {mine.entry}"),
        (evidence.message, "messages of the same shape"),
    )
    found = [(weight, text) for weight, text in said if weight >= 0.4 and text]  # noqa: PLR2004 -- below that it persuades nobody
    yield from (text for _, text in sorted(found, key=lambda pair: -pair[0]))
    if evidence.contradiction:
        yield "but the messages name different things in the code"


def _common_line(new: Prepared, old: Prepared) -> str:
    return next((line for line in new.lines if line in old.lines), "")
