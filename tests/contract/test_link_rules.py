"""A ticket that is linked by hand: whose rule holds, while a worker is at it, and after it was taken back."""

import pytest

from tests.contract.test_casebook import PRICE, case_of, settled, story
from tests.contract.test_link_ticket import in_jira, linked, made_by_a_person, row_of
from tests.contract.test_triage import WEB, WHO, crawled, take_back
from tests.fixtures.desk import Desk
from worker.errors import Transient, UserFault
from worker.flow.people import answers
from worker.flow.people.named import ticket_named
from worker.model import Hint
from worker.settings import SHIPPED_MAPPINGS

# ---------------------------------------------------------------- which rule and which case


def test_a_case_follows_the_rule_of_the_tracker_that_its_ticket_is_in(desk):
    bug = crawled(desk)
    linked(desk, bug, in_jira(desk))
    row = row_of(desk, bug)
    assert (row.rule, row.tracker) == ("everything else", "jira")


def test_a_rule_that_takes_it_stays_where_another_is_first_in_the_same_tracker(desk, tmp_path):
    text = (SHIPPED_MAPPINGS / "default.yaml").read_text()
    written = tmp_path / "mapping.yaml"
    never = "  - name: never\n    when: project.slug == 'nothing'\n    ticket:\n      tracker: jira\n\n"
    written.write_text(text.replace("  - name: everything else", f"{never}  - name: everything else"))
    desk.load(written)
    (bug,) = settled(desk, (PRICE, "a"))
    desk.as_person("DELETE", f"/jira/rest/api/3/issue/{desk.tickets()[0]['key']}")
    desk.settle(bug)
    linked(desk, bug, in_jira(desk))
    assert row_of(desk, bug).rule == "everything else"


def test_the_verdict_of_the_rules_comes_back_with_the_link(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    before = row_of(desk, bug)
    linked(desk, bug, ticket)
    take_back(desk)
    after = row_of(desk, bug)
    assert (after.rule, after.tracker, after.verdict) == (before.rule, before.tracker, before.verdict)
    assert before.verdict is not None
    (told,) = [entry for entry in story(desk, case_of(desk, bug)) if entry.kind == "ticket.unlinked"]
    assert (told.actor, told.ticket_key) == (WHO, ticket.lstrip("#"))


def test_neither_is_said_while_a_worker_has_the_case(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    case_id = case_of(desk, bug)
    push(desk, case_id)
    assert any(claim.key == f"case:{case_id}" for claim in desk.store.claim(desk.clock(), desk.ctx.timing.lease))
    with pytest.raises(Transient, match="is being worked on"):
        linked(desk, bug, ticket)
    assert row_of(desk, bug).ticket is None


def test_it_is_not_taken_back_while_a_worker_has_the_case(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    linked(desk, bug, ticket)
    assert desk.store.claim(desk.clock(), desk.ctx.timing.lease)
    with pytest.raises(Transient, match="is being worked on"):
        take_back(desk)
    assert row_of(desk, bug).ticket is not None


def test_a_link_is_not_taken_back_from_a_case_that_has_another_ticket_by_then(desk):
    bug, ticket, another = crawled(desk), made_by_a_person(desk), made_by_a_person(desk)
    linked(desk, bug, ticket)
    desk.settle(bug)
    with desk.store.write(now=desk.clock()) as tx:
        tx.cases.retire(case_of(desk, bug), "it is another", None)
    found = ticket_named(desk.ctx, another)
    answers.link(desk.ctx, case_of(desk, bug), found, "somebody else")
    with pytest.raises(UserFault, match="gone on without"):
        take_back(desk)
    assert row_of(desk, bug).ticket.key == another.lstrip("#")


def test_a_new_issue_that_is_named_before_it_was_looked_at_is_left_to_the_rules(desk):
    new = desk.throw(project=WEB, fingerprint=["new"])
    case_id = answers.case_for(desk.ctx, f"issue:{new}")
    assert answers.case_for(desk.ctx, f"issue:{new}") == case_id
    assert row_of(desk, new).verdict is None
    desk.settle(new)
    assert len(desk.tickets()) == 1


def test_an_issue_that_is_closed_by_now_keeps_the_case_that_it_has(desk):
    bug = crawled(desk)
    desk.move_issue(bug, "resolved")
    assert answers.case_for(desk.ctx, f"issue:{bug}") == case_of(desk, bug)


def test_a_ticket_that_no_case_knows_has_no_case(desk):
    with pytest.raises(UserFault, match="belongs to no case"):
        answers.case_for(desk.ctx, made_by_a_person(desk))


def push(desk: Desk, case_id: int) -> None:
    with desk.store.write(now=desk.clock()) as tx:
        tx.work.push(Hint(f"case:{case_id}", "a look"), desk.clock())
