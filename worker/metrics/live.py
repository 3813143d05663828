"""The figures of the seven days up to now, for dashboards: the definitions of the weekly report, on another period."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from worker.metrics.columns import Columns, Mask, seconds
from worker.metrics.definitions import FIX_DAYS, KM_DAYS, REOPEN_DAYS
from worker.metrics.figures import Figure
from worker.metrics.week_figures import Period, figures_of

WEEK = timedelta(days=7)
NEEDED = timedelta(days=max(KM_DAYS, FIX_DAYS + REOPEN_DAYS)) + WEEK
"""Every spell that was open at some time in so long before now is needed."""


@dataclass(frozen=True, slots=True)
class Live:
    """The figures, and for each project how many cases are open, came in and were fixed."""

    figures: Mapping[str, Figure]
    backlog: Mapping[str, int]
    intake: Mapping[str, int]
    fixed: Mapping[str, int]


def live(everything: Columns, now: datetime) -> Live:
    """Compute them at this moment."""
    columns = everything.where(~everything.ended_as("before_us"))
    until = seconds(now)
    period = Period(until - int(WEEK.total_seconds()), until, until)
    came = period.has(columns.began) & columns.began_as("new", "regressed")
    return Live(
        figures_of(columns, period),
        backlog=_by_project(columns, (columns.began < until) & (columns.ended >= until)),
        intake=_by_project(columns, came),
        fixed=_by_project(columns, period.has(columns.ended) & columns.fixed),
    )


def _by_project(columns: Columns, mask: Mask) -> Mapping[str, int]:
    numbers, counts = np.unique(columns.of["project"][mask], return_counts=True)
    words = columns.words["project"]
    found: Counter[str] = Counter()
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        found[words.get(number, "unknown")] += count  # several may have no word
    return dict(found)  # `asdict` would make pairs of a Counter
