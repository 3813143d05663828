"""Later evidence: a known issue that looks otherwise is compared again, and what people decide about suggestions.

A newest event is compared when it was read anyway (a case without a ticket reads one to find its rule). A case with a
ticket has one event read for it in `EVERY`, of the issue that was not compared for longest, if it has newer events.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.errors import Permanent
from worker.flow.cases.membership import merge_cases, take_in
from worker.flow.context import Context
from worker.flow.grouping import first_sight
from worker.flow.grouping.first_sight import Sight
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import casebook
from worker.mapping.book import MappingBook
from worker.mapping.grouping import Group, Joining
from worker.model import Issue
from worker.store.case_rows import CaseRow
from worker.store.store import Tx
from worker.store.suggestions import Suggestion
from worker.triage.draw import reconsider, said_before
from worker.triage.same_bug import Join, Match, Suggest

EVERY = timedelta(days=1)
"""How often a case with a ticket has a newest event read to be compared."""


def look_closer(ctx: Context, lease: Lease, seen: Seen) -> bool:
    """Compare anew what looks otherwise than before; whether the case became part of another by that."""
    issue = _worth_it(ctx, seen)
    found = first_sight.sight(issue, first_sight.newest(ctx, issue)) if issue else None
    if issue is None or (found and _nothing_new(ctx, seen, found)):
        return False
    group = ctx.book().group_of(issue.project.slug)
    # The group's lock before the claim's row: who holds a claim may wait for nothing that its owner needs.
    with ctx.store.write() as tx:
        tx.cases.lock_group(group.name)
        tx.work.hold(lease.claim, ctx.now())
        if found is None:
            tx.casebook.signed(issue.id, ctx.now())
            return False
        gone = _compare(tx, ctx, seen.row, found, ctx.now())
        into = tx.cases.home(seen.row.id)
        first_sight.remember(tx, into, group, found, ctx.now())
        return gone


def _worth_it(ctx: Context, seen: Seen) -> Issue | None:
    """The issue whose newest event is looked at; None when nothing was read and it is not time to read."""
    there = {member.issue.id: member.issue for member in seen.case.members}
    for issue_id in ctx.events or {}:
        if issue_id in there:
            return there[issue_id]
    if seen.row.ticket is None:
        return None
    waiting = [member for member in seen.row.members if member.id in there]
    oldest = min(waiting, key=lambda member: (member.signed_at or member.observed_at, member.id), default=None)
    if oldest is None:
        return None
    issue, before = there[oldest.id], oldest.signed_at
    if before is None:
        return issue
    newer = issue.last_seen is not None and issue.last_seen > before
    return issue if newer and ctx.now() - before >= EVERY else None


def _nothing_new(ctx: Context, seen: Seen, found: Sight) -> bool:
    with ctx.store.read() as tx:
        known = tx.casebook.judged(found.issue.id)
        kept = found.signature is None or tx.casebook.knows(found.issue.id, found.signature, found.event.id)
    due = seen.row.ticket is not None or known is None or known.signed_at is None
    return kept and not due and known is not None and known.cause == found.verdict.cause


def _compare(tx: Tx, ctx: Context, row: CaseRow, found: Sight, now: datetime) -> bool:
    """Compare a look that is new; whether the case was taken in by another."""
    if found.signature is None or tx.casebook.looked_so(found.issue.id, found.signature):
        return False
    book, group = ctx.book(), ctx.book().group_of(found.issue.project.slug)
    members = tuple(member.id for member in row.members)
    matches = first_sight.ranked(tx, book, group, found.signature, (row.id, members))
    known = said_before(found.signature, (one.signature for one in tx.casebook.looks(found.issue.id)))
    alone = known and book.grouping.join is Joining.AUTO
    sure = next(iter(reconsider(matches, row.id, group.thresholds)), None) if alone else None
    other = tx.cases.load(sure.case) if sure else None
    why = first_sight.person_decides(row, other) if other else None
    if sure and other and not why:
        near = first_sight.short_id(tx, sure.issue)
        reason = f"{found.issue.short_id} looks otherwise now, and {casebook.because(sure, near)}"
        take_in(tx, row.id, other.id, reason, now, actor="bugferry")
        return True
    decision = Suggest((sure,), why) if sure and why else _asked(book, group, matches, row.id)
    if decision:
        first_sight.suggest(tx, row.id, found.issue, decision, now)
    return False


def _asked(book: MappingBook, group: Group, matches: Sequence[Match], own: int) -> Suggest | None:
    """What a person is asked about a look that joins nothing by itself; None: nothing else is likely."""
    decision = first_sight.decided(book, group, [one for one in matches if one.case != own])
    if isinstance(decision, Join):
        return Suggest((decision.match,), "this look is surely like that bug, and less like its own case")
    return decision if isinstance(decision, Suggest) else None


# ---------------------------------------------------------------- what people say


def accept(ctx: Context, number: int, who: str) -> Suggestion:
    """Do what was suggested, because a person says so; the suggestion as it stands then.

    Two cases become one. That an issue holds several bugs is only noted: nobody but Sentry can take it apart.
    `Permanent` when it was settled before, `Transient` while a case is busy.
    """
    told = _waiting(ctx, number)
    if told.kind == "join" and told.case_id != told.other_case_id:
        merge_cases(ctx, told.case_id, told.other_case_id, who)
    with ctx.store.write(now=ctx.now()) as tx:
        tx.casebook.settle(number, "taken", who, ctx.now())
    return told


def refuse(ctx: Context, number: int, who: str, why: str | None = None) -> Suggestion:
    """Remember that a suggestion is wrong: what it was about is never joined nor suggested again by the machine."""
    told, now = _waiting(ctx, number), ctx.now()
    with ctx.store.write(now=now) as tx:
        other = tx.cases.load(told.other_case_id)
        if told.kind == "join" and other:
            tx.feedback.add("split", told.issue_id, [member.id for member in other.members], who, now, why)
        tx.casebook.settle(number, "refused", who, now)
        tx.history.add(casebook.refused(told.case_id, told, who, now), now)
    return told


def not_noise(ctx: Context, issue_id: str, who: str, why: str | None = None) -> None:
    """Remember that an issue is no noise, because a person says so: it is never called that again."""
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        case_id, known = tx.cases.of_issue(issue_id), tx.casebook.judged(issue_id)
        if case_id is None or known is None:
            raise Permanent(f"issue {issue_id} is in no case: look it up with `bugferry case`")
        tx.feedback.add("not_noise", issue_id, (), who, now, why)
        tx.casebook.overrule(issue_id, "unsure" if known.cause == "noise" else known.cause)
        tx.history.add(casebook.no_noise(case_id, issue_id, known.cause, who, now), now)


def _waiting(ctx: Context, number: int) -> Suggestion:
    with ctx.store.read() as tx:
        told = tx.casebook.suggestion(number)
    if told is None or told.state != "open":
        said = "is unknown" if told is None else f"was {told.state} by {told.settled_by} already"
        raise Permanent(f"suggestion {number} {said}; list what waits with `bugferry case suggestions`")
    return told
