"""Reading a tracker's status is total; writing comes back as it went out, or the mapping was refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.mapping.schema import StatusWords
from worker.mapping.status import NOT_FIXED, Closing, StatusMap
from worker.mapping.words import complaints, overlaid, status_map, unknown_words
from worker.model import Status, TicketState, TrackerKind

OPEN, RESOLVED, IGNORED = Status


def jira(one_way=(), **words):
    return status_map(TrackerKind.JIRA, StatusWords.model_validate(words), frozenset(one_way))


def github(**words):
    return status_map(TrackerKind.GITHUB, StatusWords.model_validate(words), frozenset())


@pytest.mark.parametrize("kind", TrackerKind)
def test_defaults_come_back(kind):
    assert StatusMap(kind).broken() == {}


@given(st.text(), st.booleans(), st.none() | st.text(), st.sampled_from(TrackerKind))
def test_every_state_means_something(name, done, resolution, kind):
    assert StatusMap(kind).read(TicketState(name, done, resolution)) in Status


SOUND = [
    {"resolved": "Done"},
    {"resolved": "Closed", "ignored": "Won't Do"},
    {"open": "To Do", "resolved": "Done", "ignored": "Won't Do"},
    {"resolved": {"name": "Done", "resolution": "Fixed"}, "ignored": {"name": "Done", "resolution": "Rejected"}},
    {"resolved": {"name": "Done", "read": ["Released", "Shipped"]}},
    {"ignored": {"resolution": "Declined"}},
    {"ignored": {"resolution": "Parked"}},
    {"resolved": "Done", "ignored": {"resolution": "Parked"}},
    {"resolved": {"resolution": "Fixed"}, "ignored": {"resolution": "Duplicate"}},
    {"resolved": "Cancelled", "ignored": "Won\u2019t Do"},
    {"ignored": "Backlog"},
]


@pytest.mark.parametrize("words", SOUND)
def test_sound_words_come_back(words):
    assert jira(**words).broken() == {}


def test_two_statuses_under_one_name_do_not_come_back():
    built = jira(resolved="Done", ignored="Done")
    assert built.broken() == {IGNORED: RESOLVED}
    (complaint,) = complaints(built, "jira")
    assert (complaint.status, complaint.closing) == (IGNORED, None)
    assert "“Done”" in complaint.message
    assert "one_way" in complaint.hint


def test_one_way_says_so():
    assert jira(one_way=[IGNORED], resolved="Done", ignored="Done").broken() == {}


def test_done_as_not_fixed_is_not_resolved():
    built = jira(resolved="Done")
    assert built.read(TicketState("Done", done=True)) is RESOLVED
    assert built.read(TicketState("DONE", done=True, resolution="Fixed")) is RESOLVED
    assert built.read(TicketState("Done", done=True, resolution="Won't Do")) is IGNORED


CLOSED = st.builds(
    TicketState,
    name=st.sampled_from(["Done", "Closed", "Cancelled", "Won\u2019t Do", "Duplicate"]),
    done=st.just(True),
    resolution=st.none() | st.sampled_from(["Done", "Fixed", "Won't Do", "Duplicate", "Canceled", "Parked"]),
)


@given(CLOSED, st.dictionaries(st.sampled_from(Closing), st.sampled_from(Status)))
def test_what_closed_as_does_not_name_reads_as_if_nothing_was_said(state, closed_as):
    told = StatusMap(TrackerKind.JIRA, closed_as=closed_as)
    why = told.because(state)
    assert told.read(state) is (closed_as[why] if why in closed_as else StatusMap(TrackerKind.JIRA).read(state))


def test_nothing_that_was_fixed_is_closed_by_a_word_of_the_unfixed():
    for word in NOT_FIXED:
        assert StatusMap(TrackerKind.JIRA).read(TicketState(word.upper(), done=True)) is IGNORED
        assert StatusMap(TrackerKind.JIRA).read(TicketState("Done", done=True, resolution=word)) is IGNORED


def test_names_win_over_categories():
    built = jira(resolved={"name": "Ready to ship", "read": ["In Review"]})
    assert built.read(TicketState("in review", done=False)) is RESOLVED
    assert built.read(TicketState("In Progress", done=False)) is OPEN


def test_github_words():
    built = github(resolved="completed", ignored={"name": "not planned", "read": ["duplicate"]})
    assert built.broken() == {}
    assert built.read(TicketState("closed", done=True, resolution="duplicate")) is IGNORED
    assert built.read(TicketState("closed", done=True, resolution="completed")) is RESOLVED
    assert built.read(TicketState("closed", done=True)) is RESOLVED
    assert built.read(TicketState("open", done=False, resolution="reopened")) is OPEN
    assert list(unknown_words(TrackerKind.GITHUB, StatusWords.model_validate({"open": "To Do"}))) == [(OPEN, "To Do")]


def test_laying_over_keeps_the_rest():
    under = StatusWords.model_validate({"open": "To Do", "resolved": "Done"})
    both = overlaid(under, StatusWords.model_validate({"resolved": "Shipped"}))
    assert (both.open.name, both.resolved.name, both.ignored) == ("To Do", "Shipped", None)
