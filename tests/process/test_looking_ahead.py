"""`explain`, `plan` and `backfill` as commands over real services."""

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


def run(env, *words: str) -> tuple[int, str]:
    done = run_here(*words, env=os.environ | env)
    return done.returncode, done.stdout if "--json" in words else " ".join((done.stdout + done.stderr).split())


def test_from_a_look_ahead_to_the_tickets(desk, env):
    issue_id = desk.throw("KeyError")
    desk.throw("TypeError")
    code, said = run(env, "explain", f"issue:{issue_id}")
    assert code == 0
    assert "What the rules say" in said
    assert "make one, by rule" in said
    code, said = run(env, "plan")
    assert code == 0
    assert "2 more in github by rule “web shop”, but only by `bugferry backfill`" in said
    code, said = run(env, "backfill", "--project", "shop-web", "--since", "30d")
    assert code == 0
    assert "2 would get a ticket" in said
    assert desk.tickets() == []
    code, said = run(env, "backfill", "--go")
    assert code == 0
    assert "2 have a ticket in github" in said
    assert len(desk.tickets()) == 2
    code, said = run(env, "plan", "--json")
    assert (code, json.loads(said)["changes"], json.loads(said)["nothing"]) == (0, {}, 2)
    code, said = run(env, "explain", "#1", "--json")
    told = json.loads(said)
    assert (code, told["plan"], told["what"]) == (0, [], "ticket:github:1")
    assert told["ticket"]["tracker"] == "github"
    assert run(env, "explain", "SHOP-77")[0] == 1
    assert run(env, "backfill", "--since", "yesterday")[0] == 2


def test_a_backfill_that_is_interrupted_says_so_and_goes_on(desk, env):
    for kind in ("KeyError", "TypeError", "ValueError"):
        desk.throw(kind)
    desk.sandbox.fault("hang", service="github", method="POST", path="/issues", times=1, hang_s=20)
    command = [sys.executable, "-m", "worker", "backfill", "--go"]
    work = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def struck() -> bool:
        return any(fault["struck"] for fault in desk.sandbox.control.get("/sandbox/faults").json())

    assert seconds_until(lambda: struck() or work.poll() is not None, 240) is not None
    assert work.poll() is None, work.communicate()
    os.kill(work.pid, signal.SIGINT)
    said, _ = work.communicate(timeout=60)
    assert work.returncode == 1
    assert "goes on where" in said
    assert "Traceback" not in said
    desk.clock.advance(minutes=5)
    desk.settle()
    assert len(desk.tickets()) == 3


def test_explain_of_a_case_whose_tracker_does_not_answer_tells_what_is_known(desk, env):
    issue_id = desk.throw()
    desk.settle(issue_id)
    code, said = run(env | {"BUGFERRY_GITHUB_URL": "http://127.0.0.1:9"}, "explain", "case", "1")
    assert code == 1
    assert "Could not be planned" in said
    assert "both sides agreed on open" in said
