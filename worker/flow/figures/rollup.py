"""Keep the spells of cases up with history, in small steps: each is one short transaction."""

from datetime import datetime

from worker.flow.context import Context
from worker.store.store import Store

STEPS = 20
"""So many steps in one round: what is left then has the next."""


def roll_up(ctx: Context) -> int:
    """Do one round; it gives no hints."""
    for _ in range(STEPS):
        with ctx.store.write(now=ctx.now()) as tx:
            done = tx.rollup.refresh(ctx.now())
        if not done.more:
            break
    return 0


def catch_up(store: Store, now: datetime) -> int:
    """Fold everything that history holds; how many cases that were."""
    total = 0
    while True:
        with store.write(now=now) as tx:
            done = tx.rollup.refresh(now)
        total += done.cases
        if not done.more:
            return total
