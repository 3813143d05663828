"""The shape of what a mapping file says about cases: which projects share them, and when an issue joins one."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.mapping.grouping import Joining
from worker.mapping.strict import Strict

Score = Annotated[float, Field(gt=0, le=1, strict=False)]


def _switch(value: object) -> object:
    """YAML 1.1 takes `off` for a bool, YAML 1.2 for a text: both mean the same here."""
    return Joining.OFF if value is False else value


class ThresholdsEntry(Strict):
    """How sure the machine has to be; what is left out stays as it is measured."""

    join: Annotated[Score | None, Field(description="From this score on an issue joins a case by itself.")] = None
    suggest: Annotated[Score | None, Field(description="From this score on a case is suggested.")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.join is not None and self.suggest is not None and self.suggest > self.join:
            raise ValueError("`suggest` is above `join`: what joins by itself is not suggested before")
        return self


class GroupEntry(Strict):
    """Projects whose issues may be one bug."""

    projects: Annotated[tuple[str, ...], Field(description="The slugs of its Sentry projects.", min_length=1)]
    thresholds: Annotated[ThresholdsEntry, Field(description="How sure the machine has to be in this group.")] = (
        ThresholdsEntry()
    )


class GroupingEntry(Strict):
    """What happens to a new issue whose bug is known already."""

    join: Annotated[
        Joining | None,
        BeforeValidator(_switch, json_schema_input_type=Joining | None),
        Field(description="auto joins where it is sure, suggest only ever asks, off does neither."),
    ] = None
    merge_in_sentry: Annotated[
        bool | None,
        Field(description="Whether the issues of one case and project are merged in Sentry, too; false by default."),
    ] = None
