"""Two cases that become one, and issues that leave: nothing of either is lost, and one ticket speaks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.errors import Permanent, Transient
from worker.model import Issue, Project, Status, Ticket, TicketState
from worker.store.umbrellas import NewUmbrella

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
PROJECT = Project("1", "web")
OPEN = Status.OPEN


def issue(number: int) -> Issue:
    return Issue(str(number), f"WEB-{number}", "TypeError", PROJECT)


def ticket(number: int, made: datetime = NOW) -> Ticket:
    state = TicketState("To Do", done=False)
    return Ticket("acme", f"WEB-{number}", str(number), "https://acme.example/", "TypeError", state, created_at=made)


def case(store, number: int, ticketed: Ticket | None = None) -> int:
    """A case of one issue that both sides agree on, with or without a ticket."""
    with store.write() as tx:
        made = tx.cases.open(issue(number), "web", NOW)
        if ticketed:
            row = tx.cases.add_ticket(made, ticketed, "bugs", f"bugferry-{number}", OPEN, NOW)
            tx.cases.agree(made, {str(number): (OPEN, False)}, OPEN)
            tx.cases.mark_linked(str(number), row)
    return made


def load(store, case_id: int):
    with store.read() as tx:
        return tx.cases.load(case_id)


def merge(store, one: int, other: int, **more):
    with store.write() as tx:
        return tx.membership.merge(one, other, "the same bug", **more)


@pytest.mark.parametrize("older", ["from", "into"])
def test_the_older_ticket_speaks_on_and_the_other_is_to_be_seen_off(store, older):
    made = {"from": NOW, "into": NOW, older: NOW - timedelta(days=1)}
    one, other = case(store, 1, ticket(1, made["from"])), case(store, 2, ticket(2, made["into"]))
    merged = merge(store, one, other)
    whole, keys = load(store, other), {"from": "WEB-1", "into": "WEB-2"}
    assert whole.ticket.key == merged.survivor == keys.pop(older)
    assert [past.key for past in whole.past] == [merged.loser] == list(keys.values())
    assert whole.past[0].farewell == "duplicate"
    assert [m.id for m in whole.members] == ["1", "2"]
    assert load(store, one).members == ()
    assert load(store, one).merged_into == other


@pytest.mark.parametrize("older", ["from", "into"])
def test_whoever_comes_to_another_ticket_joins_anew(store, older):
    made = {"from": NOW, "into": NOW, older: NOW - timedelta(days=1)}
    one, other = case(store, 1, ticket(1, made["from"])), case(store, 2, ticket(2, made["into"]))
    merge(store, one, other)
    agreed = {member.id: member.agreed for member in load(store, other).members}
    assert agreed == ({"1": OPEN, "2": None} if older == "from" else {"1": None, "2": OPEN})


def test_the_ticket_of_a_case_without_one_is_taken_along(store):
    one, other = case(store, 1, ticket(1)), case(store, 2)
    merged = merge(store, one, other)
    assert (merged.survivor, merged.loser) == ("WEB-1", None)
    assert load(store, other).ticket.key == "WEB-1"
    assert load(store, other).tracker == "acme"


def test_the_one_that_a_person_chose_speaks_on_though_it_is_younger(store):
    one, other = case(store, 1, ticket(1, NOW - timedelta(days=1))), case(store, 2, ticket(2))
    assert merge(store, one, other, keep_into=True).survivor == "WEB-2"
    assert load(store, other).past[0].farewell is None


def test_a_half_done_move_goes_on_with_its_ticket(store):
    one, other = case(store, 1, ticket(1, NOW - timedelta(days=1))), case(store, 2, ticket(2))
    with store.write() as tx:
        tx.cases.set_goal(one, {"to": "resolved"})
    merge(store, one, other)
    assert load(store, other).goal == {"to": "resolved"}
    assert load(store, one).goal is None


@pytest.mark.parametrize("busy", [0, 1])
def test_a_case_that_is_just_making_its_ticket_is_waited_for(store, busy):
    pair = (case(store, 1), case(store, 2))
    with store.write() as tx:
        intent = tx.intents.open(pair[busy], "create", "first ticket", NOW)
        tx.intents.sent(intent, NOW)
    with pytest.raises(Transient, match="just making its ticket"):
        merge(store, *pair)
    with store.write() as tx:
        tx.intents.done(intent, "WEB-9", NOW)
    merge(store, *pair)


def test_cases_are_taken_in_once_and_never_in_a_circle(store):
    one, other, third = (case(store, number) for number in (1, 2, 3))
    merge(store, one, other)
    for pair in ((other, one), (one, third), (third, one), (third, third), (third, 999)):
        with pytest.raises(Permanent, match="cannot become one"):
            merge(store, *pair)
    merge(store, other, third)
    with store.read() as tx:
        assert tx.cases.home(one) == third


def test_an_issue_that_leaves_gets_a_case_of_its_own_without_a_ticket(store):
    one, other = case(store, 1), case(store, 2, ticket(2))
    merge(store, one, other)
    with store.write() as tx:
        old, new = tx.membership.split("2", NOW)
    assert (old, [m.id for m in load(store, old).members]) == (other, ["1"])
    left = load(store, new)
    assert [(m.id, m.agreed, m.linked_ticket) for m in left.members] == [("2", None, None)]
    assert (left.ticket, left.project_group) == (None, "web")
    assert load(store, other).ticket.key == "WEB-2"


@pytest.mark.parametrize("who", ["1", "999"])
def test_nobody_leaves_who_is_alone_or_unknown(store, who):
    case(store, 1)
    with store.write() as tx, pytest.raises(Permanent, match="cannot leave"):
        tx.membership.split(who, NOW)


def test_a_twin_is_a_past_ticket_once(store):
    one = case(store, 1, ticket(1))
    with store.write() as tx:
        twin = replace(ticket(2), key="WEB-8", id="8")
        assert tx.cases.add_past(one, twin, "bugs", "bugferry-1", "made twice", NOW)
        assert not tx.cases.add_past(one, twin, "bugs", "bugferry-1", "made twice", NOW)
    (past,) = load(store, one).past
    assert (past.key, past.farewell, past.live, past.seen_off_at) == ("WEB-8", "duplicate", False, None)
    with store.write() as tx:
        tx.cases.seen_off(past.id, NOW)
    assert load(store, one).past[0].seen_off_at == NOW


def test_waiting_is_named_and_dated_and_found_by_pages(store):
    first, second = case(store, 1), case(store, 2)
    with store.write() as tx:
        for each in (first, second):
            tx.cases.wait(each, "a deploy to production", NOW)
    with store.read() as tx:
        assert [row.id for row in tx.pairs.waiting(0, 1)] == [first]
        assert [row.id for row in tx.pairs.waiting(first, 9)] == [second]
    assert (load(store, first).waiting_for, load(store, first).waiting_since) == ("a deploy to production", NOW)
    with store.write() as tx:
        tx.cases.wait(first, None, NOW)
    assert (load(store, first).waiting_for, load(store, first).waiting_since) == (None, None)


def test_tickets_that_moved_out_of_their_place_are_found(store):
    case(store, 1, ticket(1))
    away = case(store, 2, replace(ticket(2), key="OPS-2"))
    hub = case(store, 3, replace(ticket(3), tracker="hub", key="7"))
    transferred = case(store, 4, replace(ticket(4), tracker="hub", key="acme/other#7"))
    with store.read() as tx:
        assert tx.pairs.strays("acme", "WEB-", 9) == (away,)
        assert tx.pairs.strays("hub", None, 9) == (transferred,)
        assert hub not in tx.pairs.strays("hub", None, 9)


def test_when_a_ticket_was_closed_is_remembered_until_it_reopens(store):
    one = case(store, 1, ticket(1))
    closed = replace(ticket(1), state=TicketState("Done", done=True))
    for seen, moment in ((closed, NOW), (closed, NOW + timedelta(days=1))):
        with store.write() as tx:
            tx.cases.save_ticket(one, seen, moment)
        assert load(store, one).ticket.done_since == NOW
    with store.write() as tx:
        tx.cases.closed_at(one, NOW - timedelta(hours=1))
    assert load(store, one).ticket.done_since == NOW - timedelta(hours=1)
    with store.write() as tx:
        tx.cases.save_ticket(one, ticket(1), NOW)
    assert load(store, one).ticket.done_since is None


def test_a_comment_that_may_have_arrived_is_looked_for_by_the_case_that_took_over(store):
    one, other = case(store, 1), case(store, 2)
    with store.write() as tx:
        intent = tx.intents.open(one, "comment", "copy:ticket:1:77:issue:1", NOW)
    merge(store, one, other)
    with store.write() as tx:
        assert tx.intents.open(other, "comment", "copy:ticket:1:77:issue:1", NOW).id == intent.id


# ---------------------------------------------------------------- a ticket that somebody else made


def take_up(store, case_id: int, given: Ticket, rule: str = "chosen", agreed: Status = Status.RESOLVED) -> int:
    with store.write() as tx:
        return tx.membership.take_up(case_id, given, rule, agreed, NOW)


def busy_waiting(store, case_id: int) -> None:
    """A half-done move, and something that is waited for."""
    with store.write() as tx:
        tx.cases.set_goal(case_id, {"to": "resolved"})
        tx.cases.wait(case_id, "deploy", NOW)


def put_aside(store, case_id: int) -> None:
    with store.write() as tx:
        tx.cases.retire(case_id, "it was out of sight", None)


@pytest.mark.parametrize("known", [False, True])
def test_a_ticket_that_is_taken_up_is_agreed_on_by_the_case_and_by_nobody_in_it(store, known):
    mine = case(store, 1, ticket(1) if known else ticket(9))
    put_aside(store, mine)
    busy_waiting(store, mine)
    row_id = take_up(store, mine, ticket(1))
    row = load(store, mine)
    assert (row.ticket.id, row.ticket.key, row.ticket.agreed) == (row_id, "WEB-1", Status.RESOLVED)
    assert row.ticket.rule == "chosen"
    assert (row.rule, row.tracker, row.goal, row.waiting_for) == ("chosen", "acme", None, None)
    assert [(one.agreed, one.linked_ticket, one.closed_with_ticket) for one in row.members] == [(None, None, False)]


def test_a_ticket_that_another_case_let_go_is_taken_up_and_one_that_it_holds_is_not(store):
    theirs, mine = case(store, 1, ticket(1)), case(store, 2)
    with pytest.raises(Permanent):
        take_up(store, mine, ticket(1))
    put_aside(store, theirs)
    row_id = take_up(store, mine, ticket(1))
    assert load(store, mine).ticket.id == row_id
    assert load(store, theirs).ticket is None
    assert load(store, theirs).past == ()


def test_a_ticket_that_was_told_its_successor_is_taken_up_by_its_own_case_alone(store):
    theirs, mine = case(store, 1, ticket(1)), case(store, 2)
    with store.write() as tx:
        tx.cases.retire(theirs, "the same bug", "duplicate")
    with pytest.raises(Permanent):
        take_up(store, mine, ticket(1))
    take_up(store, theirs, ticket(1))
    row = load(store, theirs).ticket
    assert (row.key, row.live, row.farewell, row.closed_reason) == ("WEB-1", True, None, None)


def test_a_case_that_has_a_ticket_takes_up_no_other(store):
    mine, theirs = case(store, 1, ticket(1)), case(store, 2, ticket(2))
    put_aside(store, theirs)
    for number in (2, 3):
        with pytest.raises(Permanent):
            take_up(store, mine, ticket(number))
    assert load(store, mine).ticket.key == "WEB-1"


def test_a_case_that_is_just_making_its_ticket_takes_up_none(store):
    mine = case(store, 1)
    with store.write() as tx:
        tx.intents.sent(tx.intents.open(mine, "create", "first ticket", NOW), NOW)
    with pytest.raises(Transient, match="just making its ticket"):
        take_up(store, mine, ticket(1))
    assert load(store, mine).ticket is None


def test_an_umbrella_takes_up_no_ticket(store):
    with store.write() as tx:
        umbrella, _ = tx.umbrellas.open(NewUmbrella("storm", "storm 1", "bugs", "acme", "Storm", "body"), NOW)
    with pytest.raises(Permanent, match="umbrella"):
        take_up(store, umbrella.case_id, ticket(1))


def test_a_ticket_that_is_put_down_leaves_the_case_as_it_was_before(store):
    mine = case(store, 1)
    with store.write() as tx:
        tx.cases.set_verdict(mine, "quiet", "noise")
    before = load(store, mine)
    take_up(store, mine, ticket(1))
    with store.write() as tx:
        tx.cases.agree(mine, {"1": (OPEN, True)}, OPEN)
    busy_waiting(store, mine)
    with store.write() as tx:
        was = {"rule": before.rule, "tracker": before.tracker, "verdict": before.verdict}
        tx.membership.put_down(mine, "it was another", was)
    after = load(store, mine)
    assert after.ticket is None
    assert [(one.key, one.closed_reason, one.farewell) for one in after.past] == [("WEB-1", "it was another", None)]
    assert (after.rule, after.tracker, after.verdict) == ("quiet", before.tracker, "noise")
    assert (after.goal, after.waiting_for) == (None, None)
    assert [(one.agreed, one.linked_ticket, one.closed_with_ticket) for one in after.members] == [(None, None, False)]
