"""Which pairs to compare: pages of linked cases, those that wait or are collected, tickets that moved away."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Integer, Select, bindparam, exists, select

from worker.store.case_rows import CaseRow, TicketRow, read_cases
from worker.store.tables import cases, columns_of, fetch, issues, tickets
from worker.store.tables_umbrellas import collected

_LINKED = (
    select(cases)
    .join(tickets, (tickets.c.case_id == cases.c.id) & tickets.c.live)
    .where(cases.c.id > bindparam("after"))
    .order_by(cases.c.id)
    .limit(bindparam("at_most", type_=Integer))
)
_LINKED_BY_DONE = _LINKED.where(tickets.c.done == bindparam("done"))
_PAGE = (
    select(cases).where(cases.c.id > bindparam("after")).order_by(cases.c.id).limit(bindparam("at_most", type_=Integer))
)
_EVERY = _PAGE.where(cases.c.merged_into.is_(None))
_UNLINKED = _EVERY.where(cases.c.verdict.is_not(None) | cases.c.broken_reason.is_not(None))
_WAITING = _PAGE.where(cases.c.waiting_for.is_not(None))
_OF_TRACKER = select(*columns_of(tickets, TicketRow)).where(tickets.c.tracker == bindparam("of_tracker"))
_MADE_SINCE = _OF_TRACKER.where(tickets.c.live, tickets.c.created_at > bindparam("after")).order_by(tickets.c.id)
_MADE_BETWEEN = _MADE_SINCE.where(tickets.c.created_at < bindparam("before"))
_BY_KEY = _OF_TRACKER.where(tickets.c.key == bindparam("of_key"), tickets.c.live)
_BY_VENDOR_ID = _OF_TRACKER.where(tickets.c.vendor_id == bindparam("of_id"))
# The ticket that stands for a collected case, from where the case is.
_STANDS = (tickets.c.case_id == collected.c.umbrella_id) & tickets.c.live & collected.c.left_at.is_(None)
_OF_UMBRELLA = (
    select(*columns_of(tickets, TicketRow)).join(collected, _STANDS).where(collected.c.case_id == bindparam("of_case"))
)
_own = tickets.alias("own")
_has_own = exists().where(_own.c.case_id == collected.c.case_id, _own.c.live)
_shows_another = exists().where(
    issues.c.case_id == collected.c.case_id,
    issues.c.gone_at.is_(None),
    issues.c.linked_ticket.is_distinct_from(tickets.c.id),
)
_UNSHOWN = (
    select(collected.c.case_id)
    .join(tickets, _STANDS)
    .where(collected.c.called_at.is_(None), tickets.c.tracker.in_(bindparam("trackers", expanding=True)))
    .where(_shows_another, ~_has_own, collected.c.case_id > bindparam("after"))
    .order_by(collected.c.case_id)
    .limit(bindparam("at_most", type_=Integer))
)


@cache
def _strays(prefix: str | None) -> Select[tuple[int]]:
    """Prefixes are as few as trackers."""
    key = tickets.c.key
    away = key.contains("#", autoescape=True) if prefix is None else ~key.startswith(prefix, autoescape=True)
    query = select(tickets.c.case_id).where(tickets.c.live, tickets.c.tracker == bindparam("of_tracker"), away)
    return query.order_by(tickets.c.observed_at, tickets.c.id).limit(bindparam("at_most", type_=Integer))


class Pairs:
    """Cases and their tickets, as sweeps look for them, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def linked(self, after_case_id: int, limit: int, *, done: bool | None = None) -> tuple[CaseRow, ...]:
        """Cases that have a live ticket, by id, after `after_case_id`: one page of a sweep.

        `done`: only those whose ticket is closed (True) or is not (False).
        """
        query = _LINKED if done is None else _LINKED_BY_DONE
        return read_cases(self._connection, query, {"after": after_case_id, "at_most": limit, "done": done})

    def every(self, after_case_id: int, limit: int) -> tuple[CaseRow, ...]:
        """All cases that no other took in, by id, after `after_case_id`."""
        return read_cases(self._connection, _EVERY, {"after": after_case_id, "at_most": limit})

    def unlinked(self, after_case_id: int, limit: int) -> tuple[CaseRow, ...]:
        """Cases that got no ticket for a reason that may pass, or whose ticket was taken away, by id, after one id."""
        return read_cases(self._connection, _UNLINKED, {"after": after_case_id, "at_most": limit})

    def waiting(self, after_case_id: int, limit: int) -> tuple[CaseRow, ...]:
        """Cases whose sides differ on purpose, by id, after `after_case_id`."""
        return read_cases(self._connection, _WAITING, {"after": after_case_id, "at_most": limit})

    def standing_for(self, case_id: int) -> TicketRow | None:
        """The ticket of the umbrella that collects a case; None when nothing does, or while it has no ticket."""
        return next(iter(fetch(self._connection, _OF_UMBRELLA, TicketRow, {"of_case": case_id})), None)

    def unshown(self, trackers: Collection[str], after_case_id: int, limit: int) -> tuple[int, ...]:
        """Collected cases, by id, after one: an issue of theirs does not show the ticket that stands for them.

        `trackers`: only tickets in these. A case that was called shows its own soon and is not among them.
        """
        given = {"trackers": list(trackers), "after": after_case_id, "at_most": limit}
        return tuple(self._connection.scalars(_UNSHOWN, given))

    def strays(self, tracker: str, prefix: str | None, limit: int) -> tuple[int, ...]:
        """Cases whose live ticket moved out of its tracker's place, the longest unseen first.

        `prefix`: how keys begin that are at home (Jira); None: keys that name no other place are (GitHub).
        """
        return tuple(self._connection.scalars(_strays(prefix), {"of_tracker": tracker, "at_most": limit}))

    def tickets_made(self, tracker: str, after: datetime, before: datetime | None) -> tuple[TicketRow, ...]:
        """Live tickets of a tracker that were made after one moment and before another (None: ever since)."""
        query = _MADE_SINCE if before is None else _MADE_BETWEEN
        given = {"of_tracker": tracker, "after": after, "before": before}
        return tuple(fetch(self._connection, query, TicketRow, given))

    def ticket_by_key(self, tracker: str, key: str) -> TicketRow | None:
        """Give the live ticket of that key; None when it is none of ours."""
        return next(iter(fetch(self._connection, _BY_KEY, TicketRow, {"of_tracker": tracker, "of_key": key})), None)

    def ticket(self, tracker: str, vendor_id: str) -> TicketRow | None:
        """Give a ticket, live or past, by the vendor's id; None when it is none of ours."""
        given = {"of_tracker": tracker, "of_id": vendor_id}
        return next(iter(fetch(self._connection, _BY_VENDOR_ID, TicketRow, given)), None)
