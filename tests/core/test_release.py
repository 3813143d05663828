"""Which deploy brought a bug and which took it away: named only where one explains it best, always with evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.mapping.facts import Around, gather
from worker.model import Deploy, Issue, Project
from worker.triage.release import ROLL_OUT, Confidence, fixed_in, introduced, span

SEEN = datetime(2026, 11, 20, 23, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ISSUE = Issue(
    "7", "WEB-7", "t", Project("1", "web"), count=201, first_seen=SEEN, last_seen=SEEN + 10 * HOUR,
    first_release="web@2", last_release="web@2",
)  # fmt: skip


def deploy(before, environment="production", release="web@2", since=SEEN):
    return Deploy(release, environment, since - before)


def test_the_last_deploy_before_the_first_event_is_named_with_its_evidence():
    found = introduced(ISSUE, "production", [deploy(12 * MINUTE), deploy(5 * MINUTE, "staging"), deploy(-9 * HOUR)])
    assert (found.deploy, found.before, found.confidence) == (deploy(12 * MINUTE), 12 * MINUTE, Confidence.STRONG)
    assert found.said() == "release web@2, deployed to production 12 min before the first event"
    assert found.evidence == (
        "the first event was at 2026-11-20 23:05 UTC, in release web@2; no release before it had one",
        "web@2 was deployed to production at 2026-11-20 22:53 UTC, 12 min before that",
        "it happens every 3 min, so it was to show about then",
    )


@pytest.mark.parametrize(
    ("environment", "deploys", "why"),
    [
        ("production", [], "Sentry knows no deploy of web@2 to production"),
        ("production", [deploy(MINUTE, "staging")], "Sentry knows no deploy of web@2 to production"),
        ("production", [deploy(-3 * HOUR)], "3 h after the first event: that did not bring it"),
        (None, [deploy(9 * MINUTE, "staging"), deploy(8 * MINUTE)], "each may have brought it, so none is named"),
        ("production", [deploy(3 * DAY), deploy(2 * DAY)], "each may have brought it, so none is named"),
    ],
)
def test_where_no_deploy_explains_it_best_none_is_named(environment, deploys, why):
    found = introduced(ISSUE, environment, deploys)
    assert (found.deploy, found.before, found.said()) == (None, None, "release web@2")
    assert why in found.evidence[-1]
    assert set(gather(ISSUE, None, Around(origin=found))["deploy"].values()) == {None}


@pytest.mark.parametrize("gap", [12 * MINUTE, 0 * MINUTE, -9 * MINUTE])
def test_regions_of_one_roll_out_and_older_deploys_are_no_rivals(gap):
    deploys = [deploy(gap), deploy(gap + 8 * MINUTE), deploy(9 * DAY)]
    assert introduced(ISSUE, "production", deploys).deploy == deploys[0]


def test_a_bug_that_should_have_shown_sooner_is_only_possibly_of_its_deploy():
    found = introduced(ISSUE, "production", [deploy(3 * HOUR)])
    assert found.confidence is Confidence.WEAK
    assert "should have shown sooner" in found.evidence[-1]
    rare = replace(ISSUE, count=9, last_seen=SEEN + 30 * DAY)
    assert introduced(rare, "production", [deploy(3 * HOUR)]).confidence is Confidence.FAIR


def test_without_a_first_release_nothing_is_said():
    assert introduced(replace(ISSUE, first_release=None), None, [deploy(MINUTE)]) is None
    assert introduced(replace(ISSUE, first_seen=None), None, [deploy(MINUTE)]) is None


gaps = st.integers(-600, 60 * 24 * 9).map(lambda n: n * MINUTE)
deploys = st.lists(st.builds(deploy, gaps, st.sampled_from(["production", "staging"]), st.sampled_from(["web@2", "x"])))


@given(deploys, st.sampled_from([None, "production"]), st.integers(0, 500))
def test_whatever_is_named_fits(found, environment, count):
    origin = introduced(replace(ISSUE, count=count), environment, found)
    assert all(origin.evidence)
    if origin.deploy is not None:
        assert origin.deploy in found
        assert origin.deploy.release == "web@2"
        assert environment in {None, origin.deploy.environment}
        assert origin.deploy.finished_at <= SEEN + ROLL_OUT
        assert origin.before >= timedelta()


# ---------------------------------------------------------------- how it went

END = ISSUE.last_seen
FIX = deploy(-4 * MINUTE, release="web@3", since=END)


def test_the_deploy_after_which_it_stopped_is_named():
    stopped = fixed_in(ISSUE, "production", [FIX], END + 2 * DAY)
    assert (stopped.deploy, stopped.quiet_for, stopped.confidence) == (FIX, 2 * DAY, Confidence.FAIR)
    assert stopped.evidence[0] == "no event for 2 days; before that one came every 3 min"
    assert fixed_in(ISSUE, "production", [FIX], END + 9 * DAY).confidence is Confidence.STRONG


@pytest.mark.parametrize(
    "others",
    [
        [],
        [FIX, replace(FIX, release="web@4", finished_at=END + 9 * MINUTE)],
        [replace(FIX, release="web@2")],
        [replace(FIX, environment="staging")],
        [replace(FIX, finished_at=END + 5 * HOUR)],
    ],
)
def test_a_silence_that_no_single_release_explains_names_none(others):
    stopped = fixed_in(ISSUE, "production", others, END + 2 * DAY)
    assert (stopped.deploy, stopped.confidence) == (None, Confidence.WEAK)


@pytest.mark.parametrize(
    ("issue", "now"),
    [
        (ISSUE, END + 20 * HOUR),
        (replace(ISSUE, count=4), END + 90 * DAY),
        (replace(ISSUE, count=6, first_seen=END - 50 * DAY), END + 30 * DAY),
    ],
)
def test_a_silence_that_is_not_longer_than_usual_is_no_fix(issue, now):
    assert fixed_in(issue, "production", [FIX], now) is None


@pytest.mark.parametrize(("time", "said"), [(MINUTE / 2, "30 s"), (90 * MINUTE, "90 min"), (40 * HOUR, "40 h")])
def test_times_as_people_say_them(time, said):
    assert span(time) == said
