"""Child processes of one installation: started together, restarted when one dies, stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from worker.cli.redis_server import RedisServer, executable
from worker.errors import UserFault

STOP_S = 8.0
"""How long a child may take to stop before it is killed; nothing is lost by that, its lease runs out."""

QUICK_DEATH_S = 5.0
"""A child that dies sooner after its start than this will not be helped by another start."""


@dataclass(slots=True)
class Child:
    """One process, its command and where it writes its log."""

    name: str
    args: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = field(default_factory=time.monotonic)

    def start(self, env: Mapping[str, str]) -> None:
        """Start it (again); its output is appended to its log."""
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands only
                [sys.executable, "-m", *self.args],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=dict(env), start_new_session=True,
            )  # fmt: skip

    def tail(self) -> str:
        """The last words of its log that say something."""
        lines = [line.strip() for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "it wrote nothing")


class House:
    """The processes of one installation over one data folder."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder, self.env = folder, dict(env)
        self.children: dict[str, Child] = {}
        self.redis: RedisServer | None = None
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    def start_redis(self) -> str:
        """Start a broker; returns what it is, in words."""
        program = executable()
        if program is None:
            return "folders (no Redis on PATH and none in a wheel for this platform)"
        with undisturbed():
            self.redis = RedisServer(program, self.folder)
        if not self.redis.wait():
            raise UserFault(f"redis-server did not start; see {self.folder / 'logs' / 'redis.log'}.")
        self.env["BUGFERRY_REDIS_URL"] = self.redis.url
        return f"Redis on {self.redis.socket}"

    def start(self, name: str, *args: str) -> None:
        """Start a child `python -m ARGS…`."""
        child = Child(name, args, self.folder / "logs" / f"{name}.log")
        with undisturbed():
            child.start(self.env)
            self.children[name] = child

    def wait_for(self, url: str, name: str, timeout_s: float = 30) -> None:
        """Wait until `url` answers; `UserFault` with the child's last words when it dies instead."""
        until = time.monotonic() + timeout_s
        child = self.children[name]
        # One for all tries, and without certificates, which nobody shows on a loopback: both are dear at a start.
        with httpx.Client(timeout=1, trust_env=False, verify=False) as client:  # noqa: S501
            while time.monotonic() < until:
                if child.process is not None and child.process.poll() is not None:
                    raise UserFault(f"{name} stopped while starting: {child.tail()}")
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(url).status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                        return
                time.sleep(0.03)
        raise UserFault(f"{name} did not answer at {url} within {timeout_s:.0f} s; see {child.log}.")

    def revive(self) -> Iterator[str]:
        """Restart whoever died; yields a sentence for each. `UserFault` for one that dies at once, again and again."""
        for child in self.children.values():
            if child.process is None or child.process.poll() is None:
                continue
            if time.monotonic() - child.started < QUICK_DEATH_S:
                raise UserFault(f"{child.name} cannot run: {child.tail()} (all of it: {child.log})")
            yield f"{child.name} stopped unexpectedly ({child.process.returncode}) and was started again"
            with undisturbed():
                child.start(self.env)

    def stop(self) -> None:
        """Stop everything, the last started first."""
        running = [c.process for c in reversed(self.children.values()) if c.process and c.process.poll() is None]
        for process in running:
            _end(process, signal.SIGTERM)
        until = time.monotonic() + STOP_S
        for process in running:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _end(process, signal.SIGKILL)
                process.wait()
        if self.redis:
            _end(self.redis.process, signal.SIGTERM)
            self.redis.process.wait(STOP_S)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let a request to end wait until this block is through: nobody would stop a process that was only just started."""
    if threading.current_thread() is not threading.main_thread():  # signals end only that one
        yield
        return
    came: list[int] = []
    before = {
        sign: signal.signal(sign, lambda number, _: came.append(number)) for sign in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
        for number in came:
            signal.raise_signal(number)


def free_port(wanted: int | None = None) -> int:
    """`wanted` if nobody listens there, else one that is free now."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UserFault("no free port on the loopback interface; close something that listens and try again.")


def _end(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)
