"""Times and ids the way each vendor writes them."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_SPAN = re.compile(r"^-?(\d+)(m|h|d|w|s)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True)
class Clock:
    """The clock of a practice world: aware UTC, `ahead` of the host's. Every time its services tell comes from here."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC) + self.ahead


def http_date(at: datetime) -> str:
    """`Sun, 22 Nov 2026 10:00:00 GMT`, as the `Date` header has it."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def sentry_time(at: datetime) -> str:
    """`2026-11-22T10:00:00.123456Z`, as Sentry answers."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def jira_time(at: datetime) -> str:
    """`2026-11-22T10:00:00.123+0000`, as Jira answers."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def github_time(at: datetime) -> str:
    """`2026-11-22T10:00:00Z`, as GitHub answers."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_span(text: str) -> timedelta | None:
    """Read `-15m`, `2h`, `-7d`; None when it is no span."""
    found = _SPAN.match(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def parse_time(value: object) -> datetime | None:
    """Read an ISO time or epoch seconds; naive times are UTC; None when it is neither or out of range."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def base36(number: int) -> str:
    """Write a count the way Sentry's short ids do: `35` is `Z`, `36` is `10`."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
