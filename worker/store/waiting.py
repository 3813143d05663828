"""Which open cases have no ticket although nobody is busy with them: what a person may have to decide about."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from worker.model import Status
from worker.store.case_rows import CaseRow, read_cases
from worker.store.tables import cases, issues, tickets

BACK = ("regressed", "escalating")
"""Sentry's words for an open issue that came back, or grows."""

OPEN_QUESTION = ("noise", "unsure")
"""Causes that a rule may be wrong about."""

_OPEN = and_(issues.c.case_id == cases.c.id, issues.c.status == Status.OPEN, issues.c.gone_at.is_(None))
_HAS_TICKET = exists().where(tickets.c.case_id == cases.c.id, tickets.c.live)
_one = issues.alias()
_DOUBTFUL = exists().where(
    _one.c.case_id == cases.c.id,
    _one.c.status == Status.OPEN,
    _one.c.gone_at.is_(None),
    or_(_one.c.cause.is_(None), _one.c.cause.in_(OPEN_QUESTION)),
)


class Waiting:
    """Cases that wait, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def without_ticket(self, makers: Collection[str], limit: int, *, everything: bool = False) -> tuple[CaseRow, ...]:
        """Open cases that got no ticket, or lost it, worst first: come back, most users, most events.

        `makers`: the rules that make tickets; a case under one of them waits for something. What another rule skips
        counts when its cause is noise, unsure or unknown; `everything`: in any case.
        """
        asked = or_(
            cases.c.broken_reason.is_not(None), cases.c.rule.is_(None), cases.c.rule.in_(list(makers)), _DOUBTFUL
        )
        back = func.max(case((issues.c.substatus.in_(BACK), 1), else_=0))
        worst = (back.desc(), func.sum(issues.c.user_count).desc(), func.sum(issues.c.count).desc(), cases.c.id)
        query = (
            select(cases.c.id)
            .join(issues, _OPEN)
            .where(
                cases.c.merged_into.is_(None),
                cases.c.verdict.is_not(None) | cases.c.broken_reason.is_not(None),
                ~_HAS_TICKET,
            )
            .group_by(cases.c.id)
            .order_by(*worst)
            .limit(limit)
        )
        ids = list(self._connection.scalars(query if everything else query.where(asked)))
        return self.of(ids)

    def of(self, case_ids: Sequence[int]) -> tuple[CaseRow, ...]:
        """The cases with these ids that there are, in their order."""
        found = {row.id: row for row in read_cases(self._connection, select(cases).where(cases.c.id.in_(case_ids)))}
        return tuple(found[case_id] for case_id in case_ids if case_id in found)
