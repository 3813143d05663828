"""Whether a new issue is a bug that a case already holds: a score with its reasons, and what to do about it.

The weights were set by hand between the ones that logistic regressions found on four programs (docs/triage.md).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from worker.triage.evidence import Evidence, agreement, objected, side_by_side
from worker.triage.reasons import reasons
from worker.triage.signature import Signature
from worker.triage.vetoes import at_once, contradicts, elsewhere, lines_differ, name_apart, raised_apart
from worker.triage.weighing import Prepared, Rarity, Weighed, weigh
from worker.triage.wording import MEANINGS

WEIGHTS: Mapping[str, float] = {
    "frames": 1.0,
    "words": 1.5,
    "source": 2.5,
    "line": 0.7,
    "sites": 3.0,
    "vendor": 1.0,
    "message": 3.2,
    "names": 2.7,
    "chain": 2.8,
    "spot": 5.5,
    "twin": 2.8,
    "entry": 1.0,
    "renamed": 1.2,
}
"""What full agreement of one kind adds, in log odds."""
EXPECTED: Mapping[str, float] = {"source": 0.6, "line": 0.2, "names": 0.3, "spot": 2.5, "sites": 1.0}
"""What is taken away where a kind can be compared at all: two issues with source lines ought to share some."""
START = -7.5
"""Log odds of two issues of one project with nothing in common."""
FRAMES_AND_CHAIN = 1.2
"""Frames and type agreeing together tell more than each alone."""
CONTRADICTION = 2.5
"""What names that contradict each other take away from the rank; joining they rule out altogether."""
LONELY = 1.6
"""What is taken away when two stacks share their newest frame alone: helpers are shared by many bugs."""
VETOES: Mapping[str, float] = {"reworded": 3.0, "elsewhere": 2.5, "beside": 2.5, "guarded": 2.5}
"""What else rules out joining takes this from the rank: on twelve programs the right issue came first .92 of the time
so, and .89 without."""
OTHER_LINES: Mapping[bool | None, float] = {True: -0.3, False: 0.4, None: 0.0}
"""What other source lines add, within one release and across two of one package: there the code was changed, so that
they say little, and an issue that a release brings is more often an old bug on a new way than a second one beside it.
Two services have other lines at any time, so that those of two packages add nothing."""

JOIN = 0.65
SURE = 0.80
"""From here on a doubtful look joins; two cases that hold issues already are drawn together by themselves, since there
a wrong one costs more; and a person is asked about what a veto alone kept out."""
SUGGEST = 0.20


CONTRADICTED = "the messages name different things in the code"
SEVERAL = "the nearest issue looks like several bugs in one: split it first"
ACROSS = "frames without source maps change their names with every release: upload the maps to be sure"
APART = "different statements of one bundle went wrong"
GUARDED = "both were stopped by a guard that many call, called by others"
ELSEWHERE = "two places of one release"
BESIDE = "two places that one of the releases had both"
REWORDED = "one place raised both, in different words and for different callers"
COMMON = "everything they share is common in this project"


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
    sure: float = 0.0
    """The score of the nearest look that may join by itself; 0: none that is more likely than not may."""
    doubtful: bool = False
    """Whether little is known of how the nearest look that may join came about: then it takes SURE."""
    against: float = 0.0
    """What vetoes took from the score, in log odds."""
    forbids: str | None = None
    """Why the nearest look must not join by itself however alike; None: it may."""
    aligned: tuple[tuple[str, str], ...] = ()
    looks: tuple[Prepared, ...] = field(default=(), compare=False, repr=False)
    """The looks of the case that were compared."""

    @property
    def certain(self) -> float:
        """The score that joins: `sure`, but nothing below SURE where it is doubtful."""
        return 0.0 if self.doubtful and self.sure < SURE else self.sure

    def joins(self, join: float) -> bool:
        """Whether it joins by itself where `join` is the limit."""
        return bool(self.certain) and self.certain >= join


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
    """One signature that a case holds, and the issue that it came from. `number` grows with the looks of an issue."""

    issue: str
    prepared: Prepared
    number: int = 0


def log_odds(evidence: Evidence) -> float:
    """How likely two signatures are one bug, from everything they have in common."""
    kinds = ((kind, getattr(evidence, kind)) for kind in WEIGHTS)
    told = sum(WEIGHTS[kind] * value - EXPECTED.get(kind, 0.0) for kind, value in kinds if value is not None)
    together = FRAMES_AND_CHAIN * evidence.frames * evidence.chain
    against = CONTRADICTION * evidence.contradiction + LONELY * evidence.lonely
    lines = OTHER_LINES[evidence.one_release] if evidence.line == 0 else 0.0
    return float(START + told + together + lines - against - _vetoes(evidence))


def _vetoes(evidence: Evidence) -> float:
    return sum(weight for kind, weight in VETOES.items() if getattr(evidence, kind))


def rank(new: Prepared, cases: Mapping[int, Sequence[Known]], rarity: Rarity, least: float = 0.0) -> list[Match]:
    """The cases most like a new signature, the likeliest first; looks below `least` before any veto are left out.

    A case is as near as its nearest signature; one without a readable look is left out. Shown is the nearest look that
    may join by itself where that is sure enough, else the nearest of all.
    """
    weighed = weigh(new, rarity)
    matches = (_match(weighed, case, known, rarity, least) for case, known in cases.items() if known)
    return sorted(filter(None, matches), key=lambda one: (-one.score, one.case))


def _match(weighed: Weighed, case: int, known: Sequence[Known], rarity: Rarity, least: float) -> Match | None:
    new = weighed.prepared
    compared = sorted(_compared(weighed, known, rarity, least), key=lambda row: -row[0])
    if not compared:
        return None
    against = _case_forbids(new, known) or _vetoed(new, known)
    likely = () if against else (row for row in compared if row[0] >= 0)
    surest = next((row for row in likely if not _forbids(new, row[1], row[2], known)), None)
    sure = _share(surest[0]) if surest else 0.0
    _, evidence, shown = surest if surest and sure >= JOIN else compared[0]
    return Match(
        case=case,
        issue=shown.issue,
        score=_share(compared[0][0]),
        doubtful=surest is not None and _doubtful(surest[1]),
        against=_vetoes(compared[0][1]),
        reasons=tuple(reasons(evidence, new, shown.prepared, rarity)),
        sure=sure,
        forbids=against or _forbids(new, evidence, shown, known),
        aligned=side_by_side(new.signature, shown.prepared.signature),
        looks=tuple(one.prepared for one in known),
    )


def _compared(
    weighed: Weighed, known: Iterable[Known], rarity: Rarity, least: float
) -> Iterator[tuple[float, Evidence, Known]]:
    """Each look with its log odds, but for those that are too far away before any veto was asked."""
    for one in known:
        told = agreement(weighed, weigh(one.prepared, rarity), rarity)
        if _share(log_odds(told)) >= least:
            told = objected(told, weighed.prepared, one.prepared, rarity)
            yield log_odds(told), told, one


def _doubtful(evidence: Evidence) -> bool:
    """Whether a helper may be all that two share, no release is there to tell two places apart, or a map is missing."""
    hint = evidence.twin is not None and evidence.twin < 1
    return bool(evidence.lonely) or evidence.one_release is None or hint


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def decide(matches: Iterable[Match], thresholds: Thresholds) -> Decision:
    """Join when sure, suggest when likely; `matches` may come in any order."""
    best = sorted((m for m in matches if _worth_asking(m, thresholds)), key=lambda m: (-m.score, m.case))
    if not best:
        return Alone()
    sure = surest(best, thresholds)
    if not sure:
        return Suggest(tuple(best[:3]), _why_not(best[0], thresholds))
    if len(sure) > 1 and _odds(sure[0].sure) - _odds(sure[1].sure) < thresholds.margin:
        return Suggest(tuple(sure[:3]), "two cases are equally near: a person has to choose")
    return Join(sure[0])


def _worth_asking(match: Match, thresholds: Thresholds) -> bool:
    """Whether a case is likely enough; what speaks against it has to be all that keeps it from joining.

    Of cases that a veto kept out a person would say no to three of four below that; missing source maps are no veto.
    """
    free = match.sure or match.forbids in {None, ACROSS}
    return (
        match.score >= thresholds.suggest
        if free
        else _odds(match.score) + match.against >= _odds(max(thresholds.join, SURE))
    )


def surest(matches: Iterable[Match], thresholds: Thresholds) -> list[Match]:
    """The cases that join by themselves, the surest first."""
    sure = (one for one in matches if one.joins(thresholds.join))
    return sorted(sure, key=lambda m: (-m.sure, -m.score, m.case))


def _why_not(first: Match, thresholds: Thresholds) -> str:
    return first.forbids or (
        f"likely ({first.score:.0%}) but not sure: it joins by itself from {_limit(first, thresholds):.0%} on"
    )


def _limit(one: Match, thresholds: Thresholds) -> float:
    return max(thresholds.join, SURE) if one.doubtful else thresholds.join


def _odds(share: float) -> float:
    within = min(max(share, 1e-9), 1 - 1e-9)
    return math.log(within / (1 - within))


def _case_forbids(new: Prepared, known: Sequence[Known]) -> str | None:
    """Why nothing of a case may join: its messages name other things, and none names the same."""
    names = new.signature.identifiers
    others = [one.prepared.signature.identifiers for one in known if one.prepared.signature.identifiers]
    apart = any(contradicts(names, o) for o in others) and not any(names & o for o in others)
    return CONTRADICTED if apart else None


def _vetoed(new: Prepared, known: Sequence[Known]) -> str | None:
    """Why one look of a case keeps out what another would let in: both went wrong in one release, at two places."""
    looks = [one.prepared for one in known]
    if any(elsewhere(new, one) for one in looks) and not any(at_once(new, one) for one in looks):
        return ELSEWHERE
    return None


def _forbids(new: Prepared, evidence: Evidence, nearest: Known, known: Sequence[Known]) -> str | None:
    """Why one look may not take a new issue by itself; asked of the likely looks and of the one that is shown."""
    against: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: evidence.contradiction, CONTRADICTED),
        (lambda: _began_otherwise(new, [one for one in known if one.issue == nearest.issue]), SEVERAL),
        (lambda: evidence.unresolved_across, ACROSS),
        (lambda: evidence.common, COMMON),
        (lambda: evidence.beside, BESIDE),
        (lambda: evidence.reworded, REWORDED),
        (lambda: evidence.guarded, GUARDED),
        (lambda: evidence.apart, APART),
    )
    return next((why for holds, why in against if holds()), None)


def _began_otherwise(new: Prepared, looks: Sequence[Known]) -> bool:
    """Whether an issue holds several bugs, as far as its looks tell, and did not surely begin with this one.

    They name different things, or are errors that every engine words apart. How it began is not known where that was
    read otherwise than now.
    """
    first, *later = (one.prepared.signature for one in sorted(looks, key=lambda one: one.number))
    others = [one for one in later if any(_differ(one, o) for o in (first, *later))]
    if not others:
        return False
    other = first.reading != new.signature.reading or _differ(first, new.signature)
    return other or not all(_differ(one, new.signature) for one in others)


def _differ(one: Signature, other: Signature) -> bool:
    if one.reading != other.reading:
        return False
    at_one_time = bool(one.release) and one.release == other.release
    if at_one_time and (lines_differ(one, other) or raised_apart(one, other)):
        return True
    worded_apart = one.said != other.said and {one.said, other.said} <= MEANINGS
    return worded_apart or name_apart(one, other)
