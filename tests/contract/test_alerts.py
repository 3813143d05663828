"""Alerts from real history over a practice world: the right things, once, in their thread, and nothing for the rest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.desk import Desk
from worker.ends.notify import Delivered, Letter
from worker.errors import Permanent
from worker.flow.messages.alerts import sweep_alerts
from worker.mapping.load import load_mapping
from worker.model import Hint
from worker.sandbox.seed import PROJECTS
from worker.settings import SHIPPED_MAPPINGS

WEB, API = PROJECTS


class Ear:
    """Hears what its channel is told; `deaf` refuses."""

    def __init__(self, deaf: bool = False) -> None:
        self.letters: list[Letter] = []
        self.deaf = deaf

    def send(self, letter: Letter) -> Delivered:
        if self.deaf:
            raise Permanent("nobody is there")
        self.letters.append(letter)
        return Delivered(f"ts-{len(self.letters)}")


def noon() -> str:
    """A zone where it is about noon: whenever these tests run, no morning digest comes in between."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


class Office:
    """A desk whose mapping names channels."""

    def __init__(self, desk: Desk, path, channels: str) -> None:
        here = channels if "time_zone" in channels else channels.replace("{kind", f"{{time_zone: {noon()}, kind")
        (path / "channels.yaml").write_text(f"version: 1\nchannels:\n{here}")
        book = load_mapping([SHIPPED_MAPPINGS / "default.yaml", path / "channels.yaml"])
        self.ears = {name: Ear() for name in book.channels}
        self.desk = desk
        desk.ctx = replace(desk.ctx, book=lambda: book, notifier=lambda channel: self.ears[channel.name])
        self.round()

    def round(self, minutes: float = 1) -> None:
        self.desk.clock.advance(minutes=minutes)
        sweep_alerts(self.desk.ctx)
        self.desk.work()

    def rounds(self, count: int = 4) -> None:
        for _ in range(count):
            self.round()

    def heard(self, name: str = "web") -> list[str]:
        return [letter.subject for letter in self.ears[name].letters]


ONE = "  web: {kind: file}\n"


def test_new_bugs_are_told_once_together_and_what_a_rule_skips_is_not(desk_on_both, tmp_path):
    desk = desk_on_both
    office = Office(desk, tmp_path, ONE)
    crawler = {"request": {"headers": [["User-Agent", "Googlebot/2.1 (+http://www.google.com/bot.html)"]]}}
    desk.settle(desk.throw("TypeError"), desk.throw("KeyError"), desk.throw("BotError", **crawler))
    assert len(desk.tickets()) == 2
    office.rounds()
    assert office.heard() == ["2 new bugs in shop@1.0"]
    (letter,) = office.ears["web"].letters
    assert {line.url for line in letter.lines} == {ticket["url"] for ticket in desk.tickets()}
    with desk.store.read() as tx:
        assert tx.outbox.counts() == {"done": 1, "dropped": 2}


def test_first_contact_is_gentle_and_known_bugs_stay_silent(desk, tmp_path):
    known = desk.throw("KnownError")
    desk.settle(known)
    office = Office(desk, tmp_path, ONE)
    archived = desk.throw("ArchivedError")
    desk.move_issue(archived, "ignored")
    desk.settle(known, archived)
    office.rounds()
    assert office.heard() == []


def test_a_bug_that_is_back_is_told_in_the_thread_of_its_first_message(desk, tmp_path):
    office = Office(desk, tmp_path, ONE)
    issue = desk.throw()
    desk.settle(issue)
    office.rounds()
    desk.move_issue(issue, "resolved")
    desk.settle(issue)
    office.rounds()
    desk.throw()
    desk.settle(issue)
    office.rounds()
    new, back = office.ears["web"].letters
    assert (new.subject, back.subject) == ("New bug in shop@1.0", "A fixed bug is back")
    assert (back.answers, back.loud) == ("ts-1", True)


def test_each_channel_hears_what_concerns_it(desk, tmp_path):
    office = Office(
        desk,
        tmp_path,
        "  web: {kind: file, projects: [shop-web]}\n"
        "  api:\n    kind: file\n    projects: shop-api\n"
        "    when: event.exceptions.exists(x, x.type == 'KeyError')\n"
        "  back: {kind: file, says: [regression]}\n",
    )
    desk.settle(desk.throw("TypeError", project=WEB), desk.throw("KeyError", project=API))
    desk.settle(desk.throw("OtherError", project=API))
    office.rounds()
    assert [len(office.ears[name].letters[0].lines) for name in ("web", "api")] == [1, 1]
    assert "TypeError" in office.ears["web"].letters[0].lines[0].text
    assert "KeyError" in office.ears["api"].letters[0].lines[0].text
    assert office.heard("back") == []


def test_parked_work_is_told_once_and_a_deaf_channel_is_not_told_of_itself(desk, tmp_path):
    office = Office(desk, tmp_path, "  web: {kind: file}\n  mail: {kind: file}\n")
    office.ears["mail"].deaf = True
    with desk.store.write() as tx:
        tx.work.park_key("ticket:jira:SHOP-9", "Jira said no", desk.clock())
    for _ in range(30):
        office.round()
    assert office.heard() == ["Work waits for a person"]
    assert sorted(row.key.partition(":")[0] for row in desk.parked()) == ["message", "ticket"]
    office.ears["mail"].deaf = False
    with desk.store.write() as tx:
        assert all(tx.work.unpark(row.key, desk.clock()) for row in desk.parked() if row.key.startswith("message:"))
    office.round()
    assert office.heard("mail") == ["Work waits for a person"]


def test_the_cap_holds_back_and_says_how_much(desk, tmp_path):
    office = Office(desk, tmp_path, "  web: {kind: file, per_hour: 2}\n")
    issues = [desk.throw(f"Error{n}", release=f"shop@{n}") for n in range(5)]
    desk.settle(*issues)
    office.rounds()
    assert office.heard() == ["New bug in shop@0", "4 more, held back until now"]
    desk.settle(desk.throw("Late", release="shop@9"))
    office.rounds()
    assert len(office.heard()) == 2
    office.round(61)
    assert office.heard()[2:] == ["New bug in shop@9"]


def test_two_rounds_at_once_tell_once(desk_on_both, tmp_path):
    desk = desk_on_both
    office = Office(desk, tmp_path, ONE)
    desk.settle(desk.throw())
    desk.clock.advance(minutes=2)
    for _ in range(2):
        with desk.store.write() as tx:  # a round that died before its cursor moved
            tx.cursors.set("alerts.history", "0")
        sweep_alerts(desk.ctx)
        desk.clock.advance(minutes=2)
    desk.work()
    assert office.heard() == ["New bug in shop@1.0"]


def test_the_morning_digest_comes_once_a_day_and_only_when_there_is_something_to_tell(desk, tmp_path):
    office = Office(desk, tmp_path, "  web: {kind: file, says: [digest]}\n")
    office.round(24 * 60)
    assert office.heard() == []
    with desk.store.write() as tx:
        tx.work.push(Hint("case:9", "x"), desk.clock() + timedelta(days=9))
        tx.work.park_key("case:9", "Jira said no", desk.clock())
    for _ in range(5):
        office.round(12 * 60)
    assert len(office.heard()) in {2, 3}
    assert set(office.heard()) == {"This morning: 1 parked"}


def test_what_a_stranger_wrote_is_scrubbed(desk, tmp_path):
    office = Office(desk, tmp_path, ONE)
    frames = [{"filename": "shop/cart.py", "function": "total", "in_app": True}]
    leak = {"type": "LeakError", "value": "mail bob@customer.example\u202e now", "stacktrace": {"frames": frames}}
    desk.settle(desk.throw(exception={"values": [leak]}))
    office.rounds()
    (letter,) = office.ears["web"].letters
    assert "bob@customer.example" not in str(letter)
    assert "\u202e" not in str(letter)
    assert "removed: e-mail" in letter.lines[0].text


@pytest.mark.parametrize("says", ["new", "parked"])
def test_nothing_is_said_without_channels(desk, says):
    desk.settle(desk.throw())
    with desk.store.write() as tx:
        tx.work.park_key("case:1", says, desk.clock())
    assert [sweep_alerts(desk.ctx) for _ in range(3)] == [0, 0, 0]
    with desk.store.read() as tx:
        assert tx.outbox.counts() == {}


def test_who_begins_to_listen_again_hears_nothing_of_the_time_between(desk, tmp_path):
    office = Office(desk, tmp_path, ONE)
    listening, silent = desk.ctx, replace(desk.ctx.book(), channels={})
    desk.ctx = replace(desk.ctx, book=lambda: silent)
    office.round()
    desk.settle(desk.throw())
    office.rounds(2)
    desk.ctx = listening
    office.rounds(3)
    assert office.heard() == []
