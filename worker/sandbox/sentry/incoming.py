"""Read whatever an SDK sends: envelopes, odd bytes, nulls, endless traces. Out comes one tidy event, or nothing."""

import json
import math
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.clock import parse_time
from worker.sandbox.values import Json, as_dict, as_list, as_text

DEEPEST = 12
LONGEST = 8192
MOST_ITEMS = 2000
MOST_FRAMES = 250
BIGGEST_INT = 2**63
LEVELS = frozenset({"sample", "debug", "info", "warning", "error", "fatal"})
_NOT_OURS = ("node_modules", "site-packages", "dist-packages", "/lib/python", "-extension://", "<anonymous>", "node:")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event, cleaned. `raw`: what the SDK sent, with only JSON values, bounded depth and length."""

    id: str
    at: datetime
    received: datetime
    raw: Json
    level: str
    platform: str
    release: str | None
    environment: str | None
    user: Json | None
    tags: tuple[tuple[str, str], ...] = ()
    exceptions: tuple[Json, ...] = field(default_factory=tuple)
    message: str | None = None


def unpack(body: bytes, encoding: str) -> bytes:
    """Undo gzip or deflate; bytes that are neither pass as they are."""
    if encoding not in {"gzip", "deflate"}:
        return body
    try:
        return zlib.decompress(body, zlib.MAX_WBITS | 32)
    except zlib.error:
        return body


def from_envelope(body: bytes) -> list[Json]:
    """The events of an envelope; sessions, transactions and all that is malformed are left out."""
    _header, _, rest = body.partition(b"\n")
    events: list[Json] = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        header = as_dict(parse(line))
        length = header.get("length")
        if isinstance(length, int) and length >= 0:
            payload, rest = rest[:length], rest[length:].lstrip(b"\n")
        else:
            payload, _, rest = rest.partition(b"\n")
        if header.get("type") == "event":
            events.append(as_dict(parse(payload)))
    return events


def parse(body: bytes) -> object:
    """Parse JSON of any bytes; None when it is none."""
    try:
        return clean(json.loads(body.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        return None


def clean(value: object, depth: int = DEEPEST) -> object:
    """Bound depth, length and numbers, and make all text writable as UTF-8."""
    if isinstance(value, str):
        return value[:LONGEST].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) < BIGGEST_INT else str(value)[:40]
    if not isinstance(value, dict | list) or depth <= 0:
        return None
    if isinstance(value, dict):
        return {str(clean(key))[:200]: clean(item, depth - 1) for key, item in list(value.items())[:MOST_ITEMS]}
    kept = value if len(value) <= MOST_ITEMS else value[: MOST_ITEMS // 2] + value[-MOST_ITEMS // 2 :]
    return [clean(item, depth - 1) for item in kept]


def read_event(raw: Json, received: datetime, platform: str) -> Incoming:
    """Read a cleaned SDK event; every field may be missing, null or of a wrong type."""
    exceptions = _exceptions(raw, as_text(raw.get("platform")) or platform)
    level = as_text(raw.get("level")) or "error"
    user = raw.get("user")
    return Incoming(
        id=_event_id(raw),
        at=parse_time(raw.get("timestamp")) or received,
        received=received,
        raw=raw,
        level=level if level in LEVELS else "error",
        platform=as_text(raw.get("platform")) or platform,
        release=as_text(raw.get("release")) or None,
        environment=as_text(raw.get("environment")) or None,
        user=user if isinstance(user, dict) and user else None,
        tags=_tags(raw, level),
        exceptions=exceptions,
        message=_message(raw),
    )


def frames_of(exception: Json) -> list[Json]:
    """The frames of one exception, oldest call first."""
    return [frame for frame in as_list(as_dict(exception.get("stacktrace")).get("frames")) if isinstance(frame, dict)]


def user_key(event: Incoming) -> str | None:
    """What tells one affected user from another."""
    person = event.user or {}
    for name in ("id", "email", "username", "ip_address"):
        if value := as_text(person.get(name)):
            return f"{name}:{value}"
    return None


def _event_id(raw: Json) -> str:
    text = (as_text(raw.get("event_id")) or "").replace("-", "").lower()
    try:
        return uuid.UUID(text).hex
    except ValueError:
        return uuid.uuid4().hex


def _message(raw: Json) -> str | None:
    entry = raw.get("logentry") or raw.get("sentry.interfaces.Message") or raw.get("message")
    if isinstance(entry, dict):
        return as_text(entry.get("formatted")) or as_text(entry.get("message"))
    return as_text(entry)


def _exceptions(raw: Json, platform: str) -> tuple[Json, ...]:
    """The chain of exceptions, each with at most `MOST_FRAMES` frames; a bare stack trace counts as one."""
    found = raw.get("exception")
    values = found if isinstance(found, list) else as_list(as_dict(found).get("values"))
    if isinstance(found, dict) and not values and ("type" in found or "value" in found):
        values = [found]
    return tuple(_exception(value, platform) for value in values if isinstance(value, dict) and value)


def _exception(value: Json, platform: str) -> Json:
    frames = [_frame(frame, platform) for frame in frames_of(value)]
    if len(frames) > MOST_FRAMES:
        frames = frames[: MOST_FRAMES // 2] + frames[-MOST_FRAMES // 2 :]
    stacktrace = {**as_dict(value.get("stacktrace")), "frames": frames} if frames else None
    return {**value, "stacktrace": stacktrace}


def _frame(frame: Json, platform: str) -> Json:
    if isinstance(frame.get("in_app"), bool):
        return frame
    where = f"{as_text(frame.get('filename'))} {as_text(frame.get('abs_path'))}"
    return {**frame, "in_app": platform != "other" and not any(mark in where for mark in _NOT_OURS)}


def _tags(raw: Json, level: str) -> tuple[tuple[str, str], ...]:
    given = raw.get("tags")
    pairs = given.items() if isinstance(given, dict) else (pair for pair in as_list(given) if _is_pair(pair))
    tags = {str(key): text[:200] for key, value in pairs if (text := as_text(value))}
    for name in ("environment", "release", "server_name", "transaction", "dist", "logger"):
        if text := as_text(raw.get(name)):
            tags.setdefault(name, text[:200])
    tags.setdefault("level", level)
    return tuple(tags.items())


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and as_text(pair[0]) is not None  # noqa: PLR2004 - a pair
