"""Frames of one bundle without its source map, compared by where in the bundle they are."""

from worker.triage.steps import Step
from worker.triage.weighing import TOP, fade, names_of

NEAR_COLUMNS = 40
"""Engines point to the start, the dot or the bracket of one call: columns this near are one statement of a bundle."""


def same_spots(first: tuple[Step, ...], second: tuple[Step, ...]) -> float | None:
    """How many unresolved frames point to the same statement; None unless both are of the same bundle."""
    if not {step.file for step in first} & {step.file for step in second}:
        return None
    one, other = _near(first, second), _near(second, first)
    return max(one, other)


def parted(mine: tuple[Step, ...], yours: tuple[Step, ...]) -> bool:
    """Whether the stacks of one bundle part at once: other callers of the newest statement, or of the newest name."""
    first, second = (next((step.name for step in steps if step.name), "") for steps in (mine, yours))
    if first and second and first not in names_of(yours) and second not in names_of(mine):
        return True
    callers = len(mine) > 1 and len(yours) > 1 and _is_near(mine[0], yours[0])
    return callers and not _is_among(mine[1], yours) and not _is_among(yours[1], mine)


def _is_among(step: Step, steps: tuple[Step, ...]) -> bool:
    return any(_is_near(step, one) for one in steps)


def apart(mine: tuple[Step, ...], yours: tuple[Step, ...]) -> bool:
    """Whether two stacks of one bundle went wrong at different statements, whatever called them."""
    shared = {(step.file, step.line) for step in mine} & {(step.file, step.line) for step in yours}
    return bool(shared) and not _is_among(mine[0], yours[:TOP]) and not _is_among(yours[0], mine[:TOP])


def _near(first: tuple[Step, ...], second: tuple[Step, ...]) -> float:
    found = sum(fade(n) for n, step in enumerate(first) if any(_is_near(step, other) for other in second))
    return found / sum(map(fade, range(len(first))))


def _is_near(one: Step, other: Step) -> bool:
    return (one.file, one.line) == (other.file, other.line) and abs(one.column - other.column) <= NEAR_COLUMNS
