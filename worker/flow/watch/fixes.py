"""What took a bug away: issues that went quiet are asked for the deploy that explains it, a few at a time.

Where people closed the ticket and the rule waits for a deploy, that deploy is told when it comes (`apply`).
"""

from datetime import timedelta

import structlog

from worker.errors import Gone, Moved, Permanent
from worker.flow.context import Context
from worker.flow.services import Gate
from worker.flow.story import watch as story
from worker.model import Issue, Project
from worker.store.case_rows import MemberRow
from worker.triage.release import LEAST_QUIET, PATIENCE, Stopped, fixed_in, usually_apart

log = structlog.get_logger()

CURSOR = "fixes.after"
PAGE = 500
"""Issues that one round looks through in our own memory."""
ASKED = 5
"""Issues of which one round asks Sentry."""
FORGOTTEN = timedelta(days=60)
"""What has been quiet for so long when we first look is the past."""


def sweep_fixes(ctx: Context) -> int:
    """Ask about the issues that have gone quiet since; how many were asked about."""
    now = ctx.now()
    with ctx.store.read() as tx:
        after = tx.cursors.get(CURSOR) or ""
        page, last = tx.watches.quiet(after, now - LEAST_QUIET, PAGE)
    due = [member for member in page if _is_quiet(ctx, member)]
    for member in due[:ASKED]:
        with Gate(ctx).watching():
            _ask(ctx, member)
    next_after = due[ASKED - 1].id if len(due) > ASKED else last or ""
    if next_after != after:
        with ctx.store.write(now=now) as tx:
            tx.cursors.set(CURSOR, next_after)
    return len(due[:ASKED])


def _is_quiet(ctx: Context, member: MemberRow) -> bool:
    """Whether it has been quiet for long enough to mean something, by what we last saw of it."""
    seen = Issue(
        member.id, member.short_id, member.title, Project("", member.project_slug), count=member.count,
        first_seen=member.first_seen, last_seen=member.last_seen,
    )  # fmt: skip
    apart = usually_apart(seen)
    if apart is None or member.last_seen is None:
        return False
    quiet = ctx.now() - member.last_seen
    return max(LEAST_QUIET, PATIENCE * apart) <= quiet < FORGOTTEN


def _ask(ctx: Context, member: MemberRow) -> None:
    """Look at an issue as it is now, and tell in history what took it away. `Transient` when Sentry cannot say."""
    try:
        issue = ctx.sentry.issue(member.id)
        stopped = _stopped(ctx, issue)
    except (Gone, Moved):
        stopped = None
    except Permanent as error:  # the token may not read releases: what is not known is not told
        log.info("fixed in: Sentry does not say", issue=member.short_id, why=str(error))
        stopped = None
    last_seen = member.last_seen
    if last_seen is None:
        return
    with ctx.store.write(now=ctx.now()) as tx:
        tx.watches.asked(member.id, last_seen)
        if stopped is not None:
            case_id = tx.cases.of_issue(member.id)
            entry = story.went_quiet(case_id or member.case_id, member.id, last_seen, stopped, ctx.now())
            tx.history.add(entry, ctx.now())


def _stopped(ctx: Context, issue: Issue) -> Stopped | None:
    if issue.last_seen is None:
        return None
    event = ctx.sentry.latest_event(issue.id)
    deploys = ctx.sentry.deploys_since(issue.project, issue.last_seen - LEAST_QUIET)
    return fixed_in(issue, event.environment if event else None, deploys, ctx.now())
