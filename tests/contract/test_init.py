"""`init`: whoever begins gets a mapping that passes its own examples; nothing that exists is touched."""

import io
import json
import re
import stat
import sys
from pathlib import Path

import pytest

from tests.process.here import run_here
from worker.cli import init_ask
from worker.cli.init import as_called
from worker.cli.main import main
from worker.errors import UserFault
from worker.mapping.load import load_mapping
from worker.mapping.starter import Start, starting_mapping
from worker.model import TrackerKind
from worker.settings import load_settings

STARTS = [
    Start(TrackerKind.GITHUB, "acme/shop", ("shop-web", "no")),
    Start(TrackerKind.JIRA, "NO"),
    Start(TrackerKind.JIRA, "SHOP", ("007-x",)),
]


def begin(*args, cwd, **env):
    return run_here("init", *args, env=env, cwd=cwd)


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.place)
def test_a_first_mapping_passes_its_own_examples_and_its_suggestions_are_right(start, tmp_path):
    text = starting_mapping(start)
    taken = re.sub(r"^( +)# ((?: {2})?\w+: \S.*|\w+:)$", r"\1\2", text, flags=re.MULTILINE)
    assert taken.count("#") < text.count("#") - 3, "the suggestions are taken"
    for name, said in (("plain", text), ("taken", taken)):
        (tmp_path / f"{name}.yaml").write_text(said)
        checked = run_here("check", f"{name}.yaml", "--json", env={}, cwd=tmp_path)
        told = json.loads(checked.stdout)
        assert (checked.returncode, told["examples"], told["unreached"]) == (0, {"run": 2, "failed": 0}, [])


def test_a_script_gets_both_files_what_is_missing_and_what_to_say_next(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("s3cret\n")
    given = ["--repo", "acme/shop", "--sentry-org", "acme", "--sentry-project", "shop-web"]
    done = begin("new", *given, "--sentry-token-file", "token", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["missing"]) == (0, ["BUGFERRY_GITHUB_TOKEN"])
    assert [line.split()[0] for line in told["next"]] == ["bugferry"] * 3
    settings = tmp_path / told["settings"]
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert "s3cret" not in settings.read_text()
    assert load_mapping([tmp_path / told["mapping"]]).trackers["code"].place == "acme/shop"
    monkeypatch.chdir(tmp_path / "new")
    for name in ("SENTRY_TOKEN", "MAPPINGS", "SENTRY_ORG"):
        monkeypatch.delenv(f"BUGFERRY_{name}", raising=False)
    with pytest.MonkeyPatch.context() as fresh:  # what `.env` sets stays in the environment
        fresh.setattr("os.environ", {})
        read = load_settings()
    assert (read.sentry_org, read.mappings, read.github_token) == ("acme", "rules.yaml", None)
    assert read.sentry_token.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("name", "text"), [(".env", "A=1\n"), ("rules.yaml", ""), ("mine.yml", "version: 1\ntrackers: {}\n")]
)
def test_what_is_there_is_never_touched(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    done = begin("--repo", "acme/shop", "--yes", cwd=tmp_path)
    assert (done.returncode, name in done.stderr) == (1, True)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == text


def test_half_a_beginning_is_taken_back(tmp_path):
    (tmp_path / "rules.yaml").symlink_to(tmp_path / "nowhere" / "else.yaml")
    done = begin("--repo", "acme/shop", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert [file.name for file in tmp_path.iterdir()] == ["rules.yaml"]


WRONG = [
    (["--yes"], "--repo"),
    (["--repo", "acme/shop"], "no terminal"),
    (["--tracker", "gitlab", "--yes"], "gitlab"),
    (["--project", "shop", "--yes"], "SHOP?"),
    (["--repo", "https://github.com/acme/shop.git", "--yes"], "acme/shop?"),
    (["--repo", "acme/shop", "--tracker", "jira", "--yes"], "--tracker"),
    (["--repo", "acme/shop", "--project", "SHOP", "--yes"], "not both"),
    (["--repo", "acme/shop", "--sentry-project", "Shop Web", "--yes"], "shop-web"),
    (["--repo", "acme/shop", "--sentry-org", "!!!", "--yes"], "in Sentry."),
    (["--repo", "acme/shop", "--jira-url", "https://acme.atlassian.net", "--yes"], "--jira-url"),
    (["--repo", "acme/shop", "--sentry-token-file", "sntrys_0f1e2d", "--yes"], "--sentry-token-file"),
    (["--project", "SHOP", "--jira-url", "acme.atlassian.net\nX=1", "--yes"], "address"),
]


@pytest.mark.parametrize(("args", "said"), WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_meant_is_a_wrong_command_line_and_writes_nothing(tmp_path, args, said):
    done = begin(*args, cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True)
    assert "sntrys_" not in done.stderr, "it may be the token itself"
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in ("file", "file/below"):
        done = begin(folder, "--repo", "acme/shop", "--yes", cwd=tmp_path)
        assert (done.returncode, "folder" in done.stderr) == (1, True)


def test_on_a_terminal_a_wrong_answer_is_asked_again(tmp_path, monkeypatch, capsys):
    answers = ["gitlab", "jira", "shop", "SHOP", "Acme", "acme", "shop-web, shop-api", "", "bot@example.com"]
    terminal = io.StringIO("\n".join([*answers, ""]))
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bugferry", "init"])
    monkeypatch.setattr(sys, "stdin", terminal)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, terminal.read()) == (0, "")
    assert capsys.readouterr().err.count("Did you mean") == 2
    assert "in ['shop-web', 'shop-api']" in (tmp_path / "rules.yaml").read_text()
    assert "BUGFERRY_JIRA_EMAIL=bot@example.com\n" in (tmp_path / ".env").read_text()


@pytest.mark.parametrize("word", ["a@b'c", "a b@c", "a#@c"])
def test_no_answer_can_break_out_of_its_line(word):
    with pytest.raises(UserFault):
        init_ask.email(word)


@pytest.mark.parametrize(
    ("word", "site"),
    [
        ("https://acme.atlassian.net/browse/SHOP", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/jira/software/projects/SHOP/boards/1", "https://acme.atlassian.net"),
        ("https://acme.test/jira/projects/SHOP", "https://acme.test/jira"),
        ("http://127.0.0.1:8701/jira/", "http://127.0.0.1:8701/jira"),
        ("https://browse.test", "https://browse.test"),
        ("", ""),
    ],
)
def test_of_a_page_in_jira_the_site_is_taken(word, site):
    assert init_ask.site(word) == site


def test_what_to_say_next_works_as_it_is_typed(tmp_path, monkeypatch):
    program = tmp_path / "my venv" / "bin" / "bugferry"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert as_called("my venv/bin/bugferry", Path()) == "'my venv/bin/bugferry'"
    assert as_called("my venv/bin/bugferry", Path("bugs")) == f"'{program}'"
    assert as_called("/x/worker/__main__.py", Path()).endswith(" -m worker")
    monkeypatch.setenv("PATH", str(program.parent))
    assert as_called(str(program), Path("bugs")) == "bugferry"
