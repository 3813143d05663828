"""The shape of a mapping file: every key with what it means. Unknown keys are refused."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from worker.mapping.duration import Duration
from worker.mapping.edition import Edition
from worker.mapping.schema_channels import ChannelEntry, ReportEntry, TeamProjects
from worker.mapping.schema_conditions import Condition
from worker.mapping.schema_examples import ExampleEntry
from worker.mapping.schema_grouping import GroupEntry, GroupingEntry
from worker.mapping.schema_policy import PersonEntry, PolicyEntry
from worker.mapping.schema_projects import ProjectEntry
from worker.mapping.strict import Strict
from worker.model import Status, TrackerKind


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _for_all(value: object) -> object:
    return {"default": value} if isinstance(value, str) else value


def _whenever(value: object) -> object:
    return value if isinstance(value, Mapping) else {"default": value}


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Target(Strict):
    """How one of our statuses is said in a tracker."""

    name: Annotated[str | None, Field(description="The tracker's status that we write.", min_length=1)] = None
    resolution: Annotated[str | None, Field(description="The resolution that we write with it.", min_length=1)] = None
    read: Annotated[tuple[str, ...], Field(description="More statuses of the tracker that mean the same.")] = ()


SaidAs = Annotated[Target | None, BeforeValidator(_named, json_schema_input_type=str | Target | None)]


class StatusWords(Strict):
    """How the three statuses are said in a tracker; what is left out is said by category and resolution."""

    open: Annotated[SaidAs, Field(description="Where a ticket is while its bug is open.")] = None
    resolved: Annotated[SaidAs, Field(description="Where a ticket is when its bug is fixed.")] = None
    ignored: Annotated[SaidAs, Field(description="Where a ticket is when its bug was archived.")] = None


class TrackerEntry(Strict):
    """A place that takes tickets. Addresses and credentials come from the environment, never from here."""

    kind: Annotated[TrackerKind, Field(description="Which service it is.")]
    project: Annotated[
        str | None, Field(description="Jira: the project key, such as SHOP.", pattern=r"^[A-Z][A-Z0-9_]{1,63}$")
    ] = None
    repo: Annotated[
        str | None,
        Field(description="GitHub: the repository, such as acme/shop.", pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$"),
    ] = None
    edition: Annotated[
        Edition | None, Field(description="Jira: whether the site is Jira Cloud (if nothing is said) or Data Center.")
    ] = None
    allow_public: Annotated[
        bool,
        Field(
            description="GitHub: write to this repository although everybody can read it. Its tickets then hold "
            "nothing about users, requests and machines.",
            strict=True,
        ),
    ] = False
    codeowners: Annotated[
        str | None,
        Field(description="A CODEOWNERS file, its path from this file on: whose code is whose there.", min_length=1),
    ] = None
    status: Annotated[StatusWords, Field(description="How this tracker says our statuses.")] = StatusWords()
    one_way: Annotated[
        tuple[Status, ...], Field(description="Statuses that we write here and that read back as another.")
    ] = ()

    @model_validator(mode="after")
    def _has_its_place(self) -> Self:
        given, wanted = (self.project, "project") if self.kind is TrackerKind.JIRA else (self.repo, "repo")
        if given is None:
            raise ValueError(f"a {self.kind.value} tracker needs `{wanted}`")
        if self.project and self.repo:
            raise ValueError(f"a {self.kind.value} tracker takes `{wanted}` only")
        if self.edition is not None and self.kind is TrackerKind.GITHUB:
            raise ValueError("a github tracker takes no `edition`: that tells Jira Cloud from Jira Data Center")
        if self.allow_public and self.kind is TrackerKind.JIRA:
            raise ValueError("a jira tracker takes no `allow_public`: who reads a project is set in Jira")
        return self

    @property
    def place(self) -> str:
        """Jira project key, or GitHub `owner/name`."""
        return self.project or self.repo or ""


class TicketEntry(Strict):
    """What a ticket looks like. Every text that goes into it is a template, but for the type and the priority."""

    tracker: Annotated[str | None, Field(description="The tracker that takes it.")] = None
    type: Annotated[
        str | None, Field(description="The issue type, such as Bug; on GitHub only where it has them.", min_length=1)
    ] = None
    labels: Annotated[tuple[str, ...] | None, Field(description="Labels; an empty one is left out.")] = None
    assignees: Annotated[tuple[str, ...] | None, Field(description="GitHub: who gets it.")] = None
    priority: Annotated[
        Mapping[str, str] | None,
        BeforeValidator(_for_all, json_schema_input_type=Mapping[str, str] | str | None),
        Field(description="Jira: one priority for all, or one per level or Sentry priority, with `default`."),
    ] = None
    assignee: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(_listed, json_schema_input_type=tuple[str, ...] | str | None),
        Field(description="Who gets it: sentry, codeowners, none or an account; of a list the first who can."),
    ] = None
    components: Annotated[tuple[str, ...] | None, Field(description="Jira: components by name.")] = None
    parent: Annotated[str | None, Field(description="Jira: the key of its epic or parent, such as SHOP-1.")] = None
    due: Annotated[
        Mapping[str, Duration] | None,
        BeforeValidator(_whenever, json_schema_input_type=Mapping[str, Duration] | Duration | None),
        Field(description="Jira: due so long after the newest event, such as 7d; or by level or Sentry priority."),
    ] = None
    fields: Annotated[
        Mapping[str, JsonValue] | None, Field(description="Jira: any other field, by its id or its name.")
    ] = None
    milestone: Annotated[str | None, Field(description="GitHub: the milestone by its title.")] = None
    projects: Annotated[
        tuple[ProjectEntry, ...] | None, Field(description="GitHub: the projects that it is added to.")
    ] = None
    title: Annotated[str | None, Field(description="One line.")] = None
    body: Annotated[str | None, Field(description="Markdown; it becomes a Jira document where one is needed.")] = None


class WaitForEntry(Strict):
    """What must have come together before a bug gets its ticket; all that is said must hold."""

    events: Annotated[int | None, Field(description="So many events.", ge=2)] = None
    users: Annotated[int | None, Field(description="So many users in its lifetime.", ge=2)] = None
    age: Annotated[Duration | None, Field(description="So long since it was first seen.")] = None
    within: Annotated[
        Duration | None, Field(description="Count only the events of so long a time; whole hours, at most 24h.")
    ] = None

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        if self.events is None and self.users is None and self.age is None:
            raise ValueError("`wait_for` says for what: `events`, `users` or `age`")
        if self.within is not None and self.events is None:
            raise ValueError("`within` counts events: say how many with `events`")
        if self.within is not None and (self.within > timedelta(days=1) or self.within % timedelta(hours=1)):
            raise ValueError("`within` is a whole number of hours, at most 24h: Sentry counts by the hour for a day")
        return self


class SharedEntry(PolicyEntry):
    """What rules say, and what bases say for them."""

    when: Annotated[Condition | None, Field(description="When it matches; left out: always.")] = None
    skip: Annotated[str | None, Field(description="Make no ticket, for this reason.", min_length=1)] = None
    ticket: Annotated[TicketEntry | None, Field(description="Make this ticket.")] = None
    wait_for: Annotated[
        WaitForEntry | None, Field(description="Make the ticket only when it is earned; until then there is none.")
    ] = None
    status: Annotated[StatusWords, Field(description="Other words than its tracker's for our statuses.")] = (
        StatusWords()
    )
    one_way: Annotated[tuple[Status, ...], Field(description="Statuses of this rule that read back as another.")] = ()
    extends: Annotated[
        tuple[str, ...],
        BeforeValidator(_listed, json_schema_input_type=tuple[str, ...] | str),
        Field(description="The base or bases that it takes over."),
    ] = ()


class BaseEntry(SharedEntry):
    """What several rules have in common: each says it with `extends`."""

    @model_validator(mode="after")
    def _decides_one_thing(self) -> Self:
        if self.skip is not None and self.ticket is not None:
            raise ValueError("a base has either `skip` with a reason, or `ticket`")
        return self


class RuleEntry(SharedEntry):
    """One rule; the first one that matches decides. What it says of its pairs goes over the defaults."""

    name: Annotated[str, Field(description="Its name, unique in the whole mapping.", min_length=1, max_length=120)]

    @model_validator(mode="after")
    def _decides_one_thing(self) -> Self:
        # `extends` is gone once it was followed: where it still stands, its problem is told already.
        if (self.skip is None) == (self.ticket is None) and not self.extends:
            raise ValueError("a rule has either `skip` with a reason, or `ticket`")
        if self.skip is not None and self.wait_for is not None:
            raise ValueError("a rule that skips makes no ticket to wait with: take out `wait_for`")
        return self


class DefaultsEntry(PolicyEntry):
    """What every rule inherits unless it says otherwise."""

    ticket: Annotated[TicketEntry, Field(description="What tickets look like.")] = TicketEntry()


class MappingFile(Strict):
    """One mapping file. Several are read in order: rules and people add up, later trackers and defaults win by key."""

    version: Annotated[int, Field(description="The version of this language: 1.", ge=1, le=1)]
    trackers: Annotated[Mapping[str, TrackerEntry], Field(description="Where tickets go, by name.")] = {}
    defaults: Annotated[DefaultsEntry, Field(description="What rules inherit.")] = DefaultsEntry()
    bases: Annotated[Mapping[str, BaseEntry], Field(description="What rules share, by name.")] = {}
    rules: Annotated[tuple[RuleEntry, ...], Field(description="Rules, first match wins.")] = ()
    examples: Annotated[tuple[ExampleEntry, ...], Field(description="Errors, with what is expected of each.")] = ()
    people: Annotated[tuple[PersonEntry, ...], Field(description="Who is who, where addresses do not say.")] = ()
    groups: Annotated[
        Mapping[str, GroupEntry], Field(description="Projects whose issues may be one bug, by a name of your own.")
    ] = {}
    grouping: Annotated[GroupingEntry, Field(description="When a new issue joins a case.")] = GroupingEntry()
    channels: Annotated[Mapping[str, ChannelEntry], Field(description="Where people are told things, by name.")] = {}
    reports: Annotated[Mapping[str, ReportEntry], Field(description="Weekly reports, by the lead's name.")] = {}
    teams: Annotated[
        Mapping[str, TeamProjects], Field(description="Teams by name: the projects of each; reports tell them apart.")
    ] = {}
