"""One clock for all workers: hosts' clocks differ and are set; the database's is the one they have in common.

On SQLite all processes share one host, so its clock is that one.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from worker.errors import Transient
from worker.store.store import Store

log = structlog.get_logger()

ASK_EVERY_S = 30.0
"""How long time is counted from one answer of the database; longer while it does not answer."""

JUMP_S = 5.0
"""A host's clock that moved so much more or less than time did has been set, or the host slept: ask at once."""

SLOWEST_S = 2.0
"""An answer that took longer tells the time too vaguely to be used, unless there is no other."""

AGAIN_S = 1.0
"""The pause after an answer that could not be used."""


@dataclass(frozen=True, slots=True)
class _Anchor:
    """It was `at` when the monotonic clock said `told_s` and the host's clock was `offset_s` ahead of that."""

    at: datetime
    told_s: float
    offset_s: float


def _host_now() -> datetime:
    return datetime.now(UTC)


class StoreClock:
    """Tells the time of the store. Safe to share between threads: one of them asks, the others go on meanwhile."""

    def __init__(
        self,
        store: Store,
        host: Callable[[], datetime] = _host_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask once: raises `Transient` when the database does not answer. Later the last answer is counted on from."""
        self._store, self._host, self._monotonic = store, host, monotonic
        self._asking = threading.Lock()
        self._again_s = -math.inf
        self._anchor, _ = self._ask()

    def __call__(self) -> datetime:
        """Tell the time: what the database last said, and the seconds since."""
        if self._is_old(self._anchor) and self._asking.acquire(blocking=False):
            try:
                self._ask_again(self._anchor)
            finally:
                self._asking.release()
        return self._told_by(self._anchor)

    def _told_by(self, anchor: _Anchor) -> datetime:
        return anchor.at + timedelta(seconds=self._monotonic() - anchor.told_s)

    def _is_old(self, anchor: _Anchor) -> bool:
        now_s = self._monotonic()
        if now_s < self._again_s:
            return False
        return now_s - anchor.told_s > ASK_EVERY_S or abs(self._offset_s() - anchor.offset_s) > JUMP_S

    def _ask_again(self, known: _Anchor) -> None:
        try:
            fresh, took_s = self._ask()
        except Transient:
            took_s = math.inf
        if took_s > SLOWEST_S:
            self._again_s = self._monotonic() + AGAIN_S
            return
        ahead = self._told_by(fresh) - self._told_by(known)
        if abs(ahead.total_seconds()) > JUMP_S:
            log.warning("the clock was set", by_s=round(ahead.total_seconds(), 1), of=self._whose)
        self._anchor = fresh

    def _ask(self) -> tuple[_Anchor, float]:
        """Ask for the time; also how long the answer took, in seconds."""
        before_s = self._monotonic()
        told = self._store.time()
        took_s = self._monotonic() - before_s
        self._whose = "this host" if told is None else "the database"
        return _Anchor(told or self._host(), before_s + took_s / 2, self._offset_s()), took_s

    def _offset_s(self) -> float:
        return self._host().timestamp() - self._monotonic()
