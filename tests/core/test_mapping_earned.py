"""A ticket that comes only when it is earned, and conditions that look at the time, the case and the cause."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.event import Event
from worker.mapping.earned import events_within
from worker.mapping.facts import Around
from worker.mapping.load import load_mapping
from worker.mapping.problem import MappingRefused
from worker.model import Issue, Project

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
ISSUE = Issue("1", "WEB-1", "KeyError", Project("1", "web"), first_seen=NOW - timedelta(hours=1), last_seen=NOW)
RULES = "version: 1\ntrackers: {jira: {kind: jira, project: SHOP}}\nrules:\n  - name: bugs\n"


@pytest.fixture
def book(tmp_path):
    def load(*said):
        path = tmp_path / "m.yaml"
        path.write_text(RULES + "".join(f"    {line}\n" for line in ("ticket: {tracker: jira}", *said)))
        return load_mapping([path])

    return load


def hours(*counts):
    """Events of the latest hours, the present one first."""
    begin = NOW.replace(minute=0)
    return tuple((begin - timedelta(hours=back), count) for back, count in enumerate(counts) if count)


@pytest.mark.parametrize(
    ("wait_for", "issue", "lacks"),
    [
        ("events: 10", replace(ISSUE, count=9), "10 events (so far 9)"),
        ("events: 10", replace(ISSUE, count=10), None),
        ("users: 3", replace(ISSUE, count=99, user_count=2), "3 users (so far 2)"),
        ("users: 3", replace(ISSUE, user_count=3), None),
        ("age: 2h", ISSUE, "2 h since it was first seen (so far 1 h)"),
        ("age: 1h", ISSUE, None),
        ("age: 2d", ISSUE, "2 d since it was first seen (so far 1 h)"),
        ("events: 5, within: 2h", replace(ISSUE, count=99, hourly=hours(2, 1, 1, 50)), "5 events in 2 h (so far 4)"),
        ("events: 4, within: 2h", replace(ISSUE, count=99, hourly=hours(2, 1, 1, 50)), None),
        ("events: 5, users: 2", replace(ISSUE, count=1), "5 events (so far 1) and 2 users (so far 0)"),
        ("age: 2h", replace(ISSUE, first_seen=None), "2 h since it was first seen (so far 0 min)"),
    ],
)
def test_a_ticket_comes_when_it_is_earned(book, wait_for, issue, lacks):
    verdict = book(f"wait_for: {{{wait_for}}}").route(issue, None, Around(NOW))
    assert verdict.rule == "bugs"
    assert (verdict.tracker is None) is (lacks is not None)
    if lacks:
        assert f"until there are {lacks}." in verdict.why
        assert verdict.skipped is None


def test_age_alone_comes_by_itself_and_says_when(book):
    waiting = book("wait_for: {age: 3h, events: 10}").route(replace(ISSUE, count=1), None, Around(NOW))
    assert waiting.again_at == NOW + timedelta(hours=2)
    assert book("wait_for: {events: 10}").route(replace(ISSUE, count=1), None, Around(NOW)).again_at is None


def test_all_issues_of_a_case_count_together(book):
    one, other = replace(ISSUE, count=6), replace(ISSUE, id="2", count=4)
    rule = book("wait_for: {events: 10}")
    assert rule.route(one, None, Around(NOW)).tracker is None
    assert rule.route(one, None, Around(NOW, (one, other))).tracker == "jira"


def test_events_that_are_yet_to_come_do_not_count():
    ahead = replace(ISSUE, hourly=((NOW + timedelta(hours=1), 7), (NOW, 1)))
    assert events_within([ahead], timedelta(hours=1), NOW) == 1


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("wait_for: {}", "for what"),
        ("wait_for: {within: 2h, users: 3}", "events"),
        ("wait_for: {events: 3, within: 90m}", "whole number of hours"),
        ("wait_for: {events: 3, within: 2d}", "24h"),
        ("wait_for: {evens: 3}", "events"),
        ("wait_for: {events: 1}", "greater than or equal to 2"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(book, said, names):
    with pytest.raises(MappingRefused) as refused:
        book(said)
    assert names in str(refused.value)
    assert "m.yaml:" in str(refused.value)


def test_a_rule_that_skips_has_nothing_to_wait_with(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("version: 1\nrules: [{name: no, skip: never, wait_for: {events: 3}}]\n")
    with pytest.raises(MappingRefused, match="wait_for"):
        load_mapping([path])


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("now.getHours() == 12", True),
        ("now - issue.first_seen > duration('30m')", True),
        ("now - issue.first_seen > duration('2h')", False),
        ("case.issues == 2", True),
        ("case.count >= 10 && case.users == 3", True),
        ("'api' in case.projects", True),
        ("triage.cause == 'noise'", True),
        ("triage.cause == 'code_bug'", False),
        ("triage.reasons.exists(r, r.contains('injected'))", True),
    ],
)
def test_conditions_look_at_the_time_the_case_and_the_cause(book, when, holds):
    thrown = Event("1", title="Error: Extension context invalidated", platform="javascript")
    issue = replace(ISSUE, title="Error: Extension context invalidated", count=6, user_count=1)
    other = replace(ISSUE, id="2", project=Project("2", "api"), count=4, user_count=2)
    verdict = book(f"when: {json.dumps(when)}").route(issue, thrown, Around(NOW, (issue, other)))
    assert (verdict.rule is not None) is holds, verdict.why


@pytest.mark.parametrize("name", ["now", "case.issues"])
def test_a_ticket_that_is_written_again_says_the_same_so_it_cannot_print_what_changes(tmp_path, name):
    path = tmp_path / "m.yaml"
    path.write_text(RULES + f'    ticket: {{tracker: jira, title: "{{{{ {name} }}}}"}}')
    with pytest.raises(MappingRefused, match=name.partition(".")[0]):
        load_mapping([path])
