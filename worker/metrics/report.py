"""A week of a scope, put together from columns of spells; nothing here reads a clock or a database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from worker.metrics.columns import Columns, Mask, seconds
from worker.metrics.compare import COMPARED, headline, moved, rows
from worker.metrics.definitions import COHORT_DAYS, DEFINITIONS, FIX_DAYS, KM_DAYS, REOPEN_DAYS, TREND_WEEKS
from worker.metrics.figures import CaseLine, Change, Cohort, Figure, Point, Report
from worker.metrics.scope import Scope
from worker.metrics.spell import ENDED
from worker.metrics.teams import with_teams, without_team
from worker.metrics.week_figures import DAY, Period, cohort_of, figures_of
from worker.metrics.weeks import Week

LISTED = 10
BEHIND = 5
NEEDED_DAYS = (TREND_WEEKS + 1) * 7 + max(KM_DAYS, FIX_DAYS + REOPEN_DAYS)
"""A report needs every spell that was open at some time in so many days before the end of its week."""

Describe = Callable[[Sequence[tuple[int, str]]], tuple[CaseLine, ...]]
"""Gives the lines of cases, each with why it stands there; one that is no longer known is left out."""


def report(
    everything: Columns,
    week: Week,
    scope: Scope,
    now: datetime,
    describe: Describe,
    *,
    since: datetime | None = None,
    trouble: tuple[str, ...] = (),
) -> Report:
    """Compute a week's report.

    `since`: when history begins, None: with nothing; `trouble`: what syncing could not do, in sentences.
    """
    mine = everything.within(scope)
    before_us = mine.ended_as("before_us")
    columns = with_teams(mine.where(~before_us), scope.teams)
    period = Period.of(week, now)
    trend = _trend(columns, week, now, since)
    figures = trend[-1].figures
    by_value = rows(columns, period, scope)
    backlog_before = trend[-2].figures["backlog"].value if trend[-2].complete else None
    return Report(
        week=week.name,
        begins=week.begins,
        ends=week.ends,
        time_zone=week.zone.key,
        scope=scope.name,
        headline=_unknown(week, since) or headline(figures, by_value, backlog_before),
        figures=figures,
        cohorts=_cohorts(columns, week, now),
        trend=trend,
        changes=_changes(figures, trend[:-1], describe),
        rows=by_value,
        top_unresolved=_top_unresolved(columns, period, describe),
        oldest=_oldest(columns, period, describe),
        reopened=_reopened(columns, period, describe),
        deploys=_deploys(columns, period),
        trouble=trouble,
        leaves_out=(*_leaves_out(int(before_us.sum()), week, now, since), *_teamless(columns)),
        computed_at=now,
    )


def _trend(columns: Columns, week: Week, now: datetime, since: datetime | None) -> tuple[Point, ...]:
    """The weeks up to this one; one is complete when it is over and history reaches back to its beginning."""
    weeks = [week.before(n) for n in reversed(range(TREND_WEEKS))]
    return tuple(
        Point(
            one.name,
            figures_of(columns, Period.of(one, now)),
            complete=one.ends <= now and since is not None and since <= one.begins,
        )
        for one in weeks
    )


def _cohorts(columns: Columns, week: Week, now: datetime) -> tuple[Cohort, ...]:
    """By week, the oldest first. A cohort is judged by what is known now, not at the end of the report's week."""
    weeks = [week.before(n) for n in reversed(range(TREND_WEEKS))]
    until = min(seconds(now), seconds(week.ends))
    return tuple(cohort_of(columns, Period.of(one, now), one.name, until, COHORT_DAYS) for one in weeks)


def _changes(figures: Mapping[str, Figure], before: Sequence[Point], describe: Describe) -> tuple[Change, ...]:
    found = []
    for name in COMPARED:
        change = moved(figures[name], before)
        if change:
            better, sentence = change
            lines = describe([(case, DEFINITIONS[name].means) for case in figures[name].cases[:BEHIND]])
            found.append(Change(name, better, sentence, lines))
    return tuple(sorted(found, key=lambda change: change.better))


def _still(columns: Columns, period: Period) -> Mask:
    return (columns.began < period.until) & (columns.ended >= period.until)


def _top_unresolved(columns: Columns, period: Period, describe: Describe) -> tuple[CaseLine, ...]:
    at = np.flatnonzero(_still(columns, period) & (columns.users > 0))
    most = at[np.lexsort((columns.case[at], -columns.events[at], -columns.users[at]))][:LISTED]
    total = int(columns.users[at].sum())
    return describe([(int(columns.case[n]), _part(int(columns.users[n]), total)) for n in most])


def _part(users: int, total: int) -> str:
    share = users / total
    return f"{share:.0%} of the users hurt" if share >= 0.01 else "under 1% of the users hurt"  # noqa: PLR2004 - 1%


def _oldest(columns: Columns, period: Period, describe: Describe) -> tuple[CaseLine, ...]:
    at = np.flatnonzero(_still(columns, period))
    first = at[np.lexsort((columns.case[at], columns.began[at]))][:LISTED]
    return describe([(int(columns.case[n]), f"open for {_days(period.until - columns.began[n])}") for n in first])


def _reopened(columns: Columns, period: Period, describe: Describe) -> tuple[CaseLine, ...]:
    """Cases whose fix did not hold, the latest first."""
    at = np.flatnonzero(period.has(columns.reopened))
    last = at[np.lexsort((columns.case[at], -columns.reopened[at]))][:LISTED]
    return describe([(int(columns.case[n]), _again(columns, int(n))) for n in last])


def _again(columns: Columns, n: int) -> str:
    how = ENDED[columns.ended_how[n]].replace("_", " ")
    return f"open again {_days(columns.reopened[n] - columns.ended[n])} after it was resolved {how}"


def _days(took: int) -> str:
    days = int(took) // DAY
    return "less than a day" if days < 1 else "1 day" if days == 1 else f"{days} days"


def _deploys(columns: Columns, period: Period) -> tuple[str, ...]:
    """The deploys that brought in most of the new cases of the week."""
    new = period.has(columns.began) & columns.began_as("new") & (columns.of["deploy"] > 0)
    numbers, counts = np.unique(columns.of["deploy"][new], return_counts=True)
    most = np.lexsort((numbers, -counts))[:LISTED]
    words = columns.words["deploy"]
    return tuple(f"{words[int(numbers[n])]}: {counts[n]} new case{'s' if counts[n] > 1 else ''}" for n in most)


def _unknown(week: Week, since: datetime | None) -> str | None:
    """What is said of a week that was over before history begins: a nought there would be a number."""
    if since is None:
        return "Nothing is known of this week: history is empty."
    if since >= week.ends:
        return f"Nothing is known of this week: history begins on {since:%Y-%m-%d}, after it."
    return None


def _teamless(columns: Columns) -> tuple[str, ...]:
    said = without_team(columns)
    return (said,) if said else ()


def _leaves_out(before_us: int, week: Week, now: datetime, since: datetime | None) -> tuple[str, ...]:
    said = []
    if since is None:
        said.append("History is empty: nothing was recorded yet.")
    elif since > week.before(TREND_WEEKS - 1).begins:
        said.append(f"History begins on {since:%Y-%m-%d}: weeks before that are not complete.")
    if week.ends > now:
        said.append("The week is not over: figures stand as of now.")
    if before_us:
        many = before_us > 1
        cases = f"{before_us} cases were closed before they were" if many else "1 case was closed before it was"
        said.append(f"{cases} first seen: nobody knows how long {'they' if many else 'it'} took.")
    return tuple(said)
