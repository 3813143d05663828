"""The shape of a mapping file: every key with what it means. Unknown keys are refused."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.mapping.schema_policy import PersonEntry, PolicyEntry
from worker.mapping.strict import Strict
from worker.model import Status, TrackerKind


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _for_all(value: object) -> object:
    return {"default": value} if isinstance(value, str) else value


def _condition(value: object) -> object:
    if isinstance(value, bool):
        return {"cel": "true" if value else "false"}
    return {"cel": value} if isinstance(value, str) else value


class Target(Strict):
    """How one of our statuses is said in a tracker."""

    name: Annotated[str | None, Field(description="The tracker's status that we write.", min_length=1)] = None
    resolution: Annotated[str | None, Field(description="The resolution that we write with it.", min_length=1)] = None
    read: Annotated[tuple[str, ...], Field(description="More statuses of the tracker that mean the same.")] = ()


SaidAs = Annotated[Target | None, BeforeValidator(_named)]


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
        return self

    @property
    def place(self) -> str:
        """Jira project key, or GitHub `owner/name`."""
        return self.project or self.repo or ""


class TicketEntry(Strict):
    """What a ticket looks like. Title, body, labels and assignees are templates."""

    tracker: Annotated[str | None, Field(description="The tracker that takes it.")] = None
    type: Annotated[str | None, Field(description="Jira: the issue type, such as Bug.", min_length=1)] = None
    labels: Annotated[tuple[str, ...] | None, Field(description="Labels; an empty one is left out.")] = None
    assignees: Annotated[tuple[str, ...] | None, Field(description="GitHub: who gets it.")] = None
    priority: Annotated[
        Mapping[str, str] | None,
        BeforeValidator(_for_all),
        Field(description="Jira: one priority for all, or one per level or Sentry priority, with `default`."),
    ] = None
    title: Annotated[str | None, Field(description="One line.")] = None
    body: Annotated[str | None, Field(description="Markdown; it becomes a Jira document where one is needed.")] = None


class When(Strict):
    """A condition: one CEL expression, or a list of which all, any or none must hold."""

    cel: Annotated[str | None, Field(description="One CEL expression; a plain string means the same.")] = None
    all: Annotated[tuple["Condition", ...] | None, Field(description="Every one must hold.", min_length=1)] = None
    any: Annotated[tuple["Condition", ...] | None, Field(description="At least one must hold.", min_length=1)] = None
    none: Annotated[tuple["Condition", ...] | None, Field(description="No one may hold.", min_length=1)] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self == When.model_construct(cel=None, all=None, any=None, none=None):
            raise ValueError("a condition is a CEL string, or has `all`, `any` or `none`")
        return self


Condition = Annotated[When, BeforeValidator(_condition)]


class RuleEntry(PolicyEntry):
    """One rule; the first one that matches decides. What it says of its pairs goes over the defaults."""

    name: Annotated[str, Field(description="Its name, unique in the whole mapping.", min_length=1, max_length=120)]
    when: Annotated[Condition | None, Field(description="When it matches; left out: always.")] = None
    skip: Annotated[str | None, Field(description="Make no ticket, for this reason.", min_length=1)] = None
    ticket: Annotated[TicketEntry | None, Field(description="Make this ticket.")] = None
    status: Annotated[StatusWords, Field(description="Other words than its tracker's for our statuses.")] = (
        StatusWords()
    )
    one_way: Annotated[tuple[Status, ...], Field(description="Statuses of this rule that read back as another.")] = ()

    @model_validator(mode="after")
    def _decides_one_thing(self) -> Self:
        if (self.skip is None) == (self.ticket is None):
            raise ValueError("a rule has either `skip` with a reason, or `ticket`")
        return self


class DefaultsEntry(PolicyEntry):
    """What every rule inherits unless it says otherwise."""

    ticket: Annotated[TicketEntry, Field(description="What tickets look like.")] = TicketEntry()


class MappingFile(Strict):
    """One mapping file. Several are read in order: rules and people add up, later trackers and defaults win by key."""

    version: Annotated[int, Field(description="The version of this language: 1.", ge=1, le=1)]
    trackers: Annotated[Mapping[str, TrackerEntry], Field(description="Where tickets go, by name.")] = {}
    defaults: Annotated[DefaultsEntry, Field(description="What rules inherit.")] = DefaultsEntry()
    rules: Annotated[tuple[RuleEntry, ...], Field(description="Rules, first match wins.")] = ()
    people: Annotated[tuple[PersonEntry, ...], Field(description="Who is who, where addresses do not say.")] = ()
