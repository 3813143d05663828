"""Clues that nobody's code, machine or vendor is at fault: add-ons, robots, visitors who left, and what people do."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from worker.triage import cause_facts as facts
from worker.triage import foreign_words as foreign
from worker.triage import noise_words as words
from worker.triage import outage_words as outage
from worker.triage.address import split_address
from worker.triage.cause_kinds import CALLED_OFF, CANCELLED, GONE, STEERING, STOPPED, SYSTEM_DIED
from worker.triage.cause_scene import Cause, Clue, Scene

MANY_USERS = 50
SUDDEN = timedelta(days=2)
TRICKLE = timedelta(days=21)
KILLED = "handle_abort"
"""Where gunicorn ends a worker that answers no more."""
_TOLD_LIMIT = 8000
EPHEMERAL_PORT = 32768
_NO_SCRIPT = frozenset({None, "", "<anonymous>", "[native code]"})


def offline(scene: Scene) -> bool:
    """Whether a browser says that a request of it failed on the way, in whatever language."""
    return scene.browser and bool(words.OFFLINE.search(scene.text) or foreign.OFFLINE.search(scene.text))


def deed(scene: Scene) -> re.Match[str] | None:
    """What a person did that is told as an error. A driver that is refused is no person, nor are we at a vendor's."""
    place = scene.place
    if place.driver:
        return None
    found = words.DEED.search(scene.text)
    if found or place.client or place.outside or place.inside:
        return found
    return words.TURNED_AWAY.search(scene.text)


def _add_ons(scene: Scene) -> Iterator[Clue]:
    top = next((f for f in scene.frames if (f.abs_path or f.filename) not in _NO_SCRIPT), None)
    address = (top.abs_path or top.filename or "") if top else ""
    if scene.of_add_on:
        return
    if facts.EXTENSION_ADDRESS.search(address):
        yield Clue(Cause.NOISE, 7, f"the newest frame is of a browser extension: {address[:80]}")
    if scene.browser and (found := words.INJECTED.search(scene.text)):
        yield Clue(Cause.NOISE, 7, f"only injected scripts say {scene.said(found)!r}")


def _benign(scene: Scene) -> Iterator[Clue]:
    if scene.browser and (found := words.BENIGN.search(scene.text)):
        nothing = scene.place.ours and not scene.kinds.keys().isdisjoint({"typeerror", "referenceerror"})
        begun = scene.place.ours_first and scene.fresh and scene.issue.user_count >= MANY_USERS
        weight = 1.5 if nothing or (begun and "abort" in found.group()) else 6
        yield Clue(Cause.NOISE, weight, f"browsers say {scene.said(found)!r} of what the user did")
    if scene.browser and (found := foreign.CANCELLED.search(scene.text)):
        yield Clue(Cause.NOISE, 6, f"the visitor went elsewhere: {scene.said(found)}")
    if scene.browser and words.STORAGE.search(scene.text):
        yield Clue(Cause.NOISE, 4, "the browser's storage is full or closed, as in private mode", faint=True)
    if tried := _tried_out(scene):
        yield Clue(Cause.NOISE, 12, f"made to fail, to see whether errors arrive: {tried}", faint=True)
    if found := deed(scene):
        weight = 1.0 if sudden(scene) and words.TURNED_AWAY.search(scene.text) else 5.5 - _own_doubt(scene)
        yield Clue(Cause.NOISE, weight, f"a person did it, and was told so: {scene.said(found)}")


def _tried_out(scene: Scene) -> str | None:
    told = words.TRIED_OUT.search(scene.text[:200])
    told = told or words.TRIED_PATH.search(split_address(scene.event.request.url or "").path.lower())
    return told.group() if told else None


def sudden(scene: Scene) -> bool:
    """Whether many met it all at once, or since a release: people do not change that fast."""
    first, last = scene.issue.first_seen, scene.issue.last_seen
    short = first is not None and last is not None and last - first <= SUDDEN
    return scene.issue.user_count >= MANY_USERS and (short or scene.fresh)


def _own_doubt(scene: Scene) -> float:
    """How much a programming error in frames of ours takes from what words say: `csrf` may be the name of a field."""
    return 4.0 if scene.programming and scene.place.ours else 0.0


def _gone(scene: Scene) -> Iterator[Clue]:
    """Somebody who asked is not there any more: the server's own frames, or words, or ports tell."""
    if scene.browser:
        return
    found = words.CLIENT_GONE.search(scene.text)
    kind = scene.kind_of(GONE)
    ours = scene.place.ours_first and not scene.captured
    if (visitor := _far_port(scene)) and visitor >= EPHEMERAL_PORT:
        yield Clue(Cause.NOISE, 6, f"a connection that a visitor had opened broke: far port {visitor}")
    elif (found or kind) and not visitor and not asks(scene):
        said = scene.said(found) if found else kind
        yield Clue(Cause.NOISE, 1.0 if ours else 4.0, f"the client went away: {said}")
    if hung_up(scene):
        yield Clue(Cause.NOISE, 6, "a statement was ended for somebody who waits for it no more")
    server = any(facts.SERVER_FRAME.search(f"{one.module} {one.filename} {one.function}") for one in scene.frames[:1])
    if server and words.WIRE.search(scene.text) and not scene.programming:
        yield Clue(Cause.NOISE, 6, "a visitor's connection broke, in the server's own frames")
    if scene.kind_of(CANCELLED) and (scene.phone or not ours):
        yield Clue(Cause.NOISE, 4.5, "work was called off on purpose, such as when a screen is left")
    elif scene.kind_of(CALLED_OFF) and not ours and not _asks_elsewhere(scene):
        yield Clue(Cause.NOISE, 3, "called off below our code: nobody waited for it any more")
    elif (scene.phone or not scene.place.ours) and words.CALLED_OFF.search(scene.text):
        yield Clue(Cause.NOISE, 3, "cancelled outside of our code: nobody waited for it any more")


def hung_up(scene: Scene) -> bool:
    """Whether a database ended a statement for somebody who waits for it no more; a time that ran out is no such."""
    if not (_served(scene) and words.CONTEXT_ENDED.search(scene.text)) and not words.STATEMENT_ENDED.search(scene.text):
        return False
    told = "\n".join((scene.text, *scene.event.tags.values(), *scene.event.contexts.values()))[:_TOLD_LIMIT].lower()
    called_off = scene.kind_of(CALLED_OFF | CANCELLED) or words.HUNG_UP.search(told)
    return bool(called_off) and not outage.SLOW.search(told) and not words.RAN_OUT.search(told)


def _served(scene: Scene) -> bool:
    """Whether it ran under a server of Go, whose context ends with whoever asked."""
    go = scene.event.platform == "go"
    return go and any(facts.SERVED.search(f"{one.module or one.filename} {one.function}") for one in scene.frames)


def left(scene: Scene) -> bool:
    """Whether it is the one who asked us that went away, by type and by words."""
    return bool(scene.kind_of(GONE) and words.CLIENT_GONE.search(scene.text)) and not asks(scene)


def _far_port(scene: Scene) -> int | None:
    """The port at the other end: a high one is a visitor's, a low one of a service that we asked."""
    ports = outage.PEERS.search(scene.text)
    return int(ports[2]) if ports and scene.trouble | bool(words.WIRE.search(scene.text)) else None


def asks(scene: Scene) -> bool:
    """Whether we were the one who asked: then nobody left us."""
    place = scene.place
    return any((place.driver, place.client, place.outside, place.inside))


def _asks_elsewhere(scene: Scene) -> bool:
    """Whether what was called off waited for a service: then a time ran out."""
    return bool(scene.place.outside or scene.place.inside or outage.SLOW.search(scene.text))


def _phones(scene: Scene) -> Iterator[Clue]:
    """A phone without a network or without room. Many at once speak for our servers."""
    if not scene.phone:
        return
    if kind := scene.kind_of(SYSTEM_DIED):
        yield Clue(Cause.NOISE, 5.0, f"{kind}: the phone's own system went down, and the app with it")
    if found := words.FULL_PHONE.search(scene.text):
        yield Clue(Cause.NOISE, 6, f"the phone's storage is full: {scene.said(found)}")
    if found := words.NO_NETWORK.search(scene.text) or foreign.OFFLINE.search(scene.text):
        together = sudden(scene)
        yield Clue(Cause.NOISE, 2.0 if together else 6, f"the phone had no network: {scene.said(found)}")
        if together:
            yield Clue(Cause.INFRASTRUCTURE, 2.0, f"or our servers did not answer {scene.issue.user_count} users")
    elif (scene.trouble or outage.SLOW.search(scene.text)) and not _answered(scene):
        few = scene.issue.user_count < MANY_USERS or trickle(scene)
        weight = 5.0 if few and not scene.programming else 1.0
        yield Clue(Cause.NOISE, weight, "the phone's network failed, or our servers did")
        if sudden(scene):
            yield Clue(Cause.INFRASTRUCTURE, 2.0, f"{scene.issue.user_count} phones cannot all have lost their network")


def _out_of_reach(scene: Scene) -> Iterator[Clue]:
    """A visitor's own network, as a browser or a device tells."""
    if scene.trail.offline:
        # no network excuses no mistake in what we do without one
        weight = 1.0 if scene.programming and not offline(scene) else 4.0
        yield Clue(Cause.NOISE, weight, f"the device had no network: {scene.trail.offline}")
    if not offline(scene):
        return
    failed = scene.trail.failed.url if scene.trail.failed else ""
    if any(words.BEACON.search(told) for told in (failed, *(f"{f.filename} {f.function}" for f in scene.frames[:2]))):
        yield Clue(Cause.NOISE, 5, "a tracker was blocked")
        return
    many = scene.issue.user_count >= MANY_USERS and not trickle(scene)
    yield Clue(Cause.NOISE, 1.0 if many else 3.5, "the user's network failed")
    asked = scene.place.outside if facts.VENDOR_HOSTS.search(scene.place.outside or "") else None
    yield Clue(
        Cause.THIRD_PARTY if asked else Cause.INFRASTRUCTURE,
        3.0 if many else 1.0,
        f"or {asked or 'our servers'} did not answer",
    )


def _answered(scene: Scene) -> bool:
    """Whether somebody answered, or the trouble is the machine's own."""
    told = outage.STATUS.search(scene.text) or outage.STARVED.search(scene.text) or outage.FROZEN.search(scene.text)
    return bool(told or scene.place.client or facts.VENDOR_NAMES.search(scene.text))


def trickle(scene: Scene) -> bool:
    """Whether users meet it about once each, over weeks: no incident, no broken page that people try again."""
    first, last = scene.issue.first_seen, scene.issue.last_seen
    steady = first is not None and last is not None and last - first >= TRICKLE
    return steady and scene.lasting and 0 < scene.issue.count <= 3 * scene.issue.user_count


def _moved_under(scene: Scene) -> Iterator[Clue]:
    """Translators and add-ons rewrite a page under the library that drew it."""
    if scene.browser and not scene.place.ours and (found := words.REWRITTEN.search(scene.text)):
        yield Clue(Cause.NOISE, 4.5, f"something else rewrote the page, and no frame is ours: {scene.said(found)}")


def _stopping(scene: Scene) -> Iterator[Clue]:
    if kind := scene.kind_of(STEERING):
        yield Clue(Cause.NOISE, 5.0, f"{kind} steers a job, it is no failure")
    if scene.browser or scene.phone or scene.place.driver:
        return
    found = words.STOPPING.search(scene.text)
    if any(one.function == KILLED for one in scene.frames[:2]):
        return
    if scene.kind_of(STOPPED) or (found and (scene.captured or not scene.place.ours)):
        said = scene.said(found) if found else scene.kind_of(STOPPED)
        yield Clue(Cause.NOISE, 4.5, f"a process was asked to stop, and does: {said}")


LOOKS: tuple[Callable[[Scene], Iterator[Clue]], ...] = (
    _add_ons, _benign, _gone, _out_of_reach, _phones, _moved_under, _stopping,
)  # fmt: skip
