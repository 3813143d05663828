"""Polls: hints for whatever changed since we last asked, so that a delivery which never arrived is made good."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from worker.ends.ports import Tracker
from worker.errors import BugferryError, Permanent
from worker.flow.context import Context
from worker.model import Hint, Issue, Status
from worker.store.case_rows import MemberRow

OVERLAP = timedelta(minutes=3)
"""Asked for again each time: longer than clocks differ and indexes lag. A repeated hint costs one look at a mirror."""

BATCH = 100
"""Rows that one call of Sentry's list returns."""

CONTACT = "first_contact"
"""Cursor: when this installation first looked. Older issues come in only when they come back, or by backfill."""

COME_BACK = frozenset({"new", "regressed", "escalating"})


def poll_sentry(ctx: Context) -> int:
    """Hint at issues with new activity. The first poll only marks where to begin; the number of hints."""
    since, started = _since(ctx, "poll.sentry"), ctx.now()
    hints = 0
    if since is None:
        _remember(ctx, CONTACT, started)
    else:
        for page in ctx.sentry.active_since(since - OVERLAP):
            hints += _give(ctx, [hint for issue in page if (hint := _news(ctx, issue))])
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
    since, started, hints = _since(ctx, f"poll.tickets.{name}"), ctx.now(), 0
    for keys in tracker.changed_since(since - OVERLAP) if since else ():
        hints += _give(ctx, [Hint(f"ticket:{name}:{key}", "poll") for key in keys if _ours(ctx, name, key)])
    _remember(ctx, f"poll.tickets.{name}", started)
    return hints


def sweep_pairs(ctx: Context) -> int:
    """Hint at every linked case whose rows in Sentry differ from our mirror: what moves without an event."""
    hints, after = 0, 0
    while True:
        with ctx.store.read() as tx:
            page = tx.cases.live_pairs(after, BATCH)
        if not page:
            return hints
        after = page[-1].id
        members = [m for row in page for m in row.members if not m.gone_at]
        rows = {issue.id: issue for issue in _rows(ctx, [m.short_id for m in members])}
        moved = {m.case_id for m in members if _differs(rows.get(m.id), m)}
        hints += _give(ctx, [Hint(f"case:{case_id}", "sweep") for case_id in sorted(moved)])


def older_than_we(ctx: Context, issue: Issue) -> bool:
    """Whether an unknown issue was there before us and has not come back since: first contact is gentle."""
    with ctx.store.read() as tx:
        contact = tx.cursors.get(CONTACT)
    latest = max((at for at in (issue.first_seen, issue.moved_at) if at), default=None)
    return bool(contact and latest and latest < datetime.fromisoformat(contact) - OVERLAP)


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
    """Whether a row says something else than our mirror; a missing row (deleted, merged) does."""
    return seen is None or (seen.settled and seen.status is not member.status)


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


def _ours(ctx: Context, tracker: str, key: str) -> bool:
    with ctx.store.read() as tx:
        return tx.cases.of_ticket(tracker, key) is not None


def _give(ctx: Context, hints: list[Hint]) -> int:
    if hints:
        with ctx.store.write(now=ctx.now()) as tx:
            for hint in hints:
                tx.work.push(hint, ctx.now(), None if hint.urgent else ctx.now() + ctx.timing.hold)
    return len(hints)


def _since(ctx: Context, name: str) -> datetime | None:
    with ctx.store.read() as tx:
        value = tx.cursors.get(name)
    return datetime.fromisoformat(value) if value else None


def _remember(ctx: Context, name: str, moment: datetime) -> None:
    with ctx.store.write(now=ctx.now()) as tx:
        tx.cursors.set(name, moment.isoformat())
