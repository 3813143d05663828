"""What was last written on tickets that follow their bugs, and which of them wait to be written again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from worker.store.tables import change, columns_of, fetch, insert_into, tickets
from worker.store.tables_written import written


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """What was last written on a ticket, when the two were last compared, and when to look again, if at all."""

    ticket_id: int
    content: Mapping[str, object]
    compared_at: datetime
    due_at: datetime | None


_columns = columns_of(written, WrittenRow)


class Written:
    """What tickets were last told, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, ticket_id: int) -> WrittenRow | None:
        """What was written on a ticket; None when nothing was."""
        query = select(*_columns).where(written.c.ticket_id == ticket_id)
        return next(iter(fetch(self._connection, query, WrittenRow)), None)

    def save(self, ticket_id: int, content: Mapping[str, object], compared_at: datetime) -> None:
        """Remember what is written on a ticket; nothing waits for it any more."""
        news = {"content": dict(content), "compared_at": compared_at, "due_at": None}
        fresh = insert_into(self._connection, written).values(ticket_id=ticket_id, **news)
        self._connection.execute(fresh.on_conflict_do_update(index_elements=["ticket_id"], set_=news))

    def wait(self, ticket_id: int, until: datetime) -> None:
        """Look at a ticket again at that time."""
        change(self._connection, written, {"ticket_id": ticket_id}, {"due_at": until})

    def take_due(self, now: datetime, limit: int) -> tuple[int, ...]:
        """The cases whose open ticket's time has come, the longest due first; they wait no longer."""
        of = written.join(tickets, tickets.c.id == written.c.ticket_id)
        due = select(written.c.ticket_id, tickets.c.case_id, tickets.c.live, tickets.c.done).select_from(of)
        rows = self._connection.execute(
            due.where(written.c.due_at <= now).order_by(written.c.due_at, written.c.ticket_id).limit(limit)
        ).all()
        if not rows:
            return ()
        taken = update(written).where(written.c.ticket_id.in_([row.ticket_id for row in rows])).values(due_at=None)
        self._connection.execute(taken)
        return tuple(row.case_id for row in rows if row.live and not row.done)
