"""What is worth saying to whom: pure decisions about notes, bundles, quiet hours and caps.

A note is one thing that happened to one case (or to our own work). Notes are held until they are released: new bugs of
one release together once no more come, everything else at the next round, nothing in quiet hours, and what the hourly
cap leaves over in one digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

GATHER_AT_MOST = timedelta(minutes=5)
"""So long new bugs of one release are gathered, however many more are coming."""
LATER_BUGS = timedelta(minutes=15)
"""After a release's bugs were told, its further ones are gathered for so long."""
SAME_RELEASE = timedelta(days=1)
"""After so long without a word, a release's bugs are news again."""


class Says(StrEnum):
    """What a channel can be told of."""

    NEW = "new"
    REGRESSION = "regression"
    ESCALATION = "escalation"
    STORM = "storm"
    PARKED = "parked"
    SOURCE_MAPS = "source_maps"
    DIGEST = "digest"


IMPORTANCE = (Says.STORM, Says.REGRESSION, Says.ESCALATION, Says.NEW, Says.SOURCE_MAPS, Says.PARKED, Says.DIGEST)
"""What is said first when not everything can be."""

HEADLINES: Mapping[str, tuple[str, str]] = {
    Says.NEW: ("New bug", "{n} new bugs"),
    Says.REGRESSION: ("A fixed bug is back", "{n} fixed bugs are back"),
    Says.ESCALATION: ("A bug escalates", "{n} bugs escalate"),
    Says.STORM: ("Many things break together", "{n} storms"),
    Says.PARKED: ("Work waits for a person", "{n} pieces of work wait for a person"),
    Says.SOURCE_MAPS: ("Source maps are missing", "{n} releases lack source maps"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message, as plain text; `note` stands below it, `url` is where it leads."""

    text: str
    note: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when nobody is to be told anything; `end` before `start` means over midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def until(self, now: datetime) -> datetime | None:
        """When quiet ends if it is quiet now; None when it is not."""
        here = now.astimezone(self.zone)
        clock = here.time().replace(tzinfo=None)
        over_midnight = self.end <= self.start
        if not (self.start <= clock or clock < self.end if over_midnight else self.start <= clock < self.end):
            return None
        day = here.date() + timedelta(days=1 if over_midnight and clock >= self.start else 0)
        return datetime.combine(day, self.end, self.zone)


@dataclass(frozen=True, slots=True)
class Move:
    """An entry of history, as far as deciding needs it."""

    kind: str
    old: str | None
    new: str | None
    rule: str | None
    detail: Mapping[str, object]
    fresh: bool
    """It happened about when we heard of it; an import of the past is no news."""


def happened(moves: Sequence[Move]) -> Says | None:
    """What the latest entries about one case are worth saying; the most important thing, None for nothing.

    A new bug counts once its rule has decided: when it has its ticket, or when no rule takes it.
    """
    found = {said for move in moves if move.fresh and (said := _worth(move))}
    return next((kind for kind in IMPORTANCE if kind in found), None)


def _worth(move: Move) -> Says | None:
    match move.kind:
        case "umbrella.opened":
            return Says.SOURCE_MAPS if move.detail.get("kind") == "source_maps" else Says.STORM
        case "escalation.told":
            return Says.ESCALATION
        case "ticket.created":
            return Says.NEW
        case "ticket.declined" if move.rule is None:
            return Says.NEW
        case "issue.moved" if move.new == "open":
            return _BACK.get(str(move.detail.get("substatus")))
    return None


_BACK: Mapping[str, Says] = {"regressed": Says.REGRESSION, "escalating": Says.ESCALATION}
"""Sentry's own words for why it opened an issue again; when a person did, nobody needs to be told."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to say, held in the outbox. `bundle`: what it is told together with."""

    id: int
    kind: Says
    bundle: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a channel takes now. `told`: when a bundle was last told of; `calm`: no more of a bundle for so long."""

    now: datetime
    quiet: QuietHours | None
    left: int
    """Messages left in this hour."""
    calm: timedelta
    told: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Notes that become one message. `kind` None: of several kinds, held back by quiet hours or the cap."""

    notes: tuple[Note, ...]
    kind: Says | None
    name: str | None = None


def release(notes: Sequence[Note], pace: Pace) -> tuple[Bundle, ...]:
    """Which notes to tell now, and together with which; most important first."""
    if not notes or pace.left <= 0 or (pace.quiet and pace.quiet.until(pace.now)):
        return ()
    night = tuple(note for note in notes if pace.quiet and pace.quiet.until(note.created_at))
    woken = [_mixed(night)] if night else []
    ready = [*woken, *_ready([note for note in notes if note not in night], pace)]
    if len(ready) <= pace.left:
        return tuple(ready)
    kept = ready[: pace.left - 1]
    rest = tuple(note for bundle in ready[pace.left - 1 :] for note in bundle.notes)
    return (*kept, _mixed(rest))


def headline(bundle: Bundle) -> str:
    """The first words of its message."""
    count = len(bundle.notes)
    if bundle.kind is None:
        return f"{count} more, held back until now"
    one, many = HEADLINES[bundle.kind]
    said = one if count == 1 else many.format(n=count)
    return f"{said} in {bundle.name}" if bundle.name else said


def _ready(notes: Sequence[Note], pace: Pace) -> list[Bundle]:
    ordered = sorted(notes, key=lambda note: (IMPORTANCE.index(note.kind), note.bundle or "", note.id))
    ready = []
    for (kind, name), together in groupby(ordered, key=lambda note: (note.kind, note.bundle)):
        found = tuple(together)
        if kind is not Says.NEW or _gathered(found, name, pace):
            ready.append(Bundle(found, kind, name))
    return ready


def _gathered(notes: Sequence[Note], name: str | None, pace: Pace) -> bool:
    """Whether the new bugs of one release are told now: none has come for a while, or the first waited long enough."""
    if name is None:
        return True
    told = pace.told.get(name)
    if told is not None and pace.now - told < SAME_RELEASE:
        return pace.now - notes[0].created_at >= LATER_BUGS
    return pace.now - notes[-1].created_at >= pace.calm or pace.now - notes[0].created_at >= GATHER_AT_MOST


def _mixed(notes: Sequence[Note]) -> Bundle:
    """One message of what was held back; a single note says what it is."""
    ordered = tuple(sorted(notes, key=lambda note: (IMPORTANCE.index(note.kind), note.id)))
    return Bundle(ordered, None) if len(ordered) > 1 else Bundle(ordered, ordered[0].kind, ordered[0].bundle)
