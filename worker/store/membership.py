"""Which case an issue belongs to: cases become one, and issues leave them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from worker.errors import Permanent, Transient
from worker.model import Issue, Status, Ticket
from worker.store.cases import Cases
from worker.store.intents import INTRODUCTION, introduction
from worker.store.tables import cases, copies, intents, issues, tickets
from worker.store.tables_umbrellas import umbrellas

BUSY_S = 5.0
"""How long a create that is under way is given before two cases become one."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of two cases: the key of the ticket that speaks on, and of the one that no longer does."""

    survivor: str | None
    loser: str | None


class Membership:
    """Joining and leaving, each in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cases = Cases(connection)

    def merge(self, from_id: int, into_id: int, reason: str, *, keep_into: bool = False) -> Merged:
        """Make two cases one: `into_id` takes the issues and tickets of `from_id`.

        The older ticket speaks on, or with `keep_into` that of `into_id`; the other never speaks again. Whoever comes
        to a ticket joins anew, so that an open issue reopens a closed ticket by the rule. `Transient` while one of them
        is just making its ticket, `Permanent` when one is unknown or was taken in by another.
        """
        self._lock(from_id, into_id)
        before, after = self._cases.load(from_id), self._cases.load(into_id)
        if before is None or after is None or before.merged_into or after.merged_into or from_id == into_id:
            raise Permanent(f"cases {from_id} and {into_id} cannot become one: one is unknown or was taken in already")
        self._refuse_umbrellas(from_id, into_id)
        self._refuse_unfinished(from_id, into_id)
        one, other = before.ticket, after.ticket
        moves = one is not None and (other is None or (not keep_into and one.created_at < other.created_at))
        loser = (other if moves else one) if one and other else None
        if loser:
            self._cases.retire(loser.case_id, reason, None if keep_into else "duplicate")
        self._join_anew(into_id if moves else from_id)
        for table in (issues, tickets, copies):
            self._connection.execute(update(table).where(table.c.case_id == from_id).values(case_id=into_id))
        # A comment that may have arrived is looked for by whoever would say it next.
        meant = intents.c.occasion.startswith("copy:") | intents.c.occasion.startswith(INTRODUCTION)
        said = (intents.c.case_id == from_id, intents.c.kind == "comment", meant)
        self._connection.execute(update(intents).where(*said).values(case_id=into_id))
        if moves:
            with_it = {"rule": before.rule, "tracker": before.tracker, "goal": before.goal}
            self._set(into_id, verdict=None, broken_reason=None, broken_at=None, **with_it)
        self._set(from_id, merged_into=into_id, goal=None, waiting_for=None, waiting_since=None)
        survivor = one if moves else other
        return Merged(survivor.key if survivor else None, loser.key if loser else None)

    def admit(self, case_id: int, issue: Issue, now: datetime) -> int:
        """Let a new issue join a case, or the one that took that in by now; the case that it is in then.

        Nothing is agreed about it yet: one that is open reopens a closed ticket by the rule.
        """
        self._lock(case_id)
        while (home := self._cases.home(case_id)) != case_id:
            self._lock(case_id := home)
        self._cases.join(case_id, issue, None, now)
        return self._cases.of_issue(issue.id) or case_id

    def split(self, issue_id: str, now: datetime) -> tuple[int, int]:
        """Let an issue leave its case for a new one of its own: the old case's id and the new one's.

        `Permanent` when it is unknown or alone in its case.
        """
        old = self._cases.of_issue(issue_id)
        row = self._cases.load(old) if old is not None else None
        if row is None or len([member for member in row.members if not member.gone_at]) < 2:  # noqa: PLR2004 - alone
            raise Permanent(f"issue {issue_id} cannot leave its case: it is unknown, or the only one in it")
        fresh = insert(cases).values(opened_at=now, project_group=row.project_group)
        new: int = self._connection.execute(fresh.returning(cases.c.id)).scalar_one()
        alone = {"case_id": new, "agreed": None, "closed_with_ticket": False, "linked_ticket": None}
        self._connection.execute(update(issues).where(issues.c.id == issue_id).values(**alone))
        return row.id, new

    def unmerge(self, from_id: int, into_id: int, issue_ids: Sequence[str], held: Mapping[int, int]) -> tuple[str, ...]:
        """Undo a merge: `from_id` gets back the issues that are still in `into_id`, each case the ticket that was its.

        `held`: row id of a ticket to the case that had it. The keys of tickets that were closed as duplicates already
        and stay so. `Permanent` when nothing of it is there any more.
        """
        self._lock(from_id, into_id)
        self._refuse_unfinished(from_id, into_id)
        still = (issues.c.id.in_(issue_ids), issues.c.case_id == into_id)
        anew = {"case_id": from_id, "agreed": None, "closed_with_ticket": False, "linked_ticket": None}
        if not self._connection.execute(update(issues).where(*still).values(**anew)).rowcount:
            raise Permanent(f"the issues of case {from_id} are no longer in case {into_id}: nothing is left to undo")
        self._set(from_id, merged_into=None)
        for case_id in (from_id, into_id):
            self._set(case_id, goal=None, waiting_for=None, waiting_since=None)
        said = [f"issue:{issue_id}" for issue_id in issue_ids]
        self._connection.execute(update(copies).where(copies.c.said_on.in_(said)).values(case_id=from_id))
        return tuple(key for row_id, case_id in held.items() if (key := self._give_back(row_id, case_id)))

    def take_up(self, case_id: int, ticket: Ticket, rule: str, agreed: Status, now: datetime) -> int:
        """Make a ticket that somebody else made the live one of a case, and give its row id; its issues join it anew.

        `Permanent` when the case has a live ticket, or this one is that of another case or was told which took over.
        """
        self._lock(case_id)
        self._refuse_umbrellas(case_id)
        self._refuse_unfinished(case_id)
        self._join_anew(case_id)
        self._set(case_id, goal=None, waiting_for=None, waiting_since=None)
        known = (tickets.c.tracker == ticket.tracker, tickets.c.vendor_id == ticket.id)
        at_rest = (~tickets.c.live, tickets.c.farewell.is_(None) | (tickets.c.case_id == case_id))
        mine = update(tickets).where(*known, *at_rest).values(case_id=case_id, rule=rule)
        row_id: int | None = self._connection.scalar(mine.returning(tickets.c.id))
        if row_id is not None and self._cases.ticket_of(case_id) is None:
            self._cases.revive(case_id, row_id, agreed)
        return self._cases.add_ticket(case_id, ticket, rule, None, agreed, now)

    def put_down(self, case_id: int, reason: str, before: Mapping[str, object]) -> None:
        """Let the live ticket of a case rest as it is; the case has the `rule`, `tracker` and `verdict` of before."""
        self._lock(case_id)
        self._cases.retire(case_id, reason, None)
        self._join_anew(case_id)
        was = {name: before[name] for name in ("rule", "tracker", "verdict")}
        self._set(case_id, goal=None, waiting_for=None, waiting_since=None, **was)

    def _give_back(self, row_id: int, case_id: int) -> str | None:
        """Let a ticket be that of a case again; its key where it was told already that it is a duplicate."""
        row = self._connection.execute(select(tickets).where(tickets.c.id == row_id)).one()
        told = (intents.c.kind == "comment", intents.c.occasion == introduction(row_id))
        self._connection.execute(update(intents).where(*told).values(case_id=case_id))
        values: dict[str, object] = {"case_id": case_id}
        if row.farewell == "duplicate" and row.seen_off_at is None:
            values |= {"live": True, "farewell": None, "closed_reason": None}
        self._connection.execute(update(tickets).where(tickets.c.id == row_id).values(**values))
        self._set(case_id, rule=row.rule, tracker=row.tracker)
        return row.key if row.farewell == "duplicate" and row.seen_off_at else None

    def _lock(self, *case_ids: int) -> None:
        """Let nobody else join these cases until the transaction ends, in one order for everybody."""
        query = select(cases.c.id).where(cases.c.id.in_(case_ids)).order_by(cases.c.id)
        self._connection.execute(query.with_for_update())

    def _refuse_unfinished(self, *case_ids: int) -> None:
        """A create whose end is unknown must be found by its own case first, or its ticket would be nobody's."""
        sent = (intents.c.case_id.in_(case_ids), intents.c.kind == "create", intents.c.state == "sent")
        busy = self._connection.scalar(select(intents.c.case_id).where(*sent).limit(1))
        if busy is not None:
            raise Transient(f"case {busy} is just making its ticket; it becomes one with another after that", BUSY_S)

    def _refuse_umbrellas(self, *case_ids: int) -> None:
        """An umbrella stands for many bugs and is none itself."""
        query = select(umbrellas.c.case_id).where(umbrellas.c.case_id.in_(case_ids))
        found = self._connection.scalar(query.limit(1))
        if found is not None:
            raise Permanent(f"case {found} is an umbrella for many bugs and can become one with none of them")

    def _join_anew(self, case_id: int) -> None:
        """Forget what the issues of a case agreed on with a ticket that is no longer theirs."""
        anew = {"agreed": None, "closed_with_ticket": False, "linked_ticket": None}
        self._connection.execute(update(issues).where(issues.c.case_id == case_id).values(**anew))

    def _set(self, case_id: int, **values: object) -> None:
        self._connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
