"""What happened to an issue, out of rows as Sentry's API shows them: total, in order, in our words."""

import json
from pathlib import Path

import pytest

from worker.ends.github_past import read_moves as github_moves
from worker.ends.jira_past import read_moves as jira_moves
from worker.ends.sentry_past import read_activities
from worker.model import Person, Status

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "sentry" / "api_issue_detail.json"


def row(number, kind, hour, data=None, **more):
    return {"id": str(number), "type": kind, "dateCreated": f"2026-11-01T{hour:02}:00:00Z", "data": data or {}, **more}


def test_every_way_of_moving_is_told_in_our_words_and_the_rest_is_left_out():
    lead = {"user": {"id": "4", "name": "checkout-lead", "email": "web-leads@example.com"}}
    told = read_activities({"activity": [
        row(9, "merge", 9, {"issues": [{"id": "77"}, {"id": 78}]}),
        row(8, "note", 8, {"text": "set_resolved"}),
        row(7, "set_escalating", 7),
        row(6, "set_ignored", 6),
        row(5, "set_resolved_in_pull_request", 5),
        row(4, "set_regression", 4, {"version": "web@2"}),
        row(3, "set_resolved_in_commit", 3, {"commit": {"id": "abc", "repository": {"name": "acme/shop"}}}),
        row(2, "set_unresolved", 2),
        row(1, "set_resolved_in_release", 1, {"version": "web@1"}, **lead),
        row(0, "set_resolved_by_age", 0, {"age": 336}),
    ]})  # fmt: skip
    assert [(one.kind, one.status) for one in told] == [
        ("resolved_by_age", Status.RESOLVED),
        ("resolved_in_release", Status.RESOLVED),
        ("reopened", Status.OPEN),
        ("resolved_in_commit", Status.RESOLVED),
        ("regressed", Status.OPEN),
        ("resolved_in_pull_request", Status.RESOLVED),
        ("archived", Status.IGNORED),
        ("escalated", Status.OPEN),
        ("merged", None),
    ]
    assert (told[1].release, told[1].by) == ("web@1", Person("4", "checkout-lead", "web-leads@example.com"))
    assert (told[3].commit, told[4].release, told[8].others) == ("abc", "web@2", ("77", "78"))
    assert told[0].by is None


@pytest.mark.parametrize(
    "broken",
    [None, 7, "x", {}, [None, 3, []], [row(1, None, 1)], [{"type": "set_resolved"}], [{"type": ["set_resolved"]}]],
)
def test_what_cannot_be_read_is_no_activity(broken):
    assert read_activities({"activity": broken}) == ()


def test_odd_data_leaves_the_move_as_it_is():
    (one,) = read_activities({"activity": [row(1, "set_resolved_in_release", 1, {"version": "", "commit": []})] * 2})
    assert (one.release, one.commit, one.others) == (None, None, ())


@pytest.mark.skipif(not REAL.exists(), reason="the real payloads are not here")
def test_a_real_detail_is_read():
    assert read_activities(json.loads(REAL.read_text())) == ()


def test_a_changelog_tells_category_and_resolution_as_they_were():
    def change(hour, account, *items):
        author = {"accountId": account, "displayName": account}
        fields = [{"field": name, "to": to, "toString": shown} for name, to, shown in items]
        return {"created": f"2026-11-01T{hour:02}:00:00.000+0000", "author": author, "items": fields}

    rows = [
        change(3, "lead", ("status", "1", "To Do"), ("resolution", None, None)),
        change(1, "us", ("status", "3", "Done"), ("resolution", "10", "Won't Do")),
        change(2, "lead", ("labels", None, "urgent")),
        change(4, "lead", ("status", "99", "Deleted status"), ("resolution", "1", "Done")),
        {"created": "never"},
    ]
    moves = jira_moves(rows, {"1": False, "3": True}, "us")
    assert [(m.state.name, m.state.done, m.state.resolution, m.ours) for m in moves] == [
        ("Done", True, "Won't Do", True),
        ("To Do", False, None, False),
        ("Deleted status", True, "Done", False),
    ]


def test_github_events_without_a_reason_or_an_actor_are_read():
    rows = [
        {"event": "reopened", "created_at": "2026-11-01T02:00:00Z", "actor": None},
        {"event": "closed", "created_at": "2026-11-01T01:00:00Z", "actor": {"login": "us"}, "state_reason": None},
        {"event": "closed", "created_at": None},
        {"event": "labeled", "created_at": "2026-11-01T01:00:00Z"},
    ]
    moves = github_moves(rows, "us")
    assert [(m.state.name, m.state.done, m.by and m.by.account, m.ours) for m in moves] == [
        ("closed", True, "us", True),
        ("open", False, None, False),
    ]
