"""What a message says beside its words: fields that a validator refuses, statuses of answers, numbers of known errors.

Two of one role that differ are two errors, whatever raised them: a helper that asks services or checks input raises
them all at one place.
"""

import re
from collections.abc import Iterator

STRICT = frozenset({"field", "status", "code"})
"""Roles in which two messages that differ contradict each other."""
_ZOD = re.compile(r'"path":\s*\[([^\]]{1,400})\]')
_PYDANTIC = re.compile(r"^([\w.\[\] >-]{1,200})\n +\S.*[\[(]type=", re.MULTILINE)
_JACKSON = re.compile(r"through reference chain: (.{1,500})")
_MARSHMALLOW = re.compile(r"['\"](\w{1,60})['\"]: \[['\"][A-Z][^'\"]{0,80} ")
_NAME = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"\"([A-Za-z_]\w*)\"")
_STATUS = re.compile(
    r"\b(?:status(?: ?code)?|http(?: error)?|(?:response|error) code|answered|responded|returned|response)"
    r"\W{0,3}(?:with |of |is )?\W{0,2}([45]\d\d)\b(?! [a-z]+s\b)|\b([45]\d\d) (?:client|server) error\b"
    r"|(?:^|: )([45]\d\d) (?:from|on) (?:(?:get|post|put|patch|delete|head) )?(?:/|https?:)",
    re.IGNORECASE,
)
"""Of an answer: a number of rows, of an area or of an order is no status."""
_NUMBERED = re.compile(
    r"React error #(\d+)|\bNG0?(\d{3,5})\b|\bORA-(\d{5})\b|SQLSTATE\W{0,2}([0-9A-Z]{5})\b|\berror TS(\d{4}):|^(E11000) "
)
_ILL = "5"


def coded(message: str) -> frozenset[str]:
    """Read the fields, statuses and numbers in a message, each with its role: `field:sku`, `status:404`, `code:31`."""
    return frozenset((*(f"field:{name.lower()}" for name in _fields(message)), *_statuses(message), *_numbers(message)))


def _fields(message: str) -> Iterator[str]:
    """The last name on each way to a value that is refused: Zod, pydantic, Jackson, marshmallow."""
    for way in _ZOD.findall(message):
        yield from _QUOTED.findall(way)[-1:]
    for way in (*_PYDANTIC.findall(message), *_MARSHMALLOW.findall(message)):
        yield from _NAME.findall(way)[-1:]
    for way in _JACKSON.findall(message):
        yield from _QUOTED.findall(way)[-1:]


def _statuses(message: str) -> Iterator[str]:
    """Refusals differ one from another; servers that are ill are ill in many ways."""
    for found in _STATUS.finditer(message):
        status = next(group for group in found.groups() if group)
        yield f"status:{'5xx' if status.startswith(_ILL) else status}"


def _numbers(message: str) -> Iterator[str]:
    for found in _NUMBERED.finditer(message):
        yield f"code:{next(group for group in found.groups() if group).lower()}"
