"""What people decided about issues. It is only ever added to, and no machine goes against it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import BindParameter, Connection, bindparam, insert, or_, select

from worker.store.tables import columns_of, fetch, issues
from worker.store.tables_casebook import feedback

Kind = Literal["merge", "split", "unsaid", "not_noise", "as_judged", "open", "as_ruled"]
"""Of two issues: they are one bug; they are two (also said by refusing a suggestion); what was said is taken back.

Of one issue: it is no noise; the machine's judgement counts again; it shall have a ticket; the rules decide again.
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a person decided, about one issue or a pair of them."""

    id: int
    kind: Kind
    issue_id: str
    other_id: str | None
    who: str
    why: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What holds for a case because people said so. `wanted_by`: who wants a ticket, whatever the rules skip."""

    no_noise: bool = False
    wanted_by: str | None = None


_THESE: BindParameter[list[str]] = bindparam("issue_ids", expanding=True)
_WORDS = (
    select(*columns_of(feedback, Said))
    .where(feedback.c.issue_id.in_(_THESE), feedback.c.other_id.is_(None))
    .order_by(feedback.c.id)
)


class Feedback:
    """The decisions of people in one transaction; there is no way to change or remove one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, kind: Kind, issue_id: str, others: Collection[str], who: str, now: datetime, why: str | None = None
    ) -> None:
        """Remember what a person decided about an issue, and about each pair of it with `others`."""
        pairs: list[str | None] = [*sorted(set(others) - {issue_id})]
        rows = [
            {"kind": kind, "issue_id": issue_id, "other_id": other, "who": who, "why": why, "at": now}
            for other in pairs or [None]
        ]
        self._connection.execute(insert(feedback), rows)

    def of_issue(self, issue_id: str) -> tuple[Said, ...]:
        """Everything that was decided about an issue, in the order in which it was."""
        about = or_(feedback.c.issue_id == issue_id, feedback.c.other_id == issue_id)
        query = select(*columns_of(feedback, Said)).where(about).order_by(feedback.c.id)
        return tuple(fetch(self._connection, query, Said))

    def every(self, after: int, limit: int) -> tuple[Said, ...]:
        """All decisions in the order in which they were made, after the one with this id: one page."""
        query = select(*columns_of(feedback, Said)).where(feedback.c.id > after).order_by(feedback.c.id)
        return tuple(fetch(self._connection, query.limit(limit), Said))

    def is_no_noise(self, issue_id: str) -> bool:
        """Whether a person said that an issue is no noise, and stands by it."""
        return self.word_on([issue_id]).no_noise

    def word_on(self, issue_ids: Sequence[str]) -> Word:
        """What people's latest words about the issues of a case come to."""
        noise, ticket = dict[str, bool](), dict[str, str | None]()
        for said in fetch(self._connection, _WORDS, Said, {"issue_ids": issue_ids}):
            if said.kind in {"not_noise", "as_judged"}:
                noise[said.issue_id] = said.kind == "not_noise"
            else:
                ticket[said.issue_id] = said.who if said.kind == "open" else None
        return Word(any(noise.values()), next(filter(None, ticket.values()), None))

    def parted(self, case_id: int, issue_ids: Sequence[str]) -> bool:
        """Whether a person parted one of these issues from one of a case; of a pair the latest word holds."""
        mine = set(issue_ids)
        theirs = set(self._connection.scalars(select(issues.c.id).where(issues.c.case_id == case_id)))
        latest = {
            frozenset((said.issue_id, said.other_id)): said.kind
            for said in sorted((said for one in sorted(mine) for said in self.of_issue(one)), key=lambda said: said.id)
            if said.other_id is not None and {said.issue_id, said.other_id} & theirs
        }
        return any(kind == "split" for pair, kind in latest.items() if pair & (theirs - mine) and pair & mine)
