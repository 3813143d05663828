"""Trouble that comes between the steps: each of these once left something wrong for good."""

from datetime import timedelta

import pytest

from tests.fixtures.desk import Desk, Died
from worker.flow.rounds import ROUNDS, run_now
from worker.model import Delivery, Hint
from worker.sandbox.seed import ORG, PROJECTS

WEB, API = PROJECTS


def rounds(desk: Desk, times: int = 3) -> None:
    """Time goes on: every poll and sweep, and the work they find."""
    for _ in range(times):
        desk.clock.advance(minutes=11)
        for name in ROUNDS:
            run_now(desk.ctx, name)
        desk.work()


def lose_the_answer(desk: Desk) -> str:
    """An issue whose ticket was made without our hearing of it."""
    issue = desk.throw()
    desk.sandbox.fault(service="github", method="POST", path="/issues$", times=1, kind="drop_after")
    desk.hint(issue)
    desk.work()
    return issue


def movers(desk: Desk) -> list[tuple[str, str]]:
    with desk.store.read() as tx:
        return [(e.kind, e.actor) for e in tx.history.of_case(1) if e.kind.endswith(".moved")]


def test_a_ticket_that_a_person_closed_before_we_adopted_it_closes_its_issue(desk):
    issue = lose_the_answer(desk)
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "resolved"


def test_an_interrupted_create_is_adopted_even_when_its_issue_was_deleted(desk):
    issue = lose_the_answer(desk)
    desk.as_person("DELETE", f"/sentry/api/0/organizations/{ORG}/issues/{issue}/")
    desk.settle()
    with desk.store.read() as tx:
        assert tx.intents.open_ones(5) == ()
        assert tx.cases.ticket_of(1) is not None


def test_a_person_who_changes_their_mind_while_sentry_refuses_writes_is_heard(desk):
    rounds(desk, 1)
    issue = desk.throw()
    desk.settle(issue)
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.sandbox.fault(service="sentry", method="PUT", path="/issues/", times=-1, kind="fail_before", status=503)
    desk.hint(issue)
    desk.work()
    desk.move_ticket(desk.tickets()[0], "open")
    rounds(desk)
    desk.sandbox.control.delete("/sandbox/faults")
    desk.clock.advance(minutes=30)
    desk.settle()
    assert desk.issue(issue)["status"] == "unresolved"


@pytest.mark.parametrize("side", ["issue", "ticket"])
def test_a_move_of_ours_whose_answer_was_lost_is_in_history_once(desk, side):
    issue = desk.throw()
    desk.settle(issue)
    if side == "issue":
        desk.move_ticket(desk.tickets()[0], "resolved")
        desk.sandbox.fault(service="sentry", method="PUT", path="/issues/", times=1, kind="fail_after", status=502)
    else:
        desk.move_issue(issue, "resolved")
        desk.sandbox.fault(service="github", method="PATCH", path="/issues/", times=1, kind="fail_after", status=502)
    desk.settle(issue)
    assert movers(desk).count((f"{side}.moved", "bugferry")) == 1


def test_an_issue_merged_into_an_unknown_one_keeps_its_ticket(desk):
    issue, heir = desk.throw("KeyError"), desk.throw("ValueError")
    for _ in range(2):
        desk.throw("ValueError")
    desk.settle(issue)
    desk.as_person("PUT", f"/sentry/api/0/organizations/{ORG}/issues/?id={issue}&id={heir}", json={"merge": 1})
    desk.settle(issue)
    desk.settle(issue)
    assert len(desk.tickets()) == 1
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(heir)
    assert desk.issue(heir)["status"] == "resolved"


@pytest.mark.parametrize("status", [400, 500])
def test_a_link_that_sentry_refuses_holds_up_nothing(desk, status):
    desk.sandbox.fault(
        service="sentry", method="POST", path="external-issues", times=-1, kind="fail_before", status=status
    )
    issue = desk.throw()
    desk.hint(issue)
    for moved in (False, True):
        if moved:
            desk.move_issue(issue, "resolved")
            desk.hint(issue)
        for _ in range(6):
            desk.work()
            desk.clock.advance(minutes=16)
    assert desk.parked() == ()
    assert desk.tickets()[0]["status"] == "closed"


def test_a_single_404_does_not_silence_an_issue_for_good(desk):
    issue = desk.throw()
    desk.settle(issue)
    desk.sandbox.fault(
        service="sentry", method="GET", path=f"/issues/{issue}/", times=1, kind="fail_before", status=404
    )
    desk.settle(issue)
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    assert desk.tickets()[0]["status"] == "closed"


def test_work_that_kills_its_workers_is_parked(desk):
    issue = desk.throw()

    def kill(moment: str, name: str) -> None:
        if moment == "before" and name == "latest_event":
            raise Died

    desk.watch.append(kill)
    desk.hint(issue)
    deaths = 0
    while not desk.parked():
        try:
            desk.work()
        except Died:
            deaths += 1
        assert deaths < 10
        desk.clock.advance(seconds=60)
    assert "workers in a row" in desk.parked()[0].parked_reason


def test_an_outage_does_not_bring_healthy_work_closer_to_being_parked(desk):
    issue = desk.throw()
    desk.sandbox.fault(service="sentry", method="GET", path=r"/issues/\d+/", times=-1, kind="fail_before", status=503)
    desk.hint(issue)
    for _ in range(6):
        desk.work()
        desk.clock.advance(minutes=16)
    desk.sandbox.control.delete("/sandbox/faults")

    def stumble(moment: str, name: str) -> None:
        if (moment, name) == ("before", "issue"):
            raise ZeroDivisionError("the first one ever")

    desk.watch.append(stumble)
    desk.work()
    assert desk.parked() == ()


def test_one_tracker_in_trouble_does_not_blind_us_to_the_others(desk):
    run_now(desk.ctx, "poll.tickets")
    issue = desk.throw(project=WEB)
    desk.settle(issue)
    desk.sandbox.fault(service="jira", path="/search", times=-1, kind="fail_before", status=503)
    run_now(desk.ctx, "poll.tickets")
    desk.move_ticket(desk.tickets()[0], "resolved")
    run_now(desk.ctx, "poll.tickets")
    desk.settle()
    assert desk.issue(issue)["status"] == "resolved"


def test_one_id_that_sentry_does_not_know_does_not_stop_the_sweep(desk):
    """Sentry answers 400 to a whole list of short ids when one of them is unknown."""
    rounds(desk, 1)
    gone, other = desk.throw("KeyError"), desk.throw("ValueError")
    desk.settle(gone, other)
    unknown = desk.issue(gone)["short_id"]
    desk.as_person("DELETE", f"/sentry/api/0/organizations/{ORG}/issues/{gone}/")
    desk.move_issue(other, "resolved")
    path = rf"/issues/\?.*{unknown}"
    desk.sandbox.fault(service="sentry", method="GET", path=path, times=-1, kind="fail_before", status=400)
    run_now(desk.ctx, "sweep.pairs")
    desk.settle()
    assert [t["status"] for t in desk.tickets()].count("closed") == 1


def test_a_storm_while_a_service_asks_for_a_pause_costs_it_a_handful_of_calls(desk):
    issue = desk.throw()
    desk.settle(issue)
    desk.clock.advance(minutes=5)
    desk.sandbox.fault(service="github", path="/issues/", times=-1, kind="429", retry_after=3600)
    desk.calls.clear()
    for number in range(50):
        hint = Hint(f"issue:{issue}", "Sentry: error", urgent=False)
        with desk.store.write() as tx:
            delivery = Delivery("sentry", f"error:{number}", "error", "created", (hint,))
            tx.inbox.accept(delivery, "digest", desk.clock(), timedelta(seconds=30))
        desk.work()
    assert len(desk.calls) < 10
