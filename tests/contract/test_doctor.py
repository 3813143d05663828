"""`doctor`: what is right and wrong with an installation, each by itself, and never a secret."""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic

import pytest

from tests.process.here import run_here
from worker.ends.far_clock import clock_ahead_s
from worker.ends.notify_mail import MailNotifier, mail_server
from worker.ends.notify_slack import SlackNotifier
from worker.errors import Transient, Unauthorized
from worker.model import Delivery, Hint
from worker.sandbox import seed
from worker.store.cursors import BEAT
from worker.store.engine import open_engine
from worker.store.services import ServiceRow
from worker.store.store import Store

MAPPING = """\
version: 1
trackers:
  code: {kind: github, repo: acme/shop}
rules:
  - {name: all, ticket: {tracker: code}}
"""
SECRET = "k33p-0ut"


@pytest.fixture
def folder(tmp_path):
    """Where an installation with one tracker lies."""
    (tmp_path / "rules.yaml").write_text(MAPPING)
    return tmp_path


@pytest.fixture
def env(sandbox, folder):
    """An installation that fits the practice services."""
    hooks = {name: {"url": f"https://bugs.test/hooks/{name}", "secret": "x"} for name in ("sentry", "github")}
    sandbox.control.post("/sandbox/hooks", json=hooks).raise_for_status()
    sandbox.control.post("/sandbox/github", json={"admin": True}).raise_for_status()
    return {
        "BUGFERRY_MAPPINGS": "rules.yaml", "BUGFERRY_PUBLIC_URL": "https://bugs.test/",
        "BUGFERRY_SENTRY_URL": sandbox.sentry_url, "BUGFERRY_SENTRY_ORG": seed.ORG,
        "BUGFERRY_SENTRY_TOKEN": seed.SENTRY_TOKEN, "BUGFERRY_SENTRY_CLIENT_SECRET": SECRET,
        "BUGFERRY_GITHUB_URL": sandbox.github_url, "BUGFERRY_GITHUB_TOKEN": seed.GITHUB_TOKEN,
        "BUGFERRY_GITHUB_WEBHOOK_SECRET": SECRET, "BUGFERRY_CALL_TIMEOUT_S": "5",
    }  # fmt: skip


@pytest.fixture
def store(sqlite_url, env):
    """The installation's database."""
    env["BUGFERRY_DATABASE_URL"] = sqlite_url
    engine = open_engine(sqlite_url)
    yield Store(engine)
    engine.dispose()


def seen(folder, env, *args, code=None):
    """What it says by name, as `state: words`; and the exit code."""
    done = run_here("doctor", "--json", *args, env=env, cwd=folder)
    told = json.loads(done.stdout)
    assert (told["ok"], SECRET in done.stdout + done.stderr) == (done.returncode == 0, False)
    assert code is None or done.returncode == code, done.stdout
    lines: dict[str, str] = {}
    for line in told["lines"]:
        lines[line["what"]] = f"{line['state']}: {line['said']} {line['todo']}"
    return lines


def test_where_nothing_is_set_up_nothing_is_wrong_and_nothing_is_made(tmp_path):
    lines = seen(tmp_path, {}, code=0)
    assert [name for name, said in lines.items() if said.startswith("note")] == ["settings", "database"]
    assert list(tmp_path.iterdir()) == []


def test_an_installation_that_runs_is_fine_throughout(folder, env, store):
    now = datetime.now(UTC).replace(microsecond=0)
    with store.write(now=now) as tx:
        tx.cursors.set("slot.poll.sentry", now.isoformat())
        tx.cursors.set(BEAT, now.isoformat())
        for source in ("sentry", "github"):
            hint = Hint("issue:1", "x")
            tx.inbox.accept(Delivery(source, "d-1", "issue", "created", (hint,)), "sha", now, timedelta())
    lines = seen(folder, env, code=0)
    assert {name: said for name, said in lines.items() if not said.startswith("fine")} == {}
    assert "https://bugs.test/hooks/github; the last delivery came" in lines["webhook github"]
    assert "clock" in lines["code (github acme/shop)"]
    shown = run_here("doctor", env=env, cwd=folder)
    assert (shown.returncode, "Nothing is wrong" in shown.stdout) == (0, True)


def test_each_thing_that_is_wrong_is_said_with_what_to_do(folder, env, store, sandbox):
    now = datetime.now(UTC).replace(microsecond=0)
    old = now - timedelta(hours=3)
    with store.write(now=old) as tx:
        tx.cursors.set("slot.poll.sentry", old.isoformat())
        tx.work.push(Hint("case:1", "x"), old)
        tx.work.park_key("case:2", "no right to write", old)
        tx.services.add(ServiceRow("code", "the token was revoked", refused=True, since=old, until=now, failures=0))
    sandbox.control.post("/sandbox/access", json={"sentry": {"forbidden": ["write"]}}).raise_for_status()
    (folder / ".env").write_text("")
    (folder / ".env").chmod(0o644)
    wrongs = env | {"BUGFERRY_REDIS_URL": f"redis://:{SECRET}@127.0.0.1:9/0", "BUGFERRY_GITHUB_TOKEN": SECRET}
    lines = seen(folder, wrongs, code=1)
    wrong = {name for name, said in lines.items() if said.startswith("wrong")}
    assert wrong == {
        "broker", "workers", "due work", "parked work", "code", f"sentry ({seed.ORG})", "code (github acme/shop)"
    }  # fmt: skip
    assert "3 h ago" in lines["workers"]
    assert "case:2: no right to write" in lines["parked work"]
    assert "event:write" in lines[f"sentry ({seed.ORG})"]
    assert "chmod 600" in lines["settings"]
    assert "none arrived in 30 days" in lines["webhook sentry"]


def test_half_a_set_of_credentials_and_a_mapping_that_is_refused(folder, env):
    (folder / "rules.yaml").write_text(MAPPING.replace("acme/shop", "shop"))
    lines = seen(folder, env | {"BUGFERRY_JIRA_URL": "https://x.test", "BUGFERRY_POLL_S": "9"}, code=1)
    assert "BUGFERRY_JIRA_TOKEN" in lines["settings"]
    assert lines["mapping"].startswith("wrong: rules.yaml would be refused, 1 problem: rules.yaml:3:")
    assert not [name for name in lines if "(" in name], "nobody was asked"
    assert "BUGFERRY_POLL_S" in seen(folder, env | {"BUGFERRY_POLL_S": "x"}, code=1)["settings"]
    (folder / ".env").write_bytes(b"BUGFERRY_SENTRY_TOKEN=" + SECRET.encode() + b"\xff\n")
    assert seen(folder, env, code=1)["settings"].startswith("wrong: ")


def test_an_address_that_leads_nowhere_is_named_with_its_setting(folder, env):
    nowhere = "http://127.0.0.1:9"
    wrongs = {"BUGFERRY_SENTRY_URL": nowhere, "BUGFERRY_GITHUB_URL": nowhere, "BUGFERRY_REDIS_URL": SECRET}
    lines = seen(folder, env | wrongs, code=1)
    assert f"BUGFERRY_SENTRY_URL is right ({nowhere})" in lines[f"sentry ({seed.ORG})"]
    assert "BUGFERRY_GITHUB_URL or, if set, BUGFERRY_TRACKER_CODE_URL" in lines["code (github acme/shop)"]
    assert lines["broker"].startswith("wrong: BUGFERRY_REDIS_URL is no address")


def test_a_database_that_is_behind_or_away(folder, env):
    quick = {name: env[name] for name in env if "GITHUB" not in name and "SENTRY" not in name}
    (folder / ".bugferry").mkdir()
    (folder / ".bugferry" / "bugferry.db").write_bytes(b"")
    assert "bugferry db upgrade" in seen(folder, quick, code=1)["database"]
    (folder / ".bugferry" / "bugferry.db").write_bytes(b"no database at all" * 100)
    assert "does not answer" in seen(folder, quick, code=1)["database"]
    away = f"postgresql://me:{SECRET}@127.0.0.1:9/bugs"
    assert "127.0.0.1:9" in seen(folder, quick | {"BUGFERRY_DATABASE_URL": away}, code=1)["database"]


def test_a_service_that_hangs_holds_nothing_up(folder, env):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        env |= {"BUGFERRY_GITHUB_URL": f"http://127.0.0.1:{deaf.getsockname()[1]}", "BUGFERRY_CALL_TIMEOUT_S": "100"}
        began = monotonic()
        lines = seen(folder, env, "--timeout", "1", code=1)
        assert monotonic() - began < 4, "a call by itself would wait for 100"
    assert "no answer within 1 s" in lines["code (github acme/shop)"]
    assert lines[f"sentry ({seed.ORG})"].startswith("fine")


def test_channels_are_tried_without_saying_anything(folder, env, mailbox):
    channels = "channels:\n  crew: {kind: email, to: [web-leads@example.com]}\n  chat: {kind: slack, to: '#bugs'}\n"
    (folder / "rules.yaml").write_text(MAPPING + channels)
    env |= {"BUGFERRY_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}?from=bugferry@example.com"}
    lines = seen(folder, env, code=1)
    assert (lines["channel crew"][:4], mailbox.mails) == ("fine", [])
    assert "BUGFERRY_SLACK_TOKEN" in lines["channel chat"]


def test_a_channel_that_cannot_be_reached_says_why(slack_world):
    server = mail_server("smtp://127.0.0.1:9?from=bugferry@example.com")
    with pytest.raises(Transient):
        MailNotifier(server, ("web-leads@example.com",)).reach()
    chat = SlackNotifier("#bugs", "xoxb-x", base_url=slack_world.url)
    chat.reach()
    slack_world.behave = ["token_revoked"]
    with pytest.raises(Unauthorized, match="token_revoked"):
        chat.reach()
    assert slack_world.calls == ["auth.test"] * 2


class _Late(BaseHTTPRequestHandler):
    """A service whose clock is two minutes behind, and that refuses whoever asks."""

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.send_response_only(401)
        self.send_header("Date", format_datetime(self.server.now - timedelta(minutes=2), usegmt=True))
        self.end_headers()


def test_a_clock_is_told_by_any_answer():
    server = HTTPServer(("127.0.0.1", 0), _Late)
    server.now = datetime.now(UTC)  # stands still, however long the call takes
    threading.Thread(target=server.handle_request, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    assert clock_ahead_s(url, 30, lambda: server.now) == pytest.approx(-120, abs=1)
    server.server_close()
    assert clock_ahead_s(url, 1, lambda: server.now) is None
