"""One case, one issue: the issues of a case are merged in Sentry as well, where the mapping says `merge_in_sentry`.

Whatever made them one case is decided by then: a person, or the machine at the threshold of joining by itself. It is
asked once for the same issues, and never for one that a person took apart in Sentry.
"""

from collections import defaultdict
from collections.abc import Mapping

from worker.case import Case
from worker.ends.answers import Invalid
from worker.errors import Gone, Moved, Permanent
from worker.flow.actions.once import attempt, look_for
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import casebook
from worker.model import Hint, Issue
from worker.store.intents import Intent
from worker.store.store import Tx

AT_ONCE = 50
"""Issues in one merge, so that a call's address and an occasion, which is indexed, stay short: 50 ids of 19 digits."""


def merge_in_sentry(ctx: Context, lease: Lease, seen: Seen) -> None:
    """Merge the issues of a case, those of each project, that stand alike; nothing where the mapping does not ask."""
    groups = alike(seen.case) if ctx.book().grouping.merge_in_sentry else {}
    with ctx.store.read() as tx:
        over = [one for one in tx.intents.unclosed(seen.case.id, "merge") if one.occasion not in groups]
    for intent in over:
        _close(ctx, lease, seen, intent)
    for occasion, issues in groups.items():
        _merge(ctx, lease, (seen.case.id, occasion), issues)


def alike(case: Case) -> Mapping[str, tuple[Issue, ...]]:
    """Issues of one project and status, at most 50 together, by the occasion of their merge, which names their ids.

    An open one merged into a resolved one would be a bug that nobody sees. What a person took apart in Sentry stays so.
    """
    groups = defaultdict[object, list[Issue]](list)
    for issue in sorted((member.issue for member in case.members), key=lambda one: one.id):
        if issue.unmerged_from is None:
            groups[issue.project.id, issue.status].append(issue)
    parts = (tuple(all_[at : at + AT_ONCE]) for all_ in groups.values() for at in range(0, len(all_), AT_ONCE))
    return {f"issues {' '.join(issue.id for issue in part)}": part for part in parts if len(part) > 1}


def _close(ctx: Context, lease: Lease, seen: Seen, intent: Intent) -> None:
    """Close what was meant for issues that are not apart like that any more, or is not wanted any more.

    A call whose end was not heard may have merged them: then history is told now. `Transient` while it may yet show.
    """
    ids = intent.occasion.split()[1:]
    stays = look_for(ctx, intent, lambda: _became_one(ctx, ids))
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.intents.done(intent, stays or "not apart like that any more, or not wanted", ctx.now())
        if stays:
            issues = [member for member in seen.row.members if member.id in ids]
            decided = _decided(tx, seen.case.id)
            told = casebook.merged_in_sentry(seen.case.id, issues, intent.id, decided, ctx.now())
            tx.history.add(told, ctx.now())


def _became_one(ctx: Context, ids: list[str]) -> str | None:
    """The one of these issues that another of them was merged into."""
    for one in ids:
        try:
            ctx.sentry.issue(one)
        except Moved as moved:
            if moved.to in ids:
                return moved.to
        except Gone:
            continue
    return None


def _merge(ctx: Context, lease: Lease, meant: tuple[int, str], issues: tuple[Issue, ...]) -> None:
    case_id, occasion = meant
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        intent = tx.intents.open(case_id, "merge", occasion, ctx.now())
    if intent.state == "done":
        return
    # They were read a moment ago and are still apart: an attempt whose end is not known may yet show.
    look_for(ctx, intent, lambda: None)
    if not all(_as_seen(ctx, issue) for issue in issues):
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.work.push(Hint(lease.claim.key, "moved before it was merged in Sentry"), ctx.now())
        return
    try:
        stays = attempt(ctx, lease, intent, lambda: ctx.sentry.merge(issues[0].project, [one.id for one in issues]))
    except Permanent as refusal:
        _refused(ctx, lease, intent, issues, refusal)
        return
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        tx.intents.done(intent, stays or "nothing was there", ctx.now())
        if stays:
            decided = _decided(tx, case_id)
            tx.history.add(casebook.merged_in_sentry(case_id, issues, intent.id, decided, ctx.now()), ctx.now())
        tx.work.push(Hint(lease.claim.key, "merged in Sentry"), ctx.now())


def _as_seen(ctx: Context, issue: Issue) -> bool:
    """Whether an issue still stands as it was looked at: other calls were made since, and there is no way back."""
    try:
        now = ctx.sentry.issue(issue.id)
    except (Gone, Moved):
        return False
    return _standing(now) == _standing(issue)


def _standing(issue: Issue) -> tuple[object, ...]:
    return issue.project.id, issue.status, issue.settled, issue.unmerged_from


def _refused(ctx: Context, lease: Lease, intent: Intent, issues: tuple[Issue, ...], refusal: Permanent) -> None:
    """Tell it once. What Sentry finds fault with is not asked again; what it lacks (a right) may be given later."""
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        if isinstance(refusal, Invalid):
            tx.intents.done(intent, str(refusal), ctx.now())
        else:  # nor did an earlier call arrive: its grace is over, and they are still apart
            tx.intents.give_up(intent)
        told = casebook.not_merged_in_sentry(intent.case_id, issues, intent.id, str(refusal), ctx.now())
        tx.history.add(told, ctx.now())


def _decided(tx: Tx, case_id: int) -> str:
    """What made these issues one case, in the words of history."""
    told = (one.why for one in reversed(tx.history.of_case(case_id)) if one.kind in {"case.joined", "case.merged"})
    return next(told, "they are one case")
