"""Limits: how many tickets a rule may make in a while. What is over it is collected, and called when there is room.

The count and the intent that takes a place are one transaction, in which a rule's places are given out one by one.
"""

from datetime import datetime, timedelta

from worker.case import Case, CreateTicket, NoTicket
from worker.flow.cases import umbrella
from worker.flow.context import Context
from worker.flow.observe.look import Seen
from worker.flow.observe.notes import create_intent
from worker.flow.polls.changes import give
from worker.mapping.markup import inline
from worker.mapping.policy import Limits
from worker.model import Hint, TrackerKind
from worker.store.store import Tx
from worker.store.umbrellas import NewUmbrella

AT_ONCE = 100
"""How many cases one sweep calls, looks after or hints at."""

SHOWN_AT_ONCE = 20
"""How many collected cases one sweep asks to show the ticket that stands for them; each costs Sentry two calls."""

SHOWN_UP_TO = "umbrellas.shown"
"""Name of the cursor that says up to which case that was asked."""

CALLED_FOR = timedelta(hours=1)
"""So long a case that was called keeps its place; after that others are called beside it."""


def held(ctx: Context, tx: Tx, seen: Seen, action: CreateTicket) -> bool:
    """Collect a case if its rule may make no more tickets for now; whether that was so.

    A create that may have arrived has its place, whatever the limit, and so has a ticket that a person wants. Backfill
    goes the same way.
    """
    limits = ctx.book().policy(action.rule, action.tracker).limits
    begun = tx.intents.get(seen.case.id, *create_intent(seen.row))
    if not limits.windows or (begun and begun.state == "sent"):
        return False
    if tx.feedback.word_on([member.issue.id for member in seen.case.members]).wanted_by:
        return False
    now = ctx.now()
    _one_by_one(tx, action.rule)
    full = _full(tx, action.rule, limits, now, besides=seen.case.id)
    if full is None:
        return False
    if tx.umbrellas.stay_of(seen.case.id):  # it was called, and others were quicker
        tx.umbrellas.call([seen.case.id], None)
        return True
    new = _umbrella(action, ctx.tracker(action.tracker).kind, full, now)
    return umbrella.collect(tx, seen.case.id, umbrella.open_one(tx, new, now), over(action.rule, full), now)


def foretold(ctx: Context, tx: Tx, case: Case, action: CreateTicket, ahead: int = 0) -> umbrella.Foretold | None:
    """Where a case would be collected if its ticket were made now; None where it would get one. Nothing is written.

    `ahead`: tickets of its rule that would be made before it.
    """
    limits = ctx.book().policy(action.rule, action.tracker).limits
    begun = isinstance(case.link, NoTicket) and case.link.interrupted
    if not limits.windows or begun or action.adopt_only:
        return None
    if tx.feedback.word_on([member.issue.id for member in case.members]).wanted_by:
        return None
    full = _full(tx, action.rule, limits, ctx.now(), besides=case.id, ahead=ahead)
    if full is None:
        return None
    new = _umbrella(action, ctx.tracker(action.tracker).kind, full, ctx.now())
    return umbrella.Foretold(new, "there is room below the limit")


def over(rule: str, full: str) -> str:
    """Why a case is collected. `full`: the limit in words."""
    return f"over the limit of rule “{rule}” ({full})"


def sweep_umbrellas(ctx: Context) -> int:
    """Call collected cases for which there is room, worst first, and close what collects nothing any more.

    The number of hints. A case that is called is collected on until it has its own ticket.
    """
    _tidy(ctx)
    with ctx.store.read() as tx:
        rules = tx.umbrellas.rules_waiting()
    for rule in rules:
        _call(ctx, rule)
    with ctx.store.read() as tx:
        called = tx.umbrellas.called("limit", AT_ONCE)
    hints = give(ctx, [Hint(f"case:{case_id}", "there is room below its limit") for case_id in called])
    return hints + _close_the_empty(ctx) + _show(ctx)


def _one_by_one(tx: Tx, rule: str) -> None:
    """Let nobody else take a place of this rule until the transaction ends."""
    tx.cases.lock_group(f"limit of rule {rule}")


def _full(tx: Tx, rule: str, limits: Limits, now: datetime, *, besides: int, ahead: int = 0) -> str | None:
    """The limit that is reached, in words; None while there is room."""
    for limit, span, words in limits.windows:
        if tx.umbrellas.made_since(rule, now - span, besides) + ahead >= limit:
            return f"{limit} {words}"
    return None


def _umbrella(action: CreateTicket, kind: TrackerKind, full: str, now: datetime) -> NewUmbrella:
    """One for each rule and day."""
    day = f"{now:%Y-%m-%d}"
    body = (
        f"Rule “{inline(kind, action.rule)}” makes at most {full}. The bugs that came beyond that are collected here. "
        "Each gets its own ticket as soon as the limit allows, those that hurt most users first. "
        "Closing this ticket resolves none of them."
    )
    title = f"Over the limit of rule “{action.rule}” ({full}) on {day}"
    return NewUmbrella("limit", f"rule:{action.rule} {day}", action.rule, action.tracker, title, body)


def _call(ctx: Context, rule: str) -> None:
    """Call as many as there is room for. No hint in here: whoever holds a case may be waiting for this very lock."""
    now, book = ctx.now(), ctx.book()
    limits = book.policy(rule, next(iter(book.trackers))).limits
    with ctx.store.write(now=now) as tx:
        _one_by_one(tx, rule)
        places = [limit - tx.umbrellas.made_since(rule, now - span, 0) for limit, span, _ in limits.windows]
        room = min([*places, AT_ONCE]) - tx.umbrellas.called_since(rule, now - CALLED_FOR)
        if room > 0:
            tx.umbrellas.call(tx.umbrellas.next_ones(rule, room), now)


def _tidy(ctx: Context) -> None:
    """Let those leave that got a ticket or a new home on another way."""
    with ctx.store.read() as tx:
        gone = tx.umbrellas.wanderers(AT_ONCE)
    for case_id in gone:
        with ctx.store.write(now=ctx.now()) as tx:
            umbrella.release(tx, case_id, "it has found its place on another way", ctx.now())


def _show(ctx: Context) -> int:
    """Hint at collected cases whose issues do not show in Sentry which ticket stands for them, page by page.

    Without hurry: whoever waits for a status comes first. One that cannot be shown now comes again after all others.
    """
    with ctx.store.read() as tx:
        after = tx.cursors.get(SHOWN_UP_TO) or "0"
        page = tx.pairs.unshown(ctx.trackers, int(after), SHOWN_AT_ONCE)
    following = str(page[-1]) if len(page) == SHOWN_AT_ONCE else "0"
    if following != after:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.cursors.set(SHOWN_UP_TO, following)
    return give(ctx, [Hint(f"case:{case_id}", "a ticket stands for it", urgent=False) for case_id in page])


def _close_the_empty(ctx: Context) -> int:
    closed, after = 0, 0
    while True:
        with ctx.store.read() as tx:
            page = tx.umbrellas.open_ones("limit", after, AT_ONCE)
            empty = [row.case_id for row in page if tx.umbrellas.empty(row.case_id)]
        if not page:
            return closed
        after = page[-1].case_id
        for case_id in empty:
            with ctx.store.write(now=ctx.now()) as tx:
                why = "every bug in it has its own ticket or is closed"
                closed += int(tx.umbrellas.empty(case_id) and umbrella.close(tx, case_id, why, ctx.now()))
