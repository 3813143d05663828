"""What keeps two signatures from being one bug by themselves, however much they agree: a person may still say so.

Each of these was found on programs where everything else agreed and the bugs were two.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from worker.triage.codes import IN_ONE_RELEASE, STRICT
from worker.triage.signature import Signature
from worker.triage.steps import NATIVE, Step, source_words
from worker.triage.weighing import TOP, Prepared, Rarity, names_of, was_there
from worker.triage.wording import BUILT_IN, sub_tokens, telling_names, vocabulary

RARE = 0.35
"""Rarity below which a word says little: of 100 signatures a fifth have it, of 10,000 four in a hundred."""
MANY = 50
"""Signatures from which on a word can be called common."""
_GUARD = re.compile(
    r"require|need|ensure|assert|check|valid|verify|expect|must|guard|demand|missing|notfound|or_?(?:fail|throw|raise|die)"
    r"|parse|coerce|convert|decode|encode|loads|dumps|strict|unwrap|integer|decimal|number|lookup|find|fetch|pick|by_?(?:id|key|name|code)$|^get|^to_"
)
"""What functions are called that raise for their callers."""
_THROWS = re.compile(r"\b(?:raise|throw|panic|abort|fail|die|reject|Errorf|Wrapf?)\b")
_BY_THE_LANGUAGE = vocabulary(
    "typeerror attributeerror keyerror indexerror nameerror unboundlocalerror zerodivisionerror recursionerror "
    "referenceerror rangeerror nomethoderror zerodivisionerror nullpointerexception classcastexception "
    "arithmeticexception arrayindexoutofboundsexception indexoutofboundsexception stringindexoutofboundsexception "
    "negativearraysizeexception concurrentmodificationexception stackoverflowerror system.nullreferenceexception "
    "system.indexoutofrangeexception system.invalidcastexception system.dividebyzeroexception "
    "generic.keynotfoundexception "
    "runtime.boundserror runtime.error "
    "runtime.errorstring runtime.plainerror *runtime.typeassertionerror typeassertionerror error"
)
"""What languages raise by themselves where an expression cannot be worked out."""
_HELD = re.compile(r"(?:\b(?:self|this|cls)\.|\$this->|@|(?:(?<=[(,])|(?<=[(,] ))\*{1,2})\w+")
"""What an object or the caller handed in: it says nothing of its own."""
_OWN_WORDS = 4
"""Names in a line of ours from which on it asks for something of its own: `return json.loads(text)` has three."""
_REMEMBERED = 1 << 12


def contradicts(first: frozenset[str], second: frozenset[str], strict: frozenset[str] = STRICT) -> bool:
    """Whether both name something in the same role and have no name in common, in a strict role or in all others."""
    mine, yours = _by_role(first), _by_role(second)
    if any(mine[role].isdisjoint(yours[role]) for role in strict & mine.keys() & yours.keys()):
        return True
    roles = (mine.keys() & yours.keys()) - strict
    return bool(roles) and not any(mine[role] & yours[role] for role in roles)


def name_apart(one: Signature, other: Signature) -> bool:
    """Whether two messages contradict each other; within one release what undefined was read from has one name, too."""
    at_one_time = bool(one.release) and one.release == other.release
    return contradicts(one.identifiers, other.identifiers, IN_ONE_RELEASE if at_one_time else STRICT)


@lru_cache(maxsize=_REMEMBERED)
def _by_role(names: frozenset[str]) -> dict[str, set[str]]:
    roles: dict[str, set[str]] = {}
    for name in names:
        role, _, said = name.partition(":")
        roles.setdefault(role, set()).add(said)
    return roles


def reworded(one: Prepared, other: Prepared) -> bool:
    """Whether one place raised both in other words: what its callers asked of it tells bugs apart, values do not.

    A word is of the code where the stack has it too. What a library said counts where it raised at two places.
    """
    if one.signature.reported and other.signature.reported:
        return _is_otherwise_told(one.signature, other.signature)
    mine, yours = one.said - other.said, other.said - one.said
    if not (mine and yours and one.steps and other.steps and one.signature.resolved and other.signature.resolved):
        return False
    if not _is_one_line(one, other):
        return False
    first, second = raiser(one.signature), raiser(other.signature)
    if first and second and first != second:
        return True
    return not mine.isdisjoint(_code_words(one)) and not yours.isdisjoint(_code_words(other))


def _is_otherwise_told(one: Signature, other: Signature) -> bool:
    """Whether no caller of two error values said the same, nor their messages name the same.

    Within one release callers from two entry points say the same of two bugs.
    """
    same_way = one.entry == other.entry
    around = (same_way or one.release != other.release) and not {*one.wraps[1:]}.isdisjoint(other.wraps[1:])
    return not (around or (same_way and one.said == other.said) or one.identifiers & other.identifiers)


def guarded(one: Prepared, other: Prepared) -> bool:
    """Whether both came through the same guards and nothing else, called by others: in one release, or on another way.

    Across releases a caller may have been renamed, so there the entry points have to differ, too.
    """
    mine, yours = one.signature, other.signature
    if not at_once(one, other) and not (mine.entry and yours.entry and mine.entry != yours.entry):
        return False
    known_by = 2 if mine.release and mine.release == yours.release else 1  # name and place; releases move modules
    first, second = ([step[:known_by] for step in side.steps] for side in (one, other))
    shared = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if not shared or not (_on_purpose(one) and _on_purpose(other)) or not all(map(_is_guard, one.steps[:shared])):
        return False
    if not at_once(one, other) and {*first[shared : shared + 2]} & {*second[shared : shared + 2]} - {("",)}:
        return False
    return first[shared] not in second and second[shared] not in first


def _is_guard(step: Step) -> bool:
    return not step.name.startswith("<") and _GUARD.search(step.name) is not None


def _on_purpose(one: Prepared) -> bool:
    """Whether the newest frame threw by itself, as a guard does; no language does that for it."""
    return bool(_THROWS.search(one.steps[0].source)) or one.signature.chain[0] not in _BY_THE_LANGUAGE


def raised_by_language(one: Prepared) -> bool:
    """Whether the language refused what a line of ours asked for, rather than a library or the line itself."""
    return one.signature.chain[0] in _BY_THE_LANGUAGE and one.signature.steps[0].ours


def asked_a_library(one: Prepared, other: Prepared) -> bool:
    """Whether a library raised both for one line of ours that says too much to be a helper's."""
    if one.signature.wraps or other.signature.wraps:
        return False
    raised = (one.signature.steps[0], other.signature.steps[0])
    if any(step.ours or step.place == NATIVE for step in raised) or _is_guard(one.steps[0]):
        return False
    line = _HELD.sub(" ", one.steps[0].source or other.steps[0].source)
    return (not line or len(source_words(line)) >= _OWN_WORDS) and _is_one_line(one, other)


def raised_apart(one: Signature, other: Signature) -> bool:
    """Whether a library raised two events of one issue, in one release, at two places of its own.

    Engines of JavaScript disagree on what they show of their own.
    """
    first, second = raiser(one), raiser(other)
    return one.platform != "javascript" and bool(first and second) and first != second


def raiser(one: Signature) -> str:
    """The newest function of a library, which raised for our code; empty where our own did.

    What called it tells nothing: a library goes through lists and dicts on other ways to one mistake.
    """
    return next(iter(names_of(tuple(takewhile(lambda step: not step.ours, one.steps[:TOP])))), "")


def _code_words(one: Prepared) -> frozenset[str]:
    """The words of the frames that count, of their source lines and of the way in."""
    told = (one.signature.entry, *(f"{step.name} {step.place} {step.source}" for step in one.steps))
    return frozenset(word for text in told for name in re.findall(r"[A-Za-z]+", text) for word in sub_tokens(name))


def elsewhere(one: Prepared, other: Prepared) -> bool:
    """Whether the newest frames of one release are two places, and neither stack goes through the other's."""
    mine, yours = one.signature, other.signature
    if not (mine.resolved and yours.resolved and mine.release and mine.release == yours.release):
        return False
    if mine.wraps or yours.wraps:
        return False
    if not (one.steps and other.steps):
        return False
    shared = telling_names(mine.identifiers & yours.identifiers)
    named = {name for name in shared if not name.startswith(("name:type ", "owner:"))}
    named = {name for name in named if name.partition(":")[2] not in BUILT_IN}
    if named and (mine.entry == yours.entry or {*one.lines} & {*other.lines}):
        return False  # one thing that is missing, asked for at two places
    return _parted(one.steps, other.steps)


def beside(one: Prepared, other: Prepared, rarity: Rarity) -> bool:
    """Whether the newest frames of two releases are two places that one of these had both: none became the other.

    By function; within one function by its source line.
    """
    mine, yours = one.signature, other.signature
    if not (mine.resolved and yours.resolved and mine.release and yours.release and mine.release != yours.release):
        return False
    if mine.wraps or yours.wraps or not (one.steps and other.steps):
        return False
    if not _parted(one.steps, other.steps, at_one_time=False):
        return False
    by_line = one.steps[0].name in names_of(other.steps) or other.steps[0].name in names_of(one.steps)
    there = (was_there(yours.release, one.steps[0]), was_there(mine.release, other.steps[0]))
    return any(rarity.counts.get(word, 0) for words in there for word in (words[1:] if by_line else words[:1]))


def _parted(mine: Sequence[Step], yours: Sequence[Step], *, at_one_time: bool = True) -> bool:
    """Whether neither stack goes through the newest place of the other. `at_one_time`: both are of one release."""

    def among(step: Step, steps: Sequence[Step]) -> bool:
        known_by = 2 if at_one_time else 1  # name and place; releases move modules
        return any(step[:known_by] == one[:known_by] and _is_one_spot(step, one, at_one_time) for one in steps)

    return not among(mine[0], yours) and not among(yours[0], mine)


def at_once(one: Prepared, other: Prepared) -> bool:
    """Whether both are of one release and went through one place."""
    if not (one.signature.release and one.signature.release == other.signature.release and one.steps and other.steps):
        return False
    return not _parted(one.steps, other.steps)


def lines_differ(one: Signature, other: Signature) -> bool:
    """Whether two events of one issue, in one release, went wrong at two line numbers of code without source lines."""
    mine, yours = (next(iter(side.ours), None) for side in (one, other))
    if mine is None or yours is None or mine.source or yours.source or not (one.resolved and other.resolved):
        return False
    return bool(mine.line and yours.line) and mine.line != yours.line and not (one.reported or other.reported)


def _is_one_spot(one: Step, other: Step, at_one_time: bool) -> bool:
    """Whether two frames of one function are at one source line, or line number where a source is not told of both.

    Some SDKs send a source line with one event and none with the next; then numbers tell within one release alone.
    """
    if bool(one.source) == bool(other.source):
        return (one.source or one.line) == (other.source or other.line)
    return not (at_one_time and one.line and other.line) or one.line == other.line


def _is_one_line(one: Prepared, other: Prepared) -> bool:
    """Whether the newest frames are the same source line, or the same line number of one release."""
    mine, yours = one.steps[0], other.steps[0]
    if mine.source and yours.source:
        return mine.source == yours.source
    numbered = bool(mine.line and one.signature.release) and mine.line == yours.line
    numbered = numbered and one.signature.release == other.signature.release
    return bool(mine.name) and mine.name == yours.name and numbered


def common(one: Prepared, other: Prepared, rarity: Rarity) -> bool:
    """Whether two stacks share one frame at most, and nothing rare. Of few looks nothing is known for common."""
    if rarity.total < MANY or not (one.signature.resolved and other.signature.resolved):
        return False
    if len({*names_of(one.steps)} & {*names_of(other.steps)}) > 1:
        return False
    return not any(rarity.of(word) >= RARE for word in _in_both(one, other))


def _in_both(one: Prepared, other: Prepared) -> Iterator[str]:
    """Every word that has a rarity and that both have: names of frames and code, words of source lines and messages."""
    mine, yours = one.signature, other.signature
    yield from (f"f:{step.name}" for step in one.steps if step.name and step.name in names_of(other.steps))
    yield from (f"i:{name}" for name in mine.identifiers & yours.identifiers)
    yield from one.source.keys() & other.source.keys()
    yield from (f"t:{word}" for word in one.said & other.said)
