"""Deliveries are found again: by id, by identity, by what they hinted at, and page by page, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.model import Delivery, Hint

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLD = timedelta(seconds=30)


def accept(store, number, *keys, source="sentry", at=NOW):
    delivery = Delivery(source, f"{source}:issue:{number}", "issue", "created", tuple(Hint(k, "why") for k in keys))
    with store.write(now=at) as tx:
        assert tx.inbox.accept(delivery, f"digest {number}", at, HOLD)


def test_a_delivery_is_found_by_its_id_and_by_its_identity(store):
    accept(store, 1, "issue:1")
    accept(store, 2, "issue:2")
    with store.read() as tx:
        second = tx.inbox.named("sentry:issue:2")
        assert second.hints == (Hint("issue:2", "why"),)
        assert tx.inbox.named(str(second.id)) == second


@pytest.mark.parametrize("name", ["", "7", "9" * 18, "9" * 30, "sentry:issue:9", "-1", "²", "%"])
def test_an_unknown_name_finds_nothing(store, name):
    accept(store, 1, "issue:1")
    with store.read() as tx:
        assert tx.inbox.named(name) is None


def test_the_last_delivery_of_a_source_and_the_newest_slot_of_a_round(store):
    for number, hours in enumerate((3, 1, 2)):
        accept(store, number, "issue:1", at=NOW - timedelta(hours=hours))
    with store.write(now=NOW) as tx:
        assert tx.cursors.newest_slot() is None
        tx.cursors.set("slot.poll.sentry", NOW.isoformat())
        tx.cursors.set("slot.figures", (NOW - timedelta(minutes=5)).isoformat())
        tx.cursors.set("slots", "no slot")
    with store.read() as tx:
        assert tx.inbox.last("sentry", NOW - timedelta(days=1)) == NOW - timedelta(hours=1)
        assert tx.inbox.last("sentry", NOW) is tx.inbox.last("github", NOW - timedelta(days=1)) is None
        assert tx.cursors.newest_slot() == NOW


def test_deliveries_about_a_key_are_those_that_hinted_at_exactly_it(store):
    accept(store, 1, "issue:1")
    accept(store, 2, "issue:11", "ticket:jira:SHOP-1")
    accept(store, 3)
    accept(store, 4, "ticket:jira:SHOP-1", "issue:1")
    with store.read() as tx:
        assert [r.identity[-1] for r in tx.inbox.about(["issue:1"], 10)] == ["4", "1"]
        assert [r.identity[-1] for r in tx.inbox.about(["issue:1", "ticket:jira:SHOP-1"], 10)] == ["4", "2", "1"]
        assert [r.identity[-1] for r in tx.inbox.about(["issue:1", "ticket:jira:SHOP-1"], 1)] == ["4"]
        assert tx.inbox.about(["issue:"], 10) == ()
        assert tx.inbox.about([], 10) == ()


def test_pages_together_are_all_deliveries_of_the_time_and_source_each_once(store):
    for n in range(7):
        at = NOW + timedelta(minutes=n)
        accept(store, n, f"issue:{n}", source="jira" if n % 2 else "sentry", at=at)

    def walk(since, source):
        seen, after = [], 0
        while True:
            with store.read() as tx:
                rows = tx.inbox.page(since, source, after, 2)
            if not rows:
                return seen
            seen += [int(row.identity.rpartition(":")[2]) for row in rows]
            after = rows[-1].id

    assert walk(None, None) == list(range(7))
    assert walk(NOW + timedelta(minutes=3), None) == [3, 4, 5, 6]
    assert walk(NOW + timedelta(minutes=3), "sentry") == [4, 6]
    assert walk(NOW + timedelta(minutes=30), None) == []
