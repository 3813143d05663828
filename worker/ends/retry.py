"""The one retry policy: how reads are repeated within a call, how long work waits, what must hold before any call.

Writes are never repeated here: whoever asked for one decides, after looking whether it arrived.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from worker.errors import Ambiguous, Transient, Unauthorized

T = TypeVar("T")
Sleep = Callable[[float], None]
Cover = Callable[[float, str], None]
Now = Callable[[], datetime]

READ_TRIES = 3
PATIENCE_S = 2.0
"""A service that asks for a longer pause than this is not waited for inside a call."""
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 15 * 60.0
LONGEST_ASKED_S = 24 * 60 * 60.0
"""A pause that a service asks for is believed up to here, so that one wrong header cannot bury work for years."""

_BACKOFF = wait_exponential(multiplier=0.1, max=1.0) + wait_random(0.0, 0.2)
_cover: ContextVar[Cover | None] = ContextVar("cover", default=None)
_repeating: ContextVar[bool] = ContextVar("repeating", default=False)


class Held(Transient):
    """The call was not made, by our own decision (budget used up, service closed): no failure, only a wait."""


def utc_now() -> datetime:
    """Tell the time, where nobody gave a clock."""
    return datetime.now(UTC)


def reading(call: Callable[[], T], sleep: Sleep = time.sleep) -> T:
    """Make a read, up to three times while it fails for reasons that may pass soon; then its last error."""
    policy = Retrying(
        retry=retry_if_exception(_worth_repeating),
        stop=stop_after_attempt(READ_TRIES),
        wait=_pause_s,
        sleep=sleep,
        before=_note_repetition,
        reraise=True,
    )
    token = _repeating.set(False)
    try:
        return policy(call)
    finally:
        _repeating.reset(token)


def repeating() -> bool:
    """Tell whether the call that is about to be made repeats a read that has just failed."""
    return _repeating.get()


def wait_s(
    attempts: int,
    error: BaseException | None = None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> float:
    """Seconds to wait before a work item is tried again after `attempts` failures.

    Full jitter under a ceiling that doubles from 1 s to 15 minutes, but never less than the service asked for. What was
    only held back did not fail: it waits as told, and a little longer so that not all come back at once.
    """
    if isinstance(error, Held):
        return _asked_s(error) + jitter(0.0, FIRST_WAIT_S)
    doublings = min(max(attempts - 1, 0), 20)
    ceiling_s = min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S)
    return max(jitter(0.0, ceiling_s), _asked_s(error))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date, as seconds from `now`; None when it says nothing sensible."""
    if not value:
        return None
    seconds = _as_seconds(value)
    if seconds is None:
        seconds = _until_date_s(value, now)
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_ASKED_S)


@contextmanager
def guarding(cover: Cover) -> Iterator[None]:
    """Within this block, in this thread, every service call first asks `cover(timeout_s, service)`.

    It may raise `LeaseLost`, or `Held` when the service is not to be called now.
    """
    token = _cover.set(cover)
    try:
        yield
    finally:
        _cover.reset(token)


def before_call(timeout_s: float, service: str) -> None:
    """Ask the guard, if there is one, whether a call to `service` that may last `timeout_s` seconds may start.

    `Held` when it may not now, also because the guard itself was in trouble: that is not the service's failure.
    """
    cover = _cover.get()
    if cover is None:
        return
    try:
        cover(timeout_s, service)
    except Held:
        raise
    except Transient as error:
        raise Held(str(error), error.retry_after_s) from error


def _worth_repeating(error: BaseException) -> bool:
    if not isinstance(error, Transient) or isinstance(error, Ambiguous | Unauthorized):
        return False
    return _asked_s(error) <= PATIENCE_S


def _note_repetition(state: RetryCallState) -> None:
    _repeating.set(state.attempt_number > 1)


def _pause_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return max(_BACKOFF(state), _asked_s(error))


def _asked_s(error: BaseException | None) -> float:
    asked = error.retry_after_s if isinstance(error, Transient) else None
    return asked or 0.0


def _as_seconds(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _until_date_s(value: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):  # the parser leaks all three on junk
        return None
    if then.tzinfo is None:  # "-0000" says UTC without a zone
        then = then.replace(tzinfo=UTC)
    return (then - now).total_seconds()
