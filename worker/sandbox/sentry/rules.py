"""Grouping rules of the practice Sentry's projects: kept, checked, and used on every event that comes.

Of fingerprint rules it knows the matchers `error.type`, `error.value`, `message`, `stack.function`, `stack.module` and
`stack.abs_path`; of stack-trace rules `-group` and `-app` on the frames that the last three name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from worker.sandbox.sentry.incoming import Incoming, frames_of
from worker.sandbox.values import Json, as_dict, as_text

_TOLD = r'(?P<no>!?)(?P<key>[\w.-]+):(?:"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<bare>\S+))'
_MATCHERS = rf"(?P<matchers>(?:{re.sub('P<[a-z]+>', ':', _TOLD)}\s+)+)"
_ACTION = r"(?:[v^]?[+-](?:app|group)|(?:max-frames|min-frames|category)=[\w.-]+)"
_FINGERPRINT = re.compile(rf"{_MATCHERS}->\s*(?P<values>\S.*)")
_ENHANCEMENT = re.compile(rf"{_MATCHERS}(?P<actions>{_ACTION}(?:\s+{_ACTION})*)")
_KEYS = {"error.type", "error.value", "message", "stack.function", "stack.module", "stack.abs_path"}


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """The two texts of a project's settings."""

    fingerprinting: str = ""
    enhancements: str = ""


def unread(rules: ProjectRules) -> Mapping[str, list[str]]:
    """What Sentry would say of lines that are no rules, by field; empty when all are well."""
    told = {"fingerprintingRules": (_FINGERPRINT, rules.fingerprinting)}
    told["groupingEnhancements"] = (_ENHANCEMENT, rules.enhancements)
    wrong = {
        name: [f'Invalid syntax near "{line[:33]}"' for line in _lines(text) if not shape.fullmatch(line)]
        for name, (shape, text) in told.items()
    }
    return {name: lines for name, lines in wrong.items() if lines}


def fingerprint(rules: ProjectRules, event: Incoming) -> str | None:
    """What the first rule that takes an event says it is; None when none does."""
    for line in _lines(rules.fingerprinting):
        found = _FINGERPRINT.fullmatch(line)
        if found and _takes(found["matchers"], event):
            return found["values"]
    return None


def trimmed(rules: ProjectRules, event: Incoming) -> Incoming:
    """An event without the frames that rules leave out of grouping."""
    out = [found for line in _lines(rules.enhancements) if (found := _ENHANCEMENT.fullmatch(line))]
    if not out:
        return event
    return replace(event, exceptions=tuple(_without(thrown, out) for thrown in event.exceptions))


def _without(thrown: Json, rules: Iterable[re.Match[str]]) -> Json:
    gone = [rule["matchers"] for rule in rules if {"-group", "-app"} & set(rule["actions"].split())]
    left = [frame for frame in frames_of(thrown) if not any(_of_frame(told, frame) for told in gone)]
    return {**thrown, "stacktrace": {**as_dict(thrown.get("stacktrace")), "frames": left}}


def _takes(matchers: str, event: Incoming) -> bool:
    told = list(re.finditer(_TOLD, matchers))
    if any(one["key"] not in _KEYS for one in told):
        return False
    about_errors = [one for one in told if one["key"].startswith("error.")]
    about_frames = [one for one in told if one["key"].startswith("stack.")]
    values = [event.message, *(as_text(thrown.get("value")) for thrown in event.exceptions)]
    said = all(
        any(_glob(one, value or "") for value in values) is not bool(one["no"])
        for one in told
        if one["key"] == "message"
    )
    frames = [frame for thrown in event.exceptions for frame in frames_of(thrown)]
    return (
        said
        and (not about_errors or any(_all(about_errors, thrown) for thrown in event.exceptions if _says(thrown)))
        and (not about_frames or any(_all(about_frames, frame) for frame in frames))
    )


def _says(thrown: Json) -> bool:
    """Whether there is anything in an exception: Sentry drops one that is empty."""
    return bool(thrown.get("type") or thrown.get("value") or frames_of(thrown))


def _of_frame(matchers: str, frame: Json) -> bool:
    return _all(list(re.finditer(_TOLD, matchers)), frame)


def _all(matchers: Iterable[re.Match[str]], of: Json) -> bool:
    """Whether all hold for one exception or one frame; a value that is missing or empty holds nothing."""
    for one in matchers:
        name = one["key"].rpartition(".")[2]
        instead = {"abs_path": of.get("filename"), "function": "<unknown>"}.get(name)
        told = as_text(of.get(name) or instead or None)
        if (told is not None and _glob(one, told)) is bool(one["no"]):
            return False
    return True


def _glob(one: re.Match[str], value: str) -> bool:
    pattern = (
        one["bare"]
        if one["quoted"] is None
        else one["quoted"].encode("ascii", "backslashreplace").decode("unicode-escape")
    )
    paths = one["key"] == "stack.abs_path"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    star = "[^/]*" if paths else ".*"
    known = {"**/": "(?:.*/)?", "**": ".*", "*": star, "?": "."}
    caseless = re.IGNORECASE if one["key"] in {"error.value", "message", "stack.abs_path"} else re.NOFLAG
    return (
        re.fullmatch("".join(known.get(part, re.escape(part)) for part in parts), value, re.DOTALL | caseless)
        is not None
    )


def _lines(text: str) -> list[str]:
    return [line for told in text.splitlines() if (line := told.strip()) and not line.startswith("#")]
