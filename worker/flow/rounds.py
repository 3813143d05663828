"""Periodic work, done once an interval however many ask for it.

Each round claims its slot in the database: two beats, a restarted one and every worker's own timer together do it once.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from worker.ends.retry import Held
from worker.errors import BugferryError
from worker.flow.context import Context
from worker.flow.polls import poll_sentry, poll_tickets, sweep_pairs, sweep_waiting
from worker.flow.reconcile import reconcile_by_and_by
from worker.flow.twins import sweep_twins

log = structlog.get_logger()

ROUNDS: Mapping[str, Callable[[Context], int]] = {
    "poll.sentry": poll_sentry,
    "poll.tickets": poll_tickets,
    "sweep.pairs": sweep_pairs,
    "sweep.waiting": sweep_waiting,
    "sweep.twins": sweep_twins,
    "reconcile": reconcile_by_and_by,
}
"""Name of a round and what it does; each returns how many hints it gave."""

SLOWER = {"sweep.twins": 10}
"""Rounds that come once in so many poll intervals."""


def interval(ctx: Context, name: str) -> timedelta:
    """The time between two rounds of that name."""
    return ctx.timing.poll * SLOWER.get(name, 1)


def run_round(ctx: Context, name: str) -> int | None:
    """Do a round if its slot is still free; the number of hints, or None when it was not ours or did not get through.

    A round that fails is tried again in the next slot: whatever it would have found is still there then.
    """
    slot = _slot(ctx, name)
    with ctx.store.read() as tx:
        if tx.cursors.get(f"slot.{name}") == slot:
            return None
    with ctx.store.write(now=ctx.now()) as tx:
        if not tx.cursors.claim_slot(f"slot.{name}", slot, latest=_slot(ctx, name, ahead=1)):
            return None
    return run_now(ctx, name)


def run_now(ctx: Context, name: str) -> int | None:
    """Do a round whatever its slot says; the number of hints, or None when it did not get through."""
    try:
        return ROUNDS[name](ctx.fresh())
    except Held as closed:  # expected while a service is in trouble, which has had its alarm
        log.info("round put off", round=name, why=str(closed))
        return None
    except BugferryError as error:
        log.warning("round failed", round=name, why=str(error))
        return None


def _slot(ctx: Context, name: str, ahead: int = 0) -> str:
    """The start of the current interval, or of one `ahead`; as text it sorts in the order of time."""
    every = interval(ctx, name).total_seconds()
    return datetime.fromtimestamp((ctx.now().timestamp() // every + ahead) * every, UTC).isoformat()


def run_due_rounds(ctx: Context) -> None:
    """Do every round whose slot is free."""
    for name in ROUNDS:
        run_round(ctx, name)
