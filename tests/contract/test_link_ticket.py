"""A person says which ticket, made by somebody else, is that of a case."""

import io
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from tests.contract.test_casebook import CHECKOUT, PRICE, VIEWS, case_of, settled, story, throw, thrown
from tests.contract.test_triage import API, WEB, WHO, asked, crawled, take_back
from tests.fixtures.desk import Desk, Died
from worker.cli import triage as command
from worker.cli.main import app
from worker.cli.triage_keys import Piped
from worker.cli.triage_sitting import Sitting
from worker.errors import Gone, Moved, Permanent, Transient, UserFault
from worker.flow.people import answers, decisions
from worker.flow.people.named import ticket_named
from worker.flow.polls.changes import CONTACT
from worker.sandbox import seed

OTHER = thrown("ValueError", "no such warehouse", CHECKOUT, VIEWS)


def made_by_a_person(desk: Desk, title: str = "Bots break the shop", *, closed: bool = False) -> str:
    """A GitHub issue of theirs; its number."""
    made = desk.as_person("POST", f"/github/repos/{seed.GITHUB_REPO}/issues", json={"title": title})
    if closed:
        desk.move_ticket({"tracker": "github", "key": made["number"]}, "resolved")
    return f"#{made['number']}"


def in_jira(desk: Desk) -> str:
    fields = {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "Carts lose their price"}
    made = desk.as_person("POST", "/jira/rest/api/3/issue", json={"fields": fields})
    return str(made["key"])


def first_poll(desk: Desk) -> None:
    """What is there by now was there before us."""
    with desk.store.write(now=desk.clock()) as tx:
        tx.cursors.set(CONTACT, (desk.clock() + timedelta(days=1)).isoformat())


def row_of(desk: Desk, issue_id: str):
    with desk.store.read() as tx:
        row = tx.cases.load(case_of(desk, issue_id))
    assert row is not None
    return row


def said_on(desk: Desk, number: str) -> list[str]:
    path = f"/github/repos/{seed.GITHUB_REPO}/issues/{number.lstrip('#')}/comments"
    return [one["body"] for one in desk.as_person("GET", path)]


def linked(desk: Desk, issue_id: str, ticket: str) -> answers.Answered:
    return answers.link(desk.ctx, case_of(desk, issue_id), ticket_named(desk.ctx, ticket), WHO)


# ---------------------------------------------------------------- what it does


def test_both_keep_one_status_from_then_on_and_no_second_ticket_is_made(desk_on_both):
    desk = desk_on_both
    bug, ticket = crawled(desk), made_by_a_person(desk_on_both)
    linked(desk, bug, ticket)
    desk.settle(bug)
    (only,) = desk.tickets()
    assert asked(desk, bug) == []
    desk.move_ticket(only, "resolved")
    desk.settle(bug)
    assert desk.issue(bug)["status"] == "resolved"
    desk.move_issue(bug, "unresolved")
    desk.settle(bug)
    assert desk.tickets()[0]["status"] == "open"
    assert len(desk.tickets()) == 1
    assert desk.parked() == ()


def test_the_ticket_says_once_what_it_stands_for_and_sentry_shows_it(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    linked(desk, bug, ticket)
    desk.settle(bug)
    desk.settle(bug)
    (said,) = said_on(desk, ticket)
    assert row_of(desk, bug).members[0].short_id in said
    assert f"/issues/{bug}/" in said
    kinds = [entry.kind for entry in story(desk, case_of(desk, bug))]
    assert [kinds.count(kind) for kind in ("ticket.linked", "ticket.shown", "comment.made")] == [1, 1, 1]
    (told,) = [entry for entry in story(desk, case_of(desk, bug)) if entry.kind == "ticket.linked"]
    assert told.actor == WHO
    assert told.rule == "web shop", "the first rule that makes tickets there"


def test_a_rule_that_makes_tickets_there_stays_that_of_the_case(desk):
    (bug,) = settled(desk, (PRICE, "a"))
    rule = row_of(desk, bug).rule
    (own,) = desk.tickets()
    desk.as_person("DELETE", f"/jira/rest/api/3/issue/{own['key']}")
    desk.settle(bug)
    assert asked(desk, bug) == [decisions.Why.BROKEN]
    linked(desk, bug, in_jira(desk))
    desk.settle(bug)
    row = row_of(desk, bug)
    assert (row.rule, row.broken_reason, row.tracker) == (rule, None, "jira")
    assert "left as it was taken away" in take_back(desk)
    assert asked(desk, bug) == [decisions.Why.BROKEN]


def test_an_open_bug_reopens_the_closed_ticket_that_it_is_linked_to(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk, closed=True)
    linked(desk, bug, ticket)
    desk.settle(bug)
    assert desk.tickets()[0]["status"] == "open"
    assert desk.issue(bug)["status"] == "unresolved"
    assert sum("Reopened" in one for one in said_on(desk, ticket)) == 1


def test_what_was_said_on_the_ticket_before_is_not_carried_over(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    path = f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket.lstrip('#')}/comments"
    desk.as_person("POST", path, json={"body": "an old story"})
    linked(desk, bug, ticket)
    desk.settle(bug)
    notes = desk.as_person("GET", f"/sentry/api/0/organizations/{seed.ORG}/issues/{bug}/comments/")
    assert "old story" not in json.dumps(notes)


def test_the_ticket_of_another_case_makes_both_one(desk):
    (bug,) = settled(desk, (PRICE, "a"))
    (ticket,) = desk.tickets()
    bot = crawled(desk)
    answer = linked(desk, bot, ticket["key"])
    assert answer.kind == "join"
    assert case_of(desk, bot) == case_of(desk, bug)
    desk.settle(bot)
    assert len(desk.tickets()) == 1
    assert "case of its own again" in take_back(desk)
    assert case_of(desk, bot) != case_of(desk, bug)


# ---------------------------------------------------------------- taking it back


def test_taking_it_back_leaves_the_ticket_alone_and_another_case_may_have_it(desk_on_both):
    desk = desk_on_both
    one, ticket = crawled(desk, "one"), made_by_a_person(desk_on_both)
    two = crawled(desk, "two")
    linked(desk, one, ticket)
    desk.settle(one)
    assert "stays as it is" in take_back(desk)
    desk.settle(one)
    assert asked(desk, one) == [decisions.Why.DECLINED]
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(one)
    assert desk.issue(one)["status"] == "unresolved"
    desk.move_ticket(desk.tickets()[0], "open")
    linked(desk, two, ticket)
    desk.settle(two)
    assert row_of(desk, two).ticket.key == ticket.lstrip("#")
    assert row_of(desk, one).ticket is None
    assert "already" in linked(desk, two, ticket).said
    with pytest.raises(UserFault, match=r"has its ticket: #\d"):
        linked(desk, two, made_by_a_person(desk))
    desk.move_ticket(desk.tickets()[0], "resolved")
    desk.settle(two)
    assert [desk.issue(each)["status"] for each in (one, two)] == ["unresolved", "resolved"]


def test_the_same_case_may_have_it_again(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    for _ in range(2):
        linked(desk, bug, ticket)
        desk.settle(bug)
        take_back(desk)
    linked(desk, bug, ticket)
    desk.settle(bug)
    assert row_of(desk, bug).ticket.key == ticket.lstrip("#")
    assert len(said_on(desk, ticket)) == 1, "it has been told"


def test_a_link_that_is_no_longer_there_cannot_be_taken_back(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    linked(desk, bug, ticket)
    desk.settle(bug)
    with desk.store.write(now=desk.clock()) as tx:
        tx.cases.break_link(case_of(desk, bug), "gone", desk.clock())
    with pytest.raises(UserFault, match="gone on without"):
        take_back(desk)


# ---------------------------------------------------------------- refusals


def test_what_has_a_ticket_is_told_how_to_go_on_in_another(desk):
    (bug,) = settled(desk, (PRICE, "a"))
    with pytest.raises(UserFault, match="Close that one as a duplicate of #"):
        linked(desk, bug, made_by_a_person(desk))


@pytest.mark.parametrize("what", ["#4711", "nothing", "https://shop.example/", "http://[::1", "ticket:github:4711"])
def test_what_is_no_ticket_is_refused_and_nothing_changes(desk, what):
    bug = crawled(desk)
    before = row_of(desk, bug)
    with pytest.raises(UserFault, match="could be found"):
        linked(desk, bug, what)
    assert row_of(desk, bug) == before


def test_an_issue_is_no_ticket(desk):
    bug = crawled(desk)
    with pytest.raises(UserFault, match="is no ticket but `issue:"):
        linked(desk, bug, row_of(desk, bug).members[0].short_id)


def test_a_ticket_that_was_told_its_successor_stays_with_its_case(desk):
    one, two = settled(desk, (PRICE, "a"), (OTHER, "b"))
    answers.join(desk.ctx, case_of(desk, two), case_of(desk, one), WHO)
    desk.settle(one)
    (closed,) = [ticket for ticket in desk.tickets() if ticket["key"] != row_of(desk, one).ticket.key]
    bot = crawled(desk)
    with pytest.raises(UserFault, match=f"was made by Bugferry for case {case_of(desk, one)}: join"):
        linked(desk, bot, closed["key"])
    assert row_of(desk, bot).ticket is None


def test_a_ticket_of_theirs_that_was_closed_as_a_duplicate_stays_with_its_case(desk):
    one, two, another = (crawled(desk, name) for name in ("one", "two", "another"))
    older, younger = made_by_a_person(desk), made_by_a_person(desk)
    linked(desk, one, older)
    linked(desk, two, younger)
    desk.settle(one, two)
    answers.join(desk.ctx, case_of(desk, two), case_of(desk, one), WHO)
    desk.settle(one)
    assert row_of(desk, one).ticket.key == older.lstrip("#")
    with pytest.raises(Permanent, match="belongs to another case"):
        linked(desk, another, younger)
    assert asked(desk, another) == [decisions.Why.DECLINED]


@pytest.mark.parametrize("refusal", [Permanent("the conversation is locked"), Moved("it went away", "OTHER-1")])
def test_a_comment_that_is_refused_is_told_and_the_case_goes_on(desk, refusal):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    linked(desk, bug, ticket)

    def locked(when: str, name: str) -> None:
        if (when, name) == ("before", "comment"):
            raise refusal

    desk.watch.append(locked)
    desk.settle(bug)
    assert desk.parked() == ()
    (entry,) = [one for one in story(desk, case_of(desk, bug)) if one.kind == "comment.made"]
    assert "is not told" in entry.why
    desk.watch.clear()
    desk.settle(bug)
    assert said_on(desk, ticket) == []


def test_a_ticket_that_is_gone_before_it_is_told_is_one_that_was_taken_away(desk):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    linked(desk, bug, ticket)

    def deleted(when: str, name: str) -> None:
        if (when, name) == ("before", "comment"):
            raise Gone("there is no such ticket any more")

    desk.watch.append(deleted)
    desk.settle(bug)
    assert not any(one.kind == "comment.made" for one in story(desk, case_of(desk, bug)))


# ---------------------------------------------------------------- crashes


def test_a_death_between_any_two_steps_leaves_one_comment_and_one_status(desk):
    for step in range(24):
        bug, ticket = crawled(desk, f"bot{step}"), made_by_a_person(desk, closed=bool(step % 2))
        linked(desk, bug, ticket)
        left = [step]

        def dies(when: str, name: str, left: list[int] = left) -> None:
            if name in {"comment", "link", "move", "read", "issue"}:
                left[0] -= 1
                if left[0] == 0:
                    raise Died(f"{when} {name}")

        desk.watch.append(dies)
        try:
            desk.settle(bug)
        except Died:
            desk.watch.clear()
            desk.settle(bug)
        desk.watch.clear()
        desk.settle(bug)
        shown = next(one for one in desk.tickets() if str(one["key"]) == ticket.lstrip("#"))
        assert shown["status"] == "open", step
        assert sum("This is the ticket of" in one for one in said_on(desk, ticket)) == 1, step
        assert desk.parked() == ()


# ---------------------------------------------------------------- at the terminal


def test_a_letter_asks_for_the_ticket(desk, monkeypatch, capsys):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    address = f"{desk.sandbox.url}/github/{seed.GITHUB_REPO}/issues/{ticket.lstrip('#')}"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"l{address}\nq"))
    Sitting(desk.ctx, WHO, Piped(), decisions.waiting(desk.ctx)).run()
    assert row_of(desk, bug).ticket.key == ticket.lstrip("#")
    assert "[l] link a ticket" in capsys.readouterr().out


def test_a_script_says_it_in_one_line(desk, monkeypatch):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    monkeypatch.setattr(command, "_context", lambda: desk.ctx)
    told = CliRunner().invoke(app, ["triage", "link", f"issue:{bug}", ticket, "--by", WHO, "--json"])
    assert told.exit_code == 0, told.output
    (answer,) = json.loads(told.stdout)
    assert (answer["case"], answer["answer"]) == (case_of(desk, bug), "link")


def test_an_old_issue_that_nobody_looked_at_gets_the_ticket_that_was_made_for_it(desk, monkeypatch):
    old = desk.throw(project=WEB, fingerprint=["old"])
    first_poll(desk)
    ticket = made_by_a_person(desk)
    monkeypatch.setattr(command, "_context", lambda: desk.ctx)
    address = f"{desk.sandbox.url}/sentry/organizations/acme/issues/{old}/"
    nowhere = CliRunner().invoke(app, ["triage", "link", address, "#4711", "--by", WHO])
    assert isinstance(nowhere.exception, UserFault)
    with desk.store.read() as tx:
        assert tx.cases.of_issue(old) is None, "a ticket that is not there opens no case"
    told = CliRunner().invoke(app, ["triage", "link", address, ticket, "--by", WHO])
    assert told.exit_code == 0, told.output
    desk.settle(old)
    assert [str(one["key"]) for one in desk.tickets()] == [ticket.lstrip("#")]
    assert row_of(desk, old).ticket.key == ticket.lstrip("#")


def test_an_old_issue_whose_link_is_taken_back_is_left_alone(desk):
    old = desk.throw(project=WEB, fingerprint=["old"])
    first_poll(desk)
    case_id = answers.case_for(desk.ctx, f"issue:{old}")
    assert answers.case_for(desk.ctx, f"issue:{old}") == case_id
    linked(desk, old, made_by_a_person(desk))
    desk.settle()
    take_back(desk)
    desk.settle()
    assert len(desk.tickets()) == 1, "theirs, and none of ours"
    assert row_of(desk, old).ticket is None


def test_a_closed_issue_opens_no_case(desk):
    old = desk.throw(project=WEB, fingerprint=["old"])
    desk.move_issue(old, "resolved")
    with pytest.raises(UserFault, match="is resolved in Sentry"):
        answers.case_for(desk.ctx, f"issue:{old}")
    with desk.store.read() as tx:
        assert tx.cases.of_issue(old) is None


def test_an_issue_that_sentry_still_moves_opens_no_case_yet(desk):
    new = desk.throw(project=WEB, fingerprint=["new"])
    desk.sandbox.control.post("/sandbox/sentry", json={"issue": new, "status": "pending_merge"}).raise_for_status()
    with pytest.raises(Transient, match="still moving"):
        answers.case_for(desk.ctx, f"issue:{new}")
    with desk.store.read() as tx:
        assert tx.cases.of_issue(new) is None


@pytest.mark.parametrize("ticketed", [True, False])
def test_an_old_issue_that_joins_a_case_changes_nothing_of_what_the_rules_said_of_it(desk, ticketed):
    (bug,) = settled(desk, (PRICE, "a"))
    if not ticketed:
        desk.as_person("DELETE", f"/jira/rest/api/3/issue/{desk.tickets()[0]['key']}")
        desk.settle(bug)
    before = row_of(desk, bug)
    old = throw(desk, PRICE, "b")
    first_poll(desk)
    assert answers.case_for(desk.ctx, f"issue:{old}") == before.id
    after = row_of(desk, old)
    assert len(after.members) == 2
    assert (after.verdict, after.rule) == (before.verdict, before.rule)


REFUSED = thrown("ConnectionRefusedError", "[Errno 111] Connection refused", CHECKOUT, VIEWS)


@pytest.mark.parametrize(("error", "infrastructure"), [(PRICE, False), (REFUSED, True)])
def test_a_new_issue_that_is_named_before_it_was_looked_at_counts_as_seen(desk, error, infrastructure):
    new = throw(desk, error, "new")
    case_id = answers.case_for(desk.ctx, f"issue:{new}")
    with desk.store.read() as tx:
        row = tx.watches.of(API.slug)
    assert row is not None, "a storm would not see it begin"
    assert [one.infrastructure for one in row.watch.recent] == [infrastructure]
    assert any(claim.key == f"case:{case_id}" for claim in desk.store.claim(desk.clock(), desk.ctx.timing.lease))
