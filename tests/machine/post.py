"""The webhooks of all worlds: written by the services, delivered late, twice or never, taken by the real inbox."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tests.machine import letters
from tests.machine.book import SPECS
from tests.machine.sentry_world import Bug
from tests.machine.tracker_world import Slip, TrackerWorld
from tests.machine.weather import Weather
from worker.model import Delivery
from worker.store.store import Store

SHARE_WITHOUT_HOOKS = 0.15

PLACES = {(spec.kind.value, spec.place.lower()): spec.name for spec in SPECS.values()}


@dataclass(frozen=True)
class Accepted:
    """A delivery that was answered with a 2xx."""

    delivery: Delivery
    at: datetime


class Post:
    """Letters on their way. `works`: whether the services send any at all."""

    def __init__(self, rng: Random, weather: Weather, store: Store, hold: timedelta) -> None:
        """`hold`: how long a hint of mere activity is held back."""
        self.rng, self.weather, self.store, self.hold = rng, weather, store, hold
        self.works = rng.random() >= SHARE_WITHOUT_HOOKS
        self.dropped, self.doubled = rng.uniform(0, 0.3), rng.uniform(0, 0.3)
        self.late_s = rng.choice((0.0, 5.0, 120.0))
        self.accepted: list[Accepted] = []
        self._written = 0

    def of_bug(self, resource: str, action: str, bug: Bug) -> None:
        self._written += 1
        self._send(letters.of_bug(resource, action, bug, self.weather.clock(), self._written))

    def of_slip(self, world: TrackerWorld, resource: str, action: str, slip: Slip, changed: Mapping[str, str]) -> None:
        self._written += 1
        self._send(letters.of_slip(world, resource, action, slip, changed, self._written))

    def _send(self, letter: letters.Letter) -> None:
        """Give a letter its fate: lost, on time, late, or twice."""
        if not self.works:
            return
        fine, counts = self.weather.fine, self.weather.counts
        if not fine and self.rng.random() < self.dropped:
            counts["hook dropped"] += 1
            return
        times = 1 + (not fine and self.rng.random() < self.doubled)
        counts["hook doubled"] += times - 1
        for _ in range(times):
            late = not fine and self.rng.random() < 0.3
            wait = self.rng.uniform(0, self.late_s if late else 1.0)
            counts["hook late"] += wait > 1
            self.weather.agenda.add(self.weather.clock() + timedelta(seconds=wait), lambda: self._deliver(letter))

    def _deliver(self, letter: letters.Letter) -> None:
        delivery = letters.opened(letter, lambda source, place: PLACES.get((source, place.lower())))
        now = self.weather.clock()
        with self.store.write(now=now) as tx:
            tx.inbox.accept(delivery, hashlib.sha256(letter[2]).hexdigest(), now, self.hold)
        self.accepted.append(Accepted(delivery, now))
