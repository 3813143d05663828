"""Storms: what is called one, what is not, and that the watch stays small whatever comes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.bench.storms import KINDS, SPANS, Outage, false_alarms, found_in
from worker.model import Issue, Project
from worker.triage.storm import Beginning, StormBegan, StormEnded, StormGrew, Watch, fold, tick
from worker.triage.storm_signs import beginning, surge
from worker.triage.storm_usual import Expected, Young

NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WATCH = TypeAdapter(Watch)


def quiet_weeks():
    """Four weeks of one beginning every five hours."""
    watch = Watch()
    for n in range(134):
        at = NOW - timedelta(weeks=4) + n * 5 * HOUR
        watch, _ = fold(watch, Beginning(f"old{n}", at, "web@1"), at)
    return watch


def folded(watch, ones):
    told = []
    for one in ones:
        watch, events = fold(watch, one, one.at)
        told += events
    return watch, told


def outage(number, minutes, **more):
    return [Beginning(str(n), NOW + n * minutes * MINUTE / number, **more) for n in range(number)]


def test_a_storm_says_how_many_how_fast_what_is_usual_and_what_they_share():
    watch, told = folded(quiet_weeks(), outage(19, 12, release="web@3.1", infrastructure=True))
    began, *grew = told
    assert isinstance(began, StormBegan)
    assert (began.storm.release, began.storm.infrastructure) == ("web@3.1", True)
    assert began.storm.evidence == (
        "5 issues began within 3 min, usual is 0.2 an hour; 5 share release web@3.1; 5 are failures of infrastructure"
    )
    assert all(isinstance(event, StormGrew) for event in grew)
    assert watch.storm.members == tuple(map(str, range(19)))
    watch, told = tick(watch, NOW + HOUR)
    assert [type(event) for event in told] == [StormEnded]
    assert told[0].why == "0 more issues of its kind in the last 30 min, which is usual"
    assert tick(watch, NOW + 2 * HOUR)[1] == ()


def test_a_stranger_does_not_join_a_storm_that_shares_a_release():
    watch, _ = folded(quiet_weeks(), outage(20, 5, release="web@3.1"))
    assert watch.storm.release == "web@3.1"
    _, told = fold(watch, Beginning("other", NOW + 6 * MINUTE, "web@1"), NOW + 6 * MINUTE)
    assert told == ()


def test_what_a_release_always_brings_is_no_storm():
    assert not folded(quiet_weeks(), outage(8, 30, release="web@2"))[1]
    assert folded(quiet_weeks(), outage(8, 30, release="web@1"))[1]


def test_a_release_that_has_been_out_for_long_is_no_trait():
    watch, _ = folded(quiet_weeks(), outage(20, 5, release="web@1"))
    assert watch.storm.release is None


def test_what_is_told_twice_or_late_counts_once():
    ones = outage(4, 4)
    watch, told = folded(quiet_weeks(), [*ones, *ones, *ones])
    assert (told, watch.counted) == ([], 4)
    assert fold(watch, Beginning("old", NOW - 2 * HOUR), NOW) == (watch, ())


def test_history_that_is_read_later_teaches_and_alarms_nobody():
    watch = Watch()
    for one in outage(30, 5):
        watch, told = fold(watch, one, NOW + timedelta(days=9))
        assert told == ()


def test_a_storm_does_not_become_what_is_usual():
    calm = quiet_weeks()
    watch, _ = folded(calm, outage(60, 40))
    after, _ = tick(watch, NOW + 2 * HOUR)
    assert after.usual.mean() < 1.05 * tick(calm, NOW + 2 * HOUR)[0].usual.mean() + 0.01


# ---------------------------------------------------------------- a bad release


def releases(number, later):
    """Four quiet weeks, and releases whose issues come so many minutes after their first."""
    ones = [Beginning(f"old{n}", NOW - timedelta(weeks=4) + n * 5 * HOUR, "web@0") for n in range(134)]
    for n in range(1, number + 1):
        at = NOW - n * timedelta(hours=30)
        ones += [Beginning(f"{n}.{minutes}", at + minutes * MINUTE, f"web@{n}") for minutes in (0, *later)]
    return folded(Watch(), sorted(ones, key=lambda one: one.at))[0]


def test_eight_of_a_new_release_within_minutes_are_a_storm_and_say_what_it_would_usually_bring():
    bad = outage(8, 4, release="shop@2")
    assert not folded(quiet_weeks(), bad[:4])[1]
    watch, told = folded(releases(12, later=(20, 40)), bad)
    assert isinstance(told[0], StormBegan)
    assert watch.storm.release == "shop@2"
    assert told[0].storm.evidence == (
        "5 issues began within 2 min, usual is 0.2 an hour; 5 share release shop@2, which after its first would "
        "usually bring 0.1"
    )


def test_as_many_over_the_hour_are_what_a_release_may_bring():
    assert not folded(releases(12, later=(20, 40)), outage(8, 60, release="shop@2"))[1]


def test_a_project_whose_releases_always_break_six_things_at_once_is_known_for_it():
    habit = (0.5, 1, 1.5, 2.5, 3)
    bad = outage(6, 4, release="new")
    assert folded(releases(12, later=(20,)), bad)[1]
    assert not folded(releases(18, habit), bad)[1]


def test_one_bad_release_does_not_become_what_is_usual():
    calm = releases(12, later=(20, 40)).usual
    taught = calm.after_release(Young("bad", NOW, (60, 0, 0, 0, 0, 0)))
    assert sum(taught.brought) < sum(calm.brought) + 8


def test_what_shares_only_the_hour_is_no_member_of_a_bad_release():
    bad, others = outage(8, 4, release="shop@2"), [Beginning(f"o{n}", NOW + n * MINUTE, "web@0") for n in (1, 3)]
    watch, _ = folded(releases(12, later=(20, 40)), sorted([*bad, *others], key=lambda one: one.at))
    assert watch.storm.release == "shop@2"
    assert set(watch.storm.members) == {one.issue for one in bad}


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5, 6, 7), (7, 6, 5, 4, 3, 2, 1, 0), (3, 7, 0, 5, 1, 6, 2, 4)])
def test_a_bad_release_is_found_in_whatever_order_it_is_told(order):
    bad = outage(8, 4, release="shop@2")
    watch, _ = folded(releases(12, later=(20, 40)), [bad[n] for n in order])
    assert set(watch.storm.members) == {one.issue for one in bad}


def test_a_bad_release_whose_issues_all_bear_one_time_is_found():
    watch, _ = folded(releases(12, later=(20, 40)), [replace(one, at=NOW) for one in outage(6, 4, release="shop@2")])
    assert watch.storm.count == 6


# ---------------------------------------------------------------- found late, and the end


def test_a_storm_that_is_found_late_has_what_began_before_it_was_seen():
    slow = [Beginning(f"slow{n}", NOW + n * 8 * MINUTE, "shop@2") for n in range(3)]
    fast = [replace(one, at=one.at + 20 * MINUTE) for one in outage(12, 5, release="shop@2")]
    long_ago = Beginning("long ago", NOW - 30 * MINUTE, "shop@2")
    watch, _ = folded(releases(12, later=(20, 40)), [long_ago, *slow, *fast])
    assert watch.storm.members[:3] == ("slow0", "slow1", "slow2")
    assert watch.storm.began_at == NOW


def test_what_is_heard_of_hours_late_still_joins_a_storm_that_rages():
    watch, _ = folded(quiet_weeks(), outage(20, 20, release="shop@3"))
    late = Beginning("late", NOW + 15 * MINUTE, "shop@3")
    after, told = fold(watch, late, NOW + 5 * HOUR)
    assert [type(event) for event in told] == [StormGrew]
    assert after.storm.count == watch.storm.count + 1
    assert fold(watch, replace(late, at=NOW - 20 * MINUTE), NOW)[1] == ()


def test_a_storm_does_not_end_and_begin_again_with_each_pause():
    first = outage(20, 20, release="shop@3")
    then = [Beginning(f"s{n}", NOW + (20 + 5 * n) * MINUTE, "shop@3") for n in range(1, 21)]
    pause = [Beginning(f"p{n}", NOW + (160 + n) * MINUTE, "shop@3") for n in range(6)]
    _, told = folded(quiet_weeks(), [*first, *then, *pause])
    assert sum(isinstance(event, StormBegan) for event in told) == 1
    assert not any(isinstance(event, StormEnded) for event in told)


def test_a_watch_that_an_older_version_kept_is_read():
    watch, _ = folded(quiet_weeks(), outage(3, 3, release="web@2"))
    kept = WATCH.dump_python(watch, mode="json")
    older = {"bursts": 2.5, "releases": 3.0} | {
        name: value for name, value in kept["usual"].items() if name not in ("brought", "lived", "uneven", "weighed")
    }
    young = [
        {name: one[name] for name in ("version", "first_at", "learned")} | {"count": 3} for one in kept["releases"]
    ]
    read = WATCH.validate_python(kept | {"usual": older, "releases": young})
    assert read.usual.begun == watch.usual.begun
    assert read.recent == watch.recent


# ---------------------------------------------------------------- whatever comes


moments = st.integers(0, 60 * 24 * 30).map(lambda n: NOW + n * MINUTE)
ones = st.builds(Beginning, st.integers(0, 99).map(str), moments, st.sampled_from([None, "a", "b", "c"]), st.booleans())


@settings(deadline=None, max_examples=30)
@given(st.lists(ones, max_size=40), st.booleans())
def test_storms_begin_grow_and_end_in_turn_and_rest_as_json(found, ordered):
    watch, raging = Watch(), False
    for one in sorted(found, key=lambda one: one.at) if ordered else found:
        watch, told = fold(watch, one, one.at)
        for event in told:
            assert raging is not isinstance(event, StormBegan)
            raging = not isinstance(event, StormEnded)
            assert len(set(event.storm.members)) == event.storm.count
        assert raging is (watch.storm is not None)
    assert WATCH.validate_json(WATCH.dump_json(watch)) == watch
    ended, _ = tick(watch, NOW + timedelta(days=60))
    assert ended.storm is None


def test_the_watch_stays_small():
    watch = Watch()
    for n in range(800):
        at = NOW + n * MINUTE / 10
        watch, _ = fold(watch, Beginning(str(n), at, f"web@{n}"), at)
    assert len(json.dumps(WATCH.dump_python(watch, mode="json"))) < 60_000


@pytest.mark.parametrize(("mean", "spread"), [(0.2, 0.5), (3.0, 9.0), (12.0, 60.0)])
def test_chances_fall_from_one_and_add_up_to_the_mean(mean, spread):
    chances = [Expected(mean, spread).chance_of(n) for n in range(200)]
    assert chances[0] == 1.0
    assert all(a >= b for a, b in pairwise(chances))
    assert sum(chances[1:]) == pytest.approx(mean, rel=1e-3)


def test_in_simulated_months_small_projects_are_quiet_and_great_outages_are_found():
    assert sum(false_alarms(KINDS[n], 4000 + seed) for n in (0, 1) for seed in range(4)) <= 2
    kind = KINDS[1]
    for n, shares in enumerate(("release", "infrastructure", "nothing")):
        at = NOW + timedelta(days=n)
        assert found_in(kind, 4100 + n, Outage(at, 40, SPANS[n], shares)) is not None


# ---------------------------------------------------------------- what an issue shows

EVEN = tuple((NOW - n * HOUR, 100 + n % 9) for n in range(23, -1, -1))
ISSUE = Issue("7", "WEB-7", "t", Project("1", "web"), first_seen=NOW - 9 * HOUR, last_release="web@2")


@pytest.mark.parametrize(
    ("seen", "how", "at"),
    [
        (ISSUE, "new", ISSUE.first_seen),
        (replace(ISSUE, substatus="regressed", moved_at=NOW), "regressed", NOW),
        (replace(ISSUE, substatus="escalating", moved_at=NOW), "escalating", NOW),
        (replace(ISSUE, hourly=((NOW - HOUR, 3), (NOW, 400))), "escalating", NOW),
        (
            replace(ISSUE, hourly=EVEN),
            "new",
            ISSUE.first_seen,
        ),
    ],
)
def test_what_an_issue_shows(seen, how, at):
    assert beginning(seen, infrastructure=False) == Beginning("7", at, "web@2", False, how)


def test_nothing_is_made_of_nothing():
    assert beginning(replace(ISSUE, first_seen=None), infrastructure=True) is None
    assert surge(replace(ISSUE, hourly=((NOW, 19),))) is None
