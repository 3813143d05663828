"""A changed mapping is asked once more about every case that got no ticket under the old one."""

from worker.flow.polls.rethink import rethink
from worker.flow.rounds import ROUNDS

RULES = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
rules:
  - name: known noise
    when: CONDITION
    skip: nobody can act on it
  - name: all the rest
    ticket: {tracker: github}
"""


def load(desk, tmp_path, condition):
    path = tmp_path / "m.yaml"
    path.write_text(RULES.replace("CONDITION", condition))
    desk.load(path)


def test_what_the_new_mapping_wants_gets_its_ticket_and_the_rest_is_left_alone(desk, tmp_path):
    load(desk, tmp_path, "issue.title != ''")
    assert rethink(desk.ctx) == 0
    first, second = desk.throw("KeyError"), desk.throw("ValueError")
    desk.settle(first, second)
    assert (desk.tickets(), rethink(desk.ctx)) == ([], 0)
    load(desk, tmp_path, "event.title.startsWith('ValueError')")
    assert (rethink(desk.ctx), rethink(desk.ctx), rethink(desk.ctx)) == (2, 0, 0)
    desk.settle()
    (ticket,) = desk.tickets()
    assert ticket["title"].startswith("KeyError")
    assert "rethink" in ROUNDS


def test_the_first_mapping_of_an_installation_changes_nothing(desk, tmp_path):
    load(desk, tmp_path, "issue.title != ''")
    desk.settle(desk.throw())
    assert rethink(desk.ctx) == 0
