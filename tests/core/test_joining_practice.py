"""A second terminal joins the practice that runs in its folder, and nothing else ever does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.errors import UserFault
from worker.settings import PREFIX, leave_word, load_settings, practises

PRACTICE = {
    "BUGFERRY_PRACTICE": "1",
    "BUGFERRY_DATABASE_URL": "sqlite:////a folder/with 'quotes'/practice.db",
    "BUGFERRY_SENTRY_ORG": "acme",
    "BUGFERRY_SENTRY_TOKEN": "practice-sentry-token",
    "NO_PROXY": "127.0.0.1",
    "HOME": "/nowhere",
}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, and an environment that says nothing of Bugferry; what a test sets there is undone."""
    monkeypatch.setattr(os, "environ", {name: value for name, value in os.environ.items() if PREFIX not in name})
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".bugferry" / "practice").mkdir(parents=True)
    return tmp_path


def begin(folder: Path, process: int | None = None) -> Path:
    """Practice begins, in the process that runs these tests unless another is named; its word."""
    leave_word(folder / ".bugferry" / "practice", PRACTICE)
    word = folder / ".bugferry/practice/running.env"
    word.write_text(word.read_text().replace(str(os.getpid()), str(process or os.getppid()), 1))
    return word


def test_whoever_has_nothing_set_up_joins_the_practice_that_runs_here(here):
    os.environ["BUGFERRY_SLACK_TOKEN"] = "of-the-real-world"
    begin(here)
    joined = load_settings()
    assert (joined.practice, joined.sentry_org, joined.database_url) == (
        True,
        "acme",
        PRACTICE["BUGFERRY_DATABASE_URL"],
    )
    assert joined.slack_token is None
    assert os.environ.get("HOME") != "/nowhere"
    assert (here / ".bugferry/practice/running.env").stat().st_mode & 0o077 == 0


def test_a_command_that_starts_something_of_its_own_does_not_join(here):
    begin(here)
    assert not load_settings(join=False).configured
    assert "BUGFERRY_PRACTICE" not in os.environ


@pytest.mark.parametrize(
    "name", ["BUGFERRY_SENTRY_TOKEN", "BUGFERRY_TRACKER_CODE_TOKEN", "BUGFERRY_DATABASE_URL", "BUGFERRY_MAPPINGS"]
)
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_whoever_has_anything_set_up_stays_with_it(here, name, where):
    begin(here)
    if where == "environment":
        os.environ[name] = "sqlite:///real.db"
    else:
        (here / ".env").write_text(f"{name}=sqlite:///real.db\n")
    settings = load_settings()
    assert not settings.practice
    assert settings.sentry_org is None


def test_practice_that_has_ended_is_not_joined(here):
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    begin(here, ended.pid)
    assert not practises(here / ".bugferry")
    assert not load_settings().practice


def test_the_number_of_a_process_that_is_ours_now_is_of_one_that_has_ended(here):
    begin(here, os.getpid())
    assert not practises(here / ".bugferry")


def test_a_database_of_this_folder_is_never_taken_for_practice(here):
    begin(here)
    (here / ".bugferry/bugferry.db").touch()
    assert not load_settings().practice


def test_settings_that_are_no_text_are_refused_without_a_word_of_them(here):
    (here / ".env").write_bytes("BUGFERRY_SENTRY_TOKEN=of-the-real-world\n# Schl\u00fcssel\n".encode("latin-1"))
    with pytest.raises(UserFault, match=r"\.env cannot be read: it is no UTF-8 text") as caught:
        load_settings()
    (here / ".env").unlink()
    (here / "token").write_bytes("of-the-real-world".encode("utf-16"))
    os.environ["BUGFERRY_SENTRY_TOKEN_FILE"] = "token"
    with pytest.raises(UserFault, match="BUGFERRY_SENTRY_TOKEN_FILE names token") as other:
        load_settings()
    del os.environ["BUGFERRY_SENTRY_TOKEN_FILE"]
    os.environ["BUGFERRY_SENTRY_TOKEN"] = "of-the-real-world\u2026"
    with pytest.raises(UserFault, match="BUGFERRY_SENTRY_TOKEN is wrong: no token has such") as third:
        load_settings()
    assert not any("real-world" in repr(one.value) for one in (caught, other, third))


@pytest.mark.parametrize("text", ["", "# process", "# process many\n", "BUGFERRY_PRACTICE='1'\n"])
def test_a_word_that_nobody_left_is_no_word(here, text):
    (here / ".bugferry/practice/running.env").write_text(text)
    assert not practises(here / ".bugferry")
