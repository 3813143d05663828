"""Clues that only a visitor is at fault: robots, scanners, old browsers, requests nobody serves, one user alone."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import crawleruseragents  # type: ignore[import-untyped]  # the package ships no types

from worker.event import Frame
from worker.triage import cause_facts as facts
from worker.triage import noise_words as words
from worker.triage.cause_kinds import ABSENT, ADMISSION, DECLINED, FORMS, VISITOR
from worker.triage.cause_noise import asks, sudden
from worker.triage.cause_scene import Cause, Clue, Scene

FEW_USERS = 3
_PLAYTHINGS = ("device.simulator", "simulator", "emulator", "rooted", "jailbroken", "device.rooted", "os.rooted")


def _visitors(scene: Scene) -> Iterator[Clue]:
    agent = scene.event.request.user_agent or ""
    robot = agent and is_crawler(agent)
    if robot and _ours_to_mend(scene):
        yield Clue(Cause.NOISE, 1.5, f"seen by a robot, but our code fails: {agent[-60:]}", faint=True)
    elif robot and not scene.browser and (asks(scene) or scene.trouble):
        yield Clue(Cause.NOISE, 1.0, f"a program had asked, but what failed is behind us: {agent[-60:]}", faint=True)
    elif robot:
        yield Clue(Cause.NOISE, 5.2, f"seen by a crawler: {agent[-60:]}", faint=True)
    elif words.SCRIPTED.search(agent):
        yield Clue(Cause.NOISE, 1.0 if scene.programming else 2.5, f"seen by a script: {agent[:40]}", faint=True)
    if found := words.PROBE.search(f"{scene.text}\n{(scene.event.request.url or '').lower()}"):
        faint = scene.place.ours_first
        yield Clue(
            Cause.NOISE, 1 if sudden(scene) else 4, f"looks like a scanner's probe: {found.group()[:60]}", faint=faint
        )
    if words.LEGACY.search(agent) and not robot:
        new = scene.browser and words.UNSUPPORTED.search(scene.text)
        yield Clue(Cause.NOISE, 9 if new else 1.5, "a browser too old to be supported", faint=True)


def _ours_to_mend(scene: Scene) -> bool:
    """A mistake of ours stays one though a robot met it: on a server, or in a browser that nobody but we may drive."""
    automated = words.AUTOMATED.search(scene.event.request.user_agent or "") is not None
    first = scene.place.ours if not scene.browser else scene.place.ours_first
    return scene.programming is not None and first and (automated or not scene.browser)


def _not_served(scene: Scene) -> Iterator[Clue]:
    """A framework answers somebody who asks wrongly; where many do so all at once, the door itself may be broken."""
    kind = scene.kind_of(VISITOR)
    if kind and not asks(scene):
        if sudden(scene):
            yield Clue(Cause.CODE_BUG, 2.5, f"{kind}: {scene.issue.user_count} are turned away all at once")
        weight = 1.0 if sudden(scene) else 4.0 if scene.place.ours else 5.0
        yield Clue(Cause.NOISE, weight, f"{kind}: a visitor asks what is not served")
    elif (kind := scene.kind_of(FORMS)) and not asks(scene):
        yield Clue(Cause.NOISE, 4.5, f"{kind}: somebody typed what the form does not take")
    elif kind := scene.kind_of(DECLINED):
        yield Clue(Cause.NOISE, 3.0, f"{kind}: a vendor tells what a person did")


def _at_the_door(scene: Scene) -> Iterator[Clue]:
    """Frames that read, route and admit a request raised it, before any code of ours."""
    if scene.browser or scene.trouble or sudden(scene):
        return
    top = scene.frames[0] if scene.frames else Frame()
    named = f"{top.module} {top.filename}"
    if (kind := scene.kind_of(ADMISSION)) and facts.DOOR.search(named):
        yield Clue(Cause.NOISE, 4.5, f"{kind}: somebody may not, and our own door says so")
    elif (kind := scene.kind_of(ABSENT)) and _of_a_page(scene):
        yield Clue(Cause.NOISE, 2.5, f"{kind}: a page was asked for a record that is gone")
    if not scene.place.ours and facts.BODY_READER.search(named):
        yield Clue(Cause.NOISE, 5.0, "the framework could not read what was sent, before our code")
    elif not scene.place.ours and not scene.programming and facts.REQUEST_READER.search(named):
        yield Clue(Cause.NOISE, 3.0, "the framework did not admit the request, before our code")


def _of_a_page(scene: Scene) -> bool:
    """Whether somebody was reading, by the method of the request and the frames."""
    reading = (scene.event.request.method or "GET").upper() == "GET"
    return reading and any("controller" in f"{one.module} {one.filename}".lower() for one in scene.frames)


def _few(scene: Scene) -> Iterator[Clue]:
    if scene.issue.user_count == 1 and scene.issue.count >= 10:  # noqa: PLR2004 -- ten times is a habit
        yield Clue(Cause.NOISE, 1.0, f"one user alone, {scene.issue.count} times", faint=True)
    if scene.browser and len(scene.frames) <= 1 and words.UNREAD_BUNDLE.search(scene.text):
        yield Clue(Cause.NOISE, 9.0, "one browser cannot read the script that all others can", faint=True)
    if scene.browser and not scene.frames and scene.issue.user_count <= FEW_USERS:
        yield Clue(Cause.NOISE, 2.0, "a browser error without any frame", faint=True)
    if words.CHUNK.search(scene.text) and not scene.place.vendor_first:
        yield Clue(Cause.NOISE, 1.5, "an open page outlived a deploy", faint=True)
        yield Clue(Cause.INFRASTRUCTURE, 3.5, "files of an older build are not served any more")
    if words.HYDRATION.search(scene.text):
        yield Clue(Cause.NOISE, 1.0, "add-ons and translators change pages before they start", faint=True)
    told = {**scene.event.contexts, **scene.event.tags}
    if any(told.get(tag, "").lower() in {"true", "yes"} for tag in _PLAYTHINGS):
        yield Clue(Cause.NOISE, 2.5, "an emulator, or a device that its owner has opened", faint=True)
    if scene.event.level in {"info", "debug"}:
        yield Clue(Cause.NOISE, 1.0, f"told as {scene.event.level}, not as an error")


def _unfinished(scene: Scene) -> Iterator[Clue]:
    """What a developer meets who is still at work."""
    practice = words.PRACTICE.search(scene.event.environment or "")
    local = words.LOCAL_PAGE.search(scene.event.request.url or "")
    if practice and (local or words.WORKPLACE.search(scene.event.server_name or "")):
        where = f"environment {scene.event.environment} on a developer's machine"
        yield Clue(Cause.NOISE, 10.0, f"{where}: work that is not done yet", faint=True)
    elif local:
        yield Clue(Cause.NOISE, 2.5, "a page on a developer's machine", faint=True)
    elif practice:
        yield Clue(Cause.NOISE, 1.5, f"environment {scene.event.environment}", faint=True)


def _typed(scene: Scene) -> Iterator[Clue]:
    """A line that somebody typed into a shell: no file of ours runs below it."""
    spelled = ["" if _written(one) else f"{one.module or one.filename} {one.function or ''}" for one in scene.frames]
    shell = next((at for at, one in enumerate(spelled) if facts.SHELL.search(one)), None)
    if shell is None or any(facts.NOTEBOOK.search(one) for one in spelled):
        return
    if not any(_written(one) for one in scene.frames[:shell]):
        yield Clue(Cause.NOISE, 11.0, f"somebody typed it into a shell: {spelled[shell].strip()[:60]}")


def _written(frame: Frame) -> bool:
    """Whether a frame is of a file that somebody wrote, and not of a shell."""
    path = frame.filename or frame.abs_path or ""
    typed = facts.TYPED_FILE.search(path) or facts.TYPED_FILE.search(frame.module or "")
    return frame.in_app is True and not typed


@lru_cache(maxsize=4096)
def is_crawler(agent: str) -> bool:
    """Whether a user agent is a crawler's, by the list of the package `crawler-user-agents`."""
    return bool(crawleruseragents.is_crawler(agent))


LOOKS: tuple[Callable[[Scene], Iterator[Clue]], ...] = (_visitors, _not_served, _at_the_door, _few, _unfinished, _typed)
