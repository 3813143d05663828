"""One meaning for the many wordings of an error message: engines, values and identifiers told apart."""

import re

from worker.triage.codes import APART_ONLY, coded, validated, without_operands


def vocabulary(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


BUILT_IN = vocabulary(
    "length map filter reduce foreach includes indexof push pop shift slice splice split join concat find some "
    "every sort keys values entries tofixed tostring tolowercase touppercase trim replace match test get set "
    "has add delete call apply bind then catch startswith endswith charat substring items append strip lower "
    "upper encode decode format "
)
"""What many values of a language have: it names an operation, not a place in the code."""
PROPERTY_OF_NOTHING = "property of nothing"
"""What JavaScript says most often; where it names nothing it could be anything."""

_ENGINE_WORDS: tuple[tuple[str, str], ...] = (
    (r"can't access property symbol\.iterator|\(evaluating '[^']{1,80} of [^']{1,80}'\)", "not iterable"),
    (r"cannot (?:read|set) propert(?:y|ies) (?:'[^']*' )?of (?:undefined|null)", PROPERTY_OF_NOTHING),
    (r"(?:undefined|null) is not an object|is (?:undefined|null)$|has no properties$", PROPERTY_OF_NOTHING),
    (r"cannot destructure property|right side of assignment cannot be destructured", PROPERTY_OF_NOTHING),
    (r"can't access property|unable to (?:get|set) property", PROPERTY_OF_NOTHING),
    (r"cannot convert undefined or null to object|can't convert (?:null|undefined) to object", PROPERTY_OF_NOTHING),
    (r"is not a constructor", "not a constructor"),
    (r"is not a function|object doesn't support property or method", "not a function"),
    (r"is not iterable|is not a function or its return value is not iterable|undefined is not a function \(near",
     "not iterable"),
    (r"is not defined$|can't find variable|before initialization|cannot access uninitialized", "not defined"),
    (r"maximum call stack size|too much recursion|call stack size exceeded", "endless recursion"),
    (r"invalid array length|array length must be|array size is not|invalid array buffer length", "bad array length"),
    (r"malformed uri|uri malformed|uri error|the uri to be (?:de|en)coded", "malformed uri"),
    (r"mix bigint|mix of bigint|convert (?:a )?bigint", "bigint mixed with number"),
    (r"invalid (?:time value|date)\b", "invalid date"),
    (r"failed to fetch|load failed|networkerror when attempting|network request failed|network error",
     "network failed"),
    (r"json\.parse|json parse error|(?:in|after) json at|is not valid json|unexpected end of json", "unreadable json"),
    (r"circular structure|cyclic object value|cyclic structures", "cyclic json"),
    (r"invalid regular expression|invalid regexp|invalid quantifier|nothing to repeat", "bad regular expression"),
    (r"unterminated (?:character class|parenthetical)|missing \) ", "bad regular expression"),
    (r"assignment to constant|invalid assignment to const|assign to readonly|read[- ]only property",
     "changed a fixed thing"),
    (r'^(?:"[^"\n]*"|\w+) is read-only$|object (?:that )?is not extensible|non-writable length',
     "changed a fixed thing"),
    (r"non-configurable and can.t be|^(?:cannot|unable to) delete property|^can(?:not|'t) redefine",
     "changed a fixed thing"),
    (r"todigits|tofixed\(\) (?:digits|argument)|precision \S+ out of range|toprecision\(\)", "digits out of range"),
    (r"(?:minimum|maximum)\w+digits\b.{0,30}\bout of range|\boptions property (?:minimum|maximum)\w+digits",
     "digits out of range"),
    (r"repeat count|invalid count value|prototype\.repeat argument", "bad repeat count"),
    (r"invalid currency code|currency is not a well-formed", "bad currency"),
    (r"incorrect locale information|invalid language tag", "bad locale"),
    (r"invalid time zone", "bad time zone"),
    (r"\bradix (?:must be|argument must be)", "bad radix"),
    (r"normali[sz]ation form (?:should be|must be)|\bform must be one of 'nfc'|match any normali[sz]ation form",
     "bad normalization form"),
    (r"\bcould not be cloned|\bcan ?not be cloned", "not cloneable"),
    (r"minified error nr: \d", "minified error"),
    (r"the operation was aborted|user aborted|signal is aborted", "aborted"),
    (r"quota ?exceeded|exceeded the quota", "storage full"),
)  # fmt: skip
"""One error as the engines V8, SpiderMonkey and JavaScriptCore word it (their own message tables)."""

_ENGINES = tuple((re.compile(pattern, re.IGNORECASE | re.MULTILINE), meaning) for pattern, meaning in _ENGINE_WORDS)

ABOUT_SOMETHING = frozenset({PROPERTY_OF_NOTHING, "not a constructor", "not a function", "not defined"})
"""Meanings that many statements of a program can have: without what they are about they tell nothing apart."""
MEANINGS = frozenset(meaning for _, meaning in _ENGINES)

_DOTTED = re.compile(r"(?<![\w$])[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+")
_QUOTED = re.compile(r"""['"`\u2018\u201c]([^'"`\u2019\u201d\n]{1,60})['"`\u2019\u201d]""")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_CODE_WORD = re.compile(r"^(?:[a-z0-9]+(?:_[a-z0-9]+)+|_[a-z_]+|[a-z]+(?:[A-Z][a-z0-9]+)+|(?:[A-Z][a-z0-9]+){2,})$")
_CALL = re.compile(r"\b([A-Za-z_]\w{2,})\(\)")
_OF_RUBY = re.compile(r"\bundefined method [`'](\w{1,60})[?!=]'|\bkey not found: :(\w{1,60})")
"""Methods that end in a mark, and symbols: in quotes neither looks like a name."""
_OF_TYPE = re.compile(r"\b(?:of|adapt) type '?([A-Za-z_]\w*)'?|\btype '([A-Za-z_]\w*)' is not supported")
_NUMBER = re.compile(
    r"(?:\b(at|line|col(?:umn)?|char(?:acter)?|pos(?:ition)?|index|offset|byte|row|id)\W{1,3})?"
    r"(?<![\w.-])(\d{1,6})(ms|s|kb|mb|px|%)?(?![\w.-])",
    re.IGNORECASE,
)
_BARE_DIGITS = 3
"""Digits of the longest number without a unit that is read: what is longer is mostly somebody's id."""
_HEX = re.compile(r"\b(?:0x)?[0-9a-f]{8,}\b|\b[0-9a-f]{4,}(?:-[0-9a-f]{4,}){2,}\b", re.IGNORECASE)
_PATH = re.compile(
    r"(?<!\S)\S*/\S+|(?<![\w-])[\w-]+\.(?:html?|txt|json|ya?ml|xml|csv|py|jsx?|tsx?|css|png|jpe?g|pdf)\b"
)
_VALUE_WORDS = re.compile(
    r"\b(?:valid|invalid|literal|codec|parse|decode|convert|token|expected|received|choice|near|syntax)\b",
    re.IGNORECASE,
)
_EMPTY_WORDS = vocabulary(
    "none nonetype nil nilclass null undefined true false nan object array string number function int str float bool "
    "bytes list dict tuple set get value error exception self this get_or_none "
    "datetime timespan int16 int32 int64 dbnull"
)
_READ = re.compile(
    r"\((?:reading|setting) '([^']+)'\)|property '([^']+)' of (?:undefined|null)"
    r"|can't access property \"([^\"]+)\"|cannot destructure property '([^']+)' of",
    re.IGNORECASE,
)
"""V8, and SpiderMonkey."""
_EVALUATED = re.compile(r"\(evaluating '(.+?)'\)|\(near '(.+?)'\)")
_OF_LANGUAGE = re.compile(r"(?:Object|Array|Reflect|Map|Set|Symbol|Promise|JSON|Number)\.\w+\(")
_OWNER = re.compile(r"^([A-Za-z_$][\w$.\[\]]*) is (?:undefined|null)$", re.MULTILINE)
_CONSTANT = re.compile(r"(no enum constant [\w.$]+)\.\w[\w-]*|(\brequested value) '[^'\n]*'", re.IGNORECASE)
"""A value that no constant of an enumeration is called by."""
_KEY = re.compile(r"[\d@]|\w-\w|^[A-Z]{2,}\W*$")
"""What makes a word a value by its looks: digits, an address, several words in one, capitals alone."""
_MADE_AT_RUNTIME = re.compile(r"\$\$\w[\w$]*(?:/0x[0-9a-f]+)?|(?<=\$Proxy)\d+")
"""The end of a name that a JVM gave to a class which it made up."""
_BELOW = re.compile(r"\n-{4,}\n")
_GIVEN = re.compile(
    r"\[parameters: .*?(?:\]$|\Z)|^\(Background on this error at: [^\n]*|\bwith params \[.*?(?:\](?=:|$)|\Z)"
    r"|\bFailing row contains \(.*",
    re.MULTILINE | re.DOTALL,
)
"""What a statement was given: values, of SQLAlchemy, Doctrine and PostgreSQL."""
_SHOWN = re.compile(r"\n\n[^\n]{0,300}\n[ \t]{0,300}\^+(?=\n|$)|\nDid you mean\?[^\n]*(?:\n {8,}[^\n]*)*")
_SHORTEST_NAME = 3
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
LONGEST_MESSAGE = 2000


def sub_tokens(name: str) -> tuple[str, ...]:
    """The lower-case words in a name: `parseHTTPUrl_v2` reads parse, http, url."""
    return tuple(word.lower() for word in _CAMEL.findall(name) if len(word) > 1)


def is_minified(name: str) -> bool:
    """Whether a build made this name up: one to two letters, or three without a vowel or with inner capitals."""
    bare = name.strip("_$")
    return len(bare) < _SHORTEST_NAME or (
        len(bare) == _SHORTEST_NAME and (not re.search("[aeiou]", bare[:2]) or not bare.islower())
    )


def meaning(message: str, platform: str) -> str:
    """What a message says without its values; for JavaScript the same in whatever engine it was thrown."""
    text = _told(message)
    if platform == "javascript":
        for pattern, meant in _ENGINES:
            if pattern.search(text):
                return meant
    return " ".join(_shape(text))


def _told(message: str) -> str:
    """What a message says without what a statement was given, before what template engines put below dashes.

    And without the line of code that Ruby shows below it, and what it thinks was meant.
    """
    return _SHOWN.sub("", _GIVEN.sub("", _BELOW.split(message[:LONGEST_MESSAGE], 1)[0]))


def _shape(text: str) -> tuple[str, ...]:
    bare = _QUOTED.sub(" ", _PATH.sub(" ", _HEX.sub(" ", text)))
    words = (word.lower() for word in re.findall(r"[A-Za-z]{2,}", bare))
    return tuple(dict.fromkeys(words))[:24]


def wrapped(said: str) -> str:
    """One step of a chain of error values as its code says it: without quotes, paths, keys and names of things."""
    bare = _QUOTED.sub(" ", _PATH.sub(" ", _HEX.sub(" ", said[:LONGEST_MESSAGE])))
    kept = " ".join(word for word in bare.split() if not _KEY.search(word))
    return " ".join(re.findall(r"[a-z]{2,}", kept.lower())[:8])


def only_number(message: str) -> str:
    """The one number of a message, such as a limit; empty where there are more, and for a position or an id."""
    found = _NUMBER.findall(_told(message))
    if len(found) != 1:
        return ""
    ((position, number, unit),) = found
    return number if not position and (unit or len(number) <= _BARE_DIGITS) else ""


def identifiers(message: str, platform: str) -> frozenset[str]:
    """Names of the code in a message, each with its role: `name:`, or for JavaScript `read:` and `owner:`.

    An engine tells the property that was read, the thing it was read from, or both: only equal roles can contradict.
    """
    text = _told(message)
    said = coded(text)
    if validated(text):
        return said  # the rest of such a message is the validator's own
    return said | _names(without_operands(text), platform)


def _names(text: str, platform: str) -> frozenset[str]:
    if platform == "javascript" and (found := _of_nothing(text)) is not None:
        return found
    clean = _CONSTANT.sub(r"\1\2", _PATH.sub(" ", _HEX.sub(" ", _MADE_AT_RUNTIME.sub("", text))))
    dotted = (name.rsplit(".", 1)[-1] for name in _DOTTED.findall(clean))
    loose = (word for word in _WORD.findall(_DOTTED.sub(" ", _QUOTED.sub(" ", clean))) if _CODE_WORD.match(word))
    called = frozenset(word.lower() for word in _CALL.findall(clean))
    marked = ("".join(found) for found in _OF_RUBY.findall(clean))
    names = {*dotted, *loose, *marked, *_quoted(clean), *(f"type {word}" for word in called - _EMPTY_WORDS)}
    # A type of the language or of data sets two mistakes apart, and is none of the code's own names.
    types = (called & _EMPTY_WORDS) | {"".join(found).lower() for found in _OF_TYPE.findall(clean)} - {"nonetype"}
    told = (f"name:{name.lower()}" for name in names if _tells(name, platform))
    return frozenset((*told, *(f"code:type {word}" for word in types)))


def telling_names(identifiers: frozenset[str]) -> frozenset[str]:
    """Names without statuses, kinds of errors, of values and of records, which many bugs share."""
    return frozenset(name for name in identifiers if not name.startswith(APART_ONLY))


def _tells(name: str, platform: str) -> bool:
    if (
        name.lower() in _EMPTY_WORDS
        or len(name) < _SHORTEST_NAME
        or any(c.isdigit() for c in name.rstrip("0123456789_"))
    ):
        return False
    return platform != "javascript" or not is_minified(name)


def _quoted(text: str) -> tuple[str, ...]:
    """Quoted words that name code; a message about a bad value quotes the value, so there only code-like ones."""
    found = tuple(word.rsplit(".", 1)[-1] for word in _QUOTED.findall(text) if re.fullmatch(r"[A-Za-z_][\w.$]*", word))
    about_value = _VALUE_WORDS.search(text) is not None
    return tuple(
        word for word in found if not any(map(str.isdigit, word)) and (not about_value or _CODE_WORD.match(word))
    )


def _of_nothing(text: str) -> frozenset[str] | None:
    """Roles of the names in "x of undefined"; None where the message is of another kind."""
    if read := _READ.search(text):
        return _roles("read", next(name for name in read.groups() if name))
    if evaluated := _EVALUATED.search(text):
        told = _argument(evaluated.group(1) or evaluated.group(2))
        parts = re.findall(r"[\w$]+", _bare(told))
        if _OF_LANGUAGE.match(evaluated.group(1) or ""):
            return _roles("owner", *parts[-1:])
        return _roles("read", *parts[-1:]) | _roles("owner", *parts[-2:-1]) if "is not an object" in text else None
    if owner := _OWNER.match(text):
        told = re.sub(r"\[[^\[\]]*\]", "", owner.group(1))
        return _roles("owner", *[part for part in re.split(r"[^\w$]+", told) if part][-1:])
    return None


_THING = re.compile(
    r"(?<![\w$])([A-Za-z_$][\w$]*) is not (?:a (?:function|constructor)|defined|iterable)"
    r"|can't find variable: ([\w$]+)|cannot access '([\w$]+)' before|lexical declaration '([\w$]+)'",
    re.IGNORECASE,
)


def thing(message: str) -> str | None:
    """What an error of the language is about, whatever the engine: a property that was read, something that was called.

    As the bundle spells it, made-up names too: within one build they mean one thing. None: no engine tells.
    """
    text = message[:LONGEST_MESSAGE]
    if read := _READ.search(text):
        return next(name for name in read.groups() if name)
    if "is not an object" in text and (evaluated := _EVALUATED.search(text)):
        parts = re.findall(r"[\w$]+", _bare(evaluated.group(1) or evaluated.group(2)))
        return parts[-1] if parts else None
    found = _THING.search(text)
    return next(name for name in found.groups() if name) if found else None


def _bare(evaluated: str) -> str:
    """An expression without what is assigned to it, what its calls are given and what it is indexed by."""
    left = re.sub(r"\[[^\[\]]*\](?=\??\.)", "", re.sub(r"(?<![=!<>])=(?![=>]).*$", "", evaluated))
    return re.sub(r"\([^()]*\)?", "", re.sub(r"\([^()]*\)", "", left))


def _argument(evaluated: str) -> str:
    """What a function of the language was given: it is the argument that was undefined, not the function."""
    return evaluated.partition("(")[2] if _OF_LANGUAGE.match(evaluated) else evaluated


def _roles(role: str, *names: str) -> frozenset[str]:
    return frozenset(f"{role}:{name.lower()}" for name in names if not is_minified(name))
