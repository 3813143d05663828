"""What goes wrong: faults of single calls, services in trouble for a while, deaths, and sleeps longer than a lease."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tests.machine.agenda import Agenda
from tests.machine.clock import Clock
from tests.machine.crew import Crew, Died, Worker
from tests.machine.door import TIMEOUT_S, Strike

CALL_FAULTS = ("fail_before", "fail_after", "drop_before", "drop_after", "hang", "late", "429", "refused", "bad")
FAIL_MORE = {"GET": 1.0, "POST": 5.0, "PUT": 2.5, "PATCH": 2.5}
"""Most promises are about writes, and most of all about those that must not happen twice: they get more faults."""
OFTEN = 0.6
TROUBLES = ("outage", "down", "revoked", "limited", "hidden")


@dataclass(frozen=True)
class Climate:
    """How bad it is. Shares of calls or pauses between 0 and 1; `latest_s`: how late a lost request may arrive."""

    call_fails: float = 0.0
    dies: float = 0.0
    freezes: float = 0.0
    troubles: int = 0
    latest_s: float = 30.0
    longest_freeze_s: float = 45.0
    longest_lag_s: float = 30.0


def drawn(rng: Random, *, long: bool) -> Climate:
    """A climate; with `long`, lags, late requests and sleeps outlast the time that a lost create is looked for."""
    return Climate(
        call_fails=rng.choice((0.0, rng.uniform(0.02, 0.1), rng.uniform(0.05, 0.2))),
        dies=rng.choice((0.0, rng.uniform(0, 0.01), rng.uniform(0.01, 0.04))),
        freezes=rng.choice((0.0, rng.uniform(0, 0.03))),
        troubles=rng.choice((0, 0, 1, 2)),
        latest_s=400.0 if long else 30.0,
        longest_freeze_s=400.0 if long else 45.0,
        longest_lag_s=300.0 if long else 30.0,
    )


@dataclass(frozen=True)
class Trouble:
    """A service that is not well until a moment."""

    kind: str
    until: datetime


class Weather:
    """The faults of one simulation; `counts` says how many of each kind struck."""

    def __init__(self, rng: Random, clock: Clock, agenda: Agenda, climate: Climate) -> None:
        self.rng, self.clock, self.agenda, self.climate = rng, clock, agenda, climate
        self.fine = False
        self.counts: Counter[str] = Counter()
        self.troubles: dict[str, Trouble] = {}
        self.trace: Callable[[str], None] = lambda _line: None
        self.crew: Crew | None = None

    def clear_up(self) -> None:
        """Nothing goes wrong any more."""
        self.fine = True
        self.troubles.clear()

    def trouble(self, service: str, kind: str, minutes: float) -> None:
        if not self.fine:
            self.counts[kind] += 1
            self.troubles[service] = Trouble(kind, self.clock() + timedelta(minutes=minutes))
            self.trace(f"~~ {service} is in trouble: {kind} for {minutes:.0f} min")

    # ------------------------------------------------------------ around the calls (door.Around)

    def pause(self, what: str) -> None:
        if self.crew is not None:
            self.crew.pause(what)

    def hang(self, seconds: float) -> None:
        if self.crew is not None:
            self.crew.hang(seconds)

    def later(self, effect: Callable[[], object]) -> None:
        def arrive() -> None:
            try:
                effect()
            except Exception as refused:  # noqa: BLE001 - nobody listens to the answer any more
                self.trace(f"   a late request was refused: {refused}")

        self.agenda.add(self.clock() + timedelta(seconds=self.rng.uniform(1, self.climate.latest_s)), arrive)

    def strike(self, service: str, method: str, path: str) -> Strike | None:
        if self.fine:
            return None
        strike = self._of_trouble(service) or self._of_call(method)
        if strike is not None:
            self.counts[strike.kind] += 1
            self.trace(f"!! {strike.kind} {strike.status} at {service} {method} {path}")
        return strike

    def _of_trouble(self, service: str) -> Strike | None:
        trouble = self.troubles.get(service)
        if trouble is None:
            return None
        if trouble.until <= self.clock():
            del self.troubles[service]
            return None
        strikes = {
            "hidden": None,
            "outage": Strike("refused"),
            "down": Strike(self.rng.choice(("fail_before", "fail_before", "fail_after", "hang"))),
            "revoked": Strike("fail_before", status=401),
            "limited": Strike("429", retry_after=(trouble.until - self.clock()).total_seconds()),
        }
        return strikes[trouble.kind]

    def _of_call(self, method: str) -> Strike | None:
        share = min(self.climate.call_fails * FAIL_MORE[method], OFTEN)
        if self.rng.random() >= share:
            return None
        kind = self.rng.choice(CALL_FAULTS)
        if kind in {"late", "bad"} and method == "GET":
            kind = "drop_before"
        if kind == "bad":
            return Strike("fail_before", status=400) if self.rng.random() < 0.2 else None
        return Strike(kind, retry_after=self.rng.choice((1.0, 7.0, 60.0, 300.0)), hang_s=TIMEOUT_S)

    # ------------------------------------------------------------ around the workers (crew.strikes)

    def befall(self, worker: Worker, what: str) -> None:
        """Kill a worker here, or let it sleep."""
        if self.fine:
            return
        worst = 6 if "answered POST" in what else 2 if what == "commit" else 1
        fate = self.rng.random() / worst
        if fate < self.climate.dies:
            self.counts["died"] += 1
            self.trace(f"++ {worker.name} dies at: {what}")
            raise Died
        if fate < self.climate.dies + self.climate.freezes:
            self.counts["froze"] += 1
            seconds = self.rng.choice((20.0, 40.0, self.rng.uniform(40, self.climate.longest_freeze_s)))
            worker.awake_at = self.clock() + timedelta(seconds=seconds)
            self.trace(f"zz {worker.name} freezes for {seconds:.0f} s at: {what}")
