"""ISO weeks in a time zone: they begin on Monday at midnight there, and last 167 or 169 hours when clocks change."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from worker.errors import UserFault

_WRITTEN = re.compile(r"(\d{4})-W(\d{2})")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week. It runs from `begins` to before `ends`, both in UTC."""

    name: str
    monday: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """Midnight of its Monday."""
        return _midnight(self.monday, self.zone)

    @property
    def ends(self) -> datetime:
        """Midnight of the Monday after."""
        return _midnight(self.monday + _WEEK, self.zone)

    def before(self, number: int = 1) -> "Week":
        """Give the week so many weeks earlier."""
        return _of_monday(self.monday - number * _WEEK, self.zone)


def zone_of(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name. Raises `UserFault` when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserFault(f"there is no time zone '{name}'; write one like Europe/Berlin or UTC") from error


def week_named(name: str, zone: ZoneInfo) -> Week:
    """Give the week of a name such as 2026-W47. Raises `UserFault` when there is no such week."""
    found = _WRITTEN.fullmatch(name)
    year, number = (int(found[1]), int(found[2])) if found else (0, 0)
    try:
        return _of_monday(date.fromisocalendar(year, number, 1), zone)
    except (ValueError, OverflowError) as error:
        raise UserFault(f"there is no week '{name}'; write it as year and ISO week, such as 2026-W47") from error


def week_at(moment: datetime, zone: ZoneInfo) -> Week:
    """Give the week in which a moment lies."""
    local = moment.astimezone(zone).date()
    return _of_monday(local - timedelta(days=local.weekday()), zone)


def last_complete(now: datetime, zone: ZoneInfo) -> Week:
    """Give the latest week that is over."""
    return week_at(now, zone).before()


def _of_monday(monday: date, zone: ZoneInfo) -> Week:
    year, number, _ = monday.isocalendar()
    return Week(f"{year}-W{number:02}", monday, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Midnight there; where clocks skip it, the first moment of the day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
