"""Issues of one case become one in Sentry, too, where the mapping asks for it: once, whatever dies or repeats."""

import pytest

from tests.contract.test_casebook import API, PRICE, WEB, case_of, mapped, settled, story, throw
from tests.fixtures.desk import Desk, Died

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
    (entry,) = told(merging, two, "sentry.not_merged")
    assert "practice fault" in entry.why
    assert merging.calls.count("merge") == 1
    assert merging.parked() == ()
