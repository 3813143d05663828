"""Which cases a report is about: everything, or those of some projects, rules, trackers, causes and so on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from worker.mapping.teams import Teams

Dimension = Literal["team", "project", "rule", "tracker", "cause", "release", "deploy", "owner"]
"""What cases are told apart by. `deploy` is the deploy that brought a case in, as `release (environment)`."""

TEAM: Dimension = "team"
"""Told from the project by the mapping of today."""

DIMENSIONS: tuple[Dimension, ...] = tuple(one for one in get_args(Dimension) if one != TEAM)
"""What is kept of every case."""

OF_PEOPLE: frozenset[Dimension] = frozenset({"owner"})
"""Shown only where the switch is on: this is no tool for ranking people."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A condition on what is known of a case. `holds` gets the words of the dimensions it `asks` for, None: unknown."""

    asks: tuple[Dimension, ...]
    holds: Callable[[Mapping[Dimension, str | None]], bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """The cases of one report. `projects` None: of all projects; `only`: more dimensions with the values that count.

    A case belongs to it when it meets all of them, and the condition `narrowed`. `time_zone`: an IANA name; weeks begin
    on its Mondays. `teams`: for figures by team.
    """

    name: str = "everything"
    projects: frozenset[str] | None = None
    only: Mapping[Dimension, frozenset[str]] = field(default_factory=dict)
    time_zone: str = "UTC"
    by_owner: bool = False
    narrowed: Narrowed | None = None
    teams: Teams = field(default_factory=dict)

    @property
    def wanted(self) -> Mapping[Dimension, frozenset[str]]:
        """Every dimension that limits it, with the values that count."""
        return dict(self.only) if self.projects is None else {**self.only, "project": self.projects}
