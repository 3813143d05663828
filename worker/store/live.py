"""Figures of the last days as one worker computed them: one row, read by whoever is scraped."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from worker.store.cursors import Cursors

NAME = "figures"


@dataclass(frozen=True, slots=True)
class Kept:
    """Figures of seven days up to `at`. `values` and `parts` by figure; a value that there is none of is absent.

    `by_project`: `backlog`, `intake` and `fixed`, each by project; `moves`: how many entries of each kind history
    holds up to the entry `upto`.
    """

    at: datetime
    values: Mapping[str, float]
    parts: Mapping[str, Mapping[str, float]]
    by_project: Mapping[str, Mapping[str, int]]
    moves: Mapping[str, int]
    upto: int


class LiveFigures:
    """The figures in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._cursors = Cursors(connection)

    def keep(self, told: Kept) -> None:
        """Keep them in place of those before."""
        self._cursors.set(NAME, json.dumps({**asdict(told), "at": told.at.isoformat()}))

    def kept(self) -> Kept | None:
        """What was kept last; None before the first time."""
        value = self._cursors.get(NAME)
        if value is None:
            return None
        row = json.loads(value)
        return Kept(**{**row, "at": datetime.fromisoformat(row["at"])})
