"""How many issues usually begin in a project: by the hour of the week, how unevenly, and what a release brings.

Counts are gamma-Poisson (negative binomial). The mean comes from the same hour of past weeks and its neighbours, drawn
towards the project's mean; the spread is estimated by moments. Everything fades, so that a project may change.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
LAGS = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""Minutes since the first issue of a release: the ends of those parts of its first hour that are learned apart."""
_BROUGHT_PRIOR, _BROUGHT_WEIGHT = (0.25, 0.25, 0.3, 0.4, 0.5, 0.3), 4.0
"""Issues that a release brings after its first, by those parts, before any is known; and worth how many releases."""
_RELEASES_FADE = 0.96
"""What is kept of older releases with each new one: memory of about 25."""
_UNEVEN, _UNEVEN_PRIOR, _UNEVEN_WEIGHT = (0.3, 4.0), 0.8, 8.0
_RELEASE_TWINS = 1.3
_NOTHING = (0.0,) * len(LAGS)
_PARTS = tuple(zip((0.0, *LAGS[:-1]), LAGS, strict=True))
_INFRA_PRIOR, _INFRA_WEIGHT = 0.1, 20.0
_ZEROS = (0.0,) * WEEK
_HOUR_S = 3600
_MINUTE = timedelta(minutes=1)


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
        if self.mean <= 0:
            return 0.0
        size = self.mean**2 / max(self.variance - self.mean, 1e-9)
        p = size / (size + self.mean)
        term = math.exp(size * math.log(p))
        below = term
        for n in range(1, least):
            term *= (size + n - 1) / n * (1 - p)
            below += term
        return max(1.0 - below, 0.0)


@dataclass(frozen=True, slots=True)
class Young:
    """A release and when its first issue showed. `lags`: issues after that, by `LAGS`; `learned`: its hour is over."""

    version: str
    first_at: datetime
    lags: tuple[int, ...] = (0,) * len(LAGS)
    learned: bool = False

    def later(self, at: datetime) -> "Young":
        """Count one more issue of it; one that was told late may turn out to be its first."""
        if self.learned:
            return self
        lag = abs(at - self.first_at) / _MINUTE
        part = next((n for n, ends in enumerate(LAGS) if lag < ends), None)
        lags = tuple(count + (n == part) for n, count in enumerate(self.lags))
        return replace(self, first_at=min(at, self.first_at), lags=lags)


@dataclass(frozen=True, slots=True)
class Usual:
    """What was learned. `begun` and `watched`: beginnings and hours by hour of the week, fading.

    `excess`, `squares`: fading sums behind the spread; `brought`: issues of releases after their first, by `LAGS`, of
    so many releases as `lived` through their first hour; `uneven`, `weighed`: fading sums behind how differently they
    do; `infra`, `all`: beginnings by infrastructure, and all.
    """

    begun: tuple[float, ...] = _ZEROS
    watched: tuple[float, ...] = _ZEROS
    excess: float = 0.0
    squares: float = 0.0
    brought: tuple[float, ...] = _NOTHING
    lived: float = 0.0
    uneven: float = 0.0
    weighed: float = 0.0
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

    def bringing(self, young: Young, window: timedelta, now: datetime) -> Expected:
        """What a release in its first hour should bring after its first issue, in a window that ends now."""
        ends = (now - young.first_at) / _MINUTE
        begins = max(ends - window / _MINUTE, 0.0)
        overlaps = (max(min(ends, high) - max(begins, low), 0.0) / (high - low) for low, high in _PARTS)
        mean = sum(part * brings for part, brings in zip(overlaps, self._brings(), strict=True))
        return Expected(mean, self._release_variance(mean))

    def infra_within(self, hour: int, hours: float) -> Expected:
        """The same of what failing infrastructure makes; that comes in bunches."""
        mean = self.rate(hour) * hours * self.infra_share()
        return Expected(mean, _INFRA_TWINS * mean + self.spread() * mean**2)

    def looks(self) -> float:
        """How often a month's windows are looked at: with each beginning, and never seldom."""
        return self.mean() * 720 + 100

    def infra_looks(self) -> float:
        """The same of what failing infrastructure makes."""
        return self.mean() * 720 * self.infra_share() + 100

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

    def after_release(self, young: Young) -> "Usual":
        """Learn what a release brought after its first issue, beyond those that begin in any hour.

        What is beyond belief counts as much: a bad release must not become what is usual.
        """
        rate, mean = self.rate(hour_of(young.first_at)) / 60, sum(self._brings())
        own = [max(count - rate * (high - low), 0.0) for count, (low, high) in zip(young.lags, _PARTS, strict=True)]
        most = max(mean + 3 * math.sqrt(self._release_variance(mean)), 3.0)
        believed = min(1.0, most / max(sum(own), 1e-9))
        total, keep = sum(own) * believed, _RELEASES_FADE
        return replace(
            self,
            brought=tuple(round(keep * old + believed * new, 4) for old, new in zip(self.brought, own, strict=True)),
            lived=keep * self.lived + 1.0,
            uneven=keep * self.uneven + (total - mean) ** 2 - mean,
            weighed=keep * self.weighed + mean**2,
        )

    def after_one(self, *, infrastructure: bool) -> "Usual":
        """Learn whose fault a beginning was."""
        return replace(self, infra=0.998 * self.infra + float(infrastructure), all=0.998 * self.all + 1.0)

    def _brings(self) -> tuple[float, ...]:
        weight = self.lived + _BROUGHT_WEIGHT
        known = zip(self.brought, _BROUGHT_PRIOR, strict=True)
        return tuple((brought + _BROUGHT_WEIGHT * prior) / weight for brought, prior in known)

    def _release_variance(self, mean: float) -> float:
        least, most = _UNEVEN
        found = (self.uneven + _UNEVEN_PRIOR * _UNEVEN_WEIGHT) / (self.weighed + _UNEVEN_WEIGHT)
        return _RELEASE_TWINS * mean + min(max(found, least), most) * mean**2


def hour_of(at: datetime) -> int:
    """Hours since 1970."""
    return int(at.timestamp()) // _HOUR_S


def week_hour(hour: int) -> int:
    """Which hour of the week it is; 1970 began on a Thursday."""
    return (hour + 72) % WEEK


def _at(values: Sequence[float], slot: int, value: float) -> tuple[float, ...]:
    return (*values[:slot], round(value, 4), *values[slot + 1 :])
