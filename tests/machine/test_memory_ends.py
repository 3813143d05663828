"""The ends of the simulation promise what the real ones do: they pass the same suites."""

import inspect

import pytest

from tests.contract.test_sentry_contract import SentryPromises
from tests.contract.test_tracker_contract import TrackerPromises
from tests.contract.test_tracker_talk import TalkPromises
from tests.machine.door import Calm, Door, Order
from tests.machine.memory_worlds import GithubInMemory, JiraInMemory, real_now
from tests.machine.people import LEAD
from tests.machine.sentry_end import MemorySentry
from tests.machine.sentry_world import SentryWorld
from tests.machine.tracker_ends import MemoryGithub, MemoryJira
from worker.ends import ports
from worker.ends.retry import guarding
from worker.errors import Ambiguous, LeaseLost, Transient, Unauthorized
from worker.model import Fixed, Resolve, Status

NEXT = Fixed(Resolve.NEXT_RELEASE)


@pytest.fixture(params=[JiraInMemory, GithubInMemory], ids=["jira", "github"])
def world(request):
    return request.param()


class TestTickets(TrackerPromises):
    pass


class TestTalk(TalkPromises):
    pass


class SentryInMemory:
    """`tests.contract.test_sentry_contract.Hands` in memory."""

    email = LEAD.email

    def __init__(self):
        self.world = SentryWorld(real_now)
        self.world.members = {LEAD.email: LEAD}
        self.end = MemorySentry(self.world, Door("sentry", Calm()))

    def throw(self, kind):
        return self.world.throw("web", kind).issue.id

    def again(self, issue_id):
        self.world.again(self.world.bugs[issue_id])

    def move(self, issue_id, status):
        self.world.move(self.world.bugs[issue_id], status)

    def delete(self, issue_id):
        self.world.delete(self.world.bugs[issue_id])

    def merge(self, child, parent):
        self.world.merge(self.world.bugs[child], self.world.bugs[parent])

    def say(self, issue_id, text):
        return self.world.note(self.world.bugs[issue_id], text, LEAD)


class TestSentry(SentryPromises):
    @pytest.fixture
    def hands(self):
        return SentryInMemory()


# ---------------------------------------------------------------- whole, and the door


@pytest.mark.parametrize(
    ("port", "end"), [(ports.Sentry, MemorySentry), (ports.Tracker, MemoryJira), (ports.Tracker, MemoryGithub)]
)
def test_an_end_has_every_call_of_its_port_with_the_same_arguments(port, end):
    calls = {name: call for name, call in vars(port).items() if inspect.isfunction(call) and not name.startswith("_")}
    for name, call in calls.items():
        assert list(inspect.signature(getattr(end, name)).parameters) == list(inspect.signature(call).parameters), name
    assert len(calls) > 10


@pytest.fixture
def door():
    return Door("ours", Calm())


@pytest.mark.parametrize("kind", ["fail_after", "drop_after", "hang"])
def test_a_write_whose_answer_is_lost_was_made_and_is_ambiguous(door, kind):
    done = []
    door.around.orders.append(Order(kind, method="POST"))
    with pytest.raises(Ambiguous) as caught:
        door.ask("POST", "/tickets", lambda: done.append(1))
    assert (done, caught.value.service) == ([1], "ours")


@pytest.mark.parametrize("kind", ["refused", "429"])
def test_a_write_that_nobody_took_was_not_made_and_is_not_ambiguous(door, kind):
    done = []
    door.around.orders.append(Order(kind, retry_after=7.0))
    with pytest.raises(Transient) as caught:
        door.ask("POST", "/tickets", lambda: done.append(1))
    assert (done, isinstance(caught.value, Ambiguous)) == ([], False)


def test_a_refused_token_stops_everything(door):
    door.around.orders.append(Order("fail_before", status=401))
    with pytest.raises(Unauthorized):
        door.ask("GET", "/tickets", list)


def test_the_guard_is_asked_before_each_request_and_its_word_is_final(door):
    done = []

    def lost(_timeout_s, service):
        raise LeaseLost(f"somebody else calls {service}")

    with guarding(lost), pytest.raises(LeaseLost, match="ours"):
        door.ask("POST", "/tickets", lambda: done.append(1))
    assert done == []


def test_a_hidden_place_is_no_proof_that_a_ticket_is_gone(world):
    tracker = world.tracker()
    made = tracker.create(world.draft(), "bugferry-1")
    world.world.hidden = True
    with pytest.raises(Unauthorized):
        tracker.read(made.key)
    world.world.hidden = False
    assert tracker.read(made.key) == made


def test_an_event_of_an_old_release_does_not_reopen_what_the_next_one_resolves():
    hands = SentryInMemory()
    issue_id = hands.throw("KeyError")
    hands.world.release("web", "web@1")
    bug = hands.world.bugs[issue_id]
    hands.end.move(issue_id, Status.RESOLVED, NEXT)
    hands.world.again(bug, "web@1")
    assert bug.issue.status is Status.RESOLVED
    hands.world.release("web", "web@2")
    hands.world.again(bug, "web@2")
    assert (bug.issue.status, bug.issue.substatus) == (Status.OPEN, "regressed")
