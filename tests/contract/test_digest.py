"""The morning digest over a practice world: what is new, what came back, what waits; each channel's own part of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from worker.cli import digest as command
from worker.flow.cases.umbrella import collect, open_one
from worker.flow.messages.digest import digest
from worker.flow.messages.digest_words import CASES, DECISIONS, OTHERS, morning
from worker.mapping.channels import Scope
from worker.model import Hint
from worker.sandbox.seed import PROJECTS
from worker.store.umbrellas import NewUmbrella

WEB, API = PROJECTS
CRAWLER = {"request": {"headers": [["User-Agent", "Googlebot/2.1 (+http://www.google.com/bot.html)"]]}}
DAY = timedelta(days=1)


def told(desk, scope=Scope()):  # noqa: B008 - a frozen value
    return digest(desk.ctx, scope, desk.clock() - DAY)


def words(desk, scope=Scope()) -> str:  # noqa: B008 - a frozen value
    found = morning(told(desk, scope), desk.clock())
    return "" if found is None else "\n".join([found.subject, *(f"{x.text} | {x.note}" for x in found.lines)])


def test_nothing_is_nothing(desk):
    assert told(desk).empty
    assert morning(told(desk), desk.clock()) is None


def test_what_came_in_what_came_back_and_what_waits(desk_on_both):
    desk = desk_on_both
    fixed = desk.throw("FixedError")
    back = desk.throw("BackError", project=API)
    desk.settle(fixed, back)
    for issue in (fixed, back):
        desk.move_issue(issue, "resolved")
    desk.settle(fixed, back)
    desk.throw("BackError", project=API)
    new = desk.throw("NewError")
    desk.settle(back, new)
    with desk.store.write() as tx:
        case_id = tx.cases.of_issue(new)
        tx.work.push(Hint("case:99", "x"), desk.clock() + DAY)
        tx.work.park_key("case:99", "Jira said no to bob@customer.example", desk.clock())
        storm = NewUmbrella("storm", "shop-web 2026", "bugs", "jira", "Storm in shop-web", "body")
        open_one(tx, storm, desk.clock())
    found = told(desk)
    assert (found.new.count, found.back.count, len(found.parked), len(found.storms)) == (3, 1, 1, 1)
    assert [row.id for row in found.new.cases] == [case_id], "the others are over, or came back"
    said = words(desk)
    assert said.startswith("This morning: 3 new, 1 back, 1 parked, 1 storm\nStorms under way: 1")
    assert "NewError" in said
    assert "bob@customer.example" not in said
    api = told(desk, Scope(projects=(API.slug,)))
    assert (api.new.count, api.back.count, api.parked, api.storms) == (1, 1, (), ())
    web = told(desk, Scope(projects=(WEB.slug,)))
    assert (web.new.count, web.back.count, len(web.storms)) == (2, 0, 1)


def test_what_is_over_by_now_is_counted_and_not_named(desk):
    issue = desk.throw()
    desk.settle(issue)
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    found = told(desk)
    assert (found.new.count, found.new.still, found.new.cases) == (1, 0, ())
    assert "New: 1, 1 of them over by now" in words(desk)


def test_a_case_without_a_ticket_is_named_once_and_counted_where_it_is_to_be_decided(desk):
    doubtful = desk.throw("BotError", **CRAWLER)
    desk.settle(doubtful)
    assert len(told(desk).decisions) == 1
    said = words(desk)
    assert "To decide: 1, 1 of them named above" in said
    assert said.count("SHOP-WEB-1") == 1


def test_it_stays_one_screen_whatever_the_night_brought(desk):
    issues = [desk.throw(f"Error{n}", **CRAWLER) for n in range(14)]
    desk.settle(*issues)
    with desk.store.write() as tx:
        for n in range(100, 120):
            tx.work.push(Hint(f"case:{n}", "x"), desk.clock() + DAY)
            tx.work.park_key(f"case:{n}", "no", desk.clock())
        about = NewUmbrella("limit", "rule:bugs today", "bugs", "jira", "Limit", "body")
        umbrella = open_one(tx, about, desk.clock())
        assert collect(tx, tx.cases.of_issue(issues[0]), umbrella, "full", desk.clock())
    found = morning(told(desk), desk.clock())
    assert len(found.lines) <= 3 * 5 + CASES + DECISIONS + 2 * OTHERS
    assert sum(line.text.startswith("and ") for line in found.lines) == 3


@pytest.mark.parametrize("json_wanted", [True, False])
def test_the_command_shows_it(desk, monkeypatch, capsys, json_wanted):
    issue = desk.throw("[red]NewError")
    desk.settle(issue)
    monkeypatch.setattr(command, "build", lambda _: replace(desk.ctx))
    monkeypatch.setattr(command, "load_settings", lambda: None)
    capsys.readouterr()  # what was logged on the way
    command.digest(None, 24, json_wanted)
    said = capsys.readouterr().out
    if json_wanted:
        parsed = json.loads(said)
        assert (parsed["new"]["count"], parsed["decisions"], parsed["parked"]) == (1, [], [])
    else:
        assert "This morning: 1 new" in said
        assert "[red]NewError" in said
