"""The shape of what a mapping file says about how many tickets a rule may make in a while."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from worker.mapping.strict import Strict


class LimitsEntry(Strict):
    """How many tickets a rule may make in a while; what is over the limit goes into one umbrella ticket."""

    per_hour: Annotated[int | None, Field(description="At most so many in any hour.", ge=1, le=10_000)] = None
    per_day: Annotated[int | None, Field(description="At most so many in any 24 hours.", ge=1, le=100_000)] = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.per_hour is not None and self.per_day is not None and self.per_hour > self.per_day:
            raise ValueError(
                f"`per_hour: {self.per_hour}` is never reached: `per_day` lets no more than {self.per_day} through; "
                "lower `per_hour`, or raise `per_day`"
            )
        return self
