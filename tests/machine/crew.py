"""Workers as threads of which exactly one runs at a time; who runs next is drawn, so that a seed replays them all.

A worker gives the baton back at each call of a service and around each commit. There it may be killed (`Died`, which
nothing below the edge of a process may catch) or put to sleep longer than its lease lasts: then it wakes up as a zombie
that holds an old claim.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.machine.clock import Clock


class Died(BaseException):
    """The process was killed here."""


class Dismissed(BaseException):
    """The simulation is over."""


@dataclass
class Worker:
    """One process. `busy`: in the middle of something; `awake_at`: not to be resumed before."""

    name: str
    awake_at: datetime
    busy: bool = False
    dismissed: bool = False
    go: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None


class Crew:
    """The workers of one simulation."""

    def __init__(self, rng: Random, clock: Clock, size: int, round_trip: Callable[[], None]) -> None:
        """`round_trip`: what a worker does each time it is called to work."""
        self.rng, self.clock, self._round_trip = rng, clock, round_trip
        self.current: Worker | None = None
        self.strikes: Callable[[Worker, str], None] = lambda _worker, _what: None
        self.died: Callable[[Worker], None] = lambda _worker: None
        self.failure: BaseException | None = None
        self._back = threading.Lock()
        self._back.acquire()
        self.workers = [Worker(f"worker {number}", clock()) for number in range(1, size + 1)]
        for worker in self.workers:
            worker.go.acquire()
            worker.thread = threading.Thread(target=self._live, args=(worker,), name=worker.name, daemon=True)
            worker.thread.start()

    # ------------------------------------------------------------ the director's side

    def ready(self, *, idle: bool) -> list[Worker]:
        """Who could run now; the idle ones only when asked for."""
        now = self.clock()
        return [worker for worker in self.workers if worker.awake_at <= now and (worker.busy or idle)]

    def resume(self, worker: Worker) -> None:
        """Let a worker run until it gives the baton back. Raises what a worker failed of."""
        self.current = worker
        worker.go.release()
        self._back.acquire()
        self.current = None
        if self.failure is not None:
            raise self.failure

    def dismiss(self) -> None:
        for worker in self.workers:
            worker.dismissed = True
            worker.go.release()
        for worker in self.workers:
            if worker.thread is not None:
                worker.thread.join()

    # ------------------------------------------------------------ the workers' side

    def pause(self, what: str) -> None:
        """Give the baton back; it is death or a long sleep that may come of it. Nothing for the director himself."""
        worker = self.current
        if worker is None:
            return
        self.strikes(worker, what)
        self._yield(worker)

    def hang(self, seconds: float) -> None:
        worker = self.current
        if worker is None:
            self.clock.pass_by(seconds)
            return
        worker.awake_at = self.clock() + timedelta(seconds=seconds)
        self._yield(worker)

    def _yield(self, worker: Worker) -> None:
        self._back.release()
        worker.go.acquire()
        if worker.dismissed:
            raise Dismissed

    def _live(self, worker: Worker) -> None:
        worker.go.acquire()
        while not worker.dismissed:
            try:
                worker.busy = True
                self._round_trip()
                worker.busy = False
                self._yield(worker)
            except Died:
                worker.busy = False
                self.died(worker)
                self._back.release()
                worker.go.acquire()
            except Dismissed:
                return
            except BaseException as failure:  # noqa: BLE001 - the director raises it, where the seed is known
                self.failure = failure
                worker.busy = False
                self._back.release()
                return
