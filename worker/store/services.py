"""Outside services in trouble: one row each, shared by all workers; a service that is well has none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from worker.store.tables import columns_of, fetch, insert_into, services

Trouble = Literal["refuses us", "asks for a pause", "is down"]


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service that is left alone. `refused`: it refuses us altogether; `failures`: how often it failed in a row."""

    name: str
    reason: str
    refused: bool
    since: datetime
    until: datetime
    """No call before then; whoever comes first after it tries for everybody."""
    failures: int

    @property
    def trouble(self) -> Trouble:
        """What is the matter, in words that follow its name."""
        if self.refused:
            return "refuses us"
        return "is down" if self.failures else "asks for a pause"


_ALL = select(*columns_of(services, ServiceRow)).order_by(services.c.name)


class Services:
    """The services in trouble in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def listing(self) -> tuple[ServiceRow, ...]:
        """All services in trouble, by name."""
        return tuple(fetch(self._connection, _ALL, ServiceRow))

    def get(self, name: str) -> ServiceRow | None:
        """One service; None when it is well."""
        found = fetch(
            self._connection, select(*columns_of(services, ServiceRow)).where(services.c.name == name), ServiceRow
        )
        return found[0] if found else None

    def add(self, row: ServiceRow) -> bool:
        """Close a service that was open; False when it is closed already."""
        fresh = insert_into(self._connection, services).values(
            name=row.name,
            reason=row.reason,
            refused=row.refused,
            since=row.since,
            until=row.until,
            failures=row.failures,
        )
        added = fresh.on_conflict_do_nothing(index_elements=["name"]).returning(services.c.name)
        return self._connection.execute(added).first() is not None

    def replace(self, old: ServiceRow, new: ServiceRow) -> bool:
        """Say anew what is the matter; False when somebody else has said something since `old` was read."""
        values = {"reason": new.reason, "refused": new.refused, "until": new.until, "failures": new.failures}
        return self._connection.execute(update(services).where(_is_still(old)).values(**values)).rowcount == 1

    def remove(self, row: ServiceRow) -> bool:
        """Open a service again; False when somebody else has said something since `row` was read."""
        return self._connection.execute(delete(services).where(_is_still(row))).rowcount == 1


def _is_still(row: ServiceRow) -> ColumnElement[bool]:
    return and_(services.c.name == row.name, services.c.until == row.until, services.c.refused == row.refused)
