"""What we are about to write elsewhere and must not write twice: committed before the call, closed with its result."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, case, literal, null, select, update

from worker.store.tables import fetch, insert_into, intents

Kind = Literal["create", "comment"]
State = Literal["unsent", "sent", "done"]


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


class Intents:
    """The intents in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, case_id: int, kind: Kind, occasion: str, now: datetime) -> Intent:
        """Mean a write once per case, kind and occasion: the intent there is, or a new one."""
        nonce = f"bugferry-{secrets.token_hex(8)}"
        fresh = insert_into(self._connection, intents).values(
            id=nonce, case_id=case_id, kind=kind, occasion=occasion, state="unsent", tries=0, opened_at=now
        )
        once = ["case_id", "kind", "occasion"]
        self._connection.execute(fresh.on_conflict_do_nothing(index_elements=once))
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

    def renew(self, intent: Intent, now: datetime) -> None:
        """Mean a write anew that surely never arrived: it counts as opened now."""
        self._set(intent, opened_at=now)

    def sent(self, intent: Intent, now: datetime) -> None:
        """Record, before the call, that it may arrive."""
        self._set(intent, state="sent", last_sent_at=now, tries=intents.c.tries + 1)

    def unsent(self, intent: Intent) -> None:
        """Record that the latest call surely did not arrive. An earlier one still may have: then it stays `sent`."""
        only = intents.c.tries <= 1
        self._set(
            intent,
            state=case((only, "unsent"), else_="sent"),
            last_sent_at=case((only, null()), else_=intents.c.last_sent_at),
            tries=case((only, 0), else_=intents.c.tries - 1),
        )

    def give_up(self, intent: Intent) -> None:
        """Record that no call ever arrived: it was looked for long enough, and is no longer wanted."""
        self._set(intent, state="unsent", last_sent_at=None, tries=0)

    def done(self, intent: Intent, result: str, now: datetime) -> None:
        """Close the intent with what came of it (a ticket's key, a comment's id)."""
        self._set(intent, state="done", result=result, closed_at=now)

    def _of(self, case_id: int, kind: Kind, occasion: str, nonce: str | None = None) -> list[Intent]:
        fresh = literal(value=False) if nonce is None else intents.c.id == nonce
        query = select(intents, fresh.label("fresh")).where(
            intents.c.case_id == case_id, intents.c.kind == kind, intents.c.occasion == occasion
        )
        return fetch(self._connection, query, Intent)

    def _set(self, intent: Intent, **values: object) -> None:
        """Change an intent that is not closed; what is closed stays as it ended."""
        still = (intents.c.id == intent.id, intents.c.closed_at.is_(None))
        self._connection.execute(update(intents).where(*still).values(**values))
