"""The shape of examples: an error, and what the mapping is expected to make of it."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from worker.mapping.schema_policy import form
from worker.mapping.strict import Strict

ANY_REASON = ""
"""Stands for `no_ticket: true`: every reason contains it."""

Saved = Annotated[
    Annotated[str, Tag("=word"), Field(min_length=1)] | Annotated[Mapping[str, object], Tag("=map")],
    Discriminator(form),
]
"""A path beside the mapping file, or what would stand in that file (JSON, hence object)."""


def _reason(value: object) -> object:
    if value is False:
        raise ValueError("it is a part of the reason, or true for any reason; leave it out where a ticket is expected")
    return ANY_REASON if value is True else value


class ExpectEntry(Strict):
    """What is expected of an error; what is left out may be anything."""

    rule: Annotated[str | None, Field(description="The rule that takes it.", min_length=1)] = None
    tracker: Annotated[str | None, Field(description="The tracker that its ticket goes to.", min_length=1)] = None
    title: Annotated[str | None, Field(description="The whole title of its ticket.", min_length=1)] = None
    fields: Annotated[Mapping[str, object], Field(description="Fields of its ticket; others may be there too.")] = {}
    body_contains: Annotated[tuple[str, ...], Field(description="What can be read in the text of its ticket.")] = ()
    no_ticket: Annotated[
        str | None,
        BeforeValidator(_reason, json_schema_input_type=str | Literal[True] | None),
        Field(description="It gets none, for a reason with these words; true: for any reason."),
    ] = None

    @model_validator(mode="after")
    def _expects_one_thing(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an example expects something: `rule`, `tracker`, `title` or `no_ticket`, for instance")
        of_tickets = self.model_fields_set & {"tracker", "title", "fields", "body_contains"}
        if self.no_ticket is not None and of_tickets:
            raise ValueError(f"where no ticket is expected there is no `{min(of_tickets)}`")
        return self


class ExampleEntry(Strict):
    """One error with what is expected of it."""

    name: Annotated[str | None, Field(description="What it shows.", min_length=1, max_length=120)] = None
    event: Annotated[Saved | None, Field(description="A saved event: a path beside this file, or the event.")] = None
    issue: Annotated[Saved | None, Field(description="A saved issue: a path beside this file, or the issue.")] = None
    expect: Annotated[ExpectEntry, Field(description="What is expected of it.")]

    @model_validator(mode="after")
    def _has_one_error(self) -> Self:
        if (self.event is None) == (self.issue is None):
            raise ValueError("an example has either `event` or `issue`")
        return self

    @property
    def key(self) -> str:
        """Which of the two keys holds the error."""
        return "event" if self.issue is None else "issue"

    @property
    def saved(self) -> str | Mapping[str, object]:
        """The path, or what would stand there."""
        return (self.event if self.issue is None else self.issue) or {}
