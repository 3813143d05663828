"""How far two signatures agree, kind by kind: each figure is between 0 and 1 and can be said aloud.

Rare things weigh more than common ones; how rare is told by the caller (`Rarity`), so that nothing here keeps a count.
Frames are aligned as FaST does it (Rodrigues et al., MSR 2022): i-th occurrence with i-th occurrence, in linear time.
"""

import math
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from worker.triage.origin import entry_name, is_moved, is_one_release
from worker.triage.signature import Signature
from worker.triage.spots import apart, parted, same_spots
from worker.triage.vetoes import (
    asked_a_library,
    beside,
    common,
    elsewhere,
    guarded,
    name_apart,
    raised_by_language,
    reworded,
)
from worker.triage.weighing import TOP, Prepared, Rarity, Weighed, names_of
from worker.triage.wording import BUILT_IN, telling_names, vocabulary

_BUILT_IN_WORTH = 0.8
_MOVED_ENTRY = 0.7
_NEAR_TWIN = 0.4
_MET = 0.6
_SHOWN = 8
_REFUSED = 0.7
_RARE_SHOWN = 5
_OTHERWISE_CALLED = (
    vocabulary("httperror httpstatuserror clientresponseerror"),
    vocabulary("timeouterror timeout readtimeout readtimeouterror connecttimeout connecttimeouterror pooltimeout"),
    vocabulary("connectionerror connecterror connectionrefusederror newconnectionerror clientconnectorerror"),
    vocabulary("missingschema invalidschema invalidurl unsupportedprotocol"),
    vocabulary("undefinederror attributeerror"),
    vocabulary("parsererror dateparseerror"),
)
"""What libraries that take each other's place call one error: clients of HTTP, parsers, and what Jinja makes of one."""
_CALLED = {kind: min(kinds) for kinds in _OTHERWISE_CALLED for kind in kinds}
W = TypeVar("W", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two signatures have in common. None: nothing to compare on one of the sides.

    `one_release`: whether both are of the same release; None where that is not known of one of them, and where the
    releases are not said to be of one package. From `reworded` on: what vetoes say, which `agreement` does not ask;
    `common`: nothing that they share is rare.
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
    renamed: float
    lonely: float
    one_release: bool | None
    contradiction: bool
    unresolved_across: bool
    reworded: bool = False
    elsewhere: bool = False
    beside: bool = False
    guarded: bool = False
    apart: bool = False
    common: bool = False


def compare(first: Weighed, second: Weighed, rarity: Rarity) -> Evidence:
    """Set two signatures side by side that were weighed by the same rarity."""
    return objected(agreement(first, second, rarity), first.prepared, second.prepared, rarity)


def objected(evidence: Evidence, one: Prepared, other: Prepared, rarity: Rarity) -> Evidence:
    """The same with what the vetoes say."""
    return replace(
        evidence,
        reworded=reworded(one, other),
        elsewhere=elsewhere(one, other),
        beside=beside(one, other, rarity),
        guarded=guarded(one, other),
        apart=not (one.signature.resolved or other.signature.resolved) and apart(one.bundled, other.bundled),
        common=common(one, other, rarity),
    )


def agreement(first: Weighed, second: Weighed, rarity: Rarity) -> Evidence:
    """How far two signatures agree, before any veto: what is left as it is of looks that are far apart anyway."""
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
        spot=None if mine.resolved or yours.resolved else same_spots(one.bundled[:TOP], other.bundled[:TOP]),
        twin=_twin(mine, yours),
        entry=_entry(mine.entry, yours.entry, rarity),
        renamed=_renamed(one, other, rarity),
        lonely=lonely,
        one_release=is_one_release(mine.release, yours.release),
        contradiction=name_apart(mine, yours),
        unresolved_across=not (mine.resolved and yours.resolved) and mine.release != yours.release,
    )


def _aligned(first: Mapping[tuple[str, int], float], second: Mapping[tuple[str, int], float]) -> float:
    """The weight of the frames that both have, of the weight of all."""
    whole = sum(first.values()) + sum(second.values())
    return 2 * _shared(first, second) / whole if whole else 0.0


def _sites(first: Weighed, second: Weighed) -> float | None:
    """How much of the way went through the same line numbers; None where both tell their source lines.

    And across releases, where every line may have moved.
    """
    one, other = first.prepared, second.prepared
    if (one.lines and other.lines) or one.signature.release != other.signature.release:
        return None
    return _aligned(first.sites, second.sites) if first.sites and second.sites else None


def _overlap(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Weighted Jaccard: shared weight of all weight, the rare words weighing most."""
    both = _shared(first, second)
    whole = sum(first.values()) + sum(second.values()) - both
    return both / whole if whole else 0.0


def _shared(first: Mapping[W, float], second: Mapping[W, float]) -> float:
    """What both have, at the lesser of its weights; added in one order, so that both sides get the same sum."""
    return math.fsum([min(first[word], second[word]) for word in first.keys() & second.keys()])


def _names(one: Signature, other: Signature, rarity: Rarity, implied: frozenset[str]) -> float | None:
    """How rare the names are that both messages carry; 0 when each carries others. `implied` names tell nothing."""
    mine, yours = telling_names(one.identifiers), telling_names(other.identifiers)
    both = mine & yours
    telling = frozenset(name for name in both if name.partition(":")[2] not in implied)
    if not mine or not yours or (both and not telling):
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
    """1 for the same root cause or what another library calls it, less for a type somewhere in both chains."""
    if not first or not second or _CALLED.get(first[0], first[0]) == _CALLED.get(second[0], second[0]):
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


def _twin(one: Signature, other: Signature) -> float | None:
    """Whether two events of one release differ in nothing but that the source maps of one were there.

    A map turns each frame into one frame and leaves the message alone; another engine may word it otherwise, and shows
    a frame more or less. None where that is not what sets them apart.
    """
    if one.resolved == other.resolved or not one.release or one.release != other.release:
        return None
    if not (one.wording and other.wording):
        return None
    if one.wording != other.wording or (one.chain, one.entry) != (other.chain, other.entry):
        return 0.0
    apart = abs(len(one.steps) - len(other.steps))
    return 1.0 if apart == 0 else _NEAR_TWIN if apart == 1 else 0.0


def _renamed(one: Prepared, other: Prepared, rarity: Rarity) -> float:
    """How rare the way is that two releases share around newest functions of other names: one may be the other."""
    mine, yours = one.steps[:TOP], other.steps[:TOP]
    if is_one_release(one.signature.release, other.signature.release) is not False or not (mine and yours):
        return 0.0
    if not (one.signature.resolved and other.signature.resolved) or mine[0].name == yours[0].name:
        return 0.0
    told = [(a.name, b.name) for a in mine for b in yours if a.source and a.source == b.source and a.name and b.name]
    by_line = (max(rarity.of(f"f:{one}"), rarity.of(f"f:{other}")) for one, other in told)
    by_name = (_MET * rarity.of(f"f:{name}") for name in {*names_of(mine[1:])} & {*names_of(yours[1:])})
    return max((*by_line, *by_name), default=0.0)


def _lonely(one: Prepared, other: Prepared) -> float:
    """1 where only the newest frame is shared and its callers are others: it may be a helper of many bugs.

    Between releases a caller may have been renamed, so there the next callers must differ too; within one release
    two functions that call one helper stay two, even where one dispatcher calls both. What a library raised for a line
    with something of its own to say is the fault of that line, whoever calls.
    """
    same_build = bool(one.signature.release) and one.signature.release == other.signature.release
    mine, yours = one.steps, other.steps
    if not (one.signature.resolved and other.signature.resolved):
        return float(same_build and parted(one.bundled, other.bundled))
    if len(mine) < 2 or len(yours) < 2 or not mine[0].name or mine[0].name != yours[0].name:  # noqa: PLR2004 -- a frame and its caller
        return 0.0
    first, second = names_of(mine[1:TOP]), names_of(yours[1:TOP])
    alone = mine[1].name not in second and yours[1].name not in first if same_build else not {*first} & {*second}
    return float(alone) * _shared_by_many(one, other)


def _shared_by_many(one: Prepared, other: Prepared) -> float:
    """How far the newest function may be a helper: its line tells, where it is one line and its parameters are known.

    A line that works with nothing but parameters is at fault for none of its callers. Of pairs that
    shared such a place alone .47 were one bug on twelve programs; of others where a library raised or that threw .84,
    where the language itself refused .60.
    """
    handed = (one.signature.handed, other.signature.handed)
    if True in handed:
        return 1.0
    if asked_a_library(one, other):
        return 0.0
    if None in handed or one.steps[0].source != other.steps[0].source:
        return 1.0
    return _REFUSED if raised_by_language(one) or raised_by_language(other) else 0.0


def side_by_side(one: Signature, other: Signature) -> tuple[tuple[str, str], ...]:
    """The frames of equal name, newest first, each with its place on both sides."""
    places = {step.name: step.place for step in reversed(other.telling) if step.name}
    mine = (step for step in one.telling if step.name in places)
    return tuple((_shown(step.place, step.name), _shown(places[step.name], step.name)) for step in mine)[:_SHOWN]


def _shown(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def rarest(one: Prepared, other: Prepared, rarity: Rarity) -> tuple[str, ...]:
    """The rarest words that the frames of both have."""
    both = one.words.keys() & other.words.keys()
    rare = sorted(both, key=lambda word: (-rarity.of(word), word))[:_RARE_SHOWN]
    return tuple(word.partition(":")[2] for word in rare)
