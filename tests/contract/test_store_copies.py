"""Repeated comments: each remembered once, with what it said when it was last repeated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.model import Issue, Project
from worker.talk.comments import Copy

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
COPY = Copy("issue:501", "7", "ticket:1", "90", "bugferry-0123456789abcdef", "before")
ELSEWHERE = replace(COPY, shown_on="ticket:2", shown_id="91")


@pytest.fixture
def cases(store):
    """Two cases, by id."""
    with store.write() as tx:
        return tuple(
            tx.cases.open(Issue(number, f"WEB-{number}", "boom", Project("1", "web")), "web", NOW)
            for number in ("501", "502")
        )


def of_case(store, *about):
    with store.read() as tx:
        return tx.copies.of_case(*about)


def add(store, case_id, *copies):
    with store.write() as tx:
        for copy in copies:
            tx.copies.add(case_id, copy, NOW)


def test_a_repetition_is_remembered_once_for_each_place_it_is_shown_in(store, cases):
    add(store, cases[0], COPY, ELSEWHERE, replace(COPY, shown_id="92", digest="other"))
    assert of_case(store, cases[0]) == (COPY, ELSEWHERE)
    assert of_case(store, cases[1]) == ()


def test_an_edit_changes_what_one_repetition_says_and_no_other(store, cases):
    add(store, cases[0], COPY, ELSEWHERE, replace(COPY, said_id="8"))
    with store.write() as tx:
        tx.copies.edited(COPY, "after", NOW + timedelta(seconds=1))
    assert [(c.said_id, c.shown_on, c.digest) for c in of_case(store, cases[0])] == [
        ("7", "ticket:1", "after"),
        ("7", "ticket:2", "before"),
        ("8", "ticket:1", "before"),
    ]


def test_what_was_said_in_a_place_is_known_whichever_case_has_it_now(store, cases):
    add(store, cases[0], COPY)
    assert of_case(store, cases[1], ["issue:501"]) == (COPY,)
    assert of_case(store, cases[1], ["issue:502", "ticket:1"]) == ()
