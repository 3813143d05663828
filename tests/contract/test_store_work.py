"""The work table: nothing asked for is lost, nothing is done by two at once, what fails stays visible."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.errors import LeaseLost
from worker.model import Hint
from worker.store.work import WorkCounts

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)
KEY = "case:1"


def push(store, key=KEY, now=NOW, due_at=None, why="asked"):
    with store.write() as tx:
        tx.work.push(Hint(key, why), now, due_at)


def get(store, key=KEY):
    with store.read() as tx:
        return tx.work.get(key)


def claim(store, now=NOW):
    (one,) = store.claim(now, LEASE)
    return one


def test_a_push_makes_a_key_due(store):
    push(store)
    row = get(store)
    assert (row.key, row.generation, row.due_at, row.why, row.attempts) == (KEY, 1, NOW, "asked", 0)
    assert (row.lease_token, row.lease_until, row.parked_at, row.created_at) == (None, None, None, NOW)
    assert get(store, "case:2") is None


def test_pushes_of_one_key_become_one_row_that_only_comes_forward(store):
    push(store, due_at=NOW + 9 * SECOND)
    push(store, due_at=NOW + 30 * SECOND, why="later")
    row = get(store)
    assert (row.generation, row.due_at, row.why) == (2, NOW + 9 * SECOND, "later")
    push(store, now=NOW + SECOND)
    row = get(store)
    assert (row.generation, row.due_at, row.created_at, row.updated_at) == (3, NOW + SECOND, NOW, NOW + SECOND)


def test_mere_activity_does_not_hide_the_reason_that_waits(store):
    push(store, why="issue.created")
    with store.write() as tx:
        tx.work.push(Hint(KEY, "new event", urgent=False), NOW)
    assert (get(store).why, get(store).generation) == ("issue.created", 2)


def test_a_claim_names_what_it_took_and_until_when(store):
    push(store)
    one = claim(store)
    assert (one.key, one.generation, one.attempts, one.why, one.lease_until) == (KEY, 1, 0, "asked", NOW + LEASE)
    row = get(store)
    assert (row.lease_token, row.lease_until) == (one.token, one.lease_until)


def test_claims_come_longest_due_first_up_to_the_limit(store):
    for number, wait in enumerate((3, 1, 2, 9)):
        push(store, f"case:{number}", due_at=NOW + wait * SECOND)
    claims = store.claim(NOW + 5 * SECOND, LEASE, limit=2)
    assert [one.key for one in claims] == ["case:1", "case:2"]
    assert len({one.token for one in claims}) == 2
    assert [one.key for one in store.claim(NOW + 5 * SECOND, LEASE, limit=9)] == ["case:0"]


def test_claims_can_be_kept_to_a_prefix_taken_to_the_letter(store):
    push(store, "issue:1")
    push(store, "case:1")
    push(store, "c_se:1")
    assert [one.key for one in store.claim(NOW, LEASE, 9, prefix="c_se:")] == ["c_se:1"]
    assert [one.key for one in store.claim(NOW, LEASE, 9, prefix="case:")] == ["case:1"]


def test_what_is_not_due_or_leased_or_parked_is_not_claimed(store):
    push(store, "case:1", due_at=NOW + SECOND)
    push(store, "case:2")
    push(store, "case:3")
    with store.write() as tx:
        tx.work.park_key("case:3", "by hand", NOW)
    assert [one.key for one in store.claim(NOW, LEASE, 9)] == ["case:2"]
    assert store.claim(NOW, LEASE, 9) == []


def test_finishing_removes_the_row(store):
    push(store)
    one = claim(store)
    with store.write(one) as tx:
        tx.work.finish(one)
    assert get(store) is None


def test_a_hint_during_the_lease_keeps_the_row_due_as_it_asked(store):
    push(store)
    one = claim(store)
    push(store, now=NOW + SECOND, due_at=NOW + 20 * SECOND)
    push(store, now=NOW + SECOND, due_at=NOW + 10 * SECOND)
    push(store, now=NOW + SECOND, due_at=NOW + 30 * SECOND)
    assert store.claim(NOW + 15 * SECOND, LEASE) == []
    with store.write(one) as tx:
        tx.work.finish(one)
    row = get(store)
    assert (row.generation, row.due_at, row.lease_token, row.hinted_due_at) == (4, NOW + 10 * SECOND, None, None)


def test_the_holder_may_ask_for_its_own_key_again(store):
    push(store)
    one = claim(store)
    with store.write(one) as tx:
        tx.work.push(Hint(KEY, "once more"), NOW + SECOND)
        tx.work.finish(one)
    assert get(store).due_at == NOW + SECOND


@pytest.mark.parametrize(("hinted", "due"), [(None, 40), (20, 20), (50, 40)])
def test_finishing_with_a_time_comes_back_then_or_sooner_when_hinted(store, hinted, due):
    push(store)
    one = claim(store)
    if hinted is not None:
        push(store, due_at=NOW + hinted * SECOND)
    with store.write(one) as tx:
        tx.work.finish(one, again_at=NOW + 40 * SECOND)
    assert get(store).due_at == NOW + due * SECOND


def test_a_retry_counts_and_waits_and_a_success_forgets(store):
    push(store)
    for attempt in (1, 2):
        one = claim(store, NOW + attempt * SECOND)
        assert one.attempts == attempt - 1
        with store.write(one) as tx:
            tx.work.retry(one, f"no answer {attempt} " + "x" * 9000, NOW + (attempt + 1) * SECOND)
        row = get(store)
        assert (row.attempts, row.due_at, row.lease_token) == (attempt, NOW + (attempt + 1) * SECOND, None)
        assert row.last_error.startswith(f"no answer {attempt}")
        assert len(row.last_error) <= 2000
    one = claim(store, NOW + 5 * SECOND)
    with store.write(one) as tx:
        tx.work.finish(one, again_at=NOW + 90 * SECOND)
    row = get(store)
    assert (row.attempts, row.last_error) == (0, None)


def test_a_retry_after_a_hint_keeps_the_row(store):
    push(store)
    one = claim(store)
    push(store)
    with store.write(one) as tx:
        tx.work.retry(one, "no answer", NOW + 5 * SECOND)
    assert (get(store).generation, get(store).due_at) == (2, NOW + 5 * SECOND)


def test_parked_work_waits_for_a_person_whatever_comes(store):
    push(store)
    one = claim(store)
    with store.write(one) as tx:
        tx.work.park(one, "HTTP 400: no such field", NOW + SECOND)
    push(store, now=NOW + 2 * SECOND)
    row = get(store)
    assert (row.parked_at, row.parked_reason) == (NOW + SECOND, "HTTP 400: no such field")
    assert (row.generation, row.lease_token) == (2, None)
    assert store.claim(NOW + timedelta(days=9), LEASE) == []


def test_unparking_makes_it_due_with_a_clean_sheet(store):
    push(store)
    one = claim(store)
    with store.write(one) as tx:
        tx.work.retry(one, "no answer", NOW)
    with store.write() as tx:
        tx.work.park_key(KEY, "by hand", NOW)
    with store.write() as tx:
        assert tx.work.unpark(KEY, NOW + SECOND)
        assert not tx.work.unpark(KEY, NOW + SECOND)
        assert not tx.work.unpark("case:404", NOW)
    row = get(store)
    assert (row.attempts, row.due_at, row.parked_at, row.parked_reason) == (0, NOW + SECOND, None, None)


def test_a_key_nobody_asked_for_can_be_parked(store):
    with store.write() as tx:
        tx.work.park_key("case:7", "leave it", NOW)
    assert get(store, "case:7").parked_reason == "leave it"
    assert store.claim(NOW, LEASE) == []


@pytest.mark.parametrize("end", ["finish", "finish_again", "retry"])
def test_what_a_person_parks_during_the_lease_stays_parked(store, end):
    push(store)
    one = claim(store)
    with store.write() as tx:
        tx.work.park_key(KEY, "by hand", NOW)
    with store.write(one) as tx:
        if end == "retry":
            tx.work.retry(one, "no answer", NOW)
        else:
            tx.work.finish(one, NOW if end == "finish_again" else None)
    row = get(store)
    assert (row.parked_reason, row.lease_token) == ("by hand", None)
    assert store.claim(NOW + LEASE, LEASE) == []


def test_what_is_parked_and_freed_during_the_lease_is_not_given_to_a_second_worker(store):
    push(store)
    one = claim(store)
    with store.write() as tx:
        tx.work.park_key(KEY, "by hand", NOW)
        tx.work.unpark(KEY, NOW + SECOND)
    assert store.claim(NOW + 2 * SECOND, LEASE) == []
    with store.write(one) as tx:
        tx.work.finish(one)
    assert get(store).due_at == NOW + SECOND


def test_a_lease_that_runs_out_lets_another_worker_in_and_counts_as_an_attempt(store):
    push(store)
    dead = claim(store)
    push(store, now=NOW + SECOND)
    late = NOW + LEASE
    assert store.claim(late - SECOND, LEASE) == []
    heir = claim(store, late)
    assert (heir.generation, heir.attempts) == (2, 1)
    for act in (
        lambda tx: tx.work.finish(dead),
        lambda tx: tx.work.retry(dead, "late", late),
        lambda tx: tx.work.park(dead, "late", late),
    ):
        with pytest.raises(LeaseLost, match=KEY), store.write() as tx:
            act(tx)
    with pytest.raises(LeaseLost):
        store.renew(dead, late, LEASE)
    with store.write(heir) as tx:
        tx.work.finish(heir)
    assert get(store) is None


@pytest.mark.parametrize("now", [None, NOW + LEASE])
def test_who_lost_the_lease_writes_nothing(store, now):
    push(store)
    dead = claim(store)
    claim(store, NOW + LEASE)

    def write() -> None:
        with store.write(dead, now) as tx:
            tx.cursors.set("written", "yes")

    with pytest.raises(LeaseLost):
        write()
    with store.read() as tx:
        assert tx.cursors.get("written") is None
    assert store.open_connections == 0


def test_a_late_worker_that_nobody_replaced_may_still_record_what_it_did(store):
    push(store)
    one = claim(store)
    with store.write(one, NOW + 2 * LEASE) as tx:
        tx.cursors.set("written", "yes")
    with store.read() as tx:
        assert tx.cursors.get("written") == "yes"
        assert tx.work.get(KEY).updated_at == NOW + 2 * LEASE


def test_a_finished_key_is_lost_to_its_worker(store):
    push(store)
    one = claim(store)
    with store.write(one) as tx:
        tx.work.finish(one)
    with pytest.raises(LeaseLost), store.write(one):
        pass


def test_renewing_moves_the_end_of_the_lease(store):
    push(store)
    one = claim(store)
    renewed = store.renew(one, NOW + 30 * SECOND, LEASE)
    assert renewed.lease_until == NOW + 30 * SECOND + LEASE
    assert renewed.token == one.token
    assert store.claim(NOW + LEASE, LEASE) == []
    assert claim(store, renewed.lease_until).key == KEY


def test_counts_and_listing_show_every_key_once(store):
    for number in range(4):
        push(store, f"case:{number}", due_at=NOW + number * SECOND)
    claim(store)
    with store.write() as tx:
        tx.work.park_key("case:3", "by hand", NOW)
    with store.read() as tx:
        assert tx.work.counts(NOW + SECOND) == WorkCounts(due=1, waiting=1, leased=1, parked=1)
        assert tx.work.counts(NOW + LEASE) == WorkCounts(due=3, waiting=0, leased=0, parked=1)
        assert [row.key for row in tx.work.listing(parked=True, limit=9)] == ["case:3"]
        assert [row.key for row in tx.work.listing(parked=False, limit=2)] == ["case:1", "case:2"]
        assert len(tx.work.listing(parked=None, limit=9)) == 4


def test_next_due_is_when_something_can_be_claimed(store):
    def next_due(now):
        with store.read() as tx:
            return tx.work.next_due(now)

    assert next_due(NOW) is None
    push(store, due_at=NOW + 5 * SECOND)
    assert next_due(NOW) == NOW + 5 * SECOND
    assert next_due(NOW + 9 * SECOND) == NOW + 9 * SECOND
    claim(store, NOW + 9 * SECOND)
    assert next_due(NOW + 9 * SECOND) == NOW + 9 * SECOND + LEASE
    with store.write() as tx:
        tx.work.park_key(KEY, "by hand", NOW)
    assert next_due(NOW) is None


def test_naive_times_are_refused_and_others_come_back_as_utc(store):
    with pytest.raises(ValueError, match="time zone"):
        push(store, now=NOW.replace(tzinfo=None))
    assert get(store) is None
    elsewhere = NOW.astimezone(ZoneInfo("Asia/Kathmandu"))
    push(store, now=elsewhere)
    assert get(store).due_at == NOW
    assert get(store).due_at.tzinfo is UTC
