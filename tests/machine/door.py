"""The way to a practice service: each request asks the guard, lets others run, and may meet with a fault.

Faults come on order (as the contract tests order them from the practice services over HTTP) or by the weather (the
simulation). Both speak of requests by method and path, so that a port method of several requests can fail between any
two of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from worker.ends.retry import before_call, reading
from worker.errors import Ambiguous, BugferryError, Permanent, Transient, Unauthorized

T = TypeVar("T")

TIMEOUT_S = 15.0
"""What a call may last: connect and read of the real ends together."""


@dataclass
class Strike:
    """One fault. `kind`: fail_before, fail_after, drop_before, drop_after, hang, late, 429 or refused."""

    kind: str
    status: int = 503
    retry_after: float | None = None
    hang_s: float = TIMEOUT_S


@dataclass
class Order(Strike):
    """A fault ordered for calls that match; `times` below 0: for ever."""

    method: str = ""
    path: str = ""
    times: int = 1


class Around(Protocol):
    """What happens around the requests of a service."""

    def pause(self, what: str) -> None:
        """Let others run; this worker may be killed or frozen here."""

    def strike(self, service: str, method: str, path: str) -> Strike | None:
        """The fault that this request meets."""

    def hang(self, seconds: float) -> None:
        """Let time pass for this worker."""

    def later(self, effect: Callable[[], object]) -> None:
        """Let a request arrive after its sender gave it up."""


class Calm:
    """No scheduler and no weather: only faults on order."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def pause(self, what: str) -> None:
        pass

    def strike(self, service: str, method: str, path: str) -> Strike | None:
        for order in self.orders:
            if order.times != 0 and order.method in {"", method} and re.search(order.path, path):
                order.times -= order.times > 0
                return order
        return None

    def hang(self, seconds: float) -> None:
        pass

    def later(self, effect: Callable[[], object]) -> None:
        effect()


class Door:
    """All requests to one service."""

    def __init__(self, service: str, around: Around, sleep: Callable[[float], None] | None = None) -> None:
        """`sleep`: how a read waits before it is repeated; None: reads are made once (the simulation's own faults
        are long enough, and each repetition would cost it time)."""
        self.service = service
        self.around = around
        self.calls: dict[str, int] = {}
        self._sleep = sleep

    def read(self, path: str, effect: Callable[[], T]) -> T:
        if self._sleep is None:
            return self.ask("GET", path, effect)
        return reading(lambda: self.ask("GET", path, effect), self._sleep)

    def ask(self, method: str, path: str, effect: Callable[[], T]) -> T:
        """Make one request. Raises what the real ends raise for the fault it meets."""
        before_call(TIMEOUT_S, self.service)
        self.calls[method] = self.calls.get(method, 0) + 1
        self.around.pause(f"{self.service} {method} {path}")
        strike = self.around.strike(self.service, method, path)
        if strike is None:
            answer = effect()
            self.around.pause(f"{self.service} answered {method} {path}")
            return answer
        raise self._suffered(strike, method, path, effect)

    def _suffered(self, strike: Strike, method: str, path: str, effect: Callable[[], object]) -> BugferryError:
        """Let a fault take its course; what the caller hears of it."""
        what = f"{self.service} {method} {path}"
        if strike.kind in {"fail_after", "drop_after", "hang"}:
            effect()
        if strike.kind == "late":
            self.around.later(effect)
        if strike.kind in {"hang", "late"}:
            self.around.hang(strike.hang_s)
        if strike.kind == "429":
            return self.said(Transient(f"{what}: asked to wait", strike.retry_after))
        if strike.kind == "refused":
            return self.said(Transient(f"{what}: no connection"))
        if strike.kind == "fail_before" and strike.status < 500:
            return self.said(_refusal(what, strike))
        lost = f"{what}: no usable answer ({strike.kind})"
        return self.said(Transient(lost) if method == "GET" else Ambiguous(f"{lost}; it may have been done"))

    def said(self, error: BugferryError) -> BugferryError:
        """Put our name to an error."""
        error.service = self.service
        return error


class NotFound(Permanent):
    """404, before anybody asked whether the place itself can be seen."""


def _refusal(what: str, strike: Strike) -> BugferryError:
    if strike.status == 401:
        return Unauthorized(f"{what}: the token is refused; renew it")
    if strike.retry_after is not None:
        return Transient(f"{what}: a secondary limit", strike.retry_after)
    if strike.status == 404:
        return NotFound(f"{what}: not found")
    if strike.status == 403:
        return Unauthorized(f"{what}: forbidden; give our account the permission Create Issues, right to write issues")
    return Permanent(f"{what}: refused with {strike.status}")
