"""What a property was read from, out of the source line and the column of a frame whose source map was there."""

import re

from worker.event import Event
from worker.triage.wording import thing

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_BEFORE = re.compile(r"([A-Za-z_$][\w$]*)(?:\[[^\[\]]{0,40}\]|\(\))?\??\.$")
_LONGEST_LINE = 1000


def owner_of(event: Event) -> str | None:
    """The name before the dot where undefined was read; None where the line and the column do not tell.

    V8 points to the property, JavaScriptCore to where the expression begins; SpiderMonkey names the owner itself.
    """
    thrown = next(iter(event.exceptions), None)
    frame = thrown.frames[-1] if thrown and thrown.frames else None
    if thrown is None or frame is None or frame.in_app is False or not (frame.context_line and frame.column):
        return None
    read = thing(thrown.value or "")
    return (
        _before_dot(frame.context_line, frame.column - 1, read)
        if read and len(frame.context_line) < _LONGEST_LINE
        else None
    )


def _before_dot(line: str, at: int, read: str) -> str | None:
    here = next((found for found in _NAME.finditer(line) if found.start() <= at < found.end()), None)
    if here is None:
        return None
    if here[0] == read:
        before = _BEFORE.search(line[: here.start()])
        return before[1] if before else None
    expression = re.match(rf"(?:[\w$]+\??\.)*?([\w$]+)\??\.{re.escape(read)}\b", line[here.start() :])
    return expression[1] if expression else None
