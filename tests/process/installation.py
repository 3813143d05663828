"""The commands of docker-compose.yml as local processes that can be killed and started again."""

import os
import secrets
import signal
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.process.here import run_here
from worker.cli.processes import House, free_port

COMPOSE = YAML(typ="safe").load((Path(__file__).resolve().parents[2] / "docker-compose.yml").read_text())["services"]


def port_of_its_own() -> int:
    """A free one below those that a kernel gives to outgoing connections: a server that was killed finds it again."""
    return free_port(20_000 + secrets.randbelow(12_000))


@dataclass
class Installation:
    """Processes over one house; `url`: where its web listens."""

    house: House
    url: str

    def start(self, service: str, name: str = "") -> None:
        """Start a service by the very command that compose has for it, on a port of our own."""
        command = [str(part) for part in COMPOSE[service]["command"]]
        assert command[0] == "bugferry"
        port = self.url.rpartition(":")[2]
        loopback = {"0.0.0.0": "127.0.0.1", "8700": port}
        self.house.start(name or service, "worker", *(loopback.get(part, part) for part in command[1:]))

    def migrate(self) -> None:
        """Bring the database up to date and wait for the end of that."""
        self.start("migrate")
        process = self.house.children.pop("migrate").process
        assert process is not None
        assert process.wait(60) == 0, self.logs()

    def kill(self, name: str) -> None:
        """Kill a child as the kernel would: no goodbye."""
        process = self.house.children[name].process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def revive(self, name: str) -> None:
        """Start a killed child again, as its supervisor would."""
        self.house.children[name].start(self.house.env)

    def run(self, *args: str) -> int:
        """Run one command to its end in this installation; its exit code."""
        return run_here(*args, env=self.house.env).returncode

    def lose_redis(self) -> None:
        """Flush Redis, kill it and start an empty one."""
        redis = self.house.redis
        assert redis is not None
        redis.client().flushall()
        redis.process.kill()
        redis.process.wait(10)
        redis.start()

    def kept_waiting_s(self, name: str) -> float:
        """How long a child has stood in line for a processor so far, in seconds: what its neighbours cost it."""
        process = self.house.children[name].process
        assert process is not None
        book = Path(f"/proc/{process.pid}/schedstat")  # nanoseconds: on a processor, in line for one; then turns
        return int(book.read_text().split()[1]) / 1e9 if book.exists() else 0.0

    def logs(self) -> str:
        """The last words of every process."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in (self.house.folder / "logs").iterdir())
