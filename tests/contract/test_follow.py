"""What of an open ticket follows its bug: counts, priority and labels, over real HTTP, on both trackers."""

from pathlib import Path

import pytest

from tests.fixtures.desk import Desk, Died
from worker.flow.actions.follow import sweep_updates
from worker.flow.ahead.preview import preview_case
from worker.flow.polls.changes import sweep_pairs
from worker.sandbox import seed
from worker.sandbox.seed import PROJECTS

WEB, API = PROJECTS
ISSUES = f"/sentry/api/0/organizations/{seed.ORG}/issues"
MAPPING = """
version: 1
trackers:
  jira: {kind: jira, project: SHOP}
  github: {kind: github, repo: acme/shop}
defaults:
  update: UPDATE
  ticket:
    labels: [sentry, "sentry-{{ issue.priority }}"]
    priority: {high: High, medium: Medium, low: Low}
rules:
  - name: web
    when: project.slug == 'shop-web'
    ticket: {tracker: github}
  - name: all
    ticket: {tracker: jira}
"""
EVERYTHING = "{counts: {events: Sentry events, last_seen: First failure}, priority: true, labels: true}"


@pytest.fixture
def ruled(desk: Desk, tmp_path: Path):
    def run(update: str = EVERYTHING) -> Desk:
        path = tmp_path / "rules.yaml"
        path.write_text(MAPPING.replace("UPDATE", update))
        desk.load(path)
        return desk

    return run


def ticketed(desk: Desk, project: seed.Project = API) -> str:
    issue = desk.throw(project=project)
    say(desk, issue, "medium")
    desk.settle(issue)
    assert len(desk.tickets()) == 1
    return issue


def say(desk: Desk, issue: str, priority: str) -> None:
    desk.as_person("PUT", f"{ISSUES}/{issue}/", json={"priority": priority})


def shown(desk: Desk) -> dict:
    (ticket,) = desk.tickets()
    if ticket["tracker"] == "github":
        found = desk.as_person("GET", f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}")
        return {"labels": {label["name"] for label in found["labels"]}}
    fields = desk.as_person("GET", f"/jira/rest/api/3/issue/{ticket['key']}")["fields"]
    labels = {label for label in fields["labels"] if not label.startswith("bugferry-")}
    return {"labels": labels, "priority": fields["priority"]["name"], "events": fields["customfield_10010"]}


def edit(desk: Desk, **body: object) -> None:
    """A person edits the Jira ticket."""
    (ticket,) = desk.tickets()
    desk.as_person("PUT", f"/jira/rest/api/3/issue/{ticket['key']}", json=body)


def history(desk: Desk, kind: str) -> list[str]:
    with desk.store.read() as tx:
        return [entry.why for entry in tx.history.of_case(1) if entry.kind == kind]


def look(desk: Desk, issue: str) -> int:
    """Look at the case; how many writes of ours that made."""
    before = desk.calls.count("update")
    desk.settle(issue)
    return desk.calls.count("update") - before


def test_counts_priority_and_labels_follow_at_most_once_in_a_while(ruled):
    desk = ruled()
    issue = ticketed(desk)
    assert shown(desk) == {"labels": {"sentry", "sentry-medium"}, "priority": "Medium", "events": 1}
    desk.throw(project=API)
    say(desk, issue, "high")
    assert look(desk, issue) == 0
    assert sweep_updates(desk.ctx) == 0
    desk.clock.advance(minutes=61)
    assert sweep_updates(desk.ctx) == 1
    assert look(desk, issue) == 1
    assert shown(desk) == {"labels": {"sentry", "sentry-high"}, "priority": "High", "events": 2}
    (said,) = history(desk, "ticket.updated")
    assert "priority Medium → High; labels +sentry-high -sentry-medium" in said
    desk.clock.advance(hours=2)
    assert sweep_updates(desk.ctx) == 0
    assert look(desk, issue) == 0


def test_what_would_follow_is_shown_before_it_is_written(ruled):
    desk = ruled()
    issue = ticketed(desk)
    say(desk, issue, "high")
    told = preview_case(desk.ctx, 1).steps[-1]
    assert told.where == "jira"
    assert told.what.startswith("from ")
    assert "priority Medium → High" in told.what
    assert shown(desk)["priority"] == "Medium"


@pytest.mark.parametrize(("way", "then"), [("true", "High"), ("both", "Low"), ("false", "Medium")])
def test_a_priority_goes_down_again_only_where_the_rule_says_both(ruled, way, then):
    desk = ruled(f"{{priority: {way}, every: 1m}}")
    issue = ticketed(desk)
    for priority in ("high", "low"):
        desk.clock.advance(minutes=2)
        say(desk, issue, priority)
        desk.settle(issue)
    assert shown(desk)["priority"] == then


def test_what_a_person_chose_stays(ruled):
    desk = ruled()
    issue = ticketed(desk)
    edit(desk, fields={"priority": {"name": "Lowest"}}, update={"labels": [{"add": "vip"}, {"remove": "sentry"}]})
    for _ in range(2):
        desk.clock.advance(hours=2)
        desk.throw(project=API)
        say(desk, issue, "high")
        desk.settle(issue)
    assert shown(desk) == {"labels": {"vip", "sentry-high"}, "priority": "Lowest", "events": 3}
    (said,) = history(desk, "priority.left")
    assert "keeps its priority Lowest" in said


def test_a_write_whose_answer_was_lost_is_made_again_and_stays_ours(ruled):
    desk = ruled("{priority: both, every: 1m}")
    issue = ticketed(desk)

    def die(when: str, name: str) -> None:
        if (when, name) == ("after", "update"):
            raise Died

    desk.clock.advance(minutes=2)
    say(desk, issue, "high")
    desk.watch.append(die)
    with pytest.raises(Died):
        desk.settle(issue)
    desk.watch.clear()
    assert shown(desk)["priority"] == "High"
    for priority in ("high", "low"):
        say(desk, issue, priority)
        desk.clock.advance(minutes=2)
        desk.settle(issue)
    assert (shown(desk)["priority"], history(desk, "priority.left")) == ("Low", [])


def test_a_closed_ticket_is_left_alone(ruled):
    desk = ruled()
    issue = ticketed(desk)
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(issue)
    desk.clock.advance(hours=2)
    say(desk, issue, "high")
    assert look(desk, issue) == 0
    assert shown(desk)["priority"] == "Medium"


def test_what_is_refused_is_told_once_and_holds_up_nothing_else(ruled):
    desk = ruled("{counts: {events: Sentri events}, priority: true, every: 1m}")
    issue = ticketed(desk)
    for _ in range(2):
        desk.clock.advance(minutes=2)
        desk.throw(project=API)
        say(desk, issue, "high")
        desk.settle(issue)
    assert shown(desk)["priority"] == "High"
    (said,) = history(desk, "ticket.not_updated")
    assert "Did you mean “Sentry events”" in said
    assert desk.parked() == ()


def test_a_priority_that_somebody_changes_in_sentry_is_noticed_without_any_event(ruled):
    desk = ruled("{priority: true, every: 1m}")
    issue = ticketed(desk)
    desk.clock.advance(minutes=2)
    assert sweep_pairs(desk.ctx) == 0
    say(desk, issue, "high")
    assert sweep_pairs(desk.ctx) == 1
    desk.settle()
    assert shown(desk)["priority"] == "High"
    assert sweep_pairs(desk.ctx) == 0


def test_on_github_labels_follow(ruled):
    desk = ruled("{labels: true, every: 1m}")
    issue = ticketed(desk, WEB)
    (ticket,) = desk.tickets()
    path = f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}/labels"
    desk.as_person("POST", path, json={"labels": ["vip"]})
    desk.clock.advance(minutes=2)
    say(desk, issue, "high")
    assert look(desk, issue) == 1
    assert shown(desk)["labels"] == {"sentry", "sentry-high", "vip"}
    assert look(desk, issue) == 0
