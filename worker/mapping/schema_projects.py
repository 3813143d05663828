"""The shape of what a mapping file says about GitHub's projects."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from worker.mapping.strict import Strict


class ProjectEntry(Strict):
    """A GitHub project (a board or table with fields of its own) that a ticket is added to once."""

    number: Annotated[int, Field(description="Its number, as in the address of its page.", ge=1)]
    owner: Annotated[
        str | None,
        Field(
            description="The organisation or person it belongs to; the repository's, if nothing is said.", min_length=1
        ),
    ] = None
    fields: Annotated[
        Mapping[str, StrictStr | StrictInt | StrictFloat],
        Field(description="Its fields by name: an option, an iteration, a text, a number or a date; templates."),
    ] = {}
