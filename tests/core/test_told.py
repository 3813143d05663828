"""A request to stop comes through whatever the main thread is doing at that moment."""

import subprocess
import sys
import time

from worker.wiring.told import Told

OFTEN = """
import signal
from worker.wiring.told import Told
heard = 0
for _ in range(4000):
    told = Told()
    signal.signal(signal.SIGALRM, lambda *_: told.set())
    signal.setitimer(signal.ITIMER_REAL, 0.00002)
    while not told.wait(0.000001):
        pass
    heard += told.is_set()
print(heard)
"""


def test_a_signal_in_the_middle_of_a_wait_is_heard_every_time():
    run = subprocess.run([sys.executable, "-c", OFTEN], capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout.strip(), run.stderr) == ("4000", "")


def test_it_stays_set_and_waits_no_longer():
    told = Told()
    assert not told.is_set()
    assert not told.wait(0.001)
    told.set()
    told.set()
    began = time.monotonic()
    assert all(told.wait(60) for _ in range(5))
    assert told.is_set()
    assert time.monotonic() - began < 30
