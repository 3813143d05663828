"""What the machine would do if it were sure, and asks a person instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select, update

from worker.store.tables import change, fetch, insert_into, issues
from worker.store.tables_casebook import suggestions

Kind = Literal["join", "split"]
State = Literal["open", "taken", "refused"]

_mine, _theirs = issues.alias("mine"), issues.alias("theirs")
_FOUND = (
    select(
        suggestions,
        _mine.c.case_id.label("case_id"),
        _theirs.c.case_id.label("other_case_id"),
    )
    .join(_mine, _mine.c.id == suggestions.c.issue_id)
    .join(_theirs, _theirs.c.id == suggestions.c.other_id)
)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suggestion before it is kept: that two issues are one bug, or that one issue is several.

    `evidence`: `{"aligned": [[frame, frame], …]}`, or `{"clusters": [{"events": n, "told_by": text}, …]}`.
    """

    kind: Kind
    issue_id: str
    other_id: str
    score: float
    why: str
    reasons: Sequence[str]
    evidence: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion(Suggested):
    """A suggestion as it is kept, with the cases in which its two issues are now."""

    id: int
    case_id: int
    other_case_id: int
    state: State
    made_at: datetime
    settled_at: datetime | None
    settled_by: str | None


class Suggestions:
    """Suggestions in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def suggest(self, told: Suggested, now: datetime) -> bool:
        """Keep a suggestion; False when the same was made before, however that ended."""
        fresh = insert_into(self._connection, suggestions).values(
            kind=told.kind,
            issue_id=told.issue_id,
            other_id=told.other_id,
            score=round(told.score, 4),
            why=told.why,
            reasons=list(told.reasons),
            evidence=dict(told.evidence),
            state="open",
            made_at=now,
        )
        added = self._connection.scalar(fresh.on_conflict_do_nothing().returning(suggestions.c.id))
        return added is not None

    def suggestions(
        self, *, case_id: int | None = None, kind: Kind | None = None, limit: int = 100
    ) -> tuple[Suggestion, ...]:
        """What waits for a decision, the likeliest first; a join whose two issues came together by now does not.

        `case_id`: only what is about that case, on either side.
        """
        waiting = (
            suggestions.c.state == "open",
            (suggestions.c.kind == "split") | (_mine.c.case_id != _theirs.c.case_id),
        )
        query = _FOUND.where(*waiting).order_by(suggestions.c.score.desc(), suggestions.c.id)
        if case_id is not None:
            query = query.where((_mine.c.case_id == case_id) | (_theirs.c.case_id == case_id))
        if kind is not None:
            query = query.where(suggestions.c.kind == kind)
        return tuple(fetch(self._connection, query.limit(limit), Suggestion))

    def suggestion(self, number: int) -> Suggestion | None:
        """Give one suggestion, whatever became of it; None when there is no such."""
        return next(iter(fetch(self._connection, _FOUND.where(suggestions.c.id == number), Suggestion)), None)

    def settle_between(
        self, issue_ids: Sequence[str], other_ids: Sequence[str], state: State, who: str, now: datetime
    ) -> None:
        """Remember that a person's own word about these issues answers what was suggested about them."""
        one, other = suggestions.c.issue_id, suggestions.c.other_id
        between = (one.in_(issue_ids) & other.in_(other_ids)) | (one.in_(other_ids) & other.in_(issue_ids))
        asked = (suggestions.c.kind == "join", suggestions.c.state == "open", between)
        ended = {"state": state, "settled_at": now, "settled_by": who}
        self._connection.execute(update(suggestions).where(*asked).values(**ended))

    def reopen(self, numbers: Sequence[int]) -> None:
        """Ask again what a person answered and took back."""
        anew = {"state": "open", "settled_at": None, "settled_by": None}
        self._connection.execute(update(suggestions).where(suggestions.c.id.in_(numbers)).values(**anew))

    def settle(self, number: int, state: State, who: str, now: datetime) -> bool:
        """Remember how a suggestion ended; False when it was no longer open."""
        ended = {"state": state, "settled_at": now, "settled_by": who}
        return change(self._connection, suggestions, {"id": number, "state": "open"}, ended) == 1
