"""A second terminal joins the practice that runs in its folder, and nothing else ever does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def begin(folder: Path) -> None:
    leave_word(folder / ".bugferry" / "practice", PRACTICE)


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


@pytest.mark.parametrize("name", ["BUGFERRY_SENTRY_TOKEN", "BUGFERRY_GITHUB_TOKEN", "BUGFERRY_DATABASE_URL"])
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
    begin(here)
    word = here / ".bugferry/practice/running.env"
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    word.write_text(word.read_text().replace(str(os.getpid()), str(ended.pid), 1))
    assert not practises(here / ".bugferry")
    assert not load_settings().practice


@pytest.mark.parametrize("text", ["", "# process", "# process many\n", "BUGFERRY_PRACTICE='1'\n"])
def test_a_word_that_nobody_left_is_no_word(here, text):
    (here / ".bugferry/practice/running.env").write_text(text)
    assert not practises(here / ".bugferry")
