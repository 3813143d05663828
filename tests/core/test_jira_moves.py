"""Ways through a Jira workflow, and documents read as text: pure choices over what Jira tells."""

import pytest

from worker.ends.jira_moves import Step, closing_step, next_step, read_steps
from worker.ends.jira_shapes import touched
from worker.ends.jira_words import document, marked, plain, unmarked
from worker.ends.marks import nonce_among
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


AS_DUPLICATE = StateTarget(done=True, resolution="Duplicate")


def test_a_twin_is_closed_as_a_duplicate_where_that_is_offered():
    screen = Step("61", "Closed", done=True, resolutions=("Fixed", "Duplicate"))
    named = Step("71", "Duplicate", done=True)
    assert closing_step([DONE, REJECTED, screen], AS_DUPLICATE, set()) is screen
    assert closing_step([DONE, REJECTED, named], AS_DUPLICATE, set()) is named


def test_a_twin_is_closed_at_once_where_that_is_not_offered_and_not_as_fixed():
    assert closing_step([DOING, DONE, REJECTED], AS_DUPLICATE, set()) is REJECTED
    assert closing_step([DOING, DONE], AS_DUPLICATE, set()) is DONE


def test_a_twin_that_cannot_be_closed_from_here_goes_on_but_never_back():
    assert closing_step([TODO, DOING], AS_DUPLICATE, {"to do"}) is DOING
    assert closing_step([TODO], AS_DUPLICATE, {"to do"}) is None


@pytest.mark.parametrize("said", ["one line", "two\n\nparagraphs", "", "bugferry-1a"])
def test_our_mark_is_read_back_and_taken_off(said):
    assert unmarked(marked(document(said), "bugferry-c1")) == (said, "bugferry-c1")


def test_a_mark_is_the_last_paragraph_and_nothing_else():
    empty = {"type": "paragraph", "content": []}
    ours = marked(document("text"), "bugferry-c1")
    assert unmarked({**ours, "content": [*ours["content"], empty]}) == ("text", "bugferry-c1")
    assert unmarked(document("text with bugferry-c1")) == ("text with bugferry-c1", None)
    assert unmarked({**ours, "content": [*ours["content"], *document("more")["content"]]})[1] is None


@pytest.mark.parametrize("junk", [None, 5, [], {"content": "x"}, {"content": [None, 5, {"type": 7, "text": 5}]}])
def test_what_is_no_document_says_nothing_and_harms_nobody(junk):
    assert unmarked(junk) == ("", None)


def test_a_document_deeper_than_the_stack_is_read():
    doc = {"type": "text", "text": "deep"}
    for _ in range(50_000):
        doc = {"type": "blockquote", "content": [doc]}
    assert plain(doc) == "deep"


def test_a_nonce_is_told_from_other_labels():
    assert nonce_among(["sentry-WEB-1", "bugferry-team", "bugferry-0a1b"]) == "bugferry-0a1b"
    assert nonce_among(["sentry-WEB-1", "web"]) is None


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"accountId": "us"}, False),
        ({"accountId": "robin", "accountType": "atlassian"}, True),
        ({"accountId": "automation", "accountType": "app"}, False),
        (None, False),
    ],
)
def test_a_ticket_is_touched_by_people_who_are_not_us(who, expected):
    assert touched({"changelog": {"histories": [{"author": who}]}}, "us") is expected
    assert touched({"fields": {"comment": {"comments": [{"author": who}]}}}, "us") is expected
