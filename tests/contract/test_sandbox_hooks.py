"""What the practice services send out and how they fail on order: signatures, retries, faults, pages."""

import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.fixtures.practice import Sandbox
from worker.sandbox import errors, seed

REPO = f"/github/repos/{seed.GITHUB_REPO}"
ORG = f"/sentry/api/0/organizations/{seed.ORG}"
BUG = {"fields": {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "A bug"}}
SECRETS = {
    "sentry": seed.SENTRY_CLIENT_SECRET,
    "jira": seed.JIRA_WEBHOOK_SECRET,
    "github": seed.GITHUB_WEBHOOK_SECRET,
}


class Receiver:
    """A real HTTP server that keeps what it gets; `answers` are used up one a request, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def read(self, letter: dict[str, Any]) -> Any:
        """What that delivery of the sandbox's log said; several are under way at once and overtake each other."""
        return next(json.loads(body) for _, body in self.got if hashlib.sha256(body).hexdigest() == letter["digest"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


def hook(sandbox: Sandbox, receiver: Receiver, source: str, **more: Any) -> None:
    target = {"url": f"{receiver.url}/{source}", "secret": SECRETS[source], **more}
    sandbox.control.post("/sandbox/hooks", json={source: target}).raise_for_status()


def digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_sentry_tells_of_issues_and_errors(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "sentry")
    for _ in range(2):
        sandbox.throw(errors.event("checkout-null"))
    with sandbox.person() as person:
        for move in (
            {"status": "resolved"},
            {"status": "ignored"},
            {"status": "unresolved"},
            {"assignedTo": "user:42"},
        ):
            person.put(f"{ORG}/issues/1/", json=move).raise_for_status()
    sandbox.settle()
    told = Counter((headers["sentry-hook-resource"], json.loads(body)["action"]) for headers, body in receiver.got)
    moves = ("created", "resolved", "ignored", "unresolved", "assigned")
    assert told == {("error", "created"): 2, **{("issue", move): 1 for move in moves}}
    for headers, body in receiver.got:
        assert headers["sentry-hook-signature"] == digest(seed.SENTRY_CLIENT_SECRET, body)
        assert headers["sentry-hook-timestamp"].isdigit()
        assert json.loads(body)["installation"] == {"uuid": seed.INSTALLATION}
    error = next(
        json.loads(body)["data"]["error"]
        for headers, body in receiver.got
        if headers["sentry-hook-resource"] == "error"
    )
    assert error["issue_id"] == "1"
    assert ["level", "error"] in error["tags"]
    actors = {
        json.loads(body)["actor"]["type"] for headers, body in receiver.got if json.loads(body)["action"] == "resolved"
    }
    assert actors == {"user"}


def test_sentry_hooks_can_be_switched_off_one_by_one(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "sentry", skip=["error", "issue.resolved"])
    sandbox.throw(errors.event("checkout-null"))
    with sandbox.person() as person:
        person.put(f"{ORG}/issues/1/", json={"status": "resolved"})
    assert [letter["what"] for letter in sandbox.settle()] == ["issue.created"]


@pytest.mark.parametrize(
    ("source", "published", "answers", "tries"),
    [
        ("sentry", False, [503], 1),
        ("sentry", True, [503, 500], 3),
        ("sentry", True, [503] * 9, 4),
        ("sentry", True, [400], 1),
        ("jira", False, [503, 429, 408], 4),
        ("jira", False, [500] * 9, 5),
        ("jira", False, [401], 1),
        ("github", False, [500], 1),
    ],
)
def test_each_vendor_tries_again_in_its_own_way(
    sandbox: Sandbox, receiver: Receiver, source: str, published: bool, answers: list[int], tries: int
) -> None:
    receiver.answers = list(answers)
    hook(sandbox, receiver, source, published=published, skip=["error"])
    make(sandbox, source)
    [letter] = sandbox.settle()
    assert letter["attempts"] == len(receiver.got) == tries
    assert letter["statuses"][: len(answers)] == answers[:tries]


def make(sandbox: Sandbox, source: str) -> None:
    """One change in one service."""
    with sandbox.person() as person:
        if source == "sentry":
            sandbox.throw(errors.event("checkout-null"))
        elif source == "jira":
            person.post("/jira/rest/api/3/issue", json=BUG).raise_for_status()
        else:
            person.post(f"{REPO}/issues", json={"title": "x"}).raise_for_status()


def test_jira_keeps_its_identifier_over_tries(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [503, 503]
    hook(sandbox, receiver, "jira")
    make(sandbox, "jira")
    sandbox.settle()
    assert len({headers["x-atlassian-webhook-identifier"] for headers, _ in receiver.got}) == 1
    assert [headers.get("x-atlassian-webhook-retry") for headers, _ in receiver.got] == [None, "1", "2"]


def test_github_delivers_again_under_the_same_guid_when_asked(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [500]
    hook(sandbox, receiver, "github")
    make(sandbox, "github")
    sandbox.settle()
    with sandbox.person() as person:
        at = person.get(f"{REPO}/hooks").json()[0]["deliveries_url"]
        [failed] = person.get(at).json()
        assert failed["status_code"] == 500
        assert person.post(f"{at}/{failed['id']}/attempts").status_code == 202
        sandbox.settle()
        assert [row["redelivery"] for row in person.get(at).json()] == [True, False]
    assert len({headers["x-github-delivery"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1


def test_the_log_knows_each_delivery(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github")
    make(sandbox, "github")
    [letter] = sandbox.settle()
    assert (letter["what"], letter["status"], letter["source"]) == ("issues.opened", 200, "github")
    assert letter["digest"] == hashlib.sha256(receiver.got[0][1]).hexdigest()


# ---------------------------------------------------------------- faults


def create(sandbox: Sandbox) -> int:
    """Create a GitHub issue; the status, 0 when the connection broke."""
    with sandbox.person() as person:
        try:
            return person.post(f"{REPO}/issues", json={"title": "x"}).status_code
        except httpx.RemoteProtocolError:
            return 0


@pytest.mark.parametrize(
    ("kind", "status", "exists"),
    [("fail_before", 502, 0), ("fail_after", 502, 1), ("429", 429, 0), ("drop_before", 0, 0), ("drop_after", 0, 1)],
)
def test_faults_strike_before_or_after_the_effect_and_only_so_often(
    sandbox: Sandbox, kind: str, status: int, exists: int
) -> None:
    sandbox.fault(kind, service="github", method="POST", path=r"/issues$", status=502, retry_after=7)
    assert create(sandbox) == status
    assert len(sandbox.state()["github"]) == exists
    assert create(sandbox) == 201


def test_faults_meet_only_what_they_are_for(sandbox: Sandbox) -> None:
    sandbox.fault("fail_before", service="jira", times=-1)
    sandbox.fault("fail_before", method="DELETE", times=-1)
    sandbox.fault("fail_before", path="/labels", times=-1)
    assert create(sandbox) == 201
    with sandbox.person() as person:
        assert [person.get("/jira/rest/api/3/myself").status_code for _ in "abc"] == [503] * 3
        sandbox.control.delete("/sandbox/faults").raise_for_status()
        assert person.get("/jira/rest/api/3/myself").status_code == 200


def test_a_hanging_call_ends_without_an_answer(sandbox: Sandbox) -> None:
    sandbox.fault("hang", service="github", hang_s=0.01)
    assert create(sandbox) == 0


def test_a_429_says_how_long(sandbox: Sandbox) -> None:
    sandbox.fault("429", retry_after=7)
    with sandbox.person() as person:
        assert person.get(REPO).headers["retry-after"] == "7"


def test_reset_forgets_everything_but_the_hooks(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github")
    create(sandbox)
    sandbox.throw(errors.event("checkout-null"))
    sandbox.settle()
    sandbox.control.post("/sandbox/reset").raise_for_status()
    counts = sandbox.state()["counts"]
    assert (counts["issues"], counts["github"], counts["deliveries"]) == (0, 0, 0)
    create(sandbox)
    assert len(sandbox.settle()) == 1


# ---------------------------------------------------------------- pages

EVIL = "<script>alert(1)</script>"


def test_pages_escape_whatever_comes(sandbox: Sandbox) -> None:
    sandbox.throw({"message": EVIL, "tags": {EVIL: EVIL}, "transaction": EVIL, "environment": EVIL})
    body = f"{EVIL}\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)> <!-- hidden -->"
    text = {"type": "text", "text": EVIL, "marks": [{"type": "link", "attrs": {"href": "javascript:alert(1)"}}]}
    doc = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
    with sandbox.person() as person:
        person.post(f"{REPO}/issues", json={"title": EVIL, "body": body, "labels": [EVIL]}).raise_for_status()
        fields = {**BUG["fields"], "summary": EVIL, "description": doc, "labels": [EVIL]}
        key = person.post("/jira/rest/api/3/issue", json={"fields": fields}).json()["key"]
        person.post(f"/jira/rest/api/3/issue/{key}/comment", json={"body": doc}).raise_for_status()
    pages = (
        "/",
        "/sentry",
        "/sentry/organizations/acme/issues/1/",
        "/jira",
        f"/jira/browse/{key}",
        "/github/acme/shop/issues",
        "/github/acme/shop/issues/1",
    )
    for path in pages:
        answer = sandbox.control.get(path).raise_for_status()
        assert "<script" not in answer.text, path
        assert "<img" not in answer.text, path
        assert 'href="javascript' not in answer.text, path
        assert "hidden -->" not in answer.text, path
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_buttons_do_what_a_person_does(sandbox: Sandbox) -> None:
    assert sandbox.control.post("/throw", data={"name": "stock-keyerror"}).status_code == 303
    page = "/sentry/organizations/acme/issues/1/"
    for move, status in (("archive", "ignored"), ("unresolve", "unresolved"), ("resolve", "resolved")):
        assert sandbox.control.post(page, data={"move": move}).status_code == 303
        assert sandbox.state()["issues"][0]["status"] == status
    assert sandbox.control.post(page, data={"move": "again"}).status_code == 303
    assert (sandbox.state()["issues"][0]["substatus"], sandbox.state()["issues"][0]["count"]) == ("regressed", 2)
    assert sandbox.control.post(page, data={"move": "explode"}).status_code == 404
    make(sandbox, "jira")
    make(sandbox, "github")
    sandbox.control.post("/jira/browse/SHOP-1", data={"to": "Won't Do", "comment": "No."})
    sandbox.control.post("/github/acme/shop/issues/1", data={"move": "not_planned", "comment": "No."})
    state = sandbox.state()
    assert (state["jira"][0]["resolution"], state["jira"][0]["comments"]) == ("Won't Do", ["No."])
    assert (state["github"][0]["resolution"], state["github"][0]["comments"]) == ("not_planned", ["No."])


def test_every_catalogue_error_makes_an_issue_of_its_own(sandbox: Sandbox) -> None:
    for sketch in errors.CATALOGUE:
        sandbox.control.post("/throw", data={"name": sketch.name})
    sandbox.control.post("/throw")
    assert len(sandbox.state()["issues"]) == len(errors.CATALOGUE) + 1


def test_links_lead_to_the_pages(sandbox: Sandbox) -> None:
    sandbox.throw(errors.event("checkout-null"))
    make(sandbox, "github")
    with sandbox.person() as person:
        addresses = [
            person.get(f"{ORG}/issues/1/").json()["permalink"],
            person.get(f"{REPO}/issues/1").json()["html_url"],
        ]
    assert [sandbox.control.get(address).status_code for address in addresses] == [200, 200]
