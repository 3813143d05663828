"""Rate limits in moving windows, one meter for a practice world. All are off until somebody sets them."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field

WINDOWS_S = {
    "github": {"calls_per_h": 3600.0, "points_per_min": 60.0, "creates_per_min": 60.0, "creates_per_h": 3600.0},
    "jira": {"burst_per_s": 1.0, "issue_writes_per_2s": 2.0, "issue_writes_per_30s": 30.0},
    "sentry": {"calls_per_s": 1.0},
}
"""Limits by service and name, with the length of their window in seconds."""

DOCUMENTED = {
    "github": {"calls_per_h": 5000, "points_per_min": 900, "creates_per_min": 80, "creates_per_h": 500},
    "jira": {"burst_per_s": 100, "issue_writes_per_2s": 20, "issue_writes_per_30s": 100},
    "sentry": {"calls_per_s": 40},
}
"""What the vendors say of themselves (GitHub, Jira's writes to one issue), and believable figures for the rest."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of one limit. `frees_s`: seconds until something of it comes free; 0 when nothing is used."""

    most: int
    left: int
    frees_s: float


@dataclass(slots=True)
class Meter:
    """How much was used of each limit. `refused`: how many calls each service turned away."""

    most: dict[str, dict[str, int]] = field(default_factory=lambda: {service: {} for service in WINDOWS_S})
    refused: Counter[str] = field(default_factory=Counter)
    _used: dict[tuple[str, str, str], deque[float]] = field(default_factory=dict)

    def room(self, service: str, limit: str, key: str) -> Room | None:
        """What is left for `key`; None where the limit is off."""
        most = self.most[service].get(limit)
        if most is None:
            return None
        used, window_s, now = (
            self._used.get((service, limit, key), deque()),
            WINDOWS_S[service][limit],
            time.monotonic(),
        )
        while used and used[0] <= now - window_s:
            used.popleft()
        return Room(most, max(0, most - len(used)), used[0] + window_s - now if used else 0.0)

    def spend(self, service: str, limit: str, key: str, cost: int = 1) -> None:
        """Note a use, where the limit is on."""
        if limit in self.most[service]:
            self._used.setdefault((service, limit, key), deque()).extend([time.monotonic()] * cost)

    def full(self, service: str, wanted: dict[str, tuple[str, int]]) -> tuple[str, Room] | None:
        """Spend on all of `wanted` (limit to key and cost), or on none: then the limit that is full."""
        for limit, (key, cost) in wanted.items():
            room = self.room(service, limit, key)
            if room is not None and room.left < cost:
                self.refused[service] += 1
                return limit, room
        for limit, (key, cost) in wanted.items():
            self.spend(service, limit, key, cost)
        return None
