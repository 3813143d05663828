"""Twins: a second ticket for one intent, made because an index lagged longer than anybody waits; found and closed.

The ticket that people touched stays, else the older one.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from worker.ends.ports import Tracker
from worker.errors import BugferryError, Permanent, Transient
from worker.flow.cases.membership import reserve
from worker.flow.context import Context
from worker.flow.services import Gate
from worker.flow.story import cases as story
from worker.model import Hint, Ours
from worker.store.case_rows import TicketRow
from worker.store.store import Tx

log = structlog.get_logger()

LOOK_BACK = timedelta(days=1)
"""How far back a sweep looks for twins: longer than any lag; full reconciliation looks at everything."""


def sweep_twins(ctx: Context) -> int:
    """Look through the tickets that we made of late for some that no case knows; how many were found."""
    found, failed = 0, []
    for tracker in ctx.trackers.values():
        try:
            found += _sweep(ctx, tracker)
        except BugferryError as error:  # one tracker in trouble must not blind us to the others
            failed.append(error)
    if failed:
        raise failed[0]
    return found


def _sweep(ctx: Context, tracker: Tracker) -> int:
    found, touched = 0, dict[str, bool]()
    with Gate(ctx).watching():
        for page in tracker.ours(ctx.now() - LOOK_BACK):
            touched |= touches(page)
            found += sum(judge(ctx, one, touched) for one in page if _unknown(ctx, one))
    return found


def touches(page: tuple[Ours, ...]) -> dict[str, bool]:
    """Which tickets of a page people have acted on, by the vendor's id."""
    return {one.ticket.id: one.touched for one in page}


def judge(ctx: Context, one: Ours, touched: Mapping[str, bool]) -> int:
    """Give a ticket of ours that no case knows to the case whose intent it carries; 1 when that was done, else 0.

    A create whose end is still looked for adopts it by itself, and marks of other installations are left alone. The
    ticket itself is asked, for a list may be stale: one that was transferred is known under its new id.
    """
    try:
        there = replace(one, ticket=ctx.tracker(one.ticket.tracker).read(one.ticket.key))
        if not _unknown(ctx, there):
            return 0
        with ctx.store.write(now=ctx.now()) as tx:
            return int(_take(tx, there, touched, ctx.now()))
    except (Transient, Permanent) as later:
        log.info("twin left for the next sweep", ticket=one.ticket.key, why=str(later))
        return 0


def _unknown(ctx: Context, one: Ours) -> bool:
    with ctx.store.read() as tx:
        return one.ticket.nonce is not None and tx.pairs.ticket(one.ticket.tracker, one.ticket.id) is None


def _stays(live: TicketRow, twin: Ours, touched: Mapping[str, bool]) -> bool:
    """Whether the live ticket stays: the one that people touched does, else the older."""
    touched_live = touched.get(live.vendor_id, False)
    if touched_live != twin.touched:
        return touched_live
    made = twin.ticket.created_at
    return made is None or (live.created_at, _rank(live.vendor_id)) <= (made, _rank(twin.ticket.id))


def _rank(vendor_id: str) -> tuple[int, str]:
    """Ids are given out in order: they tell which came first within the second that GitHub tells."""
    return len(vendor_id), vendor_id


def _take(tx: Tx, one: Ours, touched: Mapping[str, bool], now: datetime) -> bool:
    intent = tx.intents.by_nonce(one.ticket.nonce or "")
    if intent is None or intent.kind != "create":
        return False
    case_id = tx.cases.home(intent.case_id)
    reserve(tx, case_id, now)
    row = tx.cases.load(case_id)
    if row is None or row.ticket is None or row.goal:
        return False
    reason = f"{one.ticket.key} was made twice for one bug; {row.ticket.key} was there as well"
    if _stays(row.ticket, one, touched):
        tx.cases.add_past(case_id, one.ticket, row.ticket.rule, intent.id, reason, now)
    else:
        tx.cases.retire(case_id, reason, "duplicate")
        tx.cases.add_ticket(case_id, one.ticket, row.ticket.rule, intent.id, row.ticket.agreed, now)
    tx.history.add(story.twin_found(case_id, one.ticket.key, reason, now), now)
    tx.work.push(Hint(f"case:{case_id}", "twin found"), now)
    log.warning("a twin was found and will be closed", case=case_id, ticket=one.ticket.key, live=row.ticket.key)
    return True
