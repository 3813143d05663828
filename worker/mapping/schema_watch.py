"""The shape of what a mapping file says about storms and about source maps that are missing."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from worker.mapping.duration import Duration
from worker.mapping.strict import Strict


class StormsEntry(Strict):
    """What becomes of the tickets of bugs that begin in a storm."""

    hold: Annotated[
        bool, Field(description="Whether they wait in one umbrella ticket until the storm is over.", strict=True)
    ] = True
    known_for: Annotated[
        Duration,
        Field(description="Only in projects that were watched for so long."),
    ] = timedelta(days=7)


class SourceMapsEntry(Strict):
    """What becomes of a release whose code Sentry cannot show."""

    ticket: Annotated[
        bool, Field(description="Whether it gets one ticket, in the tracker of the bugs that it hides.", strict=True)
    ] = False
