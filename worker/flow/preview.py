"""What would be done now: the real look and the real plan, without a write anywhere."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, assert_never

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
    Plan,
    RetireTicket,
    SeeOff,
    ShowTicket,
    Wait,
)
from worker.ends.retry import Held, guarding
from worker.errors import Transient
from worker.flow.context import Context
from worker.flow.follow import outlook
from worker.flow.look import Seen, first_glance, glance
from worker.flow.origin import origin_shown
from worker.flow.polls import CONTACT, older_than_we
from worker.flow.story_cases import called
from worker.flow.story_follow import in_words
from worker.mapping.explain import explain
from worker.mapping.facts import Around
from worker.model import Issue, Resolve, TrackerKind
from worker.plan import plan
from worker.store.case_rows import CaseRow
from worker.store.services import ServiceRow
from worker.store.work import WorkRow

HERE = "bugferry"
"""Where a step writes that stays in our own database."""

LONGEST_PAUSE_S = 300.0
"""A service that asks for a longer pause than this is not waited for by a command."""

TURNS = 20
"""How often one read waits for a budget or a busy service before that ends the command."""

Pause = Callable[[float], None]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that would be done. `where`: `sentry`, a tracker's name, or `bugferry` for our own memory."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A case as it looks now and what would be done about it. `row` None: the issue has no case yet."""

    case: Case
    row: CaseRow | None
    plan: Plan
    steps: tuple[Step, ...]
    work: WorkRow | None = None
    left_alone: bool = False
    """The issue was there before us and has not come back: only `backfill` brings it in."""


def preview_case(ctx: Context, case_id: int) -> Preview | None:
    """Look at a case and plan; None when there is no such case. `Transient` while a side cannot be read."""
    with sparing(ctx):
        seen = glance(ctx, case_id)
        if seen is None:
            return None
        with ctx.store.read() as tx:
            work = tx.work.get(f"case:{case_id}")
        todo = plan(seen.case, ctx.now())
        later = () if todo.goal else _later(ctx, seen)
    return Preview(seen.case, seen.row, todo, (*_steps(seen.case, todo), *later), work)


def preview_issue(ctx: Context, issue_id: str) -> Preview:
    """Look at an issue that has no case as its first look would, and plan. `Gone` or `Moved` as Sentry says."""
    with sparing(ctx):
        issue = ctx.sentry.issue(issue_id)
        case = first_glance(ctx, issue)
    with ctx.store.read() as tx:
        work = tx.work.get(f"issue:{issue_id}")
    todo = plan(case, ctx.now())
    return Preview(case, None, todo, _steps(case, todo), work, left_alone=_left_alone(ctx, issue))


def reasons(ctx: Context, case: Case, kind: TrackerKind | None = None) -> dict[str, Any] | None:
    """What each rule saw of a case's first issue and the ticket as it would be sent (JSON, hence Any); None: no issue.

    A case with a ticket keeps its rule and tracker, whatever the rules would say today.
    """
    if not case.members:
        return None
    issue = case.members[0].issue
    with sparing(ctx):
        event = ctx.sentry.latest_event(issue.id)
        origin = origin_shown(ctx, issue, event)
    members = tuple(member.issue for member in case.members)
    with ctx.store.read() as tx:
        word = tx.feedback.word_on([member.id for member in members])
    around = Around(ctx.now(), members, origin, word.no_noise, word.wanted_by)
    return explain(ctx.book(), issue, event, kind, around)


def _left_alone(ctx: Context, issue: Issue) -> bool:
    """Whether the polls pass an issue over that has no case. Before the first one all are older than we."""
    with ctx.store.read() as tx:
        begun = tx.cursors.get(CONTACT) is not None
    return not begun or older_than_we(ctx, issue)


@contextmanager
def sparing(ctx: Context) -> Iterator[None]:
    """Within this block a service that is left alone by all workers is left alone by us, and nothing is recorded."""

    def read() -> tuple[ServiceRow, ...]:
        with ctx.store.read() as tx:
            return tx.services.listing()

    def cover(_timeout_s: float, service: str) -> None:
        row = ctx.trouble.of(service, ctx.now(), read)
        if row and row.until > ctx.now():
            held = Held(
                f"{service} is left alone until {row.until.isoformat(timespec='seconds')} ({row.reason}). "
                "Nothing was asked of it; try again then.",
                (row.until - ctx.now()).total_seconds(),
            )
            held.service = service
            raise held

    with guarding(cover):
        yield


def patiently(ask: Callable[[], Answer], pause: Pause) -> Answer:
    """Ask, and again after each pause that a budget or a service wishes for; a longer trouble ends it."""
    for _ in range(TURNS):
        try:
            return ask()
        except Transient as error:
            if error.retry_after_s is None or error.retry_after_s > LONGEST_PAUSE_S:
                raise
            pause(error.retry_after_s)
    return ask()


# ---------------------------------------------------------------- in words


def _steps(case: Case, todo: Plan) -> tuple[Step, ...]:
    issues = {member.issue.id: member.issue for member in case.members}
    return tuple(_step(case, action, issues) for action in todo.actions)


def _later(ctx: Context, seen: Seen) -> tuple[Step, ...]:
    """What would follow on the open ticket."""
    found, live = outlook(ctx, seen), seen.case.link
    if found is None or not isinstance(live, Live):
        return ()
    change, at = found
    when = f"from {at.isoformat(timespec='minutes')} on, " if at else ""
    return (Step(live.ticket.tracker, f"{when}update {called(live.ticket.key)}: {in_words(change, live.ticket)}"),)


def _step(case: Case, action: Action, issues: Mapping[str, Issue]) -> Step:
    match action:
        case CreateTicket():
            how = "take over the ticket that an interrupted create may have made" if action.adopt_only else "make one"
            return Step(action.tracker, f"ticket: {how}, by rule “{action.rule}”")
        case ShowTicket() | MoveIssue():
            return Step("sentry", _on_issue(action, issues))
        case Decline() | Agree() | Wait() | RetireTicket() | FollowDuplicate():
            return Step(HERE, _remembered(action))
        case MoveTicket() | CommentReopened() | Escalate() | SeeOff():
            return Step(_tracker(case), _on_ticket(case, action, issues))
        case _:
            assert_never(action)


def _on_issue(action: ShowTicket | MoveIssue, issues: Mapping[str, Issue]) -> str:
    name = _name(action.issue_id, issues)
    if isinstance(action, ShowTicket):
        return f"show the ticket on {name}"
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
