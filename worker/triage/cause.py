"""Whose fault an issue is, with every reason that was weighed: ours, the infrastructure's, a vendor's, or nobody's.

Noise lowers priority and keeps quiet; it never drops an issue. What only makes noise likely (one user, a crawler, an
old browser) counts for nothing as soon as more than three users are hit.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

import crawleruseragents  # type: ignore[import-untyped]  # the package ships no types

from worker.model import Event, Frame, Issue
from worker.triage import cause_facts as facts
from worker.triage.place import Place, place_of

FEW_USERS = 3
"""More users than this, and an issue is noise only where its text or frames prove it."""
MARGIN = 0.8
"""Weight by which the leading cause must lead; below it the answer is unsure."""
MANY_USERS = 50
BURST = timedelta(hours=6)
BURST_COUNT = 100


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


@dataclass(frozen=True, slots=True)
class Scene:
    """What every clue looks at."""

    issue: Issue
    event: Event
    text: str
    kinds: Mapping[str, str]
    """Types of what was thrown without their modules, in lower case: as they are spelled."""
    frames: tuple[Frame, ...]
    place: Place

    @property
    def browser(self) -> bool:
        """Whether it happened in a browser."""
        return self.event.platform == "javascript"

    @property
    def phone(self) -> bool:
        """Whether it happened in an app on somebody's phone."""
        android = any(facts.ANDROID.search(f"{frame.module or ''}") for frame in self.frames)
        return self.event.platform in facts.PHONE_PLATFORMS or android


def heard(verdict: Verdict) -> Verdict:
    """What is left of a verdict once a person said that the issue is no noise."""
    if Cause.NOISE not in {verdict.cause, verdict.leading}:
        return verdict
    word = Clue(Cause.UNSURE, 0.0, "a person says that it is no noise")
    return Verdict(Cause.UNSURE, Cause.UNSURE, verdict.margin, (word, *verdict.clues))


def judge(issue: Issue, event: Event) -> Verdict:
    """Weigh every clue. Ties go to the code: a bug shown costs less than a bug hidden."""
    scene = _scene(issue, event)
    clues = tuple(clue for look in LOOKS for clue in look(scene) if issue.user_count <= FEW_USERS or not clue.faint)
    weights = {cause: sum(clue.weight for clue in clues if clue.cause is cause) for cause in _ORDER}
    first, second = sorted(_ORDER, key=lambda cause: -weights[cause])[:2]
    margin = weights[first] - weights[second]
    ordered = tuple(sorted(clues, key=lambda clue: (clue.cause is not first, -clue.weight)))
    return Verdict(first if margin >= MARGIN else Cause.UNSURE, first, margin, ordered)


_UNDEFINED = re.compile(rf"(?:{facts.VENDOR_NAMES.pattern})\S* is (?:not defined|undefined|null)", re.IGNORECASE)
"""A vendor's script that was not loaded."""
_ORDER = (Cause.CODE_BUG, Cause.INFRASTRUCTURE, Cause.THIRD_PARTY, Cause.NOISE)


def _scene(issue: Issue, event: Event) -> Scene:
    told = [f"{thrown.type or ''}: {thrown.value or ''}" for thrown in event.exceptions]
    last = next((thrown.frames for thrown in reversed(event.exceptions) if thrown.frames), ())
    return Scene(
        issue=issue,
        event=event,
        text="\n".join([*told, event.message or "", issue.title])[:4000],
        kinds={name.lower(): name for name in ((e.type or "").rsplit(".", 1)[-1] for e in event.exceptions)},
        frames=tuple(reversed(last)),
        place=place_of(event, last, "\n".join(told)),
    )


# ---------------------------------------------------------------- noise


def _add_ons(scene: Scene) -> Iterator[Clue]:
    top = next(
        (f for f in scene.frames if (f.abs_path or f.filename) not in {None, "<anonymous>", "[native code]"}), None
    )
    address = (top.abs_path or top.filename or "") if top else ""
    if facts.EXTENSION_ADDRESS.search(address):
        yield Clue(Cause.NOISE, 6, f"the newest frame is of a browser extension: {address[:80]}")
    if scene.browser and (found := facts.INJECTED.search(scene.text)):
        yield Clue(Cause.NOISE, 5, f"only injected scripts say {found.group()!r}")


def _benign(scene: Scene) -> Iterator[Clue]:
    if scene.browser and (found := facts.BENIGN.search(scene.text)):
        yield Clue(Cause.NOISE, 5, f"browsers say {found.group()!r} of what the user did")
    if not scene.browser and (found := facts.CLIENT_GONE.search(scene.text)):
        weight = 1.0 if scene.place.ours_first else 4.0
        yield Clue(Cause.NOISE, weight, f"the client went away: {found.group()}")
    top = scene.frames[0] if scene.frames else Frame()
    if not scene.browser and not scene.place.ours and facts.CANCELLED.search(scene.text):
        yield Clue(Cause.NOISE, 3, "cancelled outside of our code: nobody waited for it any more")
    server = not scene.browser and facts.SERVER_FRAME.search(f"{top.module} {top.filename}")
    if server and facts.WIRE.search(scene.text):
        yield Clue(Cause.NOISE, 6, "a visitor's connection broke, in the server's own frames")
    if scene.browser and facts.STORAGE.search(scene.text):
        yield Clue(Cause.NOISE, 4, "the browser's storage is full or closed, as in private mode", faint=True)
    if scene.phone and (found := facts.NO_NETWORK.search(scene.text)):
        yield Clue(Cause.NOISE, 5, f"the phone had no network: {found.group()[:60]}")
    if scene.browser and facts.OFFLINE.search(scene.text):
        beacon = any(facts.BEACON.search(f"{f.filename} {f.function}") for f in scene.frames[:2])
        if beacon:
            yield Clue(Cause.NOISE, 5, "a tracker was blocked")
        else:
            many = scene.issue.user_count >= MANY_USERS
            yield Clue(Cause.NOISE, 1.0 if many else 2.5, "the user's network failed")
            yield Clue(Cause.INFRASTRUCTURE, 3.0 if many else 1.0, "or our servers did not answer")


def _visitors(scene: Scene) -> Iterator[Clue]:
    agent = scene.event.request.user_agent or ""
    if agent and is_crawler(agent):
        yield Clue(Cause.NOISE, 4.5, f"seen by a crawler: {agent[-60:]}", faint=True)
    elif facts.SCRIPTED.search(agent):
        yield Clue(Cause.NOISE, 2.5, f"seen by a script: {agent[:40]}", faint=True)
    if found := facts.PROBE.search(f"{scene.text} {scene.event.request.url or ''}"):
        yield Clue(Cause.NOISE, 4, f"looks like a scanner's probe: {found.group()}", faint=scene.place.ours_first)
    if facts.LEGACY.search(agent) and not is_crawler(agent):
        new = scene.browser and facts.UNSUPPORTED.search(scene.text)
        yield Clue(Cause.NOISE, 9 if new else 1.5, "a browser too old to be supported", faint=True)


def _few(scene: Scene) -> Iterator[Clue]:
    if scene.issue.user_count == 1 and scene.issue.count >= 10:  # noqa: PLR2004 -- ten times is a habit
        yield Clue(Cause.NOISE, 1.0, f"one user alone, {scene.issue.count} times", faint=True)
    if facts.LOCAL_PAGE.search(scene.event.request.url or ""):
        yield Clue(Cause.NOISE, 2.5, "a page on a developer's machine", faint=True)
    if facts.PRACTICE.search(scene.event.environment or ""):
        yield Clue(Cause.NOISE, 1.5, f"environment {scene.event.environment}", faint=True)
    if scene.browser and not scene.frames and scene.issue.user_count <= FEW_USERS:
        yield Clue(Cause.NOISE, 2.0, "a browser error without any frame", faint=True)
    if facts.CHUNK.search(scene.text) and not scene.place.vendor_first:
        yield Clue(Cause.NOISE, 1.5, "an open page outlived a deploy", faint=True)
        yield Clue(Cause.INFRASTRUCTURE, 3.5, "files of an older build are not served any more")
    if facts.HYDRATION.search(scene.text):
        yield Clue(Cause.NOISE, 1.0, "add-ons and translators change pages before they start", faint=True)


@lru_cache(maxsize=4096)
def is_crawler(agent: str) -> bool:
    """Whether a user agent is a crawler's, by the list of the package `crawler-user-agents`."""
    return bool(crawleruseragents.is_crawler(agent))


# ---------------------------------------------------------------- infrastructure and vendors


def _outage(scene: Scene) -> Iterator[Clue]:
    yield from _trouble(scene, facts.DOWN, 3.5, "a service did not answer")
    yield from _trouble(scene, facts.CERTIFICATE, 3.0, "a certificate is not accepted")
    yield from _trouble(scene, facts.SLOW, 3.0, "a service was too slow")
    yield from _trouble(scene, facts.UNCONNECTED, 1.5, "a connection failed")
    if found := facts.STARVED.search(scene.text):
        yield Clue(Cause.INFRASTRUCTURE, 4.5, f"a machine ran out: {found.group()}")
    if frozen := facts.FROZEN.search(scene.text):
        yield Clue(Cause.CODE_BUG, 6, f"our main thread was busy for too long: {frozen.group()}")
    if short := facts.SHORT_TIMEOUT.search(scene.text):
        yield Clue(Cause.CODE_BUG, 8, f"nobody but our code waits so briefly: {short.group()}")


def _trouble(scene: Scene, pattern: re.Pattern[str], weight: float, what: str) -> Iterator[Clue]:
    """Trouble reaching a service is the vendor's where the service is, else the infrastructure's."""
    found = pattern.search(scene.text)
    if found is None:
        return
    if scene.place.outside:
        yield Clue(Cause.THIRD_PARTY, weight, f"{what} ({found.group()}): {scene.place.outside} is not ours")
    else:
        yield Clue(Cause.INFRASTRUCTURE, weight, f"{what}: {found.group()}")


def _vendors(scene: Scene) -> Iterator[Clue]:
    if scene.place.vendor_first:
        yield Clue(Cause.THIRD_PARTY, 5, f"the newest frame is a vendor's: {scene.place.vendor_first}")
    if scene.place.client:
        yield Clue(Cause.THIRD_PARTY, 2.5, f"raised in the client of {scene.place.client}")
    if found := facts.VENDOR_NAMES.search(scene.text):
        missing = scene.browser and _UNDEFINED.search(scene.text)
        yield Clue(Cause.THIRD_PARTY, 5.5 if missing else 2.0, f"the message names {found.group()}")
    if scene.place.outside and not facts.OUR_MISTAKE.search(scene.text):
        yield Clue(Cause.THIRD_PARTY, 1.0, f"it was about {scene.place.outside}")


def _burst(scene: Scene) -> Iterator[Clue]:
    first, last = scene.issue.first_seen, scene.issue.last_seen
    if first and last and last - first <= BURST and scene.issue.count >= BURST_COUNT:
        yield Clue(Cause.INFRASTRUCTURE, 0.5, f"{scene.issue.count} events in {last - first}")


# ---------------------------------------------------------------- code


def _mistakes(scene: Scene) -> Iterator[Clue]:
    if scene.browser and facts.OFFLINE.search(scene.text):
        return  # browsers raise a TypeError when the network fails
    kind = next((one for one in sorted(scene.kinds) if one in facts.PROGRAMMING_TYPES), None)
    down = facts.DOWN.search(scene.text) or facts.STARVED.search(scene.text)
    theirs = scene.place.client and facts.UNREADABLE.search(scene.text)
    if kind and scene.place.ours and not theirs:
        yield Clue(Cause.CODE_BUG, 0.8 if down else 2.5, f"{scene.kinds[kind]} in our own frames")
    elif kind and not scene.place.vendor_first and not theirs:
        yield Clue(Cause.CODE_BUG, 1.5, f"{scene.kinds[kind]} is a programmer's error")
    if found := facts.OUR_MISTAKE.search(scene.text):
        weight = 4.0 if scene.place.ours and not theirs else 2.0
        yield Clue(Cause.CODE_BUG, weight, f"code or schema does wrong: {found.group()[:60]}")


def _own_frames(scene: Scene) -> Iterator[Clue]:
    if scene.place.ours_first:
        yield Clue(Cause.CODE_BUG, 1.5, "the newest frame is our own")
    elif scene.place.ours:
        yield Clue(Cause.CODE_BUG, 0.7, "frames of our own")
    if scene.issue.user_count >= MANY_USERS and scene.place.ours:
        yield Clue(Cause.CODE_BUG, 0.5, f"{scene.issue.user_count} users")
    if not scene.browser and not scene.place.ours and not scene.kinds:
        yield Clue(Cause.CODE_BUG, 0.5, "a message that our code sent")


LOOKS: tuple[Callable[[Scene], Iterator[Clue]], ...] = (
    _add_ons, _benign, _visitors, _few, _outage, _vendors, _burst, _mistakes, _own_frames,
)  # fmt: skip
