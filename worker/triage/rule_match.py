"""Whether a fingerprint rule takes an event, as Sentry decides it.

Matchers about exceptions must all hold for one exception, those about frames for one frame; function, module and type
tell upper from lower case, the rest does not (docs.sentry.io, "Fingerprint Rules").
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from worker.event import Event
from worker.triage.fingerprint_rules import Matcher, Rule

_SHORT: Mapping[str, str] = {
    "error.type": "type",
    "error.value": "value",
    "stack.function": "function",
    "stack.module": "module",
    "stack.abs_path": "path",
}
_ABOUT: Mapping[str, str] = {
    "type": "exceptions",
    "value": "exceptions",
    "function": "frames",
    "module": "frames",
    "path": "frames",
    "app": "frames",
    "message": "said",
    "logger": "log",
    "level": "log",
    "family": "family",
    "release": "release",
}
"""What a matcher is about, by its short name. Of `package`, `sdk` and threads we know nothing."""
_CASELESS = frozenset({"message", "value", "level"})
_FAMILIES = {"javascript": "javascript", "node": "javascript", "native": "native", "c": "native", "cocoa": "native"}
_TRUE = frozenset({"1", "yes", "true", "on"})
_UNSURE = re.compile(r"[\\{\[]")
"""Globs with these are read apart by different versions of Sentry; ours never hold any."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as rules see it: its exceptions, frames and so on, each with its values by short name."""

    values: Mapping[str, Sequence[Mapping[str, str]]]
    tags: Mapping[str, str] = field(default_factory=dict)


def seen(event: Event) -> Seen:
    """What rules see of an event."""
    thrown = [_told(type=one.type, value=one.value) for one in event.exceptions]
    frames = [
        _told(
            function=frame.function or "<unknown>",
            module=frame.module,
            path=frame.abs_path or frame.filename,
            filename=frame.filename,
            app=None if frame.in_app is None else str(frame.in_app).lower(),
        )
        for one in event.exceptions
        for frame in one.frames
    ]
    words = (event.message, *(one.get("value") for one in thrown))
    return Seen(
        {
            "exceptions": thrown,
            "frames": frames,
            "said": [{"message": said} for said in words if said],
            "log": [_told(logger=event.logger, level=event.level)],
            "release": [_told(release=event.release)],
            "family": [{"family": _FAMILIES.get(event.platform or "", "other")}],
        },
        event.tags,
    )


def _told(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def fits(rule: Rule, event: Seen) -> bool | None:
    """Whether a rule takes an event; None where that hangs on what we do not know of the event or of the glob."""
    kinds: dict[str, list[Matcher]] = {}
    for one in rule.matchers:
        short = _SHORT.get(one.key, one.key)
        kinds.setdefault(_ABOUT.get(short, short), []).append(one)
    return _all(_any(map(_all, _answers(kind, ours, event))) for kind, ours in kinds.items())


def _answers(kind: str, matchers: Sequence[Matcher], event: Seen) -> Iterator[list[bool | None]]:
    """What the matchers of one kind say of each exception, frame and so on."""
    values: Sequence[Mapping[str, str]] | None = event.values.get(kind)
    if kind.startswith("tags."):
        tag = event.tags.get(kind.removeprefix("tags."))
        values = [{} if tag is None else {kind: tag}]
    if values is None:
        yield [None]
        return
    for value in values:
        yield [_holds(one, value) for one in matchers]


def _holds(one: Matcher, values: Mapping[str, str]) -> bool | None:
    short = _SHORT.get(one.key, one.key)
    if _UNSURE.search(one.pattern):
        return None
    return _takes(short, one.pattern, values) is not one.negated


def _takes(short: str, pattern: str, values: Mapping[str, str]) -> bool:
    if short == "path":
        return any(on_path(pattern, values[name]) for name in ("path", "filename") if name in values)
    value = values.get(short)
    if value is None:
        return False
    match short:
        case "app":
            return (value == "true") is (pattern.lower() in _TRUE)
        case "family":
            return bool({"all", value} & set(pattern.split(",")))
        case "release":
            return on_path(pattern, value)
        case _:
            return glob(pattern, caseless=short in _CASELESS).fullmatch(value) is not None


def on_path(pattern: str, path: str) -> bool:
    """Whether a glob takes a path; one that begins without a slash is also tried with one."""
    compiled, there = glob(pattern, caseless=True, paths=True), path.replace("\\", "/")
    ways = (there,) if there.startswith("/") else (there, f"/{there}")
    return any(compiled.fullmatch(way) for way in ways)


@lru_cache(maxsize=1 << 12)
def glob(pattern: str, *, caseless: bool = False, paths: bool = False) -> re.Pattern[str]:
    """A glob of `*` and `?`; on paths `*` stays within a folder and `**` does not."""
    parts = re.split(r"(\*\*/|\*+|\?)", pattern)
    flags = re.DOTALL | (re.IGNORECASE if caseless else re.NOFLAG)
    return re.compile("".join(_part(part, paths=paths) for part in parts), flags)


def _part(part: str, *, paths: bool) -> str:
    if part == "**/":
        return "(?:.*/)?" if paths else ".*/"
    if part.startswith("*"):
        return "[^/]*" if paths and part == "*" else ".*"
    if part == "?":
        return "[^/]" if paths else "."
    return re.escape(part)


def _any(answers: Iterable[bool | None]) -> bool | None:
    told = list(answers)
    return True if True in told else None if None in told else False


def _all(answers: Iterable[bool | None]) -> bool | None:
    told = list(answers)
    return False if False in told else None if None in told else True
