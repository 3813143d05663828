"""How far something got, by name: poll positions, slots of periodic work, facts learned on the way."""

from sqlalchemy import Connection, collate, or_, select

from worker.store.tables import cursors, insert_into, utc_now


class Cursors:
    """Named values in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """Give the value; None when it was never set."""
        return self._connection.scalar(select(cursors.c.value).where(cursors.c.name == name))

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
        fresh = insert_into(self._connection, cursors).values(name=name, value=slot)
        # Plain byte order: a database's language may sort digits and letters in its own way.
        order = "BINARY" if self._connection.dialect.name == "sqlite" else "C"
        taken_last = collate(cursors.c.value, order)
        free = taken_last < slot if latest is None else or_(taken_last < slot, taken_last > latest)
        taken = fresh.on_conflict_do_update(
            index_elements=["name"], set_={"value": slot, "updated_at": utc_now()}, where=free
        ).returning(cursors.c.name)
        return self._connection.execute(taken).first() is not None
