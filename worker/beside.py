"""What issues and tickets are told of each other beside their status: links, escalations, farewells. Pure."""

from worker.case import Action, Case, Escalate, Goal, Member, NoTicket, SeeOff, ShowTicket
from worker.model import Status


def beside(case: Case, goal: Goal | None) -> tuple[Action, ...]:
    """What is left to tell, each thing once."""
    return (*_escalations(case, goal), *_shows(case), *(SeeOff(parting) for parting in case.partings))


def under_umbrella(case: Case, link: NoTicket) -> tuple[Action, ...]:
    """What is left to tell of a case that is collected: its issues show the ticket that stands for it meanwhile."""
    return _shows(case) if link.umbrella is not None else ()


def _shows(case: Case) -> tuple[Action, ...]:
    return tuple(ShowTicket(m.issue.id) for m in case.members if not m.shows_ticket)


def _escalations(case: Case, goal: Goal | None) -> tuple[Action, ...]:
    """One for each escalation that the rule wants told; an issue that reopens its ticket is named there already."""
    wanted, named = case.policy.escalation, goal.reopened_by if goal else ()
    if not wanted.comment and not wanted.priority:
        return ()
    rising = ((m, f"escalated@{m.issue.moved_at}") for m in case.members if _escalates(m))
    return tuple(
        Escalate(m.issue.id, occasion, wanted.comment and m.issue.id not in named, wanted.priority)
        for m, occasion in rising
        if m.escalation_told != occasion
    )


def _escalates(member: Member) -> bool:
    return member.issue.status is Status.OPEN and member.issue.substatus == "escalating"
