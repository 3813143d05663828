"""What would be done now is said right, by issue, ticket or case, and nothing is written by saying it."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from tests.contract.test_casebook import PRICE, PRICE_AT_NIGHT, throw
from worker.case import Broken
from worker.ends.retry import Held
from worker.errors import UserFault
from worker.flow.ahead.preview import patiently, preview_case, preview_issue, reasons
from worker.flow.ahead.steps import Step
from worker.flow.ahead.survey import survey
from worker.flow.people.named import NamedCase, NamedIssue, NamedTicket, named
from worker.flow.polls.changes import CONTACT

READS = {"issue", "latest_event", "rows", "search", "read", "ours", "moved_at", "deployed", "deploys_of", "now"}


@pytest.fixture
def dump(sqlite_url):
    """The whole database as text."""

    def all_of_it() -> list[str]:
        engine = create_engine(sqlite_url)
        with engine.connect() as connection:
            connection.execute(text("pragma wal_checkpoint"))
            lines = list(connection.connection.driver_connection.iterdump())
        engine.dispose()
        return lines

    return all_of_it


@pytest.fixture(autouse=True)
def at_work(desk):
    """The installation has been at work for an hour."""
    first_look(desk, hours=-1)


def first_look(desk, **at: float) -> None:
    with desk.store.write() as tx:
        tx.cursors.set(CONTACT, (desk.clock() + timedelta(**at)).isoformat())


@pytest.fixture
def untouched(desk, dump):
    """Fails a test whose calls after `begin` wrote to a service or to the database."""
    before = []

    def begin() -> None:
        before.append((dump(), desk.sandbox.state()["issues"], desk.tickets(), len(desk.calls)))

    yield begin
    rows, issues, tickets, calls = before[0]
    assert dump() == rows
    assert (desk.sandbox.state()["issues"], desk.tickets()) == (issues, tickets)
    assert set(desk.calls[calls:]) <= READS
    assert desk.calls[calls:]


def case_of(desk, issue_id):
    with desk.store.read() as tx:
        return tx.cases.of_issue(issue_id)


def look(desk, **scope):
    return survey(desk.ctx, lambda _: None, lambda _: None, **scope)


def test_an_issue_without_a_case_shows_the_ticket_that_it_would_get(desk, untouched):
    issue_id = desk.throw()
    untouched()
    seen = preview_issue(desk.ctx, issue_id)
    assert [step.where for step in seen.steps] == ["github", "sentry"]
    assert "make one" in seen.steps[0].what
    said = reasons(desk.ctx, seen.case)
    assert said["ticket"]["tracker"] == "github"
    assert "TypeError" in said["ticket"]["title"]


def test_a_pair_that_agrees_needs_nothing(desk, untouched):
    issue_id = desk.throw()
    desk.settle(issue_id)
    untouched()
    assert preview_case(desk.ctx, case_of(desk, issue_id)).steps == ()


def test_a_move_is_foretold_and_not_made(desk, untouched):
    issue_id = desk.throw()
    desk.settle(issue_id)
    key = desk.tickets()[0]["key"]
    desk.move_issue(issue_id, "resolved")
    untouched()
    steps = preview_case(desk.ctx, case_of(desk, issue_id)).steps
    assert Step("github", f"move #{key} to resolved") in steps


def test_a_ticket_that_is_gone_is_seen_and_the_link_is_left_to_the_worker(desk, untouched):
    issue_id = desk.throw()
    desk.settle(issue_id)
    desk.sandbox.control.post("/sandbox/github", json={"delete": 1}).raise_for_status()
    untouched()
    seen = preview_case(desk.ctx, case_of(desk, issue_id))
    assert isinstance(seen.case.link, Broken)
    assert seen.steps == ()


def test_a_ticket_that_a_person_closed_would_resolve_its_issue(desk, untouched):
    issue_id = desk.throw()
    desk.settle(issue_id)
    desk.move_ticket(desk.tickets()[0], "resolved")
    untouched()
    seen = preview_case(desk.ctx, case_of(desk, issue_id))
    assert [s.what for s in seen.steps if s.where == "sentry"] == [f"move {seen.row.members[0].short_id} to resolved"]


def test_whatever_a_preview_foretells_is_what_a_worker_does(desk):
    issue_id = desk.throw()
    desk.settle(issue_id)
    desk.move_issue(issue_id, "resolved")
    foretold = preview_case(desk.ctx, case_of(desk, issue_id)).steps
    assert foretold
    desk.settle(issue_id)
    assert desk.tickets()[0]["status"] in {"closed", "Done"}
    assert preview_case(desk.ctx, case_of(desk, issue_id)).steps == ()


LIMITED = """
version: 1
trackers: {github: {kind: github, repo: acme/shop}}
defaults: {limits: {per_hour: 1}}
rules: [{name: busy, ticket: {tracker: github}}]
"""


def test_what_is_over_the_limit_of_its_rule_would_be_collected(desk, tmp_path):
    (tmp_path / "m.yaml").write_text(LIMITED)
    desk.load(tmp_path / "m.yaml")
    first, second = desk.throw("KeyError"), desk.throw("TypeError")
    assert look(desk).changes == {"create": 1, "collect": 1}, "the one before it takes the place"
    desk.settle(first)
    seen = preview_issue(desk.ctx, second)
    assert seen.collected
    assert [(step.where, "Over the limit of rule “busy”" in step.what) for step in seen.steps] == [("github", True)]
    desk.hint(second)
    desk.work()
    foretold = seen.steps[0].what.split("“", 1)[1].rsplit("”", 1)[0]
    assert any(foretold in ticket["title"].replace("\u2060", "") for ticket in desk.tickets())


def test_an_issue_of_a_known_bug_would_join_its_case(desk, untouched):
    first = throw(desk, PRICE, "one")
    desk.settle(first)
    second, like = throw(desk, PRICE, "two"), throw(desk, PRICE_AT_NIGHT, "three")
    untouched()
    seen, home = preview_issue(desk.ctx, second), case_of(desk, first)
    assert seen.joins == home
    assert [member.issue.id for member in seen.case.members] == [second, first]
    assert f"joins case {home}: it looks like" in seen.steps[0].what
    assert not [step for step in seen.steps if "make one" in step.what]
    asked = preview_issue(desk.ctx, like)
    assert asked.joins is None
    assert "ask a person" in asked.steps[0].what
    assert look(desk).changes == {"join": 1, "create": 1}


def test_an_issue_that_would_join_does_what_was_foretold(desk):
    first = throw(desk, PRICE, "one")
    desk.settle(first)
    second = throw(desk, PRICE, "two")
    foretold = preview_issue(desk.ctx, second)
    desk.settle(second)
    assert case_of(desk, second) == foretold.joins
    assert len(desk.tickets()) == 1
    assert {step.where for step in foretold.steps} == {"bugferry", "sentry"}


def test_names_lead_to_issues_tickets_and_cases(desk, untouched):
    issue_id = desk.throw()
    desk.settle(issue_id)
    ticket, short_id = desk.tickets()[0], desk.issue(issue_id)["short_id"]
    place = desk.ctx.trackers["github"].place
    untouched()
    assert named(desk.ctx, short_id.lower()) == NamedIssue(issue_id, short_id)
    assert named(desk.ctx, f"issue:{issue_id}").id == issue_id
    assert named(desk.ctx, f"#{ticket['key']}") == NamedTicket("github", ticket["key"])
    assert named(desk.ctx, f"{place}#{ticket['key']}") == NamedTicket("github", ticket["key"])
    assert named(desk.ctx, f"case {case_of(desk, issue_id)}") == NamedCase(case_of(desk, issue_id))
    with pytest.raises(UserFault, match=r"looked for a file of that name, .*SHOP-12"):
        named(desk.ctx, "SHOP-9999")
    with pytest.raises(UserFault, match="looked for"):
        named(desk.ctx, "nonsense")


def test_a_number_that_is_an_issue_and_a_case_is_asked_back(desk):
    first, second = desk.throw("KeyError"), desk.throw("TypeError")
    desk.settle(second)
    number = str(case_of(desk, second))
    assert number == first
    with pytest.raises(UserFault, match=f"could be 2 things: say `issue:{number}` or `case:{number}`"):
        named(desk.ctx, number)


def test_an_issue_whose_case_has_the_same_number_is_one_thing(desk):
    first = desk.throw()
    desk.settle(first)
    assert str(case_of(desk, first)) == first
    assert named(desk.ctx, first).id == first


def test_a_survey_counts_what_would_change_by_rule_and_tracker(desk, untouched):
    calm, moved, new = (desk.throw(kind) for kind in ("KeyError", "TypeError", "ValueError"))
    desk.settle(calm, moved)
    desk.move_issue(moved, "resolved")
    untouched()
    found = look(desk)
    assert (found.cases, found.issues_without_case, found.nothing) == (2, 1, 1)
    assert found.changes == {"create": 1, "move ticket": 1}
    assert sum(found.create.values()) == 1
    assert [change.case for change in found.told] == [case_of(desk, moved), None]
    assert found.unread == ()
    assert desk.issue(new)["short_id"] in found.told[1].issues


def test_a_survey_sees_tickets_that_people_moved(desk, untouched):
    issue_id = desk.throw()
    desk.settle(issue_id)
    desk.move_ticket(desk.tickets()[0], "resolved")
    untouched()
    assert look(desk).changes == {"move issue": 1}


def test_pairs_that_agree_cost_a_survey_a_call_for_a_hundred(desk):
    ids = [desk.throw(f"Kind{number}Error") for number in range(5)]
    desk.settle(*ids)
    before = len(desk.calls)
    assert look(desk).nothing == 5
    assert sorted(desk.calls[before:]) == ["ours", "ours", "rows", "search"]


def test_what_was_there_before_us_is_left_to_backfill(desk, untouched):
    desk.throw()
    first_look(desk, hours=1)
    untouched()
    found = look(desk)
    assert (sum(found.only_by_backfill.values()), found.create, found.total) == (1, {}, 0)


def test_before_the_first_poll_everything_was_there_before_us(desk):
    issue_id = desk.throw()
    assert not preview_issue(desk.ctx, issue_id).left_alone
    with desk.store.write() as tx:
        tx.cursors._connection.execute(text("delete from cursors"))
    assert preview_issue(desk.ctx, issue_id).left_alone


def test_a_project_and_a_limit_narrow_a_survey(desk):
    ids = [desk.throw(kind) for kind in ("KeyError", "TypeError", "ValueError")]
    slug = desk.ctx.sentry.issue(ids[0]).project.slug
    assert look(desk, project=slug).total == 3
    assert look(desk, project="no-such-project").total == 0
    assert look(desk, limit=2).total == 2


def test_a_budget_is_waited_for_and_a_longer_trouble_is_not():
    waits, answers = [], [Held("full", 2.0), Held("full", 3.0), "done"]

    def ask():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(ask, waits.append) == "done"
    assert waits == [2.0, 3.0]
    answers[:] = [Held("for long", 4000.0)]
    with pytest.raises(Held):
        patiently(ask, waits.append)
