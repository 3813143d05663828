"""The stack traces in a Sentry event of any shape: exceptions, and what stands in for them when there is none."""

import re
from collections.abc import Iterator
from dataclasses import replace

from worker.ends.loose import Loose, dig, first_text, flag, items, line, mapping, objects, text, whole
from worker.event import Frame, Thrown

OLDEST_KEPT = 50
NEWEST_KEPT = 200
_EXCEPTIONS_KEPT = 50
_CONTEXT_KEPT = 20
_KEYS_ALONE = re.compile(
    r"^(?:Object|'[\w$.]{1,80}'|Non-Error (?:promise rejection|exception)) captured"
    r" (?:as (?:promise rejection|exception) )?with keys: .{0,300}$"
)
_CODE = re.compile(r"[A-Za-z_][\w.-]{0,60}|[1-5]\d\d")
_TELLING = {
    "name": re.compile(r"\w{0,60}(?:Error|Exception)"),
    "code": _CODE,
    "status": _CODE,
    "statusCode": _CODE,
    "type": _CODE,
}
"""What of a thrown object is the code's own, and how such a value looks: what else it holds may be somebody's."""


def read_exceptions(data: Loose) -> tuple[Thrown, ...]:
    """Read the chain of exceptions, the one that surfaced last; a bare stack trace reads as one without a type."""
    thrown = tuple(_thrown(row) for row in _values(data)[-_EXCEPTIONS_KEPT:])
    said = tuple(_with_object(one, data) for one in thrown if one != Thrown())
    return said or _bare(data)


def _with_object(thrown: Thrown, data: Loose) -> Thrown:
    """What was thrown without being an error says nothing but its keys; the browser SDK sends it along as an extra."""
    if not _KEYS_ALONE.search(thrown.value or ""):
        return thrown
    kept = mapping(dig(data, "extra", "__serialized__")) or mapping(dig(data, "context", "__serialized__"))
    told = ((key, text(kept.get(key)) or "", looks) for key, looks in _TELLING.items())
    said = ", ".join(f"{_called(key, value)} {value}" for key, value, looks in told if looks.fullmatch(value))
    return replace(thrown, value=f"{thrown.value} ({said})") if said else thrown


def _called(key: str, value: str) -> str:
    return "status" if value.isdigit() else key


def read_frames(stacktrace: object) -> tuple[Frame, ...]:
    """Read the frames, oldest call first; of an endless trace the oldest 50 and the newest 200."""
    rows = objects(dig(stacktrace, "frames"))
    if len(rows) > OLDEST_KEPT + NEWEST_KEPT:
        rows = [*rows[:OLDEST_KEPT], *rows[-NEWEST_KEPT:]]
    return tuple(_frame(row) for row in rows)


def _values(data: Loose) -> list[Loose]:
    """SDKs send `{values: []}`, a bare list or one bare exception; the API an entry."""
    told = data.get("exception")
    entries = [entry.get("data") for entry in objects(data.get("entries")) if entry.get("type") == "exception"]
    for one in (told, *entries):
        rows = objects(one) or objects(dig(one, "values"))
        if rows:
            return rows
    alone = mapping(told)
    return [alone] if "type" in alone or "value" in alone else []


def _thrown(row: Loose) -> Thrown:
    mechanism = mapping(row.get("mechanism"))
    return Thrown(
        type=text(row.get("type")),
        value=text(row.get("value")),
        module=text(row.get("module")),
        handled=flag(mechanism.get("handled")),
        mechanism=text(mechanism.get("type")),
        frames=read_frames(row.get("stacktrace")),
    )


def _bare(data: Loose) -> tuple[Thrown, ...]:
    frames = next((found for trace in _traces(data) if (found := read_frames(trace))), ())
    return (Thrown(frames=frames),) if frames else ()


def _traces(data: Loose) -> Iterator[object]:
    """Stack traces that hang on no exception: the event's own, then those of its crashed or current thread."""
    entries = objects(data.get("entries"))
    yield data.get("stacktrace")
    yield from (entry.get("data") for entry in entries if entry.get("type") == "stacktrace")
    yield from _threads(data.get("threads"))
    for entry in entries:
        if entry.get("type") == "threads":
            yield from _threads(entry.get("data"))


def _threads(told: object) -> list[object]:
    rows = objects(told) or objects(dig(told, "values"))
    chosen = [row for row in rows if row.get("crashed")] or [row for row in rows if row.get("current")]
    return [row.get("stacktrace") for row in chosen]


def _frame(row: Loose) -> Frame:
    number = _first_number(row, "lineno", "lineNo")
    before, here, after = _context(row, number)
    return Frame(
        function=text(row.get("function")),
        module=text(row.get("module")),
        filename=text(row.get("filename")),
        abs_path=first_text(row.get("abs_path"), row.get("absPath")),
        line=number,
        column=_first_number(row, "colno", "colNo"),
        in_app=flag(row.get("in_app", row.get("inApp"))),
        context_line=here,
        pre_context=before,
        post_context=after,
    )


def _first_number(row: Loose, *keys: str) -> int | None:
    return next((found for key in keys if (found := whole(row.get(key))) is not None), None)


Context = tuple[tuple[str, ...], str | None, tuple[str, ...]]


def _context(row: Loose, number: int | None) -> Context:
    """Source lines before, at and after the frame's own: three fields in SDKs, numbered lines in the API."""
    numbered = items(row.get("context"))
    if numbered and number is not None:
        return _split(numbered, number)
    here = row.get("context_line", row.get("contextLine"))
    before = row.get("pre_context", row.get("preContext"))
    after = row.get("post_context", row.get("postContext"))
    return (
        tuple(map(line, items(before)[-_CONTEXT_KEPT:])),
        line(here) if isinstance(here, str) else None,
        tuple(map(line, items(after)[:_CONTEXT_KEPT])),
    )


def _split(numbered: object, number: int) -> Context:
    pairs = [pair for pair in map(items, items(numbered)) if len(pair) > 1]
    known = [(at, line(pair[1])) for pair in pairs if (at := whole(pair[0])) is not None]
    return (
        tuple(source for at, source in known if at < number)[-_CONTEXT_KEPT:],
        next((source for at, source in known if at == number), None),
        tuple(source for at, source in known if at > number)[:_CONTEXT_KEPT],
    )
