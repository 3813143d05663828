"""A week's report over columns: its sums hold, nothing is made up, small numbers are not ranked."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings

from tests.fixtures.slow_metrics import HOUR, MONDAY, entry, histories, moved, opened
from worker.metrics.columns import NUMBERS, columns_of, numbers_of
from worker.metrics.compare import said
from worker.metrics.definitions import DEFINITIONS
from worker.metrics.lifeline import fold
from worker.metrics.render.tables import as_csv, as_json
from worker.metrics.report import report
from worker.metrics.scope import DIMENSIONS, Scope
from worker.metrics.trace import behind
from worker.metrics.week_figures import Period, figures_of
from worker.metrics.weeks import week_named, zone_of

DAY = timedelta(days=1)
WEEK = week_named("2026-W45", zone_of("UTC"))
LATER = MONDAY + 90 * DAY
FLOW = ("intake", "fixed", "ended_otherwise", "archived")


def columns(entries):
    """As the store makes them, with nobody hurt and every case of project 1."""
    rows = [
        (*numbers_of(case, spell), 1, *[0] * (len(DIMENSIONS) - 1))
        for case, line in fold(entries).items()
        for spell in line.spells
    ]
    words = {name: {1: "shop"} if name == "project" else {} for name in DIMENSIONS}
    return columns_of([np.array(rows, np.int64).reshape(-1, len(NUMBERS) + len(DIMENSIONS))], words)


def nobody(wanted):
    assert all(isinstance(case, int) and why for case, why in wanted)
    return ()


def told(entries, week=WEEK, now=LATER, since=MONDAY - 200 * DAY):
    return report(columns(entries), week, Scope(), now, nobody, since=since)


@given(histories())
@settings(max_examples=12, deadline=None)
def test_what_came_in_and_went_out_is_the_difference_of_two_backlogs(entries):
    found = columns(entries)
    known = found.where(~found.ended_as("before_us"))
    for number in range(-1, 6):
        week = WEEK.before(-number)
        before, now = (figures_of(known, Period.of(one, LATER)) for one in (week.before(), week))
        period = Period.of(week, LATER)
        returned = int((period.has(known.began) & known.began_as("returned")).sum())
        came = now["intake"].value + returned
        assert (
            before["backlog"].value + came - now["fixed"].value - now["ended_otherwise"].value == now["backlog"].value
        )
        assert list(now) == list(DEFINITIONS)
        for name, figure in now.items():
            assert figure.unit == DEFINITIONS[name].unit
            assert figure.value is None or figure.value >= 0
            if figure.unit == "share" and figure.value is not None:
                low, high = figure.interval
                assert low <= figure.value <= high
        assert sum(now["fixed"].parts.values()) == now["fixed"].value
        for name in ("intake", "fixed", "backlog", "resolution_rate", "time_to_resolve"):
            assert len(behind(name, found, period, 1000)) == now[name].n


def test_a_week_with_nothing_has_no_shares_and_no_times_and_says_so():
    empty = told([], since=None)
    assert empty.headline == "Nothing is known of this week: history is empty."
    later = told([], since=WEEK.ends).headline
    assert later == f"Nothing is known of this week: history begins on {WEEK.ends:%Y-%m-%d}, after it."
    assert told([], since=WEEK.begins).headline == "Nothing came in and nothing was fixed; 0 cases are open."
    assert empty.leaves_out == ("History is empty: nothing was recorded yet.",)
    for name, figure in empty.figures.items():
        assert figure.value == (0 if figure.unit in {"count", "users", "events"} else None), name
    assert [cohort.opened for cohort in empty.cohorts] == [0] * 12
    assert not any(point.complete for point in empty.trend)


def test_figures_by_team_are_those_of_its_projects_in_every_format():
    entries = [opened(1, 1, MONDAY), opened(2, 2, MONDAY), moved(3, 2, MONDAY + DAY, "resolved")]
    scope = Scope(teams={"nobody": ("pay-*",), "web": ("sh*",)})
    made = report(columns(entries), WEEK, scope, LATER, nobody, since=MONDAY)
    team, project = made.rows[:2]
    assert (team.dimension, team.value, team.figures) == ("team", "web", project.figures)
    assert [row.value for row in made.rows if row.dimension == "team"] == ["web"]
    assert not any("no team" in said for said in made.leaves_out)
    assert '\r\n"2026-W45","everything: team web","fixed","","1",' in as_csv(made)
    assert {"team", "project"} <= {row["dimension"] for row in as_json(made)["rows"]}
    without = report(columns(entries), WEEK, Scope(teams={"nobody": ("pay-*",)}), LATER, nobody, since=MONDAY)
    assert "By team, projects that stand in no team: shop." in without.leaves_out
    assert {row.dimension for row in without.rows} == {"project"}


def test_a_cohort_is_judged_when_all_of_it_had_the_time():
    entries = [opened(1, 1, MONDAY), moved(2, 1, MONDAY + 6 * DAY, "resolved"), opened(3, 2, MONDAY)]
    week = WEEK.before(-2)
    report_then = told(entries, week, now=week.ends)
    cohort = next(one for one in report_then.cohorts if one.week == "2026-W45")
    assert (cohort.opened, dict(cohort.fixed_within)) == (2, {7: 0.5, 14: 0.5, 30: None})


def test_a_case_that_was_merged_after_it_was_counted_stays_counted():
    entries = [opened(1, 1, MONDAY), opened(2, 2, MONDAY)]
    merged = entry(3, 1, "case.merged", MONDAY + 10 * DAY, detail={"from": 2, "into": 1})
    before = told(entries).figures
    after = told([*entries, merged]).figures
    assert before["intake"].value == after["intake"].value == 2
    assert before["backlog"].value == after["backlog"].value == 2
    later = told([*entries, merged], WEEK.before(-1)).figures
    assert (later["backlog"].value, later["ended_otherwise"].parts["merged"], later["fixed"].value) == (1, 1, 0)


def test_fixes_that_did_not_hold_are_counted_when_they_are_old_enough():
    entries = [
        opened(1, 1, MONDAY),
        moved(2, 1, MONDAY + DAY, "resolved"),
        moved(3, 1, MONDAY + 5 * DAY, "open", "set_regression"),
        opened(4, 2, MONDAY),
        moved(5, 2, MONDAY + DAY, "resolved"),
    ]
    assert told(entries).figures["reopen_rate"].value is None
    assert told(entries).figures["reopen_rate"].leaves_out == ("2 fixes of the last 30 days, too young to tell",)
    old = told(entries, WEEK.before(-5)).figures["reopen_rate"]
    assert (old.value, old.n) == (0.5, 2)


def test_small_numbers_are_shown_but_not_ranked():
    few = told([opened(n, n, MONDAY + n * HOUR) for n in range(1, 10)])
    many = told([opened(n, n, MONDAY + n * HOUR) for n in range(1, 12)])
    assert [(row.value, row.ranked) for row in few.rows] == [("shop", False)]
    assert [(row.value, row.ranked) for row in many.rows] == [("shop", True)]


def test_what_changed_is_said_against_the_weeks_before():
    steady = [opened(n, n, MONDAY - 84 * DAY + n * 12 * HOUR) for n in range(1, 182)]
    burst = [opened(1000 + n, 1000 + n, MONDAY + n * HOUR) for n in range(60)]
    (intake,) = [one for one in told([*steady, *burst]).changes if one.figure == "intake"]
    assert not intake.better
    assert intake.sentence == "The intake rose to 74, from 14 in the 8 weeks before."
    assert [one.figure for one in told(steady).changes if one.figure == "intake"] == []


def test_what_went_away_by_age_or_was_archived_is_no_fix():
    fixed = moved(3, 1, MONDAY + DAY, "resolved", "set_resolved_in_release")
    archived = moved(4, 2, MONDAY + DAY, "ignored", "set_ignored")
    figures = told([opened(1, 1, MONDAY), opened(2, 2, MONDAY), fixed, archived]).figures
    aged = told([opened(1, 1, MONDAY), moved(2, 1, MONDAY + DAY, "resolved", "set_resolved_by_age")]).figures
    assert (figures["fixed"].value, figures["fixed"].parts["by_release"], figures["archived"].value) == (1, 1, 1)
    assert (aged["fixed"].value, aged["ended_otherwise"].parts["by_age"], aged["resolution_rate"].value) == (0, 1, 0)


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("share", 0.256, "26%"),
        ("hours", 47.94, "47.9 hours"),
        ("hours", 48, "2.0 days"),
        ("count", 1234.4, "1,234"),
        ("count", 99.5, "99.5"),
        ("users", 7.0, "7"),
    ],
)
def test_a_value_is_said_as_exactly_as_it_is_known(unit, value, shown):
    assert said(unit, value) == shown


BEFORE_US = "1 case was closed before it was first seen: nobody knows how long it took."


@pytest.mark.parametrize(
    ("now", "since", "ended", "says"),
    [
        (LATER, MONDAY - 200 * DAY, "by_hand", ()),
        (LATER, MONDAY, "by_hand", ("History begins on 2026-11-02: weeks before that are not complete.",)),
        (WEEK.ends - HOUR, MONDAY - 200 * DAY, "by_hand", ("The week is not over: figures stand as of now.",)),
        (WEEK.ends, MONDAY - 200 * DAY, "by_hand", ()),
        (LATER, MONDAY - 200 * DAY, "before_us", (BEFORE_US,)),
    ],
)
def test_a_report_says_what_it_leaves_out(now, since, ended, says):
    status = "resolved" if ended == "before_us" else "open"
    assert told([opened(1, 1, MONDAY, status=status)], now=now, since=since).leaves_out == says
    two = told([opened(n, n, MONDAY, status=status) for n in (1, 2)], now=now, since=since).leaves_out
    assert two == tuple(
        one.replace("1 case was", "2 cases were").replace("it was", "they were").replace("it took", "they took")
        for one in says
    )
