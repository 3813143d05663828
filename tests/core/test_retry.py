"""The retry policy: what is repeated, how long work waits, and that nothing is called behind the guard's back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ends.retry import Held, before_call, guarding, parse_retry_after, reading, repeating, wait_s
from worker.errors import Ambiguous, LeaseLost, Permanent, Transient, Unauthorized

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Flaky:
    """Fails with each given error once, then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "read"


def test_a_read_that_fails_twice_is_read_the_third_time():
    slept = []
    call = Flaky(Transient("busy"), Transient("busy"))
    assert reading(call, slept.append) == "read"
    assert len(slept) == 2
    assert all(0 < pause <= 1.5 for pause in slept)


def test_a_read_that_keeps_failing_ends_with_its_last_error():
    call = Flaky(*(Transient(str(number)) for number in range(9)))
    with pytest.raises(Transient, match="2"):
        reading(call, [].append)
    assert call.calls == 3


@pytest.mark.parametrize(
    "error", [Ambiguous("?"), Unauthorized("401"), Permanent("no"), LeaseLost("gone"), KeyError("x")]
)
def test_what_repeating_cannot_mend_is_not_repeated(error):
    call = Flaky(error)
    with pytest.raises(type(error)):
        reading(call, [].append)
    assert call.calls == 1


def test_a_short_pause_that_was_asked_for_is_kept():
    slept = []
    reading(Flaky(Transient("slow down", retry_after_s=1.8)), slept.append)
    assert slept[0] >= 1.8


def test_a_long_pause_is_left_to_the_work_item():
    slept = []
    call = Flaky(Transient("slow down", retry_after_s=2.5))
    with pytest.raises(Transient):
        reading(call, slept.append)
    assert (call.calls, slept) == (1, [])


def full(_low, high):
    return high


def test_waits_double_from_a_second_to_a_quarter_of_an_hour():
    assert [wait_s(attempts, jitter=full) for attempts in (1, 2, 3, 10, 11, 500)] == [1, 2, 4, 512, 900, 900]


def test_waits_are_never_shorter_than_asked():
    assert wait_s(1, Transient("limit", retry_after_s=70.0)) == 70.0
    assert wait_s(20, Transient("limit", retry_after_s=70.0), jitter=full) == 900


@given(st.integers(), st.one_of(st.none(), st.floats(0, 1e6)))
def test_waits_stay_within_bounds(attempts, asked):
    waited = wait_s(attempts, Transient("x", retry_after_s=asked))
    assert (asked or 0) <= waited <= max(900, asked or 0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Mon, 02 Mar 2026 12:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
        ("Mon, 02 Mar 2026 12:01:30 -0000", 90.0),
        ("99999999999", 86400.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Mon, 99 Foo", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, seconds):
    assert parse_retry_after(value, NOW) == seconds


@settings(deadline=None)
@given(st.text("0123456789.-+eE:, GMTMonMar_", max_size=40))
def test_retry_after_never_raises(value):
    found = parse_retry_after(value, NOW)
    assert found is None or 0 <= found <= timedelta(days=1).total_seconds()


def test_what_was_only_held_back_waits_as_told_however_often_it_was_tried():
    assert [wait_s(attempts, Held("budget", 70.0), jitter=full) for attempts in (1, 30)] == [71, 71]
    assert 70 <= wait_s(30, Held("budget", 70.0)) <= 71


def test_a_read_knows_when_it_is_repeated_and_nobody_else_does():
    seen = []
    call = Flaky(Transient("busy"), Transient("busy"))

    def watched():
        seen.append(repeating())
        return call()

    assert not repeating()
    reading(watched, [].append)
    assert seen == [False, True, True]
    assert not repeating()
    with pytest.raises(Transient):
        reading(Flaky(*(Transient("busy") for _ in range(3))), [].append)
    assert not repeating()


def test_the_guard_hears_of_every_call_within_its_block_and_of_none_outside():
    heard = []

    def listen(timeout_s, service):
        heard.append((timeout_s, service))

    before_call(1.0, "sentry")
    with guarding(listen):
        before_call(15.0, "sentry")
        with guarding(lambda *_: heard.append("inner")):
            before_call(1.0, "jira")
        before_call(20.0, "jira")
    before_call(2.0, "sentry")
    assert heard == [(15.0, "sentry"), "inner", (20.0, "jira")]


@pytest.mark.parametrize("refusal", [LeaseLost("another worker has it"), Held("the service is closed", 9.0)])
def test_a_guard_that_refuses_stops_the_call(refusal):
    def refuse(_timeout_s, _service):
        raise refusal

    with pytest.raises(type(refusal)) as raised, guarding(refuse):
        before_call(1.0, "sentry")
    assert raised.value is refusal
    before_call(1.0, "sentry")


def test_trouble_of_the_guard_itself_is_no_failure_of_the_service():
    def stumble(_timeout_s, _service):
        raise Transient("the database did not serve us", 5.0)

    with pytest.raises(Held, match="database") as held, guarding(stumble):
        before_call(1.0, "sentry")
    assert held.value.retry_after_s == 5.0


def test_the_guard_of_one_thread_is_not_the_guard_of_another():
    heard = []
    with guarding(lambda *_: heard.append("heard")):
        other = threading.Thread(target=before_call, args=(3.0, "sentry"))
        other.start()
        other.join()
    assert heard == []
