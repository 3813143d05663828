"""Numbers and dates as one reader writes them; the words around them stay English."""

import math
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import format_decimal, format_percent

from worker.errors import UserFault
from worker.metrics.figures import Unit

DEFAULT_LOCALE = "en_GB"
NONE = "–"  # noqa: RUF001 - a dash as people print it
"""Stands where there is no number."""

_HOURS_UP_TO, _DAY = 48, 24
_FINE_UP_TO = 10
"""Below it a duration has one decimal."""


@cache
def tongue(locale: str = DEFAULT_LOCALE) -> "Tongue":
    """The way of writing of a locale such as `de_CH` or `en-GB`; `UserFault` for one that nobody knows."""
    try:
        return Tongue(Locale.parse(locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        raise UserFault(
            f"'{locale}' is no language of dates that we know; write one such as en_GB, de or fr_CA."
        ) from None


class Tongue:
    """Writes numbers and dates the way of one locale."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def number(self, value: float) -> str:
        """A count, with a decimal only where it needs one and is below ten."""
        form = "#,##0" if value == round(value) or abs(value) >= _FINE_UP_TO else "#,##0.0"
        return format_decimal(value, form, locale=self._locale)

    def share(self, value: float) -> str:
        """A share as whole percent, which never rounds something to nothing or nearly all to all."""
        cut = min(max(value, 0.01), 0.99) if 0 < value < 1 else value
        word = "under " if 0 < value < 0.005 else "over " if 0.995 < value < 1 else ""  # noqa: PLR2004 - half a percent
        return word + format_percent(cut, locale=self._locale)

    def duration(self, hours: float, like: float | None = None) -> str:
        """Hours as minutes, hours or days, by their own size or by that of `like`."""
        size = abs(hours if like is None else like)
        if size < 1:
            return f"{self.number(round(hours * 60))} min"
        value, word = (hours, "hours") if size < _HOURS_UP_TO else (hours / _DAY, "days")
        form = "#,##0.0" if abs(value) < _FINE_UP_TO else "#,##0"
        return f"{format_decimal(value, form, locale=self._locale)} {word}"

    def value(self, unit: Unit, value: float | None) -> str:
        """One value in its unit; a dash for none."""
        if value is None or not math.isfinite(value):
            return NONE
        match unit:
            case "share":
                return self.share(value)
            case "hours":
                return self.duration(value)
            case _:
                return self.number(value)

    def interval(self, unit: Unit, bounds: tuple[float, float] | None) -> str:
        """Both bounds in the unit of the upper one; nothing for none; an open end in words."""
        if bounds is None or not math.isfinite(bounds[0]):
            return ""
        low, high = bounds
        if not math.isfinite(high):
            return f"at least {self.value(unit, low)}"
        if unit == "hours":
            first, last = self.duration(low, like=high), self.duration(high)
            return f"{first.rpartition(' ')[0]} to {last}"
        return f"{self.value(unit, low)} to {self.value(unit, high)}"

    def difference(self, unit: Unit, by: float) -> str:
        """How much, without a sign: points for shares, a duration, a number."""
        match unit:
            case "share":
                points = round(abs(by) * 100)
                return f"{self.number(points)} point{'' if points == 1 else 's'}"
            case "hours":
                return self.duration(abs(by))
            case _:
                return self.number(round(abs(by)) if abs(by) >= 1 else abs(by))

    def day(self, at: datetime, zone: ZoneInfo) -> str:
        """A date in that time zone."""
        return format_date(at.astimezone(zone), "medium", locale=self._locale)

    def minute(self, at: datetime, zone: ZoneInfo) -> str:
        """A date with its time of day in that time zone."""
        time = format_skeleton("Hm", at, tzinfo=zone, locale=self._locale)
        return f"{self.day(at, zone)}, {time}"

    def days(self, begins: datetime, ends: datetime, zone: ZoneInfo) -> str:
        """From the day of `begins` to the last one before `ends`."""
        last = ends.astimezone(zone) - timedelta(seconds=1)
        return format_interval(begins.astimezone(zone).date(), last.date(), "yMMMd", locale=self._locale)
