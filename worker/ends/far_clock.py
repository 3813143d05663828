"""How far a service's clock is from ours, by the `Date` of any answer it gives (RFC 9110 6.6.1: whole seconds)."""

from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

from worker.ends.retry import Now
from worker.ends.sentry_site import trusted


def clock_ahead_s(url: str, timeout_s: float, now: Now) -> float | None:
    """By how many seconds it is ahead of ours, to about a second; None where it does not answer or does not say.

    No token is sent: an answer that refuses us has a `Date` as well.
    """
    asked = now()
    try:
        answer = httpx.head(url, timeout=timeout_s, verify=trusted())
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, IndexError, OverflowError):
        return None
    here = asked + (now() - asked) / 2
    return (told.replace(tzinfo=told.tzinfo or UTC) - here).total_seconds() + _HALF_A_SECOND


_HALF_A_SECOND = 0.5
"""What a time in whole seconds leaves out on average."""
