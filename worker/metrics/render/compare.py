"""A figure beside the mean of the four weeks before it: how far, which way, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Literal

from worker.metrics.figures import Figure, Point
from worker.metrics.render.tongue import Tongue
from worker.metrics.render.words import FLOWS, term

WEEKS = 4

Verdict = Literal["better", "worse", "even", "none"]
"""`even`: no change, one that chance explains, or one that is neither good nor bad. `none`: nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A change in few words (`▲ 6 points`), what it is measured against, and both in a sentence."""

    verdict: Verdict
    short: str
    against: str
    sentence: str


def compare(figure: Figure, trend: Sequence[Point], week: str, tongue: Tongue) -> Compared:
    """Compare with the mean of the complete weeks before `week`, four at most."""
    before = _before(figure.name, trend, week)
    if figure.value is None:
        return _only("none", "no number this week")
    if not before:
        return _only("none", "no weeks before it to compare with")
    mean = fmean(before)
    shown = tongue.value(figure.unit, mean)
    weeks = f"the mean of {len(before)} weeks" if len(before) > 1 else "the week before"
    by = figure.value - mean
    if tongue.value(figure.unit, figure.value) == shown:
        return _only("even", f"as {weeks}")
    difference, word = tongue.difference(figure.unit, by), "above" if by > 0 else "below"
    verdict = _verdict(figure, mean)
    said = _WORDS[verdict] if verdict != "even" or term(figure.name).better else ""
    return Compared(
        verdict,
        f"{'▲' if by > 0 else '▼'} {difference}",
        f"{weeks.removeprefix('the ')}: {shown}{said and ', '}{said}",
        f"{difference} {word} {weeks} ({shown}){said and ': '}{said}",
    )


_WORDS = {"better": "better", "worse": "worse", "even": "no clear change", "none": ""}


def _only(verdict: Verdict, sentence: str) -> Compared:
    """What needs no number."""
    return Compared(verdict, "", sentence, sentence)


def _verdict(figure: Figure, mean: float) -> Verdict:
    better = term(figure.name).better
    if better is None or figure.value is None or _chance(figure, mean):
        return "even"
    return "better" if (figure.value > mean) == (better == "higher") else "worse"


def _chance(figure: Figure, mean: float) -> bool:
    """Whether chance alone explains the distance: the mean lies within the interval of the figure."""
    if figure.interval is not None:
        return figure.interval[0] <= mean <= figure.interval[1]
    return figure.name in FLOWS and figure.value is not None and abs(figure.value - mean) <= 2 * sqrt(max(mean, 1))


def _before(name: str, trend: Sequence[Point], week: str) -> list[float]:
    """Values of the last complete weeks before that one; ISO weeks sort as text."""
    points = sorted((point for point in trend if point.complete and point.week < week), key=lambda point: point.week)
    found = [point.figures[name].value for point in points[-WEEKS:] if name in point.figures]
    return [value for value in found if value is not None]
