"""The practice Sentry: whatever an SDK sends, how issues group and move, what the lists say."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.fixtures.practice import Sandbox
from worker.sandbox import errors, friday, seed
from worker.sandbox.sentry.incoming import read_event
from worker.sandbox.sentry.world import SentryWorld

WEB = seed.PROJECTS[0]
ORG = f"/sentry/api/0/organizations/{seed.ORG}"


def api(sandbox: Sandbox, token: str = seed.SENTRY_TOKEN) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"Bearer {token}"})


def boom(**changes: Any) -> dict[str, Any]:
    return errors.event("checkout-null", **changes)


def issues(client: httpx.Client, **params: Any) -> list[dict[str, Any]]:
    return list(client.get(f"{ORG}/issues/", params=params).raise_for_status().json())


ODD: list[dict[str, Any]] = [
    {},
    {"message": "just words"},
    {"logentry": {"formatted": "hello 7", "message": "hello %s"}},
    {"message": "x" * 1_000_000},
    {"exception": None, "message": None, "tags": None, "user": None, "request": None, "contexts": None, "sdk": None},
    {"exception": {"values": [None, {"type": None, "value": None, "stacktrace": None}]}},
    {
        "exception": [
            {"type": "E", "stacktrace": {"frames": [None, 3, {"filename": None, "lineno": "x", "in_app": "no"}]}}
        ]
    },
    {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{"function": f"f{n}"} for n in range(5000)]}}]}},
    {"exception": {"type": "Bare", "value": 7}},
    {"tags": [["a", 1], ["b"], None, [None, None], ["c", None]], "fingerprint": [None, 3, "{{ default }}"]},
    {"timestamp": "yesterday", "level": "loud", "platform": 5, "event_id": "no uuid", "release": {"a": 1}},
    {"timestamp": 1e300, "request": {"headers": [["User-Agent"], ["a", None, 3], 5], "url": []}},
    {"unheard_of": {"of": ["it"]}, "breadcrumbs": [{"message": None}, 5], "user": {"id": {"deep": 1}}},
    {"message": "\ud800 lone \x00 zero", "user": [1], "request": "GET /"},
]


@pytest.mark.parametrize("event", ODD, ids=range(len(ODD)))
def test_takes_whatever_an_sdk_sends(sandbox: Sandbox, event: dict[str, Any]) -> None:
    assert sandbox.throw(event).status_code == 200
    with api(sandbox) as client:
        [row] = issues(client, query="", expand="sentryAppIssues")
        for path in ("", "events/", "events/latest/", "hashes/", "tags/level/"):
            assert client.get(f"{ORG}/issues/{row['id']}/{path}").status_code == 200, path
    assert sandbox.control.get(f"/sentry/organizations/acme/issues/{row['id']}/").status_code == 200
    assert sandbox.control.get("/sentry?status=all").status_code == 200


BYTES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"message": "\xff\xfe"}',
    b'{"n": ' + b"9" * 5000 + b"}",
    b"\x1f\x8b",
)


@pytest.mark.parametrize("body", BYTES, ids=range(len(BYTES)))
def test_odd_bytes_never_break_it(sandbox: Sandbox, body: bytes) -> None:
    for kind in ("store", "envelope"):
        answer = sandbox.control.post(f"/sentry/api/1/{kind}/?sentry_key={WEB.key}", content=body)
        assert answer.status_code in {200, 400}


def test_takes_envelopes_packed_or_plain(sandbox: Sandbox) -> None:
    event = json.dumps(boom()).encode()
    items = [
        b'{"event_id": "9fac2ceed9344f2bbfdd1fdacb0ed9b1"}',
        b'{"type": "session"}',
        b'{"sid": "1"}',
        b'{"type": "event", "length": %d}' % len(event),
        event,
    ]
    auth = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={WEB.key}, sentry_client=x"}
    for body, packed in ((b"\n".join(items), {}), (zlib.compress(b"\n".join(items)), {"Content-Encoding": "deflate"})):
        answer = sandbox.control.post("/sentry/api/1/envelope/", content=body, headers={**auth, **packed})
        assert answer.json() == {"id": json.loads(event)["event_id"]}
    assert sandbox.state()["issues"][0]["count"] == 1, "the same event id twice counts once"
    assert sandbox.control.post("/sentry/api/1/envelope/", content=body).status_code == 403


def test_same_bug_is_one_issue_and_short_ids_count_in_base_36(sandbox: Sandbox) -> None:
    for _ in range(2):
        sandbox.throw(boom())
    for number in range(35):
        sandbox.throw({"message": "same words", "fingerprint": [f"print-{number}"]})
    sandbox.throw(boom(fingerprint=["{{ default }}", "apart"]))
    seen = sandbox.state()["issues"]
    assert seen[0]["count"] == 2
    assert [row["short_id"] for row in seen][::35] == ["SHOP-WEB-1", "SHOP-WEB-10"]
    assert len(seen) == 37


def test_counts_are_strings_and_times_come_from_the_events(sandbox: Sandbox) -> None:
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    for hours in (5, 0):
        sandbox.throw(boom(timestamp=(at + timedelta(hours=hours)).timestamp(), user={"id": "1"}))
    with api(sandbox) as client:
        [row] = issues(client)
    assert (row["count"], row["userCount"]) == ("2", 1)
    assert (row["firstSeen"], row["lastSeen"]) == ("2026-11-20T08:00:00.000000Z", "2026-11-20T13:00:00.000000Z")


def test_a_resolved_issue_regresses_and_an_archived_one_sleeps_on(sandbox: Sandbox) -> None:
    sandbox.throw(boom())
    with api(sandbox) as client:
        [row] = issues(client)
        issue = f"{ORG}/issues/{row['id']}/"
        assert (row["status"], row["substatus"]) == ("unresolved", "new")
        client.put(issue, json={"status": "resolved"})
        sandbox.throw(boom(release="shop-web@4.20.0"))
        again = client.get(issue).json()
        assert (again["status"], again["substatus"]) == ("unresolved", "regressed")
        assert again["activity"][0]["type"] == "set_regression"
        assert again["activity"][0]["data"]["version"] == "shop-web@4.20.0"
        client.put(issue, json={"status": "ignored", "substatus": "archived_until_escalating"})
        sandbox.throw(boom())
        asleep = client.get(issue).json()
        assert (asleep["status"], asleep["substatus"], asleep["count"]) == ("ignored", "archived_until_escalating", "3")
        assert [entry["type"] for entry in asleep["activity"]] == [
            "set_ignored",
            "set_regression",
            "set_resolved",
            "first_seen",
        ]


def test_an_event_from_before_the_fix_is_no_regression(sandbox: Sandbox) -> None:
    sandbox.throw(boom(release="1.0"))
    with api(sandbox) as client:
        client.post(f"{ORG}/releases/", json={"version": "2.0", "projects": ["shop-web"]})
        client.put(f"{ORG}/issues/1/", json={"status": "resolved", "statusDetails": {"inRelease": "2.0"}})
        sandbox.throw(boom(release="1.0"))
        assert client.get(f"{ORG}/issues/1/").json()["status"] == "resolved"
        sandbox.throw(boom(release="2.0"))
        assert client.get(f"{ORG}/issues/1/").json()["status"] == "unresolved"


def test_the_same_status_again_is_no_move(sandbox: Sandbox) -> None:
    sandbox.throw(boom())
    with api(sandbox) as client:
        for _ in range(2):
            client.put(f"{ORG}/issues/1/", json={"status": "resolved"})
        kinds = [entry["type"] for entry in client.get(f"{ORG}/issues/1/").json()["activity"]]
    assert kinds == ["set_resolved", "first_seen"]


def test_activity_says_who(sandbox: Sandbox) -> None:
    sandbox.throw(boom())
    with api(sandbox, seed.PERSON_SENTRY_TOKEN) as person:
        entry = person.put(f"{ORG}/issues/1/", json={"status": "resolved"}).json()["activity"][0]
    assert entry["user"]["id"] == "42"


def test_a_merged_id_answers_with_its_parent_and_a_deleted_one_is_gone(sandbox: Sandbox) -> None:
    for name in ("checkout-null", "checkout-null", "cart-quantity", "search-facets"):
        sandbox.throw(errors.event(name))
    parent, child, doomed = (row["id"] for row in sandbox.state()["issues"])
    with api(sandbox) as client:
        merged = client.put(f"{ORG}/issues/", params={"id": [parent, child]}, json={"merge": 1}).json()
        assert merged == {"merge": {"parent": parent, "children": [child]}}
        answer = client.get(f"{ORG}/issues/{child}/").json()
        assert (answer["id"], answer["count"]) == (parent, "3")
        assert "merge" in {entry["type"] for entry in answer["activity"]}
        sandbox.throw(errors.event("cart-quantity"))
        assert client.get(f"{ORG}/issues/{parent}/").json()["count"] == "4", "the child's events go to the parent"
        assert client.delete(f"{ORG}/issues/{doomed}/").status_code == 202
        assert client.get(f"{ORG}/issues/{doomed}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:unresolved", 2),
        ("", 3),
        ("is:resolved", 1),
        ("issue:SHOP-WEB-1", 1),
        ("issue:[SHOP-WEB-1,shop-web-2]", 2),
        ("issue.id:[1,3]", 2),
        ("lastSeen:-5m", 3),
        ("lastSeen:>=2020-01-01T00:00:00", 3),
        ("lastSeen:>=2099-01-01T00:00:00Z", 0),
        ("!is:resolved level:error", 2),
        ("checkout", 1),
        ("is:linked", 0),
        ("region:mars", 0),
    ],
)
def test_search(sandbox: Sandbox, query: str, found: int) -> None:
    for name in ("checkout-null", "cart-quantity", "search-facets"):
        sandbox.throw(errors.event(name))
    with api(sandbox) as client:
        client.put(f"{ORG}/issues/3/", json={"status": "resolved"})
        assert len(issues(client, query=query)) == found


def test_search_refuses_nonsense(sandbox: Sandbox) -> None:
    with api(sandbox) as client:
        assert client.get(f"{ORG}/issues/", params={"query": "is:happy"}).status_code == 400
        assert client.get(f"{ORG}/issues/", params={"project": "nowhere"}).status_code == 400
        assert client.get(f"{ORG}/issues/", params={"cursor": "x"}).status_code == 400


def test_pages_follow_the_link_header_to_its_honest_end(sandbox: Sandbox) -> None:
    for number in range(5):
        sandbox.throw({"message": "m", "fingerprint": [str(number)]})
    with api(sandbox) as client:
        seen, address = [], f"{sandbox.url}{ORG}/issues/?limit=2&query="
        while True:
            answer = client.get(address)
            seen += [row["id"] for row in answer.json()]
            following = answer.links["next"]
            if following["results"] == "false":
                break
            address = following["url"]
    assert sorted(seen) == sorted({row["id"] for row in sandbox.state()["issues"]})


def test_says_no_as_sentry_does(sandbox: Sandbox) -> None:
    with api(sandbox, "wrong") as client:
        answer = client.get(f"{ORG}/issues/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})
    assert sandbox.control.get(f"{ORG}/issues/").status_code == 401
    with api(sandbox) as client:
        gone = client.get(f"{ORG}/issues/77/")
        assert (gone.status_code, gone.json()) == (404, {"detail": "The requested resource does not exist"})
        assert "x-sentry-rate-limit-remaining" in gone.headers
        assert client.get("/sentry/api/0/organizations/other/issues/").status_code == 404
        assert client.get(f"{ORG}/issues").status_code == 404, "paths end in a slash"
        assert client.put(f"{ORG}/issues/77/", json={"status": "resolved"}).status_code == 404
        sandbox.throw(boom())
        assert client.put(f"{ORG}/issues/1/", json={"status": "fixed"}).status_code == 400
        assert client.put(f"{ORG}/issues/1/", content=b"{").status_code == 400


def test_deploys(sandbox: Sandbox) -> None:
    with api(sandbox) as client:
        release = f"{ORG}/releases/shop-web%404.19.0/"
        assert client.get(release).status_code == 404
        assert (
            client.post(f"{ORG}/releases/", json={"version": "shop-web@4.19.0", "projects": ["shop-web"]}).status_code
            == 201
        )
        assert client.post(f"{release}deploys/", json={"environment": "production"}).status_code == 201
        assert [deploy["environment"] for deploy in client.get(f"{release}deploys/").json()] == ["production"]
        assert client.get(release).json()["deployCount"] == 1


def test_friday_makes_47_issues_of_3000_events() -> None:
    start = datetime(2026, 11, 20, 21, tzinfo=UTC)
    world, projects = SentryWorld(), {project.slug: project for project in seed.PROJECTS}
    for slug, raw in friday.known_before(start):
        world.ingest(read_event(raw, start, projects[slug].platform), projects[slug])
    assert {issue.title for issue in world.issues.values()} == friday.titles(friday.KNOWN)
    night = friday.friday(start)
    assert [raw["timestamp"] for _, raw in night] == sorted(raw["timestamp"] for _, raw in night)
    for slug, raw in night:
        world.ingest(read_event(raw, start, projects[slug].platform), projects[slug])
    counts = {issue.title: issue.count for issue in world.issues.values()}
    everything = (friday.CHECKOUT, *friday.REAL, *friday.KNOWN, *friday.NOISE)
    assert (len(night), len(counts), len(everything)) == (3000, 47, 47)
    assert set(counts) == friday.titles(everything)
    assert counts[f"{friday.CHECKOUT.type}: {friday.CHECKOUT.value}"] == 2800
    assert friday.friday(start) == night, "same seed, same night"
