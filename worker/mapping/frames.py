"""How a ticket shows a frame: where it is, then its source with the line that ran marked."""

from collections.abc import Iterator

from worker.event import Frame
from worker.mapping.markup import shorten

SOURCE_LINES = 3
"""Lines of source before and after the one that ran, at most."""
LINE_LIMIT = 200
"""Characters of one line of source; minified code has lines of megabytes."""


def describe(frame: Frame) -> str:
    """One frame as lines of plain text: where it is, then its source with the line that ran marked."""
    return "\n".join([_place(frame), *_source(frame)])


def _place(frame: Frame) -> str:
    file = frame.filename or frame.abs_path or frame.module or "unknown file"
    line = f":{frame.line}" if frame.line is not None else ""
    column = f":{frame.column}" if line and frame.column is not None else ""
    name = f" in {shorten(frame.function, LINE_LIMIT)}" if frame.function else ""
    return f"{shorten(file, LINE_LIMIT)}{line}{column}{name}"


def _source(frame: Frame) -> Iterator[str]:
    if not frame.context_line or not frame.context_line.strip():
        return
    before, after = frame.pre_context[-SOURCE_LINES:], frame.post_context[:SOURCE_LINES]
    first = None if frame.line is None else frame.line - len(before)
    for index, text in enumerate((*before, frame.context_line, *after)):
        mark = ">" if index == len(before) else " "
        number = "" if first is None else f"{first + index:>6}"
        yield f"  {mark}{number} | {shorten(text.rstrip(), LINE_LIMIT)}"
