"""`sync --full` against real services: it finds what nobody told, and it can be stopped anywhere."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.here import run_here
from tests.process.soak_world import seconds_until
from worker.cli.practice import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def env(sandbox, sqlite_url, tmp_path):
    made = environment(tmp_path, "http://127.0.0.1:9", sandbox.url) | {"BUGFERRY_DATABASE_URL": sqlite_url}
    return made | {"PYTHONPATH": str(ROOT), "BUGFERRY_CALL_TIMEOUT_S": "20"}


@pytest.fixture
def pairs(desk):
    """Three linked pairs that agree."""
    ids = [desk.throw(kind) for kind in ("KeyError", "TypeError", "ValueError")]
    desk.settle(*ids)
    assert len(desk.tickets()) == 3
    return ids


def full(env) -> tuple[int, dict]:
    done = run_here("sync", "--full", "--json", env=env)
    return done.returncode, json.loads(done.stdout)


def strikes(desk) -> bool:
    """Whether the fault that was ordered has struck."""
    return any(fault["struck"] for fault in desk.sandbox.control.get("/sandbox/faults").json())


def test_a_full_sync_brings_together_what_nobody_told_it(desk, pairs, env):
    desk.move_issue(pairs[0], "resolved")
    code, told = full(env)
    assert code == 0
    assert (told["reconciled"]["pairs"], told["reconciled"]["differences"]) == (3, 1)
    assert told["reconciled"]["resumed"] is False
    ticket = next(t for t in desk.tickets() if "KeyError" in t["title"])
    assert ticket["status"] in {"closed", "Done"}
    assert full(env)[1]["reconciled"]["differences"] == 0


def test_a_full_sync_that_is_interrupted_says_so_and_goes_on_where_it_stopped(desk, pairs, env):
    desk.sandbox.fault("hang", service="github", method="GET", path="/issues", times=1, hang_s=20)
    command = [sys.executable, "-m", "worker", "sync", "--full"]
    run = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert seconds_until(lambda: strikes(desk) or run.poll() is not None, 240) is not None
    assert run.poll() is None, run.communicate()
    os.kill(run.pid, signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "goes on where" in said
    assert "Traceback" not in said
    code, told = full(env)
    assert (code, told["reconciled"]["resumed"]) == (0, True)
    assert full(env)[1]["reconciled"]["resumed"] is False


def test_a_service_that_does_not_answer_ends_a_full_sync_in_words(desk, pairs, env):
    dead = env | {"BUGFERRY_GITHUB_URL": "http://127.0.0.1:9"}
    done = run_here("sync", "--full", env=dead)
    assert done.returncode == 1
    assert "goes on where" in " ".join(done.stderr.split())
