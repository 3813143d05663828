"""Which issue an event belongs to, and what that issue is called."""

import hashlib
import re
from collections.abc import Iterable

from worker.sandbox.sentry.incoming import Incoming, frames_of
from worker.sandbox.sentry.rules import ProjectRules, fingerprint, trimmed
from worker.sandbox.values import Json, as_list, as_text

DEFAULT = re.compile(r"^\{\{\s*default\s*\}\}$")
LONGEST_TITLE = 256


def group_hash(event: Incoming, rules: ProjectRules | None = None) -> str:
    """The grouping hash: what a rule or the SDK says it is, else exception types and in-app frames, else text."""
    if rules is not None:
        if ruled := fingerprint(rules, event):
            return _digest([ruled])
        event = trimmed(rules, event)
    parts: list[str] = []
    for part in [as_text(item) for item in as_list(event.raw.get("fingerprint"))] or ["{{ default }}"]:
        parts += _default(event) if part and DEFAULT.match(part) else [part or ""]
    return _digest(parts)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.md5("\x1f".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def title(event: Incoming) -> str:
    """`TypeError: x is null` or the first line of the message."""
    if event.exceptions:
        kind, text = _name(event.exceptions[-1]), as_text(event.exceptions[-1].get("value")) or ""
        return _line(f"{kind}: {text}" if text else kind)
    return _line(event.message or "") or "<unlabeled event>"


def culprit(event: Incoming) -> str:
    """Where it happened: the transaction, else the last frame of ours."""
    if transaction := as_text(event.raw.get("transaction")):
        return transaction[:200]
    frame = culprit_frame(event)
    if frame is None:
        return ""
    function = as_text(frame.get("function")) or "?"
    place = as_text(frame.get("module")) or as_text(frame.get("filename")) or "?"
    return (f"{function}({place})" if event.platform == "javascript" else f"{place} in {function}")[:200]


def culprit_frame(event: Incoming) -> Json | None:
    """The newest frame of ours of the exception that surfaced, else its newest frame."""
    frames = frames_of(event.exceptions[-1]) if event.exceptions else []
    ours = [frame for frame in frames if frame.get("in_app")]
    return next(reversed(ours or frames), None)


def metadata(event: Incoming) -> Json:
    """What the issue list shows of an event: type, value and place, or just a title."""
    if not event.exceptions:
        return {"title": title(event)}
    surfaced, frame = event.exceptions[-1], culprit_frame(event) or {}
    places = {key: as_text(frame.get(key)) for key in ("filename", "function")}
    known = {key: value for key, value in places.items() if value}
    return {"type": _name(surfaced), "value": (as_text(surfaced.get("value")) or "")[:1024], **known}


def handled(event: Incoming) -> bool | None:
    """Whether the program caught it; None when the SDK did not say."""
    for exception in reversed(event.exceptions):
        mechanism = exception.get("mechanism")
        if isinstance(mechanism, dict) and isinstance(mechanism.get("handled"), bool):
            return bool(mechanism["handled"])
    return None


def _name(exception: Json) -> str:
    return as_text(exception.get("type")) or "Error"


def _line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")[:LONGEST_TITLE]


def _default(event: Incoming) -> list[str]:
    if not event.exceptions:
        return ["message", re.sub(r"\d+", "<n>", _line(event.message or "") or "<unlabeled event>")]
    parts: list[str] = []
    for exception in event.exceptions:
        frames = frames_of(exception)
        ours = [frame for frame in frames if frame.get("in_app")] or frames
        parts += [_name(exception), *_places(ours)]
        if not ours:
            parts.append(as_text(exception.get("value")) or "")
    return parts


def _places(frames: Iterable[Json]) -> list[str]:
    """Module (or file) and function of each frame: line numbers move, these stay."""
    places = []
    for frame in frames:
        where = as_text(frame.get("module")) or as_text(frame.get("filename")) or ""
        places.append(f"{where}:{as_text(frame.get('function')) or ''}")
    return places
