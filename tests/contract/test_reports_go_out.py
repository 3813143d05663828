"""Weekly reports from history to the postbox: once for each lead, week and channel, whatever dies in between."""

import threading
from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.desk import Died
from tests.fixtures.postboxes import Mailbox
from worker.ends.notify import Rendered
from worker.ends.notify_mail import MailNotifier, MailServer
from worker.ends.notify_slack import SlackNotifier
from worker.errors import Transient
from worker.flow.attend import drain
from worker.flow.context import Context
from worker.flow.messages.post import send_report
from worker.flow.rounds import run_now
from worker.mapping.load import load_mapping
from worker.store.history import Entry
from worker.store.store import Store
from worker.wiring.reporting import writer

MAPPING = """version: 1
trackers: {t: {kind: github, repo: acme/shop}}
rules: [{name: all, ticket: {tracker: t}}]
channels:
  mail: {kind: email, to: [web-leads@example.com]}
  slack: {kind: slack, to: "#errors"}
reports:
  web-leads: {channels: [mail, slack], day: monday, hour: 8, time_zone: Europe/Berlin, locale: de}
"""
PNG = b"\x89PNG a picture"
SUNDAY, MONDAY_8 = "2026-03-29T20:00:00+02:00", "2026-03-30T08:00:30+02:00"
"""The clocks of Berlin were changed in the night to that Sunday."""


class Office:
    """A store with a little history, both postboxes, and a clock that is set."""

    def __init__(self, store: Store, folder, mailbox: Mailbox, slack_world) -> None:
        self.path, self.mailbox, self.slack = folder / "mapping.yaml", mailbox, slack_world
        self.at = datetime(2026, 3, 1, tzinfo=UTC)
        self.say(MAPPING)
        server = MailServer("127.0.0.1", mailbox.port, tls=False, sender="bugferry@example.com")
        senders = {
            "mail": MailNotifier(server, ["web-leads@example.com"], timeout_s=30),
            "slack": SlackNotifier("#errors", "xoxb", timeout_s=30, base_url=slack_world.url),
        }
        write = writer(store, lambda: self.at, "https://bugferry.example.com")
        self.ctx = Context(
            store, None, {}, lambda: self.book, lambda: self.at,  # nothing here asks Sentry or a tracker
            notifier=lambda channel: senders[channel.name], report=write,
        )  # fmt: skip
        with store.write(now=self.at) as tx:
            tx.history.add(Entry(None, "noted", "test", "history begins", self.at), self.at)

    def say(self, mapping: str) -> None:
        self.path.write_text(mapping)
        self.book = load_mapping([self.path])

    def round(self, moment: str | None = None, ctx: Context | None = None) -> None:
        """What a worker's timer does."""
        self.at = datetime.fromisoformat(moment).astimezone(UTC) if moment else self.at
        with suppress(Died):
            run_now(ctx or self.ctx, "reports")
            drain(ctx or self.ctx)

    def rounds(self, *moments: str) -> None:
        for moment in moments:
            self.round(moment)

    def later(self, **by: float) -> None:
        self.at += timedelta(**by)

    def parked(self):
        with self.ctx.store.read() as tx:
            return tx.work.listing(parked=True, limit=9)

    def retry(self) -> None:
        """As `bugferry work retry --all`."""
        for row in self.parked():
            with self.ctx.store.write() as tx:
                assert tx.work.unpark(row.key, self.at)
        self.later(minutes=1)
        self.round()

    @property
    def got(self) -> tuple[int, int]:
        return len(self.mailbox.mails), len(self.slack.posts)


@pytest.fixture
def office(store, tmp_path, mailbox, slack_world, monkeypatch):
    monkeypatch.setattr("worker.metrics.charts.trend_picture", lambda *_: PNG)
    return Office(store, tmp_path, mailbox, slack_world)


@pytest.fixture
def small_office(engines, sqlite_url, tmp_path, mailbox, slack_world, monkeypatch):
    """On SQLite alone: the stores are proven equal."""
    monkeypatch.setattr("worker.metrics.charts.trend_picture", lambda *_: PNG)
    with engines.on(sqlite_url) as engine:
        yield Office(Store(engine), tmp_path, mailbox, slack_world)


def test_on_monday_at_eight_each_channel_gets_the_report_once(office):
    office.rounds(SUNDAY, "2026-03-30T07:59:59+02:00")
    assert office.got == (0, 0)
    office.rounds(MONDAY_8, "2026-03-30T08:01:00+02:00", "2026-04-05T23:59:00+02:00")
    assert office.got == (1, 1)
    (mail,) = office.mailbox.mails
    assert mail["Subject"].startswith("Week 13, web-leads: ")
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert 'src="cid:bugferry-trend"' in html.get_content()
    assert "23.\N{EN DASH}29. März 2026" in text.get_content()
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_content()) == ("<bugferry-trend>", PNG)
    assert PNG in office.slack.files.values()
    with office.ctx.store.read() as tx:
        sent = tx.outbox.reports_of("web-leads", "2026-W13")
        kept = tx.outbox.get(sent[0].message_id)
    assert [(row.channel, row.late) for row in sent] == [("mail", False), ("slack", False)]
    assert kept.state == "done"
    assert kept.content["html"].split() == html.get_content().split(), "what was sent is kept as it was sent"
    assert b64decode(kept.pictures[0]["png"]) == PNG
    office.round("2026-04-06T08:00:10+02:00")
    assert office.got == (2, 2)


def test_two_workers_and_a_restarted_one_send_it_once(office):
    office.round(SUNDAY)
    office.at = datetime.fromisoformat(MONDAY_8).astimezone(UTC)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        for _ in range(3):
            with suppress(Transient):
                run_now(office.ctx, "reports")
                drain(office.ctx)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    office.round()
    assert office.got == (1, 1)
    assert office.parked() == ()


@pytest.mark.parametrize("dies", ["before it is written", "between two channels", "while it is written"])
def test_a_worker_that_dies_on_the_way_is_followed_by_another(office, dies):
    office.round(SUNDAY)
    write = office.ctx.report

    def deadly(lead, week: str, late: bool) -> Rendered:
        if dies == "between two channels":
            half = replace(lead, channels=("mail",))
            send_report(office.ctx.store, half, week, write(lead, week, late), office.at)
        raise Died

    if dies == "before it is written":
        office.at = datetime.fromisoformat(MONDAY_8).astimezone(UTC)
        run_now(office.ctx, "reports")
    else:
        office.round(MONDAY_8, replace(office.ctx, report=deadly))
    for _ in range(3):
        office.later(minutes=1)
        office.round()
    assert office.got == (1, 1)
    assert office.parked() == ()


def test_after_a_day_of_downtime_it_comes_late_and_says_so(small_office):
    office = small_office
    office.rounds(SUNDAY, "2026-03-31T08:10:00+02:00")
    assert office.got == (1, 1)
    mail = office.mailbox.mails[0]
    assert mail["Subject"].startswith("Week 13 (late), web-leads: ")
    for kind in ("plain", "html"):
        body = " ".join(mail.get_body((kind,)).get_content().split())
        assert body.count("This report comes late: it was made on 31") == 1
    assert "comes late" in str(office.slack.posts[0]["blocks"])
    with office.ctx.store.read() as tx:
        assert [row.late for row in tx.outbox.reports_of("web-leads", "2026-W13")] == [True, True]


def test_after_weeks_of_downtime_the_last_one_comes_and_names_those_that_did_not(small_office):
    office = small_office
    office.rounds(SUNDAY, MONDAY_8, "2026-04-21T09:00:00+02:00")
    assert office.got == (2, 2)
    assert office.mailbox.mails[1]["Subject"].startswith("Week 16 (late), web-leads: ")
    body = " ".join(office.mailbox.mails[1].get_body(("plain",)).get_content().split())
    assert "Before it, those of 2026-W14 to 2026-W15 were not sent." in body
    assert "bugferry report --for web-leads --week 2026-W15" in body


def test_one_channel_that_is_gone_holds_up_no_other(small_office):
    office = small_office
    office.slack.behave = ["is_archived"]
    office.rounds(SUNDAY, MONDAY_8)
    assert office.got == (1, 0)
    (parked,) = office.parked()
    assert parked.key.startswith("message:")
    office.retry()
    assert office.got == (1, 1)


def test_an_end_that_nobody_knows_is_parked_and_sent_again_by_a_person_alone(small_office):
    office = small_office
    office.mailbox.behave = ["die"]
    office.rounds(SUNDAY, MONDAY_8, "2026-03-30T09:00:00+02:00", "2026-03-31T09:00:00+02:00")
    assert office.got == (1, 1)
    (parked,) = office.parked()
    assert "was maybe sent to 'mail'" in (parked.parked_reason or "")
    office.retry()
    assert office.got == (2, 1)
    assert office.mailbox.mails[0]["Message-ID"] == office.mailbox.mails[1]["Message-ID"]
    assert office.parked() == ()


def test_one_that_cannot_be_written_is_parked_with_its_reason_and_holds_up_no_other(small_office):
    office = small_office
    office.say(MAPPING + "  api-leads: {channels: mail, locale: zz}\n")
    office.rounds(SUNDAY, MONDAY_8, "2026-03-30T10:00:00+02:00")
    assert office.got == (1, 1)
    (parked,) = office.parked()
    assert parked.key == "report:2026-W13:api-leads"
    assert "'zz' is no language of dates" in (parked.parked_reason or "")
    office.say(MAPPING + "  api-leads: {channels: mail, locale: en_GB}\n")
    office.retry()
    assert office.got == (2, 1)
    assert office.mailbox.mails[1]["Subject"].startswith("Week 13, api-leads: ")


def test_a_lead_that_left_the_mapping_gets_nothing(small_office):
    office = small_office
    office.round(SUNDAY)
    office.at = datetime.fromisoformat(MONDAY_8).astimezone(UTC)
    run_now(office.ctx, "reports")
    office.say(MAPPING.partition("reports:")[0])
    office.round()
    assert office.got == (0, 0)
    (parked,) = office.parked()
    assert "put it back under `reports:`" in (parked.parked_reason or "")
