"""What every tracker promises, run on Jira and on GitHub over real HTTP against the practice services."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import httpx
import pytest

from worker.ends.github import GithubTracker
from worker.ends.jira import JiraTracker
from worker.ends.retry import guarding
from worker.errors import Ambiguous, Gone, LeaseLost, Permanent, Transient, Unauthorized
from worker.model import Draft, StateTarget, TicketState, TrackerKind
from worker.sandbox import seed

OPEN, DONE = StateTarget(done=False), StateTarget(done=True)
NONCE = "bugferry-0f3a"


def long_ago():
    return datetime.now(UTC) - timedelta(minutes=10)


@dataclass
class World:
    """A tracker over a practice world, and the hands of a person in the same place."""

    sandbox: object
    slept: list[float] = field(default_factory=list)
    kind: ClassVar[TrackerKind]
    place: ClassVar[str]
    service: ClassVar[str]
    list_path: ClassVar[str]

    def draft(self, **fields):
        return Draft("rule", "ours", self.kind, self.place, "It breaks", self.body("Why it breaks"), fields)

    def tickets(self):
        return self.sandbox.state()[self.service]

    def fault(self, kind, method="", path="", **order):
        self.sandbox.fault(kind, service=self.service, method=method, path=path, **order)

    def reset(self):
        self.sandbox.control.delete("/sandbox/faults")


class JiraWorld(World):
    kind, place, service = TrackerKind.JIRA, seed.JIRA_PROJECT, "jira"
    list_path = "search/jql"
    issue_path = "/issue/"

    def tracker(self, token=seed.JIRA_TOKEN, read_s=10.0, **changes):
        url = changes.pop("url", self.sandbox.jira_url)
        place = changes.pop("place", self.place)
        return JiraTracker("ours", place, url, seed.JIRA_EMAIL, token, read_s=read_s, sleep=self.slept.append)

    def body(self, text):
        return {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
        }

    def person(self):
        auth = (seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)
        return httpx.Client(base_url=f"{self.sandbox.jira_url}/rest/api/3", auth=auth, trust_env=False)

    def delete(self, key):
        with self.person() as person:
            person.delete(f"/issue/{key}").raise_for_status()

    def forge(self, nonce):
        """A person clones a ticket, its label included."""
        fields = {"project": {"key": self.place}, "issuetype": {"name": "Bug"}, "summary": "clone", "labels": [nonce]}
        with self.person() as person:
            person.post("/issue", json={"fields": fields}).raise_for_status()

    def missing(self):
        return f"{self.place}-999"

    def lag(self, seconds):
        self.sandbox.control.post("/sandbox/index-lag", json={"jira_s": seconds}).raise_for_status()


class GithubWorld(World):
    kind, place, service = TrackerKind.GITHUB, seed.GITHUB_REPO, "github"
    list_path = "/issues[?]"
    issue_path = "/issues/"

    def tracker(self, token=seed.GITHUB_TOKEN, read_s=10.0, **changes):
        url = changes.pop("url", self.sandbox.github_url)
        return GithubTracker(
            "ours", changes.pop("place", self.place), url, token, read_s=read_s, sleep=self.slept.append
        )

    def body(self, text):
        return text

    def person(self):
        headers = {"Authorization": f"Bearer {seed.PERSON_GITHUB_TOKEN}"}
        return httpx.Client(base_url=f"{self.sandbox.github_url}/repos/{self.place}", headers=headers, trust_env=False)

    def delete(self, key):
        self.sandbox.control.post("/sandbox/github", json={"delete": int(key)}).raise_for_status()

    def forge(self, nonce):
        with self.person() as person:
            person.post("/issues", json={"title": "clone", "body": f"copied <!-- {nonce} -->"}).raise_for_status()

    def missing(self):
        return "999"

    def lag(self, seconds):
        self.sandbox.control.post("/sandbox/index-lag", json={"github_s": seconds}).raise_for_status()


@pytest.fixture(params=[JiraWorld, GithubWorld], ids=["jira", "github"])
def world(request, sandbox):
    return request.param(sandbox)


@pytest.fixture
def tracker(world):
    return world.tracker()


def no_network(_timeout_s):
    raise AssertionError("called a service")


# ---------------------------------------------------------------- create and find


def test_building_a_tracker_calls_nobody(world):
    with guarding(no_network):
        tracker = world.tracker(url="http://127.0.0.1:9")
    assert (tracker.name, tracker.kind, tracker.place) == ("ours", world.kind, world.place)


def test_a_created_ticket_is_what_is_read_later(world, tracker):
    made = tracker.create(world.draft(labels=["sentry", "web"]), NONCE)
    read = tracker.read(made.key)
    assert (made.key, made.id, made.url, made.tracker) == (read.key, read.id, read.url, "ours")
    assert (read.title, read.state.done) == ("It breaks", False)
    assert {"sentry", "web"} <= set(read.labels)
    assert abs(read.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(world.tickets()) == 1


def test_a_ticket_is_found_by_its_nonce_alone(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    tracker.create(world.draft(), "bugferry-0f3a1")
    assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == [made.key]
    assert tracker.find("bugferry-0", long_ago()) == ()


def test_twins_are_found_oldest_first_whatever_their_state(world, tracker):
    first, second = (tracker.create(world.draft(), NONCE) for _ in range(2))
    tracker.move(first, DONE)
    assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == [first.key, second.key]


def test_a_ticket_that_somebody_else_made_or_cloned_is_not_ours(world, tracker):
    world.forge(NONCE)
    assert tracker.find(NONCE, long_ago()) == ()


def test_a_ticket_from_before_is_not_adopted(world, tracker):
    tracker.create(world.draft(), NONCE)
    assert tracker.find(NONCE, datetime.now(UTC) + timedelta(minutes=1)) == ()


def test_while_the_index_lags_a_ticket_is_not_found_but_read(world, tracker):
    world.lag(60)
    made = tracker.create(world.draft(), NONCE)
    assert tracker.find(NONCE, long_ago()) == ()
    assert tracker.read(made.key).key == made.key


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


# ---------------------------------------------------------------- read


def test_reads_are_repeated_a_little(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("fail_before", method="GET", times=2)
    assert tracker.read(made.key).key == made.key
    assert len(world.slept) == 2


def test_a_read_that_keeps_failing_is_transient(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("drop_before", method="GET", times=3)
    with pytest.raises(Transient) as caught:
        tracker.read(made.key)
    assert not isinstance(caught.value, Ambiguous)


def test_a_long_rate_limit_is_not_waited_for(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.slept.clear()
    world.fault("429", method="GET", retry_after=30, times=1)
    with pytest.raises(Transient) as caught:
        tracker.read(made.key)
    assert (caught.value.retry_after_s, world.slept) == (30, [])


def test_a_deleted_ticket_is_gone(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.delete(made.key)
    with pytest.raises(Gone, match=made.key):
        tracker.read(made.key)


def test_a_ticket_that_never_was_is_gone_too(world, tracker):
    with pytest.raises(Gone):
        tracker.read(world.missing())


def test_missing_is_no_proof_while_the_place_cannot_be_read(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("fail_before", method="GET", status=404, times=-1)
    with pytest.raises(Permanent, match="Neither is") as caught:
        tracker.read(made.key)
    assert not isinstance(caught.value, Gone)


def test_missing_is_no_proof_while_the_place_cannot_be_reached(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.delete(made.key)
    world.fault("fail_before", method="GET", path=rf"(project/{world.place}|repos/{world.place})($|[?])", times=-1)
    with pytest.raises(Transient):
        tracker.read(made.key)


# ---------------------------------------------------------------- who we are


def test_a_dead_token_stops_everything_and_is_not_told(world):
    tracker = world.tracker(token="no-such-token")
    for ask in (
        lambda: tracker.read("1" if world.service == "github" else "SHOP-1"),
        lambda: tracker.create(world.draft(), NONCE),
        lambda: tracker.find(NONCE, long_ago()),
    ):
        with pytest.raises(Unauthorized) as caught:
            ask()
        assert "no-such-token" not in str(caught.value)


def test_a_missing_right_is_permanent_and_named(world, tracker):
    world.fault("fail_before", method="POST", status=403)
    with pytest.raises(Permanent, match=r"permission Create Issues|right to write issues"):
        tracker.create(world.draft(), NONCE)


def test_a_refusal_carries_the_services_own_words_in_one_line(world, tracker):
    draft = Draft("rule", "ours", world.kind, world.place, "", world.body("x"))
    with pytest.raises(Permanent, match=r"summary|title") as caught:
        tracker.create(draft, NONCE)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- move


def test_a_ticket_is_closed_and_opened_again(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    tracker.move(made, DONE)
    closed = tracker.read(made.key)
    assert closed.state.done
    tracker.move(closed, OPEN)
    assert not tracker.read(made.key).state.done


def test_a_status_that_does_not_exist_is_refused_with_what_there_is(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    with pytest.raises(Permanent, match=r"(?i)reachable.*(done|closed)"):
        tracker.move(made, StateTarget(done=True, name="Shipped to Mars"))


def test_a_move_whose_answer_is_lost_is_ambiguous(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("fail_after", method="POST" if world.service == "jira" else "PATCH", times=1)
    with pytest.raises(Ambiguous):
        tracker.move(made, DONE)


def test_when_it_moved_is_told_by_its_own_history(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    assert tracker.moved_at(made.key) is None
    tracker.move(made, DONE)
    first = tracker.moved_at(made.key)
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)
    tracker.comment(made.key, world.body("more"), "bugferry-c1")
    assert tracker.moved_at(made.key) == first


# ---------------------------------------------------------------- comments


def test_a_comment_is_found_by_its_nonce(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    ids = [tracker.comment(made.key, world.body(f"text {number}"), f"bugferry-c{number}") for number in range(12)]
    assert tracker.find_comment(made.key, "bugferry-c1") == ids[1]
    assert tracker.find_comment(made.key, "bugferry-c11") == ids[11]
    assert tracker.find_comment(made.key, "bugferry-c") is None


def test_a_comment_whose_answer_is_lost_was_made_once_and_is_found(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    world.fault("drop_after", method="POST", path="comment")
    with pytest.raises(Ambiguous):
        tracker.comment(made.key, world.body("text"), "bugferry-c1")
    assert tracker.find_comment(made.key, "bugferry-c1")
    assert len(world.tickets()[0]["comments"]) == 1


def test_comments_are_paged(world, tracker):
    made = tracker.create(world.draft(), NONCE)
    path = f"/issue/{made.key}/comment" if world.service == "jira" else f"/issues/{made.key}/comments"
    with world.person() as person:
        for _ in range(101):
            person.post(path, json={"body": world.body("chatter")}).raise_for_status()
    last = tracker.comment(made.key, world.body("ours"), "bugferry-last")
    assert tracker.find_comment(made.key, "bugferry-last") == last


# ---------------------------------------------------------------- polls


def test_changed_tickets_are_listed_and_no_others_places(world, tracker):
    keys = {tracker.create(world.draft(), f"bugferry-{number}").key for number in range(3)}
    assert {key for page in tracker.changed_since(long_ago()) for key in page} == keys


def test_nothing_changed_after_tomorrow(world, tracker):
    tracker.create(world.draft(), NONCE)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    keys = [key for page in tracker.changed_since(tomorrow) for key in page]
    assert keys == [] or world.service == "jira"  # JQL counts in minutes backwards: Jira's overlap is at least one


def test_changed_tickets_come_in_pages(world, tracker):
    with world.person() as person:
        for number in range(101):
            if world.service == "jira":
                fields = {"project": {"key": world.place}, "issuetype": {"name": "Bug"}, "summary": f"{number}"}
                person.post("/issue", json={"fields": fields}).raise_for_status()
            else:
                person.post("/issues", json={"title": f"{number}"}).raise_for_status()
    pages = list(tracker.changed_since(long_ago()))
    assert [len(page) for page in pages] == [100, 1]
    assert len({key for page in pages for key in page}) == 101


# ---------------------------------------------------------------- the guard, threads


def test_the_guard_is_asked_before_every_single_request(world, tracker):
    asked = []
    made = tracker.create(world.draft(), NONCE)
    with guarding(asked.append):
        tracker.read(made.key)
        assert len(asked) == 1
        world.fault("fail_before", method="GET", times=2)
        tracker.read(made.key)
    assert len(asked) == 4
    assert all(timeout_s >= 15 for timeout_s in asked)


def test_a_lost_lease_writes_nothing(world, tracker):
    def lost(_timeout_s):
        raise LeaseLost("another worker has it")

    with guarding(lost), pytest.raises(LeaseLost):
        tracker.create(world.draft(), NONCE)
    assert world.tickets() == []


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


# ---------------------------------------------------------------- what only one of them knows


@pytest.fixture
def jira(sandbox):
    return JiraWorld(sandbox)


@pytest.fixture
def github(sandbox):
    return GithubWorld(sandbox)


@pytest.mark.parametrize(
    ("fields", "named"), [({"priority": "Sometime"}, "priority"), ({"labels": ["two words"]}, "labels")]
)
def test_jira_names_the_field_it_refuses(jira, fields, named):
    with pytest.raises(Permanent, match=named):
        jira.tracker().create(jira.draft(**fields), NONCE)


def test_jira_is_moved_by_name_whatever_the_case_and_over_several_steps(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    tracker.move(made, StateTarget(done=True, name="won't do"))
    there = tracker.read(made.key)
    assert there.state == TicketState("Won't Do", done=True, resolution="Won't Do")
    tracker.move(there, StateTarget(done=True, name="DONE"))
    assert tracker.read(made.key).state.name == "Done"


def test_jira_finds_the_status_that_says_the_resolution(jira):
    tracker = jira.tracker()
    made = tracker.create(jira.draft(), NONCE)
    tracker.move(made, StateTarget(done=True, resolution="Won't Do"))
    assert tracker.read(made.key).state.resolution == "Won't Do"
    other = tracker.create(jira.draft(), "bugferry-2")
    tracker.move(other, DONE)
    assert tracker.read(other.key).state.resolution != "Won't Do"


def test_github_refuses_a_long_label_by_its_name_before_it_calls(github):
    with guarding(no_network), pytest.raises(Permanent, match="xxxxx"):
        github.tracker().create(github.draft(labels=["x" * 51]), NONCE)


@pytest.mark.parametrize("reason", ["completed", "not_planned", "duplicate"])
def test_github_is_closed_with_its_reason_also_when_closed_with_another(github, reason):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    tracker.move(made, DONE)
    tracker.move(tracker.read(made.key), StateTarget(done=True, name="closed", resolution=reason))
    assert tracker.read(made.key).state == TicketState("closed", done=True, resolution=reason)


def test_github_issues_switched_off_are_not_gone(github):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    github.sandbox.control.post("/sandbox/github", json={"has_issues": False}).raise_for_status()
    with pytest.raises(Permanent, match="switched off") as caught:
        tracker.read(made.key)
    assert not isinstance(caught.value, Gone)


def test_a_renamed_repository_is_followed(github):
    tracker = github.tracker(place="acme/old-shop")
    github.sandbox.control.post("/sandbox/github", json={"old_names": ["acme/old-shop"]}).raise_for_status()
    made = tracker.create(github.draft(), NONCE)
    tracker.move(made, DONE)
    assert made.key == tracker.read(made.key).key == "1"
    assert [ticket.key for ticket in tracker.find(NONCE, long_ago())] == ["1"]
    assert [key for page in tracker.changed_since(long_ago()) for key in page] == ["1"]


def test_a_transferred_issue_has_a_key_that_says_where_it_is(github):
    tracker = github.tracker()
    made = tracker.create(github.draft(), NONCE)
    away = github.tracker().create(github.draft(), "bugferry-2")
    github.sandbox.control.post(
        "/sandbox/github", json={"transferred": {made.key: f"{seed.GITHUB_REPO}/issues/{away.key}"}}
    )
    assert tracker.read(made.key).key == away.key


def test_githubs_secondary_limit_is_a_pause(github):
    github.fault("fail_before", method="POST", status=403, retry_after=40)
    with pytest.raises(Transient) as caught:
        github.tracker().create(github.draft(), NONCE)
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.retry_after_s == 40


@pytest.mark.parametrize("key", ["", "x", "#", "acme/shop#x", "-1"])
def test_what_is_no_github_key_is_refused(github, key):
    with guarding(no_network), pytest.raises(Permanent, match="no key"):
        github.tracker().read(key)
