"""The words of the fold: what an entry of history must tell, and the spells that a case was open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args

from worker.metrics.scope import Dimension

Began = Literal["new", "regressed", "returned"]
"""How a spell began. `returned`: it left the archive, or came back otherwise without a fix before."""

Ended = Literal[
    "by_hand", "by_release", "by_commit", "by_ticket", "by_age", "archived", "merged", "deleted", "before_us"
]
"""How a spell ended. `before_us`: it was over when it was first seen, so nobody knows how long it took."""

BEGAN: tuple[Began, ...] = get_args(Began)
ENDED: tuple[Ended, ...] = get_args(Ended)
FIXES: tuple[Ended, ...] = ("by_hand", "by_release", "by_commit", "by_ticket")
"""The ends that are fixes: somebody did something. Age-outs and archives are none."""


class Said(Protocol):
    """One entry of history, as the store has it."""

    @property
    def id(self) -> int: ...  # noqa: D102 - the column of that name
    @property
    def case_id(self) -> int | None: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def occurred_at(self) -> datetime: ...  # noqa: D102
    @property
    def recorded_at(self) -> datetime: ...  # noqa: D102
    @property
    def issue_id(self) -> str | None: ...  # noqa: D102
    @property
    def rule(self) -> str | None: ...  # noqa: D102
    @property
    def new(self) -> str | None: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def detail(self) -> Mapping[str, object]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Spell:
    """One time that a case was open, with the history ids of the entries that began and ended it.

    `ticket_at`: the first ticket of the case that came by its end; `human_at`: the first move by a person in it;
    `reopened_at`: when a regression followed on it.
    """

    began_at: datetime
    began_how: Began
    began_entry: int
    ended_at: datetime | None = None
    ended_how: Ended | None = None
    ended_entry: int | None = None
    ticket_at: datetime | None = None
    human_at: datetime | None = None
    reopened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lifeline:
    """One case as history tells it: its spells in order, and what is known of it."""

    case_id: int
    spells: tuple[Spell, ...]
    dimensions: Mapping[Dimension, str] = field(default_factory=dict)
