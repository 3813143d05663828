"""Whatever an application throws: a ticket with what there is, or parked work with the reason; nothing is lost."""

import json

import pytest

from tests.fixtures.desk import Desk
from worker.sandbox.seed import PROJECTS

WEB, API = PROJECTS
DEEP: dict = {}
_inner = DEEP
for _ in range(150):
    _inner["deeper"] = {}
    _inner = _inner["deeper"]

FRAME = {"filename": "a.py", "function": "f", "lineno": 1, "in_app": True, "context_line": "x"}
ODD = {
    "no exception": {"message": "only words"},
    "nothing at all": {},
    "no frames": {"exception": {"values": [{"type": "KeyError", "value": "x"}]}},
    "5,000 frames": {"exception": {"values": [{"type": "E", "value": "x", "stacktrace": {"frames": [FRAME] * 5000}}]}},
    "a message of 1 MB": {"message": "m" * 1_000_000},
    "deep nesting": {"extra": DEEP, "contexts": DEEP, "message": "deep"},
    "nulls everywhere": dict.fromkeys(
        ("message", "exception", "tags", "request", "user", "contexts", "release", "level", "platform", "logentry",
         "transaction", "fingerprint", "breadcrumbs", "sdk", "environment", "threads", "stacktrace")
    ),
    "nulls inside": {"exception": {"values": [None, {"type": None, "value": None, "stacktrace": {"frames": [None]}}]}},
    "wrong types": {"exception": "text", "tags": 5, "request": [], "user": "me", "level": {}, "release": 7},
    "control characters": {"exception": {"values": [{"type": "\u0000\u0007", "value": "\u202e\u200b\u2066"}]}},
    "lone surrogates": {"message": "broken \ud800 text"},
    "markup": {"exception": {"values": [{"type": "</td>", "value": "``` @all #1 <script>x</script> {{ 7*7 }}"}]}},
    "a title of blanks": {"exception": {"values": [{"type": " ", "value": "\n\n\t "}]}},
}  # fmt: skip


@pytest.mark.parametrize("project", [WEB, API], ids=["github", "jira"])
def test_every_odd_event_gets_one_ticket_with_a_title(desk: Desk, project):
    issues = {}
    for name, event in ODD.items():
        desk.throw_raw(json.dumps(event | {"fingerprint": [name]}).encode(), project)
        issues[name] = max((i["id"] for i in desk.sandbox.state()["issues"]), key=int)
    desk.settle(*issues.values())
    tickets = desk.tickets()
    assert len(set(issues.values())) == len(ODD)
    assert len(tickets) == len(ODD)
    assert all(ticket["title"].strip() and "\n" not in ticket["title"] for ticket in tickets)
    with desk.store.read() as tx:
        assert tx.work.counts(desk.clock()).parked == 0
    assert not any("49" in ticket["title"] for ticket in tickets), "a template in an event was rendered"


def test_an_event_that_is_not_utf8_gets_a_ticket(desk: Desk):
    desk.throw_raw(b'{"message": "caf\xe9 \xff\xfe broke", "fingerprint": ["latin"]}', API)
    desk.settle(desk.sandbox.state()["issues"][0]["id"])
    (ticket,) = desk.tickets()
    assert "broke" in ticket["title"]


def test_a_jira_project_that_does_not_exist_is_one_alarm_by_name_and_the_work_waits_for_it(desk: Desk):
    jira = desk.ctx.trackers["jira"]
    real, jira._end.place = jira._end.place, "NOPE"
    desk.hint(desk.throw(project=API))
    for _ in range(5):
        desk.work()
        desk.clock.advance(minutes=2)
    with desk.store.read() as tx:
        (trouble,) = tx.services.listing()
    assert trouble.refused
    assert "NOPE" in trouble.reason
    assert "project" in trouble.reason
    assert desk.parked() == ()
    jira._end.place = real
    desk.settle()
    assert len(desk.tickets()) == 1


def test_a_label_that_is_too_long_for_github_is_cut_and_a_refusal_is_parked(desk: Desk, tmp_path):
    (tmp_path / "m.yaml").write_text(
        "version: 1\ntrackers: {github: {kind: github, repo: acme/shop}}\n"
        "rules: [{name: all, ticket: {tracker: github, labels: [" + "long" * 20 + "]}}]\n"
    )
    desk.load(tmp_path / "m.yaml")
    desk.settle(desk.throw("KeyError"))
    (ticket,) = desk.tickets()
    assert [len(label) for label in ticket["labels"]] == [50]
    desk.sandbox.fault("fail_before", service="github", method="POST", path="/issues$", times=1, status=422)
    desk.settle(desk.throw("ValueError"))
    (row,) = desk.parked()
    assert "422" in row.parked_reason
