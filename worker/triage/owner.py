"""What a property was read from, out of the source line and the column of a frame whose source map was there."""

import re
from collections.abc import Sequence

from worker.event import Event
from worker.triage.wording import thing

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_BEFORE = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)(?:\[[^\[\]]{0,40}\]|\(\))?\??\.$")
_ONE_EXPRESSION = re.compile(r"[\w$]+(?:\??\.[\w$]+)*\]?\??\.")
_LONGEST_LINE = 1000


def owner_of(event: Event) -> str | None:
    """The name before the dot where undefined was read; None where the line and the column do not tell which.

    A line that reads the property once tells by itself. Where it is read more often the column does: V8 points to the
    property, JavaScriptCore to where the expression begins, SpiderMonkey often to neither.
    """
    thrown = next(iter(event.exceptions), None)
    frame = thrown.frames[-1] if thrown and thrown.frames else None
    if thrown is None or frame is None or frame.in_app is False or not (frame.context_line and frame.column):
        return None
    read, line = thing(thrown.value or ""), frame.context_line
    return _before_dot(line, frame.column - 1, read) if read and len(line) < _LONGEST_LINE else None


def _before_dot(line: str, at: int, read: str) -> str | None:
    read_at = [found.start() for found in re.finditer(rf"(?<=\.){re.escape(read)}\b", line)]
    here = next((found for found in _NAME.finditer(line) if found.start() <= at < found.end()), None)
    place = next(iter(read_at), None) if len(read_at) == 1 else here and _next_read(line, here, read, read_at)
    before = _BEFORE.search(line[:place]) if place else None
    return before[1] if before else None


def _next_read(line: str, here: re.Match[str], read: str, read_at: Sequence[int]) -> int | None:
    """Where the property is read of the expression that stands here; None where it is another."""
    after = next((place for place in read_at if place >= here.start()), None)
    if after is None or here[0] == read:
        return after
    return after if _ONE_EXPRESSION.fullmatch(line[here.start() : after]) else None
