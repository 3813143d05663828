"""A rule that waits makes its ticket when it is earned, says what is missing, and loses nothing meanwhile."""

from datetime import timedelta

from tests.fixtures.desk import Desk

RULES = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
rules:
  - name: earned
    wait_for: {WAIT}
    ticket: {tracker: github}
"""


def load(desk: Desk, tmp_path, wait_for: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(RULES.replace("WAIT", wait_for))
    desk.load(path)


def verdict(desk: Desk) -> str:
    with desk.store.read() as tx:
        row = tx.cases.load(1)
    assert row is not None
    return row.verdict or ""


def test_a_ticket_comes_with_the_third_event_and_not_before(desk, tmp_path):
    load(desk, tmp_path, "events: 3, within: 2h")
    for _ in range(2):
        issue = desk.throw()
        desk.settle(issue)
        assert desk.tickets() == []
    assert "3 events in 2 h" in verdict(desk)
    desk.settle(desk.throw())
    (ticket,) = desk.tickets()
    assert ticket["url"] in desk.issue(issue)["tickets"]


def test_what_is_missing_is_told_once_and_not_with_every_event(desk, tmp_path):
    load(desk, tmp_path, "events: 9")
    for _ in range(4):
        desk.settle(desk.throw())
    with desk.store.read() as tx:
        kinds = [entry.kind for entry in tx.history.of_case(1)]
    assert kinds.count("ticket.declined") == 1


def test_an_issue_that_is_old_enough_gets_its_ticket_although_nothing_is_heard_of_it(desk, tmp_path):
    load(desk, tmp_path, "age: 2h")
    desk.hint(desk.throw())
    desk.work()
    assert desk.tickets() == []
    with desk.store.read() as tx:
        row = tx.work.get("case:1")
    assert row is not None
    assert timedelta(hours=1, minutes=50) < row.due_at - desk.clock() <= timedelta(hours=2)
    desk.clock.advance(minutes=119)
    desk.hint(desk.issue("1")["id"])
    desk.work()
    assert desk.tickets() == []
    desk.clock.advance(minutes=2)
    desk.work()
    assert len(desk.tickets()) == 1


def test_an_issue_that_is_resolved_while_it_waits_gets_no_ticket(desk, tmp_path):
    load(desk, tmp_path, "age: 2h")
    issue = desk.throw()
    desk.hint(issue)
    desk.work()
    desk.move_issue(issue, "resolved")
    desk.settle()
    assert desk.tickets() == []
