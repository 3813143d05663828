"""From a figure to the spells behind it, and to the entries of history that say so."""

from collections.abc import Mapping

import numpy as np

from worker.metrics.columns import Columns, Mask, Seconds
from worker.metrics.definitions import FIX_DAYS, KM_DAYS, REOPEN_DAYS
from worker.metrics.week_figures import DAY, OTHERWISE, Period

Trace = tuple[int, tuple[int, ...]]
"""A case and the history ids of its moves."""


def behind(figure: str, columns: Columns, period: Period, limit: int) -> tuple[Trace, ...]:
    """Give the cases that a figure counts, the latest first, at most `limit`; of a share, those that it is of."""
    known = columns.where(~columns.ended_as("before_us"))
    mask, moment = _counted(figure, known, period)
    at = np.flatnonzero(mask)
    last = at[np.lexsort((known.case[at], -moment[at]))][:limit]
    return tuple((int(known.case[n]), _entries(known, int(n), period)) for n in last)


def _entries(columns: Columns, n: int, period: Period) -> tuple[int, ...]:
    """What began the spell, and what ended it where that was before the end of the week."""
    began, ended = int(columns.began_entry[n]), int(columns.ended_entry[n])
    return (began, ended) if columns.ended[n] < period.until else (began,)


def _counted(figure: str, columns: Columns, period: Period) -> tuple[Mask, Seconds]:
    """Which spells a figure counts, and the moment by which they are put in order, the latest first."""
    came, left = period.has(columns.began), period.has(columns.ended)
    still = (columns.began < period.until) & (columns.ended >= period.until)
    recent = (columns.began >= period.until - KM_DAYS * DAY) & (columns.began < period.until)
    judged = period.until - REOPEN_DAYS * DAY
    old_enough = (columns.ended >= judged - FIX_DAYS * DAY) & (columns.ended < judged)
    new = columns.began_as("new")
    ways: Mapping[str, tuple[Mask, Seconds]] = {
        "intake": (came & columns.began_as("new", "regressed"), columns.began),
        "fixed": (left & columns.fixed, columns.ended),
        "archived": (left & columns.ended_as("archived"), columns.ended),
        "ended_otherwise": (left & columns.ended_as(*OTHERWISE), columns.ended),
        "resolution_rate": (still | left, np.minimum(columns.ended, period.until)),
        "reopen_rate": (columns.fixed & old_enough, columns.ended),
        "time_to_resolve": (recent, columns.began),
        "time_to_ticket": (recent & new, columns.began),
        "time_in_triage": (recent & new, columns.began),
        "backlog": (still, -columns.began),
        "users_hurt": (still, columns.users),
        "events_unresolved": (still, columns.events),
    }
    return ways.get(figure, (came & new, columns.began))
