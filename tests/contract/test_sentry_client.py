"""The Sentry client over real HTTP against the practice Sentry, and over canned answers for what that cannot do."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from worker.ends.retry import guarding
from worker.ends.sentry import SentryClient
from worker.errors import Ambiguous, Gone, LeaseLost, Moved, Permanent, Transient, Unauthorized
from worker.model import Status
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
        return httpx.Client(base_url=base, headers=headers, trust_env=False)

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
    def no_network(_timeout_s):
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
    client = desk.build(org="somebody-else")
    with pytest.raises(Permanent, match="somebody-else") as caught:
        client.issue(desk.throw())
    assert not isinstance(caught.value, Gone)


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
    with guarding(asked.append):
        assert desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", None)
        assert desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", None)
    assert len(asked) == 3


@pytest.mark.parametrize("status", [403, 404])
def test_no_installation_to_carry_a_link_is_no_error(desk, status):
    issue_id = desk.throw()
    assert not desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", "no-such-installation")
    desk.fault("fail_before", path="sentry-app-installations", status=status)
    assert not desk.client.link(issue_id, "https://a.example/1", "SHOP", "SHOP-1", None)


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
    with guarding(asked.append):
        pages = desk.client.active_since(an_hour_ago())
        assert asked == []
        assert len(next(pages)) == 100
        assert len(asked) == 1
        assert len(next(pages)) == 3
        assert next(pages, None) is None
    assert len(asked) == 2


def test_rows_are_read_by_short_id_and_the_missing_are_absent(desk):
    desk.throw("one")
    desk.throw("two", seed.PROJECTS[1])
    found = [row["short_id"] for row in desk.sandbox.state()["issues"]]
    rows = desk.client.rows([*found, "SHOP-WEB-ZZZ"])
    assert sorted(row.short_id for row in rows) == sorted(found)
    assert desk.client.rows([]) == ()


# ---------------------------------------------------------------- trouble


def test_reads_are_repeated_a_little_each_time_past_the_guard(desk):
    issue_id = desk.throw()
    desk.fault("fail_before", method="GET", times=2)
    asked = []
    with guarding(asked.append):
        assert desk.client.issue(issue_id).id == issue_id
    assert len(asked) == 3
    assert all(timeout_s >= 15 for timeout_s in asked)
    assert len(desk.slept) == 2


def test_a_lost_lease_stops_before_the_call(desk):
    issue_id = desk.throw()

    def lost(_timeout_s):
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


# ---------------------------------------------------------------- canned answers


@pytest.fixture
def canned(monkeypatch):
    """A client whose transport is a function."""

    def build(answer):
        client = SentryClient("https://sentry.example/api/0/", "acme", "t", sleep=lambda _s: None, now=lambda: NOW)
        transport = httpx.MockTransport(answer)
        monkeypatch.setattr(client, "_http", httpx.Client(transport=transport, base_url=client._http.base_url))
        return client

    return build


NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_redirect_of_a_merged_issue_is_a_move(canned):
    there = {"Location": "/api/0/organizations/acme/issues/77/?collapse=stats"}
    with pytest.raises(Moved) as caught:
        canned(lambda _request: httpx.Response(302, headers=there)).issue("5")
    assert caught.value.to == "77"


def test_any_other_redirect_is_a_wrong_address(canned):
    with pytest.raises(Permanent, match="address of Sentry"):
        canned(lambda _request: httpx.Response(301, headers={"Location": "https://login.example/"})).issue("5")


def test_a_limit_without_retry_after_ends_when_the_window_does(canned):
    headers = {"X-Sentry-Rate-Limit-Reset": str(int(NOW.timestamp()) + 33)}
    with pytest.raises(Transient) as caught:
        canned(lambda _request: httpx.Response(429, headers=headers)).issue("5")
    assert caught.value.retry_after_s == 33


def test_every_path_ends_in_a_slash_and_an_odd_id_stays_in_its_place(canned):
    seen = []

    def answer(request):
        seen.append(request.url)
        return httpx.Response(200, json={"id": "5/../x"})

    canned(answer).issue("5/../x")
    assert seen[0].raw_path.split(b"?")[0] == b"/api/0/organizations/acme/issues/5%2F..%2Fx/"


def test_the_token_follows_no_address_that_an_answer_names(canned):
    hosts = []

    def answer(request):
        hosts.append((request.url.host, request.url.params.get("cursor")))
        link = '<https://evil.example/api/0/?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"'
        more = {"Link": link} if len(hosts) == 1 else {}
        return httpx.Response(200, json=[{"id": "1", "lastSeen": NOW.isoformat()}], headers=more)

    assert len(list(canned(answer).active_since(NOW))) == 2
    assert hosts == [("sentry.example", None), ("sentry.example", "0:100:0")]


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_not_believed(canned, body):
    with pytest.raises(Transient, match="not JSON"):
        canned(lambda _request: httpx.Response(200, content=body)).issue("5")


def test_an_answer_of_another_shape_is_not_believed(canned):
    client = canned(lambda _request: httpx.Response(200, json={"detail": "hello"}))
    for ask in (lambda: client.issue("5"), lambda: client.rows(["A-1"]), lambda: list(client.active_since(NOW))):
        with pytest.raises(Transient, match="no usable answer"):
            ask()


def test_words_of_an_error_are_folded_and_cut(canned):
    said = {"detail": {"message": "one\ntwo " + "x" * 1000}}
    with pytest.raises(Permanent, match="one two") as caught:
        canned(lambda _request: httpx.Response(400, json=said)).issue("5")
    assert len(str(caught.value)) < 500
