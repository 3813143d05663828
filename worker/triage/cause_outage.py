"""Clues that a service or a machine of ours failed, or a vendor did: the same trouble, told apart by whose it is."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from worker.triage import cause_facts as facts
from worker.triage import outage_words as words
from worker.triage.cause_kinds import GENERIC, OUTAGE, REFUSED, STARVED
from worker.triage.cause_noise import KILLED, deed, hung_up, left, offline
from worker.triage.cause_scene import Cause, Clue, Scene
from worker.triage.mistake_words import OUR_MISTAKE
from worker.triage.mistake_words import REFUSED as REFUSED_WORDS

BURST = timedelta(hours=6)
BURST_COUNT = 100
LONG = timedelta(days=1)
_UNDEFINED = re.compile(rf"(?:{facts.VENDOR_NAMES.pattern})\S* is (?:not defined|undefined|null)")
"""A vendor's script that was not loaded."""
_UNSET_NAME = re.compile(r"^['\"]?[A-Z][A-Z0-9]*_[A-Z0-9_]+['\"]?$")
_ENVIRONMENT = frozenset({"os", "os.py"})


def _outage(scene: Scene) -> Iterator[Clue]:
    if (offline(scene) and _status(scene) is None) or left(scene):
        return  # a visitor's own network, as far as can be told
    told = [*_trouble(scene, words.DOWN, 3.5, "a service did not answer"),
            *_trouble(scene, words.CERTIFICATE, 3.0, "a certificate is not accepted"),
            *_trouble(scene, words.SLOW, 3.0, "a service was too slow")]  # fmt: skip
    yield from told
    if (found := _unresolved(scene)) is not None:
        yield Clue(Cause.INFRASTRUCTURE, 2.0, f"our own resolver does not answer: {scene.said(found)}")
    yield from _trouble(scene, words.UNCONNECTED, 1.5, "a connection failed")
    kind = scene.kind_of(OUTAGE)
    if kind and not scene.phone:
        yield from _blame(scene, 1.0 if told else 3.0, f"{kind} is raised where a service is not there")
    generic = scene.kind_of(GENERIC)
    if scene.place.driver and generic and not told and not _mistaken(scene):
        yield Clue(
            Cause.INFRASTRUCTURE, 2.5, f"{generic} in {scene.place.driver}, and nothing says that we asked wrongly"
        )
    if told and words.RETRY.search(scene.text):
        yield from _blame(scene, 0.5, "it is tried again: a passing trouble")


def _locked_out(scene: Scene) -> Iterator[Clue]:
    """A service knows us no more, or where our process runs it may not do its work."""
    if scene.place.driver and not scene.programming and (found := words.LOCKED_OUT.search(scene.text)):
        yield Clue(
            Cause.INFRASTRUCTURE, 3.5, f"{scene.place.driver} knows our credentials no more: {scene.said(found)}"
        )
    if found := words.FORBIDDEN.search(scene.text):
        yield Clue(Cause.INFRASTRUCTURE, 7.0, f"our process may not do its work where it runs: {scene.said(found)}")


def _mistaken(scene: Scene) -> bool:
    return bool(scene.programming or scene.kind_of(REFUSED) or OUR_MISTAKE.search(scene.text) or (
        REFUSED_WORDS.search(scene.text)))  # fmt: skip


def _starved(scene: Scene) -> Iterator[Clue]:
    if hung_up(scene) or scene.relayed:
        return
    found, kind = words.STARVED.search(scene.text), scene.kind_of(STARVED)
    said = scene.said(found) if found else kind
    if said and (scene.phone or scene.browser) and (words.MEMORY.search(scene.text) or kind):
        yield Clue(Cause.CODE_BUG, 4.0, f"our app used up its memory: {said}")
    elif said and words.REQUEST_LIMIT.search(scene.text) and not words.REPLICA.search(scene.text):
        yield Clue(Cause.INFRASTRUCTURE, 2.4, f"one request ran into its limit: {said}")
        if scene.place.ours and (_lasts(scene) or (scene.fresh and words.POOL.search(scene.text))):
            yield Clue(Cause.CODE_BUG, 7.5, "one way through our code uses up its share, and no incident lasts so long")
    elif said or any(one.function == KILLED for one in scene.frames[:2]):
        said = said or "a worker that answers no more is ended"
        yield Clue(Cause.INFRASTRUCTURE, 4.5, f"a machine ran out: {said}")
        if scene.place.ours and scene.fresh and words.FILES.search(scene.text):
            yield Clue(Cause.CODE_BUG, 4.5, "since a release of ours, which leaves files open")
    if frozen := words.FROZEN.search(scene.text):
        yield Clue(Cause.CODE_BUG, 6, f"our main thread was busy for too long: {scene.said(frozen)}")
    if short := words.SHORT_TIMEOUT.search(scene.text):
        yield Clue(Cause.CODE_BUG, 8, f"nobody but our code waits so briefly: {scene.said(short)}")


def _lasts(scene: Scene) -> bool:
    first, last = scene.issue.first_seen, scene.issue.last_seen
    return first is not None and last is not None and last - first >= LONG


def _unset(scene: Scene) -> Iterator[Clue]:
    """A variable that is missing where the code has long read it: a deployment went wrong, not the code."""
    told = scene.event.exceptions[-1] if scene.event.exceptions else None
    top = scene.frames[0] if scene.frames else None
    if told is None or top is None or not _UNSET_NAME.match(told.value or ""):
        return
    context = " ".join(frame.context_line or "" for frame in scene.frames[:2])
    if {top.module, top.filename} & _ENVIRONMENT or words.UNSET.search(context.lower()) or "ENV" in context:
        weight = 6.0 if scene.lasting else 2.0
        yield Clue(Cause.INFRASTRUCTURE, weight, f"{told.value} is not set where it runs, and our code did not change")


def _trouble(scene: Scene, pattern: re.Pattern[str], weight: float, what: str) -> Iterator[Clue]:
    """Trouble reaching a service is the vendor's where the service is, else the infrastructure's."""
    if found := pattern.search(scene.text):
        yield from _blame(scene, weight, f"{what}: {scene.said(found)}")


def _unresolved(scene: Scene) -> re.Match[str] | None:
    """What says that our own resolver failed, and not a phone's."""
    return None if scene.phone else words.RESOLVER.search(scene.text)


def _blame(scene: Scene, weight: float, what: str) -> Iterator[Clue]:
    place = scene.place
    if _unresolved(scene) is not None or scene.own_cloud:
        yield Clue(Cause.INFRASTRUCTURE, weight, what)
        return
    if place.outside and not (scene.phone and not facts.VENDOR_HOSTS.search(place.outside) and not place.client):
        yield Clue(Cause.THIRD_PARTY, weight, f"{what} ({place.outside} is not ours)")
        return
    if vendor := None if place.inside or place.driver else _named(scene):
        yield Clue(Cause.THIRD_PARTY, weight, f"{what} (of {vendor})")
    else:
        yield Clue(Cause.INFRASTRUCTURE, weight / 2 if scene.phone else weight, what)


def _named(scene: Scene) -> str | None:
    """Whoever else is spoken of, though no host of theirs is named."""
    if found := facts.VENDOR_NAMES.search(scene.text):
        return scene.said(found)
    return scene.partner_down or scene.place.partner or ("whoever we asked" if scene.relayed else None)


# ---------------------------------------------------------------- vendors


def _vendors(scene: Scene) -> Iterator[Clue]:
    if deed(scene) or scene.own_cloud:
        return  # a vendor only tells what a person did, or what our account lacks
    place = scene.place
    if place.vendor_first:
        given = place.ours and REFUSED_WORDS.search(scene.text)
        yield Clue(Cause.THIRD_PARTY, 2.0 if given else 5, f"the newest frame is a vendor's: {place.vendor_first}")
    if place.client and not place.inside:
        alone = not place.ours and bool(scene.frames)
        what = "and no frame is ours" if alone else "which our code had called"
        yield Clue(Cause.THIRD_PARTY, 4.5 if alone else 2.5, f"raised in the client of {place.client}, {what}")
    if found := facts.VENDOR_NAMES.search(scene.text):
        missing = scene.browser and _UNDEFINED.search(scene.text)
        aside = scene.programming and place.ours_first and not place.client
        unloaded = scene.browser and words.NOT_LOADED.search(scene.text)
        weight = 5.5 if missing else 4.5 if unloaded else 1.0 if aside else 2.0
        yield Clue(Cause.THIRD_PARTY, weight, f"the message names {scene.said(found)}")
    elif place.partner and (words.SICK.search(scene.text) or words.QUOTA.search(scene.text)):
        yield Clue(Cause.THIRD_PARTY, 1.5, f"our frames speak with {place.partner}")
    stranger = place.outside and (facts.VENDOR_HOSTS.search(place.outside) or not (scene.phone or scene.browser))
    if scene.browser and stranger and words.NOT_LOADED.search(scene.text):
        yield Clue(Cause.THIRD_PARTY, 3.0, f"a script of {place.outside} was not loaded")
    if stranger and place.outside != place.client and not OUR_MISTAKE.search(scene.text):
        yield Clue(Cause.THIRD_PARTY, 1.0, f"it was about {place.outside}")


def _out_of_order(scene: Scene) -> Iterator[Clue]:
    """Another program says of itself that it does not work, or a cloud that our account there does not."""
    if kind := scene.relayed:
        whose = Cause.INFRASTRUCTURE if scene.place.inside else Cause.THIRD_PARTY
        yield Clue(whose, 5.0, f"{kind}: the program that we asked tells of itself")
    elif scene.own_cloud:
        yield Clue(Cause.INFRASTRUCTURE, 5.0, "our own account in a cloud lacks credentials or capacity")
    elif found := scene.partner_down:
        yield Clue(Cause.THIRD_PARTY, 5.0, f"a store, a bank or an office is out of order: {found}")
    elif not scene.browser and not scene.phone and not scene.place.outside and _ill_answer(scene):
        yield Clue(Cause.INFRASTRUCTURE, 2.5, f"whoever was asked answered {_status(scene)}")


def _ill_answer(scene: Scene) -> bool:
    caller = any(facts.CALLER.search(f"{one.module or one.filename}") for one in scene.frames[:3] if not one.in_app)
    return caller and not scene.trouble and (_status(scene) or "").startswith("5")


def _answers(scene: Scene) -> Iterator[Clue]:
    """What the other side answered: ill, or tired of us."""
    place = scene.place
    theirs = place.outside or place.client or place.partner or facts.VENDOR_NAMES.search(scene.text)
    status = _status(scene)
    if theirs and not place.inside:
        if words.QUOTA.search(scene.text) or status in {"402", "429"}:
            yield Clue(Cause.THIRD_PARTY, 2.5, "a vendor's limit is reached, or its bill is due")
        elif (status and status.startswith("5")) or words.SICK.search(scene.text):
            yield Clue(Cause.THIRD_PARTY, 2.0, f"the vendor itself is ill: {status or 'it says so'}")
    elif "throttl" in scene.text:
        yield Clue(Cause.INFRASTRUCTURE, 4.0, "a service of ours takes no more")
    elif place.inside and status and status.startswith("5"):
        yield Clue(Cause.INFRASTRUCTURE, 2.0, f"{place.inside} answered {status}")


def _status(scene: Scene) -> str | None:
    found = words.STATUS.search(scene.text)
    return next(group for group in found.groups() if group) if found else None


def _before(scene: Scene) -> Iterator[Clue]:
    """A request failed right before: code that trips over it is still ours to mend, a bare complaint is not."""
    failed = scene.trail.failed
    if failed is None or scene.trouble or offline(scene):
        return
    generic = not scene.programming and not scene.kind_of(REFUSED) and not OUR_MISTAKE.search(scene.text)
    theirs = scene.place.outside or (failed.host if facts.VENDOR_HOSTS.search(failed.host or "") else None)
    cause = Cause.THIRD_PARTY if theirs else Cause.INFRASTRUCTURE
    yield Clue(cause, 2.5 if generic else 0.8, f"a request right before had failed: {failed}")


def _burst(scene: Scene) -> Iterator[Clue]:
    first, last = scene.issue.first_seen, scene.issue.last_seen
    if first and last and last - first <= BURST and scene.issue.count >= BURST_COUNT:
        yield Clue(Cause.INFRASTRUCTURE, 0.5, f"{scene.issue.count} events in {last - first}")


LOOKS: tuple[Callable[[Scene], Iterator[Clue]], ...] = (
    _outage, _locked_out, _starved, _unset, _vendors, _out_of_order, _answers, _before, _burst,
)  # fmt: skip
