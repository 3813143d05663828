"""Where calls are counted: moving windows in Redis, by the clock that all workers share.

Where Redis is away, or was never there, the windows are this process's own. A Redis that was flushed means no more than
fresh windows.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from worker.ends.ports import Spending
from worker.ends.retry import Now

log = structlog.get_logger()

AWAY_S = 5.0
"""After Redis did not answer, how long it is not even asked."""

ANSWER_S = 1.0
"""How long Redis may take: it must never hold up the call that it counts."""

JUMP_S = 2.0
"""A host's clock that moved so much more or less than time did has been set: windows told by it mean nothing now."""

SHORTEST_WAIT_S = 0.05

REDIS = ("redis", "rediss", "redis+socket", "unix")
"""Schemes of addresses that lead to one Redis."""

Seconds = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` in any `per_s` seconds, of which each kind of call takes what `costs` says (absent: nothing).

    `each`: counted for every thing by itself that calls are about, not for the account.
    """

    name: str
    amount: int
    per_s: int
    costs: Mapping[Spending, int]
    each: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """What a call takes of one limit; `of`: whose window it is."""

    limit: Limit
    cost: int
    of: tuple[str, ...]

    @property
    def item(self) -> RateLimitItem:
        """The limit in the library's words."""
        return RateLimitItemPerSecond(self.limit.amount, self.limit.per_s, namespace="budget")


@dataclass(frozen=True, slots=True)
class Full:
    """A limit that has no room, and how long until it has some again."""

    limit: Limit
    wait_s: float


class Windows(Protocol):
    """Where calls are counted."""

    def take(self, slots: Sequence[Slot]) -> Full | None:
        """Take all of these, or say which is full and take nothing; who loses a race for the last may take in vain."""
        ...


class OwnWindows:
    """Windows of this process alone. A host clock that is set begins fresh ones."""

    def __init__(self, host: Seconds = time.time, monotonic: Seconds = time.monotonic) -> None:
        self._host, self._monotonic = host, monotonic
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._offset = host() - monotonic()
        # The library looks and takes in two steps; within one process nothing need come between.
        self._turn = threading.Lock()

    def take(self, slots: Sequence[Slot]) -> Full | None:
        """Take all of these, or nothing."""
        with self._turn:
            offset = self._host() - self._monotonic()
            if abs(offset - self._offset) > JUMP_S:
                self._storage.reset()
            self._offset = offset
            return _take(self._limiter, slots, self._host())


class RedisWindows:
    """Windows that all workers share. Raises `RedisError` when Redis does not answer."""

    def __init__(self, url: str, now: Now) -> None:
        """`url`: as Celery takes it, sockets included."""
        self._now = now
        self._limiter = MovingWindowRateLimiter(_OnOurClock(library_url(url), now))

    def take(self, slots: Sequence[Slot]) -> Full | None:
        """Take all of these, or nothing."""
        return _take(self._limiter, slots, self._now().timestamp())


class SharedWindows:
    """The windows of Redis while it answers, else our own; it comes back by itself."""

    def __init__(self, shared: Windows, own: Windows, monotonic: Seconds = time.monotonic) -> None:
        self._shared, self._own, self._monotonic = shared, own, monotonic
        self._away_until: float | None = None

    def take(self, slots: Sequence[Slot]) -> Full | None:
        """Take all of these, or nothing."""
        away_until = self._away_until
        if away_until is not None and self._monotonic() < away_until:
            return self._own.take(slots)
        try:
            full = self._shared.take(slots)
        except RedisError as error:
            self._lost(error)
            return self._own.take(slots)
        if self._away_until is not None:
            self._away_until = None
            log.info("Redis is back; budgets are shared again")
        return full

    def _lost(self, error: RedisError) -> None:
        if self._away_until is None:
            log.warning("Redis is away; budgets are not shared", why=str(error))
        self._away_until = self._monotonic() + AWAY_S


def open_windows(redis_url: str | None, now: Now) -> Windows:
    """Open windows in the Redis at that address, as Celery takes it; with any other broker or none, in this process."""
    if redis_url is None or urlsplit(redis_url).scheme not in REDIS:
        return OwnWindows()
    return SharedWindows(RedisWindows(redis_url, now), OwnWindows())


def ping(url: str) -> None:
    """See that the Redis at that address answers. Raises `RedisError`, or `ValueError` for what is no address."""
    RedisStorage(library_url(url), socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S).storage.ping()


def library_url(url: str) -> str:
    """Write a socket's address as the library takes it; any other stays as it is."""
    parts = urlsplit(url)
    if parts.scheme not in {"redis+socket", "unix"}:
        return url
    asked = parse_qs(parts.query)
    database = asked.get("virtual_host", asked.get("db", ["0"]))[0].strip("/")
    return f"redis+unix://{parts.netloc}{parts.path}?db={database}"


class _OnOurClock(RedisStorage):
    """The library's storage, told the time by us: hosts' clocks differ, and one ahead would shut out all others."""

    def __init__(self, url: str, now: Now) -> None:
        # A connection that went stale in the pool is opened again, once and at once.
        again = Retry(NoBackoff(), 1)
        super().__init__(
            url,
            key_prefix="bugferry",
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            retry=again,  # type: ignore[arg-type]  # passed on to the Redis client, which takes it
        )
        self._now = now

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take `amount` of a window that holds `limit`; False when there is no room."""
        moment = self._now().timestamp()
        return bool(self.lua_acquire_moving_window([self.prefixed_key(key)], [moment, limit, expiry, amount]))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Say when the oldest entry of the window was made, in epoch seconds, and how many there are."""
        moment = self._now().timestamp()
        window = self.lua_moving_window([self.prefixed_key(key)], [moment - expiry, limit])
        return (float(window[0]), int(window[1])) if window else (moment, 0)


def _take(limiter: MovingWindowRateLimiter, slots: Sequence[Slot], moment: float) -> Full | None:
    for act in (limiter.test, limiter.hit):
        for slot in slots:
            if not act(slot.item, *slot.of, cost=slot.cost):
                free_at = limiter.get_window_stats(slot.item, *slot.of).reset_time
                # An entry made by a clock that ran ahead is waited for no longer than its window is long.
                return Full(slot.limit, min(max(free_at - moment, SHORTEST_WAIT_S), float(slot.limit.per_s)))
    return None
