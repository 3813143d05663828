"""Every figure as rows and as keys: CSV for spreadsheets, JSON for scripts."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import StringIO
from math import isfinite

from worker.metrics.figures import Cohort, Figure, Report
from worker.metrics.intervals import wilson
from worker.metrics.render.sheet import horizons, left_out
from worker.metrics.render.words import in_order

COLUMNS = ("week", "scope", "name", "part", "value", "low", "high", "n", "unit", "leaves_out")

Json = dict[str, object]


def as_csv(report: Report) -> str:
    """One row for each figure, part, scope and week. No cell is a formula, whatever a stranger calls a release."""
    file = StringIO()
    # All in quotes: a spreadsheet that parts cells by semicolons must not find one inside.
    writer = csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in _rows(report):
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def as_json(report: Report) -> Json:
    """The figures under the words of their definitions, and what a report says besides."""
    figures = {name: _figure(report.figures[name]) for name in in_order(report.figures) if name != "cohorts"}
    return {
        **figures,
        "cohorts": _cohorts(report.cohorts),
        "week": report.week,
        "begins": report.begins.isoformat(),
        "ends": report.ends.isoformat(),
        "time_zone": report.time_zone,
        "scope": report.scope,
        "headline": report.headline,
        "late": report.late,
        "missed": list(report.missed),
        "computed_at": report.computed_at.isoformat(),
        "trend": [
            {"week": point.week, "complete": point.complete, "figures": _figures(point.figures)}
            for point in report.trend
        ],
        "changes": [asdict(change) for change in report.changes],
        "rows": [
            {"dimension": row.dimension, "value": row.value, "ranked": row.ranked, "figures": _figures(row.figures)}
            for row in report.rows
        ],
        "top_unresolved": [asdict(line) for line in report.top_unresolved],
        "oldest": [asdict(line) for line in report.oldest],
        "reopened": [asdict(line) for line in report.reopened],
        "deploys": list(report.deploys),
        "trouble": list(report.trouble),
        "leaves_out": list(left_out(report)),
    }


def _figures(figures: Mapping[str, Figure]) -> Json:
    return {name: _figure(figures[name]) for name in in_order(figures)}


def _figure(figure: Figure) -> Json:
    return {
        "value": _number(figure.value),
        "interval": [_number(bound) for bound in figure.interval] if figure.interval else None,
        "n": figure.n,
        "leaves_out": list(figure.leaves_out),
        "unit": figure.unit,
        "parts": {name: _number(value) for name, value in figure.parts.items()},
        "cases": list(figure.cases),
    }


def _cohorts(cohorts: tuple[Cohort, ...]) -> Json:
    """Every cohort; as `value` the share fixed within the longest time, of all that are old enough."""
    longest = max(horizons(cohorts), default=0)
    known = [(c.opened, share) for c in cohorts if c.opened and (share := c.fixed_within.get(longest)) is not None]
    n = sum(opened for opened, _ in known)
    fixed = round(sum(opened * share for opened, share in known))
    young = sum(c.opened > 0 for c in cohorts) - len(known)
    bounds = wilson(fixed, n)
    return {
        "value": fixed / n if n else None,
        "interval": list(bounds) if bounds else None,
        "n": n,
        "leaves_out": [f"{young} weeks that are too young for {longest} days"] if young else [],
        "unit": "share",
        "within_days": longest or None,
        "weeks": [
            {
                "week": c.week,
                "opened": c.opened,
                "fixed_within": {str(days): c.fixed_within.get(days) for days in horizons(cohorts)},
            }
            for c in cohorts
        ],
    }


def _number(value: float | None) -> float | None:
    """A number that JSON has, whole ones without a point; there is none for endless and for no number."""
    if value is None or not isfinite(value):
        return None
    return int(value) if value == int(value) else value


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    for name in in_order(report.figures):
        yield from _of(report.week, report.scope, report.figures[name])
    for cohort in report.cohorts:
        for days, share in cohort.fixed_within.items():
            yield (
                cohort.week,
                report.scope,
                "cohorts",
                f"within_{days}_days",
                share,
                None,
                None,
                cohort.opened,
                "share",
                "",
            )
    for point in report.trend:
        if point.week != report.week:
            told = "" if point.complete else "the week is not complete"
            for name in in_order(point.figures):
                yield from _of(point.week, report.scope, point.figures[name], told)
    for row in report.rows:
        told = "" if row.ranked else "too few to compare"
        for name in in_order(row.figures):
            yield from _of(report.week, f"{report.scope}: {row.dimension} {row.value}", row.figures[name], told)


def _of(week: str, scope: str, figure: Figure, told: str = "") -> Iterator[tuple[object, ...]]:
    low, high = figure.interval or (None, None)
    said = "; ".join(filter(None, (told, *figure.leaves_out)))
    yield week, scope, figure.name, "", figure.value, low, high, figure.n, figure.unit, said
    for part, value in figure.parts.items():
        yield week, scope, figure.name, part, value, None, None, figure.n, "", ""


_BEGINS_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""The last four are wide forms of the first, which some spreadsheets take for the same."""


def _cell(value: object) -> object:
    """A cell that a spreadsheet takes for what it is; a number as the shortest that means the same."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:.10g}" if isfinite(value) else ""
        case str() if value.startswith(_BEGINS_FORMULA):
            return f"'{value}"
    return value
