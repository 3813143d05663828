"""The figures of one week over columns of spells, each as `definitions` says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from worker.metrics.columns import NEVER, STILL_OPEN, Columns, Mask, Seconds, seconds
from worker.metrics.definitions import DEFINITIONS, FIX_DAYS, KM_DAYS, REOPEN_DAYS
from worker.metrics.figures import Cohort, Figure
from worker.metrics.intervals import wilson
from worker.metrics.spell import ENDED, FIXES, Ended
from worker.metrics.survival import Quantile, kaplan_meier, quantile
from worker.metrics.weeks import Week

DAY = 86_400
HOUR = 3_600
SHOWN = 20
"""So many cases are named behind a figure."""
AGES: tuple[tuple[str, int, int], ...] = (
    ("under_7_days", 0, 7),
    ("7_to_30_days", 7, 30),
    ("30_to_90_days", 30, 90),
    ("over_90_days", 90, 100_000),
)
OTHERWISE: tuple[Ended, ...] = ("by_age", "archived", "merged", "deleted")


@dataclass(frozen=True, slots=True)
class Period:
    """A week as seconds, seen from `until`: its end, or now while it is not over."""

    begins: int
    ends: int
    until: int

    @classmethod
    def of(cls, week: Week, now: datetime) -> "Period":
        """Give the period of a week, of which nothing after now is known."""
        begins, ends = seconds(week.begins), seconds(week.ends)
        return cls(begins, ends, max(begins, min(ends, seconds(now))))

    def has(self, moments: Seconds) -> Mask:
        """Which moments lie in it."""
        return (moments >= self.begins) & (moments < self.until)


def figures_of(columns: Columns, period: Period) -> Mapping[str, Figure]:
    """Every figure of the week but the cohorts; the spells must not hold those that were over before us."""
    came = period.has(columns.began)
    new = came & columns.began_as("new")
    left = period.has(columns.ended)
    still = (columns.began < period.until) & (columns.ended >= period.until)
    return {
        "intake": _intake(columns, came, new),
        "fixed": _by_way(columns, "fixed", left & columns.fixed, FIXES),
        "resolution_rate": _resolution_rate(columns, came, left, still),
        **_times(columns, period),
        "reopen_rate": _reopen_rate(columns, period),
        "archived": _count(columns, "archived", left & columns.ended_as("archived")),
        "ended_otherwise": _by_way(columns, "ended_otherwise", left & columns.ended_as(*OTHERWISE), OTHERWISE),
        "backlog": _backlog(columns, still, period),
        **_hurt(columns, still),
        "noise_share": _noise(columns, new),
        "ticket_share": share("ticket_share", columns, new & (columns.ticket < period.until), new),
        "introduced_by_deploy": _by_deploy(columns, new),
    }


def cohort_of(columns: Columns, period: Period, name: str, now: int, within: tuple[int, ...]) -> Cohort:
    """Of the cases that came in during a week, those fixed within so many days; None while not all had the time."""
    came = period.has(columns.began) & columns.began_as("new", "regressed")
    took = np.where(columns.fixed, columns.ended - columns.began, np.iinfo(np.int64).max)[came]
    fixed: dict[int, float | None] = {}
    for days in within:
        ripe = now >= period.ends + days * DAY and len(took) > 0
        fixed[days] = float((took <= days * DAY).mean()) if ripe else None
    return Cohort(name, len(took), fixed)


def share(name: str, columns: Columns, hits: Mask, of: Mask, leaves_out: tuple[str, ...] = ()) -> Figure:
    """A share with Wilson's interval; no value of nothing."""
    n, yes = int(of.sum()), int(hits.sum())
    return Figure(
        name, "share", yes / n if n else None, n, wilson(yes, n), leaves_out, {"hits": yes}, _some(columns, hits)
    )


def _count(columns: Columns, name: str, mask: Mask, parts: Mapping[str, float] | None = None) -> Figure:
    n = int(mask.sum())
    return Figure(name, DEFINITIONS[name].unit, float(n), n, parts=parts or {}, cases=_some(columns, mask))


def _some(columns: Columns, mask: Mask) -> tuple[int, ...]:
    return _latest(columns, np.flatnonzero(mask))


def _latest(columns: Columns, at: NDArray[np.intp]) -> tuple[int, ...]:
    """The latest cases of these places, each once."""
    return tuple(dict.fromkeys(columns.case[at[-SHOWN:]][::-1].tolist()))


def _intake(columns: Columns, came: Mask, new: Mask) -> Figure:
    regressed, returned = came & columns.began_as("regressed"), int((came & columns.began_as("returned")).sum())
    figure = _count(columns, "intake", new | regressed, {"new": float(new.sum()), "regressed": float(regressed.sum())})
    if not returned:
        return figure
    return Figure(
        "intake",
        "count",
        figure.value,
        figure.n,
        None,
        (f"{returned} that left the archive",),
        figure.parts,
        figure.cases,
    )


def _by_way(columns: Columns, name: str, mask: Mask, ways: tuple[Ended, ...]) -> Figure:
    found = np.bincount(columns.ended_how[mask], minlength=len(ENDED))
    return _count(columns, name, mask, {way: float(found[ENDED.index(way)]) for way in ways})


def _resolution_rate(columns: Columns, came: Mask, left: Mask, still: Mask) -> Figure:
    at_risk = still | left
    otherwise = int((left & ~columns.fixed).sum())
    said = (f"{otherwise} that ended without a fix count as not fixed",) if otherwise else ()
    figure = share("resolution_rate", columns, left & columns.fixed, at_risk, said)
    intake = int((came & columns.began_as("new", "regressed")).sum())
    fixed = figure.parts["hits"]
    parts = {"fixed": fixed, "open_at_any_time": float(figure.n), "intake": float(intake)}
    return Figure(figure.name, "share", figure.value, figure.n, figure.interval, said, parts, figure.cases)


def _times(columns: Columns, period: Period) -> Mapping[str, Figure]:
    window = (columns.began >= period.until - KM_DAYS * DAY) & (columns.began < period.until)
    recent, new = np.flatnonzero(window), np.flatnonzero(window & columns.began_as("new"))
    resolved = np.where(columns.fixed[recent], columns.ended[recent], NEVER)
    ticket = columns.ticket[new]
    asked = np.minimum(ticket, columns.human[new])
    return {
        "time_to_resolve": _waited("time_to_resolve", columns, recent, resolved, period.until),
        "time_to_ticket": _waited("time_to_ticket", columns, new, ticket, period.until),
        "time_in_triage": _waited("time_in_triage", columns, new, asked, period.until),
    }


def _waited(name: str, columns: Columns, at: NDArray[np.intp], came_at: Seconds, until: int) -> Figure:
    """Median and p90 of how long it took the spells `at`; those to whom it has not come count with what they waited."""
    gone = np.minimum(columns.ended[at], until)
    happened = (came_at < until) & (came_at <= gone)
    hours = np.maximum(np.where(happened, came_at, gone) - columns.began[at], 0) / HOUR
    curve = kaplan_meier(hours, happened)
    median, late = quantile(curve, 0.5), quantile(curve, 0.9)
    interval = (median.low, median.high) if median.low is not None and median.high is not None else None
    parts = {"p90": late.value, "p90_low": late.low, "p90_high": late.high}
    known = {part: value for part, value in parts.items() if value is not None}
    said = _unreached(int((~happened).sum()), len(at), median, late)
    return Figure(name, "hours", median.value, len(at), interval, said, known, _latest(columns, at[happened]))


def _unreached(waiting: int, n: int, median: Quantile, late: Quantile) -> tuple[str, ...]:
    said = [f"{waiting} of {n} had not come to that: they count with the time they waited"] if waiting else []
    marks = (("half", median), ("90%", late)) if n else ()
    said += [f"{word} was not reached in {KM_DAYS} days" for word, found in marks if found.value is None]
    return tuple(said)


def _reopen_rate(columns: Columns, period: Period) -> Figure:
    until = period.until - REOPEN_DAYS * DAY
    old_enough = columns.fixed & (columns.ended >= until - FIX_DAYS * DAY) & (columns.ended < until)
    again = old_enough & (columns.reopened - columns.ended <= REOPEN_DAYS * DAY)
    young = int((columns.fixed & (columns.ended >= until) & (columns.ended < period.until)).sum())
    said = (f"{young} fixes of the last {REOPEN_DAYS} days, too young to tell",) if young else ()
    return share("reopen_rate", columns, again, old_enough, said)


def _backlog(columns: Columns, still: Mask, period: Period) -> Figure:
    days = (period.until - columns.began[still]) / DAY
    parts = {word: float(((days >= low) & (days < high)).sum()) for word, low, high in AGES}
    parts["oldest_days"] = float(days.max()) if len(days) else 0.0
    parts["unowned"] = float((still & columns.unowned).sum())
    return _count(columns, "backlog", still, parts)


def _hurt(columns: Columns, still: Mask) -> Mapping[str, Figure]:
    n = int(still.sum())
    past = int((still & (columns.ended_how != STILL_OPEN)).sum())
    said = (f"{past} cases that are closed by now",) if past else ()
    named = _some(columns, still & (columns.users > 0))
    return {
        "users_hurt": Figure("users_hurt", "users", float(columns.users[still].sum()), n, None, said, {}, named),
        "events_unresolved": Figure(
            "events_unresolved", "events", float(columns.events[still].sum()), n, None, said, {}, named
        ),
    }


def _noise(columns: Columns, new: Mask) -> Figure:
    judged = new & (columns.of["cause"] > 0)
    noise = [number for number, word in columns.words["cause"].items() if word == "noise"]
    unjudged = int(new.sum()) - int(judged.sum())
    said = (f"{unjudged} whose cause is not judged",) if unjudged else ()
    return share("noise_share", columns, judged & np.isin(columns.of["cause"], noise), judged, said)


def _by_deploy(columns: Columns, new: Mask) -> Figure:
    if not columns.words["deploy"]:
        n = int(new.sum())
        return Figure("introduced_by_deploy", "share", None, n, None, ("no deploy is known that brought a case in",))
    return share("introduced_by_deploy", columns, new & (columns.of["deploy"] > 0), new)
