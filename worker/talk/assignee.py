"""Who is assigned on which side: decided by whom each side names now and whom it named when both were last compared.

The side whose word changed speaks. Nobody is guessed: whom the other side cannot tell for certain is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.case import Case, Live, Member
from worker.mapping.policy import People
from worker.model import Issue, Person, Side, Status, Ticket, TrackerKind, Winner

NOBODY = ""
TEAM = "team"
SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom each side names, in its own words and lower case: Sentry an e-mail address, the ticket an account.

    Empty is nobody. Sentry may also name a team, or its members may name several people.
    """

    sentry: str
    ticket: str


@dataclass(frozen=True, slots=True)
class AssignTicket:
    """Assign the ticket. `account` None: whoever shows that address there; `email` None: nobody."""

    email: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class AssignIssues:
    """Assign these issues to the member with this address, or to nobody."""

    issue_ids: tuple[str, ...]
    email: str | None


@dataclass(frozen=True, slots=True)
class LeaveAssigned:
    """Change nothing, because we cannot tell who that is on the other side."""

    reason: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to do about the assignee. `now`: whom both sides name; `then`: whom once `act` is done, to be remembered."""

    now: Whom
    then: Whom
    act: AssignTicket | AssignIssues | LeaveAssigned | None = None


def assignment(agreed: Whom | None, case: Case, live: Live, people: People) -> Assignment:
    """Decide who is assigned where. `agreed` None: both sides were never compared.

    Whom nobody can name on the other side changes nothing there, and is remembered, so that it stays quiet.
    """
    kind, person = case.policy.status.kind, live.ticket.assigned
    seen = Whom(_sentry_names(case.members), _ticket_names(live.ticket))
    same = _is_same(seen, kind, person, people)
    # Issues that name several people name nobody in particular: what they agreed on before stays what counts.
    now = Whom(agreed.sentry, seen.ticket) if agreed and seen.sentry == SEVERAL else seen
    match _speaker(agreed, seen, case, same=same):
        case Side.SENTRY if not same:
            return _to_ticket(now, case, people)
        case Side.TRACKER:
            return _to_sentry(now, case, live, people)
        case _:
            return Assignment(now, now)


def _speaker(agreed: Whom | None, seen: Whom, case: Case, *, same: bool) -> Side | None:
    """The side whose word counts; None when nobody's does.

    On first contact a side that names somebody speaks to one that names nobody; where both do, people decided so.
    Services do not tell when somebody was assigned, so `newest` is decided for the tracker, where work is handed out.
    The tracker also speaks when both name the same: some issues may not have heard yet.
    """
    base = agreed or Whom(NOBODY if not seen.ticket else seen.sentry, NOBODY if not seen.sentry else seen.ticket)
    policy = case.policy
    sentry = seen.sentry not in {base.sentry, SEVERAL} and policy.assignee.to_ticket
    tracker = seen.ticket != base.ticket and policy.assignee.to_sentry
    if sentry and tracker and not same and policy.winner is Winner.SENTRY:
        return Side.SENTRY
    if tracker:
        return Side.TRACKER
    return Side.SENTRY if sentry else None


def _to_ticket(now: Whom, case: Case, people: People) -> Assignment:
    kind = case.policy.status.kind
    if now.sentry == TEAM:  # a team is nobody that a ticket could be assigned to
        return Assignment(now, now)
    if now.sentry and "@" not in now.sentry:
        reason = f"Sentry shows no e-mail address of {now.sentry}, who is assigned there"
        return Assignment(now, now, LeaveAssigned(reason))
    account = people.account_of(now.sentry, kind) if now.sentry else None
    return Assignment(now, Whom(now.sentry, (account or "").lower()), AssignTicket(now.sentry or None, account))


def _to_sentry(now: Whom, case: Case, live: Live, people: People) -> Assignment:
    person, wanted = live.ticket.assigned, NOBODY
    if now.ticket:
        wanted = (person and _address(person, case.policy.status.kind, people)) or NOBODY
        if not wanted:
            reason = f"the tracker shows no e-mail address of {now.ticket}, and `people` in the mapping has no such row"
            return Assignment(now, now, LeaveAssigned(reason))
    others = tuple(m.issue.id for m in _speaking(case.members) if _names(m.issue) != wanted)
    act = AssignIssues(others, wanted or None) if others else None
    return Assignment(now, Whom(wanted, now.ticket), act)


def _speaking(members: Sequence[Member]) -> tuple[Member, ...]:
    """The open issues; all of them when none is open."""
    return tuple(m for m in members if m.issue.status is Status.OPEN) or tuple(members)


def _sentry_names(members: Sequence[Member]) -> str:
    """The one whom the issues name; an issue that names nobody does not contradict one that does."""
    named = {_names(m.issue) for m in _speaking(members)} - {NOBODY}
    return SEVERAL if len(named) > 1 else next(iter(named), NOBODY)


def _names(issue: Issue) -> str:
    if issue.assigned is not None:
        return (issue.assigned.email or f"user {issue.assigned.account}").lower()
    return TEAM if issue.assignee else NOBODY


def _ticket_names(ticket: Ticket) -> str:
    return (ticket.assigned.account if ticket.assigned else ticket.assignee or NOBODY).lower()


def _is_same(seen: Whom, kind: TrackerKind, person: Person | None, people: People) -> bool:
    """Whether both sides name the same person, or both nobody."""
    if not seen.sentry or not seen.ticket or person is None:
        return seen.sentry == seen.ticket
    known = people.account_of(seen.sentry, kind)
    return seen.sentry == _address(person, kind, people) or (known or "").lower() == seen.ticket


def _address(person: Person, kind: TrackerKind, people: People) -> str | None:
    """The e-mail address of somebody in the tracker: by the people table, else as the tracker shows it."""
    found = people.email_of(person.account, kind) or person.email
    return found.lower() if found else None
