"""Periodic work, done once an interval however many ask for it.

Each round claims its slot in the database: two beats, a restarted one and every worker's own timer together do it once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from worker.ends.retry import Held
from worker.errors import BugferryError
from worker.flow.actions.follow import sweep_updates
from worker.flow.context import Context
from worker.flow.figures.live import keep_figures
from worker.flow.figures.rollup import roll_up
from worker.flow.messages.alerts import sweep_alerts
from worker.flow.messages.weekly import sweep_reports
from worker.flow.polls.changes import poll_sentry, poll_tickets, sweep_pairs, sweep_waiting
from worker.flow.polls.reconcile import reconcile_by_and_by, sweep_tickets
from worker.flow.polls.rethink import rethink
from worker.flow.polls.twins import sweep_twins
from worker.flow.watch.fixes import sweep_fixes
from worker.flow.watch.limits import sweep_umbrellas
from worker.flow.watch.maps import sweep_maps
from worker.flow.watch.storms import sweep_storms
from worker.store.cursors import BEAT, SLOT

log = structlog.get_logger()

ROUNDS: Mapping[str, Callable[[Context], int]] = {
    "alerts": sweep_alerts,
    "poll.sentry": poll_sentry,
    "poll.tickets": poll_tickets,
    "sweep.pairs": sweep_pairs,
    "sweep.waiting": sweep_waiting,
    "sweep.tickets": sweep_tickets,
    "sweep.twins": sweep_twins,
    "rethink": rethink,
    "sweep.umbrellas": sweep_umbrellas,
    "sweep.storms": sweep_storms,
    "sweep.maps": sweep_maps,
    "sweep.fixes": sweep_fixes,
    "sweep.updates": sweep_updates,
    "reconcile": reconcile_by_and_by,
    "reports": sweep_reports,
    "figures": keep_figures,
    "rollup": roll_up,
}
"""Name of a round and what it does; each returns how many hints it gave."""

SLOWER = {"sweep.twins": 10, "figures": 5, "sweep.fixes": 10}
"""Rounds that come once in so many poll intervals."""


def hear_beat(ctx: Context) -> None:
    """Remember that beat and the broker are alive: nothing waits for them, so nobody would notice."""
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cursors.set(BEAT, ctx.now().isoformat(timespec="seconds"))


def interval(ctx: Context, name: str) -> timedelta:
    """The time between two rounds of that name."""
    return ctx.timing.poll * SLOWER.get(name, 1)


def run_round(ctx: Context, name: str) -> int | None:
    """Do a round if its slot is still free; the number of hints, or None when it was not ours or did not get through.

    A round that fails is tried again in the next slot: whatever it would have found is still there then.
    """
    return _run_claimed(ctx, name) if name in _free(ctx, [name]) else None


def due_rounds(ctx: Context) -> list[str]:
    """Rounds whose present slot nobody took."""
    return _free(ctx, list(ROUNDS))


def _free(ctx: Context, names: Sequence[str]) -> list[str]:
    """Rounds whose present slot nobody took: looking first keeps idle workers out of the way of those who write."""
    with ctx.store.read() as tx:
        taken = tx.cursors.several([f"{SLOT}{name}" for name in names])
    return [name for name in names if taken.get(f"{SLOT}{name}") != _slot(ctx, name)]


def _run_claimed(ctx: Context, name: str) -> int | None:
    """Do a round unless somebody else has just taken its slot."""
    with ctx.store.write(now=ctx.now()) as tx:
        if not tx.cursors.claim_slot(f"{SLOT}{name}", _slot(ctx, name), latest=_slot(ctx, name, ahead=1)):
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


def run_due_rounds(ctx: Context, but: Collection[str] = ()) -> None:
    """Do every round whose slot is free, `but` some."""
    for name in _free(ctx, [name for name in ROUNDS if name not in but]):
        _run_claimed(ctx, name)
