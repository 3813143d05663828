"""Which rules could have joined the issues of one bug: an error's type with a frame of ours, or with what it says."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from worker.event import Event, Frame, Thrown
from worker.triage.fingerprint_rules import Matcher, Rule, literal
from worker.triage.signature import Signature, sign
from worker.triage.steps import is_ours
from worker.triage.wording import MEANINGS, identifiers, meaning

FRAMES_TRIED = 6
"""Frames of ours of one event that rules are made of, the newest first."""
WORDS_TOLD = 24
"""A signature holds no more words of a message."""
_LONGEST = 200
_FEWEST_WORDS = 2
_ALONE_WORDS = 4
_LONGEST_WORD = 40
_VALUE = re.compile(r"[\d@/\\]")
_QUOTE = re.compile(r"""['"`\u2018\u2019\u201c\u201d]""")
_NAME = re.compile(r"""\W{0,2}[A-Za-z_$][A-Za-z_.$]*\W{0,3}""")
_WORDS = re.compile(r"[A-Za-z]{3,}")
_HASHED = re.compile(r"[-._][0-9a-zA-Z_]*\d[0-9a-zA-Z_]*(?=\.\w+$)")
_PATH_PARTS = 2


@dataclass(frozen=True, slots=True)
class Member:
    """An issue of the bug, with its newest event."""

    issue: str
    event: Event


@dataclass(frozen=True, slots=True)
class Spot:
    """A frame as a rule names it, and as signatures do; without a name where the rule takes others as well."""

    matchers: tuple[Matcher, ...]
    name: str | None
    place: str | None
    narrow: int


@dataclass(frozen=True, slots=True)
class Line:
    """One rule without its fingerprint, and what of it can be looked for in a signature.

    `wording`: the constant words of the message it asks for; empty: it asks for none. `narrow`: more is narrower.
    """

    rule: Rule
    platform: str
    kind: str
    name: str | None = None
    place: str | None = None
    wording: str = ""
    narrow: int = 0


def lines_for(members: Sequence[Member]) -> tuple[Line, ...]:
    """Every rule worth trying, each once. None where nothing in the events is good for a rule."""
    found: dict[tuple[Matcher, ...], Line] = {}
    for member in members:
        for line in _lines(member, members):
            found.setdefault(line.rule.matchers, line)
    return tuple(found.values())


def _lines(member: Member, members: Sequence[Member]) -> Iterator[Line]:
    event, signature = member.event, sign(member.event)
    spots = tuple(_spots(event)) if signature.resolved else ()
    for kind in dict.fromkeys(thrown.type for thrown in event.exceptions if thrown.type):
        told = Matcher("error.type", literal(kind))
        known = sign(Event("", platform=event.platform, exceptions=(Thrown(kind),))).chain[0]
        wordings = tuple(_wordings(kind, member, members))
        for spot in spots:
            yield _line((told, *spot.matchers), signature, known, spot)
            for pattern, wording in wordings:
                said = Matcher("error.value", pattern)
                yield _line((told, said, *spot.matchers), signature, known, spot, wording)
        for pattern, wording in wordings:
            if _tells(wording, signature.platform):
                yield _line((told, Matcher("error.value", pattern)), signature, known, None, wording)


def _tells(wording: str, platform: str) -> bool:
    """Whether a message tells its bug without a frame: it names code, or is long and not an engine's."""
    named = bool(identifiers(wording, platform))
    return named or (meaning(wording, platform) not in MEANINGS and len(_WORDS.findall(wording)) >= _ALONE_WORDS)


def _line(matchers: tuple[Matcher, ...], signature: Signature, kind: str, spot: Spot | None, wording: str = "") -> Line:
    return Line(
        Rule(matchers, ()),
        signature.platform,
        kind,
        spot.name if spot else None,
        spot.place if spot else None,
        wording,
        (spot.narrow if spot else 0) + bool(identifiers(wording, signature.platform)),
    )


# ---------------------------------------------------------------- frames


def _spots(event: Event) -> Iterator[Spot]:
    """Ways to name the frames of ours that signatures keep, the newest frame of the root cause first."""
    kept = {(step.name, step.place) for step in sign(event).steps}
    told = any(frame.in_app for thrown in event.exceptions for frame in thrown.frames)
    ours = (frame for thrown in event.exceptions for frame in reversed(thrown.frames) if is_ours(frame, told))
    for frame in list(dict.fromkeys(ours))[:FRAMES_TRIED]:
        function = frame.function or ""
        probe = sign(Event("", platform=event.platform, exceptions=(Thrown("E", frames=(frame,)),)))
        if not probe.steps or not probe.steps[0].name or function.startswith(("<", "?")):
            continue
        step, name = probe.steps[0], Matcher("stack.function", literal(function))
        if (step.name, step.place) not in kept:
            continue  # such as what only reported: nothing could be said of other issues
        # What stands for any character takes other functions, too: then no name can be looked for.
        known = step.name if literal(function) == function else None
        if where := _where(frame):
            yield Spot((where, name), known, None if "?" in where.pattern else step.place, 3)
        yield Spot((name,), known, None, 2)
        bare = re.split(r"[.\s]", function)[-1]
        if bare != function and bare.lower() == step.name:  # engines tell the receiver, or do not
            yield Spot((Matcher("stack.function", f"*{literal(bare)}"),), known, None, 1)


def _where(frame: Frame) -> Matcher | None:
    """The module; where there is none the end of the path, unless a build named the file."""
    if frame.module:
        return Matcher("stack.module", literal(frame.module))
    path = (frame.filename or frame.abs_path or "").replace("\\", "/").split("?", 1)[0]
    parts = [part for part in path.split("/") if part and not part.endswith(":")]
    if not parts or _HASHED.search(parts[-1]):
        return None
    return Matcher("stack.abs_path", f"**/{literal('/'.join(parts[-_PATH_PARTS:]))}")


# ---------------------------------------------------------------- messages


def _wordings(kind: str, member: Member, members: Sequence[Member]) -> Iterator[tuple[str, str]]:
    """Globs of what an error of this type says, each with its constant words: of this issue, and of it with others."""
    mine = _value(kind, member.event)
    if not mine:
        return
    others = [said for one in members if one is not member and (said := _value(kind, one.event))]
    alone = [None if _is_value(word) else word for word in mine.split()]
    named = [word if word and _NAME.fullmatch(word) else told for word, told in zip(mine.split(), alone, strict=True)]
    shared = [_common(named, other.split()) for other in others]
    for words in (alone, *shared[:3]):
        pattern, wording = _glob(words), " ".join(word for word in words if word)
        if len(pattern) <= _LONGEST and len(_WORDS.findall(wording)) >= _FEWEST_WORDS:
            yield pattern, wording


def _value(kind: str, event: Event) -> str:
    return next((" ".join(one.value.split()) for one in event.exceptions if one.type == kind and one.value), "")


def _is_value(word: str) -> bool:
    """Whether a word may be a value of this one event: it has digits, an address, a path, or quotes around it."""
    return bool(_VALUE.search(word) or _QUOTE.search(word)) or len(word) > _LONGEST_WORD


def _common(mine: Sequence[str | None], other: Sequence[str]) -> list[str | None]:
    """The words that both say in the same order, with gaps (None) between them."""
    kept: list[str | None] = []
    at = 0
    for block in SequenceMatcher(None, mine, other, autojunk=False).get_matching_blocks():
        if block.a > at or not block.size:
            kept.append(None)
        kept += mine[block.a : block.a + block.size]
        at = block.a + block.size
    return kept


def _glob(words: Iterable[str | None]) -> str:
    """The words with `*` for every gap; without a space beside a gap, for a gap may be nothing."""
    told = "\0".join("*" if word is None else literal(word) for word in words)
    return re.sub(r"(?:\0?\*\0?)+", "*", told).replace("\0", " ")


# ---------------------------------------------------------------- in signatures


def may_take(line: Line, signature: Signature) -> bool:
    """Whether a rule may take events that look so: of what a signature does not keep the best is assumed."""
    if line.kind not in signature.chain:
        return False
    if line.name is not None and not any(
        step.name == line.name and line.place in (None, step.place) for step in signature.steps
    ):
        return False
    return not line.wording or _may_say(line, signature)


def _may_say(line: Line, signature: Signature) -> bool:
    meant, named = _understood(line.wording, signature.platform)
    if meant in MEANINGS:
        if len(signature.chain) > 1:  # one meaning is kept for the whole chain: it may be that of another error
            return True
        own = {f"name:{kind}" for kind in signature.chain}
        return signature.said == meant and named - own <= signature.identifiers
    told = signature.said.split()
    return len(told) >= WORDS_TOLD or set(meant.split()) <= set(told)


@lru_cache(maxsize=1 << 12)
def _understood(wording: str, platform: str) -> tuple[str, frozenset[str]]:
    """What the constant words of a rule mean, and what they name: asked for every signature of a project."""
    return meaning(wording, platform), identifiers(wording, platform)
