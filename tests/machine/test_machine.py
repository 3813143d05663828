"""A few seeds of the simulation, and deliberate bugs that it must catch. `make soak` runs as many seeds as you like."""

import pytest

from tests.machine.bugs import BUGS, catch
from tests.machine.chance import determined
from tests.machine.machine import Machine
from tests.machine.run import run_seeds
from tests.machine.violation import Violation

SEEDS = 20
CHUNK = 10


@pytest.mark.parametrize("first", range(1, SEEDS + 1, CHUNK))
def test_every_promise_holds_whatever_goes_wrong(first, record_property):
    outcome = run_seeds(range(first, first + CHUNK))
    record_property("machine", outcome.as_json())
    assert not outcome.broken, "\n".join(map(str, outcome.broken))
    assert outcome.tally.seeds == CHUNK


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_deliberate_bug_is_caught(bug):
    caught = catch(bug, bug.seed)
    assert caught is not None, f"seed {bug.seed} no longer catches it: python -m tests.machine --bugs finds another"
    assert caught.what.startswith(bug.promise)


def told(seed):
    machine = Machine(seed)
    with determined(machine):
        try:
            machine.run()
        except Violation as violation:
            machine.trace(str(violation))
    return machine.digest.hexdigest()


def test_a_seed_is_the_same_each_time_and_no_other_is():
    assert told(7) == told(7)
    assert told(7) != told(8)
