"""Workers that take turns in one thread; who runs next is drawn, so that a seed replays them all.

A worker gives the baton back at each call of a service and around each commit. There it may be killed (`Died`, which
nothing below the edge of a process may catch) or put to sleep longer than its lease lasts: then it wakes up as a zombie
that holds an old claim.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from greenlet import getcurrent, greenlet

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
    life: greenlet | None = None


class Crew:
    """The workers of one simulation."""

    def __init__(self, rng: Random, clock: Clock, size: int, round_trip: Callable[[], None]) -> None:
        """`round_trip`: what a worker does each time it is called to work."""
        self.rng, self.clock, self._round_trip = rng, clock, round_trip
        self.current: Worker | None = None
        self.strikes: Callable[[Worker, str], None] = lambda _worker, _what: None
        self.died: Callable[[Worker], None] = lambda _worker: None
        self._director = getcurrent()
        self.workers = [Worker(f"worker {number}", clock()) for number in range(1, size + 1)]
        for worker in self.workers:
            worker.life = greenlet(lambda worker=worker: self._live(worker))

    # ------------------------------------------------------------ the director's side

    def ready(self, *, idle: bool) -> list[Worker]:
        """Who could run now; the idle ones only when asked for."""
        now = self.clock()
        return [worker for worker in self.workers if worker.awake_at <= now and (worker.busy or idle)]

    def resume(self, worker: Worker) -> None:
        """Let a worker run until it gives the baton back. Raises what a worker failed of."""
        assert worker.life is not None
        self.current = worker
        try:
            worker.life.switch()
        finally:
            self.current = None

    def dismiss(self) -> None:
        """End all workers where they stand."""
        for worker in self.workers:
            if worker.life:
                worker.life.throw(Dismissed)

    # ------------------------------------------------------------ the workers' side

    def pause(self, what: str) -> None:
        """Give the baton back; it is death or a long sleep that may come of it. Nothing for the director himself."""
        worker = self.current
        if worker is None:
            return
        self.strikes(worker, what)
        self._director.switch()

    def hang(self, seconds: float) -> None:
        worker = self.current
        if worker is None:
            self.clock.pass_by(seconds)
            return
        worker.awake_at = self.clock() + timedelta(seconds=seconds)
        self._director.switch()

    def _live(self, worker: Worker) -> None:
        try:
            while True:
                self._rise(worker)
                self._director.switch()
        except Dismissed:
            return

    def _rise(self, worker: Worker) -> None:
        worker.busy = True
        try:
            self._round_trip()
        except Died:
            self.died(worker)
        finally:
            worker.busy = False
