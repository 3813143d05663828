"""Answers that the practice services do not give: what each vendor's odd ones mean to us."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from worker.ends.github import GithubTracker
from worker.ends.jira import JiraTracker
from worker.errors import Ambiguous, Permanent, Transient, Unauthorized
from worker.model import Draft, StateTarget, Ticket, TicketState, TrackerKind

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Canned:
    """A service that gives the same answer to everything but its `pages`, and remembers what it was asked."""

    def __init__(self):
        self.answer = (200, {}, b"{}")
        self.pages = {}
        self.asked = []
        canned = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                canned.asked.append((self.command, self.path))
                page = canned.pages.get(self.path.partition("?")[0])
                status, headers, body = canned.answer if page is None else (200, {}, json.dumps(page).encode())
                self.send_response(status)
                body = b"" if status == HTTPStatus.NOT_MODIFIED else body
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815 -- http.server's names

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, status, body=None, raw=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = (status, named, json.dumps(body or {}).encode() if raw is None else raw)


@pytest.fixture
def service():
    canned = Canned()
    yield canned
    canned.server.shutdown()
    canned.server.server_close()


@pytest.fixture
def jira(service):
    return JiraTracker("ours", "SHOP", service.url, "a@b.example", "t", sleep=lambda _s: None, now=lambda: NOW)


@pytest.fixture
def github(service):
    return GithubTracker("ours", "acme/shop", service.url, "t", sleep=lambda _s: None, now=lambda: NOW, public=True)


def draft(kind):
    # written for everybody, so that creating it is one request: nobody asks whether the repository is public
    return Draft("rule", "ours", kind, "place", "It breaks", "text", public=True)


@pytest.mark.parametrize(("status", "body"), [(404, {"errorMessages": ["no such issue"]}), (200, {"issues": []})])
def test_jira_serves_a_dead_token_as_a_stranger_and_we_notice(service, jira, status, body):
    service.says(status, body, X_Seraph_LoginReason="AUTHENTICATED_FAILED")
    with pytest.raises(Unauthorized):
        jira.read("SHOP-1")
    with pytest.raises(Unauthorized):
        list(jira.changed_since(NOW))


def test_a_redirect_of_jira_is_a_wrong_address_and_no_post_becomes_a_get(service, jira):
    service.says(302, Location="/elsewhere")
    with pytest.raises(Permanent, match="address of the site"):
        jira.create(draft(TrackerKind.JIRA), "bugferry-1")
    assert service.asked == [("POST", "/rest/api/3/issue")]


def test_jiras_reset_is_a_time_without_seconds(service, jira):
    service.says(429, {"errorMessages": ["slow"]}, X_RateLimit_Reset="2026-03-02T12:02Z")
    with pytest.raises(Transient) as caught:
        jira.read("SHOP-1")
    assert caught.value.retry_after_s == 120


@pytest.mark.parametrize("raw", [b"<html>", b"[]", b'{"id": "1"}', b""])
def test_a_create_answered_without_a_key_is_ambiguous(service, jira, raw):
    service.says(201, raw=raw)
    with pytest.raises(Ambiguous):
        jira.create(draft(TrackerKind.JIRA), "bugferry-1")
    assert len(service.asked) == 1


def test_a_comment_of_jira_answered_with_junk_is_ambiguous(service, jira):
    service.says(201, raw=b"{}")
    with pytest.raises(Ambiguous):
        jira.comment("SHOP-1", "text", "bugferry-1")


def test_githubs_primary_limit_lasts_until_its_reset(service, github):
    headers = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(NOW.timestamp()) + 250)}
    service.says(403, {"message": "API rate limit exceeded for user ID 1."}, **headers)
    with pytest.raises(Transient) as caught:
        github.read("5")
    assert caught.value.retry_after_s == 250


def test_githubs_secondary_limit_that_names_no_time_lasts_a_minute(service, github):
    service.says(403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."})
    with pytest.raises(Transient) as caught:
        github.create(draft(TrackerKind.GITHUB), "bugferry-1")
    assert not isinstance(caught.value, Ambiguous)
    assert caught.value.retry_after_s == 60


@pytest.mark.parametrize(
    "said", ["Resource not accessible by personal access token", "Repository was archived so is read-only."]
)
def test_a_refusal_of_github_that_is_no_limit_shuts_us_out(service, github, said):
    service.says(403, {"message": said})
    for ask in (
        lambda: github.read("5"),
        lambda: github.assign("5", None),
        lambda: github.comment("5", "x", "bugferry-1"),
    ):
        with pytest.raises(Unauthorized, match=r"right to (read|write) issues") as caught:
            ask()
        assert caught.value.service == "ours"


def test_a_locked_conversation_of_github_is_one_tickets_trouble(service, github):
    service.says(403, {"message": "Unable to create comment because issue is locked."})
    with pytest.raises(Permanent, match="locked"):
        github.comment("5", "text", "bugferry-1")


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": {"project": "You cannot create issues in this project."}},
        {"errorMessages": ["The value 'SHOP' does not exist for the field 'project'."]},
    ],
)
def test_jira_refuses_a_place_with_400_and_that_shuts_us_out(service, jira, answer):
    service.says(400, answer)
    for ask in (lambda: jira.create(draft(TrackerKind.JIRA), "bugferry-1"), lambda: list(jira.changed_since(NOW))):
        with pytest.raises(Unauthorized) as caught:
            ask()
        assert caught.value.service == "ours"


def test_a_304_that_nobody_asked_for_is_no_answer(service, github):
    service.says(304)
    with pytest.raises(Transient):
        list(github.changed_since(NOW))


def test_githubs_graph_names_an_original_that_somebody_chose_in_the_browser(service, github):
    issue = {"number": 5, "html_url": "h", "id": 1, "state": "closed", "state_reason": "duplicate"}
    place = {"full_name": "acme/shop", "has_issues": True}
    told = {"number": 12, "repository": {"nameWithOwner": "Acme/Shop"}}
    service.pages = {
        "/repos/acme/shop/issues/5": {**issue, "url": f"{service.url}/repos/acme/shop/issues/5"},
        "/repos/acme/shop": place,
        "/repos/acme/shop/issues/5/comments": [],
        "/graphql": {"data": {"repository": {"issue": {"duplicateOf": told}}}},
    }
    assert github.read("5").duplicate_of == "12"
    del service.pages["/graphql"]
    service.says(404, {"message": "Not Found"})
    assert github.read("5").duplicate_of is None


def test_an_unfollowed_redirect_of_github_is_never_taken_for_success(service, github):
    service.says(307, {"message": "Temporary Redirect"}, Location=f"{service.url}/repositories/1/issues/5")
    made = Ticket("ours", "5", "1", "u", "t", TicketState("open", done=False))
    for write in (
        lambda: github.create(draft(TrackerKind.GITHUB), "bugferry-1"),
        lambda: github.move(made, StateTarget(done=True)),
        lambda: github.comment("5", "text", "bugferry-1"),
    ):
        with pytest.raises(Permanent, match="in circles"):
            write()


@pytest.mark.parametrize("raw", [b"{", b"<html>", b"[]", b"{}", b""])
def test_a_create_of_github_answered_with_junk_is_ambiguous(service, github, raw):
    service.says(201, raw=raw)
    with pytest.raises(Ambiguous):
        github.create(draft(TrackerKind.GITHUB), "bugferry-1")
    assert [method for method, _ in service.asked if method == "POST"] == ["POST"]


def test_a_comment_or_a_move_of_github_answered_with_junk_is_ambiguous(service, github):
    service.says(200, raw=b"{}")
    made = Ticket("ours", "5", "1", "u", "t", TicketState("open", done=False))
    for write in (lambda: github.comment("5", "text", "bugferry-1"), lambda: github.move(made, StateTarget(done=True))):
        with pytest.raises(Ambiguous):
            write()


def row(service, number, who, **more):
    """One row of GitHub's list."""
    at = "2026-03-02T11:59:00Z"
    return {
        "number": number,
        "id": 100 + number,
        "url": f"{service.url}/repos/acme/shop/issues/{number}",
        "html_url": f"https://github.test/acme/shop/issues/{number}",
        "title": "It breaks",
        "state": "open",
        "body": "why\n\n<!-- bugferry-1 -->",
        "user": who,
        "created_at": at,
        "updated_at": at,
        **more,
    }


PERSON, APP = {"login": "robin", "type": "User"}, {"login": "bugferry[bot]", "type": "Bot"}


def test_an_app_of_github_that_may_not_ask_who_it_is_still_knows_its_own_tickets(service, github):
    service.says(403, {"message": "Resource not accessible by integration"})
    service.pages = {
        "/repos/acme/shop": {"full_name": "acme/shop", "has_issues": True},
        "/repos/acme/shop/issues": [row(service, 7, PERSON), row(service, 6, APP), row(service, 5, None)],
    }
    assert [ticket.key for ticket in github.find("bugferry-1", NOW - timedelta(hours=1))] == ["6"]
    assert [one.ticket.key for page in github.ours(NOW - timedelta(hours=1)) for one in page] == ["6"]


def test_pull_requests_are_no_tickets(service, github):
    request = row(service, 6, PERSON, pull_request={"url": "u"})
    service.pages = {
        "/user": PERSON,
        "/repos/acme/shop": {"full_name": "acme/shop", "has_issues": True},
        "/repos/acme/shop/issues": [request, row(service, 5, PERSON)],
    }
    since = NOW - timedelta(hours=1)
    assert [one.key for page in github.changed_since(since) for one in page] == ["5"]
    assert [one.ticket.key for page in github.ours(since) for one in page] == ["5"]
    assert [ticket.key for ticket in github.find("bugferry-1", since)] == ["5"]


def test_no_list_costs_a_call_for_what_a_row_leaves_out(service, github):
    service.pages = {
        "/user": PERSON,
        "/repos/acme/shop": {"full_name": "acme/shop", "has_issues": True},
        "/repos/acme/shop/issues": [row(service, number, PERSON) for number in (3, 4, 5)],
    }
    list(github.ours(NOW - timedelta(hours=1)))
    assert [path.partition("?")[0] for _, path in service.asked] == [
        "/user",
        "/repos/acme/shop",
        "/repos/acme/shop/issues",
    ]
