"""The main job over real HTTP and real databases: an error becomes a ticket, and the two stay in step."""

import pytest

from tests.fixtures.desk import Desk, Died
from worker.sandbox.seed import PROJECTS

WEB, API = PROJECTS
BOTH = pytest.mark.parametrize("project", [WEB, API], ids=["github", "jira"])
CLOSED = {"resolved": ("closed", "completed", "Done"), "ignored": ("closed", "not_planned", "Won't Do")}


def says(ticket) -> str:
    if ticket["status"] in {"open", "To Do", "In Progress", "In Review"}:
        return "open"
    return "ignored" if ticket["resolution"] in {"not_planned", "Won't Do"} else "resolved"


def history(desk: Desk, *kinds: str):
    with desk.store.read() as tx:
        return [e for e in tx.history.of_case(1) if not kinds or e.kind in kinds]


@BOTH
def test_an_error_becomes_one_ticket_that_sentry_shows(desk_on_both, project):
    desk = desk_on_both
    issue = desk.throw(project=project)
    desk.settle(issue)
    (ticket,) = desk.tickets()
    assert ticket["tracker"] == ("github" if project is WEB else "jira")
    assert "TypeError" in ticket["title"]
    assert desk.issue(issue)["tickets"] == [ticket["url"]]
    assert [e.kind for e in history(desk)] == ["case.opened", "ticket.created", "ticket.shown"]


@BOTH
def test_one_round_settles_and_then_it_stays_quiet(desk, project):
    issue = desk.throw(project=project)
    desk.settle(issue)
    desk.calls.clear()
    before = desk.sandbox.state()
    desk.settle(issue)
    assert set(desk.calls) == {"issue", "read"}
    assert desk.sandbox.state() == before


@BOTH
@pytest.mark.parametrize(("word", "status"), [("resolved", "resolved"), ("ignored", "ignored")])
def test_what_happens_in_sentry_moves_the_ticket(desk, project, word, status):
    issue = desk.throw(project=project)
    desk.settle(issue)
    desk.move_issue(issue, word)
    desk.settle(issue)
    (ticket,) = desk.tickets()
    assert says(ticket) == status
    desk.move_issue(issue, "unresolved")
    desk.settle(issue)
    assert says(desk.tickets()[0]) == "open"


@BOTH
@pytest.mark.parametrize("status", ["resolved", "ignored"])
def test_what_happens_to_the_ticket_moves_the_issue(desk, project, status):
    issue = desk.throw(project=project)
    desk.settle(issue)
    (ticket,) = desk.tickets()
    desk.move_ticket(ticket, status)
    desk.settle(issue)
    assert desk.issue(issue)["status"] == status
    if status == "resolved":
        desk.move_ticket(desk.tickets()[0], "open")
        desk.settle(issue)
        assert desk.issue(issue)["status"] == "unresolved"
    assert [e.actor for e in history(desk, "ticket.moved", "issue.moved")][:2] == ["tracker", "bugferry"]


def test_in_review_stays_where_it_is(desk):
    issue = desk.throw(project=API)
    desk.settle(issue)
    (ticket,) = desk.tickets()
    path = f"/jira/rest/api/3/issue/{ticket['key']}/transitions"
    for name in ("In Progress", "In Review"):
        step = next(s for s in desk.as_person("GET", path)["transitions"] if s["to"]["name"] == name)
        desk.as_person("POST", path, json={"transition": {"id": step["id"]}})
    desk.settle(issue)
    assert desk.tickets()[0]["status"] == "In Review"
    assert desk.issue(issue)["status"] == "unresolved"


@BOTH
def test_a_regression_reopens_the_ticket_and_says_which_issue_and_release(desk_on_both, project):
    desk = desk_on_both
    issue = desk.throw(project=project)
    desk.settle(issue)
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    desk.throw(project=project, release="shop@1.1")
    desk.settle(issue)
    desk.settle(issue)
    (ticket,) = desk.tickets()
    assert says(ticket) == "open"
    (comment,) = ticket["comments"]
    assert desk.issue(issue)["short_id"] in comment.replace("\\", "")
    assert "shop@1.1" in comment.replace("\\", "").replace("\u2060", "")


# ---------------------------------------------------------------- exactly one ticket, whatever happens to the call

FAULTS = [
    {"kind": "fail_before", "status": 502},
    {"kind": "fail_after", "status": 502},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "429", "retry_after": 3},
]
CREATE = {WEB: ("github", "/issues$"), API: ("jira", "/issue$")}


@BOTH
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f["kind"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_create_that_fails_before_or_after_its_effect_makes_one_ticket(desk, project, fault, times):
    issue = desk.throw(project=project)
    service, path = CREATE[project]
    desk.sandbox.fault(service=service, method="POST", path=path, times=times, **fault)
    desk.settle(issue)
    assert len(desk.tickets()) == 1
    assert desk.issue(issue)["tickets"] == [desk.tickets()[0]["url"]]


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_at_any_call_leaves_one_ticket_and_both_sides_agree(desk, project, when):
    issue = desk.throw(project=project)
    deaths = die_at_every_call(desk, when, issue)
    assert len(desk.tickets()) == 1
    desk.move_issue(issue, "resolved")
    deaths += die_at_every_call(desk, when, issue)
    assert says(desk.tickets()[0]) == "resolved"
    desk.throw(project=project, release="shop@1.1")
    deaths += die_at_every_call(desk, when, issue)
    (ticket,) = desk.tickets()
    assert says(ticket) == "open"
    assert len(ticket["comments"]) == 1
    desk.move_ticket(ticket, "resolved")
    deaths += die_at_every_call(desk, when, issue)
    assert desk.issue(issue)["status"] == "resolved"
    assert deaths >= 8


def die_at_every_call(desk: Desk, when: str, issue: str) -> int:
    """Let the worker die at its first call, then at its second, and so on; how often before it came through."""
    for survived in range(40):
        left = [survived]

        def watcher(moment: str, _name: str, left: list[int] = left) -> None:
            if moment == when:
                left[0] -= 1
                if left[0] < 0:
                    raise Died

        desk.watch[:] = [watcher]
        try:
            desk.settle(issue)
        except Died:
            desk.clock.advance(seconds=60)  # its lease runs out
        else:
            desk.watch.clear()
            desk.settle(issue)
            return survived
    raise AssertionError("it never came through")


def test_a_create_that_was_interrupted_is_adopted_even_if_the_issue_closed_meanwhile(desk):
    issue = desk.throw()
    desk.sandbox.fault(service="github", method="POST", path="/issues$", times=1, kind="drop_after")
    desk.hint(issue)
    desk.work()
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    desk.settle(issue)
    (ticket,) = desk.tickets()
    assert says(ticket) == "resolved"


def test_an_interrupted_create_that_is_no_longer_wanted_is_given_up_after_the_grace(desk):
    issue = desk.throw()
    desk.sandbox.fault(service="github", method="POST", path="/issues$", times=1, kind="drop_before")
    desk.hint(issue)
    desk.work()
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    assert desk.tickets() == []
    assert "resolved" in history(desk, "ticket.declined")[0].why


# ---------------------------------------------------------------- what cannot be done is parked, visible and retryable


@BOTH
def test_a_refused_create_is_parked_with_its_reason_and_a_retry_goes_through(desk, project):
    issue = desk.throw(project=project)
    service, path = CREATE[project]
    desk.sandbox.fault(service=service, method="POST", path=path, times=1, kind="fail_before", status=422)
    desk.settle(issue)
    with desk.store.read() as tx:
        (row,) = tx.work.listing(parked=True, limit=5)
    assert row.parked_reason
    assert desk.tickets() == []
    with desk.store.write() as tx:
        assert tx.work.unpark(row.key, desk.clock())
    desk.settle()
    assert len(desk.tickets()) == 1


def test_one_poisoned_item_does_not_hold_up_the_rest(desk):
    bad, good = desk.throw("KeyError"), desk.throw("ValueError")

    def poison(moment: str, name: str) -> None:
        if name == "create" and moment == "before" and not desk.tickets():
            raise ZeroDivisionError("a defect of ours")

    desk.watch.append(poison)
    desk.hint(bad)
    desk.work()
    desk.watch.clear()
    desk.hint(good)
    desk.work()
    assert len(desk.tickets()) == 1
    desk.settle()
    assert len(desk.tickets()) == 2


def test_an_issue_that_vanished_between_hint_and_read_leaves_nothing(desk):
    desk.throw()
    desk.settle("999999")
    with desk.store.read() as tx:
        assert tx.work.listing(parked=None, limit=5) == ()
        assert tx.cases.counts().cases == 0


def test_an_issue_that_sentry_is_still_moving_is_looked_at_later(desk):
    issue = desk.throw()
    desk.sandbox.control.post("/sandbox/sentry", json={"issue": issue, "status": "pending_merge"}).raise_for_status()
    desk.hint(issue)
    desk.work()
    assert desk.tickets() == []
    desk.sandbox.control.post("/sandbox/sentry", json={"issue": issue, "status": "unresolved"}).raise_for_status()
    desk.settle()
    assert len(desk.tickets()) == 1


def test_a_ticket_deleted_by_hand_is_never_made_again(desk):
    issue = desk.throw()
    desk.settle(issue)
    desk.sandbox.control.post("/sandbox/github", json={"delete": 1}).raise_for_status()
    desk.settle(issue)
    desk.settle(issue)
    assert desk.tickets() == []
    assert "no new ticket" in history(desk, "link.broken")[0].why


def test_noise_and_archived_issues_get_no_ticket_and_history_says_why_once(desk):
    archived = desk.throw("ValueError")
    desk.move_issue(archived, "ignored")
    noise = desk.throw("KeyError", request={"headers": {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}})
    for _ in range(3):
        desk.settle(archived, noise)
    assert desk.tickets() == []
    with desk.store.read() as tx:
        reasons = [e.why for e in tx.history.recent(10) if e.kind == "ticket.declined"]
    assert len(reasons) == 2
    assert any("archived" in why.lower() for why in reasons)
    assert any("crawler" in why.lower() for why in reasons)


def test_both_moved_and_the_newer_counts(desk):
    issue = desk.throw()
    desk.settle(issue)
    desk.move_issue(issue, "ignored")
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(issue)
    # within seconds of each other, and neither is open: resolved, because a regression would show it again
    assert (desk.issue(issue)["status"], says(desk.tickets()[0])) == ("resolved", "resolved")
