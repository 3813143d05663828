"""Cases: which issues are one bug, which ticket is theirs, what both sides last agreed on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from worker.errors import Permanent
from worker.model import Issue, Project, Status, Ticket, TicketState
from worker.store.case_rows import CaseCounts
from worker.store.tables import tickets

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ISSUE = Issue(
    id="501",
    short_id="WEB-1A2",
    title="TypeError: x is undefined",
    project=Project(id="1", slug="web"),
    status=Status.OPEN,
    substatus="new",
    permalink="https://sentry.example/issues/501/",
    level="error",
    priority="high",
    platform="javascript",
    count=5_000_000_000,
    user_count=7,
    first_seen=NOW - timedelta(days=2),
    last_seen=NOW,
    first_release="web@1.0",
    last_release="web@1.1",
    assignee="ada@example.com",
)
TICKET = Ticket(
    tracker="acme",
    key="WEB-7",
    id="10007",
    url="https://acme.example/browse/WEB-7",
    title="x is undefined",
    state=TicketState(name="To Do", done=False),
    created_at=NOW,
)


@pytest.fixture
def case_id(store):
    with store.write() as tx:
        return tx.cases.open(ISSUE, "web", NOW)


def load(store, case_id):
    with store.read() as tx:
        return tx.cases.load(case_id)


def link(store, case_id, ticket=TICKET, nonce="bugferry-0123456789abcdef"):
    with store.write() as tx:
        return tx.cases.add_ticket(case_id, ticket, "web to acme", nonce, Status.OPEN, NOW)


def test_opening_makes_a_case_that_mirrors_its_issue(store, case_id):
    case = load(store, case_id)
    assert (case.id, case.project_group, case.opened_at) == (case_id, "web", NOW)
    assert (case.rule, case.tracker, case.verdict, case.goal, case.broken_reason, case.ticket) == (None,) * 6
    (member,) = case.members
    for name in ("id", "short_id", "title", "permalink", "status", "substatus", "level", "priority", "platform"):
        assert getattr(member, name) == getattr(ISSUE, name)
    for name in ("count", "user_count", "first_seen", "last_seen", "first_release", "last_release", "assignee"):
        assert getattr(member, name) == getattr(ISSUE, name)
    assert (member.case_id, member.project_slug, member.observed_at) == (case_id, "web", NOW)
    assert (member.agreed, member.closed_with_ticket, member.linked_ticket, member.gone_at) == (None, False, None, None)


def test_what_is_not_known_is_none(store):
    with store.read() as tx:
        assert tx.cases.load(404) is None
        assert tx.cases.of_issue("404") is None
        assert tx.cases.of_ticket("acme", "404") is None
        assert tx.cases.member("404") is None
        assert tx.cases.ticket_of(404) is None


def test_opening_again_gives_the_same_case(store, case_id):
    with store.write() as tx:
        assert tx.cases.open(replace(ISSUE, title="other"), "elsewhere", LATER) == case_id
        assert tx.cases.of_issue(ISSUE.id) == case_id
        assert tx.cases.counts().cases == 1
    assert load(store, case_id).members[0].title == ISSUE.title


def test_an_issue_is_mirrored_and_what_was_agreed_is_kept(store, case_id):
    with store.write() as tx:
        tx.cases.agree(case_id, {ISSUE.id: (Status.RESOLVED, True)}, None)
        tx.cases.issue_gone(ISSUE.id, NOW)
        tx.cases.issue_gone(ISSUE.id, LATER)
    assert load(store, case_id).members[0].gone_at == NOW
    with store.write() as tx:
        tx.cases.save_issue(replace(ISSUE, status=Status.IGNORED, count=9, assignee=None), LATER)
        assert tx.cases.member(ISSUE.id).count == 9
    (member,) = load(store, case_id).members
    assert (member.status, member.assignee, member.observed_at, member.gone_at) == (Status.IGNORED, None, LATER, None)
    assert (member.agreed, member.closed_with_ticket) == (Status.RESOLVED, True)


def test_a_ticket_is_found_by_key_and_by_vendor_id_in_its_own_tracker(store, case_id):
    row_id = link(store, case_id)
    with store.read() as tx:
        assert tx.cases.of_ticket("acme", "WEB-7") == case_id
        assert tx.cases.of_ticket("acme", "10007") == case_id
        assert tx.cases.of_ticket("other", "WEB-7") is None
        assert tx.cases.ticket_of(case_id).id == row_id
    case = load(store, case_id)
    assert (case.rule, case.tracker) == ("web to acme", "acme")
    ticket = case.ticket
    assert (ticket.id, ticket.key, ticket.vendor_id, ticket.live, ticket.rule) == (
        row_id,
        "WEB-7",
        "10007",
        True,
        "web to acme",
    )
    assert (ticket.agreed, ticket.nonce, ticket.created_at) == (Status.OPEN, "bugferry-0123456789abcdef", NOW)
    assert ticket.state == TICKET.state


def test_a_ticket_of_unknown_age_is_as_old_as_our_first_sight_of_it(store, case_id):
    link(store, case_id, replace(TICKET, created_at=None))
    assert load(store, case_id).ticket.created_at == NOW


def test_a_new_key_of_a_ticket_is_followed_and_what_was_agreed_is_kept(store, case_id):
    link(store, case_id)
    moved = replace(TICKET, key="OPS-1", title="moved", state=TicketState("Done", done=True, resolution="Fixed"))
    with store.write() as tx:
        tx.cases.save_ticket(case_id, moved, LATER)
        assert tx.cases.of_ticket("acme", "OPS-1") == case_id
        assert tx.cases.of_ticket("acme", "WEB-7") is None
    ticket = load(store, case_id).ticket
    assert (ticket.key, ticket.title, ticket.state, ticket.observed_at) == ("OPS-1", "moved", moved.state, LATER)
    assert ticket.agreed is Status.OPEN


def test_adding_the_same_ticket_twice_is_harmless(store, case_id):
    assert link(store, case_id) == link(store, case_id)
    with store.read() as tx:
        assert tx.cases.counts().live == 1


def test_a_case_refuses_a_second_live_ticket(store, case_id):
    link(store, case_id)
    with pytest.raises(Permanent, match="WEB-8"):
        link(store, case_id, replace(TICKET, key="WEB-8", id="10008"))
    assert load(store, case_id).ticket.key == "WEB-7"


def test_a_ticket_belongs_to_one_case(store, case_id):
    link(store, case_id)
    with store.write() as tx:
        other = tx.cases.open(replace(ISSUE, id="502"), "web", NOW)
    with pytest.raises(Permanent, match="another case"):
        link(store, other)
    assert load(store, other).ticket is None


def test_the_schema_itself_refuses_a_second_live_ticket(store, engine, case_id):
    link(store, case_id)
    with store.write() as tx:
        tx.cases.break_link(case_id, "deleted by hand", NOW)
    link(store, case_id, replace(TICKET, key="WEB-8", id="10008"))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(update(tickets).values(live=True))


def test_a_broken_link_says_why_and_a_ticket_that_spoke_last_is_never_live_again(store, case_id):
    link(store, case_id)
    with store.write() as tx:
        tx.cases.break_link(case_id, "WEB-7 was deleted", LATER)
    case = load(store, case_id)
    assert (case.ticket, case.broken_reason, case.broken_at) == (None, "WEB-7 was deleted", LATER)
    with pytest.raises(Permanent):
        link(store, case_id)
    with store.read() as tx:
        assert tx.cases.of_ticket("acme", "WEB-7") == case_id


def test_a_new_ticket_mends_a_broken_link_and_speaks_before_the_old_one(store, case_id):
    link(store, case_id)
    with store.write() as tx:
        tx.cases.break_link(case_id, "WEB-7 was deleted", LATER)
        tx.cases.set_verdict(case_id, "web to acme", "link broken")
        other = tx.cases.open(replace(ISSUE, id="502"), "web", NOW)
        tx.cases.add_ticket(other, replace(TICKET, id="20000"), "r", None, None, NOW)
        assert tx.cases.of_ticket("acme", "WEB-7") == other
        tx.cases.add_ticket(case_id, replace(TICKET, key="WEB-8", id="10008"), "r", None, None, NOW)
    case = load(store, case_id)
    assert (case.ticket.key, case.broken_reason, case.broken_at, case.verdict) == ("WEB-8", None, None, None)


def test_agreeing_keeps_members_and_ticket_and_ends_the_goal(store, case_id):
    link(store, case_id)
    with store.write() as tx:
        tx.cases.set_goal(case_id, {"to": "resolved", "steps": ["a", {"b": 1}]})
    assert load(store, case_id).goal == {"to": "resolved", "steps": ["a", {"b": 1}]}
    with store.write() as tx:
        tx.cases.agree(case_id, {ISSUE.id: (Status.RESOLVED, True), "404": (Status.OPEN, False)}, Status.RESOLVED)
    case = load(store, case_id)
    assert (case.goal, case.ticket.agreed) == (None, Status.RESOLVED)
    assert (case.members[0].agreed, case.members[0].closed_with_ticket) == (Status.RESOLVED, True)
    with store.write() as tx:
        tx.cases.agree(case_id, {}, None)
    case = load(store, case_id)
    assert (case.ticket.agreed, case.members[0].agreed) == (Status.RESOLVED, Status.RESOLVED)


def test_agreeing_touches_no_issue_of_another_case(store, case_id):
    with store.write() as tx:
        other = tx.cases.open(replace(ISSUE, id="502"), "web", NOW)
        tx.cases.agree(case_id, {"502": (Status.IGNORED, False)}, None)
    assert load(store, other).members[0].agreed is None


def test_a_goal_can_be_taken_back(store, case_id):
    with store.write() as tx:
        tx.cases.set_goal(case_id, {"to": "open"})
        tx.cases.set_goal(case_id, None)
    assert load(store, case_id).goal is None


def test_verdict_route_and_shown_ticket_are_remembered(store, case_id):
    with store.write() as tx:
        tx.cases.set_verdict(case_id, "quiet", "below 10 events")
    case = load(store, case_id)
    assert (case.rule, case.verdict) == ("quiet", "below 10 events")
    with store.write() as tx:
        tx.cases.set_route(case_id, "web to acme", "acme")
    row_id = link(store, case_id)
    with store.write() as tx:
        tx.cases.mark_linked(ISSUE.id, row_id)
    case = load(store, case_id)
    assert (case.rule, case.tracker, case.members[0].linked_ticket) == ("web to acme", "acme", row_id)


def test_sweeps_and_pages_see_every_case_once(store):
    with store.write() as tx:
        ids = [tx.cases.open(replace(ISSUE, id=str(number)), "web", NOW) for number in range(5)]
        for case_id in ids[1:4]:
            tx.cases.add_ticket(case_id, replace(TICKET, id=str(case_id), key=f"W-{case_id}"), "r", None, None, NOW)
        tx.cases.break_link(ids[2], "deleted", NOW)
        tx.cases.set_verdict(ids[4], "r", "too quiet")
    with store.read() as tx:
        first = tx.pairs.linked(0, 1)
        rest = tx.pairs.linked(first[0].id, 9)
        pages = tx.cases.overview(3, 0) + tx.cases.overview(3, 3)
        assert tx.cases.counts() == CaseCounts(cases=5, members=5, live=2, broken=1, unlinked=1)
    assert [case.id for case in (*first, *rest)] == [ids[1], ids[3]]
    assert all(case.ticket and case.members for case in (*first, *rest))
    assert sorted(case.id for case in pages) == ids


def test_the_overview_shows_what_changed_last_first(store, case_id):
    with store.write() as tx:
        other = tx.cases.open(replace(ISSUE, id="502"), "web", NOW)
    with store.write() as tx:
        tx.cases.set_verdict(case_id, "r", "too quiet")
    with store.read() as tx:
        assert [case.id for case in tx.cases.overview(9, 0)] == [case_id, other]


def test_a_group_can_be_locked_and_is_free_after_the_commit(store):
    for _ in range(2):
        with store.write() as tx:
            tx.cases.lock_group("web")


def test_naive_times_are_refused_before_anything_is_written(store):
    with pytest.raises(ValueError, match="time zone"), store.write() as tx:
        tx.cases.open(replace(ISSUE, last_seen=datetime(2026, 3, 6)), "web", NOW)  # noqa: DTZ001 -- the fault under test
    with store.read() as tx:
        assert tx.cases.counts().cases == 0
