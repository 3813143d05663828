"""One case, one issue: the issues of a case are merged in Sentry as well, where the mapping says `merge_in_sentry`.

Whatever made them one case is decided by then: a person, or the machine at the threshold of joining by itself. It is
asked once for the same issues: what Sentry refuses, or a person takes apart again, is not asked for anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from worker.case import Case
from worker.errors import Permanent
from worker.flow import story_casebook
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.look import Seen
from worker.flow.once import attempt, look_for
from worker.model import Hint, Issue
from worker.store.store import Tx


def merge_in_sentry(ctx: Context, lease: Lease, seen: Seen) -> None:
    """Merge the issues of a case, those of each project, that stand alike; nothing where the mapping does not ask."""
    if not ctx.book().grouping.merge_in_sentry:
        return
    groups = {_occasion(issues): issues for issues in _alike(seen.case)}
    _close(ctx, lease, seen.case.id, groups)
    for issues in groups.values():
        _merge(ctx, lease, seen.case.id, issues)


def _close(ctx: Context, lease: Lease, case_id: int, groups: Collection[str]) -> None:
    """Close what was meant for issues that are not apart any more: its worker died before it heard so."""
    with ctx.store.read() as tx:
        over = [one for one in tx.intents.unclosed(case_id, "merge") if one.occasion not in groups]
    if over:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            for intent in over:
                tx.intents.done(intent, "not apart any more", ctx.now())


def _occasion(issues: Iterable[Issue]) -> str:
    return f"issues {', '.join(issue.id for issue in issues)}"


def _alike(case: Case) -> Iterable[tuple[Issue, ...]]:
    """Issues of one project and status: an open one merged into a resolved one would be a bug that nobody sees."""
    groups = defaultdict[object, list[Issue]](list)
    for member in case.members:
        groups[member.issue.project.id, member.issue.status].append(member.issue)
    return (tuple(sorted(issues, key=lambda one: one.id)) for issues in groups.values() if len(issues) > 1)


def _merge(ctx: Context, lease: Lease, case_id: int, issues: tuple[Issue, ...]) -> None:
    ids = [issue.id for issue in issues]
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        intent = tx.intents.open(case_id, "merge", _occasion(issues), ctx.now())
        told = story_casebook.merges_in_sentry(case_id, issues, intent.id, _decided(tx, case_id), ctx.now())
    if intent.state == "done":
        return
    # They were read a moment ago and are still apart: an attempt whose end is not known may yet show.
    look_for(ctx, intent, lambda: None)
    try:
        stays = attempt(ctx, lease, intent, lambda: ctx.sentry.merge(issues[0].project, ids), told)
    except Permanent as refusal:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.intents.done(intent, str(refusal), ctx.now())
            tx.history.add(story_casebook.not_merged_in_sentry(case_id, issues, str(refusal), ctx.now()), ctx.now())
        return
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.intents.done(intent, stays or "nothing was there", ctx.now())
        tx.work.push(Hint(lease.claim.key, "merged in Sentry"), ctx.now())


def _decided(tx: Tx, case_id: int) -> str:
    """What made these issues one case, in the words of history."""
    told = (one.why for one in reversed(tx.history.of_case(case_id)) if one.kind in {"case.joined", "case.merged"})
    return next(told, "they are one case")
