"""The shape of a condition: one CEL expression, or several that hold together."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.mapping.strict import Strict


def _condition(value: object) -> object:
    if isinstance(value, bool):
        return {"cel": "true" if value else "false"}
    return {"cel": value} if isinstance(value, str) else value


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


Condition = Annotated[When, BeforeValidator(_condition, json_schema_input_type=str | bool | When)]
