"""How far two signatures agree, kind by kind: each figure is between 0 and 1 and can be said aloud.

Rare things weigh more than common ones; how rare is told by the caller (`Rarity`), so that nothing here keeps a count.
Frames are aligned as FaST does it (Rodrigues et al., MSR 2022): i-th occurrence with i-th occurrence, in linear time.
"""

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from worker.triage.origin import entry_name, is_moved, is_one_release
from worker.triage.signature import STEPS_KEPT, Signature, Step, source_words, step_words
from worker.triage.wording import sub_tokens, vocabulary

FADE = 0.5
"""A frame's weight is its position to the power of minus this: the newest frames tell most."""
RARE = 0.35
"""Rarity below which a word says little: of 100 signatures a fifth have it, of 10,000 four in a hundred."""
NEAR_COLUMNS = 40
"""Engines point to the start, the dot or the bracket of one call: columns this near are one statement of a bundle."""
_TOP = 3
_VENDOR_FRAMES = 8
BUILT_IN = vocabulary(
    "length map filter reduce foreach includes indexof push pop shift slice splice split join concat find some "
    "every sort keys values entries tofixed tostring tolowercase touppercase trim replace match test get set "
    "has add delete call apply bind then catch startswith endswith charat substring items append strip lower "
    "upper encode decode format "
)
_BUILT_IN_WORTH = 0.8
_MOVED_ENTRY = 0.7
_SHOWN = 8
_RARE_SHOWN = 5
_FADES = tuple(float((position + 1) ** -FADE) for position in range(STEPS_KEPT))
W = TypeVar("W", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rarity:
    """Document frequencies: in how many of `total` earlier signatures a word was."""

    counts: Mapping[str, int]
    total: int
    _known: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    def of(self, word: str) -> float:
        """1 for a word never seen, towards 0.1 for one that is everywhere."""
        known = self._known.get(word)
        if known is None:
            whole = math.log(self.total + 2)
            known = self._known[word] = max(0.1, 1 - math.log(self.counts.get(word, 0) + 1) / whole)
        return known


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two signatures have in common. None: nothing to compare on one of the sides.

    `one_release`: whether both are of the same release; None where that is not known of one of them, and where the
    releases are not said to be of one package. `common`: nothing that they share is rare.
    """

    frames: float
    words: float
    source: float | None
    line: float | None
    sites: float | None
    vendor: float | None
    message: float
    names: float | None
    chain: float
    spot: float | None
    twin: float | None
    entry: float
    lonely: float
    one_release: bool | None
    contradiction: bool
    unresolved_across: bool
    apart: bool
    common: bool


def features(signature: Signature) -> frozenset[str]:
    """Every word of a signature that has a rarity."""
    named = (f"f:{step.name}" for step in signature.steps if step.name)
    words = (f"w:{word}" for step in signature.steps for word in step_words(step) | source_words(step.source))
    return frozenset(
        (*named, *words, *(f"i:{name}" for name in signature.identifiers), *(f"t:{w}" for w in signature.said.split()))
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signature with what it is compared by, whatever it is compared with."""

    signature: Signature
    steps: tuple[Step, ...]
    words: Mapping[str, float]
    source: Mapping[str, float]
    lines: tuple[str, ...]
    vendor: tuple[Step, ...]
    said: frozenset[str]
    bundled: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A prepared signature with the weight of everything in it: half of every comparison, done once."""

    prepared: Prepared
    frames: Mapping[tuple[str, int], float]
    sites: Mapping[tuple[str, int], float]
    vendor: Mapping[tuple[str, int], float]
    words: Mapping[str, float]
    source: Mapping[str, float]
    said: Mapping[str, float]


def prepare(signature: Signature) -> Prepared:
    """Ready a signature for comparisons. Of an unresolved bundle only the names that survived the build count."""
    steps = signature.ours or signature.steps
    named = steps if signature.resolved else tuple(step for step in steps if step.name)
    return Prepared(
        signature=signature,
        steps=named,
        words=_faded(named, step_words if signature.resolved else _own_words),
        source=_faded(steps[:_TOP], lambda step: source_words(step.source)),
        lines=tuple(step.source for step in steps[:_TOP] if step.source),
        vendor=tuple(step for step in signature.steps if not step.ours)[:_VENDOR_FRAMES],
        said=frozenset(signature.said.split()),
        bundled=tuple(step for step in steps if step.column),
    )


def weigh(one: Prepared, rarity: Rarity) -> Weighed:
    """Weigh everything in a signature by how rare it is."""
    return Weighed(
        prepared=one,
        frames=_placed(one.steps, rarity),
        sites=_sited(one, rarity),
        vendor=_placed(one.vendor, rarity),
        words={word: weight * rarity.of(f"w:{word}") for word, weight in one.words.items()},
        source={word: weight * rarity.of(f"w:{word}") for word, weight in one.source.items()},
        said={word: rarity.of(f"t:{word}") for word in one.said},
    )


def compare(first: Weighed, second: Weighed, rarity: Rarity) -> Evidence:
    """Set two signatures side by side that were weighed by the same rarity."""
    one, other = first.prepared, second.prepared
    mine, yours = one.signature, other.signature
    lonely = _lonely(one, other)
    return Evidence(
        frames=_aligned(first.frames, second.frames),
        words=_overlap(first.words, second.words),
        source=_overlap(first.source, second.source) if one.source and other.source else None,
        line=_line(one.lines, other.lines),
        sites=_sites(first, second),
        vendor=_aligned(first.vendor, second.vendor) if one.vendor and other.vendor else None,
        message=_overlap(first.said, second.said) if one.said or other.said else 1.0,
        names=_names(mine, yours, rarity, _implied(one, other) if lonely else frozenset()),
        chain=_chain(mine.chain, yours.chain),
        spot=None if mine.resolved or yours.resolved else _spot(one.bundled[:_TOP], other.bundled[:_TOP]),
        twin=_twin(mine, yours),
        entry=_entry(mine.entry, yours.entry, rarity),
        lonely=lonely,
        one_release=is_one_release(mine.release, yours.release),
        contradiction=contradicts(mine.identifiers, yours.identifiers),
        unresolved_across=not (mine.resolved and yours.resolved) and mine.release != yours.release,
        apart=not (mine.resolved or yours.resolved) and _apart(one.bundled, other.bundled),
        common=mine.resolved and yours.resolved and not any(rarity.of(word) >= RARE for word in _in_both(one, other)),
    )


def _in_both(one: Prepared, other: Prepared) -> Iterator[str]:
    """Every word that has a rarity and that both have: names of frames and code, words of source lines and messages."""
    mine, yours = one.signature, other.signature
    yield from (f"f:{step.name}" for step in one.steps if step.name and step.name in _names_of(other.steps))
    yield from (f"i:{name}" for name in mine.identifiers & yours.identifiers)
    yield from (f"w:{word}" for word in one.source.keys() & other.source.keys())
    yield from (f"t:{word}" for word in one.said & other.said)


def _own_words(step: Step) -> frozenset[str]:
    return frozenset(sub_tokens(step.name))


def _faded(steps: Iterable[Step], words: Callable[[Step], Iterable[str]]) -> dict[str, float]:
    """Word to the weight of the newest frame that has it."""
    weights: dict[str, float] = {}
    for position, step in enumerate(steps):
        for word in words(step):
            weights.setdefault(word, _fade(position))
    return weights


def _fade(position: int) -> float:
    return _FADES[position]


def _aligned(first: Mapping[tuple[str, int], float], second: Mapping[tuple[str, int], float]) -> float:
    """The weight of the frames that both have, of the weight of all."""
    whole = sum(first.values()) + sum(second.values())
    return 2 * _shared(first, second) / whole if whole else 0.0


def _placed(steps: tuple[Step, ...], rarity: Rarity) -> dict[tuple[str, int], float]:
    """Frame and occurrence to weight; a frame without a name has its place for a name, at half the weight."""
    placed: dict[tuple[str, int], float] = {}
    seen: dict[str, int] = {}
    for position, step in enumerate(steps):
        key = step.name or f"@{step.place}"
        seen[key] = seen.get(key, 0) + 1
        telling = rarity.of(f"f:{step.name}") if step.name else 0.15
        placed[key, seen[key]] = _fade(position) * telling
    return placed


def _sites(first: Weighed, second: Weighed) -> float | None:
    """How much of the way went through the same line numbers; None across releases, where every line may have moved."""
    one_release = first.prepared.signature.release == second.prepared.signature.release
    return _aligned(first.sites, second.sites) if one_release and first.sites and second.sites else None


def _sited(one: Prepared, rarity: Rarity) -> dict[tuple[str, int], float]:
    """Function and line number to weight, where frames come without their source lines and are of real code."""
    if one.lines or not one.signature.resolved:
        return {}
    placed: dict[tuple[str, int], float] = {}
    for position, step in enumerate(one.steps):
        if step.name and step.line:
            placed.setdefault((step.name, step.line), _fade(position) * rarity.of(f"f:{step.name}"))
    return placed


def _overlap(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Weighted Jaccard: shared weight of all weight, the rare words weighing most."""
    both = _shared(first, second)
    whole = sum(first.values()) + sum(second.values()) - both
    return both / whole if whole else 0.0


def _shared(first: Mapping[W, float], second: Mapping[W, float]) -> float:
    """What both have, at the lesser of its weights; added in one order, so that both sides get the same sum."""
    return math.fsum(min(first[word], second[word]) for word in first.keys() & second.keys())


def _names(one: Signature, other: Signature, rarity: Rarity, implied: frozenset[str]) -> float | None:
    """How rare the names are that both messages carry; 0 when each carries others. `implied` names tell nothing."""
    both = one.identifiers & other.identifiers
    telling = frozenset(name for name in both if name.partition(":")[2] not in implied)
    if not one.identifiers or not other.identifiers or (both and not telling):
        return None
    both = telling
    return max((rarity.of(f"i:{name}") * _worth(name) for name in both), default=0.0)


def _implied(one: Prepared, other: Prepared) -> frozenset[str]:
    """The names in a source line that both went wrong at: a message that repeats them is no evidence of its own."""
    shared = {*one.lines[:1]} & {*other.lines[:1]}
    return frozenset(word for line in shared for word in re.findall(r"\w+", line.lower()))


def _worth(name: str) -> float:
    """A member that the language gives to everything names an operation, not a place in the code."""
    return _BUILT_IN_WORTH if name.partition(":")[2] in BUILT_IN else 1.0


def _chain(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """1 for the same root cause, less for a type somewhere in both chains."""
    if not first or not second or first[0] == second[0]:
        return 1.0
    return 0.7 if set(first) & set(second) else 0.0


def _entry(first: str, second: str, rarity: Rarity) -> float:
    """1 for the same entry point, less for one that moved, by how rare its name is."""
    if not first or first == second:
        return float(bool(first))
    return _MOVED_ENTRY * rarity.of(f"f:{entry_name(first)}") if is_moved(first, second) else 0.0


def _line(first: tuple[str, ...], second: tuple[str, ...]) -> float | None:
    """1 when both went wrong at the same source line, less for a line further down the stack."""
    if not first or not second:
        return None
    depths = [max(first.index(line), second.index(line)) for line in {*first} & {*second}]
    return 1.0 - 0.3 * min(depths) if depths else 0.0


def contradicts(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether both name something in the same role and have no name in common."""
    roles = {name.partition(":")[0] for name in first} & {name.partition(":")[0] for name in second}
    return bool(roles) and not first & second


def _spot(first: tuple[Step, ...], second: tuple[Step, ...]) -> float | None:
    """How many unresolved frames point to the same statement; None unless both are of the same bundle."""
    if not {step.file for step in first} & {step.file for step in second}:
        return None
    one, other = _near(first, second), _near(second, first)
    return max(one, other)


def _twin(one: Signature, other: Signature) -> float | None:
    """Whether two events of one release differ in nothing but that the source maps of one were there.

    A map turns each frame into one frame and leaves the message alone. None where that is not what sets them apart.
    """
    if one.resolved == other.resolved or not one.release or one.release != other.release:
        return None
    if not (one.wording and other.wording):
        return None
    return float(_unmapped(one) == _unmapped(other))


def _unmapped(one: Signature) -> tuple[object, ...]:
    """What of an event no source map changes."""
    return (one.chain, one.wording, one.entry, len(one.steps))


def _lonely(one: Prepared, other: Prepared) -> float:
    """1 where only the newest frame is shared and its callers are others: it may be a helper of many bugs.

    Between releases a caller may have been renamed, so there the next callers must differ too; within one release
    two functions that call one helper stay two, even where one dispatcher calls both.
    """
    same_build = bool(one.signature.release) and one.signature.release == other.signature.release
    mine, yours = one.steps, other.steps
    if not (one.signature.resolved and other.signature.resolved):
        return float(same_build and _parted(one.bundled, other.bundled))
    if len(mine) < 2 or len(yours) < 2 or not mine[0].name or mine[0].name != yours[0].name:  # noqa: PLR2004 -- a frame and its caller
        return 0.0
    first, second = _names_of(mine[1:_TOP]), _names_of(yours[1:_TOP])
    if same_build:
        return float(mine[1].name not in second and yours[1].name not in first)
    return float(not {*first} & {*second})


def _parted(mine: tuple[Step, ...], yours: tuple[Step, ...]) -> bool:
    """Whether the stacks of one bundle part at once: other callers of the newest statement, or of the newest name."""
    first, second = (next((step.name for step in steps if step.name), "") for steps in (mine, yours))
    if first and second and first not in _names_of(yours) and second not in _names_of(mine):
        return True
    callers = len(mine) > 1 and len(yours) > 1 and _is_near(mine[0], yours[0])
    return callers and not _is_among(mine[1], yours) and not _is_among(yours[1], mine)


def _is_among(step: Step, steps: tuple[Step, ...]) -> bool:
    return any(_is_near(step, one) for one in steps)


def _apart(mine: tuple[Step, ...], yours: tuple[Step, ...]) -> bool:
    """Whether two stacks of one bundle went wrong at different statements, whatever called them."""
    shared = {(step.file, step.line) for step in mine} & {(step.file, step.line) for step in yours}
    return bool(shared) and not _is_among(mine[0], yours[:_TOP]) and not _is_among(yours[0], mine[:_TOP])


def _names_of(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(step.name for step in steps if step.name)


def _near(first: tuple[Step, ...], second: tuple[Step, ...]) -> float:
    found = sum(_fade(n) for n, step in enumerate(first) if any(_is_near(step, other) for other in second))
    return found / sum(map(_fade, range(len(first))))


def _is_near(one: Step, other: Step) -> bool:
    return (one.file, one.line) == (other.file, other.line) and abs(one.column - other.column) <= NEAR_COLUMNS


def side_by_side(one: Signature, other: Signature) -> tuple[tuple[str, str], ...]:
    """The frames of equal name, newest first, each with its place on both sides."""
    places = {step.name: step.place for step in reversed(other.ours or other.steps) if step.name}
    mine = (step for step in one.ours or one.steps if step.name in places)
    return tuple((f"{step.place}.{step.name}", f"{places[step.name]}.{step.name}") for step in mine)[:_SHOWN]


def rarest(one: Prepared, other: Prepared, rarity: Rarity) -> tuple[str, ...]:
    """The rarest words that the frames of both have."""
    both = one.words.keys() & other.words.keys()
    return tuple(sorted(both, key=lambda word: (-rarity.of(f"w:{word}"), word))[:_RARE_SHOWN])
