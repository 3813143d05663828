"""JSON from outside and the few careful ways to read it."""

from typing import Any

Json = dict[str, Any]
"""A JSON object in a vendor's shape: the shapes are theirs and open, so its values are not typed further."""


def as_dict(value: object) -> Json:
    """The object itself, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The list itself, or an empty one."""
    return value if isinstance(value, list) else []


def utf16(text: str) -> int:
    """The length of a text as Java and JavaScript count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def as_text(value: object) -> str | None:
    """A string, or a plain number or truth value written as one; None for the rest."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    return None
