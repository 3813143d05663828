"""Webhooks: signatures over raw bytes, identities that survive a redelivery, hints that only point."""

import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ends import hooks
from worker.errors import Malformed
from worker.model import Hint

EXAMPLES = Path(__file__).parents[3] / "shared" / "data"
SECRET = "s3cret"
PLACES = {("jira", "SHOP"): "site", ("github", "acme/shop"): "repo"}


def tracker_of(source, place):
    return PLACES.get((source, place))


def body(data):
    return json.dumps(data).encode()


def read(source, headers, data):
    return hooks.read(source, headers, data if isinstance(data, bytes) else body(data), tracker_of)


def sentry(resource, data, action="created", **headers):
    sent = {"action": action, "data": data, "installation": {"uuid": "inst-1"}, "actor": {"type": "user", "id": 1}}
    return read("sentry", {"Sentry-Hook-Resource": resource, **headers}, sent)


def issue(**changes):
    return {
        "issue": {"id": "117", "status": "resolved", "substatus": None, "lastSeen": "2026-01-01T00:00:00Z", **changes}
    }


def event(**changes):
    return {"event_id": "ab" * 16, "issue_id": "117", "issue_url": "https://s.example/api/0/issues/117/", **changes}


# ---------------------------------------------------------------- signatures

HEADERS = {"sentry": "Sentry-Hook-Signature", "jira": "X-Hub-Signature", "github": "X-Hub-Signature-256"}


def signature(source, raw, secret=SECRET):
    digits = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return digits if source == "sentry" else f"sha256={digits}"


@pytest.mark.parametrize("source", HEADERS)
@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
@pytest.mark.parametrize("raw", [b"{}", b"", b'{"a": 1}\n', '{"ü": 1}'.encode()])
def test_a_right_signature_is_accepted_however_the_header_is_spelt(source, spell, raw):
    assert hooks.signed(source, SECRET, {spell(HEADERS[source]): signature(source, raw)}, raw)


@pytest.mark.parametrize("source", HEADERS)
@pytest.mark.parametrize("claimed", ["", "sha256=", "0" * 64, "sha256=" + "0" * 64, "ünïcode", "\ud800"])
def test_a_wrong_signature_is_refused(source, claimed):
    assert not hooks.signed(source, SECRET, {HEADERS[source]: claimed}, b"{}")


@pytest.mark.parametrize("source", HEADERS)
def test_body_secret_and_header_must_all_be_right(source):
    right = {HEADERS[source]: signature(source, b"{}")}
    assert not hooks.signed(source, SECRET, right, b"{} ")
    assert not hooks.signed(source, "other", right, b"{}")
    assert not hooks.signed(source, SECRET, {}, b"{}")


@pytest.mark.parametrize("source", [*HEADERS, "elsewhere"])
def test_without_a_secret_nothing_is_signed(source):
    assert not hooks.signed(source, "", {name: signature("jira", b"{}", "") for name in HEADERS.values()}, b"{}")


def test_a_signature_without_its_prefix_is_not_githubs():
    assert not hooks.signed("github", SECRET, {HEADERS["github"]: signature("sentry", b"{}")}, b"{}")


# ---------------------------------------------------------------- Sentry


def test_an_issue_is_urgent():
    delivery = sentry("issue", issue(), "resolved")
    assert delivery.hints == (Hint("issue:117", "Sentry: issue resolved", urgent=True),)
    assert (delivery.source, delivery.resource, delivery.action) == ("sentry", "issue", "resolved")
    assert delivery.installation == "inst-1"


@pytest.mark.parametrize(("resource", "key"), [("error", "error"), ("event_alert", "event")])
def test_a_new_event_may_wait(resource, key):
    assert sentry(resource, {key: event()}).hints == (Hint("issue:117", f"Sentry: {resource}", urgent=False),)


@pytest.mark.parametrize(
    "address",
    ["https://s.example/api/0/issues/9/", "https://s.example/api/0/organizations/acme/issues/9/", "/issues/9"],
)
def test_the_issue_is_read_from_its_address_where_its_id_is_missing(address):
    assert sentry("error", {"error": event(issue_id=None, issue_url=address)}).hints[0].key == "issue:9"


def test_archived_and_ignored_are_one():
    page = sentry("issue", issue(status="archived"), "archived")
    wire = sentry("issue", issue(status="ignored"), "ignored")
    assert page.action == wire.action == "ignored"
    assert page.identity == wire.identity


def test_request_ids_do_not_change_the_identity():
    first = sentry("issue", issue(), "resolved", **{"Request-ID": "a", "Sentry-Hook-Timestamp": "1"})
    second = sentry("issue", issue(), "resolved", **{"Request-ID": "b", "Sentry-Hook-Timestamp": "2"})
    assert first.identity == second.identity


@pytest.mark.parametrize(
    "other",
    [
        {"status": "unresolved"},
        {"substatus": "ongoing"},
        {"statusDetails": {"inRelease": "2"}},
        {"lastSeen": "2026-01-02T00:00:00Z"},
        {"assignedTo": {"id": "5"}},
        {"id": "118"},
    ],
)
def test_another_state_of_an_issue_is_another_delivery(other):
    assert sentry("issue", issue(), "x").identity != sentry("issue", issue(**other), "x").identity


def test_an_event_is_told_by_its_id_and_an_alert_also_by_its_rule():
    alerts = [sentry("event_alert", {"event": event(), "triggered_rule": rule}) for rule in ("a", "b", "a")]
    assert alerts[0].identity == alerts[2].identity != alerts[1].identity
    errors = [sentry("error", {"error": event(message=text)}) for text in ("x", "y")]
    assert errors[0].identity == errors[1].identity
    assert errors[0].identity.startswith("sentry:error:")
    assert alerts[0].identity.startswith("sentry:event_alert:")


def test_comments_are_told_by_id_action_time_and_text_and_say_look_at_the_issue():
    data = {"comment_id": 1, "issue_id": 117, "timestamp": "t", "comment": "hello"}
    first, again = sentry("comment", data), sentry("comment", data)
    edits = [sentry("comment", {**data, "comment": text}, "updated") for text in ("hello", "hi")]
    assert first.identity == again.identity
    assert len({first.identity, *(edit.identity for edit in edits)}) == 3
    assert [(hint.key, hint.urgent) for hint in first.hints] == [("issue:117", True)]


@pytest.mark.parametrize("resource", ["installation", "metric_alert", "seer", "something_new"])
def test_what_is_of_no_use_is_recorded_without_hints(resource):
    first, second = sentry(resource, {"x": 1}), sentry(resource, {"x": 2})
    assert first.hints == ()
    assert first.resource == resource
    assert first.identity != second.identity


@pytest.mark.parametrize(
    ("resource", "data", "missing"),
    [
        ("issue", {}, "data.issue.id"),
        ("issue", {"issue": None}, "data.issue.id"),
        ("issue", issue(id="1:2/../3"), "data.issue.id"),
        ("issue", issue(id={"a": 1}), "data.issue.id"),
        ("error", {"error": event(event_id=None)}, "data.error.event_id"),
        ("error", {"error": event(issue_id=None, issue_url="https://s.example/")}, "data.error.issue_id"),
        ("event_alert", {"event": []}, "data.event.event_id"),
        ("comment", {}, "data.comment_id"),
        ("comment", {"comment_id": 1}, "data.issue_id"),
    ],
)
def test_what_is_missing_is_named(resource, data, missing):
    with pytest.raises(Malformed, match=missing):
        sentry(resource, data)


def test_a_delivery_without_its_resource_is_malformed():
    with pytest.raises(Malformed, match="Sentry-Hook-Resource"):
        read("sentry", {}, {"action": "created"})


# ---------------------------------------------------------------- Jira


def jira(name, key="SHOP-7", headers=None, **more):
    sent = {"webhookEvent": name, "issue": {"id": "1", "key": key, "fields": {"project": {"key": key.split("-")[0]}}}}
    return read("jira", headers or {"X-Atlassian-Webhook-Identifier": "wh-1"}, {**sent, **more})


@pytest.mark.parametrize("name", ["jira:issue_updated", "jira:issue_created", "jira:issue_deleted", "comment_created"])
def test_a_jira_ticket_of_ours_is_a_hint(name):
    assert jira(name).hints == (Hint("ticket:site:SHOP-7", f"Jira: {name}"),)


def test_a_comment_of_which_data_center_names_no_ticket_is_no_hint_and_no_fault():
    said = {"webhookEvent": "comment_created", "comment": {"id": "5", "self": "https://j.example/issue/1/comment/5"}}
    assert read("jira", {}, said).hints == ()
    with pytest.raises(Malformed, match=r"issue\.key"):
        read("jira", {}, {**said, "issue": {}})


def test_jira_tells_deliveries_apart_by_identifier_whatever_the_retry():
    first, again = jira("jira:issue_updated"), jira("jira:issue_updated", timestamp=2)
    assert first.identity == again.identity == "jira:issue:wh-1"
    assert (first.resource, first.action) == ("issue", "updated")


def test_without_an_identifier_the_bytes_tell_jira_deliveries_apart():
    one, two = (jira("jira:issue_updated", headers={"a": "b"}, timestamp=at) for at in (1, 2))
    assert one.identity != two.identity
    assert one.identity.startswith("jira:issue:")


def test_a_ticket_that_changed_project_is_hinted_under_both_keys():
    log = {"items": [{"field": "Key", "fromString": "SHOP-7", "toString": "OPS-3"}, {"field": "status"}, None]}
    assert [hint.key for hint in jira("jira:issue_updated", "OPS-3", changelog=log).hints] == ["ticket:site:SHOP-7"]


def test_other_projects_and_other_events_of_jira_are_no_hints():
    assert jira("jira:issue_updated", "OPS-1").hints == ()
    assert jira("project_created").hints == ()
    assert read("jira", {}, {"webhookEvent": "weird"}).resource == "weird"


@pytest.mark.parametrize(
    ("data", "missing"), [({}, "webhookEvent"), ({"webhookEvent": "jira:issue_updated"}, "issue.key")]
)
def test_what_jira_leaves_out_is_named(data, missing):
    with pytest.raises(Malformed, match=missing):
        read("jira", {}, data)


# ---------------------------------------------------------------- GitHub


def github(event_name, place="acme/shop", guid="g-1", **changes):
    sent = {"action": "closed", "issue": {"number": 12, **changes}, "repository": {"full_name": place}}
    return read("github", {"x-github-event": event_name, "x-github-delivery": guid}, sent)


@pytest.mark.parametrize("name", ["issues", "issue_comment"])
def test_a_github_issue_of_ours_is_a_hint(name):
    delivery = github(name)
    assert delivery.hints == (Hint("ticket:repo:12", f"GitHub: {name} closed"),)
    assert (delivery.identity, delivery.action) == (f"github:{name}:g-1", "closed")


def test_pull_requests_other_repositories_and_other_events_are_no_hints():
    assert github("issue_comment", pull_request={"url": "x"}).hints == ()
    assert github("issues", place="acme/other").hints == ()
    assert github("label").hints == ()
    assert read("github", {"X-GitHub-Event": "ping"}, {"zen": "Keep it.", "hook_id": 1}).hints == ()


def test_a_github_form_carries_the_same():
    sent = {"action": "opened", "issue": {"number": 4}, "repository": {"full_name": "acme/shop"}}
    raw = b"payload=" + quote_plus(json.dumps(sent)).encode()
    assert read("github", {"X-GitHub-Event": "issues"}, raw).hints[0].key == "ticket:repo:4"


@pytest.mark.parametrize(
    ("headers", "data", "missing"),
    [
        ({}, {}, "X-GitHub-Event"),
        ({"X-GitHub-Event": "issues"}, {"repository": {"full_name": "a/b"}}, "issue.number"),
        ({"X-GitHub-Event": "issues"}, {"issue": {"number": 1}}, "repository.full_name"),
    ],
)
def test_what_github_leaves_out_is_named(headers, data, missing):
    with pytest.raises(Malformed, match=missing):
        read("github", headers, data)


# ---------------------------------------------------------------- anything at all

RESOURCES = [
    *(("sentry", {"Sentry-Hook-Resource": name}) for name in ("issue", "error", "event_alert", "comment", "other")),
    ("jira", {}),
    ("github", {"X-GitHub-Event": "issues"}),
]


@pytest.mark.parametrize("raw", [b"", b"[]", b"1", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b"payload=", b'"x"'])
@pytest.mark.parametrize(("source", "headers"), RESOURCES)
def test_what_is_no_json_object_is_malformed(source, headers, raw):
    with pytest.raises(Malformed):
        read(source, headers, raw)


texts = st.text("a1:/-é\x00\ud800", max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(
    ["data", "issue", "error", "event", "id", "issue_id", "event_id", "key", "number", "webhookEvent", "repository"]
)


@settings(deadline=None)
@given(
    st.sampled_from(RESOURCES),
    st.dictionaries(fields, json_values | st.dictionaries(fields, json_values, max_size=4), max_size=4),
)
def test_any_object_is_read_or_malformed(resource, data):
    source, headers = resource
    raw = json.dumps({"webhookEvent": "jira:issue_updated", **data}).encode()
    try:
        delivery = hooks.read(source, headers, raw, lambda _source, _place: "t")
    except Malformed:
        return
    assert delivery.identity.startswith(f"{source}:")
    assert all(hint.key.split(":")[0] in {"issue", "ticket"} for hint in delivery.hints)


def test_an_unknown_source_is_malformed():
    with pytest.raises(Malformed, match="elsewhere"):
        read("elsewhere", {}, {})


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the vendors' example deliveries are not on this machine")
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("sentry/webhook_*.json")), ids=lambda path: path.stem)
def test_sentrys_own_examples_are_read(path):
    resource = path.stem.removeprefix("webhook_").removesuffix("_DERIVED").rpartition("_")[0]
    if resource == "headers_by":
        pytest.skip("a list of headers, not a delivery")
    delivery = read("sentry", {"Sentry-Hook-Resource": resource}, path.read_bytes())
    assert bool(delivery.hints) == (resource in {"issue", "error", "event_alert", "comment"})
    assert delivery.installation


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the vendors' example deliveries are not on this machine")
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("github/*.json")), ids=lambda path: path.stem)
def test_githubs_own_examples_are_read(path):
    name = "issue_comment" if path.stem.startswith("issue_comment") else path.stem.partition("_")[0]
    delivery = hooks.read("github", {"X-GitHub-Event": name}, path.read_bytes(), lambda _source, _place: "t")
    is_request = "pull_request" in json.loads(path.read_bytes()).get("issue", {})
    assert bool(delivery.hints) == (name in {"issues", "issue_comment"} and not is_request)
