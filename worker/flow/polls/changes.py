"""Polls: hints for whatever changed since we last asked, so that a delivery which never arrived is made good.

Positions are told by each service's own clock: ours may differ.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from worker.ends.ports import Tracker
from worker.errors import BugferryError, Permanent
from worker.flow.context import Context
from worker.flow.services import Gate
from worker.model import Hint, Issue, Status, Stirred, TrackerKind
from worker.store.case_rows import CaseRow, MemberRow

OVERLAP = timedelta(minutes=3)
"""Asked for again each time: longer than indexes lag. A repeated hint costs one look at a mirror."""

BATCH = 100
"""Rows that one call of Sentry's list returns."""

ROUND_PAGES = 5
"""Pages of cases with a closed ticket, and of cases with none, that one sweep looks at; the next one goes on there."""

STRAYS = 50
"""Tickets outside of their tracker's place that one poll reads; no list of that place tells of them."""

SAME_MOMENT = timedelta(seconds=5)
"""Read so soon after its last change, a ticket may have changed again: GitHub tells the time in whole seconds."""

LOOK_BACK = timedelta(days=1)
"""How far the first poll of a tracker looks back: only our own tickets are hinted at, so too far does no harm."""

CONTACT = "first_contact"
"""Cursor: when this installation first looked. Older issues come in only when they come back, or by backfill."""

COME_BACK = frozenset({"new", "regressed", "escalating"})


def poll_sentry(ctx: Context) -> int:
    """Hint at issues with new activity. The first poll only marks where to begin; the number of hints."""
    with Gate(ctx).watching():
        since, started = _since(ctx, "poll.sentry"), ctx.sentry.now()
        hints = 0
        if since is None:
            _remember(ctx, CONTACT, started)
        else:
            for page in ctx.sentry.active_since(min(since, started) - OVERLAP):
                hints += give(ctx, [hint for issue in page if (hint := _news(ctx, issue))])
        _remember(ctx, "poll.sentry", started)
    return hints


def poll_tickets(ctx: Context) -> int:
    """Hint at our tickets that changed, tracker by tracker; the number of hints."""
    hints, failed = 0, []
    for name, tracker in ctx.trackers.items():
        try:
            hints += _poll_tracker(ctx, name, tracker)
        except BugferryError as error:  # one tracker in trouble must not blind us to the others
            failed.append(error)
    if failed:
        raise failed[0]
    return hints


def _poll_tracker(ctx: Context, name: str, tracker: Tracker) -> int:
    """The position is the latest change seen: while nothing changes, the very same question is asked again."""
    since = latest = _since(ctx, f"poll.tickets.{name}") or ctx.now() - LOOK_BACK
    with Gate(ctx).watching():
        hints = 0
        for page in tracker.changed_since(since - OVERLAP):
            latest = max([latest, *(one.at for one in page)])
            hints += give(ctx, [Hint(f"ticket:{name}:{one.key}", "poll") for one in page if _ours(ctx, name, one)])
    _remember(ctx, f"poll.tickets.{name}", latest)
    return hints + give(ctx, [Hint(f"case:{case_id}", "poll") for case_id in _strays(ctx, tracker)])


def sweep_pairs(ctx: Context) -> int:
    """Hint at cases whose rows in Sentry differ from our mirror: what moves without an event.

    Those with an open ticket each time; of those with a closed one, or none, some pages, round and round.
    """
    with Gate(ctx).watching():
        hints, after = 0, 0
        while page := _linked(ctx, after, done=False):
            hints, after = hints + compare_with_sentry(ctx, page), page[-1].id
        return (
            hints
            + _round_and_round(ctx, "closed", partial(_linked, ctx, done=True))
            + _round_and_round(ctx, "unlinked", partial(_unlinked, ctx))
        )


def _round_and_round(ctx: Context, name: str, pages: Callable[[int], tuple[CaseRow, ...]]) -> int:
    """Compare the next few pages, from the beginning again after the last; the number of hints."""
    hints, after = 0, int(_read(ctx, f"sweep.{name}") or 0)
    for _ in range(ROUND_PAGES):
        page = pages(after)
        if not page:
            after = 0
            break
        hints, after = hints + compare_with_sentry(ctx, page), page[-1].id
    _write(ctx, f"sweep.{name}", str(after))
    return hints


def sweep_waiting(ctx: Context) -> int:
    """Hint at every case whose sides differ on purpose: what it waits for may have happened."""
    hints, after = 0, 0
    while True:
        with ctx.store.read() as tx:
            page = tx.pairs.waiting(after, BATCH)
        if not page:
            return hints
        after = page[-1].id
        hints += give(ctx, [Hint(f"case:{row.id}", "still waiting?") for row in page])


def older_than_we(ctx: Context, issue: Issue) -> bool:
    """Whether an unknown issue was there before us and has not come back since: first contact is gentle."""
    contact = _since(ctx, CONTACT)
    latest = max((at for at in (issue.first_seen, issue.moved_at) if at), default=None)
    return bool(contact and latest and latest < contact - OVERLAP)


def compare_with_sentry(ctx: Context, page: tuple[CaseRow, ...]) -> int:
    """Hint at the cases of a page that say something else in Sentry than in our mirror; the number of hints."""
    return give(ctx, [Hint(f"case:{case_id}", "sweep") for case_id in sorted(moved_in_sentry(ctx, page))])


def moved_in_sentry(ctx: Context, page: tuple[CaseRow, ...]) -> set[int]:
    """The cases of a page that say something else in Sentry than in our mirror: one call for a hundred issues."""
    members = [m for row in page for m in row.members if not m.gone_at]
    rows = {issue.id: issue for issue in _rows(ctx, [m.short_id for m in members])}
    return {m.case_id for m in members if _differs(rows.get(m.id), m)}


def give(ctx: Context, hints: list[Hint]) -> int:
    """Make hints due, those of mere activity after a while; how many they were."""
    if hints:
        with ctx.store.write(now=ctx.now()) as tx:
            for hint in hints:
                tx.work.push(hint, ctx.now(), None if hint.urgent else ctx.now() + ctx.timing.hold)
    return len(hints)


def _news(ctx: Context, issue: Issue) -> Hint | None:
    """An issue worth a look: new or come back, or ours and changed."""
    with ctx.store.read() as tx:
        member = tx.cases.member(issue.id)
    if member is None:
        worth = issue.status is Status.OPEN and (issue.substatus in COME_BACK or not older_than_we(ctx, issue))
        return Hint(f"issue:{issue.id}", "poll") if worth else None
    if _differs(issue, member):
        return Hint(f"issue:{issue.id}", "poll")
    return None if issue.last_seen == member.last_seen else Hint(f"issue:{issue.id}", "poll.activity", urgent=False)


def _differs(seen: Issue | None, member: MemberRow) -> bool:
    """Whether a row says something else than our mirror; a missing row (deleted, merged, renamed) does."""
    if seen is None or not seen.settled:
        return seen is None
    noted = seen.note_count is not None and member.note_count is not None and seen.note_count != member.note_count
    looks, looked = (seen.status, seen.substatus, seen.assignee), (member.status, member.substatus, member.assignee)
    ranked = seen.priority is not None and seen.priority != member.priority
    return looks != looked or noted or ranked


def _rows(ctx: Context, short_ids: list[str]) -> Iterable[Issue]:
    """The rows of these issues. Sentry refuses a whole list for one id it does not know: then by halves."""
    try:
        yield from ctx.sentry.rows(short_ids[:BATCH])
    except Permanent:
        half = len(short_ids[:BATCH]) // 2
        for part in (short_ids[:half], short_ids[half:BATCH]) if half else ():
            yield from _rows(ctx, part)
    if len(short_ids) > BATCH:
        yield from _rows(ctx, short_ids[BATCH:])


def _linked(ctx: Context, after: int, *, done: bool) -> tuple[CaseRow, ...]:
    with ctx.store.read() as tx:
        return tx.pairs.linked(after, BATCH, done=done)


def _unlinked(ctx: Context, after: int) -> tuple[CaseRow, ...]:
    with ctx.store.read() as tx:
        return tx.pairs.unlinked(after, BATCH)


def _strays(ctx: Context, tracker: Tracker) -> tuple[int, ...]:
    prefix = f"{tracker.place}-" if tracker.kind is TrackerKind.JIRA else None
    with ctx.store.read() as tx:
        return tx.pairs.strays(tracker.name, prefix, STRAYS)


def _ours(ctx: Context, tracker: str, changed: Stirred) -> bool:
    """Whether it is a ticket of ours that we have not seen like this yet."""
    with ctx.store.read() as tx:
        row = tx.pairs.ticket_by_key(tracker, changed.key)
    if row is None:
        return False
    unsure = row.observed_at < changed.at + SAME_MOMENT
    return row.changed_at is None or changed.at > row.changed_at or unsure


def _since(ctx: Context, name: str) -> datetime | None:
    value = _read(ctx, name)
    return datetime.fromisoformat(value) if value else None


def _remember(ctx: Context, name: str, moment: datetime) -> None:
    _write(ctx, name, moment.isoformat())


def _read(ctx: Context, name: str) -> str | None:
    with ctx.store.read() as tx:
        return tx.cursors.get(name)


def _write(ctx: Context, name: str, value: str) -> None:
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cursors.set(name, value)
