"""The Sentry client over real HTTP against the practice Sentry."""

import inspect
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from worker.ends import ports
from worker.ends.retry import guarding
from worker.ends.sentry import SentryClient
from worker.errors import Ambiguous, Gone, LeaseLost, Moved, NoRelease, Permanent, Transient, Unauthorized
from worker.model import Fixed, Project, Resolve, Status
from worker.sandbox import seed


class Desk:
    """A client over a practice Sentry, and a person's hands in it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.slept = []
        self.client = self.build()

    def build(self, token=seed.SENTRY_TOKEN, org=seed.ORG, url=None, **more):
        return SentryClient(url or self.sandbox.sentry_url, org, token, sleep=self.slept.append, **more)

    def throw(self, text="boom", project=seed.PROJECTS[0], **more):
        event = {"exception": {"values": [{"type": text, "value": "why"}]}, "tags": {"a": "b"}, **more}
        self.sandbox.throw(event, project).raise_for_status()
        return self.sandbox.state()["issues"][-1]["id"]

    def person(self):
        headers = {"Authorization": f"Bearer {seed.PERSON_SENTRY_TOKEN}"}
        base = f"{self.sandbox.sentry_url}/api/0/organizations/{seed.ORG}/"
        return httpx.Client(base_url=base, headers=headers, trust_env=False, verify=False)

    def ask(self, method, path, **more):
        with self.person() as person:
            return person.request(method, path, **more).raise_for_status().json()

    def details(self, issue_id):
        return self.ask("GET", f"issues/{issue_id}/")["statusDetails"]

    def release(self, version, project=seed.PROJECTS[0]):
        self.ask("POST", "releases/", json={"version": version, "projects": [project.slug]})

    def deploy(self, version, at, environment="production"):
        told = {"environment": environment, "dateFinished": at.isoformat()}
        self.ask("POST", f"releases/{version}/deploys/", json=told)

    def say(self, issue_id, text):
        return self.ask("POST", f"issues/{issue_id}/comments/", json={"text": text})["id"]

    def fault(self, kind, **order):
        self.sandbox.fault(kind, service="sentry", **order)

    def set(self, issue_id, **state):
        self.sandbox.control.post("/sandbox/sentry", json={"issue": issue_id, **state}).raise_for_status()


@pytest.fixture
def desk(sandbox):
    made = Desk(sandbox)
    yield made
    made.client.close()


def keys(pages):
    return [issue.short_id for page in pages for issue in page]


def an_hour_ago():
    return datetime.now(UTC) - timedelta(hours=1)


def test_building_a_client_calls_nobody(desk):
    def no_network(_timeout_s, _service):
        raise AssertionError("called a service")

    with guarding(no_network):
        desk.build(url="http://127.0.0.1:9").close()


# ---------------------------------------------------------------- reading


def test_an_issue_is_read_with_its_latest_move(desk):
    issue_id = desk.throw(release="shop@1")
    fresh = desk.client.issue(issue_id)
    assert (fresh.id, fresh.title, fresh.status, fresh.substatus) == (issue_id, "boom: why", Status.OPEN, "new")
    assert (fresh.count, fresh.first_release, fresh.project.slug) == (1, "shop@1", "shop-web")
    assert (fresh.moved_at, fresh.moved_how) == (None, None)
    with desk.person() as person:
        person.put(f"issues/{issue_id}/", json={"status": "resolved"}).raise_for_status()
    moved = desk.client.issue(issue_id)
    assert (moved.status, moved.moved_how) == (Status.RESOLVED, "set_resolved")
    assert abs(moved.moved_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_issue_that_sentry_is_moving_is_not_settled(desk):
    issue_id = desk.throw()
    desk.set(issue_id, status="pending_merge")
    assert not desk.client.issue(issue_id).settled


def test_a_deleted_issue_is_gone(desk):
    issue_id = desk.throw()
    with desk.person() as person:
        person.delete(f"issues/{issue_id}/").raise_for_status()
    for ask in (desk.client.issue, desk.client.latest_event, lambda one: desk.client.move(one, Status.OPEN)):
        with pytest.raises(Gone, match=issue_id):
            ask(issue_id)


def test_missing_is_no_proof_while_the_organisation_cannot_be_read(desk):
    """Neither gone nor parked one by one: whatever is asked waits for somebody who puts the whole place right."""
    client = desk.build(org="somebody-else")
    issue_id = desk.throw()
    for ask in (
        client.issue,
        client.comments,
        lambda one: client.move(one, Status.OPEN),
        lambda one: client.rows([one]),
    ):
        with pytest.raises(Unauthorized, match=r"somebody-else|place as a whole"):
            ask(issue_id)


def test_missing_is_no_proof_while_the_organisation_cannot_be_reached(desk):
    desk.fault("fail_before", path="issues/[?]", times=-1)
    with pytest.raises(Transient):
        desk.client.issue("999")


def test_a_merged_issue_has_moved(desk):
    first, second = desk.throw("one"), desk.throw("two")
    with desk.person() as person:
        answer = person.put("issues/", params={"id": [first, second]}, json={"merge": 1}).raise_for_status().json()
    parent, child = answer["merge"]["parent"], answer["merge"]["children"][0]
    with pytest.raises(Moved) as caught:
        desk.client.issue(child)
    assert caught.value.to == parent


def test_the_latest_event_is_read(desk):
    issue_id = desk.throw()
    event = desk.client.latest_event(issue_id)
    assert event.title == "boom: why"
    assert event.tags["a"] == "b"


def test_an_issue_without_events_has_no_latest(desk):
    issue_id = desk.throw()
    desk.fault("fail_before", path="events/latest", status=404)
    assert desk.client.latest_event(issue_id) is None


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("to", "substatus"),
    [(Status.RESOLVED, None), (Status.IGNORED, "archived_until_escalating"), (Status.OPEN, "ongoing")],
)
def test_an_issue_is_moved(desk, to, substatus):
    issue_id = desk.throw()
    desk.client.move(issue_id, Status.IGNORED if to is Status.OPEN else Status.OPEN)
    desk.client.move(issue_id, to)
    issue = desk.client.issue(issue_id)
    assert (issue.status, issue.substatus) == (to, substatus)


@pytest.mark.parametrize("kind", ["fail_after", "drop_after", "fail_before", "drop_before"])
def test_a_move_that_may_have_happened_is_ambiguous_and_tried_once(desk, kind):
    issue_id = desk.throw()
    desk.fault(kind, method="PUT", times=1)
    with pytest.raises(Ambiguous):
        desk.client.move(issue_id, Status.RESOLVED)
    assert (desk.client.issue(issue_id).status is Status.RESOLVED) == kind.endswith("after")


def test_a_move_that_nobody_took_or_that_was_put_off_is_not_ambiguous(desk):
    issue_id = desk.throw()
    desk.fault("429", method="PUT", retry_after=9)
    for client, asked in ((desk.client, 9), (desk.build(url="http://127.0.0.1:9"), None)):
        with pytest.raises(Transient) as caught:
            client.move(issue_id, Status.RESOLVED)
        assert not isinstance(caught.value, Ambiguous)
        assert caught.value.retry_after_s == asked


def test_a_ticket_is_linked_and_seen_on_the_issue(desk):
    issue_id = desk.throw()
    address = "https://jira.example/browse/SHOP-1"
    for _ in range(2):
        assert desk.client.link(issue_id, address, "SHOP", "SHOP-1", seed.INSTALLATION)
    assert desk.client.issue(issue_id).linked == (address,)


def test_the_installation_is_looked_up_when_nobody_named_it(desk):
    issue_id = desk.throw()
    asked = []
    with guarding(lambda *call: asked.append(call)):
        assert desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", None)
        assert desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", None)
    assert len(asked) == 3


@pytest.mark.parametrize("status", [403, 404])
def test_no_installation_to_carry_a_link_is_no_error(desk, status):
    issue_id = desk.throw()
    assert not desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", "no-such-installation")
    desk.fault("fail_before", path="sentry-app-installations", status=status)
    assert not desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", None)


# ---------------------------------------------------------------- in which release it is resolved

ODD = "shop/web@2.0 (rc)"
"""A version that is no path segment by itself."""


@pytest.mark.parametrize(
    ("fixed", "details"),
    [
        (Fixed(Resolve.NOW), {}),
        (Fixed(Resolve.NEXT_RELEASE), {"inNextRelease": True}),
        (Fixed(Resolve.CURRENT_RELEASE), {"inRelease": "shop@2"}),
        (Fixed(Resolve.ON_DEPLOY, "shop@1"), {"inRelease": "shop@1"}),
    ],
)
def test_an_issue_is_resolved_in_the_release_that_the_rule_says(desk, fixed, details):
    desk.release("shop@1")
    desk.release("shop@2")
    issue_id = desk.throw(release="shop@1")
    desk.client.move(issue_id, Status.RESOLVED, fixed)
    assert desk.client.issue(issue_id).status is Status.RESOLVED
    assert desk.details(issue_id) == details


@pytest.mark.parametrize("to", [Status.OPEN, Status.IGNORED])
def test_a_release_counts_for_a_resolution_alone(desk, to):
    issue_id = desk.throw()
    desk.client.move(issue_id, Status.RESOLVED)
    desk.client.move(issue_id, to, Fixed(Resolve.NEXT_RELEASE))
    assert desk.client.issue(issue_id).status is to


@pytest.mark.parametrize(
    "fixed",
    [
        Fixed(Resolve.NEXT_RELEASE),
        Fixed(Resolve.CURRENT_RELEASE),
        Fixed(Resolve.ON_DEPLOY, "shop@9"),
        Fixed(Resolve.ON_DEPLOY),
    ],
)
def test_without_a_release_nothing_is_resolved_in_one(desk, fixed):
    issue_id = desk.throw()
    with pytest.raises(NoRelease, match=issue_id) as caught:
        desk.client.move(issue_id, Status.RESOLVED, fixed)
    assert caught.value.service == "sentry"
    assert desk.client.issue(issue_id).status is Status.OPEN


def shop(project=seed.PROJECTS[0]):
    return Project(id=project.id, slug=project.slug)


def minutes(number):
    return datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(minutes=number)


def test_the_first_deploy_after_a_moment_is_found(desk):
    for version in ("shop@1", "shop@2", ODD):
        desk.release(version)
    desk.deploy("shop@1", minutes(1))
    desk.deploy("shop@2", minutes(8), "staging")
    desk.deploy("shop@2", minutes(9))
    desk.deploy(ODD, minutes(20))
    assert [found(desk, minutes(since)) for since in (0, 1, 9, 20)] == ["shop@1", "shop@2", ODD, None]
    deploy = desk.client.deployed(shop(), "staging", minutes(0))
    assert (deploy.release, deploy.environment, deploy.finished_at) == ("shop@2", "staging", minutes(8))
    assert desk.client.deployed(shop(), "nowhere", minutes(0)) is None


def found(desk, since):
    deploy = desk.client.deployed(shop(), "production", since)
    return deploy.release if deploy else None


def test_a_deploy_counts_though_its_release_went_elsewhere_since(desk):
    """The list of releases shows only the last deploy of each: the earlier ones must not be missed."""
    for version in ("shop@1", "shop@2", ODD):
        desk.release(version)
    desk.deploy(ODD, minutes(5))
    desk.deploy("shop@2", minutes(6))
    desk.deploy(ODD, minutes(7), "canary")
    assert found(desk, minutes(0)) == ODD


def test_deploys_are_looked_for_in_one_call_where_the_list_says_enough_and_in_eleven_at_most(desk):
    for number in range(15):
        desk.release(f"shop@{number}")
        desk.deploy(f"shop@{number}", minutes(number))
    asked = []
    with guarding(lambda *call: asked.append(call)):
        assert found(desk, minutes(3)) == "shop@4"
        assert len(asked) == 1
        for number in range(15):
            desk.deploy(f"shop@{number}", minutes(30 + number), "staging")
        assert found(desk, minutes(13)) == "shop@14"
    assert len(asked) == 1 + 11


def test_deploys_are_awaited_only_where_there_are_releases(desk):
    desk.release("api@1", seed.PROJECTS[1])
    assert desk.client.deployed(shop(seed.PROJECTS[1]), "production", minutes(0)) is None
    with pytest.raises(NoRelease, match="shop-web"):
        desk.client.deployed(shop(), "production", minutes(0))


# ---------------------------------------------------------------- people

PERSON = seed.SENTRY_PERSON


def test_an_issue_is_assigned_by_address_and_to_nobody(desk):
    issue_id = desk.throw()
    assert desk.client.issue(issue_id).assigned is None
    desk.client.assign(issue_id, PERSON.login)
    assigned = desk.client.issue(issue_id).assigned
    assert (assigned.account, assigned.name, assigned.email) == (PERSON.id, PERSON.name, PERSON.login)
    desk.client.assign(issue_id, None)
    assert desk.client.issue(issue_id).assigned is None


def test_a_team_is_nobody_in_particular(desk):
    issue_id = desk.throw()
    desk.ask("PUT", f"issues/{issue_id}/", json={"assignedTo": "team:7"})
    assert desk.client.issue(issue_id).assigned is None


@pytest.mark.parametrize("email", ["stranger@acme.test", PERSON.id, "team:7", ""])
def test_nobody_is_assigned_by_anything_but_the_address_of_a_member(desk, email):
    """Sentry takes ids and teams in the same field; an empty one would unassign."""
    issue_id = desk.throw()
    desk.client.assign(issue_id, PERSON.login)
    with pytest.raises(Permanent):
        desk.client.assign(issue_id, email)
    assert desk.client.issue(issue_id).assigned.account == PERSON.id


# ---------------------------------------------------------------- comments

NONCE = "bugferry-0123456789abcdef"


def test_what_is_said_is_read_oldest_first_with_its_author(desk):
    issue_id = desk.throw()
    first, second = (desk.say(issue_id, text) for text in ("*one*", "two\n\n> three"))
    notes = desk.client.comments(issue_id)
    assert [(note.id, note.text, note.nonce) for note in notes] == [
        (first, "*one*", None),
        (second, "two\n\n> three", None),
    ]
    assert [(note.author.account, note.author.name, note.author.email) for note in notes] == [
        (PERSON.id, PERSON.name, PERSON.login)
    ] * 2
    assert all(abs(note.created_at - datetime.now(UTC)) < timedelta(minutes=1) for note in notes)


@pytest.mark.parametrize(
    "text", ["said", "a\nb", "```\nopen", "[//]: # (bugferry-00)\nnot last", "> [//]: # (bugferry-00)"]
)
def test_what_we_say_carries_our_mark_out_of_sight(desk, text):
    issue_id = desk.throw()
    said = desk.client.comment(issue_id, text, NONCE)
    note = desk.client.comments(issue_id)[0]
    assert (note.id, note.text, note.nonce) == (said, text, NONCE)
    assert note.author.account != PERSON.id
    shown = desk.ask("GET", f"issues/{issue_id}/comments/")[0]["data"]["text"]
    assert shown == f"{text}\n\n[//]: # ({NONCE})"


def test_a_quoted_mark_is_not_ours(desk):
    issue_id = desk.throw()
    desk.say(issue_id, f"> [//]: # ({NONCE})")
    desk.say(issue_id, f"[//]: # ({NONCE})\nI disagree")
    assert [note.nonce for note in desk.client.comments(issue_id)] == [None, None]


def test_what_we_said_is_said_anew_as_often_as_you_like(desk):
    issue_id = desk.throw()
    said = desk.client.comment(issue_id, "before", NONCE)
    for _ in range(2):
        desk.client.edit_comment(issue_id, said, "after", NONCE)
    notes = desk.client.comments(issue_id)
    assert [(note.id, note.text, note.nonce) for note in notes] == [(said, "after", NONCE)]


def test_many_comments_come_whole(desk):
    issue_id = desk.throw()
    with desk.person() as person:
        for number in range(103):
            person.post(f"issues/{issue_id}/comments/", json={"text": str(number)}).raise_for_status()
    assert [note.text for note in desk.client.comments(issue_id)] == [str(number) for number in range(103)]


@pytest.mark.parametrize("kind", ["fail_after", "drop_after", "fail_before"])
def test_a_comment_whose_end_is_unknown_is_ambiguous_and_found_by_its_mark(desk, kind):
    issue_id = desk.throw()
    desk.fault(kind, method="POST", path="comments", times=1)
    with pytest.raises(Ambiguous):
        desk.client.comment(issue_id, "said", NONCE)
    arrived = [note.nonce for note in desk.client.comments(issue_id)]
    assert arrived == ([NONCE] if kind.endswith("after") else [])


def test_a_comment_that_is_missing_is_no_missing_issue(desk):
    issue_id = desk.throw()
    with pytest.raises(Permanent, match="comment 4711") as caught:
        desk.client.edit_comment(issue_id, "4711", "text", NONCE)
    assert not isinstance(caught.value, Gone)


# ---------------------------------------------------------------- lists


def test_active_issues_of_any_status_are_listed_newest_first(desk):
    now = datetime.now(UTC)
    for number, name in enumerate(("old", "mid", "new")):
        desk.throw(name, timestamp=(now - timedelta(minutes=90 - 40 * number)).timestamp())
    resolved = desk.sandbox.state()["issues"][1]["id"]
    desk.client.move(resolved, Status.RESOLVED)
    titles = [issue.title for page in desk.client.active_since(an_hour_ago()) for issue in page]
    assert titles == ["new: why", "mid: why"]


def test_active_issues_come_in_pages_of_which_none_is_read_too_many(desk):
    for number in range(103):
        desk.sandbox.throw({"message": "x", "fingerprint": [str(number)]}).raise_for_status()
    asked = []
    with guarding(lambda *call: asked.append(call)):
        pages = desk.client.active_since(an_hour_ago())
        assert asked == []
        assert len(next(pages)) == 100
        assert len(asked) == 1
        assert len(next(pages)) == 3
        assert next(pages, None) is None
    assert len(asked) == 2


def test_a_search_comes_in_pages_and_goes_on_at_a_cursor(desk):
    for number in range(103):
        desk.sandbox.throw({"message": "x", "fingerprint": [str(number)]}).raise_for_status()
    first = desk.client.search("is:unresolved")
    assert (len(first.issues), first.total) == (100, 103)
    second = desk.client.search("is:unresolved", first.cursor)
    assert (len(second.issues), second.cursor) == (3, None)
    assert not {issue.id for issue in first.issues} & {issue.id for issue in second.issues}


def test_rows_are_read_by_short_id(desk):
    desk.throw("one")
    desk.throw("two", seed.PROJECTS[1])
    found = [row["short_id"] for row in desk.sandbox.state()["issues"]]
    rows = desk.client.rows(found)
    assert sorted(row.short_id for row in rows) == sorted(found)
    assert desk.client.rows([]) == ()


def test_one_unknown_short_id_refuses_the_list_and_nothing_else_is_wrong_with_the_rest(desk):
    desk.throw("one")
    known = desk.sandbox.state()["issues"][0]["short_id"]
    with pytest.raises(Permanent):
        desk.client.rows([known, "SHOP-WEB-ZZZ"])
    assert [row.short_id for row in desk.client.rows([known])] == [known]


# ---------------------------------------------------------------- the time


def test_the_time_is_told_by_sentrys_clock(desk):
    desk.sandbox.control.post("/sandbox/clock", json={"ahead_s": 7200}).raise_for_status()
    ahead = desk.client.now() - datetime.now(UTC)
    assert timedelta(seconds=7198) < ahead < timedelta(seconds=7201)


# ---------------------------------------------------------------- trouble

CALLS = {
    "now": lambda client, _one: client.now(),
    "issue": lambda client, one: client.issue(one),
    "latest_event": lambda client, one: client.latest_event(one),
    "move": lambda client, one: client.move(one, Status.RESOLVED),
    "link": lambda client, one: client.link(one, "https://a.example/1", "SHOP", "SHOP-1", seed.INSTALLATION),
    "active_since": lambda client, _one: list(client.active_since(an_hour_ago())),
    "rows": lambda client, _one: client.rows(["SHOP-WEB-1"]),
    "search": lambda client, _one: client.search("is:unresolved"),
    "deployed": lambda client, _one: client.deployed(shop(), "production", an_hour_ago()),
    "releases": lambda client, _one: client.releases(shop(), an_hour_ago()),
    "deploys_of": lambda client, _one: client.deploys_of("web@1"),
    "deploys_since": lambda client, _one: client.deploys_since(shop(), an_hour_ago()),
    "suspects": lambda client, one: client.suspects(shop(), one),
    "source_map_debug": lambda client, one: client.source_map_debug(shop(), one),
    "comments": lambda client, one: client.comments(one),
    "comment": lambda client, one: client.comment(one, "said", NONCE),
    "edit_comment": lambda client, one: client.edit_comment(one, "1", "said", NONCE),
    "assign": lambda client, one: client.assign(one, PERSON.login),
    "activities": lambda client, one: client.activities(one),
    "archive": lambda client, one: client.archive(one, ports.Until()),
    "merge": lambda client, one: client.merge(shop(), [one, str(int(one) + 1)]),
}
"""Everything that may be asked of Sentry."""
SPENT = dict.fromkeys(("move", "link", "edit_comment", "assign", "archive", "merge"), "write") | {"comment": "create"}


def test_every_call_of_the_port_is_tried_below():
    assert set(CALLS) == {name for name, _ in inspect.getmembers(ports.Sentry, inspect.isfunction) if name[0] != "_"}


@pytest.mark.parametrize("name", CALLS)
def test_every_error_says_that_it_came_from_sentry(desk, name):
    issue_id = desk.throw()
    cut, stranger = desk.build(url="http://127.0.0.1:9"), desk.build(token="no-such-token")
    for client, kind in ((cut, Transient), (stranger, Unauthorized)):
        with pytest.raises(kind) as caught:
            CALLS[name](client, issue_id)
        assert caught.value.service == "sentry"


NOT_OF_ONE = {"now", "link", "active_since", "rows", "search", "source_map_debug", "suspects", "merge"}
NOT_OF_ONE |= {name for name in CALLS if name.startswith(("deploy", "release"))}


@pytest.mark.parametrize("name", sorted(CALLS.keys() - NOT_OF_ONE))
def test_a_missing_issue_is_told_by_sentry_to_be_gone(desk, name):
    with pytest.raises(Gone, match="999") as caught:
        CALLS[name](desk.client, "999")
    assert caught.value.service == "sentry"


@pytest.mark.parametrize("name", ["now", "active_since", "rows", "search"])
@pytest.mark.parametrize("status", [403, 404])
def test_an_organisation_that_is_closed_to_us_makes_everything_wait(desk, name, status):
    desk.fault("fail_before", path="issues/([?]|$)", status=status, times=-1)
    with pytest.raises(Unauthorized, match="place as a whole"):
        CALLS[name](desk.client, "1")


@pytest.mark.parametrize("name", ["issue", "comments", "move", "assign", "comment"])
def test_one_issue_that_is_closed_to_us_parks_alone_unless_all_are_closed(desk, name):
    issue_id = desk.throw()
    desk.fault("fail_before", path=f"issues/{issue_id}", status=403, times=-1)
    with pytest.raises(Permanent, match=issue_id) as caught:
        CALLS[name](desk.client, issue_id)
    assert not isinstance(caught.value, Gone)
    desk.fault("fail_before", path="issues/([?]|$)", status=403, times=-1)
    with pytest.raises(Unauthorized):
        CALLS[name](desk.client, issue_id)


class Purse:
    """A budget that writes down what is spent, and is empty on demand."""

    def __init__(self):
        self.spent, self.empty = [], False

    def spend(self, what, about=""):
        if self.empty:
            raise Transient("nothing left", retry_after_s=30)
        self.spent.append((what, about))


@pytest.mark.parametrize("name", CALLS)
def test_every_request_is_taken_off_the_budget_and_none_is_made_without(desk, name):
    issue_id, purse = desk.throw(), Purse()
    desk.release("shop@1")
    client, asked = desk.build(budget=purse), []
    with guarding(lambda *call: asked.append(call)):
        try:
            CALLS[name](client, issue_id)
        except Permanent:
            assert name in {"edit_comment", "rows", "merge"}
        assert len(asked) == len(purse.spent) > 0
        assert SPENT.get(name, "read") in {what for what, _ in purse.spent}
        assert all(about == issue_id for what, about in purse.spent if what != "read")
        purse.empty = True
        desk.fault("fail_before", times=-1)  # would be told as a failure of the service, were it asked
        with pytest.raises(Transient) as caught:
            CALLS[name](desk.build(budget=purse), issue_id)
    assert (caught.value.service, caught.value.retry_after_s) == ("sentry", 30)
    orders = desk.sandbox.control.get("/sandbox/faults").json()
    assert [fault["struck"] for fault in orders] == [0]


def test_reads_are_repeated_a_little_each_time_past_the_guard(desk):
    issue_id = desk.throw()
    desk.fault("fail_before", method="GET", times=2)
    asked = []
    with guarding(lambda *call: asked.append(call)):
        assert desk.client.issue(issue_id).id == issue_id
    assert len(asked) == 3
    assert all(timeout_s >= 15 and service == "sentry" for timeout_s, service in asked)
    assert len(desk.slept) == 2


def test_a_lost_lease_stops_before_the_call(desk):
    issue_id = desk.throw()

    def lost(_timeout_s, _service):
        raise LeaseLost("another worker has it")

    with guarding(lost), pytest.raises(LeaseLost):
        desk.client.move(issue_id, Status.RESOLVED)
    assert desk.client.issue(issue_id).status is Status.OPEN


def test_a_service_that_hangs_is_given_up_in_time(desk):
    client = desk.build(read_s=0.2)
    desk.fault("hang", hang_s=1.0, times=3)
    with pytest.raises(Transient, match="ReadTimeout"):
        client.issue("1")


def test_a_dead_token_is_not_told(desk):
    with pytest.raises(Unauthorized) as caught:
        desk.build(token="no-such-token").issue("1")
    assert "no-such-token" not in str(caught.value)
    assert caught.value.retry_after_s is None
