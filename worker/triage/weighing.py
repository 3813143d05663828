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
NAMED = "f:"
"""What a word that stands for a function begins with where rarity is counted."""
_NAMELESS = 0.15
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
    steps = (*signature.steps, *signature.telling)
    return frozenset(
        (
            *(f"{NAMED}{step.name}" for step in steps if step.name),
            *(word for step in steps for word in (*step_words(step), *source_words(step.source))),
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


Placed = Mapping[tuple[str, int], float]
"""The word that a frame's rarity is counted by and which one of its kind it is, to what it weighs by its position."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signature with what it is compared by, whatever it is compared with."""

    signature: Signature
    steps: tuple[Step, ...]
    frames: Placed
    sites: Placed
    words: Mapping[str, float]
    source: Mapping[str, float]
    lines: tuple[str, ...]
    vendor: Placed
    said: frozenset[str]
    bundled: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A prepared signature with the weight of everything in it: half of every comparison, done once."""

    prepared: Prepared
    frames: Placed
    sites: Placed
    vendor: Placed
    words: Mapping[str, float]
    source: Mapping[str, float]
    said: Mapping[str, float]


def prepare(signature: Signature) -> Prepared:
    """Ready a signature for comparisons. Of an unresolved bundle only the names that survived the build count."""
    steps = signature.telling
    named = steps if signature.resolved else tuple(step for step in steps if step.name)
    lines = tuple(step.source for step in steps[:TOP] if step.source)
    return Prepared(
        signature=signature,
        steps=named,
        frames=_placed(named),
        sites=_sited(named) if signature.resolved else {},
        words=_faded(named, step_words if signature.resolved else _own_words),
        source=_faded(steps[:TOP], lambda step: source_words(step.source)),
        lines=lines,
        vendor=_placed([step for step in signature.steps if not step.ours][:_VENDOR_FRAMES]),
        said=frozenset(signature.said.split()),
        bundled=tuple(step for step in steps if step.column),
    )


def weigh(one: Prepared, rarity: Rarity) -> Weighed:
    """Weigh everything in a signature by how rare it is."""
    return Weighed(
        prepared=one,
        frames=_rare(one.frames, rarity),
        sites=_rare(one.sites, rarity),
        vendor=_rare(one.vendor, rarity),
        words={word: weight * rarity.of(word) for word, weight in one.words.items()},
        source={word: weight * rarity.of(word) for word, weight in one.source.items()},
        said={word: rarity.of(f"t:{word}") for word in one.said},
    )


def _own_words(step: Step) -> frozenset[str]:
    return frozenset(f"w:{word}" for word in sub_tokens(step.name))


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


def _placed(steps: Iterable[Step]) -> Placed:
    """By frame and occurrence; a frame without a name has its place for a name, and weighs little."""
    placed: dict[tuple[str, int], float] = {}
    seen: dict[str, int] = {}
    for position, step in enumerate(steps):
        key = f"{NAMED}{step.name}" if step.name else f"@{step.place}"
        seen[key] = seen.get(key, 0) + 1
        placed[key, seen[key]] = fade(position) * (1 if step.name else _NAMELESS)
    return placed


def _sited(steps: Iterable[Step]) -> Placed:
    """By function and line number: what tells where frames of real code come without their source lines."""
    placed: dict[tuple[str, int], float] = {}
    for position, step in enumerate(steps):
        if step.name and step.line:
            placed.setdefault((f"{NAMED}{step.name}", step.line), fade(position))
    return placed


def _rare(placed: Placed, rarity: Rarity) -> Placed:
    """Weighed by rarity, too, but for frames without a name."""
    of = rarity.of
    return {key: weight * of(key[0]) if key[0].startswith(NAMED) else weight for key, weight in placed.items()}


def names_of(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The names of frames that have one."""
    return tuple(step.name for step in steps if step.name)
