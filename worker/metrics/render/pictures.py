"""The pictures of a report with what they show in words, for those who do not see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from types import ModuleType

from worker.metrics.figures import Point, Report
from worker.metrics.render.sheet import TREND_WEEKS
from worker.metrics.render.tongue import Tongue
from worker.metrics.render.words import plain


@dataclass(frozen=True, slots=True)
class Picture:
    """One PNG. `cid`: its name within the message; `alt`: what it shows, in words."""

    cid: str
    alt: str
    png: bytes


def trend(report: Report, tongue: Tongue) -> Iterator[Picture]:
    """The trend, unless there is but one week of it."""
    points = report.trend[-TREND_WEEKS:]
    if len(points) > 1:
        yield Picture("bugferry-trend", trend_in_words(points, tongue), _charts().trend_picture(points, tongue))


def trend_in_words(points: Sequence[Point], tongue: Tongue) -> str:
    """What the trend shows: where each figure began, where it ended, and how far it went."""
    told = (_course(points, name, tongue) for name in ("resolution_rate", "intake", "fixed", "backlog"))
    said = " ".join(filter(None, told)) or "There are no numbers yet."
    return f"Chart of {len(points)} weeks, {points[0].week} to {points[-1].week}. {said}"


def _course(points: Sequence[Point], name: str, tongue: Tongue) -> str:
    figures = [(point.week, point.figures[name]) for point in points if name in point.figures]
    known = [(week, f.unit, f.value) for week, f in figures if f.value is not None and isfinite(f.value)]
    if not known:
        return ""
    shown = [(tongue.value(unit, value), week) for week, unit, value in known]
    lowest = min(zip(known, shown, strict=True), key=lambda both: both[0][2])[1]
    highest = max(zip(known, shown, strict=True), key=lambda both: both[0][2])[1]
    course = f"{plain(name).capitalize()}: from {shown[0][0]} to {shown[-1][0]}"
    return f"{course}, lowest {lowest[0]} ({lowest[1]}), highest {highest[0]} ({highest[1]})."


def _charts() -> ModuleType:
    """The room that draws; it loads matplotlib, so whoever draws nothing does not wait for it (adr/0005)."""
    return import_module("worker.metrics.charts")
