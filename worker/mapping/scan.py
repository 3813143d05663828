"""Reads the surface of a CEL expression: its top-level parts, and the names it looks at with their positions.

The compiler gives no syntax tree, so this works on the text with strings and comments blanked out (same length).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = (
    r"[bB]?[rR][bB]?(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"[^\"\n]*\"|'[^'\n]*')"
    r"|[bB]?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
)
_OPAQUE = re.compile(rf"(?<![\w.])(?:{_STRING})|{_STRING}|//[^\n]*")
_NAME = re.compile(r"(?<![\w.])(?<!\.\s)([A-Za-z_]\w*)\b(?!\s*\()")
_FIELD = re.compile(r"\s*\.\s*([A-Za-z_]\w*)(?!\w*\s*\()|\s*\[\s*([\"'])([^\"'\n]*)\2\s*\]")
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_WORDS = frozenset(
    {"true", "false", "null", "in", "bool", "bytes", "double", "duration", "int", "list", "map"}
) | frozenset({"null_type", "string", "timestamp", "type", "uint"})
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name with the fields asked of it, such as ("event", "tags", "browser"); `offset` of its first character."""

    path: tuple[str, ...]
    offset: int


def blank(source: str) -> str:
    """The expression with strings emptied and comments as spaces; every offset stays."""
    return _OPAQUE.sub(_blanked, source)


def references(source: str) -> Iterator[Reference]:
    """The names that are looked at, without those that a macro such as `exists(f, …)` binds."""
    flat = blank(source)
    bound = set(_BOUND.findall(flat))
    for match in _NAME.finditer(flat):
        name = match.group(1)
        if name not in bound and name not in _WORDS:
            yield Reference((name, *_fields(source, flat, match.end())), match.start())


def split(source: str) -> tuple[str, tuple[str, ...]]:
    """The weakest top-level operator (`||`, else `&&`, else none) and the parts it joins."""
    flat = blank(source)
    if "?" in _surface(flat):
        return "", (source,)
    for operator in ("||", "&&"):
        parts = _cut(source, _surface(flat), operator)
        if len(parts) > 1:
            return operator, parts
    return "", (source,)


def _blanked(match: re.Match[str]) -> str:
    text = match.group()
    return " " * len(text) if text.startswith("//") else '"' + " " * (len(text) - 2) + '"'


def _fields(source: str, flat: str, start: int) -> Iterator[str]:
    while match := _FIELD.match(source, start):
        if match.group(1) and flat[match.start() : match.end()].strip() != match.group().strip():
            return
        yield match.group(1) or match.group(3)
        start = match.end()


def _surface(flat: str) -> str:
    """The text with everything inside brackets blanked, so that only top-level operators are left."""
    depth, shown = 0, []
    for char in flat:
        depth -= char in _CLOSING
        shown.append(char if depth == 0 else " ")
        depth += char in _OPENING
    return "".join(shown)


def _cut(source: str, surface: str, operator: str) -> tuple[str, ...]:
    starts = [0, *(match.end() for match in re.finditer(re.escape(operator), surface))]
    ends = [*(match.start() for match in re.finditer(re.escape(operator), surface)), len(source)]
    return tuple(source[start:end].strip() for start, end in zip(starts, ends, strict=True))
