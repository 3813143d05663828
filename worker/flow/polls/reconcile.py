"""Full reconciliation: every linked pair compared in batches, and every ticket that we ever made looked at once more.

For N pairs about N/100 reads a side; each difference is a hint, which the ordinary road then works off. It can stop at
any page and goes on from there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from worker.ends.ports import Tracker
from worker.errors import BugferryError
from worker.flow.context import Context
from worker.flow.polls.changes import BATCH, compare_with_sentry, give
from worker.flow.polls.twins import judge, touches
from worker.flow.services import Gate
from worker.model import Hint, Ours
from worker.store.case_rows import TicketRow

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any ticket of ours."""

DAY = timedelta(days=1)

PAGES_AT_ONCE = 10

SWEPT_AT_ONCE = 3
"""Pages of a hundred tickets that one sweep asks each tracker for: so many tickets are compared with every poll."""

_DONE, _NEXT = "done", "reconcile.next"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one side has got: `sentry` or a tracker's name. `total` None: unknown."""

    side: str
    done: int
    total: int | None
    differences: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation came to. `calls`: list calls made; `resumed`: it went on where another had stopped."""

    pairs: int
    differences: int
    calls: int
    resumed: bool


Report = Callable[[Progress], None]


def reconcile(ctx: Context, report: Report = lambda _: None, *, pages: int | None = None) -> Reconciled | None:
    """Compare everything; at most `pages` pages a side, and None when that was not enough: the next call goes on.

    `Transient` when a service stops answering on the way; the next call goes on as well.
    """
    resumed = any(_position(ctx, side) for side in _sides(ctx))
    total = Reconciled(0, 0, 0, resumed)
    whole = True
    for side in _sides(ctx):
        with Gate(ctx).watching():
            one, finished = _sentry(ctx, report, pages) if side == "sentry" else _tracker(ctx, side, report, pages)
        whole = whole and finished
        total = replace(
            total,
            pairs=max(total.pairs, one.done),
            differences=total.differences + one.differences,
            calls=total.calls + -(-one.done // BATCH) + 1,
        )
    if not whole:
        return None
    for side in _sides(ctx):
        _go_to(ctx, side, "")
    return total


def reconcile_by_and_by(ctx: Context) -> int:
    """Once a day, a few pages at a time, so that nothing else waits; how many differences were found just now."""
    with ctx.store.read() as tx:
        after = tx.cursors.get(_NEXT)
    if after and ctx.now() < datetime.fromisoformat(after) <= ctx.now() + DAY:
        return 0
    found: dict[str, int] = {}

    def note(progress: Progress) -> None:
        found[progress.side] = progress.differences

    if reconcile(ctx, note, pages=PAGES_AT_ONCE) is not None:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.cursors.set(_NEXT, (ctx.now() + DAY).isoformat())
    return sum(found.values())


def sweep_tickets(ctx: Context) -> int:
    """Compare the next few pages of the tickets that we made, round and round; the number of hints.

    That a ticket was deleted, moved to another place or transferred no poll of changes tells.
    """
    found, failed = 0, []
    for name in ctx.trackers:
        try:
            with Gate(ctx).watching():
                seen, _ = _tracker(ctx, name, lambda _: None, SWEPT_AT_ONCE, sweep=True)
            found += seen.differences
        except BugferryError as error:  # one tracker in trouble must not blind us to the others
            failed.append(error)
    if failed:
        raise failed[0]
    return found


def _sides(ctx: Context) -> list[str]:
    return ["sentry", *ctx.trackers]


def _sentry(ctx: Context, report: Report, pages: int | None) -> tuple[Progress, bool]:
    """Sentry's side, by pages of cases; whether it came to the end."""
    with ctx.store.read() as tx:
        seen = Progress("sentry", 0, tx.cases.counts().live, 0)
    position, turned = _position(ctx, "sentry"), 0
    while position != _DONE:
        if turned == pages:
            return seen, False
        with ctx.store.read() as tx:
            page = tx.pairs.linked(int(position or 0), BATCH)
        differences = compare_with_sentry(ctx, page) if page else 0
        position, turned = str(page[-1].id) if page else _DONE, turned + 1
        _go_to(ctx, "sentry", position)
        seen = replace(seen, done=seen.done + len(page), differences=seen.differences + differences)
        report(seen)
    return seen, True


def _tracker(
    ctx: Context, name: str, report: Report, pages: int | None, *, sweep: bool = False
) -> tuple[Progress, bool]:
    """A tracker's side, by pages of all tickets that we made, oldest first; what we know and do not see is hinted.

    A `sweep` keeps a position of its own, and leaves alone what no list of ours can show: it comes with every poll.
    """
    at = f"sweep.{name}" if sweep else name
    seen, position = Progress(name, 0, None, 0), _position(ctx, at)
    if position == _DONE:
        return seen, True
    after = datetime.fromisoformat(position) if position else EVER
    before: tuple[Ours, ...] = ()
    for turned, page in enumerate(ctx.tracker(name).ours(after)):
        if turned == pages:
            return seen, False
        until = max((one.ticket.created_at for one in page if one.ticket.created_at), default=after)
        missing = _missing(ctx, name, before + page, (after, until), strangers=not sweep)
        differences = _compare(ctx, ctx.tracker(name), page) + missing
        seen = replace(seen, done=seen.done + len(page), differences=seen.differences + differences)
        after, before = until, page
        _go_to(ctx, at, after.isoformat())
        report(seen)
    missing = _missing(ctx, name, before, (after, None), strangers=not sweep)
    _go_to(ctx, at, "" if sweep else _DONE)
    return replace(seen, differences=seen.differences + missing), True


def _compare(ctx: Context, tracker: Tracker, page: tuple[Ours, ...]) -> int:
    hints = 0
    for one in page:
        with ctx.store.read() as tx:
            known = tx.pairs.ticket(tracker.name, one.ticket.id)
        if known is None and one.ticket.nonce:
            hints += judge(ctx, one, touches(page))
        elif known and known.live and (known.state, known.key) != (one.ticket.state, one.ticket.key):
            hints += give(ctx, [Hint(f"case:{known.case_id}", "reconciliation")])
    return hints


def _missing(
    ctx: Context, tracker: str, page: tuple[Ours, ...], made: tuple[datetime, datetime | None], *, strangers: bool
) -> int:
    """Hint at tickets that we know and that the list does not show: deleted, moved away, or made by `strangers`."""
    shown, (after, until) = {one.ticket.id for one in page}, made
    moment = timedelta(seconds=1)
    with ctx.store.read() as tx:
        known: tuple[TicketRow, ...] = tx.pairs.tickets_made(tracker, after - moment, until)
    unseen = [row for row in known if row.vendor_id not in shown and (strangers or row.nonce)]
    return give(ctx, [Hint(f"case:{row.case_id}", "reconciliation") for row in unseen])


def _position(ctx: Context, side: str) -> str:
    with ctx.store.read() as tx:
        return tx.cursors.get(f"reconcile.{side}") or ""


def _go_to(ctx: Context, side: str, position: str) -> None:
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cursors.set(f"reconcile.{side}", position)
