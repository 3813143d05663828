"""The simulation from the command line: `--seeds N`, `--seed N --trace`, `--bugs`.

Ends with one line of counts, and with 1 when any promise was broken.
"""

import argparse
import sys

from tests.machine.bugs import BUGS, hunt, table
from tests.machine.run import pool_of, run_seed, soak
from tests.machine.tally import Broken, Outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, metavar="N", help="how many seeds to run (500)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of them (1)")
    parser.add_argument("--processes", type=int, metavar="N", help="how many at once (as many as there are processors)")
    parser.add_argument("--seed", type=int, help="run this one only")
    parser.add_argument("--trace", action="store_true", help="with --seed: say each step as it happens")
    parser.add_argument("--bugs", action="store_true", help="run each deliberate bug over the seeds instead; a table")
    asked = parser.parse_args()
    if asked.bugs:
        return _bugs(asked.first, asked.seeds, asked.processes)
    outcome = _one(asked.seed, aloud=asked.trace) if asked.seed else soak(asked.first, asked.seeds, asked.processes)
    print(outcome.line())  # noqa: T201 - what the command was asked for
    return 1 if outcome.broken else 0


def _bugs(first: int, seeds: int, processes: int | None) -> int:
    hunts = [(bug.name, seed) for seed in range(first, first + seeds) for bug in BUGS]
    caught: dict[str, list[Broken]] = {bug.name: [] for bug in BUGS}
    with pool_of(processes) as pool:
        for name, broken in pool.imap_unordered(hunt, hunts):
            if broken:
                caught[name].append(broken)
                print(f"seed {broken.seed}: {name}: {broken.what}", file=sys.stderr, flush=True)  # noqa: T201 - progress
    print(table(caught, seeds))  # noqa: T201 - what the command was asked for
    return 0 if all(caught.values()) else 1


def _one(seed: int, *, aloud: bool) -> Outcome:
    tally, broken = run_seed(seed, aloud=aloud)
    if broken:
        print(broken)  # noqa: T201 - what the command was asked for
    return Outcome(tally, [broken] if broken else [])


if __name__ == "__main__":
    sys.exit(main())
