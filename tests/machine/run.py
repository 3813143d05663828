"""Run seeds: one, or many in parallel, with one tally."""

import multiprocessing
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.machine.machine import Machine, Tally, determined
from tests.machine.violation import Violation

CHUNK = 20


@dataclass(frozen=True)
class Broken:
    """A seed that broke a promise, with the last that happened."""

    seed: int
    what: str
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = "\n    ".join(("", *self.trace))
        return f"seed {self.seed} breaks promise {self.what}{told}\n  replay: {replay(self.seed)}"


@dataclass
class Outcome:
    """What many seeds came to."""

    tally: Tally = field(default_factory=Tally)
    broken: list[Broken] = field(default_factory=list)

    def line(self) -> str:
        """The counts, in one line."""
        one, by = self.tally, {number: 0 for number in "12345"}
        for failure in self.broken:
            by[failure.what[:1]] = by.get(failure.what[:1], 0) + 1
        faults = ", ".join(f"{name} {count}" for name, count in sorted(one.faults.items()) if count)
        return (
            f"machine: seeds {one.seeds}, steps {one.steps}, acts {one.acts}, deliveries {one.deliveries}, "
            f"faults {sum(one.faults.values())} ({faults}), cases {one.cases}, tickets {one.tickets}, "
            f"duplicates {by['1']}, lost {by['2']}, disagreements {by['3']}, "
            f"stuck {by['4']}, unexplained {by['5']}, overruled {by.get('9', 0)}"
        )


def replay(seed: int) -> str:
    """The command that shows a seed step by step."""
    return f"python -m tests.machine --seed {seed} --trace"


def run_seed(seed: int, *, aloud: bool = False) -> tuple[Tally, Broken | None]:
    """Run one seed to its end, or to the first promise that it breaks."""
    machine = Machine(seed)
    machine.say_now = aloud
    broken = None
    with determined(machine):
        try:
            machine.run()
        except Violation as violation:
            broken = Broken(seed, str(violation), tuple(machine.lines)[-25:])
    machine.tally.faults = +machine.weather.counts
    return machine.tally, broken


def run_seeds(seeds: Iterable[int]) -> Outcome:
    """Run these seeds in this process."""
    outcome = Outcome()
    for seed in seeds:
        tally, broken = run_seed(seed)
        outcome.tally.add(tally)
        outcome.broken += [broken] if broken else []
    return outcome


def soak(first: int, seeds: int, processes: int | None = None) -> Outcome:
    """Run many seeds in all processors."""
    chunks = [range(at, min(at + CHUNK, first + seeds)) for at in range(first, first + seeds, CHUNK)]
    whole = Outcome()
    with multiprocessing.get_context("spawn").Pool(processes or os.cpu_count()) as pool:
        for part in pool.imap_unordered(run_seeds, chunks):
            whole.tally.add(part.tally)
            whole.broken += part.broken
            for failure in part.broken:
                print(failure, flush=True)
    return whole
