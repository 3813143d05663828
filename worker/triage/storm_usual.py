"""How many issues usually begin in a project: by the hour of the week, how unevenly, and what a release brings.

Counts are gamma-Poisson (negative binomial). The mean comes from the same hour of past weeks and its neighbours, drawn
towards the project's mean; the spread is estimated by moments. Everything fades, so that a project may change.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

WEEK = 168
"""Hours of a week; the first is Monday 00:00 UTC."""
FADES = 0.8
"""What an hour of the week keeps of its past at each visit: memory of about five weeks."""
_PRIOR_HOURS, _PRIOR_RATE = 24.0, 0.5
_SHRINKS = 4.0
"""Hours of the project's mean that each hour of the week is drawn towards."""
_FLOOR = 0.1
"""Beginnings an hour that no project is taken to stay below."""
_SPREADS = (0.15, 4.0)
_SPREAD_PRIOR, _SPREAD_WEIGHT = 0.5, 8.0
_TWINS, _INFRA_TWINS = 1.8, 2.5
"""Variance over mean in short windows even at a steady rate: one bug often makes two or three issues at once."""
_BURST_WEIGHT, _BURST_PRIOR, _BURST_SPREAD, _BURST_MOST = 3.0, 3.0, 0.4, 10
_INFRA_PRIOR, _INFRA_WEIGHT = 0.1, 20.0
_ZEROS = (0.0,) * WEEK
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Expected:
    """What a window should hold: `mean` issues with that `variance`."""

    mean: float
    variance: float

    def plus(self, other: "Expected") -> "Expected":
        """Both together."""
        return Expected(self.mean + other.mean, self.variance + other.variance)

    def chance_of(self, least: int) -> float:
        """The chance of so many or more: negative binomial of this mean and variance, Poisson at the limit."""
        if least <= 0:
            return 1.0
        size = self.mean**2 / max(self.variance - self.mean, 1e-9)
        p = size / (size + self.mean)
        term = math.exp(size * math.log(p))
        below = term
        for n in range(1, least):
            term *= (size + n - 1) / n * (1 - p)
            below += term
        return max(1.0 - below, 0.0)


@dataclass(frozen=True, slots=True)
class Usual:
    """What was learned. `begun` and `watched`: beginnings and hours by hour of the week, fading.

    `excess`, `squares`: fading sums behind the spread; `bursts`, `releases`: issues of releases in their first hour,
    and how many releases; `infra`, `all`: beginnings by infrastructure, and all.
    """

    begun: tuple[float, ...] = _ZEROS
    watched: tuple[float, ...] = _ZEROS
    excess: float = 0.0
    squares: float = 0.0
    bursts: float = 0.0
    releases: float = 0.0
    infra: float = 0.0
    all: float = 0.0

    def mean(self) -> float:
        """Beginnings an hour over the whole week."""
        return (sum(self.begun) + _PRIOR_HOURS * _PRIOR_RATE) / (sum(self.watched) + _PRIOR_HOURS)

    def rate(self, hour: int) -> float:
        """Beginnings an hour in this hour (hours since 1970)."""
        slot = week_hour(hour)
        near = ((slot, 1.0), ((slot - 1) % WEEK, 0.5), ((slot + 1) % WEEK, 0.5))
        begun = sum(weight * self.begun[at] for at, weight in near)
        watched = sum(weight * self.watched[at] for at, weight in near)
        return max((begun + _SHRINKS * self.mean()) / (watched + _SHRINKS), _FLOOR)

    def spread(self) -> float:
        """The variance beyond Poisson's, over the squared mean."""
        least, most = _SPREADS
        found = (self.excess + _SPREAD_PRIOR * _SPREAD_WEIGHT) / (self.squares + _SPREAD_WEIGHT)
        return min(max(found, least), most)

    def within(self, hour: int, hours: float) -> Expected:
        """What a window of so many hours should hold where nothing is going on."""
        mean = self.rate(hour) * hours
        return Expected(mean, _TWINS * mean + self.spread() * mean**2)

    def burst(self, share: float) -> Expected:
        """What a release that just appeared should bring; `share` of its first hour lies in the window."""
        mean = share * (self.bursts + _BURST_WEIGHT * _BURST_PRIOR) / (self.releases + _BURST_WEIGHT)
        return Expected(mean, _TWINS * mean + _BURST_SPREAD * mean**2)

    def infra_within(self, hour: int, hours: float) -> Expected:
        """The same of what failing infrastructure makes; that comes in bunches."""
        mean = self.rate(hour) * hours * self.infra_share()
        return Expected(mean, _INFRA_TWINS * mean + self.spread() * mean**2)

    def looks(self) -> float:
        """How often a month's windows are looked at: with each beginning, and never seldom."""
        return self.mean() * 720 + 100

    def infra_share(self) -> float:
        """Which part of the beginnings is the infrastructure's usually."""
        return (self.infra + _INFRA_PRIOR * _INFRA_WEIGHT) / (self.all + _INFRA_WEIGHT)

    def after_hour(self, hour: int, counted: int) -> "Usual":
        """Learn a whole hour. A count beyond belief counts as a high one: a storm must not become what is usual."""
        mean, slot = self.rate(hour), week_hour(hour)
        normal = Expected(mean, _TWINS * mean + self.spread() * mean**2)
        most = max(normal.mean + 3 * math.sqrt(normal.variance), 3.0)
        count = min(float(counted), most)
        keep = 0.999
        return replace(
            self,
            begun=_at(self.begun, slot, FADES * self.begun[slot] + count),
            watched=_at(self.watched, slot, FADES * self.watched[slot] + 1.0),
            excess=keep * self.excess + (count - mean) ** 2 - mean,
            squares=keep * self.squares + mean**2,
        )

    def after_release(self, hour: int, counted: int) -> "Usual":
        """Learn how many issues a release brought in its first hour, beyond those that begin in any hour."""
        brought = min(max(counted - self.rate(hour), 0.0), _BURST_MOST)
        return replace(self, bursts=0.95 * self.bursts + brought, releases=0.95 * self.releases + 1.0)

    def after_one(self, *, infrastructure: bool) -> "Usual":
        """Learn whose fault a beginning was."""
        return replace(self, infra=0.998 * self.infra + float(infrastructure), all=0.998 * self.all + 1.0)


def hour_of(at: datetime) -> int:
    """Hours since 1970."""
    return int(at.timestamp()) // _HOUR_S


def week_hour(hour: int) -> int:
    """Which hour of the week it is; 1970 began on a Thursday."""
    return (hour + 72) % WEEK


def start_of(hour: int) -> datetime:
    """When an hour begins."""
    return datetime.fromtimestamp(hour * _HOUR_S, UTC)


def _at(values: Sequence[float], slot: int, value: float) -> tuple[float, ...]:
    return (*values[:slot], round(value, 4), *values[slot + 1 :])
