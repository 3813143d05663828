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

from worker.triage.storm_usual import Usual, Young, hour_of

How = Literal["new", "regressed", "escalating"]

WINDOWS = tuple(timedelta(minutes=n) for n in (5, 10, 20, 40, 60))
"""Windows that are looked at, all of them ending with the beginning in hand."""
LEAST = 5
"""Fewer issues than this are never a storm."""
BUDGET = 0.09
"""False alarms that a project may have in a month by chance alone, shared by all the windows looked at in it."""
RELEASE_BUDGET, INFRA_BUDGET = 0.007, 0.04
"""The same for the issues of one new release, shared by the releases of a month; and for failing infrastructure."""
RELEASE_LEAST = 4
"""So many issues of one new release, in a window of `LEAST`, are judged by what releases usually bring."""
RELEASES_LEAST = 4.0
"""Releases a month that no project is taken to stay below."""
SHARED = 0.6
"""Which part of a storm must share a release or a failing infrastructure for that to be its trait."""
QUIET, QUIET_PART, QUIET_MOST = timedelta(minutes=30), 0.5, timedelta(hours=2)
"""A storm ends when a time has held no more of its kind than usual: this part of how long it raged, within limits."""
CALM = 0.05
LONGEST = timedelta(hours=24)
STALE = timedelta(hours=2)
"""What is heard of so late teaches what is usual and alarms nobody."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LINKED = timedelta(minutes=10)
"""What shares a storm's trait and began before its window belongs to it unless a gap is longer than this."""
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
    storm = watch.storm
    if storm is not None:
        if one.at < storm.began_at - LINKED or not storm.takes(one) or one.issue in storm.members:
            return watch, told
        grown = _with(storm, one)
        return replace(watch, storm=grown), (*told, StormGrew(grown, one.issue))
    if now - one.at > STALE:
        return watch, told
    latest = watch.at or one.at  # what is told late may be in the middle of what was told before
    found = _storm(watch, one.at) or (_storm(watch, latest) if latest > one.at else None)
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
        recent=tuple(sorted((*watch.recent, one), key=lambda known: known.at))[-KEPT_RECENT:],
        releases=_seen(watch.releases, one),
    )


def _seen(known: tuple[Young, ...], one: Beginning) -> tuple[Young, ...]:
    if one.release is None:
        return known
    if all(young.version != one.release for young in known):
        return (*known, Young(one.release, one.at))[-KEPT_RELEASES:]
    return tuple(young.later(one.at) if young.version == one.release else young for young in known)


def _grown_up(watch: Watch, now: datetime) -> Watch:
    """Learn what releases brought whose first hour is over."""
    usual, releases = watch.usual, list(watch.releases)
    for n, young in enumerate(releases):
        if not young.learned and now - young.first_at >= HOUR:
            usual, releases[n] = usual.after_release(young), replace(young, learned=True)
    return replace(watch, usual=usual, releases=tuple(releases))


# ---------------------------------------------------------------- judging


@dataclass(frozen=True, slots=True)
class _Suspicion:
    """A window that may be a storm. `beyond`: its chance in times of its limit; below one it is a storm.

    `release`, `infrastructure`: what it was judged by; `usually`: so many the release should have brought in it.
    """

    beyond: float
    inside: tuple[Beginning, ...]
    release: str | None = None
    infrastructure: bool = False
    usually: float = 0.0


def _storm(watch: Watch, now: datetime) -> Storm | None:
    """The storm of the least likely window, if there is one."""
    found = [one for window in WINDOWS for one in _suspicions(watch, window, now)]
    worst = min(found, key=lambda one: one.beyond, default=None)
    return _called(watch, worst, now) if worst and worst.beyond < 1 else None


def _suspicions(watch: Watch, window: timedelta, now: datetime) -> Iterator[_Suspicion]:
    """Judge a window by all that began in it, by what failing infrastructure made, and by each new release."""
    inside = tuple(known for known in watch.recent if timedelta() <= now - known.at < window)
    if len(inside) < LEAST:
        return
    usual, hour = watch.usual, hour_of(now)
    young = [one for one in watch.releases if timedelta() <= now - one.first_at < HOUR]
    expected = usual.within(hour, window / HOUR)
    for one in young:
        expected = expected.plus(usual.bringing(one, window, now))
    # That a release has a first issue says nothing of what else it brings.
    chance = expected.chance_of(len(inside) - sum(now - one.first_at < window for one in young))
    yield _Suspicion(chance * usual.looks() / BUDGET, inside)
    failed = sum(known.infrastructure for known in inside)
    if failed >= LEAST:
        chance = usual.infra_within(hour, window / HOUR).chance_of(failed)
        yield _Suspicion(chance * usual.infra_looks() / INFRA_BUDGET, inside, infrastructure=True)
    yield from (_of_release(watch, one, inside, window, now) for one in young)


def _of_release(
    watch: Watch, young: Young, inside: tuple[Beginning, ...], window: timedelta, now: datetime
) -> _Suspicion:
    """Judge what a window holds of a new release, with what begins in any hour: that is of it now."""
    count, lived = sum(known.release == young.version for known in inside), now - young.first_at
    if count < RELEASE_LEAST:
        return _Suspicion(math.inf, inside)
    by_chance = watch.usual.within(hour_of(now), min(window, lived) / HOUR)
    expected = watch.usual.bringing(young, window, now).plus(by_chance)
    chance = expected.chance_of(count - (lived < window))
    beyond = chance * _releases_a_month(watch, now) / RELEASE_BUDGET
    return _Suspicion(beyond, inside, release=young.version, usually=expected.mean)


def _releases_a_month(watch: Watch, now: datetime) -> float:
    months = (now - watch.releases[0].first_at) / timedelta(days=30)
    return max((len(watch.releases) + 1) / (months + 0.25), RELEASES_LEAST)


def _called(watch: Watch, found: _Suspicion, now: datetime) -> Storm:
    release, infrastructure, said = _shared(watch, found, now)
    storm = Storm(found.inside[0].at, said, (), 0, release, infrastructure)
    members = _members(watch, storm, found.inside)
    return replace(
        storm,
        began_at=members[0].at,
        members=tuple(known.issue for known in members),
        count=len(members),
        recent=tuple(known.at for known in members),
    )


def _shared(watch: Watch, found: _Suspicion, now: datetime) -> tuple[str | None, bool, str]:
    """What the issues share, a release and whether failing infrastructure, and all of it in words."""
    inside, usual = found.inside, watch.usual
    # A release that has been out for long is shared by nearly all: it tells no member from a stranger.
    fresh = {young.version for young in watch.releases if now - young.first_at < FRESH}
    versions = Counter(known.release for known in inside if known.release in fresh)
    most = next((version for version, count in versions.most_common(1) if count >= SHARED * len(inside)), None)
    release = found.release or most
    failed = sum(known.infrastructure for known in inside)
    broken = found.infrastructure or failed >= SHARED * len(inside)
    span = max(1, round((now - inside[0].at) / MINUTE))
    said = f"{len(inside)} issues began within {span} min, usual is {_figure(usual.rate(hour_of(now)))} an hour"
    said += f"; {versions[release]} share release {release}" if release else ""
    said += f", which after its first would usually bring {_figure(found.usually)}" if found.release else ""
    said += f"; {failed} are failures of infrastructure" if broken else ""
    return release, broken, said


def _members(watch: Watch, storm: Storm, inside: tuple[Beginning, ...]) -> list[Beginning]:
    """Who belongs to a storm that is called now: of its kind in the window, and before it as far as no gap is long."""
    members = [known for known in inside if storm.takes(known)]
    if storm.release is None and not storm.infrastructure:
        return members
    for known in reversed(watch.recent):
        if known.at < inside[0].at and storm.takes(known):
            if members[0].at - known.at > LINKED:
                break
            members.insert(0, known)
    return members


def _with(storm: Storm, one: Beginning) -> Storm:
    return replace(
        storm,
        members=(*storm.members, one.issue)[:KEPT_MEMBERS],
        count=storm.count + 1,
        recent=tuple(sorted((*(at for at in storm.recent if one.at - at < QUIET_MOST), one.at)))[-KEPT_RECENT:],
    )


def _over(watch: Watch, storm: Storm, now: datetime) -> str | None:
    """Why a storm is over; None while it rages."""
    if now - storm.began_at > LONGEST:
        return "it has lasted for a day: it is no storm but how things are now"
    latest = max(storm.recent, default=storm.began_at)
    quiet = min(max(QUIET, QUIET_PART * (latest - storm.began_at)), QUIET_MOST)
    if now - latest < quiet / 3:
        return None
    recent, usual = sum(now - at < quiet for at in storm.recent), watch.usual
    within = usual.infra_within if storm.infrastructure and storm.release is None else usual.within
    if within(hour_of(now), quiet / HOUR).chance_of(recent) <= CALM:
        return None
    return f"{recent} more issues of its kind in the last {quiet // MINUTE} min, which is usual"


def _figure(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"  # noqa: PLR2004 - two figures say enough
