"""Attend to due work: claim a key, do what it asks, and leave its row saying how that went.

Keys `issue:` and `ticket:` only find their case and forward; only the holder of `case:` plans and applies.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from worker.case import CreateTicket, FollowDuplicate, NoTicket, RetireTicket
from worker.ends.retry import Held, wait_s
from worker.errors import BugferryError, Gone, LeaseLost, Moved, Permanent, Transient, UserFault
from worker.flow.actions.apply import apply
from worker.flow.actions.boards import call_for, put_on_boards
from worker.flow.actions.follow import follow
from worker.flow.actions.introduce import introduce
from worker.flow.actions.tend import tend
from worker.flow.context import Context
from worker.flow.grouping.first_sight import assign, newest, sight
from worker.flow.grouping.merge_in_sentry import merge_in_sentry
from worker.flow.grouping.second_look import look_closer
from worker.flow.lease import Lease
from worker.flow.messages.post import send
from worker.flow.messages.weekly import write_report
from worker.flow.observe import beginnings
from worker.flow.observe.before import bring_back
from worker.flow.observe.look import UNSETTLED_S, look
from worker.flow.polls.changes import older_than_we
from worker.flow.talk.converse import converse
from worker.flow.watch.maps import take_in
from worker.model import Hint, Issue
from worker.plan import plan
from worker.store.store import Tx
from worker.store.work import Claim
from worker.triage.cause import Cause

log = structlog.get_logger()

ACTIVITY = frozenset({"Sentry: error", "poll", "poll.activity"})
"""Reasons to look that say no more than that an issue goes on happening."""

HANDS_OVER = (CreateTicket, RetireTicket, FollowDuplicate)
"""What leaves the case with another ticket than the one that was looked at."""

LOOKS_AGAIN = 3
"""How often something that is gone in the middle of our work is looked at anew before it is parked."""

STUMBLES = 5
"""How often work may end in an error nobody foresaw before it is parked, so that it never holds up the rest."""


def drain(ctx: Context, *, limit: int = 1000) -> int:
    """Attend to due work until none is left, at most `limit` keys; how many it were."""
    for done in range(limit):
        # Looking first keeps idle workers out of the way of those who write.
        claims = ctx.store.claim(ctx.now(), ctx.timing.lease) if _anything_due(ctx) else []
        if not claims:
            return done
        attend(ctx.fresh(), claims[0])
    return limit


def _anything_due(ctx: Context) -> bool:
    soonest = ctx.store.soonest()
    return soonest is not None and soonest <= ctx.now()


def attend(ctx: Context, claim: Claim) -> None:
    """Do one piece of work; whatever happens, its row says so and nothing is lost."""
    ctx = replace(ctx, events={})
    lease = Lease(ctx, claim)
    if claim.stumbles >= STUMBLES:
        _park(ctx, lease, f"{STUMBLES} workers in a row died of it or stumbled over it. Please report it with the log.")
        return
    try:
        with lease.gate.watching(lease.cover):
            again_at = _do(ctx, lease)
        take_in(ctx, ctx.events or {})
        _finish(ctx, lease, again_at)
    except LeaseLost as lost:
        log.info("lease lost", key=claim.key, why=str(lost))
    except Transient as error:
        _later(ctx, lease, error)
    except Moved as moved:  # merged or renamed between our look and our call: the next look follows it
        _later(ctx, lease, Transient(f"{moved} Looking again."))
    except Gone as gone:  # deleted meanwhile: the next look finds that out, unless it is something no look asks for
        if claim.attempts >= LOOKS_AGAIN:
            _park(ctx, lease, str(gone))
        else:
            _later(ctx, lease, Transient(f"{gone} Looking again."))
    except (Permanent, UserFault) as error:
        _park(ctx, lease, str(error))
    except Exception as error:  # noqa: BLE001 - the task's edge: one poisoned item must not stop the worker
        _stumble(ctx, lease, error)


def _do(ctx: Context, lease: Lease) -> datetime | None:
    """Do what the key asks; when to look again by itself, None for never."""
    kind, _, rest = lease.claim.key.partition(":")
    match kind:
        case "issue":
            _forward_issue(ctx, lease, rest)
        case "ticket":
            _forward_ticket(ctx, lease, rest)
        case "case":
            return _settle(ctx, lease, int(rest))
        case "board":
            put_on_boards(ctx, lease, int(rest))
        case "message":
            send(ctx, lease, int(rest))
        case "report":
            week, _, lead = rest.partition(":")
            write_report(ctx, week, lead)
        case _:
            raise Permanent(f"nobody knows what to do with the key '{lease.claim.key}'")
    return None


def _forward_issue(ctx: Context, lease: Lease, issue_id: str) -> None:
    """Find the issue's case, or open one; the case's own key does the rest."""
    with ctx.store.read() as tx:
        case_id = tx.cases.of_issue(issue_id)
    issue = None if case_id else _first_sight(ctx, lease, issue_id)
    if case_id is None and issue is None:
        return
    seen = sight(issue, newest(ctx, issue)) if issue else None
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        if issue:
            case_id = assign(tx, ctx.book(), issue, seen, ctx.now())
            infrastructure = seen is not None and seen.verdict.leading is Cause.INFRASTRUCTURE
            beginnings.heard(tx, issue, infrastructure=infrastructure, now=ctx.now())
        why = lease.claim.why
        if issue is None and why not in ACTIVITY:
            bring_back(tx, issue_id)
        tx.work.push(Hint(f"case:{case_id}", why, urgent=why not in ACTIVITY), ctx.now())


def _first_sight(ctx: Context, lease: Lease, issue_id: str) -> Issue | None:
    """Read an unknown issue; None when it vanished before anyone looked, or was older than we are and only noisy."""
    try:
        issue = ctx.sentry.issue(issue_id)
    except Gone as gone:
        log.info("issue vanished before it was read", issue=issue_id, why=str(gone))
        return None
    except Moved as moved:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.work.push(Hint(f"issue:{moved.to}", "issue.merged"), ctx.now())
        return None
    if not issue.settled:
        raise Transient(f"Sentry is still moving {issue.short_id}; looking again", UNSETTLED_S)
    if lease.claim.why in ACTIVITY and older_than_we(ctx, issue):
        log.info("older than this installation and not come back: left alone", issue=issue.short_id)
        return None
    return issue


def _forward_ticket(ctx: Context, lease: Lease, rest: str) -> None:
    tracker, _, key = rest.partition(":")
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        case_id = tx.cases.of_ticket(tracker, key)
        if case_id is not None:
            tx.work.push(Hint(f"case:{case_id}", lease.claim.why), ctx.now())


def _settle(ctx: Context, lease: Lease, case_id: int) -> datetime | None:
    seen = look(ctx, lease, case_id)
    if seen is None or look_closer(ctx, lease, seen):
        return None
    if not seen.row.members and tend(ctx, lease, seen):
        return None
    todo = plan(seen.case, ctx.now())
    if todo.actions:
        names = [type(action).__name__ for action in todo.actions]
        log.info("plan", case=case_id, actions=names, why=todo.goal.why if todo.goal else lease.claim.why)
    apply(ctx, lease, seen, todo)
    if todo.goal or any(isinstance(action, HANDS_OVER) for action in todo.actions):
        _look_once_more(ctx, lease)
    else:
        introduce(ctx, lease, seen)
        converse(ctx, lease, seen)
        follow(ctx, lease, seen, todo.actions)
        call_for(ctx, lease, seen)
        merge_in_sentry(ctx, lease, seen)
    return seen.case.link.again_at if isinstance(seen.case.link, NoTicket) else None


def _look_once_more(ctx: Context, lease: Lease) -> None:
    """After a move, one more look: a person may have moved meanwhile, and nobody would tell us again."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.work.push(Hint(lease.claim.key, "after a move"), ctx.now())


# ---------------------------------------------------------------- how it went


def _record(ctx: Context, lease: Lease, write: Callable[[Tx, datetime], None]) -> None:
    """Commit how it went, unless another worker has the key by now: then it is theirs to say."""
    try:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            write(tx, ctx.now())
    except LeaseLost as lost:
        log.info("lease lost", key=lease.claim.key, why=str(lost))


def _finish(ctx: Context, lease: Lease, again_at: datetime | None) -> None:
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.work.finish(lease.claim, again_at)


def _later(ctx: Context, lease: Lease, error: BugferryError) -> None:
    wait = timedelta(seconds=wait_s(lease.claim.attempts, error))
    log.info("later", key=lease.claim.key, why=str(error), wait_s=round(wait.total_seconds(), 1))
    if isinstance(error, Held):  # not even tried: no failure to count
        _record(ctx, lease, lambda tx, now: tx.work.postpone(lease.claim, str(error), now + wait, error.service))
        return
    _record(ctx, lease, lambda tx, now: tx.work.retry(lease.claim, str(error), now + wait, waits_for=error.service))


def _park(ctx: Context, lease: Lease, reason: str) -> None:
    log.warning("parked", key=lease.claim.key, why=reason)
    _record(ctx, lease, lambda tx, now: tx.work.park(lease.claim, reason, now))


def _stumble(ctx: Context, lease: Lease, error: Exception) -> None:
    """An error nobody foresaw: tried again a few times, then parked, whatever transient trouble came before."""
    log.error("stumbled", key=lease.claim.key, stumbles=lease.claim.stumbles, exc_info=error)
    if lease.claim.stumbles + 1 >= STUMBLES:
        _park(ctx, lease, f"{STUMBLES} times in a row, an unforeseen error: {error!r}. Please report it with the log.")
        return
    wait = timedelta(seconds=wait_s(lease.claim.stumbles, Transient(repr(error))))
    _record(ctx, lease, lambda tx, now: tx.work.retry(lease.claim, repr(error), now + wait, stumbled=True))
