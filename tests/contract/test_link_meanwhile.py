"""A ticket that is linked by hand: which one an address names, and what may happen meanwhile."""

import io
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from tests.contract.test_casebook import PRICE, case_of, settled
from tests.contract.test_link_ticket import in_jira, linked, made_by_a_person, row_of, said_on
from tests.contract.test_triage import WHO, crawled, take_back
from worker.cli import deciding
from worker.cli import triage as command
from worker.cli.main import app
from worker.cli.triage_keys import Piped
from worker.cli.triage_sitting import Sitting
from worker.errors import UserFault
from worker.flow.people import answers, decisions
from worker.flow.people.named import NamedIssue, NamedTicket, _is_there, named, ticket_named
from worker.model import Hint
from worker.sandbox import seed

# ---------------------------------------------------------------- addresses


def test_addresses_of_a_browser_name_things(desk):
    bug, ticket, key = crawled(desk), made_by_a_person(desk), in_jira(desk)
    base = desk.sandbox.url
    number = ticket.lstrip("#")
    for address, meant in (
        (f"{base}/sentry/organizations/acme/issues/{bug}/?project=1", NamedIssue),
        (f"{base}/sentry/organizations/acme/issues/{bug}/events/abc/", NamedIssue),
        (f"{base}/github/{seed.GITHUB_REPO}/issues/{number}#issuecomment-1", NamedTicket),
        (f"{base}/jira/browse/{key}?focusedId=1", NamedTicket),
        (f"{base}/jira/projects/SHOP/boards/1?selectedIssue={key}", NamedTicket),
    ):
        found = named(desk.ctx, address)
        assert isinstance(found, meant), address
        assert getattr(found, "id", None) in {bug, None}
        assert getattr(found, "key", None) in {number, key, None}


def test_an_address_of_another_host_names_nothing_of_ours(desk):
    bug, ticket, key = crawled(desk), made_by_a_person(desk), in_jira(desk)
    for address in (
        f"https://acme.atlassian.example/browse/{key}",
        f"https://gitlab.example/{seed.GITHUB_REPO}/issues/{ticket.lstrip('#')}",
        f"https://acme.sentry.example/issues/{bug}/",
    ):
        with pytest.raises(UserFault, match="could be found"):
            named(desk.ctx, address)


def test_all_organisations_of_the_cloud_share_a_host():
    there = "https://sentry.io/organizations/acme/issues/1/"
    assert _is_there("https://acme.sentry.io/issues/1/", there)
    assert not _is_there("https://acme.sentry.io.evil.example/issues/1/", there)
    assert not _is_there("https://acme.sentry.io/issues/1/", None)


def test_a_number_that_no_database_counts_to_names_no_case(desk, monkeypatch):
    monkeypatch.setattr(command, "_context", lambda: desk.ctx)
    ticket = made_by_a_person(desk)
    told = CliRunner().invoke(app, ["triage", "link", "9" * 30, ticket, "--by", WHO])
    assert told.exit_code == 2
    assert "names no case" in told.output


# ---------------------------------------------------------------- what happens meanwhile


def test_a_case_that_was_joined_meanwhile_is_given_no_ticket(desk, monkeypatch):
    (bug,) = settled(desk, (PRICE, "a"))
    bot, ticket = crawled(desk), made_by_a_person(desk)
    own, into, rule_into = case_of(desk, bot), case_of(desk, bug), answers._rule_into

    def joined_first(*given):
        answers.join(desk.ctx, own, into, "somebody else")
        return rule_into(*given)

    monkeypatch.setattr(answers, "_rule_into", joined_first)
    with pytest.raises(UserFault, match=f"became part of case {into}"):
        answers.link(desk.ctx, own, ticket_named(desk.ctx, ticket), WHO)
    with desk.store.read() as tx:
        assert tx.cases.ticket_of(own) is None
        assert tx.cases.of_ticket("github", ticket.lstrip("#")) is None


def test_a_link_of_a_case_that_was_joined_since_is_not_taken_back_from_the_other(desk):
    one, two, ticket = crawled(desk, "one"), crawled(desk, "two"), made_by_a_person(desk)
    linked(desk, one, ticket)
    desk.settle(one)
    answers.join(desk.ctx, case_of(desk, one), case_of(desk, two), "somebody else")
    desk.settle(two)
    before = row_of(desk, two)
    with pytest.raises(UserFault, match=f"became part of case {before.id} since"):
        take_back(desk)
    assert row_of(desk, two) == before


def test_a_ticket_is_told_although_its_case_was_joined_before_anybody_looked(desk):
    one, two, ticket = crawled(desk, "one"), crawled(desk, "two"), made_by_a_person(desk)
    linked(desk, one, ticket)
    answers.join(desk.ctx, case_of(desk, one), case_of(desk, two), WHO)
    desk.settle(one, two)
    assert len(said_on(desk, ticket)) == 1


def test_a_ticket_is_told_although_a_join_was_made_and_taken_back_before_anybody_looked(desk):
    one, two, ticket = crawled(desk, "one"), crawled(desk, "two"), made_by_a_person(desk)
    linked(desk, one, ticket)
    answers.join(desk.ctx, case_of(desk, one), case_of(desk, two), WHO)
    take_back(desk)
    desk.settle(one, two)
    assert row_of(desk, one).ticket.key == ticket.lstrip("#")
    assert len(said_on(desk, ticket)) == 1


def test_a_ticket_of_ours_that_was_taken_away_may_be_given_to_another_case(desk):
    (bug,) = settled(desk, (PRICE, "a"))
    (ticket,) = desk.tickets()
    with desk.store.write(now=desk.clock()) as tx:
        tx.cases.break_link(case_of(desk, bug), "it was out of sight", desk.clock())
    bot = crawled(desk)
    linked(desk, bot, ticket["key"])
    assert row_of(desk, bot).ticket.key == ticket["key"]
    assert row_of(desk, bug).ticket is None
    desk.settle(bot)
    (only,) = [one for one in desk.tickets() if one["key"] == ticket["key"]]
    short_id = row_of(desk, bot).members[0].short_id
    assert len([said for said in only["comments"] if short_id in str(said)]) == 1


def test_a_sitting_asks_back_once_however_long_a_worker_has_the_case(desk, monkeypatch, capsys):
    bug, ticket = crawled(desk), made_by_a_person(desk)
    monkeypatch.setattr(deciding, "PAUSE_S", 0.01)
    with desk.store.write(now=desk.clock()) as tx:
        tx.work.push(Hint(f"case:{case_of(desk, bug)}", "test"), desk.clock())
    (claim,) = desk.store.claim(desk.clock(), timedelta(seconds=60))
    tries, link = [], answers.link

    def busy_at_first(*given):
        tries.append(1)
        if len(tries) == 3:
            with desk.store.write(claim, desk.clock()) as tx:
                tx.work.finish(claim, None)
        return link(*given)

    monkeypatch.setattr(answers, "link", busy_at_first)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"l{ticket}\nq"))
    Sitting(desk.ctx, WHO, Piped(), decisions.waiting(desk.ctx)).run()
    assert row_of(desk, bug).ticket.key == ticket.lstrip("#")
    assert capsys.readouterr().out.count("which ticket") == 1
    assert len(tries) == 3
