"""Reading JSON that keeps no promise: each function takes anything and answers a value of the asked type or nothing.

None of them raises. Text is cut to 8 KiB, freed of NUL and lone surrogates, so that any database and encoder takes it.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

TEXT_LIMIT = 8 * 1024
_BIGGEST = 2**63 - 1

Loose = Mapping[str, object]
"""A JSON object as it came."""

_NOTHING: Loose = {}


def mapping(value: object) -> Loose:
    """Answer a JSON object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else _NOTHING


def items(value: object) -> Sequence[object]:
    """Answer a JSON array; an empty one for anything else."""
    return value if isinstance(value, list | tuple) else ()


def objects(value: object) -> list[Loose]:
    """Answer the objects in a JSON array, without the rest."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def dig(data: object, *path: str) -> object:
    """Follow keys downwards; None where the way ends."""
    for key in path:
        data = mapping(data).get(key)
    return data


def line(value: object) -> str:
    """Clean text as it stands, blanks kept; empty for anything that is not text."""
    if not isinstance(value, str):
        return ""
    cut = value[:TEXT_LIMIT].encode("utf-8", "replace")[:TEXT_LIMIT]
    return cut.decode("utf-8", "ignore").replace("\x00", "")


def text(value: object) -> str | None:
    """Clean text, or a number or flag as text; None when there is nothing but blanks."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if abs(value) <= _BIGGEST else None
    clean = line(value)
    return clean if clean.strip() else None


def first_text(*values: object) -> str | None:
    """Answer the first that says anything."""
    return next((found for found in map(text, values) if found is not None), None)


def whole(value: object) -> int | None:
    """Answer a whole number, also when it came as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= len(str(_BIGGEST)) else None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and abs(value) <= _BIGGEST else None


def flag(value: object) -> bool | None:
    """Answer a flag; None for anything that is not one."""
    return value if isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """Answer a time in UTC from ISO text or seconds since 1970; without a zone it is taken as UTC."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        seconds = None
    try:
        if seconds is not None and not isinstance(value, bool):
            return datetime.fromtimestamp(seconds, UTC)
        return _from_iso(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):  # beyond what a clock can say
        return None


def _from_iso(value: str) -> datetime:
    then = datetime.fromisoformat(value[:64].strip())
    return then.replace(tzinfo=UTC) if then.tzinfo is None else then.astimezone(UTC)
