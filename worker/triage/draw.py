"""Whether two cases that hold issues already are one bug, because one look is surely like both."""

from collections.abc import Iterable, Sequence

from worker.triage.same_bug import SURE, Match, Thresholds, surest
from worker.triage.signature import Signature
from worker.triage.spots import apart
from worker.triage.vetoes import elsewhere, guarded, name_apart, reworded
from worker.triage.weighing import Prepared

FEW = 2
"""Looks that two cases must hold each before what sets them apart can outweigh one look that is like both."""


def reconsider(matches: Iterable[Match], own: int, thresholds: Thresholds) -> tuple[Match, ...]:
    """The other cases that are surely the bug of case `own` (SURE), the surest first, as one look ranked them all.

    To be asked after a new issue joined `own`, and again when a known issue of it shows a new look (`said_before`).
    Nothing where its own case would not surely take the look: its issue may hold several bugs, and must not draw cases
    together. Nor two cases that are at odds: of 88 wrong ones on eighteen programs 58 were, of 105 right ones 21.
    """
    ranked = list(matches)
    mine = next((m for m in ranked if m.case == own), None)
    if mine is None or not mine.joins(thresholds.join):
        return ()
    others = (m for m in surest(ranked, thresholds) if m.case != own and m.sure >= SURE)
    return tuple(m for m in others if not _at_odds(mine.looks, m.looks))


def _at_odds(mine: Sequence[Prepared], yours: Sequence[Prepared]) -> bool:
    """Whether two cases of several looks each are two by what their messages name or where they went wrong."""
    if min(len(mine), len(yours)) < FEW:
        return False
    return any(_differ(one, other) for one in mine for other in yours)


def _differ(one: Prepared, other: Prepared) -> bool:
    mine, yours = one.signature, other.signature
    if mine.reading != yours.reading:
        return False
    if name_apart(mine, yours) or guarded(one, other) or reworded(one, other):
        return True
    if mine.resolved or yours.resolved:
        return elsewhere(one, other)
    return bool(mine.release) and mine.release == yours.release and apart(one.bundled, other.bundled)


def said_before(look: Signature, looks: Iterable[Signature]) -> bool:
    """Whether an issue said the same before, in whatever frames: one that says something new may hold another bug."""
    told = (look.chain, look.said, look.identifiers)
    return any(told == (one.chain, one.said, one.identifiers) for one in looks)
