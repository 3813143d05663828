"""What all parts of a mapping file have in common."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the file that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
