"""Which pairs to compare: pages of linked cases, those that wait, tickets that moved away."""

from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, select

from worker.store.case_rows import CaseRow, TicketRow, read_cases
from worker.store.tables import cases, columns_of, fetch, tickets

_LINKED = (
    select(cases)
    .join(tickets, (tickets.c.case_id == cases.c.id) & tickets.c.live)
    .where(cases.c.id > bindparam("after"))
    .order_by(cases.c.id)
    .limit(bindparam("at_most", type_=Integer))
)


class Pairs:
    """Cases and their tickets, as sweeps look for them, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def linked(self, after_case_id: int, limit: int, *, done: bool | None = None) -> tuple[CaseRow, ...]:
        """Cases that have a live ticket, by id, after `after_case_id`: one page of a sweep.

        `done`: only those whose ticket is closed (True) or is not (False).
        """
        query = _LINKED if done is None else _LINKED.where(tickets.c.done == bindparam("done"))
        return read_cases(self._connection, query, {"after": after_case_id, "at_most": limit, "done": done})

    def every(self, after_case_id: int, limit: int) -> tuple[CaseRow, ...]:
        """All cases that no other took in, by id, after `after_case_id`."""
        query = select(cases).where(cases.c.merged_into.is_(None), cases.c.id > after_case_id)
        return read_cases(self._connection, query.order_by(cases.c.id).limit(limit))

    def unlinked(self, after_case_id: int, limit: int) -> tuple[CaseRow, ...]:
        """Cases that got no ticket for a reason that may pass, or whose ticket was taken away, by id, after one id."""
        without = cases.c.verdict.is_not(None) | cases.c.broken_reason.is_not(None)
        query = select(cases).where(without, cases.c.merged_into.is_(None), cases.c.id > after_case_id)
        return read_cases(self._connection, query.order_by(cases.c.id).limit(limit))

    def waiting(self, after_case_id: int, limit: int) -> tuple[CaseRow, ...]:
        """Cases whose sides differ on purpose, by id, after `after_case_id`."""
        query = select(cases).where(cases.c.waiting_for.is_not(None), cases.c.id > after_case_id)
        return read_cases(self._connection, query.order_by(cases.c.id).limit(limit))

    def strays(self, tracker: str, prefix: str | None, limit: int) -> tuple[int, ...]:
        """Cases whose live ticket moved out of its tracker's place, the longest unseen first.

        `prefix`: how keys begin that are at home (Jira); None: keys that name no other place are (GitHub).
        """
        key = tickets.c.key
        away = key.contains("#", autoescape=True) if prefix is None else ~key.startswith(prefix, autoescape=True)
        query = select(tickets.c.case_id).where(tickets.c.live, tickets.c.tracker == tracker, away)
        return tuple(self._connection.scalars(query.order_by(tickets.c.observed_at, tickets.c.id).limit(limit)))

    def tickets_made(self, tracker: str, after: datetime, before: datetime | None) -> tuple[TicketRow, ...]:
        """Live tickets of a tracker that were made after one moment and before another (None: ever since)."""
        query = select(*columns_of(tickets, TicketRow)).where(
            tickets.c.tracker == tracker, tickets.c.live, tickets.c.created_at > after
        )
        until = query if before is None else query.where(tickets.c.created_at < before)
        return tuple(fetch(self._connection, until.order_by(tickets.c.id), TicketRow))

    def ticket_by_key(self, tracker: str, key: str) -> TicketRow | None:
        """Give the live ticket of that key; None when it is none of ours."""
        query = select(*columns_of(tickets, TicketRow)).where(
            tickets.c.tracker == tracker, tickets.c.key == key, tickets.c.live
        )
        return next(iter(fetch(self._connection, query, TicketRow)), None)

    def ticket(self, tracker: str, vendor_id: str) -> TicketRow | None:
        """Give a ticket, live or past, by the vendor's id; None when it is none of ours."""
        query = select(*columns_of(tickets, TicketRow)).where(
            tickets.c.tracker == tracker, tickets.c.vendor_id == vendor_id
        )
        return next(iter(fetch(self._connection, query, TicketRow)), None)
