"""Which issues are one bug, which ticket is theirs, and what both sides last agreed on."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Literal

from sqlalchemy import Connection, Integer, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.base import Executable

from worker.errors import Permanent
from worker.model import Issue, Status, Ticket
from worker.store.case_rows import CaseCounts, CaseRow, MemberRow, TicketRow, read_cases
from worker.store.tables import cases, change, columns_of, fetch, insert_in, issues, tickets

Farewell = Literal["duplicate", "succeeded"]
"""How a past ticket is seen off: closed as a duplicate, or only told its successor."""

_CASE_OF_ISSUE = select(issues.c.case_id).where(issues.c.id == bindparam("issue_id"))
_MERGED_INTO = select(cases.c.merged_into).where(cases.c.id == bindparam("case_id"))
_ONE_CASE = select(cases).where(cases.c.id == bindparam("case_id"))
_OVERVIEW = (
    select(cases)
    .order_by(cases.c.updated_at.desc(), cases.c.id.desc())
    .limit(bindparam("at_most", type_=Integer))
    .offset(bindparam("skipped", type_=Integer))
)
_MEMBER = select(*columns_of(issues, MemberRow)).where(issues.c.id == bindparam("issue_id"))
_named = (tickets.c.key == bindparam("of_key")) | (tickets.c.vendor_id == bindparam("of_key"))
_CASE_OF_TICKET = (
    select(tickets.c.case_id)
    .where(tickets.c.tracker == bindparam("of_tracker"), _named)
    .order_by(tickets.c.live.desc(), tickets.c.id.desc())
    .limit(1)
)
_LIVE_TICKET = update(tickets).where(tickets.c.case_id == bindparam("of_case"), tickets.c.live)
_LIVE_HERE = _LIVE_TICKET.where(tickets.c.tracker == bindparam("of_tracker"))
_since = bindparam("since", type_=tickets.c.done_since.type)
_CLOSED_HERE = _LIVE_HERE.values(done_since=func.coalesce(tickets.c.done_since, _since))
_AGREED = update(issues).where(issues.c.case_id == bindparam("of_case"), issues.c.id == bindparam("of_issue"))
_NEW_CASE = insert(cases).returning(cases.c.id)
_GROUP_LOCKS = 0x6275_6766
"""Keeps our advisory locks apart from those of others in the same PostgreSQL database."""


@cache
def _opening(dialect: str) -> Executable:
    return insert_in(dialect, issues).on_conflict_do_nothing(index_elements=["id"]).returning(issues.c.case_id)


@cache
def _linking(dialect: str) -> Executable:
    return insert_in(dialect, tickets).on_conflict_do_nothing().returning(tickets.c.id)


class Cases:
    """Cases, their issues and their tickets in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------ finding

    def of_issue(self, issue_id: str) -> int | None:
        """Give the case of an issue; None when it has none."""
        return self._connection.scalar(_CASE_OF_ISSUE, {"issue_id": issue_id})

    def of_ticket(self, tracker: str, key: str) -> int | None:
        """Give the case of a ticket by its key or the vendor's id; a live one before one that no longer speaks."""
        return self._connection.scalar(_CASE_OF_TICKET, {"of_tracker": tracker, "of_key": key})

    def of_short_id(self, short_id: str) -> int | None:
        """Give the case of an issue as people call it; None when it is unknown, or several are called so."""
        found = self._connection.scalars(select(issues.c.case_id).where(issues.c.short_id == short_id).distinct()).all()
        return found[0] if len(found) == 1 else None

    def home(self, case_id: int) -> int:
        """Give the case that took this one in, and that one, and so on; itself when none did."""
        while into := self._connection.scalar(_MERGED_INTO, {"case_id": case_id}):
            case_id = into
        return case_id

    def load(self, case_id: int) -> CaseRow | None:
        """Give one case, whole; None when there is no such case."""
        return next(iter(read_cases(self._connection, _ONE_CASE, {"case_id": case_id})), None)

    def member(self, issue_id: str) -> MemberRow | None:
        """Give one issue as last observed; None when it is not known."""
        return next(iter(fetch(self._connection, _MEMBER, MemberRow, {"issue_id": issue_id})), None)

    def ticket_of(self, case_id: int) -> TicketRow | None:
        """Give the live ticket of a case; None when it has none."""
        case = self.load(case_id)
        return case.ticket if case else None

    def overview(self, limit: int, offset: int) -> tuple[CaseRow, ...]:
        """One page of all cases, the latest changed first."""
        return read_cases(self._connection, _OVERVIEW, {"at_most": limit, "skipped": offset})

    def counts(self) -> CaseCounts:
        """Count everything a front page shows."""
        counted = {
            "cases": select(func.count()).select_from(cases),
            "members": select(func.count()).select_from(issues),
            "live": select(func.count()).where(tickets.c.live),
            "broken": select(func.count()).where(cases.c.broken_reason.is_not(None)),
            "unlinked": select(func.count()).where(cases.c.verdict.is_not(None)),
        }
        query = select(*(one.scalar_subquery().label(name) for name, one in counted.items()))
        return fetch(self._connection, query, CaseCounts)[0]

    # ------------------------------------------------------------ observing

    def open(self, issue: Issue, group: str, now: datetime) -> int:
        """Give the case of an issue, opened now if it has none; two who open one issue get one case."""
        known = self.of_issue(issue.id)
        if known is not None:
            return known
        case_id = self._new_case(group, now)
        row = {"id": issue.id, "case_id": case_id, "closed_with_ticket": False, **_mirror(issue, now)}
        if self._connection.execute(_opening(self._connection.dialect.name), row).first() is not None:
            return case_id
        # Somebody opened it between our question and our answer: their case stands, ours never was.
        self._connection.execute(delete(cases).where(cases.c.id == case_id))
        theirs: int = self._connection.execute(select(issues.c.case_id).where(issues.c.id == issue.id)).scalar_one()
        return theirs

    def join(self, case_id: int, issue: Issue, after: MemberRow | None, now: datetime) -> None:
        """Let an issue take the place of a member that was merged into it, with what was agreed about that one.

        `after` None: it takes nobody's place. An issue that has a case by now keeps it.
        """
        row = {
            "id": issue.id,
            "case_id": case_id,
            "agreed": after.agreed if after else None,
            "closed_with_ticket": bool(after and after.closed_with_ticket),
            **_mirror(issue, now),
        }
        self._connection.execute(_opening(self._connection.dialect.name), row)

    def save_issue(self, issue: Issue, now: datetime) -> None:
        """Remember how a member looks now."""
        self._set_issue(issue.id, gone_at=None, **_mirror(issue, now))

    def issue_moved(self, issue_id: str, status: Status) -> None:
        """Remember a status that we gave an issue, until it is looked at again."""
        self._set_issue(issue_id, status=status, substatus=None)

    def issue_gone(self, issue_id: str, now: datetime) -> None:
        """Remember that an issue was deleted, since when it was first known."""
        self._set_issue(issue_id, gone_at=func.coalesce(issues.c.gone_at, now), observed_at=now)

    def save_ticket(self, case_id: int, ticket: Ticket, now: datetime) -> None:
        """Remember how the live ticket looks now; a transferred one has another key, on GitHub another id."""
        looks = {"vendor_id": ticket.id, **_looks(ticket, now)}
        same = {"of_case": case_id, "of_tracker": ticket.tracker}
        if ticket.state.done:
            self._connection.execute(_CLOSED_HERE, {**same, **looks, "since": ticket.moved_at or now})
        else:
            self._connection.execute(_LIVE_HERE, {**same, **looks, "done_since": None})

    def closed_at(self, case_id: int, moment: datetime) -> None:
        """Correct since when the live ticket has been done, once its tracker has told."""
        live = (tickets.c.case_id == case_id, tickets.c.live, tickets.c.done)
        self._connection.execute(update(tickets).where(*live).values(done_since=moment))

    def tell_escalation(self, issue_id: str, occasion: str) -> None:
        """Remember which escalation of an issue its ticket was told of."""
        self._set_issue(issue_id, escalation_told=occasion)

    # ------------------------------------------------------------ linking

    def add_ticket(
        self, case_id: int, ticket: Ticket, rule: str, nonce: str | None, agreed: Status | None, now: datetime
    ) -> int:
        """Make `ticket` the live ticket of a case and give its row id; repeating it is harmless.

        Raises `Permanent` when the case has another live ticket, or the ticket belongs to another case.
        """
        row = {"case_id": case_id, "agreed": agreed, "nonce": nonce, "rule": rule, "live": True, **_born(ticket, now)}
        added = self._connection.scalar(_linking(self._connection.dialect.name), row)
        row_id = added or self._same_ticket(case_id, ticket)
        linked = {"rule": rule, "tracker": ticket.tracker, "verdict": None, "broken_reason": None, "broken_at": None}
        self._set_case(case_id, **linked)
        return row_id

    def mark_linked(self, issue_id: str, ticket_row_id: int) -> None:
        """Remember that the issue shows this ticket in Sentry."""
        self._set_issue(issue_id, linked_ticket=ticket_row_id)

    def break_link(self, case_id: int, reason: str, now: datetime) -> None:
        """Take the live ticket away for good: it never speaks again, and the case says why."""
        self.retire(case_id, reason, None)
        self._set_case(case_id, broken_reason=reason, broken_at=now)

    def mend(self, case_id: int, now: datetime) -> None:
        """Let a case whose ticket was taken away get another one: the lost one is told nothing of it."""
        lost = (tickets.c.case_id == case_id, ~tickets.c.live, tickets.c.farewell.is_(None))
        past = {"farewell": "succeeded", "seen_off_at": now}
        self._connection.execute(update(tickets).where(*lost).values(**past))
        self._set_case(case_id, broken_reason=None, broken_at=None)

    def unmend(self, case_id: int, reason: str, now: datetime) -> None:
        """Let a case that has no ticket yet be left without one again."""
        self._set_case(case_id, broken_reason=reason, broken_at=now)

    def retire(self, case_id: int, reason: str, farewell: Farewell | None) -> None:
        """Let the live ticket never speak again. `farewell`: how it is told which one took over; None: not at all."""
        past = {"live": False, "closed_reason": reason, "farewell": farewell, "seen_off_at": None}
        self._connection.execute(_LIVE_TICKET, {"of_case": case_id, **past})

    def add_past(self, case_id: int, ticket: Ticket, rule: str, nonce: str, reason: str, now: datetime) -> bool:
        """Take note of a twin of the case's ticket, to be closed as its duplicate; False when it is known already."""
        past = {"live": False, "closed_reason": reason, "farewell": "duplicate"}
        row = {"case_id": case_id, "nonce": nonce, "rule": rule, **past, **_born(ticket, now)}
        return self._connection.scalar(_linking(self._connection.dialect.name), row) is not None

    def revive(self, case_id: int, row_id: int, agreed: Status | None) -> None:
        """Let a past ticket of the case be its live one, in the place of the one that was just retired."""
        self._set_ticket(row_id, live=True, farewell=None, seen_off_at=None, closed_reason=None, agreed=agreed)
        self._set_case(case_id, verdict=None, broken_reason=None, broken_at=None)

    def seen_off(self, row_id: int, now: datetime) -> None:
        """Remember that a past ticket was told which one took over."""
        self._set_ticket(row_id, seen_off_at=now)

    def not_followed(self, row_id: int, key: str) -> None:
        """Remember that a ticket's original could not be followed, so that it is not tried again."""
        self._set_ticket(row_id, not_followed=key)

    # ------------------------------------------------------------ agreeing

    def agree(self, case_id: int, members: Mapping[str, tuple[Status, bool]], ticket: Status | None) -> None:
        """Remember what both sides have in common now, and that nothing is left half done.

        `members`: by issue id, its status and whether the closing of the ticket closed it. `ticket` None: as before.
        """
        if members:
            rows = [
                {"of_case": case_id, "of_issue": issue_id, "agreed": status, "closed_with_ticket": closed}
                for issue_id, (status, closed) in sorted(members.items())
            ]
            self._connection.execute(_AGREED, rows)
        if ticket is not None:
            self._connection.execute(_LIVE_TICKET, {"of_case": case_id, "agreed": ticket})
        self.set_goal(case_id, None)

    def agree_assignee(self, case_id: int, whom: str) -> None:
        """Remember whom both sides named when they were last compared, as the flow writes it down."""
        self._set_case(case_id, assignee_agreed=whom)

    def set_goal(self, case_id: int, goal: Mapping[str, object] | None) -> None:
        """Remember where a move of several steps is going, before its first step; None when it has arrived."""
        self._set_case(case_id, goal=None if goal is None else dict(goal))

    def wait(self, case_id: int, reason: str | None, now: datetime) -> None:
        """Remember why both sides differ on purpose; None: they no longer do."""
        self._set_case(case_id, waiting_for=reason, waiting_since=now if reason else None)

    def set_verdict(self, case_id: int, rule: str | None, verdict: str | None) -> None:
        """Remember under which rule a case falls and why it has no ticket."""
        self._set_case(case_id, rule=rule, verdict=verdict)

    def set_route(self, case_id: int, rule: str, tracker: str) -> None:
        """Remember where the ticket of a case is about to be made, whatever the mapping says later."""
        self._set_case(case_id, rule=rule, tracker=tracker)

    def lock_group(self, group: str) -> None:
        """Let nobody else assign issues of this project group until the transaction ends.

        On SQLite every writing transaction is alone already.
        """
        if self._connection.dialect.name == "postgresql":
            number = func.hashtextextended(group, _GROUP_LOCKS)
            self._connection.execute(select(func.pg_advisory_xact_lock(number)))

    # ------------------------------------------------------------ inside

    def _new_case(self, group: str, now: datetime) -> int:
        row = {"opened_at": now, "project_group": group}
        case_id: int = self._connection.execute(_NEW_CASE, row).scalar_one()
        return case_id

    def _same_ticket(self, case_id: int, ticket: Ticket) -> int:
        """Row id of the live ticket of this case, if it is this ticket; else `Permanent`."""
        same = (tickets.c.case_id == case_id, tickets.c.tracker == ticket.tracker, tickets.c.vendor_id == ticket.id)
        known: int | None = self._connection.scalar(select(tickets.c.id).where(*same, tickets.c.live))
        if known is None:
            raise Permanent(
                f"{ticket.key} cannot become the ticket of case {case_id}: the case has another live ticket, "
                "or this one belongs to another case or was taken away before; look at both and decide"
            )
        return known

    def _set_case(self, case_id: int, **values: object) -> None:
        change(self._connection, cases, {"id": case_id}, values)

    def _set_ticket(self, row_id: int, **values: object) -> None:
        change(self._connection, tickets, {"id": row_id}, values)

    def _set_issue(self, issue_id: str, **values: object) -> None:
        change(self._connection, issues, {"id": issue_id}, values)


def _mirror(issue: Issue, now: datetime) -> dict[str, object]:
    """The columns that say how an issue looks."""
    same = (
        *("short_id", "title", "permalink", "status", "substatus", "priority", "level", "platform", "count"),
        *("user_count", "first_seen", "last_seen", "first_release", "last_release", "assignee", "note_count"),
    )
    return {name: getattr(issue, name) for name in same} | {"project_slug": issue.project.slug, "observed_at": now}


def _born(ticket: Ticket, now: datetime) -> dict[str, object]:
    """The columns that say which ticket it is, and how it looks."""
    which = {"tracker": ticket.tracker, "vendor_id": ticket.id, "created_at": ticket.created_at or now}
    return {**which, **_looks(ticket, now)}


def _looks(ticket: Ticket, now: datetime) -> dict[str, object]:
    """The columns that say how a ticket looks."""
    return {
        "key": ticket.key,
        "url": ticket.url,
        "title": ticket.title,
        "status_name": ticket.state.name,
        "done": ticket.state.done,
        "resolution": ticket.state.resolution,
        "changed_at": ticket.updated_at,
        "observed_at": now,
    }
