"""Reads a source map: what it embeds, and how far into its bundle it reaches.

Format: ECMA-426 (version 3), flat or as an index map with sections; ids as Sentry's tools and the debug id proposal
write them (`debug_id`, `debugId`).
"""

import json
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DIGITS = {digit: value for value, digit in enumerate(f"{string.ascii_uppercase}{string.ascii_lowercase}0123456789+/")}
_WIDEST = 35
"""Bits of a number of a mapping: the format allows 32."""
_FIELDS = frozenset({1, 4, 5})


class BadMapError(ValueError):
    """A map that nobody can use; says why in words that go on after "the map"."""


@dataclass(frozen=True, slots=True)
class SourceMap:
    """One map. `embedded`: whether the text of each source is inside; `reach`: line to its last column, both from 0."""

    sources: tuple[str, ...]
    embedded: tuple[bool, ...]
    debug_id: str | None
    reach: Mapping[int, int]


def read_map(data: bytes) -> SourceMap:
    """Read and decode a whole map. `BadMapError` when it cannot be used."""
    told = _object(data)
    if told.get("version") != 3:  # noqa: PLR2004 -- the only version that is in use
        raise BadMapError(f"has version {_short(told.get('version'))}, and Sentry reads version 3 only")
    if "sections" in told:
        return _indexed(told)
    return _flat(told)


def _object(data: bytes) -> Mapping[str, Any]:
    """JSON, hence Any. A first line `)]}'` keeps old browsers from running it and is no part of it."""
    if not data.strip():
        raise BadMapError("is empty")
    try:
        text = data.decode("utf-8-sig")
        told = json.loads(text.partition("\n")[2] if text.startswith(")]}") else text)
    except (ValueError, RecursionError) as error:
        raise BadMapError(f"is no JSON ({str(error)[:100]})") from error
    if not isinstance(told, dict):
        raise BadMapError("is no JSON object")
    return told


def _indexed(told: Mapping[str, Any]) -> SourceMap:
    sections = told["sections"]
    if not isinstance(sections, list) or not sections:
        raise BadMapError("is an index map without sections")
    sources: list[str] = []
    embedded: list[bool] = []
    reach: dict[int, int] = {}
    for number, section in enumerate(sections, 1):
        line, column, inner = _section(section, number)
        sources += inner.sources
        embedded += inner.embedded
        for at, end in inner.reach.items():
            reach[line + at] = max(reach.get(line + at, 0), end + (0 if at else column))
    return SourceMap(tuple(sources), tuple(embedded), debug_id_of(told), reach)


def _section(section: object, number: int) -> tuple[int, int, SourceMap]:
    held = section if isinstance(section, dict) else {}
    offset, inner = held.get("offset"), held.get("map")
    line, column = (offset.get("line"), offset.get("column")) if isinstance(offset, dict) else (None, None)
    if not isinstance(line, int) or not isinstance(column, int) or min(line, column) < 0:
        raise BadMapError(f"has a section without a place (number {number})")
    if not isinstance(inner, dict) or "sections" in inner:
        raise BadMapError(f"has a section without a map of its own inside (number {number})")
    return line, column, _flat(inner)


def _flat(told: Mapping[str, Any]) -> SourceMap:
    sources, contents, names, mappings = (told.get(key) for key in ("sources", "sourcesContent", "names", "mappings"))
    if not isinstance(mappings, str):
        raise BadMapError("has no mappings")
    if not isinstance(sources, list):
        raise BadMapError("has no list of sources")
    texts = contents if isinstance(contents, list) else []
    known = len(names) if isinstance(names, list) else 0
    return SourceMap(
        sources=tuple(source if isinstance(source, str) else "" for source in sources),
        embedded=tuple(at < len(texts) and isinstance(texts[at], str) for at in range(len(sources))),
        debug_id=debug_id_of(told),
        reach=dict(_reach(mappings, len(sources), known)),
    )


def debug_id_of(told: Mapping[str, Any]) -> str | None:
    """The id that a map says it has."""
    found = told.get("debugId") or told.get("debug_id")
    return found.strip().lower() if isinstance(found, str) and found.strip() else None


def _reach(mappings: str, sources: int, names: int) -> Iterator[tuple[int, int]]:
    """Line and last column of every line that maps something. `BadMapError` for numbers that lead nowhere."""
    source = name = 0
    for line, row in enumerate(mappings.split(";")):
        column, furthest = 0, -1
        for segment in filter(None, row.split(",")):
            numbers = _decoded(segment)
            if len(numbers) not in _FIELDS:
                raise BadMapError(f"has a mapping of {len(numbers)} numbers in line {line + 1}, and 1, 4 or 5 mean one")
            column += numbers[0]
            furthest = max(furthest, column)
            source += numbers[1] if len(numbers) > 1 else 0
            name += numbers[4] if len(numbers) > 4 else 0  # noqa: PLR2004 -- the fifth is the name
            if column < 0 or (len(numbers) > 1 and not 0 <= source < sources):
                raise BadMapError(f"points to a source that it does not have (mappings, line {line + 1})")
            if len(numbers) > 4 and not 0 <= name < names:  # noqa: PLR2004 -- as above
                raise BadMapError(f"points to a name that it does not have (mappings, line {line + 1})")
        if furthest >= 0:
            yield line, furthest


def _decoded(segment: str) -> list[int]:
    """The numbers of one mapping: base 64, five bits a digit, the lowest first, the sign last of all."""
    numbers: list[int] = []
    value = shift = 0
    for char in segment:
        digit = _DIGITS.get(char)
        if digit is None or shift > _WIDEST:
            raise BadMapError(f"has mappings that are no base 64 numbers ({_short(segment)})")
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
        else:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if shift:
        raise BadMapError(f"has mappings that stop in the middle of a number ({_short(segment)})")
    return numbers


def _short(value: object) -> str:
    return repr(value)[:40]
