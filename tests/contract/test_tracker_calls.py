"""What every tracker promises of its calls over HTTP: faults, refusals, the guard, the budget, threads, and pages."""

import threading
from datetime import UTC, datetime

import pytest

from tests.fixtures.trackers import DONE, NONCE, WORLDS, long_ago
from worker.ends.retry import guarding
from worker.errors import Ambiguous, Gone, LeaseLost, Permanent, Transient, Unauthorized


@pytest.fixture(params=WORLDS, ids=["jira", "github"])
def world(request, sandbox):
    return request.param(sandbox)


@pytest.fixture
def tracker(world):
    return world.tracker()


class Ledger:
    """A budget that writes down what is spent, and is empty on request."""

    def __init__(self):
        self.spent = []
        self.empty = False

    def spend(self, what, about=""):
        if self.empty:
            raise Transient("nothing left", retry_after_s=42)
        self.spent.append((what, about))


def no_network(_timeout_s, _service):
    raise AssertionError("called a service")


def test_building_a_tracker_calls_nobody(world):
    with guarding(no_network):
        tracker = world.tracker(url="http://127.0.0.1:9")
    assert (tracker.name, tracker.kind, tracker.place) == ("ours", world.kind, world.place)


# ---------------------------------------------------------------- writes whose end is not known


@pytest.mark.parametrize("kind", ["fail_after", "drop_after"])
def test_a_create_whose_answer_is_lost_is_ambiguous_made_once_and_found(world, tracker, kind):
    world.fault(kind, method="POST", times=1)
    with pytest.raises(Ambiguous):
        tracker.create(world.draft(), NONCE)
    assert len(world.tickets()) == 1
    assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == [world.tickets()[0]["key"]]


@pytest.mark.parametrize("kind", ["fail_before", "drop_before"])
def test_a_create_that_failed_before_its_effect_is_ambiguous_all_the_same(world, tracker, kind):
    world.fault(kind, method="POST", times=1)
    with pytest.raises(Ambiguous):
        tracker.create(world.draft(), NONCE)
    assert world.tickets() == []


def test_a_create_that_hangs_ends_in_time_and_is_ambiguous(world):
    tracker = world.tracker(read_s=0.3)
    tracker.find(NONCE, long_ago())  # connects first, so that only the create can be slow
    world.fault("hang", method="POST", hang_s=1.0)
    with pytest.raises(Ambiguous, match="may have been done"):
        tracker.create(world.draft(), NONCE)


def test_a_create_that_nobody_took_is_not_ambiguous(world):
    with pytest.raises(Transient) as caught:
        world.tracker(url="http://127.0.0.1:9/x").create(world.draft(), NONCE)
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.service == "ours"


def test_a_rate_limit_is_never_ambiguous_and_says_how_long(world, tracker):
    world.fault("429", method="POST", retry_after=7)
    with pytest.raises(Transient) as caught:
        tracker.create(world.draft(), NONCE)
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.retry_after_s == 7
    assert world.tickets() == []


def test_a_reading_that_fails_after_the_create_does_not_lose_the_key(world, tracker):
    world.fault("fail_before", method="GET", path=world.issue_path, times=9)
    made = tracker.create(world.draft(labels=["a"]), NONCE)
    world.reset()
    assert tracker.read(made.key).id == made.id
    assert "a" in made.labels


def test_a_move_whose_answer_is_lost_is_ambiguous(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("fail_after", method="POST" if world.service == "jira" else "PATCH", times=1)
    with pytest.raises(Ambiguous):
        tracker.move(made, DONE)


def test_a_comment_whose_answer_is_lost_was_made_once_and_is_found(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("drop_after", method="POST", path="comment")
    with pytest.raises(Ambiguous):
        tracker.comment(made.key, world.body("text"), "bugferry-c1")
    assert tracker.find_comment(made.key, "bugferry-c1")
    assert len(tracker.comments(made.key)) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda tracker, key, _world: tracker.assign(key, None),
        lambda tracker, key, world: tracker.edit_comment(key, world.says(key, "x"), world.body("y"), "bugferry-c1"),
    ],
    ids=["assign", "edit_comment"],
)
def test_a_write_that_may_have_arrived_is_ambiguous_and_made_once(world, tracker, write):
    made = tracker.create(world.draft(), NONCE)
    world.fault("drop_after", method="PUT" if world.service == "jira" else "PATCH", path=world.issue_path, times=1)
    with pytest.raises(Ambiguous) as caught:
        write(tracker, made.key, world)
    assert caught.value.service == "ours"
    assert world.sandbox.control.get("/sandbox/faults").json()[0]["struck"] == 1


def test_closing_a_twin_survives_a_lost_answer_at_any_of_its_writes(world, tracker):
    first, twin = (tracker.create(world.draft(), NONCE) for _ in range(2))
    world.fault("drop_after", method="POST" if world.service == "jira" else "PATCH", times=1)
    with pytest.raises(Ambiguous):
        tracker.close_as_duplicate(twin, first)
    tracker.close_as_duplicate(twin, first)
    said = tracker.comments(twin.key)
    tracker.close_as_duplicate(twin, first)
    assert tracker.read(twin.key).state.done
    assert tracker.comments(twin.key) == said


# ---------------------------------------------------------------- reads


def test_reads_are_repeated_a_little(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("fail_before", method="GET", times=2)
    assert tracker.read(made.key).key == made.key
    assert len(world.slept) == 2


def test_a_service_that_stays_down_ends_transient(world, tracker):
    world.fault("fail_before", times=-1)
    with pytest.raises(Transient) as caught:
        tracker.read(world.missing())
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.service == "ours"


def test_a_long_pause_is_not_waited_for_inside_a_call(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("429", method="GET", retry_after=30)
    with pytest.raises(Transient) as caught:
        tracker.read(made.key)
    assert (caught.value.retry_after_s, world.slept) == (30, [])


# ---------------------------------------------------------------- what is refused, and to whom


def test_missing_is_no_proof_while_the_place_cannot_be_read(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("fail_before", method="GET", status=404, times=-1)
    with pytest.raises(Unauthorized, match="as a whole") as caught:
        tracker.read(made.key)
    assert caught.value.service == "ours"


def test_missing_is_no_proof_while_the_place_cannot_be_reached(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.delete(made.key)
    world.fault("fail_before", method="GET", path=rf"{world.place_path}($|[?])", times=-1)
    with pytest.raises(Transient):
        tracker.read(made.key)


def test_a_dead_token_stops_everything_and_is_not_told(world):
    tracker = world.tracker(token="no-such-token")
    for ask in (
        lambda: tracker.read("1" if world.service == "github" else "SHOP-1"),
        lambda: tracker.create(world.draft(), NONCE),
        lambda: tracker.find(NONCE, long_ago()),
        lambda: list(tracker.ours(long_ago())),
        lambda: list(tracker.changed_since(long_ago())),
    ):
        with pytest.raises(Unauthorized) as caught:
            ask()
        assert "no-such-token" not in str(caught.value)
        assert caught.value.service == "ours"


@pytest.mark.parametrize("status", [403, 404])
def test_a_place_that_takes_no_tickets_of_ours_stops_everything(world, tracker, status):
    world.fault("fail_before", method="POST", status=status)
    with pytest.raises(Unauthorized, match=r"permission Create Issues|right to write issues") as caught:
        tracker.create(world.draft(), NONCE)
    assert caught.value.service == "ours"


def test_a_place_that_is_not_there_stops_everything(world):
    tracker = world.tracker(place="NOWHERE" if world.service == "jira" else "acme/nowhere")
    for ask in (
        lambda: tracker.create(world.draft(), NONCE),
        lambda: list(tracker.ours(long_ago())),
        lambda: list(tracker.changed_since(long_ago())),
    ):
        with pytest.raises(Unauthorized) as caught:
            ask()
        assert caught.value.service == "ours"


@pytest.mark.parametrize("trouble", [{"revoked": True}, {"hidden": True}], ids=["revoked", "hidden"])
def test_what_shuts_us_out_stops_everything_until_it_is_undone(world, tracker, trouble):
    made = tracker.create(world.draft(), NONCE)
    world.access(**trouble)
    for ask in (
        lambda: tracker.read(made.key),
        lambda: tracker.create(world.draft(), "bugferry-1"),
        lambda: tracker.find(NONCE, long_ago()),
        lambda: list(tracker.ours(long_ago())),
        lambda: list(tracker.changed_since(long_ago())),
    ):
        with pytest.raises(Unauthorized) as caught:
            ask()
        assert caught.value.service == "ours"
    world.access()
    assert tracker.read(made.key).key == made.key
    assert world.count() == 1


def test_a_right_to_create_that_was_taken_away_stops_everything(world, tracker):
    world.access(forbidden=["create"])
    with pytest.raises(Unauthorized):
        tracker.create(world.draft(), NONCE)


def test_one_ticket_that_is_refused_stops_nothing_else(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    for method, write in (
        ("POST", lambda: tracker.comment(made.key, world.body("x"), "bugferry-c1")),
        ("PUT" if world.service == "jira" else "PATCH", lambda: tracker.assign(made.key, world.account)),
        ("GET", lambda: tracker.read(made.key)),
    ):
        world.fault("fail_before", method=method, path=world.issue_path, status=403)
        with pytest.raises(Permanent) as caught:
            write()
        assert not isinstance(caught.value, Gone)
        assert caught.value.service == "ours"


def test_a_refusal_carries_the_services_own_words(world, tracker):
    with pytest.raises(Permanent, match=r"assign"):
        tracker.assign(tracker.create(world.draft(), NONCE).key, "nobody-of-that-name")


# ---------------------------------------------------------------- pages


def test_changed_tickets_come_in_pages(world, tracker):
    for _ in range(101):
        world.forge("other")
    pages = list(tracker.changed_since(long_ago()))
    assert [len(page) for page in pages] == [100, 1]
    assert len({one.key for page in pages for one in page}) == 101


def test_all_of_ours_cost_a_call_a_hundred(world):
    ledger = Ledger()
    tracker = world.tracker(budget=ledger)
    made = {tracker.create(world.draft(), f"bugferry-{number}").key for number in range(101)}
    list(tracker.ours(long_ago()))  # who we are is asked once
    ledger.spent.clear()
    pages = list(tracker.ours(long_ago()))
    assert [len(page) for page in pages] == [100, 1]
    assert {one.ticket.key for page in pages for one in page} == made
    assert len(ledger.spent) <= 3


# ---------------------------------------------------------------- the guard, the budget, threads


def test_the_guard_is_asked_before_every_single_request(world, tracker):
    asked = []
    made = tracker.create(world.draft(), NONCE)
    with guarding(lambda timeout_s, service: asked.append((timeout_s, service))):
        tracker.read(made.key)
        assert len(asked) == 1
        world.fault("fail_before", method="GET", times=2)
        tracker.read(made.key)
    assert len(asked) == 4
    assert all(timeout_s >= 15 and service == "ours" for timeout_s, service in asked)


def test_a_lost_lease_writes_nothing_and_comes_from_no_service(world, tracker):
    def lost(_timeout_s, _service):
        raise LeaseLost("another worker has it")

    with guarding(lost), pytest.raises(LeaseLost) as caught:
        tracker.create(world.draft(), NONCE)
    assert caught.value.service is None
    assert world.tickets() == []


def test_each_request_is_taken_off_the_budget_by_what_it_does(world):
    ledger = Ledger()
    tracker = world.tracker(budget=ledger)
    made = tracker.create(world.draft(), NONCE)
    assert [what for what, _ in ledger.spent if what != "read"] == ["create"]
    ledger.spent.clear()
    tracker.read(made.key)
    assert ledger.spent == [("read", made.key)]
    ledger.spent.clear()
    ident = tracker.comment(made.key, world.body("x"), "bugferry-c1")
    tracker.edit_comment(made.key, ident, world.body("y"), "bugferry-c1")
    tracker.assign(made.key, None)
    assert ledger.spent == [("create", made.key), ("write", made.key), ("write", made.key)]


def test_an_empty_budget_sends_nothing_and_says_how_long(world):
    ledger = Ledger()
    tracker = world.tracker(budget=ledger)
    ledger.empty = True
    with pytest.raises(Transient) as caught:
        tracker.create(world.draft(), NONCE)
    assert not isinstance(caught.value, Ambiguous)
    assert (caught.value.retry_after_s, caught.value.service) == (42, "ours")
    assert world.tickets() == []


def test_a_lost_lease_spends_nothing(world):
    ledger = Ledger()
    tracker = world.tracker(budget=ledger)

    def lost(_timeout_s, _service):
        raise LeaseLost("another worker has it")

    with guarding(lost), pytest.raises(LeaseLost):
        tracker.read(world.missing())
    assert ledger.spent == []


def test_one_tracker_serves_several_threads(world, tracker):
    keys, failures = [], []

    def work(number):
        try:
            made = tracker.create(world.draft(), f"bugferry-{number}")
            keys.append(tracker.read(made.key).key)
        except Exception as error:  # noqa: BLE001 -- a thread cannot fail the test itself
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(keys)) == 6


def test_a_poll_repeated_by_another_thread_sees_the_same(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    since, seen = long_ago(), []
    asked = lambda: seen.append([one for page in tracker.changed_since(since) for one in page])  # noqa: E731 -- run here and in a thread
    asked()
    thread = threading.Thread(target=asked)
    thread.start()
    thread.join()
    assert seen[0] == seen[1] == [*seen[0]]
    assert [one.key for one in seen[0]] == [made.key]
    assert all(one.at <= datetime.now(UTC) for one in seen[0])
