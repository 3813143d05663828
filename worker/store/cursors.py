"""How far something got, by name: poll positions, slots of periodic work, facts learned on the way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Text, bindparam, collate, or_, select
from sqlalchemy.sql.base import Executable

from worker.store.tables import cursors, insert_in, utc_now

SLOT = "slot."
"""What the names of the slots of rounds begin with; their values are ISO times."""

BEAT = "heard.beat"
"""When a worker last heard of beat, by way of the broker."""

_VALUES = select(cursors.c.name, cursors.c.value).where(cursors.c.name.in_(bindparam("names", expanding=True)))
_VALUE = select(cursors.c.value).where(cursors.c.name == bindparam("name"))


@cache
def _claiming(dialect: str) -> Executable:
    fresh = insert_in(dialect, cursors)
    # Plain byte order: a database's language may sort digits and letters in its own way.
    taken_last = collate(cursors.c.value, "BINARY" if dialect == "sqlite" else "C")
    free = or_(taken_last < fresh.excluded.value, taken_last > bindparam("latest", type_=Text))
    news = {"value": fresh.excluded.value, "updated_at": fresh.excluded.updated_at}
    return fresh.on_conflict_do_update(index_elements=["name"], set_=news, where=free).returning(cursors.c.name)


@cache
def _setting(dialect: str) -> Executable:
    fresh = insert_in(dialect, cursors)
    news = {"value": fresh.excluded.value, "updated_at": fresh.excluded.updated_at}
    return fresh.on_conflict_do_update(index_elements=["name"], set_=news)


class Cursors:
    """Named values in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """Give the value; None when it was never set."""
        return self._connection.scalar(_VALUE, {"name": name})

    def several(self, names: Sequence[str]) -> Mapping[str, str]:
        """Give the values of those names that were ever set."""
        return {row.name: row.value for row in self._connection.execute(_VALUES, {"names": names})}

    def set(self, name: str, value: str) -> None:
        """Remember the value. An unchanged one writes nothing, so that busy hooks do not queue for one row."""
        if self.get(name) == value:
            return
        row = {"name": name, "value": value, "updated_at": utc_now()}
        self._connection.execute(_setting(self._connection.dialect.name), row)

    def newest_slot(self) -> datetime | None:
        """The start of the newest slot of a round that anybody took; None when nobody ever did."""
        slots = select(cursors.c.value).where(cursors.c.name.startswith(SLOT, autoescape=True))
        return max((datetime.fromisoformat(slot) for slot in self._connection.scalars(slots)), default=None)

    def claim_slot(self, name: str, slot: str, latest: str | None = None) -> bool:
        """Take a slot of periodic work: exactly one caller ever gets True for it, and a slot gone by is gone.

        Slots must sort as text in the order of time, as ISO times and weeks do. A slot beyond `latest` was taken by a
        clock that ran ahead and has been set since: it holds nobody up.
        """
        row = {"name": name, "value": slot, "latest": latest, "updated_at": utc_now()}
        return self._connection.execute(_claiming(self._connection.dialect.name), row).first() is not None
