"""History folded into spells: in any order, twice, late, by wrong clocks, merged and split, and as a slow reference."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings

from tests.fixtures.slow_metrics import HOUR, MONDAY, entry, histories, moved, opened, slow_spells
from worker.metrics.lifeline import fold, lifeline

DAY = timedelta(days=1)


def shape(line):
    return [(s.began_how, s.ended_how) for s in line.spells]


@given(histories())
@settings(max_examples=60, deadline=None)
def test_the_fold_is_what_a_replay_of_everything_says(entries):
    fast = [
        (case, s.began_at, s.began_how, s.ended_at, s.ended_how)
        for case, line in fold(entries).items()
        for s in line.spells
        if s.ended_how != "before_us"
    ]
    slow = [(s.case, s.began, s.began_how, s.ended, s.ended_how) for s in slow_spells(entries)]
    assert sorted(fast, key=str) == sorted(slow, key=str)


@given(histories())
@settings(max_examples=40, deadline=None)
def test_order_and_repetition_change_nothing_and_spells_never_overlap(entries):
    lines = fold(entries)
    shuffled = [*entries, *entries[::2]]
    random.Random(len(entries)).shuffle(shuffled)
    assert fold(shuffled) == lines
    for line in lines.values():
        ends = [line.spells[0].began_at] if line.spells else []
        for spell in line.spells:
            assert spell.began_at >= ends[-1]
            ends.append(spell.ended_at or spell.began_at)
            assert ends[-1] >= spell.began_at
        assert all(spell.ended_at for spell in line.spells[:-1])


@pytest.mark.parametrize(
    ("how", "ended"),
    [
        ("set_resolved", "by_hand"),
        ("set_resolved_in_release", "by_release"),
        ("set_resolved_in_commit", "by_commit"),
        ("set_resolved_in_pull_request", "by_commit"),
        ("set_resolved_by_age", "by_age"),
        (None, "by_hand"),
    ],
)
def test_a_resolution_is_named_by_how_sentry_says_it_came(how, ended):
    line = lifeline([opened(1, 1, MONDAY), moved(2, 1, MONDAY + DAY, "resolved", how)], 1)
    assert shape(line) == [("new", ended)]
    assert (line.spells[0].began_entry, line.spells[0].ended_entry) == (1, 2)


def test_what_detail_says_of_how_goes_before_the_sentence():
    told = moved(2, 1, MONDAY + DAY, "resolved", None, detail={"how": "set_resolved_by_age"})
    assert shape(lifeline([opened(1, 1, MONDAY), told], 1)) == [("new", "by_age")]


def test_our_own_move_is_the_tickets():
    ours = moved(2, 1, MONDAY + DAY, "resolved", None, actor="bugferry")
    assert shape(lifeline([opened(1, 1, MONDAY), ours], 1)) == [("new", "by_ticket")]


def test_a_fix_that_did_not_hold_is_a_regression_and_an_archive_that_ended_is_none():
    entries = [
        opened(1, 1, MONDAY),
        moved(2, 1, MONDAY + DAY, "resolved"),
        moved(3, 1, MONDAY + 3 * DAY, "open", "set_regression"),
        moved(4, 1, MONDAY + 4 * DAY, "ignored", "set_ignored"),
        moved(5, 1, MONDAY + 5 * DAY, "open", "set_escalating"),
    ]
    line = lifeline(entries, 1)
    assert shape(line) == [("new", "by_hand"), ("regressed", "archived"), ("returned", None)]
    assert [s.reopened_at for s in line.spells] == [MONDAY + 3 * DAY, None, None]
    assert [s.human_at for s in line.spells] == [MONDAY + DAY, MONDAY + 4 * DAY, None]


def test_a_case_is_fixed_when_the_last_of_its_issues_is():
    entries = [
        opened(1, 1, MONDAY),
        opened(2, 2, MONDAY + HOUR),
        entry(3, 1, "case.merged", MONDAY + 2 * HOUR, detail={"from": 2, "into": 1}),
        entry(4, 2, "case.merged", MONDAY + 2 * HOUR, detail={"from": 2, "into": 1}),
        moved(5, 1, MONDAY + DAY, "resolved"),
        moved(6, 1, MONDAY + 2 * DAY, "ignored", "set_ignored", issue="i2"),
    ]
    lines = fold(entries)
    assert shape(lines[2]) == [("new", "merged")]
    assert shape(lines[1]) == [("new", "by_hand")]
    assert lines[1].spells[0].ended_at == MONDAY + 2 * DAY


def test_an_open_issue_that_joins_a_fixed_case_opens_it_again_and_one_that_leaves_takes_its_status_along():
    pair = {"from": 2, "into": 1}
    entries = [
        opened(1, 1, MONDAY),
        moved(2, 1, MONDAY + HOUR, "resolved"),
        opened(3, 2, MONDAY),
        entry(4, 1, "case.merged", MONDAY + DAY, detail=pair),
        entry(5, 1, "case.split", MONDAY + 2 * DAY, issue_id="i2", detail={"from": 1, "into": 3}),
    ]
    lines = fold(entries)
    assert shape(lines[1]) == [("new", "by_hand"), ("regressed", "merged")]
    assert shape(lines[3]) == [("new", None)]


def test_an_issue_that_sentry_merged_lives_on_under_its_new_name():
    entries = [
        opened(1, 1, MONDAY, issue="10"),
        entry(2, 1, "issue.gone", MONDAY + DAY, issue_id="10", why="Sentry merged issue 10 into 11."),
        moved(3, 1, MONDAY + 2 * DAY, "resolved", issue="11"),
    ]
    assert shape(lifeline(entries, 1)) == [("new", "by_hand")]
    deleted = entry(2, 1, "issue.gone", MONDAY + DAY, issue_id="10", why="Issue 10 was deleted in Sentry.")
    assert shape(lifeline([entries[0], deleted], 1)) == [("new", "deleted")]


def test_what_was_over_at_first_sight_has_no_length_unless_history_tells():
    first = opened(1, 1, MONDAY, status="resolved", recorded_at=MONDAY + 9 * DAY)
    assert shape(lifeline([first], 1)) == [("new", "before_us")]
    told = moved(2, 1, MONDAY + DAY, "resolved", recorded_at=MONDAY + 9 * DAY)
    line = lifeline([first, told], 1)
    assert shape(line) == [("new", "by_hand")]
    assert line.spells[0].ended_at == MONDAY + DAY
    again = moved(3, 1, MONDAY + 20 * DAY, "open", "set_regression")
    assert shape(lifeline([first, again], 1)) == [("new", "before_us"), ("regressed", None)]


def test_clocks_that_run_ahead_or_behind_make_no_negative_time():
    ahead = opened(1, 1, MONDAY + HOUR, recorded_at=MONDAY)
    behind = moved(2, 1, MONDAY - HOUR, "resolved", recorded_at=MONDAY + DAY)
    (spell,) = lifeline([behind, ahead], 1).spells
    assert (spell.began_at, spell.ended_at) == (MONDAY, MONDAY)


def test_dimensions_are_what_was_said_last():
    entries = [
        opened(1, 1, MONDAY),
        entry(2, 1, "cause.judged", MONDAY, new="unsure"),
        entry(3, 1, "cause.overruled", MONDAY + HOUR, old="noise", new="code_bug"),
        entry(4, 1, "deploy.introduced", MONDAY, detail={"release": "2.3", "environment": "production"}),
        entry(5, 1, "ticket.created", MONDAY + HOUR, source="tracker:acme", rule="crashes"),
    ]
    line = lifeline(entries, 1)
    assert line.dimensions == {
        "cause": "code_bug",
        "release": "2.3",
        "deploy": "2.3 (production)",
        "tracker": "acme",
        "rule": "crashes",
    }
    assert line.spells[0].ticket_at == MONDAY + HOUR
