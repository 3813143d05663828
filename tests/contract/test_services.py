"""Services in trouble: all workers leave one alone together, one tries for all, and the work that waits comes back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from structlog.testing import capture_logs

from worker.ends.retry import READ_TRIES, Held, before_call, reading
from worker.errors import Ambiguous, BugferryError, LeaseLost, Permanent, Transient, Unauthorized
from worker.flow.context import Context
from worker.flow.rounds import run_round
from worker.flow.services import FAILURES, LONGEST_PAUSE_S, REFUSED_S, Gate, reopened
from worker.flow.trouble import Trouble
from worker.model import Hint
from worker.sandbox import seed
from worker.web.app import create_app
from worker.web.receive import Door

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=25)
CALL_S = 15.0


class Clock:
    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at

    def advance(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ctx(store, clock):
    """What one process has; no end of it is ever called here."""
    return Context(store, None, {}, lambda: None, clock)


@pytest.fixture
def other(ctx):
    """Another process on the same database."""
    return replace(ctx, trouble=Trouble())


def failing(error, service="jira"):
    error.service = service
    return error


def refused():
    return failing(Unauthorized("Jira answered 401"))


def work(ctx, key="case:1", *, ends=None, calls=("jira",)):
    """Do a piece of work that calls these services one after the other and then ends in that error, if any."""
    with Gate(ctx, key).watching():
        for service in calls:
            before_call(CALL_S, service)
        if ends is not None:
            raise ends


def ends_in(ctx, error, key="case:1", **how):
    with pytest.raises(type(error)):
        work(ctx, key, ends=error, **how)


def is_open(ctx, service="jira"):
    try:
        work(ctx, "another", calls=[service])
    except Held:
        return False
    return True


def rows(ctx):
    with ctx.store.read() as tx:
        return tx.services.listing()


def pause_s(ctx, service="jira"):
    (row,) = (row for row in rows(ctx) if row.name == service)
    return (row.until - ctx.now()).total_seconds()


def after_the_pause(ctx, clock, service="jira"):
    clock.advance(pause_s(ctx, service) + 0.001)


def bring_down(ctx):
    for number in range(FAILURES):
        ends_in(ctx, failing(Transient("Jira answered 503")), f"case:{number}")


# ---------------------------------------------------------------- closing


def test_a_service_that_refuses_us_is_closed_for_every_process_and_no_other_service_is(ctx, other, clock):
    assert is_open(other)
    ends_in(ctx, refused())
    assert not is_open(ctx)
    clock.advance(1)  # so long the other process believes what it last read
    with pytest.raises(Held, match=r"jira is left alone.*refuses us.*401.*next try is at 2026-03-06T12:01:00") as held:
        work(other)
    assert held.value.retry_after_s == pytest.approx(REFUSED_S - 1)
    assert held.value.service == "jira"
    assert is_open(other, "github")


def test_one_alarm_sounds_when_it_begins_and_one_line_tells_when_it_ends(ctx, other, clock):
    with capture_logs() as logged:
        for _ in range(3):
            for process in (ctx, other):
                Gate(process).met(refused())
        for _ in range(4):
            after_the_pause(ctx, clock)
            ends_in(other, refused())
        after_the_pause(ctx, clock)
        work(ctx)
        work(other)
    assert [(entry["log_level"], entry["event"]) for entry in logged] == [
        ("error", "service refuses us"),
        ("info", "service is well again"),
    ]
    assert {"service", "why", "what_to_do"} <= set(logged[0])


@pytest.mark.parametrize("asked_s", [7.0, 3600.0])
def test_a_service_that_asks_for_a_pause_has_it_from_all_workers(ctx, other, clock, asked_s):
    ends_in(ctx, failing(Transient("slow down", asked_s)))
    clock.advance(asked_s - 1)
    assert not is_open(other)
    clock.advance(1)
    assert is_open(other)
    assert rows(ctx) == ()


def test_of_two_pauses_the_longer_one_counts(ctx):
    for asked_s in (30, 90, 10):
        Gate(ctx).met(failing(Transient("slow down", asked_s)))
    assert pause_s(ctx) == 90


def test_calls_still_under_way_do_not_open_what_was_closed_meanwhile(ctx):
    slow = Gate(ctx)
    slow.cover(CALL_S, "jira")
    ends_in(ctx, refused())
    slow.well("jira")
    Gate(ctx).met(failing(Permanent("no such field")))
    Gate(ctx).met(failing(Transient("Jira answered 503")))
    assert [row.trouble for row in rows(ctx)] == ["refuses us"]


def test_a_service_that_is_down_is_closed_after_three_failures_for_ever_longer(ctx, clock):
    for number in range(FAILURES - 1):
        ends_in(ctx, failing(Ambiguous("timeout")), f"case:{number}")
        assert rows(ctx) == ()
    ends_in(ctx, failing(Transient("no connection")), "case:9")
    pauses = [pause_s(ctx)]
    for _ in range(7):
        after_the_pause(ctx, clock)
        ends_in(ctx, failing(Transient("no connection")))
        pauses.append(pause_s(ctx))
    assert pauses == [2, 4, 8, 16, 32, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_a_single_success_resets_the_count(ctx, clock):
    bring_down(ctx)
    after_the_pause(ctx, clock)
    work(ctx)
    for number in range(FAILURES - 1):
        ends_in(ctx, failing(Transient("503")), f"case:{number}")
    work(ctx)
    for number in range(FAILURES - 1):
        ends_in(ctx, failing(Transient("503")), f"case:{number}")
    assert rows(ctx) == ()
    ends_in(ctx, failing(Transient("503")), "case:9")
    assert pause_s(ctx) == 2


def test_many_that_fail_at_the_same_time_lengthen_the_pause_once(ctx):
    for number in range(20):
        Gate(ctx, f"case:{number}").met(failing(Transient("timeout")))
    assert pause_s(ctx) == 2


def test_one_poisoned_piece_of_work_does_not_close_a_service(ctx):
    for _ in range(20):
        ends_in(ctx, failing(Ambiguous("Jira answered 500 for this one")), "case:1")
    assert is_open(ctx)


def test_a_service_that_answered_some_calls_of_the_work_is_not_down(ctx):
    for number in range(20):
        ends_in(ctx, failing(Ambiguous("Jira answered 500")), f"case:{number}", calls=("jira", "jira"))
    assert is_open(ctx)


@pytest.mark.parametrize(
    "error", [Permanent("no such field"), Held("budget used up", 60), LeaseLost("another has it"), BugferryError("?")]
)
def test_what_is_no_trouble_of_the_service_does_not_close_it(ctx, error):
    for number in range(9):
        ends_in(ctx, failing(error), f"case:{number}")
    ends_in(ctx, failing(Transient("the database did not serve us"), None))
    assert rows(ctx) == ()


# ---------------------------------------------------------------- the probe


def test_when_the_time_is_up_exactly_one_call_is_let_through(ctx, clock):
    ends_in(ctx, refused())
    clock.advance(REFUSED_S)
    start = threading.Barrier(8)

    def attempt(_):
        gate = Gate(replace(ctx, trouble=Trouble()))
        start.wait(30)
        try:
            gate.cover(CALL_S, "jira")
        except Held:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_while_one_tries_the_others_wait_and_its_second_call_opens_for_them(ctx, other, clock):
    ends_in(ctx, refused())
    clock.advance(REFUSED_S)
    prober = Gate(ctx)
    prober.cover(CALL_S, "jira")
    assert not is_open(other)
    prober.cover(CALL_S, "jira")
    clock.advance(1)
    assert is_open(other)


def test_a_read_that_is_repeated_within_the_probe_has_not_succeeded(ctx, clock):
    ends_in(ctx, refused())
    clock.advance(REFUSED_S)

    def call():
        before_call(CALL_S, "jira")
        raise failing(Transient("no connection"))

    with pytest.raises(Transient), Gate(ctx).watching():
        reading(call, lambda _: None)
    assert [row.trouble for row in rows(ctx)] == ["refuses us"]
    assert pause_s(ctx) == REFUSED_S


def test_a_refusal_of_one_item_shows_that_the_service_is_back(ctx, clock):
    bring_down(ctx)
    after_the_pause(ctx, clock)
    ends_in(ctx, failing(Permanent("no such field")))
    assert rows(ctx) == ()


def test_trouble_with_another_service_does_not_undo_a_probe_that_went_well(ctx, clock):
    bring_down(ctx)
    after_the_pause(ctx, clock)
    ends_in(ctx, failing(Transient("no connection"), "sentry"), calls=("jira", "sentry"))
    assert rows(ctx) == ()


@pytest.mark.parametrize("error", [Held("budget used up", 3.0), LeaseLost("another has it")])
def test_a_probe_that_was_not_made_is_left_to_the_next(ctx, clock, error):
    bring_down(ctx)
    after_the_pause(ctx, clock)
    ends_in(ctx, error)
    clock.advance(3.0)
    assert is_open(ctx)


def test_a_probe_whose_worker_died_is_made_by_another(ctx, clock):
    ends_in(ctx, refused())
    clock.advance(REFUSED_S)
    Gate(ctx).cover(CALL_S, "jira")
    assert pause_s(ctx) < 30
    after_the_pause(ctx, clock)
    assert is_open(ctx)


def test_a_service_that_refuses_and_then_fails_is_still_one_that_refuses(ctx, clock):
    with capture_logs() as logged:
        ends_in(ctx, refused())
        clock.advance(REFUSED_S)
        ends_in(ctx, failing(Transient("503")))
        clock.advance(REFUSED_S)
        ends_in(ctx, refused())
    assert [entry["event"] for entry in logged] == ["service refuses us"]


# ---------------------------------------------------------------- the work that waits


def put_off(ctx, key, error):
    with ctx.store.write() as tx:
        tx.work.push(Hint(key, "asked"), ctx.now())
    (claim,) = ctx.store.claim(ctx.now(), LEASE)
    with ctx.store.write(claim) as tx:
        tx.work.postpone(claim, str(error), ctx.now() + timedelta(seconds=1), error.service)


def claimed(ctx, limit=99):
    return [claim.key for claim in ctx.store.claim(ctx.now(), LEASE, limit)]


def test_work_that_waits_for_a_closed_service_is_not_taken_and_other_work_is(ctx, clock):
    ends_in(ctx, refused())
    put_off(ctx, "case:1", refused())
    clock.advance(5)
    with ctx.store.write() as tx:
        assert tx.work.next_due(clock()) == NOW + timedelta(seconds=REFUSED_S)
        assert (tx.work.counts(clock()).due, tx.work.counts(clock()).waiting) == (0, 1)
        tx.work.push(Hint("case:1", "a new hint"), clock())
        tx.work.push(Hint("case:2", "asked"), clock())
    assert claimed(ctx) == ["case:2"]
    clock.advance(REFUSED_S)
    assert "case:1" in claimed(ctx)


def test_success_makes_all_that_waits_due_at_once_and_untried(ctx, clock):
    ends_in(ctx, refused())
    for number in range(5):
        put_off(ctx, f"case:{number}", refused())
    with ctx.store.write() as tx:
        tx.work.push(Hint("case:7", "asked"), clock())
    (claim,) = ctx.store.claim(clock(), LEASE)
    with ctx.store.write(claim) as tx:
        tx.work.retry(claim, "503", clock() + timedelta(minutes=15), waits_for="jira")
    clock.advance(REFUSED_S)
    work(ctx)
    with ctx.store.read() as tx:
        listed = tx.work.listing(parked=False, limit=99)
    assert {(row.attempts, row.waits_for, row.due_at <= clock()) for row in listed if row.key != "case:7"} == {
        (0, None, True)
    }
    assert sorted(claimed(ctx)) == [*(f"case:{number}" for number in range(5)), "case:7"]


def test_parked_work_stays_parked_when_its_service_is_back(ctx, clock):
    put_off(ctx, "case:1", refused())
    with ctx.store.write() as tx:
        tx.work.park_key("case:1", "by hand", clock())
    assert reopened(ctx, "jira") == 0
    assert claimed(ctx) == []


def test_work_that_waits_for_a_service_that_is_well_is_taken_when_it_is_due(ctx, clock):
    put_off(ctx, "case:1", refused())
    assert claimed(ctx) == []
    clock.advance(1)
    assert claimed(ctx) == ["case:1"]


# ---------------------------------------------------------------- its price, and where it shows


@pytest.fixture
def said(engine):
    """Every statement from now on."""
    heard = []

    def hear(*args):
        heard.append(args[2])

    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def test_when_all_is_well_calls_cost_one_read_a_second_and_no_write(ctx, clock, said):
    said.clear()
    for _ in range(50):
        work(ctx, calls=("sentry", "jira", "sentry", "jira"))
    assert len([statement for statement in said if "services" in statement]) == 1
    assert not [statement for statement in said if statement.split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    clock.advance(1)
    work(ctx)
    assert len([statement for statement in said if "services" in statement]) == 2


def test_health_metrics_and_pages_tell_of_it_and_nobody_is_called_dead_for_it(ctx, clock):
    door = Door(ctx.store, {}, lambda *_: None, clock, lambda: None, timedelta(seconds=30))
    with TestClient(create_app(door)) as client:
        assert client.get("/healthz").json()["services"] == {}
        ends_in(ctx, refused())
        put_off(ctx, "case:1", refused())
        for _ in range(10):
            after_the_pause(ctx, clock)
            ends_in(ctx, refused())
            health = client.get("/healthz")
            assert (health.status_code, health.json()["ok"]) == (200, True)
        assert health.json()["services"] == {"jira": "refuses us: Jira answered 401"}
        assert 'bugferry_service_in_trouble{service="jira",trouble="refuses us"} 1.0' in client.get("/metrics").text
        assert "refuses us since" in client.get("/").text


# ---------------------------------------------------------------- the whole flow


@pytest.mark.parametrize(("service", "project"), [("github", seed.PROJECTS[0]), ("jira", seed.PROJECTS[1])])
def test_a_revoked_token_is_one_alarm_and_the_work_waits_and_comes_back(desk_on_both, service, project):
    desk = desk_on_both
    desk.sandbox.control.post("/sandbox/access", json={service: {"revoked": True}}).raise_for_status()
    kinds = ("KeyError", "ValueError", "OSError", "TypeError", "IndexError")
    for issue in [desk.throw(kind, project=project) for kind in kinds]:
        desk.hint(issue)
    with capture_logs() as logged:
        for _ in range(6):
            desk.work()
            desk.clock.advance(seconds=20)
        assert desk.tickets() == []
        with desk.store.read() as tx:
            assert tx.work.counts(desk.clock()).parked == 0
            assert max(row.attempts for row in tx.work.listing(parked=None, limit=99)) <= 3
        desk.sandbox.control.post("/sandbox/access", json={service: None}).raise_for_status()
        desk.clock.advance(seconds=REFUSED_S)
        for _ in range(5):
            desk.work()
            desk.clock.advance(seconds=1)
    assert len(desk.tickets()) == len(kinds)
    assert desk.parked() == ()
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["service refuses us"]
    assert [entry["service"] for entry in logged if entry["event"] == "service is well again"] == [service]
    assert rows(desk.ctx) == ()


@pytest.mark.parametrize(("service", "project"), [("github", seed.PROJECTS[0]), ("jira", seed.PROJECTS[1])])
def test_a_tracker_that_is_down_for_hours_gets_one_call_at_a_time_and_then_all_is_made_up_for(desk, service, project):
    def struck():
        return sum(fault["struck"] for fault in desk.sandbox.control.get("/sandbox/faults").json())

    assert run_round(desk.ctx, "poll.tickets") is not None
    desk.sandbox.fault("fail_before", service=service, times=-1)
    kinds = ("KeyError", "ValueError", "OSError", "TypeError", "IndexError")
    for issue in [desk.throw(kind, project=project) for kind in kinds]:
        desk.hint(issue)
    desk.work()
    assert [row.trouble for row in rows(desk.ctx)] == ["is down"]
    for _ in range(2):
        desk.clock.advance(hours=1)
        before = struck()
        desk.work()
        assert struck() - before <= READ_TRIES
    desk.sandbox.control.delete("/sandbox/faults").raise_for_status()
    desk.clock.advance(seconds=LONGEST_PAUSE_S)
    assert run_round(desk.ctx, "poll.tickets") is not None
    desk.work()
    assert len(desk.tickets()) >= len(kinds) - 1, "a create that was the last probe is looked for a while longer"
    desk.settle()
    assert len(desk.tickets()) == len(kinds)
    assert desk.parked() == ()
