"""Tickets on GitHub's projects: put there once with their fields, over real HTTP; what is not there is named."""

from pathlib import Path

import pytest

from tests.fixtures.desk import Desk, Died
from tests.fixtures.trackers import NONCE, GithubWorld
from worker.errors import Permanent

ALL = {
    "status": "triage", "Severity": "High", "Events": "12", "Notes": "see *there*",
    "First seen": "2026-11-30 12:00 UTC", "Sprint": "Sprint 1",
}  # fmt: skip
SHOWN = {
    "Status": "Triage", "Severity": "High", "Events": 12, "Notes": "see *there*",
    "First seen": "2026-11-30", "Sprint": "Sprint 1",
}  # fmt: skip


@pytest.fixture
def github(sandbox):
    return GithubWorld(sandbox)


@pytest.fixture
def made(github):
    return github.tracker().create(github.draft(), NONCE)


def project(number: int = 3, owner: str = "acme", **fields: object) -> dict[str, object]:
    return {"owner": owner, "number": number, "fields": fields}


def board(github):
    (ticket,) = github.tickets()
    return ticket["boards"]


def test_a_ticket_is_put_there_with_its_fields_however_often_that_is_asked(github, made):
    for _ in range(2):
        github.tracker().add_to_project(made.key, project(**ALL))
    assert board(github) == {"3": SHOWN}


REFUSED = [
    (project(4), "no project 4 of acme|ProjectV2 with the number 4"),
    (project(3, "nobody"), "shows us no project 3 of nobody"),
    (project(Statsu="Triage"), "no field “Statsu”. Did you mean “Status”"),
    (project(Status="Triaged"), "“Status” takes one of its choices. Did you mean “Triage”.*not “Triaged”"),
    (project(Events="many"), "“Events” takes a number, not “many”"),
    (project(**{"First seen": "soon"}), "takes a date"),
    (project(Labels="web"), "does not let “Labels” be set there"),
]


@pytest.mark.parametrize(("wanted", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_there_is_named_and_nothing_is_done(github, made, wanted, why):
    with pytest.raises(Permanent, match=why) as caught:
        github.tracker().add_to_project(made.key, wanted)
    assert (caught.value.service, board(github)) == ("ours", {})


def test_a_token_that_may_not_see_projects_is_told_so(github, made):
    github.control(project_scope=False)
    with pytest.raises(Permanent, match="Give our token the scope `project`"):
        github.tracker().add_to_project(made.key, project())


# ---------------------------------------------------------------- the whole road

MAPPING = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
defaults:
  ticket:
    tracker: github
    projects:
      - number: 3
        fields: {Status: STATUS, Severity: "{{ issue.priority }}", Events: "{{ issue.count }}"}
rules:
  - name: all
    ticket: {}
"""


@pytest.fixture
def ruled(desk: Desk, tmp_path: Path):
    def run(status: str = "Triage") -> Desk:
        (tmp_path / "rules.yaml").write_text(MAPPING.replace("STATUS", status))
        desk.load(tmp_path / "rules.yaml")
        return desk

    return run


def on_board(desk: Desk) -> dict[str, object]:
    (ticket,) = desk.tickets()
    return ticket["boards"]


def test_a_new_ticket_is_put_on_the_project_once(ruled):
    desk = ruled()
    issue = desk.throw()
    desk.settle(issue)
    assert on_board(desk)["3"]["Status"] == "Triage"
    assert on_board(desk)["3"]["Events"] == 1
    desk.throw()
    desk.settle(issue)
    assert desk.calls.count("add_to_project") == 1
    with desk.store.read() as tx:
        told = [entry.why for entry in tx.history.of_case(1) if entry.kind == "ticket.put_on_project"]
    assert [why.partition(" was ")[2] for why in told] == ["put on project acme/3"]


def test_a_project_that_refuses_parks_by_itself_and_status_goes_on(ruled):
    desk = ruled("Triaged")
    issue = desk.throw()
    desk.settle(issue)
    (parked,) = desk.parked()
    assert parked.key == "board:1"
    assert "Did you mean “Triage”" in parked.parked_reason
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(issue)
    assert desk.issue(issue)["status"] == "resolved"


def test_a_worker_that_died_on_the_way_leaves_one_item(ruled):
    desk = ruled()

    def die(when: str, name: str) -> None:
        if (when, name) == ("after", "add_to_project") and desk.calls.count(name) == 1:
            raise Died

    desk.watch.append(die)
    with pytest.raises(Died):
        desk.settle(desk.throw())
    desk.settle()
    assert desk.calls.count("add_to_project") == 2
    assert on_board(desk)["3"]["Status"] == "Triage"
    assert desk.parked() == ()
