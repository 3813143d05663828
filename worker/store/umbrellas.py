"""Umbrellas and what they collect: which are open, who is in them, who may leave, and what their tickets say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql.base import Executable

from worker.model import Status
from worker.store.tables import cases, columns_of, fetch, history, insert_into, intents, issues, tickets
from worker.store.tables_umbrellas import collected, umbrellas

Kind = Literal["limit", "storm", "source_maps"]
"""Why cases are collected: a rule's limit, a storm, source maps that are missing."""

OCCASION = "umbrella"
"""Occasion of the intent that makes an umbrella's ticket."""


@dataclass(frozen=True, slots=True)
class NewUmbrella:
    """An umbrella to be opened. `about` names what it is about, once among the open ones of its kind.

    `rule` and `tracker`: by whose ticket and where its own is made; `title` plain, `body` Markdown of that tracker.
    """

    kind: Kind
    about: str
    rule: str
    tracker: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class UmbrellaRow:
    """One umbrella.

    `ended_at`: when its ticket was told that it is closed; from then on the umbrella never speaks again.
    """

    case_id: int
    kind: Kind
    about: str
    rule: str
    tracker: str
    title: str
    body: str
    opened_at: datetime
    closed_at: datetime | None
    closed_why: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StayRow:
    """One stay of a case in an umbrella. `more`: issues of the case beside the one that is listed.

    `joined_in` and `left_in`: the number of the message on the ticket that says so, 0 for its first text.
    """

    id: int
    umbrella_id: int
    case_id: int
    short_id: str
    title: str
    permalink: str | None
    more: int
    why: str
    joined_at: datetime
    called_at: datetime | None
    left_at: datetime | None
    left_why: str | None
    joined_in: int | None
    left_in: int | None


class Umbrellas:
    """The umbrellas in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------ umbrellas

    def of(self, case_id: int) -> UmbrellaRow | None:
        """Give the umbrella that a case is; None for an ordinary case."""
        return self._one(_OF_CASE, {"of_case": case_id})

    def open_of(self, kind: Kind, about: str) -> UmbrellaRow | None:
        """Give the open umbrella about something; None when there is none (any more)."""
        about_it = (umbrellas.c.kind == kind, umbrellas.c.about == about)
        return self._one(_UMBRELLAS.where(*about_it, umbrellas.c.closed_at.is_(None)))

    def latest_of(self, kind: Kind, about: str) -> UmbrellaRow | None:
        """Give the latest umbrella about something, open or closed; None when there never was one."""
        query = _UMBRELLAS.where(umbrellas.c.kind == kind, umbrellas.c.about == about)
        return self._one(query.order_by(umbrellas.c.case_id.desc()).limit(1))

    def holding(self, kind: Kind) -> tuple[UmbrellaRow, ...]:
        """Umbrellas of a kind that are open, or that some case still stays in."""
        stays = exists().where(collected.c.umbrella_id == umbrellas.c.case_id, collected.c.left_at.is_(None))
        query = _UMBRELLAS.where(umbrellas.c.kind == kind, or_(umbrellas.c.closed_at.is_(None), stays))
        return tuple(fetch(self._connection, query.order_by(umbrellas.c.case_id), UmbrellaRow))

    def open_ones(self, kind: Kind, after_case_id: int, limit: int) -> tuple[UmbrellaRow, ...]:
        """Open umbrellas of a kind, by case, after `after_case_id`."""
        given = {"of_kind": kind, "after": after_case_id, "at_most": limit}
        return tuple(fetch(self._connection, _OPEN_ONES, UmbrellaRow, given))

    def open(self, new: NewUmbrella, now: datetime) -> tuple[UmbrellaRow, bool]:
        """Give the open umbrella about something, opened now if there is none, and whether it was."""
        known = self.open_of(new.kind, new.about)
        if known:
            return known, False
        fresh_case = insert(cases).values(
            opened_at=now, project_group="", rule=new.rule, tracker=new.tracker, verdict=new.title
        )
        case_id: int = self._connection.execute(fresh_case.returning(cases.c.id)).scalar_one()
        fresh = insert_into(self._connection, umbrellas).values(case_id=case_id, opened_at=now, **asdict(new))
        once = fresh.on_conflict_do_nothing().returning(umbrellas.c.case_id)
        opened = self._connection.execute(once).first() is not None
        if not opened:  # somebody opened it between our question and our answer
            self._connection.execute(delete(cases).where(cases.c.id == case_id))
        row = self.open_of(new.kind, new.about)
        if row is None:
            raise RuntimeError(f"the umbrella about {new.about} is neither open nor could be opened")
        return row, opened

    def close(self, umbrella_id: int, why: str, now: datetime, *, ended: bool = False) -> bool:
        """Let an umbrella collect no more; False when it is closed already. `ended`: its ticket says so already."""
        still = (umbrellas.c.case_id == umbrella_id, umbrellas.c.closed_at.is_(None))
        values = {"closed_at": now, "closed_why": why, "ended_at": now if ended else None}
        return self._connection.execute(update(umbrellas).where(*still).values(**values)).rowcount > 0

    def end(self, umbrella_id: int, now: datetime) -> None:
        """Remember that its ticket was told that it is closed."""
        self._connection.execute(update(umbrellas).where(umbrellas.c.case_id == umbrella_id).values(ended_at=now))

    # ------------------------------------------------------------ stays

    def collect(self, case_id: int, umbrella_id: int, why: str, now: datetime) -> bool:
        """Let a case stay in an umbrella; False when it stays in one already, or has no issue to be listed by."""
        of_case = (issues.c.case_id == case_id, issues.c.gone_at.is_(None))
        shown = select(issues.c.short_id, issues.c.title, issues.c.permalink).where(*of_case).order_by(issues.c.id)
        first = self._connection.execute(shown.limit(1)).first()
        if first is None:
            return False
        count: int = self._connection.scalar(select(func.count()).where(*of_case)) or 1
        fresh = insert_into(self._connection, collected).values(
            umbrella_id=umbrella_id, case_id=case_id, why=why, joined_at=now, more=count - 1, **first._asdict()
        )
        once = fresh.on_conflict_do_nothing().returning(collected.c.id)
        return self._connection.execute(once).first() is not None

    def stay_of(self, case_id: int) -> StayRow | None:
        """Give the stay of a case that is collected now; None when it is in no umbrella."""
        return next(iter(fetch(self._connection, _STAY_OF, StayRow, {"of_case": case_id})), None)

    def collected(self, umbrella_id: int, after: int = 0, limit: int = 100) -> tuple[StayRow, ...]:
        """Stays in an umbrella that go on, by id, after one: a page of them."""
        query = _STAYS.where(
            collected.c.umbrella_id == umbrella_id, collected.c.left_at.is_(None), collected.c.id > after
        )
        return tuple(fetch(self._connection, query.order_by(collected.c.id).limit(limit), StayRow))

    def release(self, case_id: int, why: str, now: datetime) -> int | None:
        """End the stay of a case; the umbrella that it leaves, None when it was in none."""
        left: int | None = self._connection.scalar(_LEAVING, {"of_case": case_id, "left_at": now, "left_why": why})
        return left

    def call(self, case_ids: Sequence[int], now: datetime | None) -> None:
        """Ask collected cases to get a ticket of their own; None: ask no more."""
        still = (collected.c.case_id.in_(case_ids), collected.c.left_at.is_(None))
        self._connection.execute(update(collected).where(*still).values(called_at=now))

    def called(self, kind: Kind, limit: int) -> tuple[int, ...]:
        """Cases in umbrellas of a kind that were called and are still there, the longest called first."""
        return tuple(self._connection.scalars(_CALLED, {"of_kind": kind, "at_most": limit}))

    def called_since(self, rule: str, since: datetime) -> int:
        """How many cases over a rule's limit were called after a moment and are still there."""
        query = _in_kind(select(func.count()), "limit")
        return self._connection.scalar(query.where(umbrellas.c.rule == rule, collected.c.called_at > since)) or 0

    def rules_waiting(self) -> tuple[str, ...]:
        """Rules over whose limit open cases are collected that were not called yet."""
        return tuple(self._connection.scalars(_RULES_WAITING))

    def next_ones(self, rule: str, limit: int) -> tuple[int, ...]:
        """Open cases over a rule's limit that come next: those that hurt most users first, then the oldest."""
        hurt = select(func.max(issues.c.user_count)).where(_OF_STAY).scalar_subquery()
        born = select(func.min(issues.c.first_seen)).where(_OF_STAY).scalar_subquery()
        query = _in_kind(select(collected.c.case_id), "limit").where(
            umbrellas.c.rule == rule, collected.c.called_at.is_(None), _IS_OPEN
        )
        return tuple(self._connection.scalars(query.order_by(hurt.desc(), born, collected.c.id).limit(limit)))

    def wanderers(self, limit: int) -> tuple[int, ...]:
        """Collected cases that got a ticket or a new home on another way, or lost all their issues."""
        return tuple(self._connection.scalars(_WANDERERS, {"at_most": limit}))

    def empty(self, umbrella_id: int) -> bool:
        """Whether no open case stays in an umbrella."""
        query = select(collected.c.id).where(
            collected.c.umbrella_id == umbrella_id, collected.c.left_at.is_(None), _IS_OPEN
        )
        return self._connection.execute(query.limit(1)).first() is None

    def say(self, verdicts: Mapping[int, str]) -> None:
        """Let the verdicts of cases, by id, be these, as far as they are still collected.

        They are locked before they are asked: whoever makes a ticket for one of them ends its stay with it.
        """
        of = select(cases.c.id).where(cases.c.id.in_(verdicts)).order_by(cases.c.id)
        self._connection.execute(of.with_for_update())
        stays = exists().where(collected.c.case_id == cases.c.id, collected.c.left_at.is_(None))
        for case_id, verdict in verdicts.items():
            self._connection.execute(update(cases).where(cases.c.id == case_id, stays).values(verdict=verdict))

    # ------------------------------------------------------------ limits

    def made_since(self, rule: str, since: datetime, besides: int) -> int:
        """Tickets that a rule made since a moment, with those that are being made for other cases.

        One statement, so one view of the store: a ticket that is done in between is counted as made or as being made.
        """
        made = (
            select(func.count())
            .select_from(history)
            .where(history.c.kind == "ticket.created", history.c.occurred_at > since, history.c.rule == rule)
        )
        making = (
            select(func.count())
            .select_from(intents.join(cases, cases.c.id == intents.c.case_id))
            .where(
                intents.c.closed_at.is_(None),
                intents.c.kind == "create",
                intents.c.occasion != OCCASION,
                or_(intents.c.state == "sent", intents.c.opened_at > since),
                cases.c.rule == rule,
                cases.c.id != besides,
            )
        )
        both: int = self._connection.execute(select(made.scalar_subquery() + making.scalar_subquery())).scalar_one()
        return both

    # ------------------------------------------------------------ what the ticket says

    def latest_message(self, umbrella_id: int) -> int:
        """The number of the latest message that was composed; 0 when there is none beside the first text."""
        numbers = select(func.max(collected.c.joined_in), func.max(collected.c.left_in))
        found = self._connection.execute(numbers.where(collected.c.umbrella_id == umbrella_id)).one()
        return max((number for number in found if number is not None), default=0)

    def message(self, umbrella_id: int, number: int) -> tuple[StayRow, ...]:
        """The stays that a message speaks of, in the order of their ids."""
        said = or_(collected.c.joined_in == number, collected.c.left_in == number)
        query = _STAYS.where(collected.c.umbrella_id == umbrella_id, said)
        return tuple(fetch(self._connection, query.order_by(collected.c.id), StayRow))

    def compose(self, umbrella_id: int, number: int, limit: int) -> bool:
        """Give the news that no message tells yet, at most `limit`, to this one; False when there is no news.

        Who left before the ticket named it is not named at all.
        """
        mine = collected.c.umbrella_id == umbrella_id
        joined = and_(mine, collected.c.joined_in.is_(None), collected.c.left_at.is_(None))
        left = and_(
            mine, collected.c.left_in.is_(None), collected.c.left_at.is_not(None), collected.c.joined_in < number
        )
        told = 0
        for news, column in ((joined, "joined_in"), (left, "left_in")):
            ids = tuple(self._connection.scalars(select(collected.c.id).where(news).order_by("id").limit(limit - told)))
            told += len(ids)
            if ids:
                self._connection.execute(update(collected).where(collected.c.id.in_(ids)).values(**{column: number}))
        return told > 0

    def _one(self, query: Executable, given: Mapping[str, object] | None = None) -> UmbrellaRow | None:
        return next(iter(fetch(self._connection, query, UmbrellaRow, given)), None)


_STAYS = select(*columns_of(collected, StayRow))
_OF_STAY = issues.c.case_id == collected.c.case_id
_IS_OPEN = exists().where(_OF_STAY, issues.c.status == Status.OPEN, issues.c.gone_at.is_(None))


def _in_kind(
    query: Select[Any], kind: Kind | BindParameter[str]
) -> Select[Any]:  # columns of Core tables have no types
    """Only stays that go on, in umbrellas of that kind, whether these are open or not."""
    joined = query.join_from(collected, umbrellas, umbrellas.c.case_id == collected.c.umbrella_id)
    return joined.where(umbrellas.c.kind == kind, collected.c.left_at.is_(None))


# What every round asks is built once: building a statement takes longer than running it.
_at_most = bindparam("at_most", type_=Integer)
_UMBRELLAS = select(*columns_of(umbrellas, UmbrellaRow))
_OF_CASE = _UMBRELLAS.where(umbrellas.c.case_id == bindparam("of_case"))
_OPEN_ONES = (
    _UMBRELLAS.where(umbrellas.c.kind == bindparam("of_kind"), umbrellas.c.closed_at.is_(None))
    .where(umbrellas.c.case_id > bindparam("after"))
    .order_by(umbrellas.c.case_id)
    .limit(_at_most)
)
_STAY_OF = _STAYS.where(collected.c.case_id == bindparam("of_case"), collected.c.left_at.is_(None))
_LEAVING = (
    update(collected)
    .where(collected.c.case_id == bindparam("of_case"), collected.c.left_at.is_(None))
    .returning(collected.c.umbrella_id)
)
_CALLED = (
    _in_kind(select(collected.c.case_id), bindparam("of_kind"))
    .where(collected.c.called_at.is_not(None))
    .order_by(collected.c.called_at, collected.c.id)
    .limit(_at_most)
)
_RULES_WAITING = (
    _in_kind(select(umbrellas.c.rule), "limit")
    .where(collected.c.called_at.is_(None), _IS_OPEN)
    .distinct()
    .order_by(umbrellas.c.rule)
)
_is_live = exists().where(tickets.c.case_id == collected.c.case_id, tickets.c.live)
_has_issues = exists().where(_OF_STAY, issues.c.gone_at.is_(None))
_WANDERERS = (
    select(collected.c.case_id)
    .join(cases, cases.c.id == collected.c.case_id)
    .where(collected.c.left_at.is_(None), or_(cases.c.merged_into.is_not(None), _is_live, ~_has_issues))
    .order_by(collected.c.id)
    .limit(_at_most)
)
