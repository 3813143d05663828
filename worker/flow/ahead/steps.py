"""What would be done, in words: one step for each action of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from worker.case import (
    Action,
    Agree,
    Case,
    CommentReopened,
    CreateTicket,
    Decline,
    Escalate,
    FollowDuplicate,
    Live,
    MoveIssue,
    MoveTicket,
    NoTicket,
    Plan,
    RetireTicket,
    SeeOff,
    ShowTicket,
    Wait,
)
from worker.flow.story.cases import called
from worker.model import Issue, Resolve

HERE = "bugferry"
"""Where a step writes that stays in our own database."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that would be done. `where`: `sentry`, a tracker's name, or `bugferry` for our own memory."""

    where: str
    what: str


def steps_of(case: Case, todo: Plan) -> tuple[Step, ...]:
    """What a plan would do, in its order."""
    issues = {member.issue.id: member.issue for member in case.members}
    return tuple(_step(case, action, issues) for action in todo.actions)


def _step(case: Case, action: Action, issues: Mapping[str, Issue]) -> Step:
    match action:
        case CreateTicket():
            how = "take over the ticket that an interrupted create may have made" if action.adopt_only else "make one"
            return Step(action.tracker, f"ticket: {how}, by rule “{action.rule}”")
        case ShowTicket() | MoveIssue():
            return Step("sentry", _on_issue(case, action, issues))
        case Decline() | Agree() | Wait() | RetireTicket() | FollowDuplicate():
            return Step(HERE, _remembered(action))
        case MoveTicket() | CommentReopened() | Escalate() | SeeOff():
            return Step(_tracker(case), _on_ticket(case, action, issues))
        case _:
            assert_never(action)


def _on_issue(case: Case, action: ShowTicket | MoveIssue, issues: Mapping[str, Issue]) -> str:
    name = _name(action.issue_id, issues)
    if isinstance(action, ShowTicket):
        collected = isinstance(case.link, NoTicket) and case.link.umbrella is not None
        return f"show the {'ticket that collects it' if collected else 'ticket'} on {name}"
    fixed = action.fixed
    counts = "" if fixed.how is Resolve.NOW else f", counting from {fixed.release or fixed.how.replace('_', ' ')}"
    return f"move {name} to {action.to}{counts}"


def _on_ticket(
    case: Case, action: MoveTicket | CommentReopened | Escalate | SeeOff, issues: Mapping[str, Issue]
) -> str:
    key = called(case.link.ticket.key) if isinstance(case.link, Live) else "the ticket"
    match action:
        case MoveTicket():
            return f"move {key} to {action.to}"
        case CommentReopened():
            return f"comment on {key} that {', '.join(_name(one, issues) for one in action.issue_ids)} came back"
        case Escalate():
            says = ["a comment"] * action.comment + [f"priority {action.priority}"] * bool(action.priority)
            return f"tell {key} by {' and '.join(says) or 'nothing'} that {_name(action.issue_id, issues)} escalates"
        case SeeOff():
            how = "close it as duplicate" if action.parting.close else "name its successor on it"
            return f"{called(action.parting.key)} no longer speaks: {how}"
        case _:
            assert_never(action)


def _remembered(action: Decline | Agree | Wait | RetireTicket | FollowDuplicate) -> str:
    match action:
        case Decline():
            return f"remember why there is no ticket: {action.reason}"
        case Agree():
            return f"remember that both sides agree: the ticket says {action.ticket}"
        case Wait():
            return f"wait for {action.reason}" if action.reason else "wait no longer"
        case RetireTicket():
            return f"let the ticket rest, and make a new one: {action.reason}"
        case FollowDuplicate():
            return f"follow the ticket to {called(action.key)}, which it is a duplicate of"
        case _:
            assert_never(action)


def _tracker(case: Case) -> str:
    return case.link.ticket.tracker if isinstance(case.link, Live) else HERE


def _name(issue_id: str, issues: Mapping[str, Issue]) -> str:
    return issues[issue_id].short_id if issue_id in issues else f"issue {issue_id}"
