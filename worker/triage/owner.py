"""What a property was read from, out of the source line and the column of a frame whose source map was there."""

import re
from collections.abc import Sequence

from worker.event import Event
from worker.triage.function_name import bare_type
from worker.triage.wording import thing

_MISSING = re.compile(
    r"^'[\w.]+' object has no attribute '(\w+)'|^undefined method [`'](\w+[?!]?)=?' for nil"
    r"|^Attempt to read property \"(\w+)\" on null|^Call to a member function (\w+)\(\) on null"
)
"""What was read of an object that is none: Python, Ruby, PHP."""
_KEY = re.compile(r"^(?:key not found: )?:?['\"]?([\w-]{1,60})['\"]?$")
_BELOW = r"(?:\[|\.(?:get|fetch|dig)\()['\":]([\w-]{1,60})['\"]?(?:, ?\{\})?[\])]"
_LOOKED_UP = r"(?:\[|\.(?:fetch|pop)\()['\":]%s['\"]?[\])]"
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_BEFORE = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)(?:\[[^\[\]]{0,40}\]|\(\))?(?:[?&]?\.|\??->)$")
_ONE_EXPRESSION = re.compile(r"[\w$]+(?:\??\.[\w$]+)*\]?\??\.")
_LONGEST_LINE = 1000


def owner_of(event: Event) -> str | None:
    """The name before the dot where undefined was read; None where the line and the column do not tell which.

    A line that reads the property once tells by itself. Where it is read more often the column does: V8 points to the
    property, JavaScriptCore to where the expression begins, SpiderMonkey often to neither.
    """
    thrown = next(iter(event.exceptions), None)
    frame = thrown.frames[-1] if thrown and thrown.frames else None
    if thrown is None or frame is None or frame.in_app is False or not frame.context_line:
        return None
    if bare_type(thrown.type or "") == "KeyError" and (key := _KEY.search((thrown.value or "").partition("\n")[0])):
        return _of_key(frame.context_line, key[1])
    line, missing = frame.context_line, _MISSING.match(thrown.value or "")
    read = next(filter(None, missing.groups())) if missing else thing(thrown.value or "") if frame.column else None
    return _before_dot(line, (frame.column or 0) - 1, read) if read and len(line) < _LONGEST_LINE else None


def _of_key(line: str, key: str) -> str | None:
    """The key that a key was looked up below: of `order["buyer"]["name"]` the buyer; None where code names none."""
    found = re.findall(_BELOW + _LOOKED_UP % re.escape(key), line[:_LONGEST_LINE])
    return found[0] if len(found) == 1 else None


def _before_dot(line: str, at: int, read: str) -> str | None:
    read_at = [found.start() for found in re.finditer(rf"(?<=\.|>){re.escape(read)}(?!\w)", line)]
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
