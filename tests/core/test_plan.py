"""The decision, with every state enumerated: planning settles, and who speaks is who moved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.case import (
    Agree,
    Broken,
    Case,
    CommentReopened,
    CreateTicket,
    Decline,
    Live,
    Member,
    MoveIssue,
    MoveTicket,
    NoTicket,
    Plan,
    ShowTicket,
    Wait,
    Waiting,
)
from worker.mapping.policy import Policy
from worker.mapping.status import StatusMap
from worker.model import Issue, Project, Side, StateTarget, Status, Ticket, TicketState, TrackerKind, Winner
from worker.plan import plan
from worker.speaker import aggregate, both_moved

NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
OPEN, RESOLVED, IGNORED = Status.OPEN, Status.RESOLVED, Status.IGNORED
GITHUB = Policy(StatusMap(TrackerKind.GITHUB))


def issue(number: int, status: Status, moved_at: datetime | None = None) -> Issue:
    return Issue(str(number), f"WEB-{number}", "TypeError", Project("1", "web"), status=status, moved_at=moved_at)


def ticket(status: Status, policy: Policy = GITHUB, moved_at: datetime | None = None) -> Ticket:
    target = policy.status.write(status)
    state = TicketState(target.name or ("Done" if target.done else "To Do"), target.done, target.resolution)
    return Ticket("github", "7", "7", "https://example.test/7", "TypeError", state, moved_at=moved_at)


def pair(sentry: Status, tracker: Status, agreed: Status, *, policy: Policy = GITHUB, **times: datetime | None) -> Case:
    member = Member(issue(1, sentry, times.get("sentry_at")), agreed, closed_with_ticket=agreed is not OPEN)
    return Case(1, (member,), Live(ticket(tracker, policy, times.get("tracker_at")), agreed), policy)


def carry_out(case: Case, todo: Plan, until: int | None = None) -> Case:
    """What a perfect world looks like after the first `until` actions of a plan (all of them by default)."""
    case = replace(case, goal=todo.goal or case.goal)
    for action in todo.actions[:until]:
        match action, case.link:
            case MoveTicket(to), Live() as link:
                case = replace(case, link=replace(link, ticket=ticket(to, case.policy)))
            case MoveIssue(issue_id, to), _:
                moved = (
                    replace(m, issue=replace(m.issue, status=to)) if m.issue.id == issue_id else m for m in case.members
                )
                case = replace(case, members=tuple(moved))
            case Agree(settled, said), Live() as link:
                by_id = {s.issue_id: s for s in settled}
                members = tuple(
                    replace(m, agreed=by_id[m.issue.id].status, closed_with_ticket=by_id[m.issue.id].closed_with_ticket)
                    for m in case.members
                )
                case = replace(case, members=members, link=replace(link, agreed=said), goal=None)
            case Wait(reason), _:
                case = replace(case, waiting=Waiting(reason, NOW) if reason else None)
            case ShowTicket(issue_id), _:
                shown = (replace(m, shows_ticket=True) if m.issue.id == issue_id else m for m in case.members)
                case = replace(case, members=tuple(shown))
    return case


def says(case: Case) -> tuple[Status, Status]:
    assert isinstance(case.link, Live)
    return aggregate([m.issue.status for m in case.members]), case.policy.status.read(case.link.ticket.state)


EVERY_PAIR = list(product(Status, Status, Status, Winner))


@pytest.mark.parametrize(("sentry", "tracker", "agreed", "winner"), EVERY_PAIR)
def test_one_round_settles_every_pair_and_the_next_plan_is_empty(sentry, tracker, agreed, winner):
    case = pair(sentry, tracker, agreed, policy=replace(GITHUB, winner=winner))
    after = carry_out(case, plan(case, NOW))
    assert plan(after, NOW).actions == ()
    assert says(after)[0] == says(after)[1]


@pytest.mark.parametrize(("sentry", "tracker", "agreed", "winner"), EVERY_PAIR)
def test_from_any_crash_point_the_same_end_is_reached(sentry, tracker, agreed, winner):
    case = pair(sentry, tracker, agreed, policy=replace(GITHUB, winner=winner))
    todo = plan(case, NOW)
    whole = carry_out(case, todo)
    for crash_at in range(len(todo.actions)):
        half = carry_out(case, todo, crash_at)
        again = carry_out(half, plan(half, NOW + timedelta(minutes=1)))
        assert says(again) == says(whole)
        assert plan(again, NOW).actions == ()


@pytest.mark.parametrize("agreed", list(Status))
@pytest.mark.parametrize("to", list(Status))
def test_the_side_that_moved_speaks(agreed, to):
    if to is agreed:
        assert plan(pair(to, agreed, agreed), NOW).actions == ()
        return
    sentry_moved = plan(pair(to, agreed, agreed), NOW)
    assert MoveTicket(to) in sentry_moved.actions
    tracker_moved = plan(pair(agreed, to, agreed), NOW)
    assert MoveIssue("1", to) in tracker_moved.actions
    assert not any(isinstance(a, MoveTicket) for a in tracker_moved.actions)


def test_both_moved_to_the_same_needs_no_write():
    assert [type(a) for a in plan(pair(RESOLVED, RESOLVED, OPEN), NOW).actions] == [Agree]


@pytest.mark.parametrize(("gap_s", "by"), [(60, Side.TRACKER), (-60, Side.SENTRY)])
def test_newest_wins_when_both_moved_and_the_times_are_known(gap_s, by):
    case = pair(RESOLVED, IGNORED, OPEN, sentry_at=NOW, tracker_at=NOW + timedelta(seconds=gap_s))
    goal = plan(case, NOW).goal
    assert both_moved(case)
    assert goal is not None
    assert goal.by is by
    assert "both sides had moved" in goal.why


@pytest.mark.parametrize("tracker_at", [None, NOW + timedelta(seconds=4)])
@pytest.mark.parametrize(("sentry", "tracker"), [(OPEN, IGNORED), (IGNORED, OPEN)])
def test_open_wins_when_nobody_knows_who_was_last(sentry, tracker, tracker_at):
    case = pair(sentry, tracker, RESOLVED, sentry_at=NOW, tracker_at=tracker_at)
    goal = plan(case, NOW).goal
    assert goal is not None
    assert goal.to is OPEN


@pytest.mark.parametrize("winner", [Winner.SENTRY, Winner.TRACKER])
def test_a_named_winner_needs_no_clock(winner):
    goal = plan(pair(RESOLVED, IGNORED, OPEN, policy=replace(GITHUB, winner=winner)), NOW).goal
    assert goal is not None
    assert goal.by == winner


def test_a_regression_reopens_the_ticket_and_says_who_did_it():
    todo = plan(pair(OPEN, RESOLVED, RESOLVED), NOW)
    assert todo.goal is not None
    assert todo.actions[:2] == (MoveTicket(OPEN), CommentReopened(todo.goal.occasion, ("1",)))


def test_reopening_the_ticket_by_hand_makes_no_comment():
    assert not any(isinstance(a, CommentReopened) for a in plan(pair(RESOLVED, OPEN, RESOLVED), NOW).actions)


# ---------------------------------------------------------------- several issues, one ticket


def many(statuses: list[tuple[Status, Status | None, bool]], tracker: Status, agreed: Status) -> Case:
    members = tuple(Member(issue(n, now), before, closed) for n, (now, before, closed) in enumerate(statuses, 1))
    return Case(1, members, Live(ticket(tracker), agreed), GITHUB)


def test_closing_the_ticket_resolves_its_open_members_and_nothing_else():
    case = many([(OPEN, OPEN, False), (IGNORED, IGNORED, False), (OPEN, OPEN, False)], RESOLVED, OPEN)
    moves = [a for a in plan(case, NOW).actions if isinstance(a, MoveIssue)]
    assert moves == [MoveIssue("1", RESOLVED), MoveIssue("3", RESOLVED)]


def test_reopening_the_ticket_reopens_only_what_its_closing_had_resolved():
    case = many([(OPEN, OPEN, False), (IGNORED, IGNORED, False), (RESOLVED, RESOLVED, False)], RESOLVED, OPEN)
    closed = carry_out(case, plan(case, NOW))
    assert isinstance(closed.link, Live)
    reopened = replace(closed, link=replace(closed.link, ticket=ticket(OPEN)))
    moves = [a for a in plan(reopened, NOW).actions if isinstance(a, MoveIssue)]
    assert moves == [MoveIssue("1", OPEN)]


def test_an_issue_that_resolves_while_another_is_open_moves_nothing():
    case = many([(RESOLVED, OPEN, False), (OPEN, OPEN, False)], OPEN, OPEN)
    assert [type(a) for a in plan(case, NOW).actions] == [Agree]


def test_an_issue_that_leaves_writes_nothing():
    case = many([(RESOLVED, RESOLVED, False)], OPEN, OPEN)
    (wait,) = plan(case, NOW).actions
    assert isinstance(wait, Wait)
    assert plan(carry_out(case, Plan((wait,))), NOW).actions == ()


def test_an_open_issue_that_joins_a_closed_ticket_is_a_regression():
    todo = plan(many([(RESOLVED, RESOLVED, True), (OPEN, None, False)], RESOLVED, RESOLVED), NOW)
    assert todo.goal is not None
    assert todo.goal.reopened_by == ("2",)
    assert MoveTicket(OPEN) in todo.actions


@pytest.mark.parametrize("joining", list(Status))
def test_whoever_joins_an_open_ticket_only_gets_remembered(joining):
    case = many([(OPEN, OPEN, False), (joining, None, False)], OPEN, OPEN)
    assert [type(a) for a in plan(case, NOW).actions] == [Agree]


statuses = st.sampled_from(list(Status))
members = st.lists(st.tuples(statuses, st.one_of(st.none(), statuses), st.booleans()), min_size=1, max_size=5)


@given(members, statuses, statuses, st.sampled_from(list(Winner)), st.data())
def test_any_case_settles_in_one_round_and_after_any_crash(statuses, tracker, agreed, winner, data):
    case = replace(many(statuses, tracker, agreed), policy=replace(GITHUB, winner=winner))
    todo = plan(case, NOW)
    after = carry_out(case, todo)
    assert plan(after, NOW).actions == ()
    crash_at = data.draw(st.integers(0, len(todo.actions)))
    half = carry_out(case, todo, crash_at)
    assert says(carry_out(half, plan(half, NOW))) == says(after)


def test_a_person_who_moves_while_our_move_is_half_done_is_heard_afterwards():
    case = many([(OPEN, OPEN, False), (OPEN, OPEN, False)], RESOLVED, OPEN)
    half = carry_out(case, plan(case, NOW), 1)
    assert isinstance(half.link, Live)
    interrupted = replace(half, link=replace(half.link, ticket=ticket(OPEN)))
    finished = carry_out(interrupted, plan(interrupted, NOW))
    heard = carry_out(finished, plan(finished, NOW))
    assert says(heard) == (OPEN, OPEN)
    assert plan(heard, NOW).actions == ()


# ---------------------------------------------------------------- before there is a ticket, and after it was taken away


def unlinked(status: Status, **link: object) -> Case:
    given: dict[str, object] = {"rule": "bugs", "tracker": "github", "reason": "rule 'bugs' matches"}
    return Case(1, (Member(issue(1, status), shows_ticket=False),), NoTicket(**(given | link)), GITHUB)


def test_an_open_issue_with_a_rule_gets_a_ticket_and_shows_it():
    assert plan(unlinked(OPEN), NOW).actions == (CreateTicket("bugs", "github"), ShowTicket("1"))


def test_a_collected_issue_shows_the_ticket_that_stands_for_it_once():
    collected = unlinked(OPEN, tracker=None, recorded="rule 'bugs' matches", umbrella=7)
    assert plan(collected, NOW).actions == (ShowTicket("1"),)
    assert plan(replace(collected, members=(Member(issue(1, OPEN)),)), NOW).actions == ()
    assert plan(unlinked(OPEN, tracker=None, recorded="rule 'bugs' matches"), NOW).actions == ()


@pytest.mark.parametrize("status", [RESOLVED, IGNORED])
def test_a_closed_issue_gets_none_and_history_says_why_once(status):
    (decline,) = plan(unlinked(status), NOW).actions
    assert isinstance(decline, Decline)
    assert status in decline.reason
    assert plan(unlinked(status, recorded=decline.reason), NOW).actions == ()


def test_a_skipped_issue_gets_its_reason_once():
    skipped = {"tracker": None, "reason": "a crawler"}
    assert plan(unlinked(OPEN, **skipped), NOW).actions == (Decline("bugs", "a crawler"),)
    assert plan(unlinked(OPEN, recorded="a crawler", **skipped), NOW).actions == ()


def test_an_interrupted_create_is_looked_for_even_when_the_issue_closed_meanwhile():
    assert plan(unlinked(RESOLVED, interrupted=True), NOW).actions[0] == CreateTicket("bugs", "github", adopt_only=True)


def test_a_ticket_that_a_person_took_away_is_never_made_again():
    assert plan(replace(unlinked(OPEN), link=Broken("deleted")), NOW) == Plan()


def test_a_case_without_issues_does_nothing():
    assert plan(replace(unlinked(OPEN), members=()), NOW) == Plan()


def test_a_one_way_status_does_not_come_back_as_a_move():
    """Jira without a Won't Do: ignored is written as Done, reads as resolved, and must not resolve the issue."""
    done = {OPEN: StateTarget(done=False, name="To Do"), RESOLVED: StateTarget(done=True, name="Done")}
    jira = Policy(
        StatusMap(TrackerKind.JIRA, done | {IGNORED: done[RESOLVED]}, {"done": RESOLVED}, frozenset({IGNORED}))
    )
    assert jira.status.broken() == {}
    case = pair(IGNORED, OPEN, OPEN, policy=jira)
    after = carry_out(case, plan(case, NOW))
    assert after.members[0].issue.status is IGNORED
    assert plan(after, NOW).actions == ()
