"""A practice world behind a real port, in a thread of its own."""

import asyncio
import socket
import threading
from dataclasses import replace
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from worker.sandbox.app import create_app
from worker.sandbox.faults import TRANSPORT
from worker.sandbox.state import Config

START_S = 20.0


class OpenProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the connection in reach: a practice service must be able to hang up."""

    def on_message_begin(self) -> None:
        """Begin a request and show its connection to the application."""
        super().on_message_begin()
        cast("dict[str, object]", self.scope)["extensions"] = {TRANSPORT: self.transport}


class Server(uvicorn.Server):
    """uvicorn's server, which tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        """Prepare; nothing runs yet."""
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        self.up.set()


def new_server(config: Config) -> Server:
    """Build a server for a fresh world."""
    options = uvicorn.Config(
        create_app(config),
        http=OpenProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        date_header=False,  # the practice clock tells the date
        timeout_graceful_shutdown=1,
    )
    return Server(options)


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Take a port (0: a free one); the socket and the address people use."""
    taken = socket.create_server((host, port), backlog=512)
    # A socket that does not name TCP as its protocol is not recognised as one by the event loop, which then leaves
    # Nagle's algorithm on: every answer would wait 40 ms for an acknowledgement.
    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return taken, f"http://{host}:{taken.getsockname()[1]}"


class Running:
    """A practice world in a thread; `stop` ends it."""

    def __init__(self, server: Server, taken: socket.socket, url: str) -> None:
        """Start the server and wait until it answers; `TimeoutError` when it does not come up."""
        self.url = url
        self._server = server
        self._thread = threading.Thread(target=self._run, args=(taken,), name="practice", daemon=True)
        self._thread.start()
        if not server.up.wait(START_S):
            raise TimeoutError(f"the practice world at {url} did not start within {START_S:g} s")

    def _run(self, taken: socket.socket) -> None:
        asyncio.run(self._server.serve(sockets=[taken]))

    def leave(self) -> None:
        """Ask the server to end, and do not wait for it."""
        self._server.should_exit = True

    def stop(self) -> None:
        """End the server and wait for its thread."""
        self.leave()
        self._thread.join(START_S)


def start(config: Config | None = None, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Run a practice world in the background; port 0 takes a free one. Its `url` replaces the one in `config`."""
    taken, url = listen(host, port)
    return Running(new_server(replace(config or Config(), url=url)), taken, url)
