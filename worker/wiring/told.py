"""Whether this process was asked to stop, by a signal."""

import time

LATE_S = 0.05
"""How much later than it was asked a wait may end."""


class Told:
    """Set once by a signal's handler.

    No `threading.Event`: its lock is held by the main thread for a moment of every wait, and a handler that interrupts
    it right then would wait for that lock for ever. This has no lock.
    """

    def __init__(self) -> None:
        self._told = False

    def set(self) -> None:
        """Ask to stop; may be called from a signal's handler."""
        self._told = True

    def is_set(self) -> bool:
        """Whether it was asked."""
        return self._told

    def wait(self, seconds: float) -> bool:
        """Wait until it is asked, so long at most; whether it was."""
        until = time.monotonic() + seconds
        while not self._told and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LATE_S))
        return self._told
