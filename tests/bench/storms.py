"""Simulated months: how often the storm detector cries wolf, and which storms it misses.

`python -m tests.bench.storms [part of the months, in percent] [first seed]`. Limits were chosen on seeds 9000 to 9999.
A project lives once; the watch as it was at a moment is then shown each outage, and what the project went on with.
"""

import math
import random
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product

from worker.triage.storm import Beginning, StormBegan, StormGrew, Watch, fold

START = datetime(2026, 1, 5, tzinfo=UTC)
LEARNING, JUDGED = timedelta(weeks=4), timedelta(days=30)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SLACK = timedelta(minutes=10)
"""A storm that is called so long after its end was still found."""
AFTERWARDS = timedelta(hours=4)
"""So long after an outage it is watched for storms that are called again."""
SIZES = (5, 6, 8, 10, 15, 25)
SPANS = (2, 10, 40)
SHARED = ("release", "infrastructure", "nothing")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of project. `rate`: new issues an hour on average over the week; `releases`: a week.

    `after`: minutes in the mean from a release to what it brings; `bad`: which part of its releases brings four to nine
    issues; `versions`: so many are in use at once. `months`: so many are simulated.
    """

    name: str
    rate: float
    releases: float
    after: float = 25.0
    bad: float = 0.1
    versions: int = 1
    months: int = 12


KINDS = (
    Kind("quiet, 0.05 an hour", 0.05, 0.5, months=64),
    Kind("small, 0.4 an hour", 0.4, 3, months=160),
    Kind("busy, 2 an hour", 2.0, 8, months=32),
    Kind("very busy, 8 an hour", 8.0, 20, months=16),
)
OTHERS = (
    Kind("small, releases at once", 0.4, 3, after=5),
    Kind("busy, releases at once", 2.0, 8, after=5),
    Kind("small, half are bad", 0.4, 3, bad=0.5),
    Kind("busy, half are bad", 2.0, 8, bad=0.5),
    Kind("small, half bad at once", 0.4, 3, after=5, bad=0.5),
    Kind("small, 30 a week", 0.4, 30),
    Kind("busy, 60 a week", 2.0, 60),
    Kind("busy, 30 versions in use", 2.0, 8, versions=30),
)
"""Habits that the limits were not chosen on."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What was broken on purpose."""

    at: datetime
    issues: int
    minutes: int
    shares: str


@dataclass(frozen=True, slots=True)
class Found:
    """What became of an outage. `after`: until it was called; `held`: which part of its own is a member.

    `calls`: how many storms were called in it and the hours after it.
    """

    outage: Outage
    after: timedelta | None
    held: float
    calls: int


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

    def outage(self, outage: Outage, release: str | None) -> list[Beginning]:
        """Its issues: four in five share what it is about, most come early. `release`: what the others are of."""
        found = []
        for _ in range(outage.issues):
            at = outage.at + timedelta(minutes=outage.minutes * self.dice.random() ** 1.5)
            of_it = self.dice.random() < 0.8
            bad = of_it and outage.shares == "release"
            infra = of_it if outage.shares == "infrastructure" else self.dice.random() < 0.08
            self.made += 1
            found.append(Beginning(str(self.made), at, f"bad@{outage.at:%d}" if bad else release, infra))
        return sorted(found, key=lambda one: one.at)

    def _bug(self, at: datetime) -> Iterator[Beginning]:
        """One bug makes now and then two to four issues within minutes."""
        twins = self.dice.choice((1, 2, 3)) if self.dice.random() < 0.125 else 0
        infra = self.dice.random() < 0.08
        yield self._one(at, self._in_use(), infrastructure=infra)
        for _ in range(twins):
            yield self._one(at + self.dice.random() * 5 * MINUTE, self._in_use(), infrastructure=infra)

    def _in_use(self) -> int:
        back = self.dice.randrange(self.kind.versions) if self.kind.versions > 1 else 0
        return max(self.version - back, 0)

    def _release(self, at: datetime) -> Iterator[Beginning]:
        """Most bring a few issues, some a handful of regressions."""
        self.version += 1
        bad = self.dice.random() < self.kind.bad
        number = self.dice.randint(4, 9) if bad else poisson(self.dice, self.dice.gammavariate(1, 1.5))
        for _ in range(number):
            later = min(self.dice.expovariate(1 / self.kind.after), 240)
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


# ---------------------------------------------------------------- one project


@dataclass(slots=True)
class Month:
    """A month of one project: the false alarms of its ordinary life, and each outage of the table, once."""

    alarms: list[str] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)


def month(kind: Kind, seed: int, *, outages: bool = True) -> Month:
    """After four weeks of learning. Outages are branches of that life: none of them teaches the next."""
    dice = random.Random(seed)
    world = World(kind, dice)
    begins, ends = START + LEARNING, START + LEARNING + JUDGED
    life = world.life(ends + AFTERWARDS + HOUR)
    cells = list(product(SHARED, SIZES, SPANS)) if outages else []
    wanted = sorted(
        (Outage(begins + dice.random() * JUDGED, issues, span, shares) for shares, issues, span in cells),
        key=lambda one: one.at,
    )
    watch, month = Watch(), Month()
    for n, one in enumerate(life):
        while wanted and wanted[0].at <= one.at:
            month.found.append(branched(world, watch, life, n, wanted.pop(0)))
        watch, told = fold(watch, one, one.at)
        if begins <= one.at < ends:
            month.alarms += [event.storm.evidence for event in told if isinstance(event, StormBegan)]
    return month


def branched(world: World, watch: Watch, life: Sequence[Beginning], there: int, outage: Outage) -> Found:
    """Show one outage to the watch as it was then, and what the project went on with."""
    until = outage.at + outage.minutes * MINUTE + AFTERWARDS
    broken = world.outage(outage, life[there - 1].release if there else None)
    goes_on = []
    while there < len(life) and life[there].at < until:
        goes_on.append(life[there])
        there += 1
    called, members = [], set[str]()
    for one in sorted([*broken, *goes_on], key=lambda one: one.at):
        watch, told = fold(watch, one, one.at)
        for event in told:
            if isinstance(event, StormBegan):
                called.append(one.at)
                members |= set(event.storm.members)
            elif isinstance(event, StormGrew):
                members.add(event.issue)
    own = [one for one in broken if is_own(one, outage)]
    held = sum(one.issue in members for one in own) / len(own) if own else 0.0
    return Found(outage, first(called, outage), held, len(called))


def is_own(one: Beginning, outage: Outage) -> bool:
    match outage.shares:
        case "release":
            return bool(one.release and one.release.startswith("bad@"))
        case "infrastructure":
            return one.infrastructure
        case _:
            return True


def first(called: Iterable[datetime], outage: Outage) -> timedelta | None:
    end = outage.at + outage.minutes * MINUTE + SLACK
    return next((at - outage.at for at in called if outage.at <= at <= end), None)


def false_alarms(kind: Kind, seed: int) -> int:
    """Storms called in a month without one, after four weeks of learning."""
    return len(month(kind, seed, outages=False).alarms)


def found_in(kind: Kind, seed: int, outage: Outage) -> timedelta | None:
    """How long after its start one outage was called, after four quiet weeks of learning."""
    world = World(kind, random.Random(seed))
    start = outage.at - LEARNING
    life = [replace(one, at=one.at - START + start) for one in world.life(START + LEARNING + HOUR)]
    watch = Watch()
    there = next((n for n, one in enumerate(life) if one.at >= outage.at), len(life))
    for one in life[:there]:
        watch, _ = fold(watch, one, one.at)
    return branched(world, watch, life, there, outage).after


# ---------------------------------------------------------------- the tables


def between(number: int, years: float) -> str:
    """Where the true rate a year lies, 95 %: of a Poisson count, by Byar's approximation."""
    low = number * (1 - 1 / (9 * number) - 1.96 / (3 * math.sqrt(number))) ** 3 if number else 0.0
    more = number + 1
    high = more * (1 - 1 / (9 * more) + 1.96 / (3 * math.sqrt(more))) ** 3
    return f"{low / years:4.1f} to {high / years:4.1f}"


def alarms_row(kind: Kind, months: Sequence[Month]) -> str:
    counts = [len(one.alarms) for one in months]
    years = len(months) * (JUDGED / timedelta(days=365))
    none = counts.count(0) / len(counts)
    return (
        f"  {kind.name:<26}{sum(counts):4} false alarms in {years:4.1f} years: {sum(counts) / years:5.2f} a year"
        f" ({between(sum(counts), years)}), months with none {none:4.0%}\n"
    )


def cells(found: Sequence[Found], told: Callable[[Sequence[Found]], str]) -> str:
    return "  ".join(f"{told([one for one in found if one.outage.issues == size]):>9}" for size in SIZES)


def missed(found: Sequence[Found]) -> str:
    share = sum(one.after is None for one in found) / max(len(found), 1)
    return f"{share:4.0%}±{1.96 * math.sqrt(share * (1 - share) / max(len(found), 1)):3.0%}"


def ends_row(found: Sequence[Found]) -> str:
    called = [one for one in found if one.after is not None]
    if not called:
        return "none was called\n"
    delay = statistics.median(one.after / MINUTE for one in called if one.after is not None)
    again = sum(one.calls > 1 for one in called)
    held = statistics.mean(one.held for one in called)
    count = len(called)
    return (
        f"called after {delay:.1f} min (median); {held:.0%} of its own are members; {again} of {count} called again\n"
    )


def tables(kind: Kind, found: Sequence[Found]) -> Iterator[str]:
    yield f"  outages missed, by number of issues {'  '.join(f'{size:>9}' for size in SIZES)}\n"
    for shares in SHARED:
        mine = [one for one in found if one.outage.shares == shares]
        yield f"  {shares:<16}all             {cells(mine, missed)}\n"
        for span in SPANS:
            row = cells([one for one in mine if one.outage.minutes == span], missed)
            yield f"{'':18}within {span:>2} min   {row}\n"
        yield f"{'':18}{ends_row(mine)}"


def main(percent: int = 20, base: int = 20000) -> None:
    out = sys.stdout
    for kind in (*KINDS, *OTHERS):
        count = max(kind.months * percent // 100, 1)
        months = [month(kind, base + n, outages=kind in KINDS) for n in range(count)]
        out.write(alarms_row(kind, months))
        found = [one for each in months for one in each.found]
        out.writelines(tables(kind, found) if found else ())
        out.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
