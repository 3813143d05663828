"""One clock: workers on hosts whose clocks differ or are set agree about leases, slots and what is due."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from tests.fixtures.databases import run_sql
from worker.errors import LeaseLost
from worker.flow.rounds import ROUNDS, run_round
from worker.model import Hint
from worker.store.clock import AGAIN_S, ASK_EVERY_S, JUMP_S, StoreClock
from worker.store.engine import open_engine
from worker.store.store import Store

LEASE = timedelta(seconds=25)
SECOND = timedelta(seconds=1)
HOURS = timedelta(hours=5)


class Host:
    """A machine: a clock that somebody may set, and a count of seconds that nobody can."""

    def __init__(self, ahead=timedelta()):
        self.ahead, self.passed = ahead, timedelta()

    def now(self):
        return datetime.now(UTC) + self.ahead + self.passed

    def monotonic(self):
        return time.monotonic() + self.passed.total_seconds()

    def clock(self, store):
        return StoreClock(store, host=self.now, monotonic=self.monotonic)


def opened(url):
    engine = open_engine(url)
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def postgres(postgres_url):
    yield from opened(postgres_url)


@pytest.fixture
def sqlite(sqlite_url):
    yield from opened(sqlite_url)


def apart(one, other):
    """How far one is from the other; what passes while we look counts for neither."""
    before, told, after = other(), one(), other()
    return max(before - told, told - after, timedelta())


def hint(store, key, now):
    with store.write() as tx:
        tx.work.push(Hint(key, "asked"), now)


# ---------------------------------------------------------------- hosts that differ


@pytest.mark.parametrize("ahead", [HOURS, -HOURS, timedelta(days=400)])
def test_hosts_hours_apart_agree_within_a_second(postgres, ahead):
    assert apart(Host().clock(postgres), Host(ahead).clock(postgres)) < SECOND


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), -timedelta(minutes=10)])
def test_a_lease_of_a_worker_whose_host_is_ahead_is_stolen_neither_early_nor_late(postgres, ahead):
    holder, rival = Host(ahead).clock(postgres), Host().clock(postgres)
    hint(postgres, "case:1", rival())
    (claim,) = postgres.claim(holder(), LEASE)
    assert postgres.claim(rival() + LEASE - 2 * SECOND, LEASE) == []
    (stolen,) = postgres.claim(rival() + LEASE + 2 * SECOND, LEASE)
    assert stolen.key == claim.key
    with pytest.raises(LeaseLost):
        postgres.renew(claim, holder(), LEASE)


# ---------------------------------------------------------------- clocks that are set


@pytest.mark.parametrize("by", [HOURS, -HOURS])
def test_a_host_clock_that_is_set_moves_nothing_on_postgres(postgres, by):
    host = Host()
    clock, right = host.clock(postgres), Host().clock(postgres)
    assert apart(clock, right) < SECOND
    with capture_logs() as logged:
        host.ahead += by
        assert apart(clock, right) < SECOND
    assert logged == []


@pytest.mark.parametrize("by", [HOURS, -HOURS])
def test_on_sqlite_the_clock_follows_its_host_and_says_so(sqlite, by):
    host = Host()
    clock = host.clock(sqlite)
    with capture_logs() as logged:
        host.ahead += by
        assert apart(clock, host.now) < SECOND
        assert apart(clock, host.clock(sqlite)) < SECOND
    (entry,) = logged
    assert (entry["log_level"], entry["event"]) == ("warning", "the clock was set")
    assert entry["by_s"] == pytest.approx(by.total_seconds(), abs=1)


def test_a_host_clock_that_is_set_a_little_is_followed_when_the_time_is_asked_next(sqlite):
    host = Host()
    clock = host.clock(sqlite)
    host.ahead += timedelta(seconds=JUMP_S - 2)
    assert apart(clock, host.now) > SECOND
    host.passed += timedelta(seconds=ASK_EVERY_S + 1)
    assert apart(clock, host.now) < SECOND


def test_a_host_that_slept_knows_it_at_once(postgres):
    """Its count of seconds stood still while all other clocks went on."""
    host = Host()
    clock = host.clock(postgres)
    host.ahead += HOURS
    host.passed -= timedelta(seconds=20)
    assert apart(clock, Host().clock(postgres)) < SECOND


def test_seconds_that_are_counted_wrong_are_put_right_twice_a_minute(postgres):
    host = Host()

    def counted() -> float:
        """No more than we say, or the half minute might end while we look."""
        return host.passed.total_seconds()

    host.monotonic = counted
    clock, right = host.clock(postgres), Host().clock(postgres)
    host.passed += timedelta(seconds=ASK_EVERY_S - 1)
    assert apart(clock, right) > 20 * SECOND
    host.passed += 2 * SECOND
    assert apart(clock, right) < SECOND


def test_while_the_database_is_away_time_goes_on_and_is_asked_again(postgres_url):
    engine = open_engine(postgres_url)
    host, right = Host(), Host()
    store = Store(engine)
    clock = host.clock(store)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    admin = postgres_url.replace(f"/{name}?", "/postgres?")
    run_sql(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    run_sql(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    host.passed += timedelta(seconds=ASK_EVERY_S + 1)
    right.passed = host.passed
    assert apart(clock, right.now) < SECOND
    right.passed = timedelta()
    run_sql(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    host.passed += timedelta(seconds=AGAIN_S + 1)
    assert apart(clock, right.now) < SECOND
    engine.dispose()


def test_telling_the_time_asks_nobody_most_of_the_time(postgres, monkeypatch):
    asked = []
    clock = Host().clock(postgres)
    monkeypatch.setattr(Store, "time", lambda _: asked.append(1))
    for _ in range(100):
        clock()
    assert asked == []


# ---------------------------------------------------------------- slots


def slot(hour):
    return datetime(2026, 3, 6, hour, tzinfo=UTC).isoformat()


def test_a_slot_taken_by_a_clock_that_ran_ahead_holds_nobody_up(store):
    with store.write() as tx:
        assert tx.cursors.claim_slot("slot.poll", slot(20), latest=slot(21))
        assert tx.cursors.claim_slot("slot.poll", slot(12), latest=slot(13))
        assert not tx.cursors.claim_slot("slot.poll", slot(12), latest=slot(13))
        assert tx.cursors.claim_slot("slot.poll", slot(13), latest=slot(14))


def test_a_slot_that_is_just_beginning_elsewhere_is_respected(store):
    with store.write() as tx:
        assert tx.cursors.claim_slot("slot.poll", slot(13), latest=slot(14))
        assert not tx.cursors.claim_slot("slot.poll", slot(12), latest=slot(13))


@pytest.mark.parametrize("name", list(ROUNDS))
def test_a_round_goes_on_after_the_clock_was_set_back_and_is_done_once_an_interval(desk, name):
    moment = desk.clock()  # it stands still, or an interval might end while we look
    for hours in (0, 5, -5):
        at = moment + timedelta(hours=hours)
        ctx = replace(desk.ctx, now=lambda at=at: at)
        assert [run_round(ctx, name) is None for _ in range(3)] == [False, True, True]
