"""Clues that our own code is at fault: types that only a mistake raises, words of schemas and languages, our frames."""

from collections.abc import Callable, Iterator

from worker.triage import mistake_words as words
from worker.triage import outage_words as outage
from worker.triage.cause_kinds import FAULTS, FORMS, GONE, OUTAGE, REFUSED, STARVED, VISITOR
from worker.triage.cause_noise import MANY_USERS, deed, offline
from worker.triage.cause_scene import Cause, Clue, Scene


def _mistakes(scene: Scene) -> Iterator[Clue]:
    if offline(scene) or _of_others(scene):
        return  # browsers raise a TypeError when the network fails
    place = scene.place
    asked = place.client or (place.partner if not place.ours_first else None)
    asked = asked or (None if place.inside else _answered_to(scene))
    failed = scene.trail.failed
    page_of = place.inside if words.A_PAGE.search(scene.text) else None
    theirs = bool((asked or failed or page_of) and words.UNREADABLE.search(scene.text))
    alone = bool(place.client or place.vendor_first) and not place.ours
    kind = scene.programming
    if kind and place.ours and not theirs:
        yield Clue(Cause.CODE_BUG, _kind_weight(scene), f"{kind} in our own frames")
    elif kind and not alone and not theirs and not scene.kind_of(VISITOR):
        yield Clue(Cause.CODE_BUG, 0.5 if scene.aftermath else 1.5, f"{kind} is a programmer's error")
    if theirs:
        blamed = Cause.THIRD_PARTY if asked or place.outside else Cause.INFRASTRUCTURE
        yield Clue(blamed, 2.5, f"an answer of {asked or failed or place.inside} could not be read")
    if found := words.OUR_MISTAKE.search(scene.text):
        page = scene.browser and scene.trouble and words.UNREADABLE.search(scene.text)
        told = place.client and deed(scene)
        weight = 1.0 if theirs or page or told else 4.0 if place.ours else 2.0
        if scene.aftermath:
            yield Clue(Cause.CODE_BUG, 0.5, f"it came of the trouble before: {scene.said(found)}")
        else:
            yield Clue(Cause.CODE_BUG, weight, f"code or schema does wrong: {scene.said(found)}")


def _of_others(scene: Scene) -> bool:
    """Whether another program speaks of itself, whose words say nothing of our code."""
    return scene.relayed is not None or scene.partner_down is not None or (scene.own_cloud and not scene.programming)


def _answered_to(scene: Scene) -> str | None:
    """Whoever answered our HTTP client, which could not read it: among the newest frames."""
    client = any(words.HTTP_CLIENT.match(f"{one.module or one.filename}") for one in scene.frames[:4])
    return "whoever was asked" if client else None


def _kind_weight(scene: Scene) -> float:
    if scene.aftermath:
        return 0.3
    if scene.mistaken_first:
        return 3.5
    return 0.8 if scene.trouble else 2.5


def _refused(scene: Scene) -> Iterator[Clue]:
    """A library or a service refuses what our code gave it."""
    if scene.aftermath or deed(scene) or not scene.place.ours or scene.trouble or _of_others(scene):
        return
    if found := words.FAULT_OF_OURS.search(scene.text) if scene.kind_of(FAULTS) else None:
        yield Clue(Cause.CODE_BUG, 4.0, f"what we sent is at fault: {scene.said(found)}")
    kind = scene.kind_of(REFUSED) or (_refusal(scene) if scene.place.client else None)
    if kind and kind.lower() in FORMS and not scene.place.client:
        return  # a form that people fill in
    if kind:
        yield Clue(Cause.CODE_BUG, 3.5, f"{kind}: what we ask is refused, and would be again")
    if found := words.TOO_LARGE.search(scene.text):
        yield Clue(Cause.CODE_BUG, 2.5, f"we send more than is taken: {scene.said(found)}")
    elif not kind and not outage.SICK.search(scene.text) and (found := words.REFUSED.search(scene.text)):
        weight = 4.0 if scene.place.client or scene.place.vendor_first else 1.0
        yield Clue(Cause.CODE_BUG, weight, f"a library refuses what it was given: {scene.said(found)}")


def _refusal(scene: Scene) -> str | None:
    """A type of a vendor's client that is named after what was wrong with our request."""
    return next((spelled for kind, spelled in sorted(scene.kinds.items()) if words.REFUSAL.search(kind)), None)


def _own_frames(scene: Scene) -> Iterator[Clue]:
    spoken = scene.place.ours_first and not scene.captured and not scene.aftermath
    if spoken:
        yield Clue(Cause.CODE_BUG, 1.5, "the newest frame is our own")
    elif scene.place.ours:
        yield Clue(Cause.CODE_BUG, 0.7, "frames of our own")
    if scene.fresh and scene.place.ours and words.NO_HOST.search(scene.text):
        yield Clue(Cause.CODE_BUG, 4.0, "since a release of ours, which asks without naming a host")
    if scene.issue.user_count >= MANY_USERS and scene.place.ours:
        yield Clue(Cause.CODE_BUG, 0.5, f"{scene.issue.user_count} users")
    if not scene.browser and not scene.place.ours and not scene.kinds:
        yield Clue(Cause.CODE_BUG, 0.5, "a message that our code sent")
    named = scene.kinds.keys() & (OUTAGE | STARVED | GONE | VISITOR)
    limit = outage.REQUEST_LIMIT.search(scene.text)
    if scene.fresh and scene.place.ours and (limit or not named):
        yield Clue(Cause.CODE_BUG, 1.0, f"it began with release {scene.event.release}")


LOOKS: tuple[Callable[[Scene], Iterator[Clue]], ...] = (_mistakes, _refused, _own_frames)
