"""One clock: workers on hosts whose clocks differ or are set agree about leases, slots and what is due."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from worker.errors import LeaseLost
from worker.model import Hint
from worker.store import clock as clock_module
from worker.store.clock import ASK_EVERY_S, StoreClock
from worker.store.engine import open_engine
from worker.store.store import Store

LEASE = timedelta(seconds=25)
SECOND = timedelta(seconds=1)


class Host:
    """A machine: a clock that somebody may set and a count of seconds that nobody can."""

    def __init__(self, ahead=timedelta()):
        self.ahead, self.passed = ahead, timedelta()

    def now(self):
        return datetime.now(UTC) + self.ahead + self.passed

    def monotonic(self):
        return (datetime.now(UTC) + self.passed).timestamp()

    def clock(self, store):
        return StoreClock(store, host=self.now, monotonic=self.monotonic)


@pytest.fixture
def postgres(postgres_url):
    engine = open_engine(postgres_url)
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def sqlite(sqlite_url):
    engine = open_engine(sqlite_url)
    yield Store(engine)
    engine.dispose()


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(hours=-5), timedelta(days=400)])
def test_hosts_hours_apart_agree_within_a_second(postgres, ahead):
    one, other = Host().clock(postgres), Host(ahead).clock(postgres)
    assert abs(one() - other()) < SECOND
    with postgres.read() as tx:
        told = tx._connection.execute(text("SELECT clock_timestamp()")).scalar_one() if hasattr(tx, "_connection") else one()
    assert abs(one() - told) < SECOND


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(hours=-3)])
def test_a_host_clock_that_is_set_moves_nothing_on_postgres(postgres, by):
    host = Host()
    clock = host.clock(postgres)
    before = clock()
    with capture_logs() as logged:
        host.ahead += by
        assert timedelta() <= clock() - before < SECOND
    assert logged == []
