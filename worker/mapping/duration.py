"""How long something takes, as mapping files say it: `30d`, `12h`, `90m`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

_DURATION = re.compile(r"(\d{1,5})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def read_duration(value: object) -> timedelta:
    """Read one of the three spellings. `ValueError` for everything else, and for nothing at all."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f"“{value}” is no duration; write days, hours or minutes as 30d, 12h or 90m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def written(span: timedelta) -> str:
    """How a mapping file would say it, in the largest unit that says it whole."""
    unit = next(unit for unit in _UNITS if span % timedelta(**{_UNITS[unit]: 1}) == timedelta())
    return f"{span // timedelta(**{_UNITS[unit]: 1})}{unit}"


DurationWords = Annotated[str, Field(pattern=r"^[0-9]{1,5}[dhm]$")]
Duration = Annotated[timedelta, BeforeValidator(read_duration, json_schema_input_type=DurationWords)]
