"""Webhooks in: who is believed, what is stored, and what the sender is told."""

import hashlib
import hmac
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from worker.model import Hint
from worker.web.app import create_app
from worker.web.receive import BODY_LIMIT, Door

SECRET = "practice-secret"
NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
PLACES = {("jira", "SHOP"): "jira", ("github", "acme/shop"): "github"}


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wakes():
    return []


@pytest.fixture
def door(store, clock, wakes):
    secrets = dict.fromkeys(("sentry", "jira", "github"), SECRET)
    return Door(store, secrets, lambda s, p: PLACES.get((s, p)), clock, lambda: wakes.append(1), timedelta(seconds=30))


@pytest.fixture
def client(door):
    with TestClient(create_app(door)) as made:
        yield made


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def issue_body(number: int = 7, **more) -> bytes:
    issue = {"id": str(number), "shortId": f"WEB-{number}", "status": "unresolved", "lastSeen": "2026-11-20T22:59:00Z"}
    body = {"action": "created", "installation": {"uuid": "u-1"}, "data": {"issue": issue | more}}
    return json.dumps(body).encode()


def sentry(client, body: bytes, resource: str = "issue", signed: str | None = None):
    headers = {"Sentry-Hook-Resource": resource, "Sentry-Hook-Signature": signed or signature(body)}
    return client.post("/hooks/sentry", content=body, headers=headers)


def stored(store):
    with store.read() as tx:
        return tx.inbox.recent(100), tx.work.listing(parked=None, limit=100)


def test_delivery_and_hint_are_stored_and_a_worker_is_woken(client, store, wakes):
    assert sentry(client, issue_body()).status_code == 202
    (delivery,), (work,) = stored(store)
    assert (delivery.source, delivery.resource, delivery.action) == ("sentry", "issue", "created")
    assert work.key == "issue:7"
    assert wakes == [1]


@pytest.mark.parametrize("wrong", ["", "0" * 64, signature(issue_body(), "another secret"), "ü" * 8])
def test_a_wrong_or_missing_signature_is_401_and_nothing_is_stored(client, store, wrong):
    body = issue_body()
    headers = {"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": wrong.encode()} if wrong else {}
    assert client.post("/hooks/sentry", content=body, headers=headers).status_code == 401
    assert stored(store) == ((), ())


def test_the_signature_is_over_the_raw_bytes(client):
    body = b'{ "action":"created",  "data": {"issue": {"id": "7", "shortId": "WEB-7"}}}'
    assert sentry(client, body).status_code == 202
    assert sentry(client, body.replace(b"  ", b" "), signed=signature(body)).status_code == 401


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"{}", b'{"action": "created", "data": {}}'])
def test_rightly_signed_nonsense_is_400_with_a_reason_and_nothing_is_stored(client, store, body):
    answer = sentry(client, body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10
    assert stored(store) == ((), ())


def test_a_body_over_the_limit_is_413_whether_it_says_so_or_not(client, store):
    big = b"x" * (BODY_LIMIT + 1)
    assert sentry(client, big).status_code == 413
    headers = {"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": signature(big)}
    parts = (big[n : n + 65536] for n in range(0, len(big), 65536))
    assert client.post("/hooks/sentry", content=parts, headers=headers).status_code == 413
    assert stored(store) == ((), ())


def test_a_body_at_the_limit_is_read(client):
    padded = issue_body()
    padded += b" " * (BODY_LIMIT - len(padded))
    assert sentry(client, padded).status_code == 202


def test_a_duplicate_answers_202_and_adds_nothing(client, store, wakes):
    for _ in range(3):
        assert sentry(client, issue_body()).status_code == 202
    deliveries, (work,) = stored(store)
    assert len(deliveries) == 1
    assert work.generation == 1
    assert wakes == [1]


def test_the_same_transition_again_later_is_looked_at_again_though_its_payload_is_the_same(client, store, clock):
    """Resolve, unresolve, resolve without a new event: Sentry's payloads cannot be told apart."""
    sentry(client, issue_body())
    clock.now = NOW + timedelta(seconds=30)
    assert sentry(client, issue_body()).json() == {"accepted": True, "new": False}
    deliveries, (work,) = stored(store)
    assert len(deliveries) == 1
    assert work.generation == 2


def test_an_unknown_resource_is_recorded_and_answered_202(client, store):
    assert sentry(client, b'{"action": "size_analysis_completed", "data": {}}', "preprod_artifact").status_code == 202
    (delivery,), work = stored(store)
    assert delivery.verdict == "nothing_to_do"
    assert work == ()


def test_jira_and_github_deliveries_hint_at_their_tickets(client, store):
    jira = json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {
        "id": "10001", "key": "SHOP-1", "fields": {"project": {"key": "SHOP"}}}}).encode()  # fmt: skip
    github = json.dumps(
        {"action": "closed", "issue": {"number": 12}, "repository": {"full_name": "acme/shop"}}
    ).encode()
    headers = {"X-Hub-Signature": f"sha256={signature(jira)}", "X-Atlassian-Webhook-Identifier": "a-1"}
    assert client.post("/hooks/jira", content=jira, headers=headers).status_code == 202
    headers = {
        "X-Hub-Signature-256": f"sha256={signature(github)}",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "g-1",
    }
    assert client.post("/hooks/github", content=github, headers=headers).status_code == 202
    assert {work.key for work in stored(store)[1]} == {"ticket:jira:SHOP-1", "ticket:github:12"}


def test_a_hook_without_a_secret_is_switched_off_and_says_so(door, store):
    closed = Door(store, {}, door.tracker_of, door.now, door.wake, door.hold)
    with TestClient(create_app(closed)) as client:
        answer = sentry(client, issue_body())
        assert answer.status_code == 404
        assert "switched off" in answer.json()["error"]
        assert client.get("/healthz").json()["hooks"]["sentry"].startswith("off")
    assert stored(store) == ((), ())


def test_an_unknown_source_is_404(client):
    assert client.post("/hooks/gitlab", content=b"{}").status_code == 404


def test_our_own_trouble_is_503_so_that_the_sender_tries_again(client, engine):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE deliveries"))
    answer = sentry(client, issue_body())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_a_delivery_that_cannot_be_hinted_is_not_stored_either(client, engine, store):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE work RENAME TO work_away"))
    assert sentry(client, issue_body()).status_code == 503
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE work_away RENAME TO work"))
    assert stored(store) == ((), ())


def test_health_and_metrics_say_what_is_due_and_that_nobody_attends_to_it(client, clock):
    sentry(client, issue_body())
    assert client.get("/healthz").status_code == 200
    assert 'bugferry_work_keys{state="due"} 1.0' in client.get("/metrics").text
    clock.now = NOW + timedelta(hours=1)
    sick = client.get("/healthz")
    assert sick.status_code == 503
    assert "no worker" in sick.json()["why"]


def test_pages_show_what_is_parked_and_the_button_works_only_from_our_own_pages(client, store):
    with store.write() as tx:
        tx.work.park_key("case:1", "the project <SHOP> does not exist", NOW)
    page = client.get("/")
    assert "the project &lt;SHOP&gt; does not exist" in page.text
    assert client.post("/work/case:1/retry", headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/work/case:1/retry").status_code == 403
    own = client.post("/work/case:1/retry", headers={"Origin": "http://testserver"}, follow_redirects=False)
    assert own.status_code == 303
    assert stored(store)[1][0].parked_at is None
    assert client.get("/cases/404").status_code == 404


def test_an_answer_takes_well_under_50_ms(client, store, clock):
    """Of a processor, and waits for little more than one write; a clock on the wall alone would measure the machine."""

    def took_s(act: Callable[[], object]) -> tuple[float, float]:
        began, used = time.perf_counter(), time.process_time()
        act()
        return time.perf_counter() - began, time.process_time() - used

    def least(number: int) -> None:
        assert client.post("/hooks/gitlab", content=issue_body(number)).status_code == 404
        with store.write() as tx:
            tx.work.push(Hint(f"issue:{number}", "test"), clock())

    takes = [(took_s(partial(least, n)), took_s(partial(sentry, client, issue_body(n)))) for n in range(40)]
    waits, processor = (statistics.median(answer[at] for _, answer in takes) for at in (0, 1))
    assert len(stored(store)[0]) == 40
    assert processor < 0.05
    assert waits < 4 * statistics.median(least[0] for least, _ in takes)
