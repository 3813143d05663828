"""The shape of what a mapping file says about what of a ticket follows later."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.mapping.duration import Duration
from worker.mapping.policy import FollowPriority
from worker.mapping.strict import Strict

FieldName = Annotated[str, Field(min_length=1, max_length=255)]


def _switch(value: object) -> object:
    """`true` is the careful way; YAML 1.1 takes `off` for a bool, YAML 1.2 for a text: both mean the same here."""
    return {True: FollowPriority.UP, False: FollowPriority.OFF}[value] if isinstance(value, bool) else value


class CountsEntry(Strict):
    """Into which fields the counts of a bug go: in Jira by id or name, on GitHub of each project of the ticket."""

    events: Annotated[FieldName | None, Field(description="The number field for the events of all its issues.")] = None
    users: Annotated[FieldName | None, Field(description="The number field for the users of all its issues.")] = None
    last_seen: Annotated[FieldName | None, Field(description="The date, time or text field for its newest event.")] = (
        None
    )

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        named = [name.lower() for name in (self.events, self.users, self.last_seen) if name is not None]
        if len(set(named)) < len(named):
            raise ValueError("two counts go into one field: give each a field of its own")
        return self


class UpdateEntry(Strict):
    """What of an open ticket follows when its bug changes. Nothing else of it is ever written again."""

    counts: Annotated[
        CountsEntry, Field(description="Number and date fields that follow: of Jira, or of GitHub projects.")
    ] = CountsEntry()
    priority: Annotated[
        FollowPriority,
        BeforeValidator(_switch, json_schema_input_type=FollowPriority | bool),
        Field(description="Jira: `true` or `up` raises it by the ticket's map of priorities, `both` lowers it, too."),
    ] = FollowPriority.OFF
    labels: Annotated[
        bool, Field(description="Whether the labels that the rule renders are kept up to date.", strict=True)
    ] = False
    every: Annotated[Duration, Field(description="At most once in so long a time for each ticket.")] = timedelta(
        hours=1
    )
