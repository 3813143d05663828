"""Rethink: when the mapping changes, cases that got no ticket under the old one are looked at once more, in turn."""

from worker.flow.context import Context
from worker.flow.polls.changes import BATCH, give
from worker.model import Hint

CURSOR = "rethink"

_DONE = "done"


def rethink(ctx: Context) -> int:
    """Hint at the next hundred of them; the number of hints. The mapping of the first round changes nothing."""
    digest = ctx.book().digest
    with ctx.store.read() as tx:
        told = tx.cursors.get(CURSOR)
    known, _, position = (told or f"{digest} {_DONE}").partition(" ")
    if known != digest:
        position = "0"
    hints = 0
    if position != _DONE:
        with ctx.store.read() as tx:
            page = tx.pairs.unlinked(int(position), BATCH)
        hints = give(ctx, [Hint(f"case:{row.id}", "the mapping changed") for row in page if not row.broken_reason])
        position = str(page[-1].id) if page else _DONE
    if told != f"{digest} {position}":
        with ctx.store.write(now=ctx.now()) as tx:
            tx.cursors.set(CURSOR, f"{digest} {position}")
    return hints
