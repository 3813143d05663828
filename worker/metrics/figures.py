"""What a report says, as values: every figure with how sure it is, what it counts and what it leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Unit = Literal["count", "share", "hours", "users", "events"]
"""What a value is a number of; a share is between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `value` None: there is none (nothing to count, or too little came to an end).

    `interval`: 95%, in the unit of the value; `n`: how many cases (or spells) it is computed from; `leaves_out`: in
    words, what it does not count and how many that were; `parts`: the same split up by words of the definitions;
    `cases`: the first of those behind it, for `--why`.
    """

    name: str
    unit: Unit
    value: float | None
    n: int
    interval: tuple[float, float] | None = None
    leaves_out: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    cases: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cohort:
    """Cases opened in one week: of `opened`, the share fixed within so many days; None: too young to tell."""

    week: str
    opened: int
    fixed_within: Mapping[int, float | None]


@dataclass(frozen=True, slots=True)
class Point:
    """One week of the trend; `complete` False: it is not over, or history does not reach back that far."""

    week: str
    figures: Mapping[str, Figure]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case as a list shows it. `why`: why it stands in this list."""

    case: int
    title: str
    short_ids: tuple[str, ...]
    project: str
    ticket: str | None
    ticket_url: str | None
    owner: str | None
    opened_at: datetime
    users: int
    events: int
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """What got better or worse against the mean of the weeks before, in one sentence, with the cases behind it."""

    figure: str
    better: bool
    sentence: str
    cases: tuple[CaseLine, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a dimension (a project, a rule …) with its figures; `ranked` False: too few to compare."""

    dimension: str
    value: str
    figures: Mapping[str, Figure]
    ranked: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One week of one scope. `week`: ISO, such as 2026-W47; it runs from `begins` to before `ends` in `time_zone`."""

    week: str
    begins: datetime
    ends: datetime
    time_zone: str
    scope: str
    headline: str
    figures: Mapping[str, Figure]
    cohorts: tuple[Cohort, ...]
    trend: tuple[Point, ...]
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
    top_unresolved: tuple[CaseLine, ...]
    oldest: tuple[CaseLine, ...]
    reopened: tuple[CaseLine, ...]
    deploys: tuple[str, ...]
    trouble: tuple[str, ...]
    leaves_out: tuple[str, ...]
    computed_at: datetime
    late: bool = False
    missed: tuple[str, ...] = ()
    """Weeks before it that were not sent while nothing ran."""
