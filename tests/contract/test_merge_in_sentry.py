"""Issues of one case become one in Sentry, too, where the mapping asks for it: once, whatever dies or repeats."""

import pytest

from tests.contract.test_casebook import API, PRICE, RECEIPT, WEB, case_of, mapped, settled, story, throw
from tests.fixtures.desk import Desk, Died
from worker.case import Case, Member, NoTicket
from worker.flow.cases.membership import merge_cases, take_in
from worker.flow.grouping.merge_in_sentry import alike
from worker.flow.observe.look import UNROUTED
from worker.model import Issue, Project

ON = "grouping: {merge_in_sentry: true}\n"


@pytest.fixture
def merging(desk: Desk, tmp_path) -> Desk:
    mapped(desk, tmp_path, ON)
    return desk


def there(desk: Desk) -> set[str]:
    return {issue["id"] for issue in desk.sandbox.state()["issues"]}


def told(desk: Desk, issue_id: str, kind: str = "sentry.merged") -> list:
    return [entry for entry in story(desk, case_of(desk, issue_id)) if entry.kind == kind]


def test_what_joined_by_itself_is_merged_in_sentry_and_told_once_with_the_reason(merging):
    one, two = settled(merging, (PRICE, "a"), (PRICE, "b"))
    assert len(there(merging)) == 1
    (entry,) = told(merging, one)
    assert entry.actor == "bugferry"
    assert "the same source line" in entry.why
    assert set(entry.detail["issues"]) == {one, two}
    assert len(merging.tickets()) == 1
    merging.settle(one, two)
    assert merging.calls.count("merge") == 1
    merging.move_ticket(merging.tickets()[0], "resolved")
    merging.settle(*there(merging))
    assert merging.issue(*there(merging))["status"] == "resolved"


def test_nothing_is_merged_unless_the_mapping_says_so(desk):
    settled(desk, (PRICE, "a"), (PRICE, "b"))
    assert len(there(desk)) == 2
    assert "merge" not in desk.calls


def test_a_merge_whose_answer_was_lost_is_looked_for_and_not_told_twice(merging):
    (one,) = settled(merging, (PRICE, "a"))
    for kind in ("drop_before", "drop_after"):
        merging.sandbox.fault(kind, service="sentry", method="PUT", path=r"/issues/\?")
    (two,) = settled(merging, (PRICE, "b"))
    merging.settle(one, two)
    assert len(there(merging)) == 1
    assert len(told(merging, one)) == 1
    assert merging.parked() == ()


def test_issues_of_two_projects_or_of_two_statuses_are_left_apart(desk, tmp_path):
    mapped(desk, tmp_path, f"groups: {{shop: {{projects: [{WEB.slug}, {API.slug}]}}}}\n{ON}")
    one, two = throw(desk, PRICE, "a", API), throw(desk, PRICE, "b", WEB)
    desk.settle(one, two)
    three = throw(desk, PRICE, "c", API)
    desk.move_issue(three, "ignored")
    desk.settle(three)
    assert case_of(desk, one) == case_of(desk, two) == case_of(desk, three)
    assert "merge" not in desk.calls


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_around_the_merge_leaves_one_issue_and_one_word_in_history(merging, when):
    (one,) = settled(merging, (PRICE, "a"))
    dead = []

    def kill(moment: str, name: str) -> None:
        if (moment, name) == (when, "merge") and not dead:
            dead.append(name)
            raise Died

    merging.watch[:] = [kill]
    two = throw(merging, PRICE, "b")
    with pytest.raises(Died):
        merging.settle(two)
    merging.clock.advance(seconds=60)  # its lease runs out
    merging.settle(one, two)
    assert dead
    assert len(there(merging)) == 1
    assert len(told(merging, one)) == 1
    assert merging.calls.count("merge") == (2 if when == "before" else 1)
    with merging.store.read() as tx:
        assert tx.intents.open_ones(5) == ()
    assert merging.parked() == ()


def test_what_sentry_refuses_to_merge_is_told_once_and_holds_nothing_up(merging):
    (one,) = settled(merging, (PRICE, "a"))
    merging.sandbox.fault("fail_before", service="sentry", method="PUT", path=r"/issues/\?", status=400, times=-1)
    (two,) = settled(merging, (PRICE, "b"))
    merging.settle(one, two)
    assert len(there(merging)) == 2
    assert told(merging, two) == []
    (entry,) = told(merging, two, "sentry.not_merged")
    assert "practice fault" in entry.why
    assert merging.calls.count("merge") == 1
    assert merging.parked() == ()


# ---------------------------------------------------------------- what people do


def test_what_a_person_takes_apart_again_stays_apart_although_it_moves_and_goes_on_happening(merging):
    one, _ = settled(merging, (PRICE, "a"), (PRICE, "b"))
    (stays,) = there(merging)
    merging.sandbox.control.post("/sandbox/sentry", json={"unmerge": stays}).raise_for_status()
    (apart,) = there(merging) - {stays}
    for to in ("resolved", "unresolved"):
        merging.move_issue(apart, to)
    assert throw(merging, PRICE, "b") == apart
    merging.settle(apart, stays)
    assert there(merging) == {stays, apart}
    assert case_of(merging, apart) != case_of(merging, one)
    with merging.store.read() as tx:
        assert tx.feedback.parted(case_of(merging, one), [apart])
    assert merging.calls.count("merge") == 1


def test_what_was_taken_apart_is_not_merged_in_sentry_even_where_a_person_makes_it_one_case(merging):
    one, _ = settled(merging, (PRICE, "a"), (PRICE, "b"))
    (stays,) = there(merging)
    merging.sandbox.control.post("/sandbox/sentry", json={"unmerge": stays}).raise_for_status()
    (apart,) = there(merging) - {stays}
    throw(merging, PRICE, "b")
    merging.settle(apart)
    merge_cases(merging.ctx, case_of(merging, apart), case_of(merging, one), "checkout-lead")
    merging.settle(apart, stays)
    assert case_of(merging, apart) == case_of(merging, stays)
    assert there(merging) == {stays, apart}


def test_an_issue_that_moved_since_the_look_is_not_merged(merging):
    (one,) = settled(merging, (PRICE, "a"))
    at = []

    def move(moment: str, name: str) -> None:
        if at or (moment, name) != ("after", "comments"):  # the look is over, and merging is what comes next
            return
        at.append(name)
        merging.move_issue(one, "ignored")

    merging.watch[:] = [move]
    two = throw(merging, PRICE, "b")
    merging.settle(two)
    assert at
    assert "merge" not in merging.calls
    assert two in there(merging)


# ---------------------------------------------------------------- what Sentry says to it


def test_a_right_that_is_missing_is_told_once_and_the_merge_is_made_when_it_is_given(merging):
    (one,) = settled(merging, (PRICE, "a"))
    merging.sandbox.fault("fail_before", service="sentry", method="PUT", path=r"/issues/\?", status=403, times=2)
    (two,) = settled(merging, (PRICE, "b"))
    merging.settle(one)
    assert merging.parked() == ()
    assert there(merging) == {one, two}
    assert len(told(merging, one, "sentry.not_merged")) == 1
    assert told(merging, one) == []
    merging.settle(one)
    assert len(there(merging)) == 1
    assert len(told(merging, one)) == 1


def test_an_occasion_and_a_call_stay_short_however_many_issues_a_case_has():
    project = Project("7", "api")
    issues = [Issue(str(10**18 + n), f"API-{n}", "x", project) for n in range(121)]
    case = Case(1, tuple(map(Member, issues)), NoTicket(None, None, "x"), UNROUTED)
    groups = alike(case)
    assert [len(one) for one in groups.values()] == [50, 50, 21]
    assert max(len(occasion) for occasion in groups) < 2704  # what an index of PostgreSQL takes


@pytest.mark.parametrize(
    "fault", [{"kind": "fail_before", "status": 204}, {"kind": "drop_before"}], ids=lambda f: f["kind"]
)
def test_what_never_happened_is_not_told_as_done(merging, fault):
    (one,) = settled(merging, (PRICE, "a"))
    merging.sandbox.fault(**fault, service="sentry", method="PUT", path=r"/issues/\?", times=1)
    two = throw(merging, PRICE, "b")
    merging.hint(two)
    merging.work()
    assert "merge" in merging.calls
    assert there(merging) == {one, two}
    assert told(merging, one) == []


def test_what_is_left_open_is_closed_when_the_mapping_does_not_ask_any_more(merging, tmp_path):
    merging.sandbox.fault("drop_before", service="sentry", method="PUT", path=r"/issues/\?")
    (one,) = settled(merging, (PRICE, "a"))
    two = throw(merging, PRICE, "b")
    merging.hint(two)
    merging.work()
    with merging.store.read() as tx:
        assert [meant.state for meant in tx.intents.open_ones(5)] == ["sent"]
    mapped(merging, tmp_path, "grouping: {merge_in_sentry: false}\n")
    merging.settle(one)
    with merging.store.read() as tx:
        assert tx.intents.open_ones(5) == ()
    assert there(merging) == {one, two}
    assert told(merging, one) == []


def test_what_is_left_open_goes_with_a_case_that_another_takes_in(merging):
    merging.sandbox.fault("fail_before", service="sentry", method="PUT", path=r"/issues/\?", status=403, times=-1)
    other, one, two = settled(merging, (RECEIPT, "r"), (PRICE, "a"), (PRICE, "b"))
    with merging.store.write(now=merging.clock()) as tx:
        take_in(tx, case_of(merging, one), case_of(merging, other), "a person says so", merging.clock())
    merging.settle()
    with merging.store.read() as tx:
        (meant,) = tx.intents.open_ones(5)
    assert (meant.case_id, meant.state) == (case_of(merging, other), "unsent")
    assert meant.occasion.split()[1:] == sorted((other, one, two))
