"""Who moved since both sides last agreed, and who speaks when both did. Pure."""

from datetime import timedelta

from worker.case import Case, Live, Member
from worker.model import Side, Status, Winner

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
