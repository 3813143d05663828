"""Lists and search indexes that lag behind: what was, as it was some seconds ago."""

import time
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT = 64


class Shots(Generic[T]):
    """One thing as it was at its last changes. Measured in real seconds, whatever the practice clock says."""

    def __init__(self) -> None:
        """Start without any."""
        self._shots: list[tuple[float, T]] = []

    def add(self, shot: T) -> None:
        """Remember how it is from now on. Where there are too many, every second of the older ones is forgotten."""
        self._shots.append((time.monotonic(), shot))
        if len(self._shots) > KEPT:
            self._shots = [*self._shots[: KEPT // 2 : 2], *self._shots[KEPT // 2 :]]

    def seen(self, lag_s: float) -> T | None:
        """How it was `lag_s` seconds ago; None when it was not there yet."""
        edge = time.monotonic() - lag_s
        return next((shot for at, shot in reversed(self._shots) if at <= edge), None)
