"""Which rule takes an issue: the first that matches. The verdict says why, and what every earlier rule saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.mapping.condition import Condition, Evaluation, Outcome
from worker.mapping.facts import Facts


@dataclass(frozen=True, slots=True)
class Clause:
    """What routing needs of a rule: no `condition` means always; either `skip` or `tracker` is given."""

    name: str
    condition: Condition | None
    skip: str | None
    tracker: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at. `outcome` is None without a condition, or where it was not asked for."""

    rule: str
    matched: bool
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the mapping decided. `rule` and `skipped` are None when no rule matched; `why` is one sentence."""

    rule: str | None
    tracker: str | None
    skipped: str | None
    why: str
    steps: tuple[Step, ...]
    lacks: tuple[str, ...] = ()
    """What its rule still waits for: there is no tracker until then."""
    again_at: datetime | None = None
    """When to decide again although nothing is heard of the issue."""


def decide(clauses: Sequence[Clause], facts: Facts, *, show: bool = False) -> Verdict:
    """Go through the rules in order; with `show` every step has its outcome, else the deciding one only."""
    evaluation = Evaluation(facts)
    steps: list[Step] = []
    for clause in clauses:
        matched = clause.condition is None or evaluation.holds(clause.condition)
        outcome = evaluation.outcome(clause.condition) if clause.condition and (show or matched) else None
        steps.append(Step(clause.name, matched, outcome))
        if matched:
            return _taken(clause, outcome, tuple(steps))
    count = f"none of the {len(steps)} rules matches" if steps else "there are no rules"
    return Verdict(None, None, None, f"No ticket: {count}.", tuple(steps))


def _taken(clause: Clause, seen: Outcome | None, steps: tuple[Step, ...]) -> Verdict:
    because = "it takes whatever reaches it" if seen is None else _because(seen)
    if clause.skip is not None:
        why = f"No ticket: {clause.skip} (rule “{clause.name}”: {because})."
    else:
        why = f"Rule “{clause.name}” sends it to {clause.tracker}: {because}."
    return Verdict(clause.name, clause.tracker, clause.skip, why, steps)


def _because(outcome: Outcome) -> str:
    """Name what held, with the values it saw."""
    held = [leaf for leaf in _leaves(outcome) if leaf.holds] or _leaves(outcome)
    values = {name: value for leaf in held for name, value in (leaf.values or {}).items()}
    said = " and ".join(leaf.text if leaf.holds else f"not {leaf.text}" for leaf in held)
    saw = ", ".join(f"{name} is {value}" for name, value in values.items())
    return " ".join(said.split()) + (f", where {saw}" if saw else "")


def _leaves(outcome: Outcome) -> list[Outcome]:
    return [outcome] if not outcome.pieces else [leaf for piece in outcome.pieces for leaf in _leaves(piece)]
