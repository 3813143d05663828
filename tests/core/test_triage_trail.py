"""What led to an error: a request that had just failed names its host, a device says that it had no network."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.event import Breadcrumb, Event, Frame, Request, Thrown
from worker.model import Issue, Project
from worker.triage.address import split_address
from worker.triage.cause import Cause, judge
from worker.triage.trail import Failed, trail_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OWN_JS = Frame("pay", filename="./src/pay.ts", abs_path="app:///src/pay.ts", in_app=True)
OWN = Frame("charge", "shop.pay", abs_path="/srv/shop/pay.py", in_app=True)


def asked(url, status=None, *, ago=1.0, level=None, category="fetch"):
    facts = {"url": url} | ({} if status is None else {"status_code": str(status)})
    return Breadcrumb(category, "http", level, at=NOW - timedelta(seconds=ago), facts=facts)


def network(**facts):
    return Breadcrumb("network.event", "system", at=NOW, facts=facts)


def event(*crumbs, kind="Error", value="x", platform="javascript", frames=(OWN_JS,), **told):
    return Event(
        "e", platform=platform, occurred_at=NOW, request=Request(url="https://app.acme.test/p"), breadcrumbs=crumbs,
        exceptions=(Thrown(kind, value, frames=frames),), **told,
    )  # fmt: skip


def verdict(event, users=1, count=20):
    return judge(Issue("1", "SHOP-1", "t", Project("1", "shop"), user_count=users, count=count), event)


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("crumbs", "failed"),
    [
        ([], None),
        ([asked("https://a.test/1", 200)], None),
        ([asked("https://a.test/1", 404)], None),
        ([asked("https://a.test/1", 503)], Failed("https://a.test/1", "a.test", 503)),
        ([asked("https://a.test/1", 429)], Failed("https://a.test/1", "a.test", 429)),
        ([asked("https://a.test/1", 0)], Failed("https://a.test/1", "a.test", 0)),
        ([asked("https://a.test/1", level="error")], Failed("https://a.test/1", "a.test", 0)),
        ([asked("https://a.test/1")], None),
        ([asked("/api/cart", 502)], Failed("/api/cart", None, 502)),
        ([asked("http://[::1", 502)], Failed("http://[::1", None, 502)),
        ([asked("https://a.test/1", 503, ago=31)], None),
        ([asked("https://a.test/1", 503, ago=3), asked("https://a.test/2", 200)], None),
        ([asked("//a.test/", 503, ago=3), asked("//b.test/", 200)], Failed("//a.test/", "a.test", 503)),
    ],
)  # fmt: skip
def test_the_newest_request_that_failed_counts_unless_its_host_answered_again(crumbs, failed):
    assert trail_of(event(*crumbs)).failed == failed


@pytest.mark.parametrize(
    ("crumbs", "status"),
    [
        ([asked("/orders", 503, ago=3), asked("/ping", 200)], 503),
        ([asked("/orders", 503, ago=3), asked("/orders", 200)], None),
        ([asked("https://a.test/1", 503, ago=3), asked("https://a.test/2")], 503),
        ([asked("https://a.test/1", 5003)], None),
        ([asked("https://a.test/1", 503, ago=-7200)], None),
    ],
)
def test_only_an_answer_of_the_same_place_clears_a_failure(crumbs, status):
    failed = trail_of(event(*crumbs)).failed
    assert (failed.status if failed else None) == status


def test_a_reason_shows_no_query():
    found = verdict(event(asked("/reset?token=SECRET&email=jane@x.test", 500), kind="Error", value="no mail sent"))
    told = [clue.reason for clue in found.clues if "/reset" in clue.reason]
    assert told
    assert not any("SECRET" in reason or "jane" in reason for reason in told)


def test_without_times_only_the_last_request_counts():
    bad, good = (Breadcrumb("xhr", facts={"url": f"https://{host}.test/", "status_code": status})
                 for host, status in (("a", "500"), ("b", "200")))  # fmt: skip
    assert trail_of(event(bad, good)).failed is None
    assert trail_of(event(good, bad)).failed == Failed("https://a.test/", "a.test", 500)


@pytest.mark.parametrize(
    ("told", "offline"),
    [
        ({}, None),
        ({"contexts": {"device.online": "true"}}, None),
        ({"contexts": {"device.online": "false"}}, "device.online false"),
        ({"tags": {"network": "none"}}, "network none"),
        ({"crumbs": [network(action="NETWORK_LOST")]}, "network.event NETWORK_LOST"),
        ({"crumbs": [network(action="NETWORK_LOST"), network(action="NETWORK_AVAILABLE")]}, None),
        ({"crumbs": [Breadcrumb("device.connectivity", facts={"connectivity": "none"})]}, "device.connectivity none"),
        ({"crumbs": [network(action="NETWORK_CAPABILITIES_CHANGED", vpn_active="false", network_type="wifi")]}, None),
    ],
)
def test_a_device_says_itself_that_it_had_no_network(told, offline):
    assert trail_of(event(*told.pop("crumbs", ()), **told)).offline == offline


@given(st.text(max_size=40), st.text(max_size=10), st.sampled_from(["fetch", "http", "network.event", None]))
def test_no_breadcrumb_breaks_the_verdict(url, status, category):
    crumb = Breadcrumb(category, facts={"url": url, "status_code": status})
    assert verdict(event(crumb, value="Failed to fetch")).clues is not None


# ---------------------------------------------------------------- weighing


def test_a_request_that_failed_names_the_vendor_that_the_message_does_not():
    told = {"kind": "AxiosError", "value": "Request failed with status code 503"}
    assert verdict(event(**told), users=60).leading is not Cause.THIRD_PARTY
    assert verdict(event(asked("https://api.stripe.com/v1/tokens", 503), **told), users=60).leading is Cause.THIRD_PARTY


def test_a_request_to_our_own_network_is_the_infrastructures():
    told = {"kind": "JSONDecodeError", "value": "Expecting value: line 1 column 1 (char 0)", "platform": "python"}
    reader = Frame("json", "requests.models", abs_path="/venv/site-packages/requests/models.py", in_app=False)
    inside = asked("http://stock.internal/items", 502, category="httplib")
    assert verdict(event(frames=(OWN, reader), **told)).leading is Cause.THIRD_PARTY
    assert verdict(event(inside, frames=(OWN, reader), **told)).leading is Cause.INFRASTRUCTURE


def test_a_tracker_that_was_blocked_is_noise_whoever_asked_for_it():
    told = {"kind": "TypeError", "value": "Failed to fetch"}
    many = {"users": 80, "count": 90}
    assert verdict(event(**told), **many).leading is not Cause.NOISE
    assert (
        verdict(event(asked("https://x.test/analytics/beacon", level="error"), **told), **many).leading is Cause.NOISE
    )


def test_our_code_that_trips_over_a_failed_request_stays_ours_to_mend():
    told = {"kind": "TypeError", "value": "Cannot read properties of undefined (reading 'items')"}
    found = verdict(event(asked("https://api.stripe.com/v1", 503), **told), users=20)
    assert found.leading is Cause.CODE_BUG
    assert any("api.stripe.com answered 503" in clue.reason for clue in found.clues)


def test_a_bare_complaint_after_a_failed_request_is_about_that_request():
    told = {"kind": "Error", "value": "Could not load your basket"}
    assert verdict(event(**told), users=20).leading is Cause.CODE_BUG
    assert verdict(event(asked("/api/basket", 502), frames=(), **told), users=20).leading is Cause.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("kind", "value", "cause"),
    [
        ("TypeError", "Failed to fetch", Cause.NOISE),
        ("TypeError", "Cannot read properties of undefined (reading 'items')", Cause.CODE_BUG),
    ],
)
def test_a_device_without_network_excuses_requests_and_no_mistakes(kind, value, cause):
    assert verdict(event(kind=kind, value=value, contexts={"device.online": "false"}), users=80).leading is cause


@pytest.mark.parametrize("url", ["http://[::1", "http://[x]y/", "https://ac\u2100me.com/", "//["])
def test_an_address_that_cannot_be_split_breaks_nothing(url):
    """Anybody may send such a request to the program that reports it."""
    frame = Frame("f", filename=url, abs_path=url, in_app=True)
    broken = Event(
        "e", platform="javascript", request=Request(url=url), exceptions=(Thrown("E", url, frames=(frame,)),)
    )
    assert verdict(broken).clues
    assert split_address(url).path == url
