"""What can be seen of an installation without its database: settings, mapping, services, channels, broker, disk."""

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from worker.cli.doctor_lines import Line, Look, fine, note, wrong
from worker.cli.screen import without_password
from worker.ends.answers import NO_SENSE
from worker.ends.far_clock import clock_ahead_s
from worker.ends.notify import Reachable
from worker.ends.windows import REDIS, ping
from worker.errors import BugferryError, UserFault
from worker.mapping.book import MappingBook
from worker.mapping.channels import Channel
from worker.mapping.online import Finding, Level, read_places
from worker.settings import Settings, access_of, refuse_half_set
from worker.wiring.channels import open_channel
from worker.wiring.ground import utc_now
from worker.wiring.online import Question, questions

CLOCK_S = 5.0
"""So far may a service's clock be from ours without a word; its answers tell it in whole seconds."""

CLOCK_WRONG_S = 60.0
"""Beyond this what was made by whom, and who moved last, is judged wrongly."""

ROOM_BYTES = 1 << 30
LEAST_BYTES = 200 << 20
"""Below the first a disk is worth a word, below the second it is a matter of days."""


def look_at_settings(settings: Settings) -> Iterator[Line]:
    """Whether a start would be refused, and who else can read the secrets."""
    try:
        refuse_half_set(settings)
    except UserFault as fault:
        yield wrong("settings", str(fault), "")
    else:
        if settings.practice:
            yield fine("settings", "practice: nothing real is looked at")
        elif settings.configured:
            yield fine("settings", f"complete, for the organisation {settings.sentry_org}")
        else:
            todo = "Fill in `.env`, or set them in the environment: see docs/going-live.md."
            yield note("settings", "no credentials are set: `bugferry run` is practice", todo)
    file = Path(".env")
    if settings.configured and file.exists() and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        yield note("settings", f"others on this host can read {file}, which holds secrets", f"chmod 600 {file}")


def look_at_disk(settings: Settings) -> Iterator[Line]:
    """Whether there is room in the data folder and we may write there."""
    folder = settings.data_dir.resolve()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield wrong("data folder", f"{there} cannot be written", "Give us the right, or set BUGFERRY_DATA_DIR.")
        return
    free = shutil.disk_usage(there).free
    said = f"{folder}, {free / (1 << 30):.1f} GiB are free"
    if free < LEAST_BYTES:
        yield wrong("data folder", said, "Make room: when it is full, nothing is accepted any more.")
    elif free < ROOM_BYTES:
        yield note("data folder", said, "Make room soon.")
    else:
        yield fine("data folder", said)


def look_at_broker(settings: Settings) -> Iterator[Line]:
    """Whether Redis answers."""
    url = settings.redis_url
    if url is None:
        yield fine("broker", "none is set: `bugferry run` starts a Redis of its own")
        return
    if "://" not in url:  # not repeated: it may be a password
        said = "BUGFERRY_REDIS_URL is no address"
        yield wrong("broker", said, "Write redis://host:6379/0, or unset it: see docs/settings.md.")
        return
    shown = without_password(url)
    if urlsplit(url).scheme not in REDIS:
        yield note("broker", f"{shown} is no Redis, so it was not asked; budgets are counted by each process alone")
        return
    try:
        ping(url)
    except (RedisError, ValueError, OSError) as error:
        said = f"{shown} does not answer: {without_password(str(error))}"
        yield wrong("broker", said, "Start it, or correct BUGFERRY_REDIS_URL; until then each worker works by itself.")
    else:
        yield fine("broker", f"{shown} answers")


# ---------------------------------------------------------------- the services


def looks_at_services(settings: Settings, book: MappingBook) -> list[Look]:
    """One for Sentry and one for each tracker: what `check --online` asks, and what time it is there."""
    places = read_places(settings.mapping_paths)
    return [
        Look(one.whom, lambda one=one: _service(settings, book, one))  # type: ignore[misc] # bound per turn
        for one in questions(settings, book, places)
    ]


def _service(settings: Settings, book: MappingBook, question: Question) -> Iterator[Line]:
    findings = tuple(question.ask())
    problems = [one for one in findings if one.level is Level.PROBLEM]
    notes = len(findings) - len(problems)
    place = _place(settings, book, question.service)
    apart_s = clock_ahead_s(place.url, settings.call_timeout_s, utc_now) if place else None
    for problem in problems:
        yield wrong(question.whom, _said(problem), _todo(place, problem, answers=apart_s is not None))
    if not problems:
        more = f"; {notes} note{'s' if notes > 1 else ''}, see `bugferry check --online`" if notes else ""
        when = "" if apart_s is None else f"; its clock and ours are {abs(apart_s):.0f} s apart"
        yield fine(question.whom, f"it answers, and takes the mapping{when}{more}")
    if apart_s is not None and abs(apart_s) > CLOCK_S:
        ours = "behind" if apart_s > 0 else "ahead of"
        told = wrong if abs(apart_s) > CLOCK_WRONG_S else note
        said = f"our clock is {abs(apart_s):.0f} s {ours} its"
        yield told(question.whom, said, "Let this host follow a time server: who moved last is judged by it.")


def _said(problem: Finding) -> str:
    return f"{problem.spot}: {problem.message}" if problem.spot else problem.message


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a service is, and the settings that may say so."""

    url: str
    settings: str


def _place(settings: Settings, book: MappingBook, service: str) -> _Place | None:
    """None for a tracker without credentials, of which the finding tells."""
    spec = book.trackers.get(service)
    if spec is None:
        return _Place(settings.sentry_url, "BUGFERRY_SENTRY_URL")
    try:
        url = access_of(settings, spec.name, spec.kind, spec.edition).url
    except UserFault:
        return None
    own = re.sub(r"\W", "_", spec.name).upper()
    return _Place(url, f"BUGFERRY_{spec.kind.value.upper()}_URL or, if set, BUGFERRY_TRACKER_{own}_URL")


def _todo(place: _Place | None, problem: Finding, *, answers: bool) -> str:
    """What else may be wrong where nobody is there who understands us: the address."""
    if place is None or (answers and NO_SENSE not in problem.message):
        return ""
    return f"See that {place.settings} is right ({without_password(place.url)}) and can be reached from this host."


# ---------------------------------------------------------------- the channels


def looks_at_channels(settings: Settings, book: MappingBook) -> list[Look]:
    """One for each channel of the mapping."""
    return [
        Look(f"channel {one.name}", lambda one=one: _channel(settings, one))  # type: ignore[misc] # bound per turn
        for one in book.channels.values()
    ]


def _channel(settings: Settings, channel: Channel) -> Iterable[Line]:
    what = f"channel {channel.name}"
    try:
        notifier = open_channel(settings, channel, utc_now)
        if not isinstance(notifier, Reachable):
            return [fine(what, f"{channel.kind}: its settings are there; only a message would show more")]
        notifier.reach()
    except BugferryError as error:
        return [wrong(what, f"{channel.kind}: {error}", "What it should have said waits, and is said later.")]
    return [fine(what, f"{channel.kind}: it answers and takes our account; nothing was said")]
