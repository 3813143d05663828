"""Thresholds refitted from what people said is one bug and what is not. Pure; it changes nothing.

Joins: the lowest threshold at which so large a share of the joins is right that a person need not look at them.
Suggestions: the highest threshold at which the same share of the remaining same bugs is still asked about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from worker.triage.same_bug import Thresholds

ENOUGH = 10
"""Answers of each kind (one bug, two bugs) without which nothing is refitted."""
HIGHEST = 0.99
"""Joining is never fitted above this; where no threshold is right often enough, it stays there."""
LOWEST_SUGGESTION = 0.05
"""Below this nobody wants to be asked."""
STEP = 0.01


class Did(StrEnum):
    """What the machine does with a new issue and a case."""

    JOIN = "joined"
    SUGGEST = "suggested"
    APART = "left apart"


@dataclass(frozen=True, slots=True)
class Asked:
    """An issue and what it was compared with, the scores as in `Match`, and whether they are one bug."""

    issue: str
    other: str
    score: float
    sure: float
    same: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What thresholds make of all answers. `wrong_*`: two bugs joined or asked about; `missed`: one bug, left apart."""

    joins: int
    wrong_joins: int
    suggestions: int
    wrong_suggestions: int
    missed: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """Thresholds now and refitted, what each makes of the answers, and the answers that would end otherwise."""

    now: Thresholds
    then: Thresholds
    counts_now: Counts
    counts_then: Counts
    otherwise: tuple[tuple[Asked, Did, Did], ...]
    enough: bool


def fit(answers: Sequence[Asked], now: Thresholds, precision: float) -> Fitted:
    """Refit both thresholds so that `precision` of the joins are right; with too few answers they stay as they are."""
    same = sum(one.same for one in answers)
    enough = same >= ENOUGH and len(answers) - same >= ENOUGH
    then = _suggesting(answers, _joining(answers, now, precision), precision) if enough else now
    moved = ((one, did(one, now), did(one, then)) for one in answers)
    return Fitted(
        now, then, count(answers, now), count(answers, then), tuple(row for row in moved if row[1] != row[2]), enough
    )


def did(one: Asked, thresholds: Thresholds) -> Did:
    """What the machine does with an issue that is so like a case."""
    if one.sure and one.sure >= thresholds.join:
        return Did.JOIN
    return Did.SUGGEST if one.score >= thresholds.suggest else Did.APART


def count(answers: Iterable[Asked], thresholds: Thresholds) -> Counts:
    """What thresholds make of all answers."""
    rows = [(did(one, thresholds), one.same) for one in answers]
    return Counts(
        joins=sum(what is Did.JOIN for what, _ in rows),
        wrong_joins=sum(what is Did.JOIN and not same for what, same in rows),
        suggestions=sum(what is Did.SUGGEST for what, _ in rows),
        wrong_suggestions=sum(what is Did.SUGGEST and not same for what, same in rows),
        missed=sum(what is Did.APART and same for what, same in rows),
    )


def _joining(answers: Sequence[Asked], now: Thresholds, precision: float) -> Thresholds:
    """The lowest threshold from which on, at every higher one as well, joins are right often enough."""
    best = HIGHEST
    for threshold in _steps(HIGHEST, 0.5):
        counts = count(answers, replace(now, join=threshold, suggest=min(now.suggest, threshold)))
        if counts.joins and 1 - counts.wrong_joins / counts.joins < precision:
            break
        best = threshold
    return replace(now, join=best, suggest=min(now.suggest, best))


def _suggesting(answers: Sequence[Asked], now: Thresholds, share: float) -> Thresholds:
    """The highest threshold at which enough of the same bugs that do not join are asked about."""
    left = [one for one in answers if one.same and did(one, now) is not Did.JOIN]
    for threshold in _steps(now.join, LOWEST_SUGGESTION):
        if sum(one.score >= threshold for one in left) >= share * len(left):
            return replace(now, suggest=threshold)
    return replace(now, suggest=LOWEST_SUGGESTION)


def _steps(highest: float, lowest: float) -> Iterable[float]:
    return (round(highest - n * STEP, 2) for n in range(round((highest - lowest) / STEP) + 1))
