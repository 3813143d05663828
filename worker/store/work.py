"""What is due: one row per key, coalescing hints; the row is the lease, the retry state and the dead letter at once."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ColumnElement

from worker.errors import LeaseLost
from worker.model import Hint
from worker.store.tables import change, columns_of, fetch, insert_in, insert_into, services, work

_ERROR_CHARS = 2000

_leased = work.c.lease_token.is_not(None)
_parked = work.c.parked_at.is_not(None)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to a key until the lease runs out."""

    key: str
    token: str
    generation: int
    attempts: int
    stumbles: int
    """Unforeseen errors and dead workers in a row; after a few of them the key is parked."""
    why: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One key that is due, waiting, leased or parked."""

    key: str
    generation: int
    due_at: datetime
    hinted_due_at: datetime | None
    why: str
    lease_token: str | None
    attempts: int
    stumbles: int
    last_error: str | None
    parked_at: datetime | None
    parked_reason: str | None
    created_at: datetime
    updated_at: datetime
    waits_for: str | None
    """The service whose trouble made it wait: it is not taken while that is closed."""

    @property
    def lease_until(self) -> datetime | None:
        """When the lease runs out; None when nobody holds one."""
        return None if self.lease_token is None else self.due_at


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How many keys are in which state; every key is in exactly one."""

    due: int
    waiting: int
    leased: int
    parked: int


def _shut_out(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether the key waits for a service that is closed."""
    return exists(select(services.c.name).where(services.c.name == work.c.waits_for, services.c.until > now))


def _sooner(one: ColumnElement[datetime], other: ColumnElement[datetime] | datetime) -> ColumnElement[datetime]:
    """The earlier of two times; written out because the databases name this function differently."""
    return case((one <= other, one), else_=other)


# What every piece of work runs several times is built once: building a statement takes longer than running it.
_now = bindparam("now", type_=work.c.due_at.type)
_CLAIMABLE = (
    select(*columns_of(work, WorkRow))
    .where(work.c.due_at <= _now, ~_parked, ~_shut_out(_now))
    .order_by(work.c.due_at, work.c.key)
    .limit(bindparam("at_most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_held_by = and_(work.c.key == bindparam("of_key"), work.c.lease_token == bindparam("of_token"))
_HELD = select(work.c.key).where(_held_by).with_for_update()
_FINISHING = delete(work).where(_held_by, work.c.generation == bindparam("of_generation"), ~_parked)
_HOLDING = update(work).where(_held_by)
_GIVING_BACK = _HOLDING.values(due_at=func.coalesce(work.c.hinted_due_at, work.c.due_at))
_again_at = bindparam("again_at", type_=work.c.due_at.type)
_LOOKING_AGAIN = _HOLDING.values(due_at=_sooner(func.coalesce(work.c.hinted_due_at, _again_at), _again_at))
_RETRYING = _HOLDING.values(attempts=work.c.attempts + 1)
_BY_DUE_TIME = (
    select(*columns_of(work, WorkRow)).order_by(work.c.due_at, work.c.key).limit(bindparam("at_most", type_=Integer))
)
_LISTINGS = {None: _BY_DUE_TIME, True: _BY_DUE_TIME.where(_parked), False: _BY_DUE_TIME.where(~_parked)}
_free_from = select(func.min(work.c.due_at)).where(~_parked, work.c.waits_for.is_(None))
_held_until = (
    select(func.min(case((services.c.until > work.c.due_at, services.c.until), else_=work.c.due_at)))
    .select_from(work.outerjoin(services, services.c.name == work.c.waits_for))
    .where(~_parked, work.c.waits_for.is_not(None))
)
_SOONEST = select(_free_from.scalar_subquery(), _held_until.scalar_subquery())


@cache
def _pushing(dialect: str, *, urgent: bool) -> Executable:
    """An INSERT of a key that bumps the one that is there."""
    fresh = insert_in(dialect, work)
    new = fresh.excluded
    # Mere activity must not defeat the pause after a failure, which the service may have asked for.
    held_back = and_(work.c.last_error.is_not(None), literal(not urgent))
    wish = _sooner(func.coalesce(work.c.hinted_due_at, new.due_at), new.due_at)
    bump = {
        "generation": work.c.generation + 1,
        "due_at": case((_leased | held_back, work.c.due_at), else_=_sooner(work.c.due_at, new.due_at)),
        "hinted_due_at": case((_leased, wish), else_=null()),
        # Mere activity does not hide the better reason that is waiting already.
        "why": new.why if urgent else work.c.why,
        "updated_at": new.updated_at,
    }
    return fresh.on_conflict_do_update(index_elements=["key"], set_=bump)


class Work:
    """The work table in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def push(self, hint: Hint, now: datetime, due_at: datetime | None = None) -> None:
        """Ask for a look at `hint.key`, at `due_at` or at once; a key that is known already only comes forward.

        While the key is leased, the wish is kept for the end of the lease; while it is parked, it stays parked.
        """
        row = {"key": hint.key, "why": hint.why, "due_at": due_at or now, "created_at": now, "updated_at": now}
        statement = _pushing(self._connection.dialect.name, urgent=hint.urgent)
        self._connection.execute(statement, {**row, "generation": 1, "attempts": 0})

    def claim(self, now: datetime, lease: timedelta, limit: int, prefix: str | None) -> list[Claim]:
        """Take up to `limit` due keys, longest due first; keys that others are just taking are passed over.

        So are keys that wait for a service that is closed.

        Taking over a lease that ran out counts as an attempt: work that kills its workers must not be tried for ever.
        """
        query = _CLAIMABLE if prefix is None else _CLAIMABLE.where(work.c.key.startswith(prefix, autoescape=True))
        rows = fetch(self._connection, query, WorkRow, {"now": now, "at_most": limit})
        claims = [_claim(row, secrets.token_hex(8), now + lease) for row in rows]
        for claim in claims:
            taken = {"lease_token": claim.token, "due_at": claim.lease_until, "attempts": claim.attempts}
            self._set(claim.key, hinted_due_at=None, updated_at=now, stumbles=claim.stumbles, waits_for=None, **taken)
        return claims

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> Claim:
        """Hold the key for `lease` from `now` on. Raises `LeaseLost`."""
        self._set_held(claim, due_at=now + lease, updated_at=now)
        return replace(claim, lease_until=now + lease)

    def hold(self, claim: Claim, now: datetime | None) -> None:
        """Make sure until the end of this transaction that nobody took the key over. Raises `LeaseLost`.

        The token decides, not the clock: what was done elsewhere is better recorded late than not at all. `now` is
        kept as the holder's last sign of life.
        """
        if now is not None:
            self._set_held(claim, updated_at=now)
        elif self._connection.scalar(_HELD, _whose(claim)) is None:
            raise _lost(claim)

    def finish(self, claim: Claim, again_at: datetime | None = None) -> None:
        """Give the key back as done: it goes, unless a hint came meanwhile, or it is to be looked at `again_at`.

        A key that a person parked meanwhile stays parked. Raises `LeaseLost`.
        """
        whose = {**_whose(claim), "of_generation": claim.generation}
        if again_at is None and self._connection.execute(_FINISHING, whose).rowcount:
            return
        back = {"lease_token": None, "hinted_due_at": None, "attempts": 0, "stumbles": 0, "last_error": None}
        if again_at is None:
            self._set_held(claim, _GIVING_BACK, **back)
        else:
            self._set_held(claim, _LOOKING_AGAIN, again_at=again_at, **back)

    def retry(
        self, claim: Claim, error: str, at: datetime, *, stumbled: bool = False, waits_for: str | None = None
    ) -> None:
        """Give the key back as failed for now, due again at `at`. Raises `LeaseLost`.

        `stumbled`: by an error nobody foresaw; any other failure ends a row of those. `waits_for`: the service that
        failed it, whose recovery makes it due at once.
        """
        counted = {"stumbles": claim.stumbles + 1 if stumbled else 0}
        self._set_held(claim, _RETRYING, **_put_off(error, at, waits_for), **counted)

    def postpone(self, claim: Claim, why: str, at: datetime, waits_for: str | None) -> None:
        """Give the key back untried, due again at `at`: no failure is counted. Raises `LeaseLost`."""
        self._set_held(claim, _HOLDING, **_put_off(why, at, waits_for))

    def recall(self, service: str, now: datetime) -> int:
        """Make all keys due now that wait for this service; how many."""
        waiting = and_(work.c.waits_for == service, ~_parked)
        due_at = _sooner(work.c.due_at, literal(now, work.c.due_at.type))
        freed = update(work).where(waiting).values(waits_for=None, due_at=due_at, updated_at=now)
        return self._connection.execute(freed).rowcount

    def park(self, claim: Claim, reason: str, now: datetime) -> None:
        """Give the key back as failed for good: it waits for a person. Raises `LeaseLost`."""
        back = {"lease_token": None, "due_at": now, "hinted_due_at": None}
        self._set_held(claim, _HOLDING, parked_at=now, parked_reason=reason, updated_at=now, **back)

    def park_key(self, key: str, reason: str, now: datetime) -> None:
        """Park a key, known or not. Whoever holds it may still record what was done; then it stays parked."""
        parked = {"parked_at": now, "parked_reason": reason, "updated_at": now}
        fresh = insert_into(self._connection, work).values(
            key=key, why=reason, due_at=now, generation=1, attempts=0, created_at=now, **parked
        )
        self._connection.execute(fresh.on_conflict_do_update(index_elements=["key"], set_=parked))

    def unpark(self, key: str, now: datetime) -> bool:
        """Make a parked key due now, its failures forgotten; False when it is not parked."""
        busy = and_(_leased, work.c.due_at > now)
        freed = (
            update(work)
            .where(work.c.key == key, _parked)
            .values(
                parked_at=None,
                parked_reason=None,
                waits_for=None,
                attempts=0,
                stumbles=0,
                generation=work.c.generation + 1,
                due_at=case((busy, work.c.due_at), else_=now),
                hinted_due_at=case((busy, now), else_=null()),
                updated_at=now,
            )
        )
        return self._connection.execute(freed).rowcount == 1

    def get(self, key: str) -> WorkRow | None:
        """One key; None when nothing is known of it, which means that nothing is left to do."""
        found = fetch(self._connection, select(*columns_of(work, WorkRow)).where(work.c.key == key), WorkRow)
        return found[0] if found else None

    def listing(self, parked: bool | None, limit: int) -> tuple[WorkRow, ...]:
        """Keys by due time, soonest first; only the parked (True), only the others (False) or both (None)."""
        return tuple(fetch(self._connection, _LISTINGS[parked], WorkRow, {"at_most": limit}))

    def parked_since(self, since: datetime, limit: int) -> tuple[WorkRow, ...]:
        """Keys that were parked after `since`, in that order."""
        query = select(*columns_of(work, WorkRow)).where(work.c.parked_at > since)
        return tuple(fetch(self._connection, query.order_by(work.c.parked_at, work.c.key).limit(limit), WorkRow))

    def counts(self, now: datetime) -> WorkCounts:
        """Count the keys by state; a lease that ran out counts as due, what waits for a closed service as waiting."""
        due = and_(work.c.due_at <= now, ~_shut_out(now))
        states = {
            "due": and_(~_parked, due),
            "waiting": and_(~_parked, ~due, ~_leased),
            "leased": and_(~_parked, ~due, _leased),
            "parked": _parked,
        }
        counted = select(*(func.count(case((state, 1))).label(name) for name, state in states.items()))
        return fetch(self._connection, counted, WorkCounts)[0]

    def soonest(self) -> datetime | None:
        """Since when, or from when on, the first key can be claimed; None when there is none to wait for."""
        return min((at for at in self._connection.execute(_SOONEST).one() if at), default=None)

    def next_due(self, now: datetime) -> datetime | None:
        """When the next key can be claimed: `now` when one can be at once, None when there is none to wait for."""
        soonest = self.soonest()
        return None if soonest is None else max(soonest, now)

    def _set(self, key: str, **values: object) -> None:
        change(self._connection, work, {"key": key}, values)

    def _set_held(self, claim: Claim, statement: Update = _HOLDING, **values: object) -> None:
        """Change the row of a claim that stands. Raises `LeaseLost`."""
        if not self._connection.execute(statement, {**_whose(claim), **values}).rowcount:
            raise _lost(claim)


def _whose(claim: Claim) -> dict[str, object]:
    return {"of_key": claim.key, "of_token": claim.token}


def _put_off(why: str, at: datetime, waits_for: str | None) -> dict[str, object]:
    back = {"lease_token": None, "due_at": at, "hinted_due_at": None, "waits_for": waits_for}
    return {"last_error": why[:_ERROR_CHARS], **back}


def _claim(row: WorkRow, token: str, until: datetime) -> Claim:
    died = row.lease_token is not None
    return Claim(row.key, token, row.generation, row.attempts + died, row.stumbles + died, row.why, until)


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(f"{claim.key} is no longer held by this worker; it stops here and writes nothing")
