"""What will happen at which virtual time."""

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime


class Agenda:
    """Things to come, in the order of their times, and of their entry where times are equal."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def add(self, at: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at, next(self._numbers), what))

    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def happen(self, now: datetime) -> None:
        """Let everything happen whose time has come."""
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
