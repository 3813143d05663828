"""Cases as they are remembered, with their members and their live ticket: read whole, in three queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select
from sqlalchemy.sql.base import Executable

from worker.model import Status, TicketState
from worker.store.tables import columns_of, fetch, issues, tickets


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One issue of a case as last observed; `linked_ticket` is the row id of the ticket we last showed on it."""

    id: str
    case_id: int
    short_id: str
    project_slug: str
    title: str
    permalink: str | None
    status: Status
    substatus: str | None
    priority: str | None
    level: str | None
    platform: str | None
    count: int
    user_count: int
    first_seen: datetime | None
    last_seen: datetime | None
    first_release: str | None
    last_release: str | None
    assignee: str | None
    agreed: Status | None
    closed_with_ticket: bool
    linked_ticket: int | None
    observed_at: datetime
    gone_at: datetime | None
    escalation_told: str | None
    note_count: int | None
    cause: str | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket of a case as last observed."""

    id: int
    case_id: int
    tracker: str
    key: str
    vendor_id: str
    url: str
    title: str
    status_name: str
    done: bool
    resolution: str | None
    agreed: Status | None
    nonce: str | None
    rule: str
    live: bool
    created_at: datetime
    observed_at: datetime
    closed_reason: str | None
    changed_at: datetime | None
    done_since: datetime | None
    farewell: str | None
    seen_off_at: datetime | None
    not_followed: str | None

    @property
    def state(self) -> TicketState:
        """The tracker's own word for where it stood."""
        return TicketState(self.status_name, self.done, self.resolution)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case: its members in the order of their ids, its live ticket if it has one, and the tickets it had before.

    `verdict` says why there is no ticket; `goal` is a move that was begun and not yet finished; `waiting_for` says why
    both sides differ on purpose. `past` tickets no longer speak, oldest first.
    """

    id: int
    opened_at: datetime
    project_group: str
    rule: str | None
    tracker: str | None
    verdict: str | None
    goal: Mapping[str, object] | None
    broken_reason: str | None
    broken_at: datetime | None
    updated_at: datetime
    waiting_for: str | None
    waiting_since: datetime | None
    merged_into: int | None
    assignee_agreed: str | None
    members: tuple[MemberRow, ...]
    ticket: TicketRow | None
    past: tuple[TicketRow, ...]


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """How many cases, issues, live tickets, cases whose ticket was taken away, cases that want no ticket."""

    cases: int
    members: int
    live: int
    broken: int
    unlinked: int


_OF_CASES: BindParameter[list[int]] = bindparam("case_ids", expanding=True)
_MEMBERS = select(*columns_of(issues, MemberRow)).where(issues.c.case_id.in_(_OF_CASES)).order_by(issues.c.id)
_TICKETS = select(*columns_of(tickets, TicketRow)).where(tickets.c.case_id.in_(_OF_CASES)).order_by(tickets.c.id)


def read_cases(
    connection: Connection, query: Executable, given: Mapping[str, object] | None = None
) -> tuple[CaseRow, ...]:
    """Read the cases that a `select(cases)` with these parameters finds, in its order, whole."""
    heads = [row._asdict() for row in connection.execute(query, given)]
    if not heads:
        return ()
    ids = [head["id"] for head in heads]
    members = _members(connection, ids)
    known = _tickets(connection, ids)
    return tuple(_case(head, members.get(head["id"], []), known.get(head["id"], [])) for head in heads)


def _case(head: Mapping[str, Any], members: Sequence[MemberRow], known: Sequence[TicketRow]) -> CaseRow:
    live = next((ticket for ticket in known if ticket.live), None)
    past = tuple(ticket for ticket in known if not ticket.live)
    return CaseRow(**head, members=tuple(members), ticket=live, past=past)


def _members(connection: Connection, case_ids: Sequence[int]) -> Mapping[int, list[MemberRow]]:
    found: dict[int, list[MemberRow]] = {}
    for member in fetch(connection, _MEMBERS, MemberRow, {"case_ids": case_ids}):
        found.setdefault(member.case_id, []).append(member)
    return found


def _tickets(connection: Connection, case_ids: Sequence[int]) -> Mapping[int, list[TicketRow]]:
    found: dict[int, list[TicketRow]] = {}
    for ticket in fetch(connection, _TICKETS, TicketRow, {"case_ids": case_ids}):
        found.setdefault(ticket.case_id, []).append(ticket)
    return found
