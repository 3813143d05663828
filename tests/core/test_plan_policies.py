"""What a rule's policy makes of a move: deploys that are awaited, regressions, archives, escalations, duplicates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.case import (
    Agree,
    Case,
    CommentReopened,
    Escalate,
    FollowDuplicate,
    Goal,
    Live,
    Member,
    MoveIssue,
    MoveTicket,
    Parting,
    Plan,
    RetireTicket,
    SeeOff,
    Settled,
    Wait,
    Waiting,
)
from worker.mapping.policy import Escalation, OnRegression, Policy, Regression, Resolution
from worker.mapping.status import StatusMap
from worker.model import Fixed, Issue, Project, Resolve, Side, Status, Ticket, TicketState, TrackerKind
from worker.plan import plan

NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
OPEN, RESOLVED, IGNORED = Status.OPEN, Status.RESOLVED, Status.IGNORED
GITHUB = Policy(StatusMap(TrackerKind.GITHUB))
STATES = {
    OPEN: TicketState("open", done=False),
    RESOLVED: TicketState("closed", done=True, resolution="completed"),
    IGNORED: TicketState("closed", done=True, resolution="not_planned"),
}


def member(
    number: int, status: Status, agreed: Status | None, *, substatus: str | None = None, **more: object
) -> Member:
    issue = Issue(
        str(number), f"WEB-{number}", "TypeError", Project("1", "web"), status=status, substatus=substatus, moved_at=NOW
    )
    return Member(issue, agreed, **more)


def ticket(status: Status, **more: object) -> Ticket:
    return Ticket("github", "7", "7", "https://example.test/7", "TypeError", STATES[status], **more)


def pair(sentry: Status, tracker: Status, agreed: Status, policy: Policy, **link: object) -> Case:
    return Case(1, (member(1, sentry, agreed),), Live(ticket(tracker), agreed, **link), policy)


def kinds(todo: Plan) -> list[type]:
    return [type(action) for action in todo.actions]


# ---------------------------------------------------------------- when a fix counts


@pytest.mark.parametrize("how", [Resolve.NOW, Resolve.NEXT_RELEASE, Resolve.CURRENT_RELEASE])
def test_a_closed_ticket_resolves_its_issue_as_the_rule_says(how):
    todo = plan(pair(OPEN, RESOLVED, OPEN, replace(GITHUB, resolve=Resolution(how))), NOW)
    assert todo.actions[0] == MoveIssue("1", RESOLVED, Fixed(how))


def test_only_a_resolution_is_tied_to_a_release():
    todo = plan(pair(OPEN, IGNORED, OPEN, replace(GITHUB, resolve=Resolution(Resolve.NEXT_RELEASE))), NOW)
    assert todo.actions[0] == MoveIssue("1", IGNORED, Fixed())


ON_DEPLOY = replace(GITHUB, resolve=Resolution(Resolve.ON_DEPLOY, "production"))


def test_while_a_deploy_is_awaited_nothing_moves_and_it_is_said_once():
    case = pair(OPEN, RESOLVED, OPEN, ON_DEPLOY)
    assert plan(case, NOW) == Plan((Wait("a deploy to production"),))
    waiting = replace(case, waiting=Waiting("a deploy to production", NOW))
    assert plan(waiting, NOW + timedelta(days=9)) == Plan()


def test_the_deploy_resolves_the_issue_in_its_release():
    case = replace(
        pair(OPEN, RESOLVED, OPEN, ON_DEPLOY),
        waiting=Waiting("a deploy to production", NOW),
        deployed={"1": Fixed(Resolve.ON_DEPLOY, "web@2")},
    )
    todo = plan(case, NOW)
    assert todo.actions[0] == MoveIssue("1", RESOLVED, Fixed(Resolve.ON_DEPLOY, "web@2"))
    assert todo.actions[-1] == Wait(None)


def test_all_issues_wait_until_each_ones_project_was_deployed():
    members = (member(1, OPEN, OPEN), member(2, OPEN, OPEN))
    case = Case(1, members, Live(ticket(RESOLVED), OPEN), ON_DEPLOY, deployed={"1": Fixed()})
    assert kinds(plan(case, NOW)) == [Wait]


def test_a_ticket_that_reopens_while_a_deploy_is_awaited_ends_the_waiting():
    case = replace(pair(OPEN, OPEN, OPEN, ON_DEPLOY), waiting=Waiting("a deploy to production", NOW))
    assert plan(case, NOW) == Plan((Wait(None),))


def test_a_person_who_resolves_in_sentry_meanwhile_ends_the_waiting_too():
    case = replace(pair(RESOLVED, RESOLVED, OPEN, ON_DEPLOY), waiting=Waiting("a deploy to production", NOW))
    assert kinds(plan(case, NOW)) == [Agree, Wait]


def test_a_deploy_is_not_awaited_for_a_ticket_that_was_not_fixed():
    assert MoveIssue("1", IGNORED, Fixed()) in plan(pair(OPEN, IGNORED, OPEN, ON_DEPLOY), NOW).actions


# ---------------------------------------------------------------- regressions


def regressed(regression: Regression, closed_for: timedelta = timedelta(days=40)) -> Case:
    return pair(OPEN, RESOLVED, RESOLVED, replace(GITHUB, regression=regression), done_since=NOW - closed_for)


def test_a_regression_reopens_unless_the_rule_says_otherwise():
    todo = plan(regressed(Regression()), NOW)
    assert kinds(todo) == [MoveTicket, CommentReopened, Agree]


def test_a_regression_may_only_be_told_on_the_closed_ticket():
    case = regressed(Regression(OnRegression.COMMENT))
    todo = plan(case, NOW)
    assert kinds(todo) == [CommentReopened, Agree, Wait]
    assert todo.actions[0] == CommentReopened(todo.goal.occasion, ("1",), reopened=False)
    assert todo.actions[1] == Agree((Settled("1", OPEN, closed_with_ticket=False),), RESOLVED)


@pytest.mark.parametrize(("days", "new"), [(29, False), (30, False), (31, True)])
def test_within_its_window_a_ticket_reopens_and_after_it_a_new_one_is_made(days, new):
    case = regressed(Regression(OnRegression.REOPEN, timedelta(days=30)), timedelta(days=days))
    assert (kinds(plan(case, NOW)) == [RetireTicket]) is new


def test_a_window_that_cannot_be_told_counts_as_just_closed():
    case = pair(OPEN, RESOLVED, RESOLVED, replace(GITHUB, regression=Regression(within=timedelta(days=1))))
    assert MoveTicket(OPEN) in plan(case, NOW).actions


def test_a_ticket_reopened_by_hand_is_no_regression():
    case = pair(RESOLVED, OPEN, RESOLVED, replace(GITHUB, regression=Regression(OnRegression.NEW_TICKET)))
    assert MoveIssue("1", OPEN) in plan(case, NOW).actions


def test_a_half_done_move_is_finished_before_a_ticket_is_retired():
    case = regressed(Regression(OnRegression.NEW_TICKET))
    goal = Goal("resolved@x", RESOLVED, Side.TRACKER, "closed", False, ("1",), (), (Settled("1", RESOLVED, True),))
    assert kinds(plan(replace(case, goal=goal), NOW)) == [MoveIssue, Agree]


# ---------------------------------------------------------------- archives, escalations, duplicates, farewells


def test_archiving_may_leave_the_ticket_as_it_is():
    case = pair(IGNORED, OPEN, OPEN, replace(GITHUB, archive_closes=False))
    todo = plan(case, NOW)
    assert kinds(todo) == [Agree, Wait]
    assert todo.goal is None


def escalating(policy: Policy, **more: object) -> Case:
    return Case(1, (member(1, OPEN, OPEN, substatus="escalating", **more),), Live(ticket(OPEN), OPEN), policy)


def test_an_escalation_is_told_once():
    policy = replace(GITHUB, escalation=Escalation(comment=True, priority="Highest"))
    (told,) = plan(escalating(policy), NOW).actions
    assert told == Escalate("1", f"escalated@{NOW}", comment=True, priority="Highest")
    assert plan(escalating(policy, escalation_told=told.occasion), NOW) == Plan()


def test_an_escalation_says_nothing_unless_the_rule_wants_it():
    assert plan(escalating(GITHUB), NOW) == Plan()


def test_an_issue_that_escalates_out_of_the_archive_is_named_once():
    policy = replace(GITHUB, escalation=Escalation(comment=True, priority="Highest"))
    case = Case(1, (member(1, OPEN, IGNORED, substatus="escalating"),), Live(ticket(IGNORED), IGNORED), policy)
    todo = plan(case, NOW)
    assert [a.comment for a in todo.actions if isinstance(a, Escalate)] == [False]
    assert any(isinstance(a, CommentReopened) for a in todo.actions)


def duplicate(**more: object) -> Case:
    case = pair(OPEN, IGNORED, OPEN, GITHUB)
    return replace(case, link=replace(case.link, ticket=ticket(IGNORED, duplicate_of="9"), **more))


def test_a_case_follows_the_ticket_that_its_own_is_a_duplicate_of():
    assert plan(duplicate(), NOW) == Plan((FollowDuplicate("9"),))


def test_what_could_not_be_followed_is_closed_like_any_other():
    assert kinds(plan(duplicate(not_followed="9"), NOW)) == [MoveIssue, Agree]


def test_a_rule_may_keep_a_case_from_following():
    case = duplicate()
    assert kinds(plan(replace(case, policy=replace(GITHUB, follow_duplicates=False)), NOW)) == [MoveIssue, Agree]


def test_a_past_ticket_is_seen_off():
    parting = Parting(3, "github", "6", close=True)
    assert plan(replace(pair(OPEN, OPEN, OPEN, GITHUB), partings=(parting,)), NOW) == Plan((SeeOff(parting),))


def test_a_case_whose_issues_are_all_gone_says_so_once_and_leaves_the_ticket():
    case = Case(1, (), Live(ticket(OPEN), OPEN), GITHUB)
    (wait,) = plan(case, NOW).actions
    assert isinstance(wait, Wait)
    assert plan(replace(case, waiting=Waiting(wait.reason or "", NOW)), NOW) == Plan()
