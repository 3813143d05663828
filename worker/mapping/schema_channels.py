"""The shape of what a mapping file says about messages to people: channels and weekly reports."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from worker.mapping.schema_conditions import Condition
from worker.mapping.strict import Strict
from worker.triage.alert import Says

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_SLUGS = re.compile(r"[A-Za-z0-9._*?-]+")
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


class ChannelKind(StrEnum):
    """How a channel is reached."""

    SLACK = "slack"
    EMAIL = "email"
    APPRISE = "apprise"
    FILE = "file"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _readable(to: tuple[str, ...]) -> tuple[str, ...]:
    if any("://" in one for one in to):
        raise ValueError("an address with credentials never stands in a mapping; it comes from the environment")
    return to


def _slugs(projects: tuple[str, ...]) -> tuple[str, ...]:
    for one in projects:
        if not _SLUGS.fullmatch(one):
            raise ValueError(f"“{one}” is no slug of a project, and no pattern of slugs with `*` and `?`")
    return projects


Names = Annotated[
    tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=tuple[str, ...] | str), AfterValidator(_readable)
]
Projects = Annotated[
    Names | None, Field(description="Only what concerns these Sentry projects, by slug.", min_length=1)
]
Scope = Annotated[Condition | None, Field(description="Only cases for which this holds; the facts are those of rules.")]


class ChannelEntry(Strict):
    """A place where people are told things. Tokens and addresses of services come from the environment."""

    kind: Annotated[ChannelKind, Field(description="How it is reached.")]
    to: Annotated[
        Names, Field(description="Slack: one channel, such as #errors. E-mail: addresses. Others: left out.")
    ] = ()
    projects: Projects = None
    when: Scope = None
    says: Annotated[tuple[Says, ...], Field(description="What it is told of; left out: everything.")] = tuple(Says)
    quiet_hours: Annotated[
        str | None,
        Field(description="Tell nothing between these, such as 22:00-07:00.", pattern=rf"^{_CLOCK}-{_CLOCK}$"),
    ] = None
    time_zone: Annotated[str, Field(description="Whose clock that is, such as Europe/Berlin.")] = "UTC"
    per_hour: Annotated[int, Field(description="At most so many messages an hour; the rest becomes one.", ge=1)] = 6

    @model_validator(mode="after")
    def _has_its_place(self) -> Self:
        if self.kind is ChannelKind.SLACK and (
            len(self.to) != 1 or not re.fullmatch(r"#\S{1,80}|[CGD][A-Z0-9]{5,}", self.to[0])
        ):
            raise ValueError('a slack channel needs `to` with one channel, such as "#errors" or its id')
        if self.kind is ChannelKind.EMAIL and not (self.to and all(map(_ADDRESS.fullmatch, self.to))):
            raise ValueError("an email channel needs `to` with plain addresses, such as web-leads@example.com")
        if self.kind in {ChannelKind.APPRISE, ChannelKind.FILE} and self.to:
            raise ValueError(f"a channel of kind {self.kind.value} takes no `to`: its place is not for the mapping")
        if not self.says:
            raise ValueError("a channel that is told of nothing: say something under `says`, or take it out")
        if self.quiet_hours and self.quiet_hours[:5] == self.quiet_hours[6:]:
            raise ValueError("quiet hours that end when they begin would never end, or never begin")
        return self


TeamProjects = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed, json_schema_input_type=tuple[str, ...] | str),
    AfterValidator(_slugs),
    Field(min_length=1),
]


class ReportEntry(Strict):
    """A weekly report for one lead."""

    channels: Annotated[Names, Field(description="Where it is sent, by the names under `channels`.", min_length=1)]
    projects: Projects = None
    when: Annotated[
        Condition | None, Field(description="Only cases for which this holds; the facts are those kept of every case.")
    ] = None
    day: Annotated[Weekday, Field(description="The day on which the report of the week before is sent.")] = (
        Weekday.MONDAY
    )
    hour: Annotated[int, Field(description="From this hour on.", ge=0, le=23)] = 8
    time_zone: Annotated[str, Field(description="Whose clock that is; weeks begin by it, too.")] = "UTC"
    by_owner: Annotated[
        bool, Field(description="Also show figures by owner; no tool for ranking people.", strict=True)
    ] = False
    locale: Annotated[
        str, Field(description="How dates and numbers are written, such as en_GB.", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    ] = "en_GB"
