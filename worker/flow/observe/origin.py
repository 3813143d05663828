"""Ask Sentry which deploy brought a bug: only for mappings that name it, and never in the way of anything else."""

from dataclasses import replace

from worker.errors import BugferryError, LeaseLost, Permanent
from worker.event import Event
from worker.flow.context import Context
from worker.model import Issue
from worker.triage.release import Introduced, introduced

SUSPECTS = 3
"""Suspect commits that are told."""


def origin_asked(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    """What a condition may see. `Transient` when Sentry cannot say now; None where it does not let us ask."""
    if not ctx.book().asks_deploy:
        return None
    try:
        return origin_of(ctx, issue, event)
    except Permanent:  # the token may not read releases: what is not known is null
        return None


def origin_told(ctx: Context, rule: str, issue: Issue, event: Event | None) -> Introduced | None:
    """What a ticket's fields may name; None as well when Sentry cannot say now: a ticket does not wait for it."""
    return _origin_now(ctx, issue, event) if ctx.book().tells_deploy(rule) else None


def origin_written(ctx: Context, rule: str, issue: Issue, event: Event | None) -> Introduced | None:
    """The same for the whole text of a ticket, which names suspect commits, too."""
    return origin_shown(ctx, issue, event) if ctx.book().tells_deploy(rule) else None


def origin_shown(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    """What is known of it now, with the commits that Sentry suspects, for text that can do without."""
    origin = _origin_now(ctx, issue, event)
    return _with_suspects(ctx, origin, issue, event) if origin and event and event.commits else origin


def _origin_now(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    try:
        return origin_of(ctx, issue, event)
    except LeaseLost:
        raise
    except BugferryError:
        return None


def _with_suspects(ctx: Context, origin: Introduced, issue: Issue, event: Event) -> Introduced:
    """Ask whose commits may have done it; only where Sentry says that it knows commits."""
    try:
        return replace(origin, suspects=ctx.sentry.suspects(issue.project, event.id)[:SUSPECTS])
    except LeaseLost:
        raise
    except BugferryError:
        return origin


def origin_of(ctx: Context, issue: Issue, event: Event | None) -> Introduced | None:
    """Find what brought an issue, by one call at most, whose answer is kept for some minutes."""
    if issue.first_release is None or issue.first_seen is None:
        return None
    deploys = ctx.sentry.deploys_of(issue.first_release)
    return introduced(issue, event.environment if event else None, deploys)
