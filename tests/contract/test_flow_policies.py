"""What rules may say of resolving, regressions, archives and escalations, over real HTTP."""

from pathlib import Path

import pytest

from tests.fixtures.desk import Desk
from worker.flow.polls.changes import sweep_waiting
from worker.sandbox import seed
from worker.sandbox.seed import PROJECTS

WEB, API = PROJECTS
BOTH = pytest.mark.parametrize("project", [WEB, API], ids=["github", "jira"])
MAPPING = """
version: 1
trackers:
  jira: {{kind: jira, project: SHOP}}
  github: {{kind: github, repo: acme/shop}}
defaults:
{defaults}
rules:
  - name: web
    when: project.slug == 'shop-web'
    ticket: {{tracker: github}}
  - name: all
    ticket: {{tracker: jira}}
"""


@pytest.fixture
def ruled(desk: Desk, tmp_path: Path):
    """Run on rules with these defaults."""

    def run(*defaults: str) -> Desk:
        path = tmp_path / "rules.yaml"
        path.write_text(MAPPING.format(defaults="\n".join(f"  {line}" for line in defaults)))
        desk.load(path)
        return desk

    return run


def release(desk: Desk, version: str, project: seed.Project) -> None:
    body = {"version": version, "projects": [project.slug]}
    desk.as_person("POST", f"/sentry/api/0/organizations/{seed.ORG}/releases/", json=body)


def deploy(desk: Desk, version: str, environment: str) -> None:
    path = f"/sentry/api/0/organizations/{seed.ORG}/releases/{version}/deploys/"
    desk.as_person("POST", path, json={"environment": environment})


def is_open(ticket: dict) -> bool:
    return ticket["status"] in {"open", "To Do", "In Progress", "In Review"}


def case(desk: Desk, number: int = 1):
    with desk.store.read() as tx:
        return tx.cases.load(number)


def kinds(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return [entry.kind for entry in tx.history.of_case(1)]


def ticketed(desk: Desk, project: seed.Project, **event: object) -> str:
    issue = desk.throw(project=project, **event)
    desk.settle(issue)
    assert len(desk.tickets()) == 1
    return issue


def close(desk: Desk, issue: str, to: str = "resolved") -> None:
    desk.move_ticket(desk.tickets()[0], to)
    desk.settle(issue)


# ---------------------------------------------------------------- when a fix counts


@BOTH
def test_resolved_in_the_next_release_means_that_an_old_one_that_still_throws_reopens_nothing(ruled, project):
    desk = ruled("resolve: next_release")
    issue = ticketed(desk, project, release="shop@1.0")
    close(desk, issue)
    assert desk.issue(issue)["status"] == "resolved"
    assert desk.issue(issue)["details"]["inNextRelease"] is True
    desk.throw(project=project, release="shop@1.0")
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "resolved"
    assert not is_open(desk.tickets()[0])
    release(desk, "shop@2.0", project)
    desk.throw(project=project, release="shop@2.0")
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "unresolved"
    assert is_open(desk.tickets()[0])


def test_in_a_project_without_releases_it_is_resolved_at_once_and_history_says_so(ruled):
    desk = ruled("resolve: next_release")
    issue = ticketed(desk, WEB, release=None)
    close(desk, issue)
    assert desk.issue(issue)["status"] == "resolved"
    assert "issue.no_release" in kinds(desk)


@BOTH
def test_a_fix_counts_when_it_was_deployed_to_the_environment_that_the_rule_names(ruled, project):
    desk = ruled("resolve: {on_deploy: production}")
    issue = ticketed(desk, project, release="shop@1.0")
    deploy(desk, "shop@1.0", "production")
    desk.clock.advance(seconds=2)
    close(desk, issue)
    assert desk.issue(issue)["status"] == "unresolved"
    waiting = case(desk)
    assert (waiting.waiting_for, waiting.waiting_since is not None) == ("a deploy to production", True)
    release(desk, "shop@2.0", project)
    deploy(desk, "shop@2.0", "staging")
    sweep_waiting(desk.ctx)
    desk.settle()
    assert desk.issue(issue)["status"] == "unresolved"
    desk.sandbox.control.post("/sandbox/clock", json={"ahead_s": 60}).raise_for_status()
    deploy(desk, "shop@2.0", "production")
    assert sweep_waiting(desk.ctx) == 1
    desk.settle()
    assert desk.issue(issue)["status"] == "resolved"
    assert desk.issue(issue)["details"] == {"inRelease": "shop@2.0"}
    assert case(desk).waiting_for is None
    assert sweep_waiting(desk.ctx) == 0
    assert kinds(desk).count("case.waiting") == 1
    assert kinds(desk).count("fixed.in") == 1


def test_without_any_release_nobody_waits_for_a_deploy(ruled):
    desk = ruled("resolve: {on_deploy: production}")
    issue = ticketed(desk, WEB, release=None)
    close(desk, issue)
    assert desk.issue(issue)["status"] == "resolved"


# ---------------------------------------------------------------- regressions


def regress(desk: Desk, issue: str, project: seed.Project) -> None:
    close(desk, issue)
    assert desk.issue(issue)["status"] == "resolved"
    desk.throw(project=project)
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "unresolved"


@BOTH
def test_a_regression_may_get_a_new_ticket_that_is_linked_to_the_old_one(ruled, project):
    desk = ruled("on_regression: new_ticket")
    issue = ticketed(desk, project)
    regress(desk, issue, project)
    old, new = sorted(desk.tickets(), key=lambda t: int(t["id"]))
    assert (is_open(old), is_open(new)) == (False, True)
    assert case(desk).ticket.key == new["key"]
    assert any(new["url"] in said or new["key"] in said for said in old["comments"])
    assert any(old["url"] in said or old["key"] in said for said in new["comments"])
    assert new["url"] in desk.issue(issue)["tickets"]
    desk.move_ticket(new, "resolved")
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "resolved"
    assert len(desk.tickets()) == 2


@BOTH
def test_within_the_window_it_reopens_and_after_it_a_new_one_is_made(ruled, project):
    desk = ruled("on_regression: {then: reopen, within: 30d, later: new_ticket}")
    issue = ticketed(desk, project)
    regress(desk, issue, project)
    assert len(desk.tickets()) == 1
    assert is_open(desk.tickets()[0])
    close(desk, issue)
    desk.clock.advance(days=31)
    desk.throw(project=project)
    desk.settle(issue)
    assert len(desk.tickets()) == 2


def test_a_regression_may_only_be_told_on_the_closed_ticket(ruled):
    desk = ruled("on_regression: comment")
    issue = ticketed(desk, API)
    regress(desk, issue, API)
    (ticket,) = desk.tickets()
    assert not is_open(ticket)
    assert "Seen again" in ticket["comments"][-1]
    assert case(desk).waiting_for
    said = len(ticket["comments"])
    desk.settle(issue)
    assert len(desk.tickets()[0]["comments"]) == said


# ---------------------------------------------------------------- archives and escalations


def test_archiving_may_leave_the_ticket_as_it_is(ruled):
    desk = ruled("archive: keep")
    issue = ticketed(desk, WEB)
    desk.move_issue(issue, "ignored")
    desk.settle(issue)
    assert is_open(desk.tickets()[0])
    assert "archived" in case(desk).waiting_for
    desk.move_issue(issue, "unresolved")
    desk.settle(issue)
    assert case(desk).waiting_for is None


@BOTH
def test_an_escalation_is_told_once_and_raises_the_priority_where_there_is_one(ruled, project):
    rule = "on_escalation: {comment: true, priority: Highest}" if project is API else "on_escalation: comment"
    desk = ruled(rule)
    issue = ticketed(desk, project)
    desk.sandbox.control.post("/sandbox/sentry", json={"escalate": issue}).raise_for_status()
    for _ in range(2):
        desk.settle(issue)
        (ticket,) = desk.tickets()
        assert len([said for said in ticket["comments"] if "escalates" in said]) == 1
    assert project is WEB or ticket["priority"] == "Highest"


def test_a_priority_that_does_not_exist_is_told_in_history_and_stops_nothing(ruled):
    desk = ruled("on_escalation: {comment: true, priority: Apocalypse}")
    issue = ticketed(desk, API)
    desk.sandbox.control.post("/sandbox/sentry", json={"escalate": issue}).raise_for_status()
    desk.settle(issue)
    assert desk.parked() == ()
    assert "escalation.told" in kinds(desk)
    close(desk, issue)
    assert desk.issue(issue)["status"] == "resolved"


def test_what_a_closing_word_means_is_the_rules_to_say(ruled):
    desk = ruled("closed_as: {duplicate: resolved}")
    issue = ticketed(desk, WEB)
    path = f"/github/repos/{seed.GITHUB_REPO}/issues/1"
    desk.as_person("PATCH", path, json={"state": "closed", "state_reason": "duplicate"})
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "resolved"
