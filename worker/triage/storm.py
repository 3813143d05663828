"""Is everything broken, or is it the long tail? Many issues that begin together, against what is usual here.

Pure and incremental: `fold` takes one beginning (an issue that is new, came back or escalates), `tick` only the time.
A window of 5 to 60 minutes that holds far more beginnings than its project's usual rate, spread and releases explain
is a storm; what its issues share (a release, failing infrastructure) makes it one sooner and tells its members.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from worker.triage.storm_usual import Usual, hour_of

How = Literal["new", "regressed", "escalating"]

WINDOWS = tuple(timedelta(minutes=n) for n in (5, 10, 20, 40, 60))
"""Windows that are looked at, all of them ending with the beginning in hand."""
LEAST = 5
"""Fewer issues than this are never a storm."""
BUDGET = 0.1
"""False alarms that a project may have in a month by chance alone, shared by all the windows looked at in it."""
SHARED = 0.6
"""Which part of a storm must share a release or a failing infrastructure for that to be its trait."""
QUIET = timedelta(minutes=30)
"""A storm ends when so long a time has held no more of its kind than usual."""
CALM = 0.05
LONGEST = timedelta(hours=24)
STALE = timedelta(hours=2)
"""What is heard of so late teaches what is usual and alarms nobody."""
FIRST_HOUR = timedelta(hours=1)
FRESH = timedelta(hours=2)
"""A release this young may be what a storm shares."""
KEPT_RECENT, KEPT_RELEASES, KEPT_MEMBERS, GAP_HOURS = 200, 20, 500, 24 * 28


@dataclass(frozen=True, slots=True)
class Beginning:
    """An issue that began to matter. `at`: when, by Sentry's clock; `infrastructure`: judged to be its fault."""

    issue: str
    at: datetime
    release: str | None = None
    infrastructure: bool = False
    how: How = "new"


@dataclass(frozen=True, slots=True)
class Storm:
    """A storm that rages. `release`, `infrastructure`: what its members share; `members`: the first 500 issue ids.

    `evidence` says in words why it was called one; `recent`: when its latest members began.
    """

    began_at: datetime
    evidence: str
    members: tuple[str, ...]
    count: int
    release: str | None = None
    infrastructure: bool = False
    recent: tuple[datetime, ...] = ()

    def takes(self, one: Beginning) -> bool:
        """Whether a beginning is of its kind; where nothing is shared everything is."""
        if self.release is None and not self.infrastructure:
            return True
        return (self.release is not None and one.release == self.release) or (
            self.infrastructure and one.infrastructure
        )


@dataclass(frozen=True, slots=True)
class Young:
    """A release and when its first issue showed. `count`: of issues in its first hour; `learned`: hour is over."""

    version: str
    first_at: datetime
    count: int = 1
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """All that is remembered of one project; at most some 50 KB as JSON. `at`: the latest time heard of.

    `counted`: beginnings of the hour of that time; `recent`: those of the last hour, at most 200.
    """

    usual: Usual = field(default_factory=Usual)
    at: datetime | None = None
    counted: int = 0
    recent: tuple[Beginning, ...] = ()
    releases: tuple[Young, ...] = ()
    storm: Storm | None = None


@dataclass(frozen=True, slots=True)
class StormBegan:
    """A storm is on, with all that is known of it."""

    storm: Storm


@dataclass(frozen=True, slots=True)
class StormGrew:
    """An issue belongs to the storm."""

    storm: Storm
    issue: str


@dataclass(frozen=True, slots=True)
class StormEnded:
    """The storm is over; `why` in words."""

    storm: Storm
    why: str


StormEvent = StormBegan | StormGrew | StormEnded


def fold(watch: Watch, one: Beginning, now: datetime) -> tuple[Watch, tuple[StormEvent, ...]]:
    """Take in a beginning, and what comes of it. What is heard of again changes nothing.

    What is more than an hour older than the latest beginning is passed over: either it was heard of, or it is too late.
    """
    if watch.at is not None and watch.at - one.at >= WINDOWS[-1]:
        return watch, ()
    watch, told = tick(watch, one.at)
    if any(one.issue == known.issue for known in watch.recent):
        return watch, told
    watch = _counted(watch, one)
    if now - one.at > STALE:
        return watch, told
    if watch.storm is not None:
        storm = watch.storm
        if not storm.takes(one) or one.issue in storm.members:
            return watch, told
        grown = _with(storm, one)
        return replace(watch, storm=grown), (*told, StormGrew(grown, one.issue))
    found = _storm(watch, one.at)
    return (replace(watch, storm=found), (*told, StormBegan(found))) if found else (watch, told)


def tick(watch: Watch, now: datetime) -> tuple[Watch, tuple[StormEvent, ...]]:
    """Let time pass: hours are learned, and a storm may end. Time never runs backwards here."""
    now = max(now, watch.at or now)
    watch = _hours(watch, now)
    keep = tuple(known for known in watch.recent if now - known.at < WINDOWS[-1])
    watch = _grown_up(replace(watch, recent=keep), now)
    storm = watch.storm
    if storm is None or (why := _over(watch, storm, now)) is None:
        return watch, ()
    left = tuple(known for known in watch.recent if not storm.takes(known))
    return replace(watch, storm=None, recent=left), (StormEnded(storm, why),)


# ---------------------------------------------------------------- remembering


def _hours(watch: Watch, now: datetime) -> Watch:
    known = hour_of(watch.at or now)
    if hour_of(now) == known:
        return replace(watch, at=now)
    usual, counted = watch.usual, watch.counted
    for passed in range(known, min(hour_of(now), known + GAP_HOURS)):
        usual, counted = usual.after_hour(passed, counted), 0
    return replace(watch, usual=usual, at=now, counted=0)


def _counted(watch: Watch, one: Beginning) -> Watch:
    return replace(
        watch,
        usual=watch.usual.after_one(infrastructure=one.infrastructure) if watch.storm is None else watch.usual,
        counted=watch.counted + 1,
        recent=(*watch.recent, one)[-KEPT_RECENT:],
        releases=_seen(watch.releases, one),
    )


def _seen(known: tuple[Young, ...], one: Beginning) -> tuple[Young, ...]:
    if one.release is None:
        return known
    if all(young.version != one.release for young in known):
        return (*known, Young(one.release, one.at))[-KEPT_RELEASES:]
    return tuple(
        replace(young, count=young.count + 1) if young.version == one.release and not young.learned else young
        for young in known
    )


def _grown_up(watch: Watch, now: datetime) -> Watch:
    """Learn what releases brought whose first hour is over."""
    usual, releases = watch.usual, list(watch.releases)
    for n, young in enumerate(releases):
        if not young.learned and now - young.first_at >= FIRST_HOUR:
            usual, releases[n] = usual.after_release(hour_of(young.first_at), young.count), replace(young, learned=True)
    return replace(watch, usual=usual, releases=tuple(releases))


# ---------------------------------------------------------------- judging


def _storm(watch: Watch, now: datetime) -> Storm | None:
    """The storm of the least likely window, if there is one."""
    looked = [found for window in WINDOWS if (found := _in_window(watch, window, now))]
    return min(looked, key=lambda found: found[0])[1] if looked else None


def _in_window(watch: Watch, window: timedelta, now: datetime) -> tuple[float, Storm] | None:
    inside = [known for known in watch.recent if now - known.at < window]
    if len(inside) < LEAST:
        return None
    expected = watch.usual.within(hour_of(now), window / timedelta(hours=1))
    for share in _young(watch, window, now):
        expected = expected.plus(watch.usual.burst(share))
    infra = [known for known in inside if known.infrastructure]
    chances = [expected.chance_of(len(inside))]
    if len(infra) >= LEAST:
        chances.append(watch.usual.infra_within(hour_of(now), window / timedelta(hours=1)).chance_of(len(infra)))
    chance = min(chances)
    return (chance, _called(watch, inside, now)) if chance < BUDGET / watch.usual.looks() else None


def _young(watch: Watch, window: timedelta, now: datetime) -> Iterator[float]:
    """Of each release that is in its first hour, how much of what it brings lies in the window: most comes early."""
    for young in watch.releases:
        age = now - young.first_at
        if age < FIRST_HOUR:
            yield _arrived(age) - _arrived(max(age - window, timedelta()))


def _arrived(age: timedelta) -> float:
    return math.sqrt(min(max(age / FIRST_HOUR, 0.0), 1.0))


def _called(watch: Watch, inside: list[Beginning], now: datetime) -> Storm:
    # A release that has been out for long is shared by nearly all: it tells no member from a stranger.
    fresh = {young.version for young in watch.releases if now - young.first_at < FRESH}
    versions = Counter(known.release for known in inside if known.release in fresh)
    release, sharing = next(iter(versions.most_common(1)), (None, 0))
    infra = sum(known.infrastructure for known in inside)
    shares, broken = sharing >= SHARED * len(inside), infra >= SHARED * len(inside)
    span = max(1, round((now - inside[0].at) / timedelta(minutes=1)))
    said = f"{len(inside)} issues began within {span} min, usual is {_figure(watch.usual.rate(hour_of(now)))} an hour"
    said += f"; {sharing} share release {release}" if shares else ""
    said += f"; {infra} are failures of infrastructure" if broken else ""
    storm = Storm(inside[0].at, said, (), 0, release if shares else None, broken)
    members = [known for known in inside if storm.takes(known)]
    return replace(
        storm,
        members=tuple(known.issue for known in members),
        count=len(members),
        recent=tuple(known.at for known in members),
    )


def _with(storm: Storm, one: Beginning) -> Storm:
    return replace(
        storm,
        members=(*storm.members, one.issue)[:KEPT_MEMBERS],
        count=storm.count + 1,
        recent=(*(at for at in storm.recent if one.at - at < QUIET), one.at)[-KEPT_RECENT:],
    )


def _over(watch: Watch, storm: Storm, now: datetime) -> str | None:
    """Why a storm is over; None while it rages."""
    if now - storm.began_at > LONGEST:
        return "it has lasted for a day: it is no storm but how things are now"
    recent = sum(now - at < QUIET for at in storm.recent)
    if now - max(storm.recent, default=storm.began_at) < QUIET / 3:
        return None
    if watch.usual.within(hour_of(now), QUIET / timedelta(hours=1)).chance_of(recent) <= CALM:
        return None
    return f"{recent} more issues of its kind in the last {QUIET // timedelta(minutes=1)} min, which is usual"


def _figure(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"  # noqa: PLR2004 - two figures say enough
