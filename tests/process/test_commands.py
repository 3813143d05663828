"""The commands as a person or a script meets them: what they print, how they end, and never a traceback."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.process.here import run_here
from tests.process.soak_world import seconds_until
from worker.cli.processes import undisturbed

ROOT = Path(__file__).resolve().parents[2]


def outside(**more: str) -> dict[str, str]:
    """An environment that says nothing of Bugferry."""
    return {k: v for k, v in os.environ.items() if not k.startswith("BUGFERRY_")} | more


def process(*args: str, cwd: Path, timeout_s: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the shell does."""
    done = subprocess.run([sys.executable, "-m", "worker", *args], cwd=cwd, env=outside(PYTHONPATH=str(ROOT), **env),
                          capture_output=True, text=True, timeout=timeout_s, check=False)  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def bugferry(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return run_here(*args, cwd=cwd, env=outside(**env))


@pytest.mark.parametrize("args", [["bogus"], ["web", "--port", "many"], ["explain"], ["demo", "--events", "nowhere"]])
def test_a_wrong_command_line_is_exit_code_2(tmp_path, args):
    assert bugferry(*args, cwd=tmp_path).returncode == 2


def test_a_process_ends_with_the_code_of_its_command(tmp_path):
    assert process("bogus", cwd=tmp_path).returncode == 2
    assert process("check", "nowhere.yaml", cwd=tmp_path).returncode == 1
    assert process("check", cwd=tmp_path).returncode == 0


def test_check_says_file_line_and_the_nearest_right_word(tmp_path):
    (tmp_path / "mine.yaml").write_text("version: 1\ntrackers:\n  jira: {kind: jira, projekt: SHOP}\nrules: []\n")
    done = bugferry("check", "mine.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "mine.yaml:3:" in done.stdout
    assert "project" in done.stdout
    told = json.loads(bugferry("check", "mine.yaml", "--json", cwd=tmp_path).stdout)
    assert told["ok"] is False
    assert told["problems"][0]["line"] == 3


def test_check_of_the_shipped_mapping_is_fine(tmp_path):
    done = bugferry("check", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["trackers"] == ["github", "jira"]


EVENT = {
    "event_id": "0" * 32, "platform": "python", "release": "api@2.0",
    "exception": {"values": [{"type": "KeyError", "value": "'sku'", "stacktrace": {"frames": [
        {"filename": "shop/cart.py", "function": "total", "lineno": 3, "in_app": True,
         "context_line": "prices[sku]"}]}}]},
}  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), [("github", str), ("jira", dict)])
def test_explain_gives_the_ticket_exactly_as_it_would_be_sent(tmp_path, kind, body):
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    done = bugferry("explain", "event.json", "--json", "--for", kind, cwd=tmp_path)
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert {"rule", "why", "skipped", "ticket"} <= set(told)
    assert told["skipped"] is None
    assert set(told["ticket"]) == {"tracker", "kind", "title", "body", "fields"}
    assert told["ticket"]["kind"] == kind
    assert isinstance(told["ticket"]["body"], body)
    assert "KeyError" in told["ticket"]["title"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"[" * 100_000])
def test_explain_of_nonsense_says_what_to_do(tmp_path, content):
    (tmp_path / "event.json").write_bytes(content)
    done = bugferry("explain", "event.json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("bugferry: ")


def test_a_database_that_was_never_migrated_says_what_to_run(tmp_path):
    done = bugferry("work", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert "bugferry db upgrade" in done.stderr
    assert bugferry("db", "upgrade", cwd=tmp_path).returncode == 0
    assert bugferry("db", "upgrade", cwd=tmp_path).returncode == 0
    assert json.loads(bugferry("work", "list", "--json", cwd=tmp_path).stdout) == []


def test_work_is_parked_shown_and_retried(tmp_path):
    bugferry("db", "upgrade", cwd=tmp_path)
    assert bugferry("work", "park", "case:1", "--reason", "not today", cwd=tmp_path).returncode == 0
    listed = bugferry("work", "list", "--parked", cwd=tmp_path)
    assert listed.returncode == 1
    assert "not today" in listed.stdout
    assert json.loads(bugferry("work", "show", "case:1", "--json", cwd=tmp_path).stdout)["parked_reason"] == "not today"
    assert bugferry("work", "retry", "case:1", cwd=tmp_path).returncode == 0
    assert bugferry("work", "retry", "case:1", cwd=tmp_path).returncode == 1
    assert bugferry("work", "show", "case:2", cwd=tmp_path).returncode == 1


HALVES = [
    ({"BUGFERRY_SENTRY_TOKEN": "x"}, "BUGFERRY_SENTRY_ORG"),
    ({"BUGFERRY_SENTRY_ORG": "acme", "BUGFERRY_SENTRY_TOKEN": "x"}, "BUGFERRY_GITHUB_TOKEN"),
    ({"BUGFERRY_GITHUB_TOKEN": "x"}, "BUGFERRY_SENTRY_ORG"),
    ({"BUGFERRY_JIRA_TOKEN": "x"}, "BUGFERRY_JIRA_URL"),
    ({"BUGFERRY_SENTRY_ORG": "a", "BUGFERRY_SENTRY_TOKEN": "x", "BUGFERRY_GITHUB_TOKEN": "x"}, "BUGFERRY_JIRA_URL"),
    ({"BUGFERRY_POLL_S": "often"}, "BUGFERRY_POLL_S"),
    ({"BUGFERRY_SENTRY_TOKEN_FILE": "/nowhere/at/all"}, "BUGFERRY_SENTRY_TOKEN_FILE"),
]


@pytest.mark.parametrize(("env", "named"), HALVES)
def test_half_a_set_of_credentials_is_a_refused_start(tmp_path, env, named):
    done = bugferry("run", "--port", "0", cwd=tmp_path, **env)
    assert done.returncode == 1
    assert named in done.stderr


# ---------------------------------------------------------------- long-running commands

LATER = {
    "beat": {"sqlalchemy", "worker.flow", "worker.store", "worker.mapping.book", "worker.ends", "numpy", "fastapi"},
    "web": {"alembic", "matplotlib", "github", "jira", "requests", "slack_sdk", "apprise"},
    "worker": {"alembic", "matplotlib", "slack_sdk", "apprise"},
}
"""What these processes must not wait for when they start (adr/0005); each is loaded after the one before."""


def test_a_process_starts_without_what_it_needs_later_or_never(tmp_path):
    code = "import importlib, json, sys\nfor name in sys.argv[1:]:\n    importlib.import_module('worker.cli.' + name)\n"
    code += "    print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code, *LATER], env=outside(PYTHONPATH=str(ROOT)), cwd=tmp_path,
                          capture_output=True, text=True, timeout=120, check=True)  # fmt: skip
    loaded = [set(json.loads(line)) for line in done.stdout.splitlines()]
    assert [names & later for names, later in zip(loaded, LATER.values(), strict=True)] == [set()] * len(LATER)


def test_run_in_practice_serves_within_seconds_and_stops_cleanly(tmp_path):
    began = time.monotonic()
    run = subprocess.Popen([sys.executable, "-m", "worker", "run", "--port", "0", "--errors-every", "1"], cwd=tmp_path,
                           env=outside(PYTHONPATH=str(ROOT), BUGFERRY_DATA_DIR=str(tmp_path / "data")),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    assert run.stdout is not None
    said = []
    patience = threading.Timer(240, run.kill)  # it has no line to say when nothing becomes a ticket
    patience.start()
    for line in run.stdout:
        said.append(line)
        if "http://" in line and "Bugferry" in line:
            took, worked = time.monotonic() - began, processor_s(started_in(tmp_path))
        if " ticket " in line and "made:" in line:
            break
    patience.cancel()
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=30)
    assert run.returncode == 0, "".join(said) + rest
    assert "Stopped" in rest
    assert worked < 8, "seconds of processor until the pages are there; about 3, shared by two processors"
    assert took < 60, "about 2 s on a quiet machine; how much longer beside others says little of us"
    assert "unexpectedly" not in "".join(said)
    assert left_behind(tmp_path) == []


def left_behind(folder: Path) -> list[str]:
    """Processes that still run with this folder in their environment or arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in about and int(process.name) != os.getpid() and b"pytest" not in about:
            found.append(process.name)
    return found


def test_demo_on_a_folder_of_events_does_the_whole_job(tmp_path):
    for n, kind in enumerate(("KeyError", "ValueError", "TypeError", "OSError")):
        event = json.loads(json.dumps(EVENT))
        thrown = event["exception"]["values"][0]
        thrown["type"], thrown["value"] = kind, f"what {kind.lower()} says"
        name = {"function": f"step_{n}", "filename": f"shop/part_{n}.py", "context_line": f"call_{n}(order)"}
        thrown["stacktrace"]["frames"][0] |= name
        (tmp_path / f"{n}.json").write_text(json.dumps(event))
    (tmp_path / "4.json").write_text('{"message": null, "exception": {"values": [null]}, "tags": null}')
    done = process("demo", "--once", "--json", "--events", str(tmp_path), cwd=tmp_path)
    told = json.loads(done.stdout)
    assert done.returncode == 0, told["problems"]
    assert (told["issues"], told["cases"], len(told["tickets"])) == (5, 5, 5)
    assert {t["tracker"] for t in told["tickets"]} == {"jira", "github"}
    assert (told["statuses_agree"], told["parked"], told["lost"], told["duplicates"]) == (True, 0, 0, 0)
    assert all(t["title"].strip() for t in told["tickets"])


def test_a_demo_that_is_told_to_end_leaves_no_process_behind(tmp_path):
    command = [sys.executable, "-m", "worker", "demo", "--once", "--json"]
    env = outside(PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path))
    demo = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert seconds_until(lambda: len(started_in(tmp_path)) >= 4 or demo.poll() is not None, 60) is not None
    assert demo.poll() is None
    demo.terminate()
    assert demo.wait(30) == 128 + signal.SIGTERM
    assert started_in(tmp_path) == set()


def test_a_request_to_end_waits_until_what_is_being_started_is_known():
    def leave(_number: int, _frame: object) -> None:
        raise SystemExit(1)

    def start() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGTERM)
            known.append("started")

    known, before = [], signal.signal(signal.SIGTERM, leave)
    try:
        with pytest.raises(SystemExit):
            start()
        assert known == ["started"]
        assert signal.getsignal(signal.SIGTERM) is leave
    finally:
        signal.signal(signal.SIGTERM, before)


def started_in(folder: Path) -> set[str]:
    """Processes that were told to work under a folder."""
    found = set()
    for one in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"BUGFERRY_DATA_DIR={folder}".encode() in one.read_bytes():
                found.add(one.parent.name)
        except OSError:  # it ended, or is not ours to look at
            continue
    return found


def processor_s(pids: set[str]) -> float:
    """Seconds of processor that these processes have used; whoever is slowed down by others uses no more of them."""
    used = 0
    for pid in pids:
        about = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(about[11]) + int(about[12])  # user and system time, in ticks
    return used / os.sysconf("SC_CLK_TCK")
