"""What issues and tickets are told of each other beside their status: links, escalations, farewells. Pure."""

from worker.case import Action, Case, Escalate, Goal, Member, SeeOff, ShowTicket
from worker.model import Status


def beside(case: Case, goal: Goal | None) -> tuple[Action, ...]:
    """What is left to tell, each thing once."""
    shows = (ShowTicket(m.issue.id) for m in case.members if not m.shows_ticket)
    return (*_escalations(case, goal), *shows, *(SeeOff(parting) for parting in case.partings))


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
