"""Each way to say something, against a server that speaks it: what arrived, what did not, and what may have."""

import json

import pytest

from worker.ends.notify import Letter, Picture
from worker.ends.notify_apprise import AppriseNotifier
from worker.ends.notify_file import FileNotifier
from worker.ends.notify_mail import MailNotifier, MailServer, mail_server
from worker.ends.notify_slack import SlackNotifier
from worker.errors import Ambiguous, Permanent, Transient, Unauthorized, UserFault
from worker.triage.alert import Line

HOSTILE = "<!channel> @here <https://evil.test|click> *b* & <script>alert(1)</script>\r\nBcc: x@evil.test"
LETTER = Letter("bugferry-1-abc", "New bug", [Line(HOSTILE, HOSTILE, "https://jira.test/browse/SHOP-1")])


CLOSED_PORT = 9
"""Nobody listens there, nor will: a port that was only just free may be given to the next who asks."""


# ---------------------------------------------------------------- mail


PATIENCE_S = {"hang": 1.0}
"""Seconds for a server that never answers; all others are given time, whoever else uses this machine."""


def mail(port: int, *to: str, how: str = "") -> MailNotifier:
    server = MailServer("127.0.0.1", port, tls=False, sender="bugferry@example.com")
    return MailNotifier(server, to or ("web-leads@example.com",), timeout_s=PATIENCE_S.get(how, 30))


def test_a_mail_arrives_whole_and_inert(mailbox):
    picture = Picture("trend", "twelve weeks", b"\x89PNG\r\n.\r\n..dots")
    delivered = mail(mailbox.port).send(Letter("n-1", "Sub\r\nBcc: x@evil.test", LETTER.lines, pictures=[picture]))
    (got,) = mailbox.mails
    assert delivered.vendor_id == got["Message-ID"] == "<n-1@example.com>"
    assert (got["Subject"], got["Bcc"], delivered.but) == ("Sub Bcc: x@evil.test", None, None)
    html = got.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert '<a href="https://jira.test/browse/SHOP-1">' in html
    assert HOSTILE.partition("\r\n")[0] in got.get_body(("plain",)).get_content()
    (image,) = [part for part in got.walk() if part.get_content_type() == "image/png"]
    assert (image.get_content(), image["Content-ID"]) == (picture.png, "<trend>")


def test_an_answer_stands_in_the_thread_of_the_first_mail(mailbox):
    first = mail(mailbox.port).send(LETTER)
    mail(mailbox.port).send(Letter("n-2", "Again", answers=first.vendor_id))
    assert mailbox.mails[1]["In-Reply-To"] == mailbox.mails[1]["References"] == mailbox.mails[0]["Message-ID"]


@pytest.mark.parametrize("how", ["die", "hang"])
def test_a_mail_whose_end_was_lost_may_have_arrived(mailbox, how):
    mailbox.behave = [how]
    with pytest.raises(Ambiguous) as lost:
        mail(mailbox.port, how=how).send(LETTER)
    assert lost.value.service == "smtp"
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(("how", "error"), [("451 later", Transient), ("552 too big", Permanent)])
def test_a_refused_mail_did_not_arrive(mailbox, how, error):
    mailbox.behave = [how]
    with pytest.raises(error) as refused:
        mail(mailbox.port).send(LETTER)
    assert not isinstance(refused.value, Ambiguous)
    assert how[4:] in str(refused.value)


def test_addresses_that_are_refused(mailbox):
    mailbox.refuses = {"gone@example.com": "550 no such mailbox", "full@example.com": "452 full"}
    with pytest.raises(Permanent, match=r"gone@example\.com"):
        mail(mailbox.port, "gone@example.com").send(LETTER)
    with pytest.raises(Transient, match=r"full@example\.com"):
        mail(mailbox.port, "web-leads@example.com", "full@example.com").send(LETTER)
    assert mailbox.mails == []
    delivered = mail(mailbox.port, "gone@example.com", "web-leads@example.com").send(LETTER)
    assert "gone@example.com: no such mailbox" in (delivered.but or "")
    assert len(mailbox.mails) == 1


def test_a_mail_server_that_is_not_there():
    with pytest.raises(Transient) as refused:
        mail(CLOSED_PORT).send(LETTER)
    assert not isinstance(refused.value, Ambiguous)


def test_the_address_of_a_mail_server():
    found = mail_server("smtps://me%40example.com:s%3Acret@mail.example.com")
    assert (found.host, found.port, found.tls, found.sender) == ("mail.example.com", 465, True, "me@example.com")
    assert (found.user, found.password) == ("me@example.com", "s:cret")
    assert mail_server("smtp://mail.example.com?from=bugferry@example.com").port == 587
    for wrong in ("http://mail.example.com", "smtp://mail.example.com", "smtp://secret:secret@:99999?from=a@b.example"):
        with pytest.raises(UserFault) as refused:
            mail_server(wrong)
        assert "secret" not in str(refused.value)


# ---------------------------------------------------------------- Slack


def slack(world, how: object = "") -> SlackNotifier:
    return SlackNotifier("#errors", "xoxb-practice", timeout_s=PATIENCE_S.get(how, 30), base_url=world.url)


def test_a_slack_message_arrives_inert_and_in_its_thread(slack_world):
    first = slack(slack_world).send(LETTER)
    slack(slack_world).send(Letter("n-2", "Back", LETTER.lines, answers=first.vendor_id, loud=True))
    one, two = slack_world.posts
    assert first.vendor_id == "1700000000.000001" == two["thread_ts"]
    assert (one["channel"], one["parse"], two["reply_broadcast"]) == ("#errors", "none", True)
    assert "<" not in one["text"]
    kinds = {block["type"] for block in one["blocks"]}
    assert kinds == {"rich_text"}  # in which nothing is read as markup
    (link,) = [p for b in one["blocks"] for e in b["elements"] for p in e["elements"] if p["type"] == "link"]
    assert link["url"] == "https://jira.test/browse/SHOP-1"


@pytest.mark.parametrize("how", ["die", "hang", 500, 503, "fatal_error", "internal_error"])
def test_a_slack_message_that_may_have_arrived_is_not_repeated(slack_world, how):
    slack_world.behave = [how]
    with pytest.raises(Ambiguous) as lost:
        slack(slack_world, how).send(LETTER)
    assert lost.value.service == "slack"
    assert slack_world.calls == ["chat.postMessage"]


@pytest.mark.parametrize(
    ("how", "error"),
    [("channel_not_found", Permanent), ("is_archived", Permanent), ("token_revoked", Unauthorized), (429, Transient)],
)
def test_a_refused_slack_message_did_not_arrive(slack_world, how, error):
    slack_world.behave = [how]
    with pytest.raises(error) as refused:
        slack(slack_world).send(LETTER)
    assert not isinstance(refused.value, Ambiguous)
    assert slack_world.calls == ["chat.postMessage"]
    if how == 429:
        assert refused.value.retry_after_s == 7
    else:
        assert how in str(refused.value)


def test_a_slack_that_is_not_there():
    notifier = SlackNotifier("#errors", "xoxb", timeout_s=1, base_url=f"http://127.0.0.1:{CLOSED_PORT}/api/")
    with pytest.raises(Transient) as refused:
        notifier.send(LETTER)
    assert not isinstance(refused.value, Ambiguous)


def test_pictures_are_uploaded_before_the_message_that_shows_them(slack_world):
    image = {"type": "image", "slack_file": {"id": "cid:trend"}, "alt_text": "twelve weeks"}
    lost = {"type": "image", "slack_file": {"id": "cid:gone"}, "alt_text": "?"}
    letter = Letter("n", "Report", text="plain", blocks=[image, lost], pictures=[Picture("trend", "weeks", b"PNG")])
    slack(slack_world).send(letter)
    assert slack_world.calls[-1] == "chat.postMessage"
    assert slack_world.files == {"trend.png": b"PNG"}
    assert slack_world.posts[0]["blocks"] == [image | {"slack_file": {"id": "Ftrend.png"}}]


# ---------------------------------------------------------------- the others


def test_apprise_delivers_once_and_shows_no_secret(slack_world, caplog):
    address = slack_world.url.replace("http://", "json://") + "chat.postMessage?secret=s3cret"
    AppriseNotifier("pager", address, timeout_s=30).send(LETTER)
    assert slack_world.posts[0]["title"] == "New bug"
    slack_world.behave = [500]
    with pytest.raises(Ambiguous) as lost:
        AppriseNotifier("pager", address, timeout_s=30).send(LETTER)
    assert slack_world.calls == ["chat.postMessage"] * 2
    assert "s3cret" not in str(lost.value) + caplog.text
    with pytest.raises(UserFault, match="BUGFERRY_CHANNEL_PAGER_URL"):
        AppriseNotifier("pager", "nothing://s3cret")


def test_a_file_takes_a_line_for_each_message(tmp_path):
    path = tmp_path / "messages.jsonl"
    for number in range(2):
        FileNotifier("practice", path).send(Letter(f"n-{number}", "New\nbug", LETTER.lines))
    said = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["id"] for one in said] == ["n-0", "n-1"]
    with pytest.raises(Transient, match="cannot be written"):
        FileNotifier("practice", tmp_path / "nowhere" / "messages.jsonl").send(LETTER)
