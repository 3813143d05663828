"""What waits for a person's decision, worst first: bugs without a ticket, suggestions, collected bugs, broken links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.flow.context import Context
from worker.mapping.book import MappingBook
from worker.model import Status
from worker.store.case_rows import CaseRow, MemberRow
from worker.store.store import Tx
from worker.store.suggestions import Suggestion
from worker.store.waiting import BACK
from worker.triage.same_bug import Match, rank
from worker.triage.weighing import prepare

AT_MOST = 200
"""Cases, and suggestions, that are looked at when nobody says how many."""

NEAR = 0.10
"""Below this score a case is not near enough to be named."""


class Why(StrEnum):
    """What is to be decided about a case, in the words that people read."""

    BROKEN = "ticket taken away"
    JOIN = "same bug?"
    SPLIT = "several bugs?"
    COLLECTED = "collected"
    WAITS = "waits"
    DECLINED = "no ticket"


@dataclass(frozen=True, slots=True)
class Decision:
    """A case about which a person may decide, and everything that the decision rests on.

    `users` and `events`: of its open issues together; `since`: when the first of them was first seen; `back`: one of
    them came back or escalates; `cause` with `reasons`, the strongest first, of the issue that hurts most users.
    """

    case: CaseRow
    whys: tuple[Why, ...]
    suggestions: tuple[Suggestion, ...]
    said: str | None
    """Why it has no ticket, as it was decided."""
    users: int
    events: int
    since: datetime | None
    back: bool
    cause: str | None
    reasons: tuple[str, ...]

    @property
    def issues(self) -> tuple[MemberRow, ...]:
        """Its open issues, the one that hurts most users first."""
        return open_issues(self.case)

    @property
    def title(self) -> str:
        """What the worst of its issues says."""
        return self.issues[0].title if self.issues else ""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The case that is most alike, and the issue of it that is compared."""

    case: int
    short_id: str
    match: Match


def waiting(ctx: Context, limit: int = AT_MOST, *, everything: bool = True) -> tuple[Decision, ...]:
    """What waits for a decision, worst first: what came back, then most users hurt, then most events.

    Without `everything`, what a rule skips and what is no noise by its cause is left to the mapping.
    """
    book = ctx.book()
    with ctx.store.read() as tx:
        rows = {row.id: row for row in tx.waiting.without_ticket(makers(book), limit, everything=everything)}
        asked = _by_case(tx.casebook.suggestions(limit=max(limit, AT_MOST)))
        more = tx.waiting.of([case_id for case_id in asked if case_id not in rows])
        rows |= {row.id: row for row in more}
        found = [_decision(tx, book, row, asked.get(row.id, ())) for row in rows.values() if open_issues(row)]
    return tuple(sorted(found, key=_worst)[:limit])


def about(ctx: Context, case_id: int) -> Decision | None:
    """One case as it is now, whatever there is left to decide about it; None when it is unknown or was taken in."""
    with ctx.store.read() as tx:
        row = tx.cases.load(case_id)
        if row is None or row.merged_into is not None:
            return None
        return _decision(tx, ctx.book(), row, _by_case(tx.casebook.suggestions(case_id=case_id)).get(case_id, ()))


def nearest(ctx: Context, decision: Decision) -> Nearest | None:
    """The other case that is most alike by the newest look of its worst issue; None where nothing is."""
    with ctx.store.read() as tx:
        looks = next(filter(None, (tx.casebook.looks(issue.id) for issue in decision.issues)), ())
        if not looks:
            return None
        found = tx.casebook.candidates(decision.case.project_group, looks[-1].signature, but=decision.case.id)
        new = prepare(looks[-1].signature)
        matches = rank(new, found.cases, found.rarity, NEAR)
        best = max(matches, key=lambda one: (one.score, -one.case), default=None)
        if best is None:
            return None
        member = tx.cases.member(best.issue)
        return Nearest(best.case, member.short_id if member else best.issue, best)


def open_issues(row: CaseRow) -> tuple[MemberRow, ...]:
    """The open issues of a case, the one that hurts most users first."""
    alive = (member for member in row.members if member.status is Status.OPEN and not member.gone_at)
    return tuple(sorted(alive, key=lambda member: (-member.user_count, -member.count, member.id)))


def makers(book: MappingBook) -> tuple[str, ...]:
    """The rules that make tickets."""
    return tuple(rule.clause.name for rule in book.rules if rule.ticket)


def _by_case(suggestions: Sequence[Suggestion]) -> Mapping[int, Sequence[Suggestion]]:
    """Suggestions by the case that they ask about; of two that ask about the same two cases the likelier one."""
    found: dict[int, list[Suggestion]] = {}
    pairs = set[frozenset[int]]()
    for one in suggestions:
        pair = frozenset((one.case_id, one.other_case_id))
        if one.kind == "split" or pair not in pairs:
            found.setdefault(one.case_id, []).append(one)
        if one.kind == "join":
            pairs.add(pair)
    return found


def _decision(tx: Tx, book: MappingBook, row: CaseRow, suggestions: Sequence[Suggestion]) -> Decision:
    alive = open_issues(row)
    judged = tx.casebook.judged(alive[0].id) if alive else None
    return Decision(
        case=row,
        whys=tuple(_whys(tx, book, row, suggestions)),
        suggestions=tuple(suggestions),
        said=row.broken_reason or row.verdict,
        users=sum(member.user_count for member in alive),
        events=sum(member.count for member in alive),
        since=min((member.first_seen for member in alive if member.first_seen), default=None),
        back=any(member.substatus in BACK for member in alive),
        cause=judged.cause if judged else None,
        reasons=tuple(judged.cause_reasons or ()) if judged else (),
    )


def _whys(tx: Tx, book: MappingBook, row: CaseRow, suggestions: Sequence[Suggestion]) -> list[Why]:
    found = [Why.JOIN if one.kind == "join" else Why.SPLIT for one in suggestions]
    if row.ticket:
        return list(dict.fromkeys(found))
    if row.broken_reason:
        found.append(Why.BROKEN)
    elif tx.umbrellas.stay_of(row.id):
        found.append(Why.COLLECTED)
    elif row.verdict:
        found.append(Why.WAITS if row.rule in makers(book) else Why.DECLINED)
    return list(dict.fromkeys(found))


def _worst(decision: Decision) -> tuple[bool, int, int, int]:
    return not decision.back, -decision.users, -decision.events, decision.case.id
