"""Ways through a Jira workflow: pure choices over what one status offers."""

from worker.ends.jira_moves import Step, next_step, read_steps
from worker.model import StateTarget

TODO, DOING, DONE, REJECTED = (
    Step("11", "To Do", done=False),
    Step("21", "In Progress", done=False),
    Step("31", "Done", done=True),
    Step("41", "Won't Do", done=True),
)
ASKING = Step("51", "Closed", done=True, resolutions=("Fixed", "Won\u2019t Do"))


def test_a_named_status_is_taken_whatever_its_case():
    assert next_step([TODO, DONE, REJECTED], StateTarget(done=True, name="WON'T DO"), set()) is REJECTED


def test_done_without_a_reason_means_fixed():
    fixed = StateTarget(done=True)
    assert next_step([REJECTED, DONE], fixed, set()) is DONE
    assert next_step([REJECTED, DOING], fixed, {"to do"}) is DOING
    assert next_step([REJECTED], fixed, {"to do"}) is None


def test_done_with_a_reason_needs_a_status_or_a_field_that_says_it():
    ignored = StateTarget(done=True, resolution="Won't Do")
    assert next_step([DONE, REJECTED], ignored, set()) is REJECTED
    assert next_step([DONE, ASKING], ignored, set()) is ASKING
    assert ASKING.resolution_for(ignored) == "Won\u2019t Do"
    assert next_step([DONE], ignored, set()) is None


def test_no_status_is_visited_twice_and_open_ones_come_first():
    to = StateTarget(done=True, name="Closed")
    assert next_step([DONE, TODO, DOING], to, {"to do"}) is DOING
    assert next_step([DONE, TODO, DOING], to, {"to do", "in progress"}) is DONE
    assert next_step([TODO, DOING], to, {"to do", "in progress"}) is None


def test_a_resolution_is_given_only_where_it_is_asked_and_wanted():
    assert DONE.resolution_for(StateTarget(done=True, resolution="Fixed")) is None
    assert ASKING.resolution_for(StateTarget(done=True)) is None
    assert ASKING.resolution_for(StateTarget(done=True, name="Closed", resolution="fixed")) == "Fixed"


def test_what_jira_offers_is_read_and_what_it_withholds_is_not():
    told = [
        {"id": "1", "to": {"name": "Done", "statusCategory": {"key": "done"}}, "fields": {}},
        {"id": "2", "to": {"name": "Closed", "statusCategory": {"key": "done"}}, "isAvailable": False},
        {"id": "3", "to": {"name": "X"}, "fields": {"resolution": {"allowedValues": [{"name": "Fixed"}, None]}}},
        None,
    ]
    assert read_steps(told) == [
        Step("1", "Done", done=True),
        Step("3", "X", done=False, resolutions=("Fixed",)),
    ]
