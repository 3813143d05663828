"""What a message says beside its words: fields that are refused, statuses of answers, kinds of known errors, of values.

Two of one role that differ are two errors, whatever raised them: a helper that asks services, reads values or finds
records raises them all at one place.
"""

import re
from collections.abc import Iterator

STRICT = frozenset({"field", "status", "code", "value", "model"})
"""Roles in which two messages that differ contradict each other."""
APART_ONLY = ("status:", "code:", "value:", "model:")
"""Roles that set two messages apart and draw none together: many bugs share them."""

_ZOD = re.compile(r'"path":\s*\[([^\]]{1,400})\]')
_PYDANTIC = re.compile(r"^([\w.\[\] >-]{1,200})\n +\S.*[\[(]type=", re.MULTILINE)
_JACKSON = re.compile(r"through reference chain: (.{1,500})")
_MARSHMALLOW = re.compile(r"['\"](\w{1,60})['\"]: \[['\"][A-Z][^'\"]{0,80} ")
_FREEMARKER = re.compile(r"^==> ([\w.]{1,80})", re.MULTILINE)
_AT_KEY = re.compile(
    r"(?:@ data|\bOn instance)((?:\[['\"]?\w+['\"]?\])+)"
    r"|\b(?:data|body|params|query(?:string)?|headers)[./]([A-Za-z_][\w./]*) (?=must |should )"
)
"""Of voluptuous, jsonschema, fastjsonschema and Ajv."""
_CALLED_FIELD = re.compile(r"\b[Ff]ield[ :]+(['\"`]?)([A-Za-z_][\w.]{0,80})(?![\w'])")
_NO_FIELD = re.compile(
    r"^(?:is|are|was|be|of|value|values|name|names|type|types|with|without|not|in|on|for|to|from|by|at|must|should|and|or"
    r"|required|missing|cannot|can|has|have|error|errors|mapping|as|the|that|which|does|doesn|may|already|only|required)$",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"\"([A-Za-z_]\w*)\"")
_STATUS = re.compile(
    r"\b(?:status(?: ?code)?|http(?: error)?|(?:response|error) code|answered|responded|returned|response)"
    r"\W{0,3}(?:with |of |is )?\W{0,2}([45]\d\d)\b(?! [a-z]+s\b)|\b([45]\d\d) (?:client|server) error\b"
    r"|\b(?:client|server) error '?([45]\d\d)\b"
    r"|(?:^|: )([45]\d\d) (?:from|on) (?:(?:get|post|put|patch|delete|head) )?(?:/|https?:)"
    r"|\b([45]\d\d) (?:bad request|unauthorized|payment required|forbidden|not found|method not allowed|conflict|gone"
    r"|precondition failed|unprocessable|too many requests|internal server error|bad gateway|service unavailable"
    r"|gateway time-?out)\b",
    re.IGNORECASE,
)
"""Of an answer: a number of rows, of an area or of an order is no status."""
_NUMBERED = re.compile(
    r"React error #(\d+)|\bNG0?(\d{3,5})\b|\bORA-(\d{5})\b|SQLSTATE\W{0,2}([0-9A-Z]{5})\b|\berror TS(\d{4}):|^(E11000) "
)
_KINDS = re.compile(
    r"(integer divide by zero)|(nil pointer dereference)|(out of range)(?= \[)|(assignment to entry in nil map)"
    r"|(close of \w+ channel)|(send on closed channel)|unsupported value: [+-]?(NaN|Inf)\b"
    r"|not JSON compliant: -?(nan|inf)\b"
    r"|(does not match) ['\"]|is (not of type) '|is (not one of) \[|is (too (?:short|long))$"
    r"|is (?:less|greater) than the (m(?:in|ax)imum)"
    r"|(?:ECONN\w+|ETIMEDOUT|dial tcp) \S+:([12]?\d{2,4})\b|\bport=([12]?\d{2,4})\b"
)
"""What a language or a checker of schemas tells apart (Go's runtime, JSON, JSON Schema), and ports of services."""
_VALUE = r"(?:'[^'\n]{1,60}'|\"[^\"\n]{1,60}\"|[\w.:@-]*\d[\w.:@-]*|[A-Z][A-Z_-]+\b)"
_WITH = r"(?:with (?:id|pk|key|code|name)[ =:]{1,2}|id[ =:]{1,2}|called |named |for |#)?"
_MODEL = re.compile(
    r"\b(?:[Nn]o )?(?:[Rr]ow|[Rr]ecord|[Ee]ntry|[Dd]ocument) \S+ (?:not found )?in ([a-z_]{3,})\b"
    rf"|\b([A-Za-z][a-z_]{{2,}}|[A-Z][A-Za-z]+):? {_WITH}{_VALUE} (?:was |is |could |can)?"
    r"(?:not (?:be )?found|does(?: not|n't) exist|already exists|unknown|missing)"
    rf"|\b(?:[Nn]o|[Uu]nknown|[Nn]o such|(?:[Cc]annot|[Cc]ould(?: not|n't)|[Cc]an't|[Uu]nable to) find)"
    rf" (?:an? |the )?([a-z_]{{3,}}) {_WITH}{_VALUE}"
    r"|^(\w+) matching query does not exist|^Couldn't find (?:all )?([A-Z]\w+)|for model \[(?:\w+\\)*(\w+)\]"
)
"""A record that is not there, and what it would have been: said by helpers that find records of any kind."""
_NO_MODEL = re.compile(
    r"^(?:such|column|table|module|attribute|key|one|for|was|with|and|the|row|record|entry|document|item|object|entity"
    r"|element|instance|result|value)$"
)
_IN_QUOTES = re.compile(r"['\"]([^'\"\n]{1,40})['\"]")
_VALUES = (
    ("time", re.compile(r"\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d+)?$")),
    ("date", re.compile(r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4})(?:[T ].*)?$")),
    ("fraction", re.compile(r"\d+/\d+$")),
    ("angle", re.compile(r"[-+\u2212]?\d+(?:d|°) ?\d+(?:m|').*$")),
    ("limit", re.compile(r"[<>\u2264\u2265~] ?-?\d[\d.,]*$")),
    ("nothing", re.compile(r"(?:-{1,3}|n/?a|none|null|nil|undefined|nan)$", re.IGNORECASE)),
    ("number", re.compile(r"[-+\u2212]?(?:\d+[.,]\d+|\d{1,3}(?:[.,' \u00a0]\d{3})+(?:[.,]\d+)?|\u2212\d+)$")),
)
"""Values that are more than a word or plain digits, by what they are of: columns of one table differ in it."""
_ILL = "5"


def coded(message: str) -> frozenset[str]:
    """Read what a message says in roles: `field:sku`, `status:404`, `code:31`, `value:time`, `model:order`."""
    found = (*_fields(message), *_statuses(message), *_numbers(message), *_models(message), *_values(message))
    return frozenset(one.lower() for one in found)


def _fields(message: str) -> Iterator[str]:
    """The last name on each way to a value that is refused: Zod, pydantic, Jackson, marshmallow, FreeMarker."""
    for way in _ZOD.findall(message):
        yield from (f"field:{name}" for name in _QUOTED.findall(way)[-1:])
    for way in (*_PYDANTIC.findall(message), *_MARSHMALLOW.findall(message), *_FREEMARKER.findall(message)):
        yield from (f"field:{name}" for name in _NAME.findall(way)[-1:])
    for way in _JACKSON.findall(message):
        yield from (f"field:{name}" for name in _QUOTED.findall(way)[-1:])
    for found in _AT_KEY.finditer(message):
        yield from (f"field:{name}" for name in _NAME.findall(found[1] or found[2])[-1:])
    for quote, name in _CALLED_FIELD.findall(message):
        if quote or not _NO_FIELD.match(name):
            yield f"field:{name.strip('.').rpartition('.')[2]}"


def _statuses(message: str) -> Iterator[str]:
    """Refusals differ one from another; servers that are ill are ill in many ways."""
    for found in _STATUS.finditer(message):
        status = next(group for group in found.groups() if group)
        yield f"status:{'5xx' if status.startswith(_ILL) else status}"


def _numbers(message: str) -> Iterator[str]:
    for pattern in (_NUMBERED, _KINDS):
        yield from (f"code:{next(filter(None, found.groups()))}" for found in pattern.finditer(message))


def _models(message: str) -> Iterator[str]:
    for found in _MODEL.finditer(message):
        noun = next(filter(None, found.groups())).lower()
        if not _NO_MODEL.match(noun):
            yield f"model:{noun.removesuffix('s')}"


def _values(message: str) -> Iterator[str]:
    """What the only value in quotes is of that is of something."""
    quoted = _IN_QUOTES.findall(message)
    kinds = {kind for value in quoted for kind, pattern in _VALUES if pattern.match(value)}
    if len(kinds) == 1:
        yield f"value:{kinds.pop()}"
