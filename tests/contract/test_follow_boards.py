"""Counts that follow into the fields of GitHub's projects: over real HTTP, on the items that an issue still has."""

from pathlib import Path

import pytest

from tests.fixtures.desk import Desk, Died
from worker.flow.actions.follow import sweep_updates
from worker.flow.ahead.preview import preview_case
from worker.flow.polls.changes import sweep_pairs
from worker.sandbox import seed

MAPPING = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
rules:
  - name: all
    update: UPDATE
    ticket:
      tracker: github
      labels: [sentry, "sentry-{{ issue.priority }}"]
      projects: PROJECTS
"""
COUNTS = "{counts: {events: events, last_seen: Last seen}}"
BOTH = "[{number: 3, fields: {Status: Triage}}, {number: 7}]"
TAKE_OFF = "mutation($input: DeleteProjectV2ItemInput!) { deleteProjectV2Item(input: $input) { deletedItemId } }"
ARCHIVE = "mutation($input: ArchiveProjectV2ItemInput!) { archiveProjectV2Item(input: $input) { item { id } } }"
ISSUES = f"/sentry/api/0/organizations/{seed.ORG}/issues"


@pytest.fixture
def ruled(desk: Desk, tmp_path: Path):
    def run(update: str = COUNTS, projects: str = BOTH) -> tuple[Desk, str]:
        path = tmp_path / "rules.yaml"
        path.write_text(MAPPING.replace("UPDATE", update).replace("PROJECTS", projects))
        desk.load(path)
        issue = desk.throw()
        desk.settle(issue)
        return desk, issue

    return run


def boards(desk: Desk) -> dict[str, dict[str, object]]:
    (ticket,) = desk.tickets()
    return ticket["boards"]


def events(desk: Desk) -> list[object]:
    """What the projects show, 3 and 7, where the ticket is on them."""
    names = {"3": "Events", "7": "EVENTS"}
    return [fields.get(names[number]) for number, fields in boards(desk).items()]


def again(desk: Desk, issue: str) -> int:
    """One more event after a while, and a look; how many writes of ours that made."""
    desk.clock.advance(hours=2)
    desk.throw()
    return look(desk, issue)


def in_sentry(desk: Desk, issue: str) -> dict:
    return desk.as_person("GET", f"{ISSUES}/{issue}/")


def look(desk: Desk, issue: str) -> int:
    before = desk.calls.count("update")
    desk.settle(issue)
    return desk.calls.count("update") - before


def by_hand(desk: Desk, mutation: str, number: int) -> None:
    """A person takes the ticket off a project, or puts it away there."""
    node = desk.as_person("GET", f"/github/repos/{seed.GITHUB_REPO}/issues/{desk.tickets()[0]['key']}")["node_id"]
    given = {"input": {"projectId": f"PVT_{number}", "itemId": f"PVTI_{number}_{node}"}}
    assert "errors" not in desk.as_person("POST", "/github/graphql", json={"query": mutation, "variables": given})


def control(desk: Desk, **orders: object) -> None:
    desk.sandbox.control.post("/sandbox/github", json=orders).raise_for_status()


def told(desk: Desk, kind: str) -> list[str]:
    with desk.store.read() as tx:
        return [entry.why for entry in tx.history.of_case(1) if entry.kind == kind]


def test_counts_are_there_at_once_and_follow_on_each_project(ruled):
    desk, issue = ruled()
    assert events(desk) == [1, 1]
    assert boards(desk)["3"]["Status"] == "Triage"
    seen = in_sentry(desk, issue)["lastSeen"]
    assert boards(desk)["3"]["Last seen"] == seen[:10]
    assert str(boards(desk)["7"]["Last seen"]).startswith(seen[:16])
    assert again(desk, issue) == 1
    assert events(desk) == [2, 2]
    assert look(desk, issue) == 0
    assert (told(desk, "ticket.updated"), told(desk, "ticket.not_updated"), desk.parked()) == ([], [], ())


def test_at_most_once_in_a_while_and_then_the_sweep_looks_again(ruled):
    desk, issue = ruled()
    desk.throw()
    assert look(desk, issue) == 0
    (step,) = preview_case(desk.ctx, 1).steps
    assert step.what.startswith("from ")
    assert "acme/3: events = 2" in step.what
    assert "acme/7: events = 2" in step.what
    assert (events(desk), sweep_updates(desk.ctx)) == ([1, 1], 0)
    desk.clock.advance(minutes=61)
    assert sweep_updates(desk.ctx) == 1
    desk.settle()
    assert events(desk) == [2, 2]
    desk.clock.advance(hours=2)
    assert (sweep_updates(desk.ctx), sweep_pairs(desk.ctx), look(desk, issue)) == (0, 0, 0)


@pytest.mark.parametrize(("how", "left"), [(TAKE_OFF, [2]), (ARCHIVE, [1, 2])], ids=["taken off", "put away"])
def test_what_a_person_took_off_or_put_away_stays_so(ruled, how, left):
    desk, issue = ruled()
    by_hand(desk, how, 3)
    again(desk, issue)
    assert events(desk) == left
    assert (told(desk, "ticket.not_updated"), desk.parked()) == ([], ())


def test_a_project_that_the_rule_gets_later_has_the_counts_at_once(ruled, tmp_path):
    desk, issue = ruled(projects="[{number: 3}]")
    (tmp_path / "rules.yaml").write_text(MAPPING.replace("UPDATE", COUNTS).replace("PROJECTS", BOTH))
    desk.load(tmp_path / "rules.yaml")
    desk.settle(issue)
    assert events(desk) == [1, 1]


def test_what_is_refused_is_told_once_and_holds_up_nothing_else(ruled):
    update = "{counts: {events: Events, users: Users, last_seen: Last sen}, labels: true, every: 1m}"
    desk, issue = ruled(update)
    for _ in range(2):
        desk.as_person("PUT", f"{ISSUES}/{issue}/", json={"priority": "high"})
        again(desk, issue)
    (ticket,) = desk.tickets()
    assert events(desk) == [3, 3]
    assert boards(desk)["3"]["Users"] == in_sentry(desk, issue)["userCount"]
    assert "sentry-high" in ticket["labels"]
    reasons = [why.partition("updated: ")[2] for why in told(desk, "ticket.not_updated")]
    near = "Did you mean “Last seen”? Correct `update` in the mapping."
    assert sorted(reasons)[:2] == [f"project {number} of acme has no field “Last sen”. {near}" for number in (3, 7)]
    assert [why.partition(". ")[0] for why in sorted(reasons)[2:]] == ["project 7 of acme has no field “Users”"]
    assert desk.parked() == ()


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ("{counts: {events: Notes}, every: 1m}", "“Notes” is no number field"),
        ("{counts: {last_seen: Users}, every: 1m}", "“Users” is no date or text field"),
    ],
)
def test_a_field_of_another_type_is_told_once_however_often_the_count_changes(ruled, update, said):
    desk, issue = ruled(update, "[{number: 3}]")
    for _ in range(2):
        again(desk, issue)
    (why,) = told(desk, "ticket.not_updated")
    assert said in why


def test_a_count_that_was_refused_is_written_when_the_mapping_is_right(ruled, tmp_path):
    desk, issue = ruled("{counts: {events: Evnts}, every: 1m}")
    text = MAPPING.replace("UPDATE", "{counts: {events: Events}, every: 1m}").replace("PROJECTS", BOTH)
    (tmp_path / "rules.yaml").write_text(text)
    desk.load(tmp_path / "rules.yaml")
    desk.clock.advance(minutes=2)
    desk.settle(issue)
    assert events(desk) == [1, 1]


def test_a_project_that_our_token_no_longer_sees_holds_up_no_other(ruled):
    desk, issue = ruled()
    control(desk, hidden_projects=[7])
    again(desk, issue)
    assert events(desk) == [2, 1]
    (why,) = told(desk, "ticket.not_updated")
    assert "Resource not accessible" in why
    control(desk, hidden_projects=[])
    again(desk, issue)
    assert events(desk) == [3, 3]


def test_projects_of_others_that_we_do_not_see_do_not_matter(ruled):
    desk, issue = ruled(projects="[{number: 3}]")
    node = desk.as_person("GET", f"/github/repos/{seed.GITHUB_REPO}/issues/{desk.tickets()[0]['key']}")["node_id"]
    add = "mutation($input: AddProjectV2ItemByIdInput!) { addProjectV2ItemById(input: $input) { item { id } } }"
    given = {"query": add, "variables": {"input": {"projectId": "PVT_7", "contentId": node}}}
    desk.as_person("POST", "/github/graphql", json=given)
    control(desk, hidden_projects=[7])
    again(desk, issue)
    assert (boards(desk)["3"]["Events"], boards(desk)["7"]) == (2, {})
    assert told(desk, "ticket.not_updated") == []


def test_a_token_that_may_not_see_projects_is_told_once_and_labels_follow(ruled):
    desk, issue = ruled("{counts: {events: Events}, labels: true, every: 1m}")
    control(desk, project_scope=False)
    for _ in range(2):
        desk.as_person("PUT", f"{ISSUES}/{issue}/", json={"priority": "high"})
        again(desk, issue)
    assert (events(desk), "sentry-high" in desk.tickets()[0]["labels"]) == ([1, 1], True)
    (why,) = told(desk, "ticket.not_updated")
    assert "the scope `project`" in why


def test_a_worker_that_died_after_the_write_repeats_it_without_harm(ruled):
    desk, issue = ruled()

    def die(when: str, name: str) -> None:
        if (when, name) == ("after", "update"):
            raise Died

    desk.watch.append(die)
    with pytest.raises(Died):
        again(desk, issue)
    desk.watch.clear()
    assert events(desk) == [2, 2]
    assert look(desk, issue) == 1
    assert (events(desk), look(desk, issue)) == ([2, 2], 0)
