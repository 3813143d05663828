"""Backfill: what was there before us comes in when a person says so, once, and goes on where it stopped."""

from datetime import timedelta

import pytest

from worker.errors import Permanent, Transient
from worker.flow.backfill import issues as backfill
from worker.flow.backfill.issues import bring_in, query_of, rehearse
from worker.flow.polls.changes import CONTACT

OPEN = "is:unresolved"


@pytest.fixture
def older(desk):
    """Issues that were there before this installation looked for the first time."""

    def throw(*kinds: str) -> list[str]:
        ids = [desk.throw(kind) for kind in kinds]
        with desk.store.write() as tx:
            tx.cursors.set(CONTACT, (desk.clock() + timedelta(days=1)).isoformat())
        return ids

    return throw


@pytest.fixture
def pages_of_two(desk, monkeypatch):
    """Searches whose pages hold two issues."""
    monkeypatch.setattr("worker.ends.sentry.PAGE", 2)


def run(desk, query=OPEN, limit=None, report=lambda _: None):
    return bring_in(desk.ctx, query, report, lambda wait_s: desk.clock.advance(seconds=wait_s), limit)


def dry(desk, query=OPEN, limit=None, report=lambda _: None):
    return rehearse(desk.ctx, query, report, lambda wait_s: desk.clock.advance(seconds=wait_s), limit)


def place(desk, query=OPEN):
    with desk.store.read() as tx:
        return tx.cursors.get(f"backfill.{query}")


def test_a_rehearsal_counts_by_rule_and_says_what_is_passed_over(desk, older):
    known, _, resolved = older("KeyError", "TypeError", "ValueError")
    desk.settle(known)
    desk.move_issue(resolved, "resolved")
    found = dry(desk, query="")
    assert (found.looked, found.wanted) == (3, 1)
    assert {tracker for _, tracker in found.tickets} == {"github"}
    assert dict(found.skipped) == {
        "it has a case already": 1,
        "it is resolved in Sentry, and only an open issue gets a new ticket": 1,
    }
    assert len(desk.tickets()) == 1
    assert place(desk, "") is None


def test_what_a_rule_skips_is_passed_over_with_its_reason(desk, older, tmp_path):
    older("KeyError", "TypeError")
    desk.load(mapping(tmp_path))
    assert dict(dry(desk).skipped) == {"rule “noise”: nobody minds": 1}
    came = run(desk)
    assert [ticket["title"].count("TypeError") > 0 for ticket in desk.tickets()] == [True]
    assert dict(came.rehearsed.skipped) == {"rule “noise”: nobody minds": 1}


def test_what_has_not_earned_its_ticket_yet_comes_in_and_waits(desk, older, tmp_path):
    (issue_id,) = older("TypeError")
    file = mapping(tmp_path)
    file.write_text(file.read_text() + "    wait_for: {events: 2}\n")
    desk.load(file)
    came = run(desk)
    assert dict(came.rehearsed.skipped) == {"rule “all” waits until it has earned a ticket": 1}
    assert (came.declined, came.left, desk.tickets()) == (1, 0, [])
    with desk.store.read() as tx:
        assert tx.cases.of_issue(issue_id)


def mapping(folder):
    file = folder / "mine.yaml"
    file.write_text(
        "version: 1\n"
        "trackers: {github: {kind: github, repo: acme/shop}}\n"
        "rules:\n"
        "  - name: noise\n    when: issue.title.contains('KeyError')\n    skip: nobody minds\n"
        "  - name: all\n    ticket: {tracker: github}\n"
    )
    return file


def test_it_makes_the_tickets_that_age_held_back(desk, older):
    ids = older("KeyError", "TypeError", "ValueError")
    came = run(desk)
    assert sum(came.made.values()) == len(desk.tickets()) == 3
    assert (came.left, came.parked, came.whole, came.resumed) == (0, 0, True, False)
    with desk.store.read() as tx:
        assert all(tx.cases.of_issue(issue_id) for issue_id in ids)
    again = run(desk)
    assert (again.rehearsed.wanted, len(desk.tickets())) == (0, 3)


def test_stopped_between_two_pages_it_goes_on_with_the_next_one(desk, older, pages_of_two):
    older("KeyError", "TypeError", "ValueError", "OSError", "IOError2")

    def stop(progress) -> None:
        if progress.looked == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(desk, report=stop)
    assert place(desk).startswith("2 ")
    before = len(desk.calls)
    came = run(desk)
    assert (came.resumed, came.rehearsed.looked) == (True, 3)
    assert desk.calls[before:].count("search") == 2
    assert len(desk.tickets()) == 5
    assert place(desk) == ""


def test_progress_counts_on_where_it_stopped(desk, older, pages_of_two):
    older("KeyError", "TypeError", "ValueError")
    seen = []
    with desk.store.write() as tx:
        tx.cursors.set(f"backfill.{OPEN}", "2 0:2:0")
    run(desk, report=seen.append)
    assert (seen[0].looked, seen[0].total) == (3, 3)


def test_a_limit_stops_it_and_the_rest_stays_for_the_next_run(desk, older):
    older("KeyError", "TypeError", "ValueError")
    came = run(desk, limit=2)
    assert (sum(came.made.values()), came.whole) == (2, False)
    assert dry(desk, limit=1).wanted == 1
    assert sum(run(desk).made.values()) == 1
    assert len(desk.tickets()) == 3


def test_no_more_are_under_way_than_it_says(desk, older, pages_of_two, monkeypatch):
    monkeypatch.setattr(backfill, "AHEAD", 2)
    older(*(f"Kind{number}Error" for number in range(6)))
    most = []

    def count(when: str, _name: str) -> None:
        if when == "before":
            with desk.store.read() as tx:
                keys = tx.work.listing(parked=None, limit=100)
            most.append(sum(row.key.startswith("issue:") for row in keys))

    desk.watch.append(count)
    run(desk)
    assert len(desk.tickets()) == 6
    assert 0 < max(most) <= 3


def test_a_query_is_narrowed_to_project_and_time(desk, older):
    older("KeyError")
    assert query_of(OPEN, "shop-web", "30d") == "is:unresolved project:shop-web lastSeen:-30d"
    assert dry(desk, query_of(OPEN, "shop-web", "30d")).wanted == 1
    assert dry(desk, query_of(OPEN, "other", None)).looked == 0


def test_a_query_that_sentry_cannot_read_is_refused_in_its_words(desk):
    with pytest.raises(Permanent, match="valid values"):
        dry(desk, "is:nonsense")


def test_an_interruption_of_sentry_ends_it_and_it_goes_on_later(desk, older, pages_of_two):
    older("KeyError", "TypeError", "ValueError")
    desk.sandbox.fault("fail_before", service="sentry", method="GET", path="/issues/", status=503, times=50)
    with pytest.raises(Transient):
        run(desk)
    desk.sandbox.control.delete("/sandbox/faults")
    desk.clock.advance(minutes=5)
    run(desk)
    assert len(desk.tickets()) == 3


def test_what_is_parked_is_said(desk, older):
    older("KeyError", "TypeError")
    desk.sandbox.fault("fail_before", service="github", method="POST", path="/issues", status=422, times=1)
    came = run(desk)
    assert (came.parked, sum(came.made.values())) == (1, 1)
