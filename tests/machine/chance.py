"""Every source of chance that the flow has follows the seed while a simulation runs."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from tests.machine.machine import Machine


@contextmanager
def determined(machine: Machine) -> Iterator[None]:
    """Within this block every source of chance follows the seed, and the log goes to the trace."""
    state, token_hex, configured = random.getstate(), secrets.token_hex, structlog.get_config()
    random.seed(machine.seed)
    secrets.token_hex = lambda nbytes=32: machine.rng.randbytes(nbytes or 32).hex()
    structlog.configure(processors=[machine.log], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        machine.crew.dismiss()
        random.setstate(state)
        secrets.token_hex = token_hex
        structlog.configure(**configured)
