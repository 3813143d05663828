"""What we are about to write elsewhere and must not write twice: committed before the call, closed with its result."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from sqlalchemy import Connection, Update, bindparam, case, literal, null, select, update
from sqlalchemy.sql.base import Executable

from worker.store.tables import fetch, insert_in, intents

Kind = Literal["create", "comment", "merge"]
State = Literal["unsent", "sent", "done"]


INTRODUCTION = "introduction:"
"""How the occasion begins on which a ticket that a person linked is told what it stands for."""


def introduction(row_id: int) -> str:
    """The occasion on which the ticket of that row is told."""
    return f"{INTRODUCTION}{row_id}"


@dataclass(frozen=True, slots=True)
class Intent:
    """One write that is meant; `id` is the nonce that travels with it. `fresh` when this very call opened it.

    `tries` counts the calls that may have arrived; `last_sent_at` is when the latest call began.
    """

    id: str
    case_id: int
    kind: Kind
    occasion: str
    state: State
    opened_at: datetime
    last_sent_at: datetime | None
    tries: int
    result: str | None
    closed_at: datetime | None
    fresh: bool


_OF_OCCASION = select(intents, (intents.c.id == bindparam("nonce")).label("fresh")).where(
    intents.c.case_id == bindparam("of_case"),
    intents.c.kind == bindparam("of_kind"),
    intents.c.occasion == bindparam("of_occasion"),
)
# What is closed stays as it ended.
_CHANGING = update(intents).where(intents.c.id == bindparam("of_id"), intents.c.closed_at.is_(None))
_SENDING = _CHANGING.values(tries=intents.c.tries + 1)
_only = intents.c.tries <= 1
_UNSENDING = _CHANGING.values(
    state=case((_only, "unsent"), else_="sent"),
    last_sent_at=case((_only, null()), else_=intents.c.last_sent_at),
    tries=case((_only, 0), else_=intents.c.tries - 1),
)


@cache
def _opening(dialect: str) -> Executable:
    return insert_in(dialect, intents).on_conflict_do_nothing(index_elements=["case_id", "kind", "occasion"])


class Intents:
    """The intents in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, case_id: int, kind: Kind, occasion: str, now: datetime) -> Intent:
        """Mean a write once per case, kind and occasion: the intent there is, or a new one."""
        nonce = f"bugferry-{secrets.token_hex(8)}"
        row = {"id": nonce, "case_id": case_id, "kind": kind, "occasion": occasion, "opened_at": now}
        self._connection.execute(_opening(self._connection.dialect.name), {**row, "state": "unsent", "tries": 0})
        (intent,) = self._of(case_id, kind, occasion, nonce)
        return intent

    def get(self, case_id: int, kind: Kind, occasion: str) -> Intent | None:
        """Give the intent of an occasion; None when the write was never meant."""
        return next(iter(self._of(case_id, kind, occasion)), None)

    def by_nonce(self, nonce: str) -> Intent | None:
        """Give the intent of that id; None when it is none of ours."""
        query = select(intents, literal(value=False).label("fresh")).where(intents.c.id == nonce)
        return next(iter(fetch(self._connection, query, Intent)), None)

    def open_ones(self, limit: int) -> tuple[Intent, ...]:
        """Intents whose end is not recorded, oldest first."""
        query = select(intents, literal(value=False).label("fresh")).where(intents.c.closed_at.is_(None))
        found = fetch(self._connection, query.order_by(intents.c.opened_at, intents.c.id).limit(limit), Intent)
        return tuple(found)

    def unclosed(self, case_id: int, kind: Kind) -> tuple[Intent, ...]:
        """The intents of a case of one kind whose end is not recorded."""
        query = select(intents, literal(value=False).label("fresh")).where(intents.c.closed_at.is_(None))
        mine = query.where(intents.c.case_id == case_id, intents.c.kind == kind).order_by(intents.c.id)
        return tuple(fetch(self._connection, mine, Intent))

    def renew(self, intent: Intent, now: datetime) -> None:
        """Mean a write anew that surely never arrived: it counts as opened now."""
        self._set(_CHANGING, intent, opened_at=now)

    def sent(self, intent: Intent, now: datetime) -> None:
        """Record, before the call, that it may arrive."""
        self._set(_SENDING, intent, state="sent", last_sent_at=now)

    def unsent(self, intent: Intent) -> None:
        """Record that the latest call surely did not arrive. An earlier one still may have: then it stays `sent`."""
        self._set(_UNSENDING, intent)

    def give_up(self, intent: Intent) -> None:
        """Record that no call ever arrived: it was looked for long enough, and is no longer wanted."""
        self._set(_CHANGING, intent, state="unsent", last_sent_at=None, tries=0)

    def done(self, intent: Intent, result: str, now: datetime) -> None:
        """Close the intent with what came of it (a ticket's key, a comment's id)."""
        self._set(_CHANGING, intent, state="done", result=result, closed_at=now)

    def hand_over(self, kind: Kind, from_id: int, into_id: int, now: datetime) -> None:
        """Make what one case has not closed the other's; close it where that one has meant the very same."""
        for intent in self.unclosed(from_id, kind):
            if self.get(into_id, kind, intent.occasion):
                self.done(intent, f"case {into_id}, which took this case in, has meant the same", now)
            else:
                self._set(_CHANGING, intent, case_id=into_id)

    def _of(self, case_id: int, kind: Kind, occasion: str, nonce: str = "") -> list[Intent]:
        given = {"of_case": case_id, "of_kind": kind, "of_occasion": occasion, "nonce": nonce}
        return fetch(self._connection, _OF_OCCASION, Intent, given)

    def _set(self, statement: Update, intent: Intent, **values: object) -> None:
        self._connection.execute(statement, {"of_id": intent.id, **values})
