"""What one process knows of services in trouble, so that nobody asks the database before each call."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from worker.store.services import ServiceRow

READ_EVERY = timedelta(seconds=1)
"""How long what was read is believed: so long other workers may go on calling a service that one has closed."""


class Trouble:
    """The services in trouble as last read, and how often each has failed this process in a row.

    Shared by threads without a lock: reading once too often, or counting one failure too few, does no harm.
    """

    def __init__(self) -> None:
        self._rows: Mapping[str, ServiceRow] = {}
        self._read_at: datetime | None = None
        self._failures: dict[str, tuple[int, str | None]] = {}

    def of(self, service: str, now: datetime, read: Callable[[], Iterable[ServiceRow]]) -> ServiceRow | None:
        """What is the matter with a service; None when it is well."""
        age = None if self._read_at is None else now - self._read_at
        if age is None or not timedelta() <= age < READ_EVERY:
            self._rows, self._read_at = {row.name: row for row in read()}, now
        return self._rows.get(service)

    def forget(self) -> None:
        """Read again next time: something has just changed."""
        self._read_at = None

    def failed(self, service: str, by: str) -> int:
        """Count a failure of a service; how many it were in a row.

        One piece of work that fails again counts once, or a poisoned one would close what serves all others. `by`: that
        piece of work; empty for a poll, whose every failure counts.
        """
        count, last = self._failures.get(service, (0, None))
        count += not by or by != last
        self._failures[service] = (count, by)
        return count

    def well(self, service: str) -> None:
        """Begin to count anew: the service answered."""
        self._failures.pop(service, None)
