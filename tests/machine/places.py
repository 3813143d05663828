"""What a limit held back gets its turn: hours pass until nothing waits for a place any more."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.machine.machine import Machine

HOURS = 60
"""After so many no limit that is drawn holds anything back."""


def free_places(machine: "Machine") -> None:
    """Let hours pass, and everything come to rest in each, while a limit holds back an open bug."""
    for _ in range(HOURS):
        with machine.store.read() as tx:
            if not tx.umbrellas.rules_waiting():
                return
        machine.clock.pass_by(3700)
        machine.rest()
