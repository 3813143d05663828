"""What every clue about fault looks at: the words, types and frames of one event, and the words of a verdict."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from worker.event import Event, Frame, Thrown
from worker.model import Issue
from worker.triage import cause_facts as facts
from worker.triage import foreign_words as foreign
from worker.triage import noise_words as noise
from worker.triage import outage_words as outage
from worker.triage.cause_kinds import FAULTS, OUTAGE, OWN_CLOUD, PROGRAMMING, REFUSED, STARVED
from worker.triage.mistake_words import FAULT_OF_OURS, UNREADABLE
from worker.triage.place import Place, place_of
from worker.triage.trail import Trail, trail_of

TEXT_LIMIT = 4000
FRESH = timedelta(days=21)


class Cause(StrEnum):
    """What a team should do with an issue: fix it, restart it, complain about it, or leave it."""

    CODE_BUG = "code_bug"
    INFRASTRUCTURE = "infrastructure"
    THIRD_PARTY = "third_party"
    NOISE = "noise"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Clue:
    """One reason: what it speaks for and how strongly. `faint`: many users refute it."""

    cause: Cause
    weight: float
    reason: str
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cause, how strongly it leads (weight), the leading cause even where unsure, and the reasons."""

    cause: Cause
    leading: Cause
    margin: float
    clues: tuple[Clue, ...]


@dataclass(frozen=True)
class Scene:
    """What every clue looks at. Not slotted: what several clues ask for is found once."""

    issue: Issue
    event: Event
    told: str
    """Types and values of what was thrown, the cause first, as they are spelled."""
    text: str
    """The same in lower case: what every table of words is matched with."""
    kinds: Mapping[str, str]
    """Types of what was thrown without their modules, in lower case: as they are spelled."""
    frames: tuple[Frame, ...]
    """Of what surfaced, the newest first."""
    place: Place
    trail: Trail
    """What breadcrumbs and contexts tell."""
    aftermath: bool
    """What surfaced is only what came of trouble that was thrown before."""

    mistaken_first: bool
    """What was thrown first, in frames of ours, is a mistake in code: what surfaced only passed it on."""

    @property
    def browser(self) -> bool:
        """Whether it happened in a browser."""
        return self.event.platform == "javascript"

    @cached_property
    def phone(self) -> bool:
        """Whether it happened in an app on somebody's phone."""
        if self.event.platform in facts.PHONE_PLATFORMS:
            return True
        android = any(facts.ANDROID.search(f"{frame.module or ''}") for frame in self.frames)
        return android or (self.event.platform in facts.APP_PLATFORMS and self._of_app)

    @property
    def _of_app(self) -> bool:
        """Whether release or tags are those of an app: a bundle with its build number, a handset's system."""
        system = self.event.tags.get("os.name") or self.event.tags.get("os", "").partition(" ")[0]
        return system.lower() in facts.HANDSETS or facts.APP_RELEASE.match(self.event.release or "") is not None

    @property
    def captured(self) -> bool:
        """Whether the stack is of the place that reported an error value: there the newest frame proves nothing."""
        return self.event.platform in facts.ERROR_VALUES and PANIC.isdisjoint(self.kinds)

    @property
    def fresh(self) -> bool:
        """Whether it began with the release in which it is still seen."""
        first, last = self.issue.first_seen, self.issue.last_seen
        began = self.issue.first_release is not None and self.issue.first_release == self.event.release
        return began and first is not None and last is not None and last - first <= FRESH

    @property
    def lasting(self) -> bool:
        """Whether it outlived the release in which it began."""
        first, now = self.issue.first_release, self.event.release
        return first is not None and now is not None and first != now

    @cached_property
    def programming(self) -> str | None:
        """The type, as it is spelled, that only a mistake in code raises; None: no such."""
        return self.kind_of(PROGRAMMING)

    @cached_property
    def trouble(self) -> bool:
        """Whether a service or a machine failed, by type or by words."""
        kinds = not self.kinds.keys().isdisjoint(OUTAGE | STARVED)
        return kinds or bool(outage.DOWN.search(self.text) or outage.STARVED.search(self.text))

    @cached_property
    def relayed(self) -> str | None:
        """The type of a fault that another program told of itself in its own words; None: no such.

        Our own service throws such types, too, but then our frame is the newest; PHP's client leaves no frame.
        """
        kind = self.kind_of(FAULTS)
        thrown_by_us = self.place.ours_first and self.event.platform != "php"
        return None if thrown_by_us or FAULT_OF_OURS.search(self.text) else kind

    @cached_property
    def own_cloud(self) -> bool:
        """Whether a cloud's client says that our own account has no credentials there, or too little capacity."""
        if self.phone or self.browser:
            return False
        said = bool(self.place.client and outage.OWN_CLOUD.search(self.text))
        return said or self.kind_of(OWN_CLOUD) is not None

    @cached_property
    def partner_down(self) -> str | None:
        """What says, in the message or in tags for codes, that a store, a bank or an office is out of order."""
        if self.place.driver or self.programming:
            return None
        if found := outage.PARTNER_DOWN.search(self.text):
            return self.said(found)
        codes = " ".join(
            value for tag, value in self.event.tags.items() if tag.lower().endswith(("code", "error", "type"))
        )
        found = outage.PARTNER_DOWN.search(codes.lower())
        return found.group() if found else None

    @property
    def of_add_on(self) -> bool:
        """Whether the page itself is an add-on's: then the project is that add-on."""
        return self.browser and facts.ADD_ON_PAGE.match(self.event.request.url or "") is not None

    def kind_of(self, family: frozenset[str]) -> str | None:
        """The first type of a family, as it is spelled."""
        return next((spelled for kind, spelled in sorted(self.kinds.items()) if kind in family), None)

    def said(self, found: re.Match[str]) -> str:
        """Words as the event spells them, found in its text in lower case."""
        same = len(self.told) == len(self.text)
        return " ".join((self.told[found.start() : found.end()] if same else found.group()).split())[:80]


PANIC = frozenset({"panic", "boundserror", "plainerror", "typeassertionerror"})
"""What Go and Rust do not report but die of: there the stack is of the mistake."""
_SQL = "\n[SQL:"
"""SQLAlchemy prints the statement and its values after a message: they say nothing of fault."""
_INNER = re.compile(
    r"^\((?:[\w.]+\.)?(\w{4,60})\)|(?:nested exception is|caused by:?) (?:[\w.$]+[.$])?(\w{4,60})"
    r"|^An error occurred \((?:\w+\.)*(\w{4,60})\)"
)
_NOT_IN_KIND = re.compile(r"[(<\s].*", re.DOTALL)
_JOINTS = re.compile(r"[.:\\$/]+")


def scene_of(issue: Issue, event: Event) -> Scene:
    """Read an event once for all clues."""
    thrown = event.exceptions
    told = "\n".join(_told(thrown, event, issue))[:TEXT_LIMIT]
    last = next((one.frames for one in reversed(thrown) if one.frames), ())
    trail = trail_of(event)
    return Scene(
        issue=issue,
        event=event,
        told=told,
        text=told.lower(),
        kinds=_kinds(thrown),
        frames=tuple(reversed(last)),
        place=place_of(event, last, told.lower(), asked=_asked(trail, told.lower())),
        trail=trail,
        aftermath=_aftermath(thrown),
        mistaken_first=_mistaken_first(thrown),
    )


def _asked(trail: Trail, text: str) -> str | None:
    """The address of the request that had just failed, where the text speaks of one and names none itself."""
    if trail.failed is None or trail.failed.host is None or facts.HOST_IN_TEXT.search(text):
        return None
    about = (*outage.TROUBLE, outage.STATUS, outage.SICK, noise.OFFLINE, foreign.OFFLINE, UNREADABLE)
    return f"https://{trail.failed.host}/" if any(table.search(text) for table in about) else None


def _told(thrown: Iterable[Thrown], event: Event, issue: Issue) -> list[str]:
    told = [_one(one) for one in thrown]
    said = event.message or ""
    if said and not any(said in one for one in told):
        told.append(said)
    return told or [issue.title]


def _one(thrown: Thrown) -> str:
    return f"{thrown.type or ''}: {(thrown.value or '').partition(_SQL)[0]}"


def _kinds(thrown: Iterable[Thrown]) -> Mapping[str, str]:
    names = [name for one in thrown for name in (_kind(one.type or ""), *_inner(one.value or ""))]
    return {name.lower(): name for name in names if name}


def _kind(name: str) -> str:
    parts = [part for part in _JOINTS.split(_NOT_IN_KIND.sub("", name)) if part]
    return parts[-1].strip("*_&") if parts else ""


def _inner(value: str) -> list[str]:
    """Types that a wrapper names in its message: a driver's (SQLAlchemy), a cause's (Java), an answer's (AWS)."""
    return [found[1] or found[2] or found[3] for found in _INNER.finditer(value[:1000])]


def _mistaken_first(thrown: tuple[Thrown, ...]) -> bool:
    if len(thrown) <= 1 or _kind(thrown[0].type or "").lower() not in PROGRAMMING:
        return False
    return bool(thrown[0].frames and thrown[0].frames[-1].in_app)


def _aftermath(thrown: tuple[Thrown, ...]) -> bool:
    """Whether the innermost of a chain is trouble with a service or a machine, and no mistake itself."""
    if len(thrown) <= 1:
        return False
    text, kind = _one(thrown[0]).lower(), _kind(thrown[0].type or "").lower()
    if kind in PROGRAMMING or kind in REFUSED:
        return False
    return kind in OUTAGE | STARVED or any(table.search(text) for table in outage.TROUBLE)
