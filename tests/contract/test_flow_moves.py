"""Things that move: issues that merge, split and vanish, tickets that are transferred, doubled and handed over."""

from datetime import timedelta

import pytest

from tests.fixtures.desk import Desk
from worker.errors import Ambiguous
from worker.flow.cases.membership import merge_cases, split_off
from worker.flow.polls.changes import poll_sentry, poll_tickets, sweep_pairs
from worker.flow.polls.reconcile import Progress, reconcile, reconcile_by_and_by, sweep_tickets
from worker.flow.polls.twins import sweep_twins
from worker.sandbox import seed
from worker.sandbox.seed import PROJECTS
from worker.store.case_rows import CaseRow

WEB, API = PROJECTS
BOTH = pytest.mark.parametrize("project", [WEB, API], ids=["github", "jira"])
ORG = f"/sentry/api/0/organizations/{seed.ORG}/issues/"


def lever(desk: Desk, service: str, **order: object) -> dict:
    return desk.sandbox.control.post(f"/sandbox/{service}", json=order).raise_for_status().json()


def case(desk: Desk, number: int) -> CaseRow:
    with desk.store.read() as tx:
        row = tx.cases.load(number)
    assert row is not None
    return row


def kinds(desk: Desk, number: int) -> list[str]:
    with desk.store.read() as tx:
        return [entry.kind for entry in tx.history.of_case(number)]


def is_open(ticket: dict) -> bool:
    return ticket["status"] in {"open", "To Do", "In Progress", "In Review"}


def two_bugs(desk: Desk, project: seed.Project = WEB, other: seed.Project | None = None) -> list[str]:
    """Two issues, each with its ticket; the first one's is the older."""
    found = [desk.throw("KeyError", project=project)]
    desk.settle(*found)
    found.append(desk.throw("ValueError", project=other or project))
    desk.settle(*found)
    assert len(desk.tickets()) == 2
    return found


def merge_in_sentry(desk: Desk, *issues: str) -> None:
    desk.as_person("PUT", ORG, params={"id": list(issues)}, json={"merge": 1})


# ---------------------------------------------------------------- Sentry


@BOTH
def test_two_issues_that_merge_leave_the_older_ticket_and_close_the_other_as_its_duplicate(desk, project):
    first, second = two_bugs(desk, project)
    merge_in_sentry(desk, first, second)
    desk.settle(first, second)
    older, younger = sorted(desk.tickets(), key=lambda t: int(t["id"]))
    assert is_open(older)
    assert not is_open(younger)
    assert younger["duplicate_of"] == older["key"]
    assert any(older["key"] in comment for comment in younger["comments"])
    rows = [case(desk, number) for number in (1, 2)]
    (into,) = [row for row in rows if row.ticket]
    assert into.ticket.key == older["key"]
    assert sum(row.merged_into == into.id for row in rows) == 1
    assert "case.merged" in kinds(desk, 1)
    desk.calls.clear()
    desk.settle(first, second)
    assert not {"comment", "close_as_duplicate", "move", "create"} & set(desk.calls)


def test_bugs_of_two_trackers_merge_too_and_the_younger_ticket_is_closed_where_it_is(desk):
    two_bugs(desk, WEB, API)
    merge_cases(desk.ctx, 1, 2, "checkout-lead")
    desk.settle()
    github, jira = desk.sandbox.state()["github"][0], desk.sandbox.state()["jira"][0]
    assert is_open(github)
    assert not is_open(jira)
    assert any(github["url"] in comment or "#1" in comment for comment in jira["comments"])
    assert case(desk, 2).ticket.key == github["key"]


def test_an_issue_merged_into_an_unknown_one_takes_its_ticket_along(desk):
    known = desk.throw("KeyError")
    desk.settle(known)
    stranger = desk.throw("ValueError")
    merge_in_sentry(desk, stranger, known)
    desk.settle(known, stranger)
    assert len([t for t in desk.tickets() if is_open(t)]) == 1


def test_an_issue_that_was_split_off_again_is_a_bug_of_its_own(desk):
    first, second = two_bugs(desk)
    merge_in_sentry(desk, first, second)
    desk.settle(first, second)
    parent = next(i for i in desk.sandbox.state()["issues"])
    lever(desk, "sentry", unmerge=parent["id"])
    poll_sentry(desk.ctx)
    for each in desk.sandbox.state()["issues"]:
        desk.settle(each["id"])
    assert len([t for t in desk.tickets() if is_open(t)]) == 2


@BOTH
def test_an_issue_deleted_in_sentry_leaves_its_ticket_as_it_is_and_says_so(desk, project):
    issue = desk.throw(project=project)
    desk.settle(issue)
    desk.as_person("DELETE", f"{ORG}{issue}/")
    desk.settle(issue)
    assert is_open(desk.tickets()[0])
    assert "gone from Sentry" in (case(desk, 1).waiting_for or "")


def test_a_project_that_is_renamed_changes_nothing(desk):
    poll_sentry(desk.ctx)
    issue = desk.throw()
    desk.settle(issue)
    lever(desk, "sentry", rename={"shop-web": "shop-front"})
    sweep_pairs(desk.ctx)
    desk.settle()
    assert case(desk, 1).members[0].short_id.startswith("SHOP-FRONT")
    assert len(desk.tickets()) == 1
    assert sweep_pairs(desk.ctx) == 0


# ---------------------------------------------------------------- tickets


def moved_away(desk: Desk, project: seed.Project) -> dict:
    """Move the only ticket to another place; the ticket as it is then."""
    (ticket,) = desk.tickets()
    if project is API:
        lever(desk, "jira", move={ticket["key"]: "OPS"})
    else:
        lever(desk, "github", transfer={ticket["key"]: "acme/platform"})
    return next(t for t in desk.tickets() if t["title"] == ticket["title"])


@BOTH
def test_a_ticket_that_moved_to_another_place_is_followed_and_stays_in_step(desk, project):
    issue = desk.throw(project=project)
    desk.settle(issue)
    moved_away(desk, project)
    desk.settle(issue)
    followed = case(desk, 1).ticket.key
    assert followed.startswith("OPS-" if project is API else "acme/platform#")
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    assert not is_open(next(t for t in desk.tickets() if t["key"] == followed))
    assert len([t for t in desk.tickets() if t["key"] == followed]) == 1


def test_a_ticket_outside_of_its_place_is_found_by_the_poll_although_no_list_shows_it(desk):
    issue = desk.throw(project=API)
    desk.settle(issue)
    moved = moved_away(desk, API)
    desk.settle(issue)
    desk.move_ticket(moved, "resolved")
    poll_tickets(desk.ctx)
    desk.settle()
    assert desk.issue(issue)["status"] == "resolved"


@BOTH
def test_a_case_follows_the_ticket_that_its_own_was_closed_as_a_duplicate_of(desk, project):
    first, second = two_bugs(desk, project)
    older, younger = sorted(desk.tickets(), key=lambda t: int(t["id"]))
    close_as_duplicate(desk, project, younger, older)
    desk.settle(first, second)
    assert case(desk, 1).ticket.key == older["key"]
    assert {m.id for m in case(desk, 1).members} == {first, second}
    assert desk.issue(second)["status"] == "unresolved"
    desk.move_ticket(next(t for t in desk.tickets() if t["key"] == older["key"]), "resolved")
    desk.settle(first)
    assert {desk.issue(i)["status"] for i in (first, second)} == {"resolved"}


def close_as_duplicate(desk: Desk, project: seed.Project, ticket: dict, of: dict) -> None:
    """As a person does it in the browser."""
    if project is WEB:
        path = f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}"
        desk.as_person("POST", f"{path}/comments", json={"body": f"Duplicate of #{of['key']}"})
        reason = {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": int(of["id"])}
        desk.as_person("PATCH", path, json=reason)
        return
    link = {"type": {"name": "Duplicate"}, "inwardIssue": {"key": ticket["key"]}, "outwardIssue": {"key": of["key"]}}
    desk.as_person("POST", "/jira/rest/api/3/issueLink", json=link)
    path = f"/jira/rest/api/3/issue/{ticket['key']}/transitions"
    for name in ("In Progress", "Done"):
        steps = desk.as_person("GET", path)["transitions"]
        step = next(s for s in steps if s["to"]["name"] == name)
        fields = {"fields": {"resolution": {"name": "Duplicate"}}} if name == "Done" else {}
        desk.as_person("POST", path, json={"transition": {"id": step["id"]}, **fields})


# ---------------------------------------------------------------- twins


def lagging(desk: Desk, project: seed.Project) -> str:
    """An issue whose create is stored and unanswered, while the index lags longer than anybody waits: two tickets."""
    lever(desk, "index-lag", jira_s=3600, github_s=3600)
    lost = []

    def lose(when: str, name: str) -> None:
        if name == "create" and when == "after" and not lost:
            lost.append(name)
            raise Ambiguous("the answer was lost")

    desk.watch.append(lose)
    issue = desk.throw(project=project)
    desk.settle(issue)
    desk.watch.clear()
    lever(desk, "index-lag", jira_s=0, github_s=0)
    assert len(desk.tickets()) == 2
    return issue


@BOTH
@pytest.mark.parametrize("touched", [False, True], ids=["untouched", "touched"])
def test_a_lag_beyond_every_assumption_heals_itself(desk, project, touched):
    issue = lagging(desk, project)
    older, younger = sorted(desk.tickets(), key=lambda t: int(t["id"]))
    if touched:
        say(desk, project, younger)
    assert sweep_twins(desk.ctx) == 1
    desk.settle()
    stays, goes = (younger, older) if touched else (older, younger)
    now = {t["key"]: t for t in desk.tickets()}
    assert is_open(now[stays["key"]])
    assert not is_open(now[goes["key"]])
    assert now[goes["key"]]["duplicate_of"] == stays["key"]
    assert case(desk, 1).ticket.key == stays["key"]
    assert stays["url"] in desk.issue(issue)["tickets"]
    assert sweep_twins(desk.ctx) == 0


def say(desk: Desk, project: seed.Project, ticket: dict) -> None:
    if project is WEB:
        path = f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}/comments"
        desk.as_person("POST", path, json={"body": "I look at this"})
        return
    path = f"/jira/rest/api/3/issue/{ticket['key']}/assignee"
    me = desk.as_person("GET", "/jira/rest/api/3/myself")
    desk.as_person("PUT", path, json={"accountId": me["accountId"]})


# ---------------------------------------------------------------- joining and leaving at run time


def test_a_person_joins_and_splits_cases_and_an_open_issue_that_joins_reopens_the_ticket(desk):
    first, second = two_bugs(desk)
    desk.move_issue(first, "resolved")
    desk.settle(first)
    merge_cases(desk.ctx, 2, 1, "checkout-lead")
    desk.settle()
    older = min(desk.tickets(), key=lambda t: int(t["id"]))
    assert is_open(older)
    assert case(desk, 1).ticket.key == older["key"]
    new = split_off(desk.ctx, second, "checkout-lead")
    desk.settle()
    assert [m.id for m in case(desk, new).members] == [second]
    assert case(desk, new).ticket.key not in {older["key"], None}


# ---------------------------------------------------------------- full reconciliation


@BOTH
def test_reconciliation_finds_every_difference_and_nothing_else(desk, project):
    issues = [desk.throw(kind, project=project) for kind in ("KeyError", "ValueError", "IndexError")]
    desk.settle(*issues)
    desk.clock.advance(hours=1)
    assert reconcile(desk.ctx).differences == 0
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.move_issue(issues[2], "ignored")
    seen: list[Progress] = []
    done = reconcile(desk.ctx, seen.append)
    assert (done.pairs, done.differences, done.resumed) == (3, 2, False)
    assert {progress.side for progress in seen} == {"sentry", *desk.ctx.trackers}
    desk.settle()
    assert desk.issue(issues[0])["status"] == "resolved"
    assert reconcile(desk.ctx).differences == 0


def test_reconciliation_finds_a_ticket_that_was_deleted(desk):
    issue = desk.throw()
    desk.settle(issue)
    desk.clock.advance(hours=1)
    lever(desk, "github", delete=1)
    assert reconcile(desk.ctx).differences == 1
    desk.settle()
    assert case(desk, 1).broken_reason


@BOTH
def test_a_ticket_that_vanished_is_noticed_by_the_next_sweep_without_any_webhook(desk, project):
    issue = desk.throw(project=project)
    desk.settle(issue)
    desk.clock.advance(hours=1)
    assert sweep_tickets(desk.ctx) == 0
    (ticket,) = desk.tickets()
    if project is WEB:
        lever(desk, "github", delete=1)
    else:
        desk.as_person("DELETE", f"/jira/rest/api/3/issue/{ticket['key']}")
    assert sweep_tickets(desk.ctx) == 1
    desk.settle()
    assert case(desk, 1).broken_reason
    assert sweep_tickets(desk.ctx) == 0


def test_an_interrupted_reconciliation_goes_on_where_it_stopped(desk):
    issues = [desk.throw(kind) for kind in ("KeyError", "ValueError")]
    desk.settle(*issues)
    desk.clock.advance(hours=1)
    assert reconcile(desk.ctx, pages=1) is None
    done = reconcile(desk.ctx)
    assert done is not None
    assert done.resumed


def test_it_is_done_once_a_day_by_itself(desk):
    desk.settle(desk.throw())
    while reconcile_by_and_by(desk.ctx):
        desk.settle()
    reconcile_by_and_by(desk.ctx)
    desk.calls.clear()
    reconcile_by_and_by(desk.ctx)
    assert desk.calls == []
    desk.clock.ahead += timedelta(days=1, seconds=1)
    reconcile_by_and_by(desk.ctx)
    assert "rows" in desk.calls


def test_a_case_that_is_just_making_its_ticket_finds_it_before_another_takes_it_in(desk):
    first = desk.throw("KeyError")
    desk.settle(first)
    second = desk.throw("ValueError")

    def lose(when: str, name: str) -> None:
        if name == "create" and when == "after":
            raise Ambiguous("the answer was lost")

    desk.watch.append(lose)
    desk.hint(second)
    desk.work()
    desk.watch.clear()
    merge_in_sentry(desk, first, second)
    desk.settle(first, second)
    older, younger = sorted(desk.tickets(), key=lambda t: int(t["id"]))
    assert (is_open(older), is_open(younger)) == (True, False)
    assert younger["duplicate_of"] == older["key"]
    assert desk.parked() == ()
