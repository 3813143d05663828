"""The shape of what a mapping file says about pairs (policies) and about who is who (people)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from worker.mapping.duration import DurationWords, read_duration
from worker.mapping.policy import Direction, OnRegression
from worker.mapping.problem import nearest
from worker.mapping.schema_limits import LimitsEntry
from worker.mapping.schema_update import UpdateEntry
from worker.mapping.schema_watch import SourceMapsEntry, StormsEntry
from worker.mapping.strict import Strict
from worker.model import Resolve, Status, Winner

FORMS = frozenset({"=map", "=word"})
"""How the two spellings of a key are told apart; these stand in the way to an error, never in a file."""
WORDS_OF_RESOLVE = {"type": "string", "enum": [word.value for word in Resolve if word is not Resolve.ON_DEPLOY]}


class DuplicateAs(StrEnum):
    """What a ticket closed as a duplicate means."""

    FOLLOW = "follow"
    IGNORED = "ignored"
    RESOLVED = "resolved"
    OPEN = "open"


class Archive(StrEnum):
    """What archiving in Sentry does to the ticket."""

    CLOSE = "close"
    KEEP = "keep"


def form(value: object) -> str:
    """Which spelling a value has."""
    return "=map" if isinstance(value, Mapping) else "=word"


def _has_its_environment(word: Resolve) -> Resolve:
    if word is Resolve.ON_DEPLOY:
        raise ValueError("say which environment counts: `{on_deploy: production}`")
    return word


def _then(value: object) -> object:
    return {"then": value} if isinstance(value, str) else value


def _told(value: object) -> object:
    """The two words `nothing` and `comment` as the map that they stand for."""
    if not isinstance(value, str):
        return value
    if value not in {"nothing", "comment"}:
        hint = nearest(value, ("nothing", "comment"))
        raise ValueError(f"“{value}” is not one that fits here; a map takes `comment` and `priority`. {hint}")
    return {"comment": value == "comment"}


def _switch(value: object) -> object:
    """YAML 1.1 takes `off` for a bool, YAML 1.2 for a text: both mean the same here."""
    return Direction.OFF if value is False else value


class DeployEntry(Strict):
    """A fix counts once it is deployed."""

    on_deploy: Annotated[str, Field(description="The environment whose deploy counts.", min_length=1)]


class RegressionEntry(Strict):
    """What becomes of a closed ticket whose bug comes back."""

    then: Annotated[OnRegression, Field(description="What to do: reopen, new_ticket or comment.")]
    within: Annotated[
        timedelta | None,
        BeforeValidator(read_duration, json_schema_input_type=DurationWords),
        Field(description="For how long after the ticket was closed."),
    ] = None
    later: Annotated[OnRegression | None, Field(description="What to do after that time.")] = None

    @model_validator(mode="after")
    def _has_both_halves(self) -> Self:
        if self.within is None and self.later is not None:
            raise ValueError("`later` never comes without `within`: say for how long `then` holds, such as 30d")
        if self.within is not None and self.later is None:
            raise ValueError("`within` ends, and then? Say what holds afterwards with `later`, such as new_ticket")
        return self


class ClosedAs(Strict):
    """What a ticket means that was closed without a fix."""

    wont_do: Annotated[Status, Field(description="Closed as won't do, not planned, declined and the like.")] = (
        Status.IGNORED
    )
    duplicate: Annotated[DuplicateAs, Field(description="Closed as the duplicate of another ticket.")] = (
        DuplicateAs.FOLLOW
    )
    cancelled: Annotated[Status, Field(description="Closed as cancelled (Jira).")] = Status.IGNORED


class EscalationEntry(Strict):
    """What an escalation in Sentry does to an open ticket."""

    comment: Annotated[bool, Field(description="Whether the ticket is told.")] = False
    priority: Annotated[
        str | None, Field(description="Jira: the priority that the ticket gets, such as Highest.", min_length=1)
    ] = None


Way = Annotated[Direction, BeforeValidator(_switch, json_schema_input_type=Direction | Literal[False])]


class SyncEntry(Strict):
    """What goes from side to side beside the status."""

    assignee: Annotated[Way, Field(description="Which way assignees go.")] = Direction.OFF
    comments: Annotated[Way, Field(description="Which way comments go.")] = Direction.OFF


class PolicyEntry(Strict):
    """What is wanted of pairs, in the defaults or in a rule. What is left out is inherited."""

    winner: Annotated[Winner, Field(description="Who speaks when both sides moved.")] = Winner.NEWEST
    resolve: Annotated[
        Annotated[Resolve, AfterValidator(_has_its_environment), WithJsonSchema(WORDS_OF_RESOLVE), Tag("=word")]
        | Annotated[DeployEntry, Tag("=map")],
        Discriminator(form),
        Field(description="When a closed ticket resolves its issues; `{on_deploy: production}` waits for a deploy."),
    ] = Resolve.NOW
    on_regression: Annotated[
        RegressionEntry,
        BeforeValidator(_then, json_schema_input_type=RegressionEntry | OnRegression),
        Field(description="What becomes of a closed ticket, its bug back."),
    ] = RegressionEntry(then=OnRegression.REOPEN)
    closed_as: Annotated[ClosedAs, Field(description="What a ticket means that was closed without a fix.")] = ClosedAs()
    archive: Annotated[Archive, Field(description="Whether archiving in Sentry closes the ticket.")] = Archive.CLOSE
    on_escalation: Annotated[
        EscalationEntry,
        BeforeValidator(_told, json_schema_input_type=EscalationEntry | Literal["nothing", "comment"]),
        Field(description="What an escalation does to an open ticket."),
    ] = EscalationEntry()
    sync: Annotated[SyncEntry, Field(description="What goes from side to side beside the status.")] = SyncEntry()
    limits: Annotated[
        LimitsEntry, Field(description="How many tickets a rule may make; one umbrella ticket collects the rest.")
    ] = LimitsEntry()
    storms: Annotated[StormsEntry, Field(description="Whether tickets wait until a storm is over.")] = StormsEntry()
    source_maps: Annotated[
        SourceMapsEntry, Field(description="Whether source maps that are missing get one ticket for each release.")
    ] = SourceMapsEntry()
    update: Annotated[UpdateEntry, Field(description="What of an open ticket follows when its bug changes.")] = (
        UpdateEntry()
    )


class PersonEntry(Strict):
    """One person by each service's name for them."""

    sentry: Annotated[str, Field(description="The e-mail address in Sentry.", pattern=r"^[^@\s]+@[^@\s]+$")]
    jira: Annotated[
        str | None, Field(description="The Jira accountId, no name and no address.", pattern=r"^[A-Za-z0-9:_-]{1,128}$")
    ] = None
    github: Annotated[
        str | None, Field(description="The GitHub login, without @.", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$")
    ] = None

    @model_validator(mode="after")
    def _has_an_account(self) -> Self:
        if self.jira is None and self.github is None:
            raise ValueError("this row says nobody's account: give `jira` or `github`")
        return self
