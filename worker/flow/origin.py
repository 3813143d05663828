"""Ask Sentry which deploy brought a bug: only for mappings that name it, and never in the way of anything else."""

from worker.errors import BugferryError, LeaseLost, Permanent
from worker.flow.context import Context
from worker.model import Event, Issue
from worker.triage.release import Introduced, introduced


def origin_asked(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    """What a condition may see. `Transient` when Sentry cannot say now; None where it does not let us ask."""
    if not ctx.book().asks_deploy:
        return None
    try:
        return origin_of(ctx, issue, event)
    except Permanent:  # the token may not read releases: what is not known is null
        return None


def origin_told(ctx: Context, rule: str, issue: Issue, event: Event | None) -> Introduced | None:
    """What the ticket of a rule tells; None as well when Sentry cannot say now: a ticket does not wait for it."""
    return origin_shown(ctx, issue, event) if ctx.book().tells_deploy(rule) else None


def origin_shown(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    """What is known of it now, for text that can do without."""
    try:
        return origin_of(ctx, issue, event)
    except LeaseLost:
        raise
    except BugferryError:
        return None


def origin_of(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    """Find what brought an issue, by one call at most, whose answer is kept for some minutes."""
    if issue.first_release is None or issue.first_seen is None:
        return None
    deploys = ctx.sentry.deploys_of(issue.first_release)
    return introduced(issue, event.environment if event else None, deploys)
