"""Virtual time, and things that are seen later than they happen."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """Now, moved by whoever runs the world."""

    def __init__(self, begin: datetime = BEGIN) -> None:
        self.now = begin

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Versions(Generic[T]):
    """What something looked like, and since when: a list that lags shows an older look."""

    def __init__(self, at: datetime, value: T) -> None:
        self._at, self._values = [at], [value]

    def set(self, at: datetime, value: T) -> None:
        if value != self._values[-1]:
            self._at.append(at)
            self._values.append(value)

    @property
    def latest(self) -> T:
        return self._values[-1]

    def before(self, moment: datetime) -> T | None:
        """How it looked at that moment; None when it was not there yet."""
        place = bisect_right(self._at, moment)
        return self._values[place - 1] if place else None
