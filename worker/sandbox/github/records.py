"""What the practice GitHub remembers of an issue."""

from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.lag import Shots
from worker.sandbox.seed import Account
from worker.sandbox.values import Json

PLAIN_COLOR = "ededed"


@dataclass(slots=True, eq=False)
class Label:
    """A label; names compare without regard to case."""

    id: int
    name: str
    color: str = PLAIN_COLOR
    description: str | None = None
    default: bool = False


@dataclass(slots=True, eq=False)
class Milestone:
    """A milestone; its title is unique in its repository."""

    id: int
    number: int
    title: str
    creator: Account
    created: datetime
    description: str | None = None
    state: str = "open"
    due_on: str | None = None


@dataclass(slots=True, eq=False)
class GithubComment:
    """One comment."""

    id: int
    author: Account
    body: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of an issue's event list. `more`: label, assignee or state_reason."""

    id: int
    event: str
    who: Account
    at: datetime
    more: Json = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class GithubIssue:
    """One issue. `duplicate_of`: the id of the issue that it was marked a duplicate of; GitHub's REST API hides it."""

    id: int
    number: int
    title: str
    body: str | None
    author: Account
    created: datetime
    updated: datetime
    state: str = "open"
    state_reason: str | None = None
    closed: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[GithubComment] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    duplicate_of: int | None = None
    milestone: Milestone | None = None
    type: str | None = None
    shots: "Shots[GithubIssue]" = field(default_factory=Shots)
