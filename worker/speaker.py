"""Who moved since both sides last agreed, and who speaks when both did. Pure."""

from datetime import datetime, timedelta

from worker.case import Case, Live, Member, Settled
from worker.mapping.policy import OnRegression
from worker.model import Fixed, Issue, Resolve, Side, Status, Winner

TOO_CLOSE = timedelta(seconds=5)
"""Two clocks that differ by less say nothing about who was first."""


def aggregate(statuses: list[Status]) -> Status:
    """Open if any is open; resolved if none is open and at least one is resolved; else ignored."""
    return next((s for s in (Status.OPEN, Status.RESOLVED) if s in statuses), Status.IGNORED)


def sentry_says(case: Case) -> Status:
    """The one status of all members together."""
    return aggregate([m.issue.status for m in case.members])


def tracker_says(case: Case, link: Live) -> Status:
    """The ticket's state in our words, as the rule reads it."""
    return case.policy.status.read(link.ticket.state)


def reopens(member: Member) -> bool:
    """Whether this issue is open and was not open when both sides last agreed about it."""
    return member.issue.status is Status.OPEN and member.agreed is not Status.OPEN


def sentry_moved(case: Case, link: Live) -> bool:
    """Whether a member moved, or an open one joined a ticket that was closed (a regression in another place)."""
    closed = link.agreed is not Status.OPEN
    return any(m.issue.status != m.agreed if m.agreed else closed and reopens(m) for m in case.members)


def both_moved(case: Case) -> bool:
    """Whether it matters who moved last, so that the caller fetches when each did."""
    link = case.link
    return (
        isinstance(link, Live)
        and not case.goal
        and sentry_moved(case, link)
        and tracker_says(case, link) != link.agreed
    )


def speaker(case: Case, link: Live) -> Side | None:
    """The side whose word counts now; None when both say what they said before."""
    tracker_moved = tracker_says(case, link) != link.agreed
    match sentry_moved(case, link), tracker_moved:
        case True, True:
            return _winner(case, link)
        case True, False:
            return Side.SENTRY
        case False, True:
            return Side.TRACKER
        case _:
            return None


def differ(case: Case, link: Live) -> bool:
    """Whether the ticket says something else than Sentry, or than it would if it were told what Sentry says."""
    return tracker_says(case, link) not in _same(case, sentry_says(case))


def _same(case: Case, sentry: Status) -> set[Status]:
    """What a ticket may say that means the same; two things only where writing is one-way."""
    return {sentry, case.policy.status.echo(sentry)}


def followers(case: Case, to: Status) -> tuple[Member, ...]:
    """Those whom the ticket speaks for: a closing takes the open ones along, a reopening those it had closed."""
    differing = tuple(m for m in case.members if m.issue.status != to)
    along = Status.RESOLVED if to is Status.OPEN else Status.OPEN
    ours = tuple(m for m in differing if m.closed_with_ticket)
    if to is Status.OPEN and ours:
        return ours
    return tuple(m for m in differing if m.issue.status is along or m in ours) or differing


def on_regression(case: Case, link: Live, now: datetime) -> OnRegression | None:
    """What becomes of the closed ticket whose bug came back; None when it did not."""
    if not differ(case, link) or speaker(case, link) is not Side.SENTRY or sentry_says(case) is not Status.OPEN:
        return None
    return case.policy.regression.after(now - link.done_since if link.done_since else None)


def fixed_in(case: Case, member: Member) -> Fixed:
    """From which release on a member counts as resolved."""
    how = case.policy.resolve.how
    return case.deployed.get(member.issue.id, Fixed()) if how is Resolve.ON_DEPLOY else Fixed(how)


def settled_as(member: Member, status: Status, *, closing: bool) -> Settled:
    """An issue that closes while its ticket closes belongs to that closing, until it opens again."""
    joins = closing and member.agreed is Status.OPEN
    return Settled(member.issue.id, status, status is not Status.OPEN and (member.closed_with_ticket or joins))


def awaiting(case: Case) -> tuple[Issue, ...]:
    """The issues that their closed ticket would resolve, once a deploy has brought the fix to its environment."""
    link = case.link
    if not isinstance(link, Live) or case.goal or case.policy.resolve.how is not Resolve.ON_DEPLOY:
        return ()
    closed = tracker_says(case, link) is Status.RESOLVED and differ(case, link)
    if not closed or speaker(case, link) is not Side.TRACKER:
        return ()
    return tuple(m.issue for m in followers(case, Status.RESOLVED) if m.issue.id not in case.deployed)


def apart(case: Case, sentry: Status, tracker: Status) -> str | None:
    """Why both sides say different things on purpose, in words; None when they say the same."""
    if not case.members:
        return "nobody: every issue of it is gone from Sentry, and the ticket is left as it is"
    if tracker in _same(case, sentry):
        return None
    if awaiting(case):
        return f"a deploy to {case.policy.resolve.environment}"
    match sentry:
        case Status.IGNORED if not case.policy.archive_closes:
            return "somebody to move: it is archived in Sentry, and the rule leaves the ticket as it is"
        case Status.OPEN if tracker is not Status.OPEN:
            return "somebody to move: an issue is open, and the closed ticket is only told so"
        case _:
            return "somebody to move: its issues and its ticket came together like this"


def why(case: Case, by: Side, to: Status) -> str:
    """One sentence for history."""
    moved = ", ".join(m.issue.short_id for m in case.members if m.issue.status != m.agreed)
    contest = f"; both sides had moved and {case.policy.winner} decides" if both_moved(case) else ""
    return f"{'the ticket' if by is Side.TRACKER else moved} became {to}{contest}"


def _winner(case: Case, link: Live) -> Side:
    if case.policy.winner is not Winner.NEWEST:
        return Side(case.policy.winner)
    moved = [m.issue.moved_at for m in case.members if m.issue.status != m.agreed]
    sentry_at, tracker_at = max((at for at in moved if at), default=None), link.ticket.moved_at
    if sentry_at and tracker_at and abs(sentry_at - tracker_at) > TOO_CLOSE:
        return Side.SENTRY if sentry_at > tracker_at else Side.TRACKER
    # Nobody knows who was last: a bug shown twice costs less than a bug hidden.
    tracker = tracker_says(case, link)
    return Side.TRACKER if aggregate([sentry_says(case), tracker]) == tracker else Side.SENTRY
