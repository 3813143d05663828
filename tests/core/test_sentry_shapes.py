"""Sentry's shapes: the same value from an SDK, a webhook or the API; total on whatever comes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ends.sentry_deploys import read_deploys, read_releases
from worker.ends.sentry_notes import marked, read_note
from worker.ends.sentry_shapes import read_event, read_issue
from worker.event import Breadcrumb, Event, Frame, ProcessingError, Request, Thrown
from worker.model import Comment, Issue, Person, Project, Status

EXAMPLES = Path(__file__).parents[3] / "shared" / "data"
needs_examples = pytest.mark.skipif(not EXAMPLES.exists(), reason="the example events are not on this machine")

AGENT = "Mozilla/5.0 Firefox/150.0"
AT = datetime(2026, 5, 1, 10, 0, 0, 500000, tzinfo=UTC)
ID = "0123456789abcdef0123456789abcdef"

SDK = {
    "event_id": "01234567-89AB-CDEF-0123-456789ABCDEF",
    "timestamp": AT.timestamp(),
    "platform": "python",
    "level": "warning",
    "logger": "shop.cart",
    "culprit": "shop.cart in total",
    "transaction": "/cart",
    "environment": "production",
    "release": "shop@1.2",
    "dist": "7",
    "server_name": "web-1",
    "sdk": {"name": "sentry.python", "version": "2.0"},
    "user": {"id": 55, "email": "robin@acme.example", "ip_address": "10.0.0.1"},
    "tags": {"queue": "slow", "user": "email:robin@acme.example"},
    "contexts": {"browser": {"name": "Firefox", "version": "150.0"}, "device": {"online": False, "cores": [1, 2]}},
    "breadcrumbs": {
        "values": [
            {"type": "default", "category": "ui.click", "message": "button#pay", "timestamp": AT.timestamp() - 2},
            {
                "type": "http",
                "category": "httplib",
                "level": "error",
                "timestamp": AT.timestamp() - 1,
                "data": {"url": "https://pay.example/v1", "status_code": 503, "headers": {"a": "b"}},
            },
        ]
    },
    "request": {"method": "POST", "url": "https://acme.example/cart", "headers": {"User-Agent": AGENT}},
    "errors": [{"type": "js_no_source", "message": "no source"}],
    "exception": {
        "values": [
            {"type": "KeyError", "value": "'sku'", "module": "builtins"},
            {
                "type": "ValueError",
                "value": "no total\nfor cart",
                "mechanism": {"type": "generic", "handled": False},
                "stacktrace": {
                    "frames": [
                        {
                            "function": "total",
                            "module": "shop.cart",
                            "filename": "shop/cart.py",
                            "abs_path": "/srv/shop/cart.py",
                            "lineno": 12,
                            "colno": 4,
                            "in_app": True,
                            "pre_context": ["def total(cart):", ""],
                            "context_line": "    return sum(cart)",
                            "post_context": ["", "# end"],
                        }
                    ]
                },
            },
        ]
    },
}

WEBHOOK = {
    **SDK,
    "event_id": ID,
    "datetime": AT.isoformat(),
    "timestamp": 1.0,
    "tags": [["queue", "slow"], ["user", "email:robin@acme.example"]],
    "breadcrumbs": SDK["breadcrumbs"]["values"],
    "request": {**SDK["request"], "headers": [["Accept", "*/*"], ["user-agent", AGENT]]},
}

API = {
    "id": ID,
    "eventID": ID,
    "groupID": "5",
    "dateCreated": "2026-05-01T10:00:00.500000Z",
    "platform": "python",
    "culprit": "shop.cart in total",
    "release": {"version": "shop@1.2", "shortVersion": "1.2"},
    "dist": None,
    "message": "",
    "sdk": SDK["sdk"],
    "user": SDK["user"],
    "contexts": SDK["contexts"],
    "errors": [{"type": "js_no_source", "message": "no source", "data": {}}],
    "tags": [
        {"key": key, "value": value}
        for key, value in {
            "queue": "slow",
            "user": "email:robin@acme.example",
            "environment": "production",
            "level": "warning",
            "logger": "shop.cart",
            "transaction": "/cart",
            "server_name": "web-1",
            "dist": "7",
        }.items()
    ],
    "entries": [
        {
            "type": "exception",
            "data": {
                "values": [
                    {"type": "KeyError", "value": "'sku'", "module": "builtins", "mechanism": None, "stacktrace": None},
                    {
                        **SDK["exception"]["values"][1],
                        "stacktrace": {
                            "frames": [
                                {
                                    "function": "total",
                                    "module": "shop.cart",
                                    "filename": "shop/cart.py",
                                    "absPath": "/srv/shop/cart.py",
                                    "lineNo": 12,
                                    "colNo": 4,
                                    "inApp": True,
                                    "context": [
                                        [10, "def total(cart):"],
                                        [11, ""],
                                        [12, "    return sum(cart)"],
                                        [13, ""],
                                        [14, "# end"],
                                    ],
                                }
                            ]
                        },
                    },
                ]
            },
        },
        {
            "type": "breadcrumbs",
            "data": {
                "values": [
                    {**crumb, "timestamp": datetime.fromtimestamp(crumb["timestamp"], UTC).isoformat()}
                    for crumb in SDK["breadcrumbs"]["values"]
                ]
            },
        },
        {"type": "request", "data": {**SDK["request"], "headers": [["User-Agent", AGENT]]}},
    ],
}

WHOLE = Event(
    id=ID,
    title="ValueError: no total",
    platform="python",
    level="warning",
    logger="shop.cart",
    culprit="shop.cart in total",
    transaction="/cart",
    environment="production",
    release="shop@1.2",
    dist="7",
    server_name="web-1",
    sdk="sentry.python",
    user_id="55",
    occurred_at=AT,
    tags={"queue": "slow", "browser": "Firefox 150.0", "browser.name": "Firefox"},
    exceptions=(
        Thrown(type="KeyError", value="'sku'", module="builtins"),
        Thrown(
            type="ValueError",
            value="no total\nfor cart",
            handled=False,
            mechanism="generic",
            frames=(
                Frame(
                    function="total",
                    module="shop.cart",
                    filename="shop/cart.py",
                    abs_path="/srv/shop/cart.py",
                    line=12,
                    column=4,
                    in_app=True,
                    context_line="    return sum(cart)",
                    pre_context=("def total(cart):", ""),
                    post_context=("", "# end"),
                ),
            ),
        ),
    ),
    request=Request("POST", "https://acme.example/cart", AGENT),
    errors=(ProcessingError("js_no_source", "no source"),),
    contexts={"browser.name": "Firefox", "browser.version": "150.0", "device.online": "false"},
    breadcrumbs=(
        Breadcrumb("ui.click", "default", message="button#pay", at=AT - timedelta(seconds=2)),
        Breadcrumb(
            "httplib",
            "http",
            "error",
            at=AT - timedelta(seconds=1),
            facts={"url": "https://pay.example/v1", "status_code": "503"},
        ),
    ),
)


def test_of_many_breadcrumbs_the_newest_are_kept():
    rows = [{"category": str(number)} for number in range(100)]
    assert [one.category for one in read_event({"breadcrumbs": rows}).breadcrumbs] == [str(n) for n in range(70, 100)]


@pytest.mark.parametrize("data", [SDK, WEBHOOK], ids=["sdk", "webhook"])
def test_an_event_reads_the_same_from_sdk_and_webhook(data):
    assert read_event(data) == WHOLE


def test_an_event_of_the_api_reads_the_same_but_for_tags_made_by_sentry():
    event = read_event(API)
    assert {**WHOLE.tags, **event.tags} == dict(event.tags)
    assert event == replace_tags(WHOLE, event.tags)


def replace_tags(event, tags):
    return Event(**{name: getattr(event, name) for name in Event.__slots__} | {"tags": tags})


def test_no_address_or_mail_of_a_user_is_read():
    for data in (SDK, WEBHOOK, API):
        assert "robin@acme.example" not in repr(read_event(data))
        assert "10.0.0.1" not in repr(read_event(data))
    assert read_event({"tags": {"user": "id:55"}}).tags == {"user": "id:55"}


def exception(*values):
    return {"exception": {"values": list(values)}}


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (exception({"type": "A"}, {"type": "B", "value": "why\nmore"}), "B: why"),
        (exception({"type": "B"}), "B"),
        (exception({"value": "why"}), "why"),
        ({**exception({"type": None}), "message": "said"}, "said"),
        ({"logentry": {"formatted": "hello 1", "message": "hello %d"}}, "hello 1"),
        ({"logentry": {"message": "hello %d"}}, "hello %d"),
        ({"message": {"formatted": "hello 2"}}, "hello 2"),
        ({"entries": [{"type": "message", "data": {"formatted": "hello 3"}}]}, "hello 3"),
        ({"message": "", "culprit": "here"}, "here"),
        ({"message": "x" * 500}, "x" * 97 + "..."),
        ({"message": " \n second"}, "second"),
        ({}, "(no title)"),
    ],
)
def test_the_title_is_made_as_sentry_makes_it(data, title):
    assert read_event(data).title == title


def test_a_bare_list_of_exceptions_and_a_bare_exception_are_read():
    assert [one.type for one in read_event({"exception": [{"type": "A"}, {"type": "B"}]}).exceptions] == ["A", "B"]
    assert [one.type for one in read_event({"exception": {"type": "A"}}).exceptions] == ["A"]


@pytest.mark.parametrize(
    "data",
    [
        {"stacktrace": {"frames": [{"function": "f"}]}},
        {"threads": {"values": [{"id": 1}, {"crashed": True, "stacktrace": {"frames": [{"function": "f"}]}}]}},
        {"entries": [{"type": "stacktrace", "data": {"frames": [{"function": "f"}]}}]},
        {
            "entries": [
                {"type": "threads", "data": {"values": [{"current": 1, "stacktrace": {"frames": [{"function": "f"}]}}]}}
            ]
        },
    ],
)
def test_a_stack_trace_without_exception_is_kept(data):
    assert read_event(data).exceptions == (Thrown(frames=(Frame(function="f"),)),)


def test_of_an_endless_trace_both_ends_are_kept():
    frames = [{"function": str(number)} for number in range(5000)]
    kept = [frame.function for frame in read_event(exception({"stacktrace": {"frames": frames}})).exceptions[0].frames]
    assert kept == [str(number) for number in [*range(50), *range(4800, 5000)]]


def test_text_is_cut_and_made_writable():
    event = read_event({"message": "é" * 1_000_000, "logger": "a\x00b", "platform": "\ud800x", "culprit": " \t\n"})
    assert len(event.message.encode()) == 8192
    assert (event.logger, event.platform, event.culprit) == ("ab", "?x", None)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        (1744286109.5, "2025-04-10T11:55:09.500000+00:00"),
        ("1744286109.5", "2025-04-10T11:55:09.500000+00:00"),
        ("2024-12-12T17:19:37.131907238+01:00", "2024-12-12T16:19:37.131907+00:00"),
        ("2024-12-12T17:19:37", "2024-12-12T17:19:37+00:00"),
        ("0001-01-01T00:00:00+12:00", None),
        (1e30, None),
        (True, None),
        ("soon", None),
    ],
)
def test_times_are_read_in_any_spelling(told, at):
    found = read_event({"timestamp": told}).occurred_at
    assert (found.isoformat() if found else None) == at


@pytest.mark.parametrize("level", [None, "", 40, "loud", [], "error"])
def test_the_default_level_is_error(level):
    assert read_event({"level": level}).level == "error"


def test_a_line_number_beyond_any_database_is_no_line_number():
    row = {"lineno": 10**30, "colno": "12", "in_app": "yes", "function": 7}
    assert read_event(exception({"stacktrace": {"frames": [row]}})).exceptions[0].frames == (
        Frame(function="7", column=12),
    )


# ---------------------------------------------------------------- issues


ISSUE = {
    "id": "117",
    "shortId": "WEB-9",
    "title": "ValueError: no total",
    "culprit": "shop.cart in total",
    "permalink": None,
    "web_url": "https://sentry.example/issues/117/",
    "level": "error",
    "status": "unresolved",
    "substatus": "regressed",
    "priority": "high",
    "platform": "python",
    "issueCategory": "error",
    "metadata": {"type": "ValueError", "value": "no total"},
    "isUnhandled": True,
    "count": "3",
    "userCount": 2,
    "firstSeen": "2026-04-01T00:00:00Z",
    "lastSeen": "2026-05-01T00:00:00Z",
    "firstRelease": {"version": "shop@1.0"},
    "lastRelease": {"version": "shop@1.2"},
    "assignedTo": {"type": "user", "id": "1", "name": "Robin", "email": "robin@acme.example"},
    "project": {"id": "2", "slug": "web", "name": "Web", "platform": "python"},
    "activity": [
        {"type": "note", "dateCreated": "2026-05-09T00:00:00Z"},
        {"type": "set_regression", "dateCreated": "2026-05-01T00:00:00Z"},
        {"type": "set_resolved_in_release", "dateCreated": "2026-04-20T00:00:00Z"},
        {"type": "first_seen", "dateCreated": "2026-04-01T00:00:00Z"},
        {"type": "set_resolved", "dateCreated": None},
    ],
    "sentryAppIssues": [{"webUrl": "https://jira.example/browse/SHOP-1"}],
    "integrationIssues": [{"url": "https://github.example/acme/shop/issues/1"}],
    "annotations": [{"displayName": "SHOP-1", "url": "https://jira.example/browse/SHOP-1"}],
}


def test_an_issue_is_read_whole():
    issue = read_issue(ISSUE)
    assert (issue.id, issue.short_id, issue.project.slug, issue.status, issue.settled) == (
        "117",
        "WEB-9",
        "web",
        Status.OPEN,
        True,
    )
    assert (issue.count, issue.user_count, issue.unhandled, issue.category) == (3, 2, True, "error")
    assert (issue.type, issue.value, issue.permalink) == (
        "ValueError",
        "no total",
        "https://sentry.example/issues/117/",
    )
    assert issue.assigned == Person("1", "Robin", "robin@acme.example")
    assert (issue.first_release, issue.last_release, issue.assignee) == ("shop@1.0", "shop@1.2", "robin@acme.example")
    assert (issue.moved_at, issue.moved_how) == (datetime(2026, 5, 1, tzinfo=UTC), "set_regression")
    assert issue.linked == ("https://github.example/acme/shop/issues/1", "https://jira.example/browse/SHOP-1")


@pytest.mark.parametrize(
    ("wire", "status", "settled"),
    [
        ("unresolved", Status.OPEN, True),
        ("resolved", Status.RESOLVED, True),
        ("ignored", Status.IGNORED, True),
        ("archived", Status.IGNORED, True),
        ("pending_merge", Status.OPEN, False),
        ("pending_deletion", Status.OPEN, False),
        ("deletion_in_progress", Status.OPEN, False),
        ("reprocessing", Status.OPEN, False),
        ("something new", Status.OPEN, False),
    ],
)
def test_a_status_that_sentry_is_still_moving_is_not_settled(wire, status, settled):
    issue = read_issue({**ISSUE, "status": wire})
    assert (issue.status, issue.settled) == (status, settled)


def test_figures_of_the_lifetime_go_before_those_of_a_period():
    issue = read_issue({**ISSUE, "lifetime": {"count": "900", "userCount": 40, "firstSeen": "2026-01-01T00:00:00Z"}})
    assert (issue.count, issue.user_count) == (900, 40)
    assert issue.first_seen == datetime(2026, 1, 1, tzinfo=UTC)
    assert issue.last_seen == datetime(2026, 5, 1, tzinfo=UTC)


def test_an_issue_without_activity_did_not_move_as_far_as_we_know():
    issue = read_issue({**ISSUE, "activity": None})
    assert (issue.moved_at, issue.moved_how, issue.unmerged_from) == (None, None, None)


@pytest.mark.parametrize(
    ("data", "source"), [({"source": {"id": "7"}, "fingerprints": ["x"]}, "7"), ({"source_id": 7}, "7"), (None, "")]
)
def test_an_issue_that_was_taken_apart_says_so_whatever_happened_to_it_since(data, source):
    apart = {"type": "unmerge_destination", "dateCreated": "2026-04-01T00:00:00Z", "data": data}
    issue = read_issue({**ISSUE, "activity": [*ISSUE["activity"], apart]})
    assert (issue.moved_how, issue.unmerged_from) == ("set_regression", source)


@pytest.mark.parametrize(
    ("told", "assigned"),
    [
        (None, None),
        ("robin@acme.example", None),
        ({"type": "team", "id": "7", "name": "Checkout"}, None),
        ({"type": "user", "name": "Robin"}, None),
        ({"type": "user", "id": 1}, Person("1")),
    ],
)
def test_an_issue_is_assigned_to_a_person_whom_sentry_names(told, assigned):
    assert read_issue({**ISSUE, "assignedTo": told}).assigned == assigned


NOTE = {
    "id": "9",
    "type": "note",
    "user": {"id": "1", "name": "Robin", "email": "robin@acme.example"},
    "sentry_app": {"uuid": "u", "name": "App"},
    "data": {"text": "said"},
    "dateCreated": "2026-05-01T00:00:00Z",
}
RELEASE = {
    "version": "shop@1",
    "deployCount": 1,
    "projects": [{"id": 2, "slug": "web"}],
    "lastDeploy": {"environment": "production", "dateFinished": "2026-05-01T00:00:00Z"},
}
WEB = Project(id="2", slug="web")


@given(st.text(max_size=50))
def test_our_mark_comes_off_as_it_went_on(said):
    note = read_note({**NOTE, "data": {"text": marked(said, "bugferry-0a")}})
    clean = said.encode("utf-8", "replace").decode().replace("\x00", "").replace("\r\n", "\n")
    assert (note.text, note.nonce) == (clean.rstrip(), "bugferry-0a")


# ---------------------------------------------------------------- anything at all

names = st.sampled_from(
    sorted({*SDK, *API, *ISSUE, "frames", "values", "stacktrace", "entries", "type", "value", "data"})
)
texts = st.text("a1:.é\x00\ud800-", max_size=6)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(names, anything, max_size=6) | anything)
def test_reading_is_total(data):
    event, issue = read_event(data), read_issue(data)
    assert isinstance(event, Event)
    assert isinstance(issue, Issue)
    repr((event, issue)).encode()


def read_more(data):
    """Whatever else is read of Sentry."""
    row = data if isinstance(data, dict) else {}
    read = read_note(row), read_releases([row], WEB), read_deploys("shop@1", [row])
    assert read[0] is None or isinstance(read[0], Comment)
    return repr(read).encode()


@settings(deadline=None)
@given(st.dictionaries(names | st.sampled_from(sorted({*NOTE, *RELEASE, "text", "slug"})), anything, max_size=6))
def test_reading_notes_and_releases_is_total(data):
    read_more(data)


def spoilt(value):
    """Every variant of a value in which one part is of the wrong type."""
    yield from (None, [], {}, "x", 7, [None], [[]], True)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: item for name, item in value.items() if name != key}
            yield from ({**value, key: variant} for variant in spoilt(inner))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from ([*value[:index], variant, *value[index + 1 :]] for variant in spoilt(inner))


@pytest.mark.parametrize("data", [SDK, API, ISSUE], ids=["sdk", "api", "issue"])
def test_one_spoilt_part_spoils_no_more_than_itself(data):
    for variant in spoilt(data):
        assert isinstance(read_event(variant), Event)
        assert isinstance(read_issue(variant), Issue)


@pytest.mark.parametrize("data", [NOTE, RELEASE], ids=["note", "release"])
def test_a_spoilt_note_or_release_spoils_nothing_else(data):
    assert read_note(NOTE)
    assert read_releases([RELEASE], WEB)
    for variant in spoilt(data):
        read_more(variant)


def test_a_deeply_nested_event_is_read():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert read_event({"tags": deep, "exception": {"values": deep}, "contexts": {"browser": deep}}).exceptions == ()


# ---------------------------------------------------------------- examples


@needs_examples
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("events/*.json")), ids=lambda path: path.stem)
def test_real_events_have_a_title_and_frames(path):
    event = read_event(json.loads(path.read_bytes()))
    assert event.title not in {None, "(no title)"}
    assert event.id
    assert event.occurred_at
    assert any(one.frames for one in event.exceptions) == ("fallback_to_message" not in path.stem)


@needs_examples
@pytest.mark.parametrize("name", ["error_created", "event_alert_triggered"])
def test_titles_agree_with_sentrys_own(name):
    data = json.loads((EXAMPLES / f"sentry/webhook_{name}.json").read_bytes())["data"]
    told = data.get("error") or data["event"]
    event = read_event(told)
    assert event.title == told["title"]
    assert event.tags["browser.name"] == "Chrome"
    assert "user" not in event.tags


@needs_examples
def test_the_apis_example_event_is_read():
    event = read_event(json.loads((EXAMPLES / "sentry/api_issue_event_detail.json").read_bytes()))
    assert event.title == "ForbiddenError: GET /organizations/hellboy-meowmeow/users/ 403"
    assert event.environment == "prod"
    assert event.errors[0].type == "js_invalid_sourcemap_location"
    assert event.exceptions[-1].frames[-1].context_line
    assert event.exceptions[-1].frames[0].pre_context


@needs_examples
def test_real_traces_keep_all_frames():
    for line in (EXAMPLES / "grouping/real/events.jsonl").read_text().splitlines()[:200]:
        row = json.loads(line)["event"]
        event = read_event(row)
        told = [len(((one.get("stacktrace") or {}).get("frames")) or []) for one in row["exception"]["values"]]
        assert [len(one.frames) for one in event.exceptions] == told
