"""Umbrellas: one ticket that stands for many cases. Opening, collecting, releasing, closing: each within a transaction.

An umbrella is a case without issues of its own; it never moves anything in Sentry. A collected case has no ticket of
its own until it is released. The holder of the umbrella's own `case:` key makes its ticket and says there what changed;
that the issues of a collected case show that ticket is told Sentry by the holder of that case, as it is of any ticket.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.flow.story import umbrella as story
from worker.model import Hint
from worker.store.case_rows import TicketRow
from worker.store.store import Tx
from worker.store.umbrellas import NewUmbrella

NEWS_WAIT = timedelta(seconds=30)
"""News waits so long before the ticket is told, so that much of it comes in one comment."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """Where a case would be collected instead of getting a ticket, why where that is no rule's, and what ends it."""

    umbrella: NewUmbrella
    until: str
    because: str | None = None


def open_one(tx: Tx, new: NewUmbrella, now: datetime) -> int:
    """Give the case of the open umbrella about something; it is opened now if there is none."""
    row, fresh = tx.umbrellas.open(new, now)
    if fresh:
        tx.history.add(story.opened(row, now), now)
        tx.work.push(Hint(f"case:{row.case_id}", "umbrella opened"), now)
    return row.case_id


def collect(tx: Tx, case_id: int, umbrella_id: int, why: str, now: datetime) -> bool:
    """Let a case stay in an umbrella, for this reason; False when it stays in one already, or has a ticket."""
    case, holder = tx.cases.load(case_id), tx.umbrellas.of(umbrella_id)
    if case is None or holder is None or case.ticket or not tx.umbrellas.collect(case_id, umbrella_id, why, now):
        return False
    ticket = tx.cases.ticket_of(umbrella_id)
    rule, said = case.rule or holder.rule, story.verdict(why, ticket.key if ticket else None)
    tx.cases.set_verdict(case_id, rule, said)
    tx.history.add(story.collected(case_id, rule, said, ticket.key if ticket else None, now), now)
    _news(tx, umbrella_id, now)
    return True


def release(tx: Tx, case_id: int, why: str, now: datetime) -> bool:
    """Let a case leave its umbrella, for this reason, and look at it anew; False when it is in none."""
    umbrella_id = tx.umbrellas.release(case_id, why, now)
    if umbrella_id is None:
        return False
    case = tx.cases.load(case_id)
    if case and case.ticket is None and case.merged_into is None:
        tx.cases.set_verdict(case_id, case.rule, None)
        tx.work.push(Hint(f"case:{case_id}", "released from its umbrella"), now)
    tx.history.add(story.released(case_id, why, now), now)
    _news(tx, umbrella_id, now)
    return True


def standing_for(tx: Tx, case_id: int, trackers: Collection[str]) -> TicketRow | None:
    """Give the ticket that a collected case is shown by until it has its own.

    None when nothing collects it, while there is no such ticket, and when that is in none of these trackers any more.
    """
    ticket = tx.pairs.standing_for(case_id)
    return ticket if ticket and ticket.tracker in trackers else None


def close(tx: Tx, umbrella_id: int, why: str, now: datetime) -> bool:
    """Let an umbrella collect no more; its ticket is told and closed after that. False when it is closed already."""
    if not tx.umbrellas.close(umbrella_id, why, now):
        return False
    tx.history.add(story.closed(umbrella_id, why, now), now)
    tx.work.push(Hint(f"case:{umbrella_id}", "umbrella closed"), now)
    return True


def _news(tx: Tx, umbrella_id: int, now: datetime) -> None:
    tx.work.push(Hint(f"case:{umbrella_id}", "umbrella: news", urgent=False), now, now + NEWS_WAIT)
