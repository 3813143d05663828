"""How far something got, by name: poll positions, slots of periodic work, facts learned on the way."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Text, bindparam, collate, or_, select
from sqlalchemy.sql.base import Executable

from worker.store.tables import cursors, insert_in, insert_into, utc_now

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
        fresh = insert_into(self._connection, cursors).values(name=name, value=value)
        self._connection.execute(
            fresh.on_conflict_do_update(index_elements=["name"], set_={"value": value, "updated_at": utc_now()})
        )

    def claim_slot(self, name: str, slot: str, latest: str | None = None) -> bool:
        """Take a slot of periodic work: exactly one caller ever gets True for it, and a slot gone by is gone.

        Slots must sort as text in the order of time, as ISO times and weeks do. A slot beyond `latest` was taken by a
        clock that ran ahead and has been set since: it holds nobody up.
        """
        row = {"name": name, "value": slot, "latest": latest, "updated_at": utc_now()}
        return self._connection.execute(_claiming(self._connection.dialect.name), row).first() is not None
