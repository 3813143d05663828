"""What got better or worse against the weeks before, and who stands out, only where numbers are large enough."""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from worker.metrics.columns import Columns, Mask
from worker.metrics.definitions import DEFINITIONS, RANKED_FROM
from worker.metrics.figures import Figure, Point, Row
from worker.metrics.intervals import wilson
from worker.metrics.scope import DIMENSIONS, OF_PEOPLE, TEAM, Dimension, Scope
from worker.metrics.week_figures import Period

COMPARED = ("intake", "fixed", "resolution_rate", "time_to_resolve", "time_to_ticket", "reopen_rate", "backlog")
WORDS: Mapping[str, str] = {
    "intake": "the intake",
    "fixed": "the number of fixes",
    "resolution_rate": "the resolution rate",
    "time_to_resolve": "the time to resolve",
    "time_to_ticket": "the time to a ticket",
    "reopen_rate": "the reopen rate",
    "backlog": "the backlog",
}
WEEKS_BEFORE = 8
ENOUGH_WEEKS = 4
VALUES = 50
"""So many values of a dimension have a row, the largest first."""


def moved(figure: Figure, before: Sequence[Point]) -> tuple[bool, str] | None:
    """Whether a figure got better, and the sentence; None when it did not clearly move or nothing can be said.

    Clearly: the mean of up to eight complete weeks before lies outside of the 95% interval of this one. A count's is
    that of a Poisson count (two standard deviations of the mean).
    """
    earlier = [point.figures[figure.name] for point in before[-WEEKS_BEFORE:] if point.complete]
    values = [one.value for one in earlier if one.value is not None]
    better = DEFINITIONS[figure.name].better
    small = figure.n < RANKED_FROM and all(one.n < RANKED_FROM for one in earlier)
    if figure.value is None or len(values) < ENOUGH_WEEKS or better is None or small:
        return None
    mean = sum(values) / len(values)
    low, high = figure.interval or (figure.value - 2 * sqrt(max(mean, 1)), figure.value + 2 * sqrt(max(mean, 1)))
    if low <= mean <= high:
        return None
    risen = figure.value > mean
    sentence = (
        f"{WORDS[figure.name].capitalize()} {'rose' if risen else 'fell'} to {said(figure.unit, figure.value)}, from "
        f"{said(figure.unit, mean)} in the {len(values)} weeks before."
    )
    return risen == (better == "higher"), sentence


def said(unit: str, value: float) -> str:
    """A value in plain English, for a sentence."""
    if unit == "share":
        return f"{value:.0%}"
    if unit == "hours":
        return f"{value / 24:.1f} days" if value >= 48 else f"{value:.1f} hours"  # noqa: PLR2004 - two days
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:.1f}"  # noqa: PLR2004 - small means


def rows(columns: Columns, period: Period, scope: Scope) -> tuple[Row, ...]:
    """One row for each value of each dimension, the largest first."""
    return tuple(
        row
        for dimension in (TEAM, *DIMENSIONS)
        if scope.by_owner or dimension not in OF_PEOPLE
        for row in _of_dimension(columns, period, dimension)
    )


def _of_dimension(columns: Columns, period: Period, dimension: Dimension) -> list[Row]:
    words = columns.words[dimension]
    if not words:
        return []
    numbers, size = columns.of[dimension], max(words) + 1

    def count(mask: Mask) -> NDArray[np.int64]:
        return np.bincount(numbers[mask], minlength=size)

    left = period.has(columns.ended)
    still = (columns.began < period.until) & (columns.ended >= period.until)
    intake = count(period.has(columns.began) & columns.began_as("new", "regressed"))
    fixed, ended, open_now = count(left & columns.fixed), count(left), count(still)
    at_risk = open_now + ended
    weight = intake + at_risk
    weight[0] = 0
    largest = [int(number) for number in np.argsort(-weight, kind="stable")[:VALUES] if weight[number] > 0]
    return [
        Row(
            dimension,
            words[number],
            _row(int(intake[number]), int(fixed[number]), int(at_risk[number]), int(open_now[number])),
            ranked=int(at_risk[number]) >= RANKED_FROM,
        )
        for number in largest
    ]


def _row(intake: int, fixed: int, at_risk: int, open_now: int) -> Mapping[str, Figure]:
    rate = fixed / at_risk if at_risk else None
    return {
        "intake": Figure("intake", "count", float(intake), intake),
        "fixed": Figure("fixed", "count", float(fixed), fixed),
        "resolution_rate": Figure("resolution_rate", "share", rate, at_risk, wilson(fixed, at_risk)),
        "backlog": Figure("backlog", "count", float(open_now), open_now),
    }


def headline(figures: Mapping[str, Figure], by_value: Sequence[Row], before: float | None) -> str:
    """The week in one sentence, with the reason. `before`: the backlog at its beginning, None where not known."""
    came, fixed, backlog = (int(figures[name].value or 0) for name in ("intake", "fixed", "backlog"))
    if not came and not fixed:
        return f"Nothing came in and nothing was fixed; {_cases(backlog)} open."
    first = f"{fixed} fixed, {came} came in"
    grown = backlog - int(before) if before is not None else 0
    turn = f": the backlog {'grew' if grown > 0 else 'shrank'} by {abs(grown)} to {backlog}" if grown else ""
    rest = turn or f"; {_cases(backlog)} open"
    return f"{first}{rest}{_reason('intake' if grown > 0 or not fixed else 'fixed', by_value)}."


def _cases(n: int) -> str:
    return "1 case is" if n == 1 else f"{n} cases are"


def _reason(name: str, by_value: Sequence[Row]) -> str:
    """Who has the largest part in it: the value of a dimension with more than half, a deploy before a project."""
    verb, place = ("came in", "from") if name == "intake" else ("were fixed", "in")
    for dimension, how in (("deploy", "with deploy"), ("cause", "as"), ("project", place), ("rule", "under rule")):
        of_it = [row for row in by_value if row.dimension == dimension]
        total = sum(row.figures[name].value or 0 for row in of_it)
        most = max(of_it, key=lambda row: row.figures[name].value or 0, default=None)
        n = int(most.figures[name].value or 0) if most else 0
        if most and len(of_it) > 1 and n > 1 and n * 2 > total:
            word = most.value.replace("_", " ") if dimension == "cause" else most.value
            return f", mostly because {n} {verb} {how} {word}"
    return ""
