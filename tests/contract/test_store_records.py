"""Deliveries, intents, history and cursors: each recorded once, and read back as it was."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from worker.model import Delivery, Hint, Issue, Project
from worker.store.history import Entry
from worker.store.inbox import INSTALLATION

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOLD = timedelta(seconds=30)
ISSUE = Issue(id="501", short_id="WEB-1A2", title="boom", project=Project(id="1", slug="web"))
CREATED = Hint("issue:501", "issue.created")
NEW_EVENT = Hint("issue:501", "event_alert.triggered", urgent=False)


def delivery(identity="d1", hints=(CREATED,), installation=None):
    return Delivery("sentry", identity, "issue", "created", tuple(hints), installation)


def accept(store, one, now=NOW):
    with store.write() as tx:
        return tx.inbox.accept(one, "digest of " + one.identity, now, HOLD)


def work(store, key="issue:501"):
    with store.read() as tx:
        return tx.work.get(key)


@pytest.fixture
def case_id(store):
    with store.write() as tx:
        return tx.cases.open(ISSUE, "web", NOW)


# ---------------------------------------------------------------- inbox


def test_a_delivery_is_accepted_once_and_its_hints_are_due(store):
    one = delivery(hints=[Hint("ticket:acme:WEB-7", "moved"), Hint("issue:501", "created")])
    assert accept(store, one)
    assert not accept(store, one, NOW + SECOND)
    assert (work(store).generation, work(store).due_at) == (1, NOW)
    assert work(store, "ticket:acme:WEB-7").why == "moved"
    with store.read() as tx:
        (row,) = tx.inbox.recent(9)
    assert (row.source, row.identity, row.resource, row.action) == ("sentry", "d1", "issue", "created")
    assert (row.digest, row.verdict, row.received_at) == ("digest of d1", "hinted", NOW)
    assert row.hints == one.hints


def test_the_same_identity_from_another_source_is_another_delivery(store):
    assert accept(store, delivery())
    assert accept(store, Delivery("github", "d1", "issues", None, ()))


def test_a_delivery_about_nothing_is_remembered_as_that(store):
    assert accept(store, delivery("d1", hints=[]))
    assert accept(store, delivery("d2"))
    assert accept(store, delivery("d3"))
    with store.read() as tx:
        assert tx.inbox.counts() == {"hinted": 2, "nothing_to_do": 1}


def test_deliveries_are_listed_newest_first_and_replayed_oldest_first(store):
    for number in range(4):
        accept(store, delivery(f"d{number}"), NOW + number * SECOND)
    with store.read() as tx:
        assert [row.identity for row in tx.inbox.recent(2)] == ["d3", "d2"]
        assert [row.identity for row in tx.inbox.since(NOW + SECOND)] == ["d1", "d2", "d3"]


def test_the_first_new_event_acts_at_once_and_later_ones_are_held_back(store, case_id):
    for seconds, due in ((10, 30), (45, 45)):
        accept(store, delivery(f"d{seconds}", [NEW_EVENT]), NOW + seconds * SECOND)
        assert work(store).due_at == NOW + due * SECOND
        (claim,) = store.claim(NOW + 60 * SECOND, HOLD)
        with store.write(claim) as tx:
            tx.work.finish(claim)
    accept(store, delivery("d99", [Hint("issue:999", "new", urgent=False)]))
    assert work(store, "issue:999").due_at == NOW


def test_an_urgent_hint_is_never_held_back(store, case_id):
    accept(store, delivery("d1", [NEW_EVENT]), NOW + SECOND)
    assert work(store).due_at == NOW + HOLD
    accept(store, delivery("d2"), NOW + 2 * SECOND)
    assert work(store).due_at == NOW + 2 * SECOND


def test_a_hint_about_a_ticket_is_not_held_back_by_an_issue_of_that_name(store, case_id):
    accept(store, delivery("d1", [Hint("ticket:acme:501", "updated", urgent=False)]), NOW + SECOND)
    assert work(store, "ticket:acme:501").due_at == NOW + SECOND


def test_the_installation_that_spoke_last_is_remembered(store):
    accept(store, delivery("d1", installation="i-1"))
    accept(store, delivery("d2"))
    with store.read() as tx:
        assert tx.cursors.get(INSTALLATION) == tx.cursors.get("sentry.installation") == "i-1"
    accept(store, delivery("d3", installation="i-2"))
    with store.read() as tx:
        assert tx.cursors.get(INSTALLATION) == "i-2"


# ---------------------------------------------------------------- intents


def test_an_intent_is_opened_once_per_case_kind_and_occasion(store, case_id):
    with store.write() as tx:
        first = tx.intents.open(case_id, "create", "first ticket", NOW)
        again = tx.intents.open(case_id, "create", "first ticket", NOW + SECOND)
        other = tx.intents.open(case_id, "comment", "first ticket", NOW)
    assert (first.fresh, again.fresh, other.fresh) == (True, False, True)
    assert (first.id, first.opened_at) == (again.id, again.opened_at)
    assert first.id != other.id
    assert len(first.id.removeprefix("bugferry-")) == 16
    assert (first.state, first.tries, first.last_sent_at, first.result) == ("unsent", 0, None, None)


def test_an_intent_tells_what_may_have_arrived(store, case_id):
    def get():
        with store.read() as tx:
            return tx.intents.get(case_id, "create", "first ticket")

    assert get() is None
    with store.write() as tx:
        intent = tx.intents.open(case_id, "create", "first ticket", NOW)
        tx.intents.sent(intent, NOW + SECOND)
    assert (get().state, get().tries, get().last_sent_at) == ("sent", 1, NOW + SECOND)
    with store.write() as tx:
        tx.intents.unsent(intent)
    assert (get().state, get().tries, get().last_sent_at) == ("unsent", 0, None)
    with store.write() as tx:
        tx.intents.sent(intent, NOW + 2 * SECOND)
        tx.intents.done(intent, "WEB-7", NOW + 3 * SECOND)
    assert (get().state, get().result, get().closed_at) == ("done", "WEB-7", NOW + 3 * SECOND)


def test_a_refused_call_does_not_forget_an_earlier_one_that_may_have_arrived(store, case_id):
    with store.write() as tx:
        intent = tx.intents.open(case_id, "create", "first ticket", NOW)
        tx.intents.sent(intent, NOW)
        tx.intents.sent(intent, NOW + SECOND)
        tx.intents.unsent(intent)
        after = tx.intents.get(case_id, "create", "first ticket")
    assert (after.state, after.tries, after.last_sent_at) == ("sent", 1, NOW + SECOND)
    with store.write() as tx:
        tx.intents.give_up(intent)
        after = tx.intents.get(case_id, "create", "first ticket")
    assert (after.state, after.tries, after.last_sent_at) == ("unsent", 0, None)


def test_what_is_closed_stays_as_it_ended(store, case_id):
    with store.write() as tx:
        intent = tx.intents.open(case_id, "create", "first ticket", NOW)
        tx.intents.done(intent, "WEB-7", NOW)
        tx.intents.unsent(intent)
        tx.intents.done(intent, "WEB-8", NOW)
        assert tx.intents.get(case_id, "create", "first ticket").result == "WEB-7"


def test_open_intents_are_listed_oldest_first(store, case_id):
    with store.write() as tx:
        for number in (2, 0, 1):
            tx.intents.open(case_id, "comment", f"o{number}", NOW + number * SECOND)
        tx.intents.done(tx.intents.open(case_id, "comment", "o1", NOW), "c1", NOW)
        assert [intent.occasion for intent in tx.intents.open_ones(9)] == ["o0", "o2"]
        assert [intent.occasion for intent in tx.intents.open_ones(1)] == ["o0"]


# ---------------------------------------------------------------- history


def entry(case_id, **values):
    return Entry(**{"case_id": case_id, "kind": "moved", "actor": "ada", "why": "fixed", "occurred_at": NOW} | values)


def test_history_reads_back_as_it_was_told(store, case_id):
    told = entry(
        case_id,
        issue_id="501",
        ticket_key="WEB-7",
        rule="web",
        old="open",
        new="resolved",
        source="jira",
        external_id="77",
        detail=MappingProxyType({"steps": [1, {"a": None}]}),
    )
    with store.write() as tx:
        assert tx.history.add(told, NOW + SECOND)
        (row,) = tx.history.of_case(case_id)
    assert row.recorded_at == NOW + SECOND
    assert {name: getattr(row, name) for name in Entry.__slots__} == {
        name: getattr(told, name) for name in Entry.__slots__
    }


def test_what_happened_elsewhere_counts_once(store, case_id):
    with store.write() as tx:
        assert tx.history.add(entry(case_id, source="jira", external_id="77"), NOW)
        assert not tx.history.add(entry(case_id, source="jira", external_id="77", why="again"), NOW)
        assert tx.history.add(entry(case_id, source="sentry", external_id="77"), NOW)
        assert tx.history.add(entry(case_id), NOW)
        assert tx.history.add(entry(case_id), NOW)
        assert tx.history.add(entry(None, kind="started"), NOW)
        assert (tx.history.count("moved"), tx.history.count("started"), tx.history.count("x")) == (4, 1, 0)


def test_a_case_reads_in_the_order_of_events_and_the_feed_in_that_of_recording(store, case_id):
    with store.write() as tx:
        tx.history.add(entry(case_id, why="second", occurred_at=NOW), NOW)
        tx.history.add(entry(case_id, why="first", occurred_at=NOW - SECOND), NOW + SECOND)
        tx.history.add(entry(None, why="other"), NOW + 2 * SECOND)
        assert [row.why for row in tx.history.of_case(case_id)] == ["first", "second"]
        assert [row.why for row in tx.history.recent(2)] == ["other", "first"]
        (start,) = tx.history.after(0, 1)
        assert [row.why for row in (start, *tx.history.after(start.id, 9))] == ["second", "first", "other"]


# ---------------------------------------------------------------- cursors


def test_a_cursor_keeps_its_latest_value(store):
    with store.write() as tx:
        assert tx.cursors.get("poll") is None
        tx.cursors.set("poll", "1")
        tx.cursors.set("poll", "1")
        tx.cursors.set("poll", "2")
        assert tx.cursors.get("poll") == "2"


def test_a_slot_is_taken_once_and_never_again(store):
    slots = ["2026-03-06T12:00", "2026-03-06T12:00", "2026-03-06T12:01", "2026-03-06T12:00", "2026-W10"]
    with store.write() as tx:
        assert [tx.cursors.claim_slot("poll", slot) for slot in slots] == [True, False, True, False, True]
        assert tx.cursors.claim_slot("sweep", "2026-03-06T12:00")


def test_a_slot_whose_taker_died_before_the_commit_is_free(store):
    def die() -> None:
        with store.write() as tx:
            assert tx.cursors.claim_slot("poll", "2026-03-06")
            raise RuntimeError("the worker died here")

    with pytest.raises(RuntimeError):
        die()
    with store.write() as tx:
        assert tx.cursors.claim_slot("poll", "2026-03-06")
