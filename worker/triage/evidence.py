"""How far two signatures agree, kind by kind: each figure is between 0 and 1 and can be said aloud.

Rare things weigh more than common ones; how rare is told by the caller (`Rarity`), so that nothing here keeps a count.
Frames are aligned as FaST does it (Rodrigues et al., MSR 2022): i-th occurrence with i-th occurrence, in linear time.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from worker.triage.signature import Signature, Step, source_words, spot, step_words

FADE = 0.5
"""A frame's weight is its position to the power of minus this: the newest frames tell most."""
NEAR_COLUMNS = 40
"""Engines point to the start, the dot or the bracket of one call: columns this near are one statement of a bundle."""
_TOP = 3


@dataclass(frozen=True, slots=True)
class Rarity:
    """Document frequencies: in how many of `total` earlier signatures a word was."""

    counts: Mapping[str, int]
    total: int

    def of(self, word: str) -> float:
        """1 for a word never seen, towards 0.1 for one that is everywhere."""
        return max(0.1, math.log((self.total + 2) / (self.counts.get(word, 0) + 1)) / math.log(self.total + 2))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two signatures have in common. None: nothing to compare on one of the sides."""

    frames: float
    words: float
    source: float | None
    line: float | None
    vendor: float | None
    message: float
    names: float | None
    chain: float
    spot: float | None
    entry: float
    release: float
    contradiction: bool
    unresolved_across: bool
    aligned: tuple[tuple[str, str], ...] = ()
    shared: tuple[str, ...] = ()


def features(signature: Signature) -> frozenset[str]:
    """Every word of a signature that has a rarity."""
    named = (f"f:{step.name}" for step in signature.steps if step.name)
    words = (f"w:{word}" for step in signature.steps for word in step_words(step) | source_words(step.source))
    return frozenset((*named, *words, *(f"i:{name}" for name in signature.identifiers), *(f"t:{w}" for w in signature.said.split())))


def compare(one: Signature, other: Signature, rarity: Rarity) -> Evidence:
    """Set two signatures side by side."""
    mine, yours = one.ours or one.steps, other.ours or other.steps
    across = not (one.resolved and other.resolved) and one.release != other.release
    return Evidence(
        frames=_aligned(mine, yours, rarity),
        words=_overlap(_weights(mine), _weights(yours), rarity),
        source=_source(mine, yours, rarity),
        line=_line(mine, yours),
        vendor=_vendor(one, other, rarity),
        message=_message(one, other, rarity),
        names=_names(one, other, rarity),
        chain=_chain(one.chain, other.chain),
        spot=_spot(one, other),
        entry=float(bool(one.entry) and one.entry == other.entry),
        release=float(bool(one.release) and one.release == other.release),
        contradiction=_contradicts(one.identifiers, other.identifiers),
        unresolved_across=across,
        aligned=_pairs(mine, yours),
        shared=_shared(one, other, rarity),
    )


def _fade(position: int) -> float:
    return float((position + 1) ** -FADE)


def _aligned(mine: tuple[Step, ...], yours: tuple[Step, ...], rarity: Rarity) -> float:
    """The weight of the frames that both have, of the weight of all."""
    first, second = _placed(mine, rarity), _placed(yours, rarity)
    both = sum(2 * min(first[key], second[key]) for key in first.keys() & second.keys())
    whole = sum(first.values()) + sum(second.values())
    return both / whole if whole else 0.0


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


def _weights(steps: tuple[Step, ...]) -> dict[str, float]:
    """Sub-token to the weight of the newest frame that has it."""
    weights: dict[str, float] = {}
    for position, step in enumerate(steps):
        for word in step_words(step):
            weights.setdefault(word, _fade(position))
    return weights


def _overlap(first: Mapping[str, float], second: Mapping[str, float], rarity: Rarity) -> float:
    """Weighted Jaccard: shared weight of all weight, the rare words weighing most."""
    words = first.keys() | second.keys()
    both = sum(min(first.get(w, 0), second.get(w, 0)) * rarity.of(f"w:{w}") for w in first.keys() & second.keys())
    whole = sum(max(first.get(w, 0), second.get(w, 0)) * rarity.of(f"w:{w}") for w in words)
    return both / whole if whole else 0.0


def _source(mine: tuple[Step, ...], yours: tuple[Step, ...], rarity: Rarity) -> float | None:
    """Names in the source lines of the newest frames."""
    first, second = _source_weights(mine), _source_weights(yours)
    return _overlap(first, second, rarity) if first and second else None


def _source_weights(steps: tuple[Step, ...]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for position, step in enumerate(steps[:_TOP]):
        for word in source_words(step.source):
            weights.setdefault(word, _fade(position))
    return weights


def _line(mine: tuple[Step, ...], yours: tuple[Step, ...]) -> float | None:
    """1 when both went wrong at the same source line, less for a line further down the stack."""
    first = [step.source for step in mine[:_TOP] if step.source]
    second = [step.source for step in yours[:_TOP] if step.source]
    if not first or not second:
        return None
    deepest = next((max(n, second.index(line)) for n, line in enumerate(first) if line in second), None)
    return 0.0 if deepest is None else 1.0 - 0.3 * deepest


def _vendor(one: Signature, other: Signature, rarity: Rarity) -> float | None:
    first, second = (tuple(step for step in side.steps if not step.ours)[:8] for side in (one, other))
    return _aligned(first, second, rarity) if first and second else None


def _message(one: Signature, other: Signature, rarity: Rarity) -> float:
    first, second = set(one.said.split()), set(other.said.split())
    whole = sum(rarity.of(f"t:{word}") for word in first | second)
    return sum(rarity.of(f"t:{word}") for word in first & second) / whole if whole else 1.0


def _names(one: Signature, other: Signature, rarity: Rarity) -> float | None:
    """How rare the names are that both messages carry; 0 when each carries others."""
    if not one.identifiers or not other.identifiers:
        return None
    both = one.identifiers & other.identifiers
    return max((rarity.of(f"i:{name}") for name in both), default=0.0)


def _contradicts(first: frozenset[str], second: frozenset[str]) -> bool:
    """Both name something in the same role, and nothing in common."""
    roles = {name.partition(":")[0] for name in first} & {name.partition(":")[0] for name in second}
    return bool(roles) and not first & second


def _chain(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """1 for the same root cause, less for a type somewhere in both chains."""
    if not first or not second or first[0] == second[0]:
        return 1.0
    return 0.7 if set(first) & set(second) else 0.0


def _spot(one: Signature, other: Signature) -> float | None:
    """Whether unresolved frames point to the same statements of the same bundle; None unless it is the same bundle."""
    if one.resolved or other.resolved:
        return None
    first = [step for step in one.ours if step.column][:_TOP]
    second = [step for step in other.ours if step.column][:_TOP]
    if not first or not second or not {s.file for s in first} & {s.file for s in second}:
        return None
    near = [sum(_fade(n) for n, a in enumerate(x) if any(map(a_near(a), y))) for x, y in ((first, second), (second, first))]
    whole = [sum(map(_fade, range(len(x)))) for x in (first, second)]
    return max(n / w for n, w in zip(near, whole, strict=True))


def a_near(step: Step):
    return lambda b: step.file == b.file and step.line == b.line and abs(step.column - b.column) <= NEAR_COLUMNS


def _pairs(mine: tuple[Step, ...], yours: tuple[Step, ...]) -> tuple[tuple[str, str], ...]:
    """The frames that stand side by side, newest first."""
    places = {step.name: step.place for step in reversed(yours) if step.name}
    return tuple((f"{s.place}.{s.name}", f"{places[s.name]}.{s.name}") for s in mine if s.name in places)[:8]


def _shared(one: Signature, other: Signature, rarity: Rarity) -> tuple[str, ...]:
    """The rarest names that both carry."""
    both = {name.partition(":")[2] for name in one.identifiers & other.identifiers}
    words = sorted((w for w in _weights(one.ours) if w in _weights(other.ours)), key=lambda w: (-rarity.of(f"w:{w}"), w))
    return (*sorted(both), *words[:5])
