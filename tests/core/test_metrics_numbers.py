"""The mathematics against others: Kaplan-Meier against lifelines, Wilson against scipy, weeks against the calendar."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.errors import UserFault
from worker.metrics.intervals import wilson
from worker.metrics.survival import kaplan_meier, quantile
from worker.metrics.weeks import last_complete, week_at, week_named, zone_of

waits = st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def theirs():
    """The libraries we compare with, for the one process that asks: to import them takes two seconds."""
    return SimpleNamespace(lifelines=import_module("lifelines"), scipy=import_module("scipy.stats"))


@pytest.mark.xdist_group("libraries")
@given(found=waits)
@settings(max_examples=12, deadline=None)
def test_kaplan_meier_is_that_of_lifelines(theirs, found):
    took = np.array([float(one) for one, _ in found])
    happened = np.array([yes for _, yes in found])
    ours = kaplan_meier(took, happened)
    fitted = theirs.lifelines.KaplanMeierFitter().fit(took, happened)
    at = fitted.survival_function_at_times(ours.times).to_numpy()
    assert np.allclose(ours.survival, at)
    bands = fitted.confidence_interval_.loc[ours.times].to_numpy()
    inner = (ours.survival > 0) & (ours.survival < 1)
    assert np.allclose(np.column_stack([ours.low, ours.high])[inner], bands[inner])
    for share in (0.5, 0.9):
        wanted = float(theirs.lifelines.utils.qth_survival_times(1 - share + 1e-9, fitted.survival_function_))
        # theirs misses exact halves by a rounding; ours counts them as reached
        assert (quantile(ours, share).value or float("inf")) == wanted


def test_what_was_not_reached_has_no_value_and_nobody_has_no_curve():
    still = kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, False]))
    assert quantile(still, 0.5).value is None
    assert quantile(kaplan_meier(np.empty(0), np.empty(0, bool)), 0.5).value is None


@pytest.mark.xdist_group("libraries")
@pytest.mark.parametrize("n", [1, 2, 9, 40, 3000])
def test_wilson_is_that_of_scipy(theirs, n):
    for hits in {0, 1, n // 3, n // 2, n}:
        band = theirs.scipy.binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == pytest.approx((band.low, band.high), abs=1e-12)
    assert wilson(0, 0) is None


@given(st.dates(date(2015, 1, 1), date(2035, 12, 31)), st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))
def test_weeks_follow_on_each_other_without_a_gap_whatever_clocks_do(day, name):
    zone = zone_of(name)
    week = week_at(datetime(day.year, day.month, day.day, 12, tzinfo=zone), zone)
    year, number, _ = day.isocalendar()
    assert week.name == f"{year}-W{number:02}"
    assert week_named(week.name, zone) == week
    assert week.before().ends == week.begins
    assert week.begins.astimezone(zone).strftime("%a %H:%M") == "Mon 00:00"
    assert (week.ends - week.begins).total_seconds() / 3600 in {167, 168, 169}


@pytest.mark.parametrize(
    ("name", "hours"), [("2026-W13", 167), ("2026-W43", 169), ("2026-W53", 168), ("2027-W01", 168)]
)
def test_weeks_in_which_clocks_change_and_years_end(name, hours):
    week = week_named(name, zone_of("Europe/Berlin"))
    assert week.ends - week.begins == timedelta(hours=hours)


def test_the_last_complete_week_is_told_by_the_clock_of_the_reader():
    just_monday = datetime(2027, 1, 3, 23, 30, tzinfo=UTC)
    assert last_complete(just_monday, zone_of("Europe/Berlin")).name == "2026-W53"
    assert last_complete(just_monday, zone_of("UTC")).name == "2026-W52"


@pytest.mark.parametrize("name", ["2026-W54", "2025-W53", "2026-47", "W47", "2026-W00", "9999-W99", "0000-W01", ""])
def test_a_week_that_does_not_exist_is_refused(name):
    with pytest.raises(UserFault, match="such as 2026-W47"):
        week_named(name, zone_of("UTC"))


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "/etc/localtime"])
def test_a_time_zone_that_does_not_exist_is_refused(name):
    with pytest.raises(UserFault, match="no time zone"):
        zone_of(name)
