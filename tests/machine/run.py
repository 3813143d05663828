"""Run seeds: one, or many in parallel, with one tally."""

import gc
import multiprocessing
import os
from collections.abc import Iterable
from multiprocessing.pool import Pool

from tests.machine.chance import determined
from tests.machine.machine import Machine
from tests.machine.memory_store import template
from tests.machine.tally import Broken, Outcome, Tally, replay
from tests.machine.violation import Violation

CHUNK = 10


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
        except Exception as error:
            error.add_note(replay(seed))
            raise
    machine.tally.faults = +machine.weather.counts
    return machine.tally, broken


def run_seeds(seeds: Iterable[int]) -> Outcome:
    """Run these seeds in this process."""
    gc.set_threshold(50_000)  # what a seed leaves behind is small, and looking for it often takes a tenth of the time
    outcome = Outcome()
    for seed in seeds:
        tally, broken = run_seed(seed)
        outcome.tally.add(tally)
        outcome.broken += [broken] if broken else []
    return outcome


def pool_of(processes: int | None) -> Pool:
    """Processes that run seeds: they find imported, migrated and settled what each would else do for itself."""
    template()
    gc.freeze()
    return multiprocessing.get_context("fork").Pool(processes or os.cpu_count())


def soak(first: int, seeds: int, processes: int | None = None) -> Outcome:
    """Run many seeds in all processors."""
    chunks = [range(at, min(at + CHUNK, first + seeds)) for at in range(first, first + seeds, CHUNK)]
    whole = Outcome()
    with pool_of(processes) as pool:
        for part in pool.imap_unordered(run_seeds, chunks):
            whole.tally.add(part.tally)
            whole.broken += part.broken
            for failure in part.broken:
                print(failure, flush=True)  # noqa: T201 - what the command was asked for
    return whole
