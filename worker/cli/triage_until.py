"""Until when something is archived, in the words that people type."""

import math
import re
from datetime import UTC, date, datetime, time

from worker.ends.ports import Until
from worker.errors import UserFault

HOW = "escalates | 12h | 7d | 2w | 2026-12-24 | 500 events"
_SPAN = re.compile(r"(\d+)\s*(h|d|w)")
_EVENTS = re.compile(r"(\d+)(?:\s*(?:more\s+)?events?)?")
_MINUTES = {"h": 60, "d": 24 * 60, "w": 7 * 24 * 60}


def until(words: str, now: datetime) -> Until:
    """What such words mean; nothing said means until it escalates. `UserFault` says how to say it."""
    said = words.strip().lower().removeprefix("until ")
    if said in {"", "e", "escalates", "escalating", "it escalates"}:
        return Until()
    if span := _SPAN.fullmatch(said):
        return Until(minutes=_positive(int(span[1]), words) * _MINUTES[span[2]])
    if events := _EVENTS.fullmatch(said):
        return Until(events=_positive(int(events[1]), words))
    try:
        day = datetime.combine(date.fromisoformat(said), time(), UTC)
    except ValueError:
        raise UserFault(f"'{words}' is no time that could be read: say {HOW}.") from None
    minutes = math.ceil((day - now).total_seconds() / 60)
    if minutes <= 0:
        raise UserFault(f"{said} is not in the future: say a later day, or {HOW}.")
    return Until(minutes=minutes)


def _positive(number: int, words: str) -> int:
    if number < 1:
        raise UserFault(f"'{words}' is no time to wait: say {HOW}.")
    return number
