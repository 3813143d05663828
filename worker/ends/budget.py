"""Budgets of calls: we stop before a service's published limits do, all workers together."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from worker.ends.ports import Spending
from worker.ends.retry import Held, Now
from worker.ends.windows import Full, Limit, Slot, Windows

ANY: Mapping[Spending, int] = {"read": 1, "write": 1, "create": 1}
CHANGES: Mapping[Spending, int] = {"write": 1, "create": 1}

# Five to ten in a hundred below what the vendors publish: their windows count arrivals and ours departures, so that
# calls a full window apart here may be closer there; and people use the same accounts by hand.
# The scarcest first: whoever loses a race for the last slot of it has taken nothing of the others.

GITHUB = (
    Limit("new tickets and comments an hour", 475, 3600, {"create": 1}),
    Limit("new tickets and comments a minute", 75, 60, {"create": 1}),
    Limit("points a minute", 850, 60, {"read": 1, "write": 5, "create": 5}),
    Limit("calls an hour", 4750, 3600, ANY),
)
"""GitHub publishes 500 and 80 new contents, 900 points, 5,000 calls (docs.github.com, rate limits for the REST API)."""

JIRA = (
    Limit("writes to one ticket in 30 seconds", 90, 30, CHANGES, each=True),
    Limit("writes to one ticket in 2 seconds", 18, 2, CHANGES, each=True),
    Limit("writes a second", 20, 1, CHANGES),
    Limit("calls a second", 50, 1, ANY),
)
"""Jira Cloud takes about 100 writes in 30 s and 20 in 2 s to one issue; of its bursts a second it tells no figure."""

SENTRY = (
    Limit("writes a second", 10, 1, CHANGES),
    Limit("calls a second", 30, 1, ANY),
)
"""Sentry limits each endpoint by the second, tells no figures, and calls are cheap to put off: modest."""


class Boundless:
    """No limits of our own: the service's answers are the only ones."""

    def spend(self, what: Spending, about: str = "") -> None:
        """Allow everything."""


class SharedBudget:
    """The budget of one account at one service. Never waits: whoever meets a full window is told when to come back."""

    def __init__(self, service: str, account: str, limits: Sequence[Limit], windows: Windows, now: Now) -> None:
        """`service`: as errors name it; `account`: whose limits these are, the same text in every process."""
        self._service, self._limits, self._windows, self._now = service, limits, windows, now
        # An account may be told by its token: only a digest leaves this process.
        self._account = _digest(account)

    def spend(self, what: Spending, about: str = "") -> None:
        """Take what a call costs, or raise `Held` with the time until there is room."""
        full = self._windows.take([slot for limit in self._limits if (slot := self._slot(limit, what, about))])
        if full:
            raise self._held(full, about)

    def _slot(self, limit: Limit, what: Spending, about: str) -> Slot | None:
        cost = limit.costs.get(what, 0)
        if not cost or (limit.each and not about):
            return None
        return Slot(limit, cost, (self._account, _digest(about)) if limit.each else (self._account,))

    def _held(self, full: Full, about: str) -> Held:
        at = (self._now() + timedelta(seconds=full.wait_s)).isoformat(timespec="seconds")
        one = f" ({about})" if full.limit.each else ""
        held = Held(
            f"our own budget for {self._service} is used up: {full.limit.amount} {full.limit.name}{one}. "
            f"Nothing was sent; it goes on by itself at {at}.",
            full.wait_s,
        )
        held.service = self._service
        return held


def share_of(limits: Sequence[Limit], share: float) -> tuple[Limit, ...]:
    """Allow ourselves that share of each limit, but never less than the dearest call takes."""
    return tuple(replace(it, amount=max(math.floor(it.amount * share), *it.costs.values())) for it in limits)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
