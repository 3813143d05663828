"""A signature made ready to be compared: what of it counts, and how much by place and by rarity."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from worker.triage.signature import Signature
from worker.triage.steps import STEPS_KEPT, Step, source_words, step_words
from worker.triage.wording import sub_tokens

FADE = 0.5
"""A frame's weight is its position to the power of minus this: the newest frames tell most."""
TOP = 3
"""Frames from the newest on whose source lines and places count."""
_VENDOR_FRAMES = 8
_FADES = tuple(float((position + 1) ** -FADE) for position in range(STEPS_KEPT))


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


def features(signature: Signature) -> frozenset[str]:
    """Every word of a signature that has a rarity."""
    named = (f"f:{step.name}" for step in (*signature.steps, *signature.telling) if step.name)
    words = (
        f"w:{word}"
        for step in (*signature.steps, *signature.telling)
        for word in step_words(step) | source_words(step.source)
    )
    return frozenset(
        (
            *named,
            *words,
            *places_there(signature),
            *(f"i:{name}" for name in signature.identifiers),
            *(f"t:{w}" for w in signature.said.split()),
        )
    )


def places_there(signature: Signature) -> frozenset[str]:
    """The words that say which functions and lines the release of a signature had, as far as its newest frames tell."""
    newest = signature.telling[:TOP]
    return frozenset(word for step in newest for word in was_there(signature.release, step))


def was_there(release: str, step: Step) -> tuple[str, ...]:
    """The words for a function in a release, and for its line where it is told; none without a release or a name."""
    if not (release and step.name):
        return ()
    function = f"n:{release}|{step.place}.{step.name}"
    return (function, *((f"{function}|{step.source}",) if step.source else ()))


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
    steps = signature.telling
    named = steps if signature.resolved else tuple(step for step in steps if step.name)
    return Prepared(
        signature=signature,
        steps=named,
        words=_faded(named, step_words if signature.resolved else _own_words),
        source=_faded(steps[:TOP], lambda step: source_words(step.source)),
        lines=tuple(step.source for step in steps[:TOP] if step.source),
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


def _own_words(step: Step) -> frozenset[str]:
    return frozenset(sub_tokens(step.name))


def _faded(steps: Iterable[Step], words: Callable[[Step], Iterable[str]]) -> dict[str, float]:
    """Word to the weight of the newest frame that has it."""
    weights: dict[str, float] = {}
    for position, step in enumerate(steps):
        for word in words(step):
            weights.setdefault(word, fade(position))
    return weights


def fade(position: int) -> float:
    """What a frame weighs by its position, the newest at 0."""
    return _FADES[position]


def _placed(steps: tuple[Step, ...], rarity: Rarity) -> dict[tuple[str, int], float]:
    """Frame and occurrence to weight; a frame without a name has its place for a name, at half the weight."""
    placed: dict[tuple[str, int], float] = {}
    seen: dict[str, int] = {}
    for position, step in enumerate(steps):
        key = step.name or f"@{step.place}"
        seen[key] = seen.get(key, 0) + 1
        telling = rarity.of(f"f:{step.name}") if step.name else 0.15
        placed[key, seen[key]] = fade(position) * telling
    return placed


def _sited(one: Prepared, rarity: Rarity) -> dict[tuple[str, int], float]:
    """Function and line number to weight, where frames come without their source lines and are of real code."""
    if one.lines or not one.signature.resolved:
        return {}
    placed: dict[tuple[str, int], float] = {}
    for position, step in enumerate(one.steps):
        if step.name and step.line:
            placed.setdefault((step.name, step.line), fade(position) * rarity.of(f"f:{step.name}"))
    return placed


def names_of(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The names of frames that have one."""
    return tuple(step.name for step in steps if step.name)
