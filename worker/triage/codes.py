"""What a message says beside its words: fields that are refused, statuses of answers, kinds of known errors, of values.

Two of one role that differ are two errors, whatever raised them: a helper that asks services, reads values or finds
records raises them all at one place.
"""

import re
from collections.abc import Iterator

STRICT = frozenset({"field", "status", "code", "value", "model", "on"})
"""Roles in which two messages that differ contradict each other."""
IN_ONE_RELEASE = STRICT | {"owner"}
"""The same where nothing was renamed between them."""
APART_ONLY = ("status:", "code:", "value:", "model:", "on:")
"""Roles that set two messages apart and draw none together: many bugs share them."""

_ZOD = re.compile(r'"path":\s*\[([^\]]{1,400})\]')
_PYDANTIC = re.compile(r"^([\w.\[\] >-]{1,200})\n +\S.*[\[(]type=", re.MULTILINE)
_JACKSON = re.compile(r"through reference chain: (.{1,500})")
_MARSHMALLOW = re.compile(r"['\"](\w{1,60})['\"]: \[['\"][A-Z][^'\"]{0,80} ")
_FREEMARKER = re.compile(r"^==> ([\w.]{1,80})", re.MULTILINE)
_AT_KEY = re.compile(
    r"(?:@ data|\bOn instance)((?:\[['\"]?\w+['\"]?\])+)"
    r"|\b(?:data|body|params|query(?:string)?|headers)[./](?:\w+[./]\d+[./])?([A-Za-z_]\w*) (?=must |should )"
)
"""Of voluptuous, jsonschema, fastjsonschema and Ajv."""
_OF_DOTNET = re.compile(
    r"\bPath '([^'\n]{1,200})', line \d+, position \d|\bPath: \$([\w.\[\]$'-]{1,200}) \||"
    r"^ -- ([\w.\[\]]{1,80}): (?=[^\n]{0,300}\bSeverity: )"
    r"|^The ([A-Z]\w{0,60}) field is required|^The field ([A-Z]\w{0,60}) must (?:be|match)\b",
    re.MULTILINE,
)
"""Of Newtonsoft.Json, System.Text.Json, FluentValidation and DataAnnotations."""
_OF_A_RULE = re.compile(
    r"^(?!(?:this|it|value|you|we|they)\b)([a-z_]\w{0,60}(?:[.\[]\w{1,60}\]?){0,4})"
    r" (?:is a required field$|should not be (?:empty|null)|must match (?:the following|/)|must be (?:"
    r"(?:a|an) (?:`\w+` type|(?:valid )?(?:string|number|integer|boolean|array|object|date|email|URL|UUID)\b)"
    r"|a (?:positive|negative) number|at (?:least|most) \d|(?:less|greater|longer|shorter) than\b"
    r"|one of the following))"
    r"|^\"([A-Za-z_][\w.\[\]]{0,80})\""
    r" (?:must be (?:a |an |one of|less|greater|larger)|is required$|is not allowed|length must)"
    r"|\bAt path: ([\w.]{1,80}) --"
    r"|^The ([a-z_][\w.]{0,60}) (?:field is required|has already been taken"
    r"|(?:field )?must be (?:a|an) (?:string|number|integer|array|valid email))"
    r"|\bon field '([\w.\[\]]{1,80})': rejected|\bpropertyPath=([\w.\[\]]{1,80}),|@ attribute ([A-Za-z_]\w{0,60})"
    r"| - at `\$\.([\w.\[\]]{1,80})`|^[\w.]{1,60}\.([A-Za-z_]\w{0,60}): must (?:not )?(?:be|match|have)\b",
    re.MULTILINE,
)
"""Of Yup, class-validator, Joi, Superstruct, Laravel, Spring, Bean Validation, cattrs and msgspec."""
_OF_A_LINK = re.compile(r"field:(?:utm_\w+|(?:fb|ms|tw|tt|[gdy])clk?id|[gw]braid|mc_[ce]id|igshid|_g[al])$")
"""What advertisers append to links: a form that refuses one refuses them all."""
_CALLED_FIELD = re.compile(
    r"(?<!read )(?<!assign )\b[Ff]ield:? (['\"`])([A-Za-z_][\w.]{0,80})\1"
    r"|\bfield ([A-Za-z_]\w{0,80}(?=:)|(?=\w{1,40}[._]\w)\w{1,160}(?:\.\w{1,40}){0,4}\b|[a-z]{1,40}[A-Z]\w{0,40}\b"
    r"|[A-Z][A-Z0-9_]{1,40}\b)"
)
"""In quotes, before a colon, or spelled as only code spells: `field trip` is somebody's."""
_NAME = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"\"([A-Za-z_]\w*)\"")
_STATUS = re.compile(
    r"\b(?:status(?: ?code)?|http(?: error)?|(?:response|error) code|answered|responded|returned|response)"
    r"\W{0,3}(?:with |of |is )?\W{0,2}([45]\d\d)\b(?! [a-z]+s\b)|\b([45]\d\d) (?:client|server) error\b"
    r"|\b(?:client|server) error '?([45]\d\d)\b"
    r"|(?:^|: )([45]\d\d) (?:from|on) (?:(?:get|post|put|patch|delete|head) )?(?:/|https?:)"
    r"|(?:^|[:(\[\"'=] ?)(400(?= bad request)|401(?= unauthorized)|402(?= payment required)|403(?= forbidden)"
    r"|404(?= not found)|405(?= method not allowed)|409(?= conflict)|410(?= gone)|412(?= precondition failed)"
    r"|422(?= unprocessable)|429(?= too many)|500(?= internal server)|502(?= bad gateway)"
    r"|503(?= service unavailable)|504(?= gateway))",
    re.IGNORECASE,
)
"""Of an answer: a number of rows, of an area or of an order is no status."""
_NUMBERED = re.compile(
    r"React error #(\d+)|minified error nr: (\d+)|vuejs\.org/error-reference/#([\w-]{1,60})"
    r"|svelte\.dev/e/(\w{1,60})|\bNG0?(\d{3,5})\b|\bORA-(\d{5})\b|SQLSTATE\W{0,2}([0-9A-Z]{5})\b|\berror TS(\d{4}):"
    r"|^(E11000) "
)
_KINDS = re.compile(
    r"(integer divide by zero)|(nil pointer dereference)|(out of range)(?= \[)|(assignment to entry in nil map)"
    r"|(close of \w+ channel)|(send on closed channel)|unsupported value: [+-]?(NaN|Inf)\b"
    r"|not JSON compliant: -?(nan|inf)\b"
    r"|(does not match) ['\"]|is (not of type) '|is (not one of) \[|is (too (?:short|long))$"
    r"|is (?:less|greater) than the (m(?:in|ax)imum)"
    r"|(?:ECONN\w+|dial tcp) (?:127\.0\.0\.1|localhost|::1|\[::1\]):(\d{2,5})\b"
)
"""What a language or a checker of schemas tells apart (Go's runtime, JSON, JSON Schema), and ports of this machine."""
_VALUE = r"(?:'[^'\n]{1,60}'|\"[^\"\n]{1,60}\"|[\w.:@-]{0,40}\d[\w.:@-]{0,40}|[A-Z][A-Z_-]{1,40}\b)"
_ID = r"(?:'[^'\n]{1,60}'|\"[^\"\n]{1,60}\"|#?\d{1,20}\b(?![-\w])|[A-Z][A-Z0-9]{0,20}[-_]?\d[\w-]{0,40})"
_WITH = r"(?:with (?:id|pk|key|code|name)[ =:]{1,2}|id[ =:]{1,2}|called |named |for |#)"
_MODEL = re.compile(
    r"\b[Nn]o (?:row|record|entry|document) \S{1,60} in ([a-z_]{3,})\b"
    r"|\b(?:[Rr]ow|[Rr]ecord|[Ee]ntry|[Dd]ocument) \S{1,60} not found in ([a-z_]{3,})\b"
    rf"|\b([A-Za-z][a-z_]{{2,}}|[A-Z][A-Za-z]+):? {_WITH}?{_VALUE} (?:was |is |could |can)?"
    r"(?:not (?:be )?found|does(?: not|n't) exist|already exists|unknown|missing)"
    r"|(?<!['\"])\b(?:[Nn]o|[Uu]nknown|[Nn]o such"
    r"|(?:[Cc]annot|[Cc]ould(?: not|n't)|[Cc]an't|[Uu]nable to) find(?: the)?)"
    rf" ([a-z_]{{3,}}) (?:{_WITH}{_VALUE}|{_ID})"
    r"|^(\w+) matching query does not exist|^Couldn't find (?:all )?([A-Z]\w+)|for model \[(?:\w+\\)*(\w+)\]"
)
"""A record that is not there, and what it would have been: said by helpers that find records of any kind."""
_NO_MODEL = re.compile(
    r"^(?:such|column|table|module|attribute|key|one|for|was|with|and|the|row|record|entry|document|item|object|entity"
    r"|element|instance|result|value)$"
)
_PLURAL = re.compile(r"(?<!s)s$")
_IN_QUOTES = re.compile(r"['\"]([^'\"\n]{1,40})['\"]")
_VALUES = (
    ("time", re.compile(r"\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d+)?$")),
    ("date", re.compile(r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4})(?:[T ].*)?$")),
    ("fraction", re.compile(r"\d+/\d+$")),
    ("angle", re.compile(r"[-+\u2212]?\d+(?:d|°) ?\d+(?:m|').*$")),
    ("number", re.compile(r"[-+\u2212]?(?:\d+[.,]\d+|\d{1,3}(?:[.,' \u00a0]\d{3})+(?:[.,]\d+)?|\u2212\d+)$")),
)
"""Values that are more than a word or plain digits, by what they are of: columns of one table differ in it."""
_UNREADABLE = re.compile(
    r"(?:could not convert string to \w+:|invalid literal for \w+\(\) with base \d+:|invalid value for \w+\(\):"
    r"|For input string:|strconv\.\w+: parsing|for decimal\.Decimal:) ?['\"]([^'\"\n]{0,40})['\"]"
)
"""A text that is no number, as Python, Ruby, Java and Go say it."""
_IS_TEXT = re.compile(r"\D*$|[A-Za-z]")
_CONVERTED = re.compile(r"[Cc]annot convert (?:(?:\w{1,40}\.)?([A-Z]\w{1,40})\((?=['\"\d)\[{])|([\[{]))")
"""A value as Python writes it down."""
_FAILED = re.compile(
    r"\b(?:UNIQUE|NOT NULL|CHECK|PRIMARY KEY) constraint failed: (\w{1,60}\.\w{1,60}(?:, \w{1,60}\.\w{1,60}){0,9})"
)
"""Columns with their tables, as SQLite says which were not unique or empty."""
_RECEIVER = re.compile(
    r"^undefined method [`']\S{1,80}' for (?:(nil)\b|an instance of ([\w:]{1,80})|(?:class|module) ([\w:]{1,80})"
    r"|[^\n]{0,200}(?<!:):([A-Z]\w{0,60}(?:::\w{1,60}){0,5})$)",
    re.MULTILINE,
)
"""What Ruby says had no such method, before 3.4 and since."""
_OPERANDS = re.compile(r"(?:between instances of|operand type\(s\) for \S{1,9}:?) '([\w.]{1,80})' and '([\w.]{1,80})'")
_NUMBERS = frozenset({"int", "float"})
_NOT_JSON = (
    (
        "object",
        re.compile(
            r"\[object Object\]|identifier \"object\"|token o in JSON at position 1\b|character at line 1 column 2 of"
        ),
    ),
    (
        "text",
        re.compile(
            r"[Tt]oken '?<|\"<!?\w+|<!DOCTYPE"
            r"|[Uu]nterminated string|[Uu]nexpected end of (?:JSON|data|input)|JSON Parse error: Unexpected EOF"
        ),
    ),
)
"""What was read for JSON and is none, in the words of three engines: a value of ours, or what somebody sent."""
_ILL = "5"


def coded(message: str) -> frozenset[str]:
    """Read what a message says in roles: `field:sku`, `status:404`, `code:31`, `value:time`, `on:nil`."""
    found = (
        *_refused(message),
        *_called_fields(message),
        *_statuses(message),
        *_numbers(message),
        *_models(message),
        *_values(message),
        *_operands(message),
        *_constraints(message),
        *_receivers(message),
    )
    return frozenset(map(_named, found))


def validated(message: str) -> frozenset[str]:
    """The last name on each way to a value that a validator refuses, with its role; the rest of it is no program's."""
    return frozenset(map(_named, _refused(message)))


def _named(one: str) -> str:
    return _OF_A_LINK.sub("field:of a link", one.lower())


def _called_fields(message: str) -> Iterator[str]:
    for found in _OF_A_RULE.finditer(message):
        yield from (f"field:{name}" for name in _NAME.findall(next(filter(None, found.groups())))[-1:])
    for found in _CALLED_FIELD.finditer(message):
        yield f"field:{(found[2] or found[3]).strip('.').rpartition('.')[2]}"


def _refused(message: str) -> Iterator[str]:
    """Of Zod, pydantic, Jackson, marshmallow, FreeMarker, voluptuous, jsonschema, fastjsonschema, Ajv and .NET's."""
    for way in _ZOD.findall(message):
        yield from (f"field:{name}" for name in _QUOTED.findall(way)[-1:])
    for way in (*_PYDANTIC.findall(message), *_MARSHMALLOW.findall(message), *_FREEMARKER.findall(message)):
        yield from (f"field:{name}" for name in _NAME.findall(way)[-1:])
    for way in _JACKSON.findall(message):
        yield from (f"field:{name}" for name in _QUOTED.findall(way)[-1:])
    for found in _AT_KEY.finditer(message):
        yield from (f"field:{name}" for name in _NAME.findall(found[1] or found[2])[-1:])
    for found in _OF_DOTNET.finditer(message):
        yield from (f"field:{name}" for name in _NAME.findall(next(filter(None, found.groups())))[-1:])


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
            yield f"model:{_PLURAL.sub('', noun)}"


def without_operands(message: str) -> str:
    """A message without the types that Python could not compare or add: they are of data, no names of the code."""
    return _OPERANDS.sub(" ", message)


def _operands(message: str) -> Iterator[str]:
    """The types that Python could not compare or add, as they stood; nothing says nothing of what was meant."""
    for found in _OPERANDS.finditer(message):
        kinds = ["number" if kind in _NUMBERS else kind for kind in found.groups() if kind != "NoneType"]
        if kinds:
            yield f"value:{' and '.join(kinds)}"


def _constraints(message: str) -> Iterator[str]:
    """The columns that SQLite names with their tables, however common their names are."""
    for found in _FAILED.finditer(message):
        yield from (f"name:{column.rpartition('.')[2]}" for column in found[1].split(", "))


def _receivers(message: str) -> Iterator[str]:
    """What an object of Ruby was that had no such method: where a library asks, two kinds are two mistakes."""
    for found in _RECEIVER.finditer(message):
        yield f"on:{next(filter(None, found.groups()))}"


def _values(message: str) -> Iterator[str]:
    """What the only value in quotes is of that is of something; what was read for JSON."""
    if "JSON" in message:
        yield from (f"value:{kind}" for kind, pattern in _NOT_JSON if pattern.search(message))
    quoted = _IN_QUOTES.findall(message)
    kinds = {kind for value in quoted for kind, pattern in _VALUES if pattern.match(value)}
    if not kinds and (read := _UNREADABLE.search(message)):
        kinds = {"text"} if _IS_TEXT.match(read[1]) else set()
    if not kinds and (made := _CONVERTED.search(message)):
        kinds = {made[1] or ("list" if made[2] == "[" else "dict")}
    if len(kinds) == 1:
        yield f"value:{kinds.pop()}"
