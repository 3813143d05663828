"""What waits for a decision, the answers of a person, and taking them back."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from tests.contract.test_casebook import (
    CHECKOUT,
    PRICE,
    RECEIPT,
    TOTAL,
    VIEWS,
    case_of,
    mapped,
    settled,
    story,
    thrown,
    waiting,
)
from tests.fixtures.desk import Desk
from worker.cli import case_suggestions
from worker.cli import triage as command
from worker.cli.eval_fit import from_feedback
from worker.cli.main import app
from worker.cli.triage_keys import Piped
from worker.cli.triage_sitting import Sitting
from worker.cli.triage_until import until
from worker.ends.ports import Until
from worker.errors import Permanent, UserFault
from worker.flow.people import answers, decisions
from worker.flow.people.decisions import Why
from worker.flow.people.undo import last_answers, undo
from worker.mapping.facts import Around
from worker.mapping.load import load_mapping
from worker.model import Issue, Project
from worker.sandbox import seed

WEB, API = seed.PROJECTS
WHO = "checkout-lead"
NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
BOT = {"request": {"url": "https://shop.test/", "headers": [["User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1)"]]}}
CURRENCY = thrown("AttributeError", "'NoneType' object has no attribute 'currency'", TOTAL, CHECKOUT, VIEWS)


def crawled(desk: Desk, fingerprint: str = "bot", **more) -> str:
    """An error that the shipped mapping skips as a crawler's."""
    issue = desk.throw(project=WEB, fingerprint=[fingerprint], **met_by_a_bot(fingerprint), **more)
    desk.settle(issue)
    return issue


def met_by_a_bot(name: str) -> dict:
    said = {"type": "ReferenceError", "value": f"{name}Widget is not defined"}
    return {"exception": {"values": [said]}, **BOT}


def asked(desk: Desk, issue_id: str) -> list[Why]:
    found = {decision.case.id: decision for decision in decisions.waiting(desk.ctx)}
    case = found.get(case_of(desk, issue_id))
    return list(case.whys) if case else []


def take_back(desk: Desk) -> str:
    (entry,) = last_answers(desk.ctx, WHO)
    return undo(desk.ctx, entry, WHO)


# ---------------------------------------------------------------- what waits


def test_what_a_rule_skipped_waits_and_what_has_a_ticket_or_is_archived_does_not(desk_on_both):
    desk = desk_on_both
    bot = crawled(desk)
    (bug,) = settled(desk, (PRICE, "a"))
    assert asked(desk, bot) == [Why.DECLINED]
    assert asked(desk, bug) == []
    (decision,) = decisions.waiting(desk.ctx)
    assert decision.cause == "noise"
    assert any("crawler" in reason for reason in decision.reasons)
    assert "crawler" in (decision.said or "")
    desk.move_issue(bot, "ignored")
    desk.settle(bot)
    assert decisions.waiting(desk.ctx) == ()


def test_the_worst_comes_first(desk):
    quiet = crawled(desk, "one")
    loud = crawled(desk, "two")
    for number in range(3):
        desk.throw(project=WEB, fingerprint=["two"], user={"id": str(number)}, **met_by_a_bot("two"))
    back = crawled(desk, "three")
    desk.move_issue(back, "resolved")
    desk.settle(back)
    desk.throw(project=WEB, fingerprint=["three"], **met_by_a_bot("three"))
    desk.settle(quiet, loud, back)
    order = [decision.issues[0].id for decision in decisions.waiting(desk.ctx)]
    assert order == [back, loud, quiet]
    assert [decision.back for decision in decisions.waiting(desk.ctx)] == [True, False, False]
    assert [decision.issues[0].id for decision in decisions.waiting(desk.ctx, 2)] == [back, loud]


def test_a_suggestion_waits_with_the_nearest_case_and_its_evidence(desk):
    one, two = settled(desk, (PRICE, "a"), (CURRENCY, "b"))
    (decision,) = decisions.waiting(desk.ctx)
    assert decision.whys == (Why.JOIN,)
    assert decision.case.id == case_of(desk, two)
    near = decisions.nearest(desk.ctx, decision)
    assert near is not None
    assert (near.case, near.match.issue) == (case_of(desk, one), one)
    assert ("shop.cart.total", "shop.cart.total") in near.match.aligned


def test_what_waits_for_more_events_waits_for_a_person_too(desk, tmp_path):
    file = tmp_path / "waits.yaml"
    file.write_text(
        "version: 1\ntrackers: {github: {kind: github, repo: acme/shop}}\nrules:\n"
        "- name: all\n  wait_for: {events: 5}\n  ticket: {tracker: github}\n"
    )
    desk.load(file)
    (bug,) = settled(desk, (PRICE, "a"))
    assert asked(desk, bug) == [Why.WAITS]
    answers.open_ticket(desk.ctx, case_of(desk, bug), WHO)
    desk.settle()
    assert len(desk.tickets()) == 1


def test_a_ticket_that_was_taken_away_waits_for_a_person(desk):
    (bug,) = settled(desk, (PRICE, "a"))
    (ticket,) = desk.tickets()
    desk.sandbox.control.delete(
        f"/jira/rest/api/3/issue/{ticket['key']}", auth=(seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)
    ).raise_for_status()
    desk.settle(bug)
    assert asked(desk, bug) == [Why.BROKEN]


# ---------------------------------------------------------------- a ticket


def test_a_person_opens_a_ticket_that_a_rule_skips(desk):
    bot = crawled(desk)
    answers.open_ticket(desk.ctx, case_of(desk, bot), WHO, "the bot is our own monitor")
    assert asked(desk, bot) == []
    desk.settle()
    (ticket,) = desk.tickets()
    assert ticket["tracker"] == "github", "the rule that would make it: `web shop`"
    said = {entry.kind: entry for entry in story(desk, case_of(desk, bot))}
    assert said["triage.answered"].actor == WHO
    assert "our own monitor" in said["triage.answered"].why
    assert said["ticket.created"].rule == "web shop"
    desk.settle(bot)
    assert len(desk.tickets()) == 1


def test_the_first_tracker_makes_it_where_no_rule_would(tmp_path):
    file = tmp_path / "strict.yaml"
    file.write_text(
        "version: 1\ntrackers:\n  jira: {kind: jira, project: SHOP}\n  github: {kind: github, repo: acme/shop}\n"
        "rules:\n- name: web\n  when: project.slug == 'nowhere'\n  ticket: {tracker: github}\n"
        "- name: api\n  when: project.slug == 'nowhere else'\n  ticket: {tracker: jira}\n"
    )
    book, issue = load_mapping([file]), Issue("1", "SHOP-1", "Oops", Project("1", "shop-api"))
    assert book.route(issue, None, Around(NOW)).tracker is None
    wanted = book.route(issue, None, Around(NOW, wanted_by=WHO))
    assert (wanted.rule, wanted.tracker) == ("api", "jira")
    assert WHO in wanted.why


def test_a_ticket_that_was_taken_away_is_made_anew_only_because_a_person_says_so(desk):
    (bug,) = settled(desk, (PRICE, "a"))
    (ticket,) = desk.tickets()
    gone = f"/jira/rest/api/3/issue/{ticket['key']}"
    desk.sandbox.control.delete(gone, auth=(seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)).raise_for_status()
    desk.settle(bug)
    assert desk.tickets() == []
    answers.open_ticket(desk.ctx, case_of(desk, bug), WHO)
    assert "left as it was taken away" in take_back(desk)
    desk.settle(bug)
    assert desk.tickets() == []
    answers.open_ticket(desk.ctx, case_of(desk, bug), WHO)
    desk.settle(bug)
    (fresh,) = desk.tickets()
    assert fresh["key"] != ticket["key"]
    assert desk.parked() == ()


def test_an_opened_ticket_passes_the_limit_of_its_rule(desk, tmp_path):
    mapped(desk, tmp_path, "defaults: {limits: {per_day: 1}}")
    _, two = settled(desk, (PRICE, "a"), (RECEIPT, "b"))
    assert asked(desk, two) == [Why.COLLECTED]
    answers.open_ticket(desk.ctx, case_of(desk, two), WHO)
    desk.settle()
    with desk.store.read() as tx:
        row = tx.cases.load(case_of(desk, two))
    assert row is not None
    assert row.ticket is not None


def test_opening_is_taken_back_before_the_ticket_is_made_and_after_it_that_is_said(desk):
    bot = crawled(desk)
    answers.open_ticket(desk.ctx, case_of(desk, bot), WHO)
    assert "the rules decide again" in take_back(desk)
    desk.settle(bot)
    assert desk.tickets() == []
    assert asked(desk, bot) == [Why.DECLINED]
    answers.open_ticket(desk.ctx, case_of(desk, bot), WHO)
    desk.settle(bot)
    (ticket,) = desk.tickets()
    assert f"#{ticket['key']} was made already and stays" in take_back(desk)
    assert last_answers(desk.ctx, WHO) == ()


# ---------------------------------------------------------------- archiving


def test_ignoring_archives_as_sentry_does(desk):
    bot = crawled(desk)
    path = f"/sentry/api/0/organizations/{seed.ORG}/issues/{bot}/"
    condition = "archived_until_condition_met"
    for meant, substatus, details in (
        (Until(), "archived_until_escalating", {}),
        (Until(minutes=90), condition, {"ignoreDuration": 90}),
        (Until(events=2), condition, {"ignoreCount": 2}),
    ):
        answers.ignore(desk.ctx, case_of(desk, bot), meant, WHO)
        shown = desk.as_person("GET", path)
        assert (shown["status"], shown["substatus"]) == ("ignored", substatus)
        assert details.items() <= shown["statusDetails"].items()
        assert "open in Sentry again" in take_back(desk)
        assert desk.issue(bot)["status"] == "unresolved"
    answers.ignore(desk.ctx, case_of(desk, bot), Until(), WHO)
    desk.settle(bot)
    assert decisions.waiting(desk.ctx) == ()
    moves = [entry for entry in story(desk, case_of(desk, bot)) if entry.kind == "issue.moved"]
    assert [(entry.actor, entry.new) for entry in moves] == [(WHO, "ignored"), (WHO, "open")] * 3 + [(WHO, "ignored")]
    take_back(desk)
    desk.settle(bot)
    assert asked(desk, bot) == [Why.DECLINED]


def test_so_many_more_events_bring_it_back(desk):
    bot = crawled(desk)
    answers.ignore(desk.ctx, case_of(desk, bot), Until(events=2), WHO)
    for _ in range(2):
        desk.throw(project=WEB, fingerprint=["bot"], **met_by_a_bot("bot"))
    desk.settle(bot)
    assert asked(desk, bot) == [Why.DECLINED]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("", Until()),
        ("until it escalates", Until()),
        ("12h", Until(minutes=720)),
        ("2 w", Until(minutes=20160)),
        ("500", Until(events=500)),
        ("1 more event", Until(events=1)),
        ("2026-03-07", Until(minutes=720)),
    ],
)
def test_until_in_words(words, meant):
    assert until(words, NOW) == meant


@pytest.mark.parametrize("words", ["tomorrow", "0", "0d", "2026-03-06", "-3"])
def test_until_that_cannot_be_meant_says_how_to_say_it(words):
    with pytest.raises(UserFault, match="500 events"):
        until(words, NOW)


# ---------------------------------------------------------------- noise


def test_no_noise_holds_in_rules_that_ask_for_the_cause(desk, tmp_path):
    file = tmp_path / "by-cause.yaml"
    file.write_text(
        "version: 1\ntrackers: {github: {kind: github, repo: acme/shop}}\nrules:\n"
        "- name: noise\n  when: triage.cause == 'noise' || triage.leading == 'noise'\n  skip: It is noise.\n"
        "- name: all\n  ticket: {tracker: github}\n"
    )
    desk.load(file)
    bot = crawled(desk)
    assert desk.tickets() == []
    answers.not_noise(desk.ctx, case_of(desk, bot), WHO)
    desk.settle()
    assert len(desk.tickets()) == 1
    assert "machine judges" in take_back(desk)
    with desk.store.read() as tx:
        assert not tx.feedback.is_no_noise(bot)
        assert tx.casebook.judged(bot).cause == "noise"


# ---------------------------------------------------------------- one bug or two


def test_joining_takes_the_suggestion_and_taking_it_back_leaves_everything_as_before(desk_on_both):
    desk = desk_on_both
    one, two = settled(desk, (PRICE, "a"), (CURRENCY, "b"))
    first, second = case_of(desk, one), case_of(desk, two)
    kept = {ticket["key"] for ticket in desk.tickets()}
    answers.join(desk.ctx, second, first, WHO)
    assert case_of(desk, two) == first
    assert waiting(desk) == []
    assert "a case of its own again" in take_back(desk)
    assert (case_of(desk, one), case_of(desk, two)) == (first, second)
    assert [told.state for told in waiting(desk)] == ["open"]
    desk.settle(one, two)
    assert {ticket["key"] for ticket in desk.tickets()} == kept
    assert all(ticket["status"] not in {"Done", "closed", "Won't Do"} for ticket in desk.tickets())
    with desk.store.read() as tx:
        assert not tx.feedback.parted(first, [two])
        assert all(tx.cases.load(case).ticket for case in (first, second))


def test_a_duplicate_that_was_closed_already_stays_closed_and_that_is_said(desk):
    one, two = settled(desk, (PRICE, "a"), (CURRENCY, "b"))
    first, second = case_of(desk, one), case_of(desk, two)
    answers.join(desk.ctx, second, first, WHO)
    desk.settle()
    assert "was closed as a duplicate already" in take_back(desk)
    assert case_of(desk, two) == second
    desk.settle(one, two)
    assert desk.parked() == ()


def test_splitting_and_back(desk):
    one, two = settled(desk, (PRICE, "a"), (PRICE, "b"))
    home = case_of(desk, one)
    assert case_of(desk, two) == home
    answers.split(desk.ctx, home, [two], WHO)
    assert case_of(desk, two) != home
    desk.settle(one, two)
    assert "back in case" in take_back(desk)
    assert case_of(desk, two) == case_of(desk, one)
    with desk.store.read() as tx:
        assert not tx.feedback.parted(home, [two])
    with pytest.raises(UserFault, match="some of them, not all"):
        answers.split(desk.ctx, case_of(desk, one), [one, two], WHO)


def test_a_refused_suggestion_is_never_made_again_until_that_is_taken_back(desk):
    settled(desk, (PRICE, "a"), (CURRENCY, "b"))
    (told,) = waiting(desk)
    answers.different(desk.ctx, told.id, WHO)
    assert waiting(desk) == []
    with pytest.raises(Permanent, match="refused"):
        answers.different(desk.ctx, told.id, WHO)
    assert "waits again" in take_back(desk)
    assert [one.id for one in waiting(desk)] == [told.id]


def test_answers_are_taken_back_each_by_whoever_gave_it_the_last_first(desk):
    bots = [crawled(desk, name) for name in ("one", "two")]
    for bot in bots:
        answers.ignore(desk.ctx, case_of(desk, bot), Until(), WHO)
    assert last_answers(desk.ctx, "web-lead") == ()
    for bot in reversed(bots):
        take_back(desk)
        assert desk.issue(bot)["status"] == "unresolved"
    with pytest.raises(ValueError, match="not enough values"):
        take_back(desk)


def test_a_case_that_has_nothing_open_says_what_to_do(desk):
    bot = crawled(desk)
    answers.ignore(desk.ctx, case_of(desk, bot), Until(), WHO)
    with pytest.raises(UserFault, match="unresolve one there"):
        answers.open_ticket(desk.ctx, case_of(desk, bot), WHO)
    with pytest.raises(UserFault, match="there is no case 999"):
        answers.join(desk.ctx, case_of(desk, bot), 999, WHO)


# ---------------------------------------------------------------- in a terminal


def sit(desk: Desk, monkeypatch, keys: str) -> Sitting:
    monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
    sitting = Sitting(desk.ctx, WHO, Piped(), decisions.waiting(desk.ctx))
    sitting.run()
    return sitting


def test_a_morning_of_keys(desk, monkeypatch, capsys):
    bots = [crawled(desk, name) for name in ("one", "two", "three")]
    desk.throw(project=WEB, fingerprint=["three"], user={"id": "7"}, **met_by_a_bot("three"))
    desk.settle(bots[2])
    one, two = settled(desk, (PRICE, "a"), (CURRENCY, "b"))
    order = [decision.case.id for decision in decisions.waiting(desk.ctx)]
    assert len(order) == 4
    # Ignore the first by mistake, take it back, open it; ignore one for a week; skip one; look at evidence and join.
    keys = {case_of(desk, bots[2]): "i\nuo", case_of(desk, bots[0]): "i7d\n", case_of(desk, bots[1]): "k"}
    keys[case_of(desk, two)] = "ej\n"
    sitting = sit(desk, monkeypatch, "".join(keys[case] for case in order))
    assert sitting.answered == 3
    desk.settle()
    assert desk.issue(bots[0])["status"] == "ignored"
    assert desk.issue(bots[2])["tickets"]
    assert not desk.issue(bots[1])["tickets"]
    assert case_of(desk, one) == case_of(desk, two)
    said = capsys.readouterr().out
    assert "3 answered" in said
    assert "shop.cart.total" in said
    assert "took back “ignore”" in said


def test_a_key_that_cannot_be_carried_out_is_told_and_the_question_stays(desk, monkeypatch, capsys):
    bot = crawled(desk)
    sitting = sit(desk, monkeypatch, "dsj\nisoon\nxu" + "q")
    assert sitting.answered == 0
    assert desk.issue(bot)["status"] == "unresolved"
    said = capsys.readouterr().out
    for words in ("nothing is suggested", "nothing to split", "name a case", "no time that could be read", "no answer"):
        assert words in " ".join(said.split())


def test_suggestions_are_accepted_and_refused_by_their_number(desk, monkeypatch):
    one, two = settled(desk, (PRICE, "a"), (CURRENCY, "b"))
    (told,) = waiting(desk)
    monkeypatch.setattr(case_suggestions, "_context", lambda: desk.ctx)

    def run(*words: str) -> dict:
        done = CliRunner().invoke(app, ["case", *words, "--by", WHO, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    assert run("refuse", str(told.id), "--why", "another field")["answer"] == "different"
    assert CliRunner().invoke(app, ["case", "accept", str(told.id)]).exit_code != 0
    take_back(desk)
    assert run("accept", str(told.id))["answer"] == "join"
    assert case_of(desk, one) == case_of(desk, two)


def test_a_case_is_shown_with_what_joined_it_and_what_is_suggested(desk, monkeypatch, sqlite_url):
    one, _, three = settled(desk, (PRICE, "a"), (PRICE, "b"), (CURRENCY, "c"))
    (told,) = waiting(desk)
    monkeypatch.setenv("BUGFERRY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(app, ["case", "show", f"issue:{one}"])
    assert shown.exit_code == 0, shown.output
    for words in ("joined by itself", "shop.cart.total", "What may be the same bug"):
        assert words in shown.output
    listed = json.loads(CliRunner().invoke(app, ["case", "suggestions", "--json"]).output)
    assert [row["id"] for row in listed] == [told.id]
    (row,) = json.loads(CliRunner().invoke(app, ["case", "show", f"issue:{three}", "--json"]).output)
    assert [row["id"] for row in row["suggestions"]] == [told.id]


def test_answers_refit_the_thresholds_and_nothing_is_changed(desk):
    pairs = [settled(desk, (PRICE, "a"), (CURRENCY, "b"))]
    (told,) = waiting(desk)
    answers.different(desk.ctx, told.id, WHO)
    found, groups = from_feedback(desk.store)
    assert [(one.issue, one.other, one.same) for one in found] == [(pairs[0][1], pairs[0][0], False)]
    assert found[0].score == pytest.approx(told.score, abs=0.05)
    assert groups == ["shop-api"]
    take_back(desk)
    assert from_feedback(desk.store) == ([], [])
    answers.join(desk.ctx, case_of(desk, pairs[0][1]), case_of(desk, pairs[0][0]), WHO)
    assert [one.same for one in from_feedback(desk.store)[0]] == [True]


def test_the_same_answers_for_scripts(desk, monkeypatch):
    bot = crawled(desk)
    monkeypatch.setattr(command, "_context", lambda: desk.ctx)

    def run(*words: str) -> object:
        done = CliRunner().invoke(app, ["triage", *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    (row,) = run("list")
    assert row["issue_ids"] == [bot]
    assert row["cause"] == "noise"
    short = row["issues"][0]
    assert run("ignore", short, "--until", "7d", "--by", WHO)[0]["answer"] == "ignore"
    assert run("undo", "--by", WHO)[0]["said"] == "open in Sentry again"
    assert run("not-noise", short, "--by", WHO)[0]["case"] == row["case"]
    assert run("open", short, "--by", WHO)[0]["answer"] == "open"
    desk.settle()
    assert len(desk.tickets()) == 1
    assert run("list") == []
