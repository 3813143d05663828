"""Simulated months: how often the storm detector cries wolf, and which storms it misses.

`python -m tests.bench.storms [projects of each kind]`. Seeds are fixed; limits were tuned on others (9000 and up).
"""

import math
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from worker.triage.storm import Beginning, StormBegan, Watch, fold

START = datetime(2026, 1, 5, tzinfo=UTC)
LEARNING, JUDGED = timedelta(weeks=4), timedelta(days=30)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SLACK = timedelta(minutes=10)
"""A storm that is called so long after its end was still found."""
SIZES = (5, 8, 12, 20, 40, 60)
SPANS = (2, 10, 40)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of project. `rate`: new issues an hour on average over the week; `releases`: a week."""

    name: str
    rate: float
    releases: float


KINDS = (
    Kind("quiet, 0.05 an hour", 0.05, 0.5),
    Kind("small, 0.4 an hour", 0.4, 3),
    Kind("busy, 2 an hour", 2.0, 8),
    Kind("very busy, 8 an hour", 8.0, 20),
)


@dataclass(frozen=True, slots=True)
class Outage:
    """What was broken on purpose."""

    at: datetime
    issues: int
    minutes: int
    shares: str


@dataclass(slots=True)
class World:
    """A project's time, made hour by hour. Ids never repeat."""

    kind: Kind
    dice: random.Random
    made: int = 0
    version: int = 0

    def life(self, until: datetime) -> list[Beginning]:
        """Everything that begins without an outage."""
        found: list[Beginning] = []
        hour, mood = START, 1.0
        while hour < until:
            mood = 0.5 * mood + 0.5 * self.dice.gammavariate(1.2, 1 / 1.2)  # bad hours follow bad hours
            mean = self.kind.rate * rhythm(hour) * mood
            for _ in range(poisson(self.dice, mean / 1.25)):
                found += self._bug(hour + self.dice.random() * HOUR)
            if working(hour) and self.dice.random() < self.kind.releases / 40:
                found += self._release(hour + self.dice.random() * HOUR)
            hour += HOUR
        return sorted(found, key=lambda one: one.at)

    def outage(self, outage: Outage, life: list[Beginning]) -> list[Beginning]:
        """Its issues: four in five share what it is about, most come early."""
        release = next((one.release for one in reversed(life) if one.at < outage.at), None)
        found = []
        for _ in range(outage.issues):
            at = outage.at + timedelta(minutes=outage.minutes * self.dice.random() ** 1.5)
            of_it = self.dice.random() < 0.8
            bad = of_it and outage.shares == "release"
            infra = of_it if outage.shares == "infrastructure" else self.dice.random() < 0.08
            self.made += 1
            found.append(Beginning(str(self.made), at, f"bad@{outage.at:%d}" if bad else release, infra))
        return found

    def _bug(self, at: datetime) -> Iterator[Beginning]:
        """One bug makes now and then two to four issues within minutes."""
        twins = self.dice.choice((1, 2, 3)) if self.dice.random() < 0.125 else 0
        infra = self.dice.random() < 0.08
        yield self._one(at, self.version, infrastructure=infra)
        for _ in range(twins):
            yield self._one(at + self.dice.random() * 5 * MINUTE, self.version, infrastructure=infra)

    def _release(self, at: datetime) -> Iterator[Beginning]:
        """Most bring a few issues, one in ten a handful of regressions."""
        self.version += 1
        number = (
            self.dice.randint(4, 9) if self.dice.random() < 0.1 else poisson(self.dice, self.dice.gammavariate(1, 1.5))
        )
        for _ in range(number):
            later = min(self.dice.expovariate(1 / 25), 240)
            yield self._one(at + timedelta(minutes=later), self.version)

    def _one(self, at: datetime, version: int, *, infrastructure: bool = False) -> Beginning:
        self.made += 1
        return Beginning(str(self.made), at, f"web@{version}", infrastructure)


def working(hour: datetime) -> bool:
    return hour.weekday() < 5 and 9 <= hour.hour < 17


def rhythm(hour: datetime) -> float:
    """Days and weeks: the mean over a week is about 1."""
    day = 1.15 if hour.weekday() < 5 else 0.5
    return day * (1 + 0.75 * math.sin((hour.hour - 8) * math.pi / 12))


def poisson(dice: random.Random, mean: float) -> int:
    number, left = 0, dice.expovariate(1)
    while left < mean:
        number, left = number + 1, left + dice.expovariate(1)
    return number


def begun(life: list[Beginning]) -> list[datetime]:
    """When storms were called."""
    watch, called = Watch(), []
    for one in life:
        watch, told = fold(watch, one, one.at)
        called += [one.at for event in told if isinstance(event, StormBegan)]
    return called


def false_alarms(kind: Kind, seed: int) -> int:
    """Storms called in a month without one, after four weeks of learning."""
    life = World(kind, random.Random(seed)).life(START + LEARNING + JUDGED)
    return sum(at >= START + LEARNING for at in begun(life))


def month_of_outages(kind: Kind, seed: int) -> list[tuple[Outage, timedelta | None]]:
    """Nine outages in a month, three days apart, and how long after their start each was called."""
    dice = random.Random(seed)
    world = World(kind, dice)
    life = world.life(START + LEARNING + JUDGED)
    outages, added = [], []
    for n in range(9):
        at = START + LEARNING + timedelta(days=3 * n + 2.5 * dice.random())
        shares = dice.choice(("release", "infrastructure", "nothing"))
        outage = Outage(at, dice.choice(SIZES), dice.choice(SPANS), shares)
        added += world.outage(outage, life)
        outages.append(outage)
    called = begun(sorted([*life, *added], key=lambda one: one.at))
    return [(outage, first(called, outage)) for outage in outages]


def found_in(kind: Kind, seed: int, outage: Outage) -> timedelta | None:
    """How long after its start one outage was called, after four quiet weeks of learning."""
    world = World(kind, random.Random(seed))
    start = outage.at - LEARNING
    life = [replace(one, at=one.at - START + start) for one in world.life(START + LEARNING + HOUR)]
    return first(begun(sorted([*life, *world.outage(outage, life)], key=lambda one: one.at)), outage)


def first(called: list[datetime], outage: Outage) -> timedelta | None:
    end = outage.at + outage.minutes * MINUTE + SLACK
    return next((at - outage.at for at in called if outage.at <= at <= end), None)


def main(projects: int = 40, base: int = 1000) -> None:
    out = sys.stdout.write
    out(f"{projects} projects of each kind, a month each after 4 weeks of learning\n")
    out("false alarms per project and month, without any outage\n")
    for kind in KINDS:
        counts = [false_alarms(kind, base + n) for n in range(projects)]
        out(f"  {kind.name:<24}{statistics.mean(counts):7.3f}   projects with none {counts.count(0) / projects:4.0%}\n")
    for kind in KINDS:
        results = [one for n in range(projects) for one in month_of_outages(kind, base + 500 + n)]
        out(f"{kind.name}: outages missed; median delay until called\n")
        for shares in ("release", "infrastructure", "nothing"):
            cells = []
            for size in SIZES:
                mine = [d for o, d in results if o.shares == shares and o.issues == size]
                found = [d / MINUTE for d in mine if d is not None]
                delay = f"{statistics.median(found):4.1f} min" if found else "        "
                cells.append(f"{size:>3}: {1 - len(found) / max(len(mine), 1):4.0%} {delay}")
            out(f"  {shares:<15}{'  '.join(cells)}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
