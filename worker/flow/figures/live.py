"""Figures for dashboards: computed by one worker now and then, for whoever is scraped."""

from collections.abc import Mapping

from worker.flow.context import Context
from worker.flow.figures.rollup import catch_up
from worker.metrics.live import NEEDED, live
from worker.store.live import Kept
from worker.store.rollup import SETTLED


def keep_figures(ctx: Context) -> int:
    """Compute the figures of the last seven days and keep them; it gives no hints."""
    now = ctx.now()
    catch_up(ctx.store, now)
    with ctx.store.read() as tx:
        before = tx.live.kept()
        found = live(tx.spells.columns(now - NEEDED), now)
        # History is never changed: only what was recorded since is counted, once it is sure to be all there.
        fresh, upto = tx.history.kinds_after(before.upto if before else 0, now - SETTLED)
    told = Kept(
        at=now,
        values={name: figure.value for name, figure in found.figures.items() if figure.value is not None},
        parts={name: dict(figure.parts) for name, figure in found.figures.items()},
        by_project={"backlog": found.backlog, "intake": found.intake, "fixed": found.fixed},
        moves=_added(before.moves if before else {}, fresh),
        upto=upto,
    )
    with ctx.store.write(now=now) as tx:
        tx.live.keep(told)
    return 0


def _added(known: Mapping[str, int], fresh: Mapping[str, int]) -> Mapping[str, int]:
    return {kind: known.get(kind, 0) + fresh.get(kind, 0) for kind in {**known, **fresh}}
