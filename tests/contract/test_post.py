"""Post: whatever dies or hangs around a message, it arrives at most once, or waits for a person as maybe sent."""

from contextlib import suppress
from dataclasses import replace

import pytest

from tests.fixtures.desk import Desk, Died
from worker.ends.notify import Delivered, Letter
from worker.ends.notify_mail import MailNotifier, MailServer
from worker.ends.notify_slack import SlackNotifier
from worker.errors import Ambiguous, Permanent, Transient, Unauthorized
from worker.flow.attend import attend, drain
from worker.flow.messages.post import of_lines, post
from worker.mapping.load import load_mapping
from worker.settings import SHIPPED_MAPPINGS
from worker.store.outbox import NewMessage
from worker.triage.alert import Line

MAPPING = """version: 1
channels:
  mail: {kind: email, to: [web-leads@example.com]}
  slack: {kind: slack, to: "#errors"}
"""


class Sender:
    """Ends as it is told, in turn; then all goes well."""

    def __init__(self, *ends: BaseException | str) -> None:
        self.ends, self.letters = list(ends), list[Letter]()

    def send(self, letter: Letter) -> Delivered:
        end = self.ends.pop(0) if self.ends else None
        if end in {None, "after"} or isinstance(end, Ambiguous):
            self.letters.append(letter)
        if isinstance(end, BaseException):
            raise end
        if end is not None:
            raise Died
        return Delivered(f"id-{len(self.letters)}")


def office(desk: Desk, tmp_path, senders) -> Desk:
    (tmp_path / "channels.yaml").write_text(MAPPING)
    book = load_mapping([SHIPPED_MAPPINGS / "default.yaml", tmp_path / "channels.yaml"])
    desk.ctx = replace(desk.ctx, book=lambda: book, notifier=lambda channel: senders[channel.name])
    return desk


def say(desk: Desk, occasion: str = "one", channel: str = "mail", thread: str | None = None) -> int:
    with desk.store.write() as tx:
        new = NewMessage(channel, occasion, "new", f"about {occasion}", of_lines([Line(occasion)]), thread=thread)
        found = post(tx, new, desk.clock())
    assert found is not None
    return found


def state(desk: Desk, message_id: int) -> str:
    with desk.store.read() as tx:
        row = tx.outbox.get(message_id)
    assert row is not None
    return row.state


def retry(desk: Desk) -> None:
    with desk.store.write() as tx:
        assert [tx.work.unpark(row.key, desk.clock()) for row in tx.work.listing(parked=True, limit=9)] == [True]


def work(desk: Desk) -> None:
    for _ in range(6):
        with suppress(Died):
            drain(desk.ctx)
        desk.clock.advance(minutes=20)


def test_an_occasion_is_told_once(desk_on_both, tmp_path):
    desk = office(desk_on_both, tmp_path, {"mail": (sender := Sender())})
    message = say(desk)
    with desk.store.write() as tx:
        assert post(tx, NewMessage("mail", "one", "new", "again", {}), desk.clock()) is None
    work(desk)
    assert [letter.subject for letter in sender.letters] == ["about one"]
    assert state(desk, message) == "done"
    assert desk.parked() == ()


@pytest.mark.parametrize("died", ["before", "after"])
def test_a_worker_that_died_around_a_call_leaves_it_as_maybe_sent(desk_on_both, tmp_path, died):
    desk = office(desk_on_both, tmp_path, {"mail": (sender := Sender(died))})
    message = say(desk)
    work(desk)
    arrived = len(sender.letters)
    assert arrived == (died == "after")
    assert state(desk, message) == "maybe"
    (parked,) = desk.parked()
    assert parked.key == f"message:{message}"
    assert "maybe sent" in (parked.parked_reason or "")
    assert f"bugferry work retry message:{message}" in (parked.parked_reason or "")
    retry(desk)
    work(desk)
    assert (len(sender.letters), state(desk, message), desk.parked()) == (arrived + 1, "done", ())


def test_a_worker_that_died_before_it_said_that_it_sends_is_followed_by_another(desk, tmp_path):
    desk = office(desk, tmp_path, {"mail": (sender := Sender())})
    message = say(desk)
    desk.store.claim(desk.clock(), desk.ctx.timing.lease)  # and never heard of again
    work(desk)
    assert (len(sender.letters), state(desk, message)) == (1, "done")


def test_an_end_that_nobody_knows_is_parked_and_not_repeated(desk_on_both, tmp_path):
    desk = office(desk_on_both, tmp_path, {"mail": (sender := Sender(Ambiguous("took it and died")))})
    message = say(desk)
    work(desk)
    assert (len(sender.letters), state(desk, message), len(desk.parked())) == (1, "maybe", 1)


def test_maybe_sent_survives_a_death_before_it_was_parked(desk, tmp_path):
    desk = office(desk, tmp_path, {"mail": (sender := Sender())})
    message = say(desk)
    desk.store.claim(desk.clock(), desk.ctx.timing.lease)
    with desk.store.write() as tx:
        tx.outbox.sending(message, desk.clock())
        tx.outbox.maybe(message)
    work(desk)
    assert (sender.letters, state(desk, message), len(desk.parked())) == ([], "maybe", 1)


@pytest.mark.parametrize("error", [Transient("busy"), Unauthorized("token revoked"), ConnectionError("odd")])
def test_what_was_cleanly_refused_is_tried_again(desk, tmp_path, error):
    desk = office(desk, tmp_path, {"mail": (sender := Sender(error))})
    message = say(desk)
    work(desk)
    if isinstance(error, ConnectionError):  # nobody foresaw it: it may have arrived
        assert (state(desk, message), len(desk.parked())) == ("maybe", 1)
    else:
        assert (len(sender.letters), state(desk, message)) == (1, "done")


def test_a_refusal_for_good_is_parked_and_sent_on_retry(desk, tmp_path):
    desk = office(desk, tmp_path, {"mail": (sender := Sender(Permanent("no such channel")))})
    message = say(desk)
    work(desk)
    assert (state(desk, message), len(desk.parked())) == ("waiting", 1)
    retry(desk)
    work(desk)
    assert (len(sender.letters), state(desk, message)) == (1, "done")


def test_two_workers_with_one_message_send_it_once(desk, tmp_path):
    desk = office(desk, tmp_path, {"mail": (sender := Sender())})
    say(desk)
    (claim,) = desk.store.claim(desk.clock(), desk.ctx.timing.lease)
    desk.clock.advance(minutes=5)
    work(desk)
    attend(desk.ctx, claim)  # the first worker wakes up late
    assert len(sender.letters) == 1


def test_an_answer_waits_for_the_message_that_it_answers(desk, tmp_path):
    desk = office(desk, tmp_path, {"mail": (sender := Sender(Transient("busy")))})
    say(desk, "first", thread="case:1")
    say(desk, "second", thread="case:1")
    say(desk, "other", thread="case:2")
    work(desk)
    answers = {letter.subject: letter.answers for letter in sender.letters}
    first = next(n for n, letter in enumerate(sender.letters, 1) if letter.subject == "about first")
    assert answers == {"about first": None, "about second": f"id-{first}", "about other": None}


# ---------------------------------------------------------------- over the wire


def test_real_servers_that_die_after_taking_it(desk, tmp_path, mailbox, slack_world):
    server = MailServer("127.0.0.1", mailbox.port, tls=False, sender="bugferry@example.com")
    senders = {
        "mail": MailNotifier(server, ["web-leads@example.com"], timeout_s=30),
        "slack": SlackNotifier("#errors", "xoxb", timeout_s=30, base_url=slack_world.url),
    }
    desk = office(desk, tmp_path, senders)
    mailbox.behave, slack_world.behave = ["die", "451 later"], [429, "die"]
    messages = [say(desk, "one", channel) for channel in senders]
    work(desk)
    assert [state(desk, message) for message in messages] == ["maybe", "maybe"]
    assert (len(mailbox.mails), len(slack_world.posts)) == (1, 1)
    with desk.store.write() as tx:
        for row in tx.work.listing(parked=True, limit=9):
            tx.work.unpark(row.key, desk.clock())
    work(desk)
    assert [state(desk, message) for message in messages] == ["done", "done"]
    assert [mail["Message-ID"] for mail in mailbox.mails] == [mailbox.mails[0]["Message-ID"]] * 2
    assert desk.parked() == ()
