"""Whether a line says nothing but what its function was given: then the caller is to blame, and not the line."""

import re
from collections.abc import Iterator

from worker.event import Frame
from worker.triage.wording import vocabulary

_LONGEST = 200
_ABOVE = 10
"""Lines above, and characters of each, that are looked through for the head of a function."""
_PLAIN = re.compile(r"(?!template$)\w{1,80}[?!]?")
_READ = frozenset({"python", "javascript", "ruby", "php", "go"})
"""Languages whose heads of functions are read."""
_GIVEN = r"\((?P<given>[^()]{{0,400}}(?:\([^()]{{0,100}}\)[^()]{{0,400}}){{0,6}})\)"
_HEAD = (
    r"(?<!\w){name}[?!]?\s{{0,20}}(?:[:=]\s{{0,20}}(?:async\s{{1,20}})?(?:function\b\s{{0,20}}\w{{0,60}})?\s{{0,20}})?"
    + _GIVEN
)
_ARROW_HEAD = r"(?<!\w){name}\s{{0,20}}[:=]\s{{0,20}}(?:async\s{{1,20}})?(?P<given>[A-Za-z_$][\w$]{{0,60}})\s{{0,20}}=>"
"""Of JavaScript, with one parameter."""
_BARE_HEAD = r"\bdef\s+(?:self\.)?{name}[?!]?(?:[ ]+(?P<given>[^\n(]{{1,200}}))?$"
"""Of Ruby, where parentheses are left out."""
_DEFINES = re.compile(r"\b(?:def|function|func)\b[*&\s]{0,20}(?:self\.|\([^()]{0,100}\)\s{0,20})?$")
"""What stands right before the name: in Go the receiver, too."""
_BODY = re.compile(r"\s*(?:\{|=>|:[^=\n?]{0,120}(?:\{|=>)\s*$)", re.MULTILINE)
"""What follows the parameters of a method or an arrow of JavaScript, which no word announces."""
_STRING = re.compile(r"(?:(?<!\w)[frbuFRBU]{1,2})?(['\"`])(?:\\.|(?!\1)[^\\]){0,300}\1")
_IN_STRING = re.compile(r"[#$]?\{([^{}]{1,100})\}")
_IN_FORMAT = re.compile(r"\{([^{}]{1,100}?)(?:![rsa])?(?::[^{}\]]{0,40})?\}")
"""Of Python, without how it is to be written."""
_LOCAL = re.compile(
    r"\b(?:for|const|let|var)\s+[\[({]?\s*([\w, ]{1,80}?)\s*[\])}]?\s*(?:\bin\b|\bof\b|=)|\|([\w, ]{1,60})\|"
    r"|\blambda\s+([\w, ]{1,80}?):|(?<![\w.])(\w{1,40})\s*=>|\(([\w, ]{0,80})\)\s*=>"
    r"|\b(?:fn|func|function)\s*\(([\w$, ]{0,80})\)"
)
"""Names that a line makes itself, out of what it has: those of loops, blocks, lambdas and arrows, too."""
_COMMENT = {"python": re.compile(r"#.*"), "ruby": re.compile(r"(?:^|\s)#.*"), "php": re.compile(r"(?://|#(?!\[)).*")}
_OTHER_COMMENT = re.compile(r"//.*")
_THROWN = re.compile(r"\b(raise|throw)\s+(?:new\s+)?[A-Z][\w.:\\]*")
"""The type of an error is none of what a line works with."""
_WORD = re.compile(r"(?<![\w.:$>])\$?([A-Za-z_]\w*)(?!\w|\s*\(|\s*=(?!=)|:(?!:))")
_OF_ITS_OBJECT = re.compile(r"(?:\b(?:self|this|cls)\s?\??\.|\$this->|(?<![\w@])@)\w+\b(?!\s*\()")
"""What a line reads of its object (not what it calls there): the callers handed over something else."""
_LANGUAGE = vocabulary(
    "return raise throw new await async for in of if else elif elsif unless not is and or None True False null nil "
    "undefined true false const let var with as def do then end begin rescue lambda yield from try except self this "
    "cls func range int str float len sum list dict set tuple isinstance err error string bytes Date Time DateTime "
    "Math JSON Number String Integer Float Decimal BigDecimal Object Array Intl datetime json math strconv"
)


def is_handed(frame: Frame, name: str, platform: str) -> bool | None:
    """Whether all that a line works with are parameters of its function `name`; None where that cannot be told.

    Not where the head of the function is further up than what is shown: what many call is short.
    """
    line = (frame.context_line or "").rstrip()
    if platform not in _READ or not line or len(line) > _LONGEST or not _PLAIN.fullmatch(name):
        return None
    shown = "\n".join((*(above.rstrip()[:_LONGEST] for above in frame.pre_context[-_ABOVE:]), line))
    found = _head_of(shown, re.escape(name.rstrip("?!")), platform)
    if found is None:
        return False if frame.pre_context else None
    given, end = found
    line = _bare(shown[max(end, shown.rfind("\n") + 1) :], platform)
    made = {word for names in _LOCAL.findall(line) for word in re.findall(r"\w+", " ".join(names))}
    words = {*_WORD.findall(line)} - _LANGUAGE - made
    return bool(words) and words <= {*given} and not _OF_ITS_OBJECT.search(line)


def _bare(line: str, platform: str) -> str:
    """A line without its texts but for what is put into them, without comments and types of errors."""
    inside = _IN_FORMAT if platform == "python" else _IN_STRING
    said = _STRING.sub(lambda found: " ".join(inside.findall(found[0])), line)
    bare = _THROWN.sub(r"\1", _COMMENT.get(platform, _OTHER_COMMENT).sub("", said))
    return " ".join(bare.split())  # a hundred blanks in a row would keep `_LOCAL` busy for minutes


def _head_of(shown: str, name: str, platform: str) -> tuple[tuple[str, ...], int] | None:
    """What the function is given, and where its head ends; None where it is not shown."""
    heads = [
        one for one in re.finditer(_HEAD.format(name=name), shown, re.IGNORECASE) if _is_head(shown, one, platform)
    ]
    if not heads and platform == "javascript":
        heads = list(re.finditer(_ARROW_HEAD.format(name=name), shown, re.IGNORECASE))
    bare = re.search(_BARE_HEAD.format(name=name), shown, re.IGNORECASE | re.MULTILINE)
    head = heads[-1] if heads else bare
    return (tuple(_names(head["given"] or "")), head.end()) if head else None


def _is_head(shown: str, found: re.Match[str], platform: str) -> bool:
    before = shown[shown.rfind("\n", 0, found.start()) + 1 : found.start()]
    if _DEFINES.search(before):
        return True
    return platform == "javascript" and not before.endswith(".") and _BODY.match(shown, found.end()) is not None


def _names(given: str) -> Iterator[str]:
    """Parameters without their types and defaults: `array $rows = []`, `text: str`, `id string`, `**more`."""
    for part in given.split(","):
        bare = part.partition("=")[0]
        name = bare.rpartition("$")[2] if "$" in bare else bare.partition(":")[0]
        yield from re.findall(r"[A-Za-z_]\w*", name)[:1]
