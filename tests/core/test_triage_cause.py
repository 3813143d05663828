"""Whose fault an issue is: reasons add up, many users refute faint noise, and code is never hidden by a doubt."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.event import Event, Frame, Request, Thrown
from worker.model import Issue, Project
from worker.triage.cause import FEW_USERS, MARGIN, Cause, heard, judge

OWN = Frame("total", "shop.cart", abs_path="/srv/shop/cart.py", in_app=True)
OWN_JS = Frame("total", filename="./src/cart.ts", abs_path="app:///src/cart.ts", in_app=True)
CLIENT = Frame("send", "requests.adapters", abs_path="/venv/site-packages/requests/adapters.py", in_app=False)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


SEEN = datetime(2026, 11, 20, tzinfo=UTC)


def verdict(kind, value, *frames, platform="python", users=0, agent=None, count=20, days=None, since=None):
    """`days`: from the first event to the last; `since`: the release in which it began and is still seen."""
    project, lasted = Project("1", "shop"), None if days is None else timedelta(days=days)
    issue = Issue(
        "1", "SHOP-1", f"{kind}: {value}", project, user_count=users, count=count, first_release=since,
        first_seen=SEEN - lasted if lasted is not None else None, last_seen=SEEN if lasted is not None else None,
    )  # fmt: skip
    request = Request(url="https://app.acme.test/p", user_agent=agent)
    told = (Thrown(kind, value, frames=frames),)
    return judge(issue, Event("e", platform=platform, request=request, exceptions=told, release=since))


LIMIT = ("OperationalError", "canceling statement due to statement timeout")
POOL_FULL = (
    "SQLTransientConnectionException",
    "ShopPool - Connection is not available, request timed out after 5000ms",
)


@pytest.mark.parametrize(
    ("told", "when", "cause"),
    [
        (LIMIT, {"days": 3}, Cause.CODE_BUG),
        (LIMIT, {"days": 0.1}, Cause.INFRASTRUCTURE),
        (POOL_FULL, {"days": 0.3, "since": "api@2"}, Cause.CODE_BUG),
        (POOL_FULL, {"days": 0.3}, Cause.INFRASTRUCTURE),
    ],
)
def test_what_uses_up_its_own_share_for_days_or_since_a_release_is_code_and_a_bad_hour_is_not(told, when, cause):
    assert verdict(*told, OWN, CLIENT, **when).leading is cause


def test_an_answer_that_our_http_client_cannot_read_is_of_whoever_was_asked():
    reader = Frame("json", "requests.models", in_app=False)
    told = ("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
    assert verdict(*told, OWN, reader).leading is Cause.THIRD_PARTY
    assert verdict(*told, OWN).leading is Cause.CODE_BUG


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (
            "ClientError",
            "An error occurred (AccessDenied): arn:aws:iam::1:role/x is not authorized to perform s3:PutObject",
        ),
        ("PermissionError", "[Errno 13] Permission denied: '/srv/media/a.pdf'"),
        ("ErrorException", "fopen(/srv/cache/a.php): Failed to open stream: Permission denied"),
    ],
)
def test_what_our_process_may_not_do_where_it_runs_is_infrastructure(kind, value):
    assert verdict(kind, value, OWN, CLIENT).leading is Cause.INFRASTRUCTURE


def test_a_vendor_that_refuses_what_our_code_gave_it_is_not_at_fault():
    vendor = Frame(
        "draw", filename="https://maps.googleapis.com/maps/main.js", abs_path="https://maps.googleapis.com/m.js"
    )
    told = ("InvalidValueError", "setZoom: not a valid number: NaN")
    assert verdict(*told, OWN_JS, vendor, platform="javascript", users=90).leading is Cause.CODE_BUG


def test_an_abort_that_hundreds_meet_since_a_release_in_code_of_ours_is_no_noise():
    told, long_ago = ("AbortError", "signal is aborted without reason"), {"days": 200}
    assert verdict(*told, OWN_JS, platform="javascript", users=700, days=0.5, since="web@2").cause is not Cause.NOISE
    assert verdict(*told, OWN_JS, platform="javascript", users=700, **long_ago).cause is Cause.NOISE


def test_a_job_that_is_put_off_a_form_that_is_refused_and_a_page_that_was_rewritten_are_noise():
    assert verdict("Retry", "Retry in 30s", OWN, CLIENT).cause is Cause.NOISE
    assert (
        verdict("ValidationException", "The email field is required.", OWN, CLIENT, platform="php").cause is Cause.NOISE
    )
    drawn = Frame(
        "insert",
        filename="node_modules/react-dom/index.js",
        abs_path="app:///node_modules/react-dom/index.js",
        in_app=False,
    )
    moved = ("NotFoundError", "Failed to execute 'removeChild' on 'Node': not a child of this node.")
    assert verdict(*moved, drawn, platform="javascript", users=40).cause is Cause.NOISE


def test_a_host_of_ours_that_was_forgotten_turns_thousands_away_at_once():
    assert (
        verdict("DisallowedHost", "Invalid HTTP_HOST header: 'x.test'", users=2000, days=0.5).cause is not Cause.NOISE
    )


@pytest.mark.parametrize(
    ("kind", "value", "frames", "cause"),
    [
        ("KeyError", "'customer_id'", (OWN,), Cause.CODE_BUG),
        ("ProgrammingError", 'column "vat" does not exist', (OWN, CLIENT), Cause.CODE_BUG),
        (
            "InvalidRequestError",
            "No such price: 'p_1'",
            (OWN, Frame("request", "stripe.api", in_app=False)),
            Cause.CODE_BUG,
        ),
        (
            "ReadTimeout",
            "HTTPConnectionPool(host='tax.internal', port=80): Read timed out. (read timeout=0.05)",
            (OWN, CLIENT),
            Cause.CODE_BUG,
        ),
        (
            "ReadTimeout",
            "HTTPConnectionPool(host='tax.internal', port=80): Read timed out. (read timeout=30)",
            (OWN, CLIENT),
            Cause.INFRASTRUCTURE,
        ),
        (
            "ConnectionError",
            "Error 111 connecting to cache:6379. Connection refused.",
            (OWN, CLIENT),
            Cause.INFRASTRUCTURE,
        ),
        ("OSError", "[Errno 28] No space left on device", (OWN,), Cause.INFRASTRUCTURE),
        (
            "ConnectionError",
            "HTTPSConnectionPool(host='api.vendor.test', port=443): Max retries exceeded",
            (OWN, CLIENT),
            Cause.THIRD_PARTY,
        ),
        (
            "APIConnectionError",
            "could not reach the service",
            (OWN, Frame("request", "stripe._http", in_app=False)),
            Cause.THIRD_PARTY,
        ),
        ("BrokenPipeError", "[Errno 32] Broken pipe", (Frame("write", "wsgiref.handlers", in_app=False),), Cause.NOISE),
        ("DisallowedHost", "Invalid HTTP_HOST header: '1.2.3.4'", (), Cause.NOISE),
    ],
)
def test_a_server_error_is_laid_where_its_evidence_points(kind, value, frames, cause):
    assert verdict(kind, value, *frames).leading is cause


@pytest.mark.parametrize(
    ("value", "frames", "cause"),
    [
        ("Cannot read properties of undefined (reading 'price')", (OWN_JS,), Cause.CODE_BUG),
        ("x", (OWN_JS, Frame("a", abs_path="chrome-extension://abc/inpage.js", in_app=False)), Cause.NOISE),
        ("x", (Frame("a", abs_path="https://www.googletagmanager.com/gtm.js", in_app=False),), Cause.THIRD_PARTY),
        (
            "x is not a function",
            (Frame("a", abs_path="https://cdn.elsewhere.test/w.js", in_app=True),),
            Cause.THIRD_PARTY,
        ),
        (
            "x is not a function",
            (Frame("a", abs_path="https://static.acme.test/main.js", in_app=True),),
            Cause.CODE_BUG,
        ),
        ("ResizeObserver loop limit exceeded", (), Cause.NOISE),
        ("Failed to fetch", (Frame("send", filename="./src/analytics.ts", in_app=True),), Cause.NOISE),
        ("Request failed with status code 503", (OWN_JS,), Cause.INFRASTRUCTURE),
        ("Request failed with status code 422", (OWN_JS,), Cause.CODE_BUG),
    ],
)
def test_a_browser_error_is_laid_where_its_evidence_points(value, frames, cause):
    assert verdict("TypeError", value, *frames, platform="javascript", agent=CHROME, users=40).leading is cause


@pytest.mark.parametrize(("users", "cause"), [(1, Cause.NOISE), (FEW_USERS + 1, Cause.CODE_BUG)])
def test_what_a_crawler_sees_is_noise_until_people_see_it_too(users, cause):
    found = verdict(
        "TypeError", "t is undefined", OWN_JS, platform="javascript", agent=GOOGLEBOT, users=users, count=300
    )
    assert found.leading is cause


@given(
    st.sampled_from(["KeyError", "TypeError", "AttributeError", "IndexError", "ValueError"]),
    st.text(st.sampled_from("abc xyz'()."), max_size=30),
    st.sampled_from([None, CHROME, GOOGLEBOT, "curl/8.0", "python-requests/2.31"]),
    st.integers(FEW_USERS + 1, 10_000),
)
def test_a_programming_error_of_ours_that_many_users_meet_is_never_noise(kind, value, agent, users):
    assert verdict(kind, value, OWN, users=users, agent=agent).leading is not Cause.NOISE


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 500))
def test_every_verdict_has_its_reasons_strongest_first_and_says_when_it_is_unsure(kind, value, users):
    found = verdict(kind, value, OWN, users=users)
    assert found.clues
    assert all(clue.reason and clue.weight >= 0 for clue in found.clues)
    assert (found.cause is Cause.UNSURE) == (found.margin < MARGIN)
    assert [clue.cause is found.leading for clue in found.clues] == sorted(
        (c.cause is found.leading for c in found.clues), reverse=True
    )


def chained(*told, frames=(OWN,), users=400, **more):
    """Judge a chain: the cause first, each as type, value and frames."""
    project = Project("1", "shop")
    thrown = tuple(Thrown(kind, value, frames=found) for kind, value, found in told)
    issue = Issue("1", "SHOP-1", "x", project, user_count=users, count=900, first_release=more.pop("began", None))
    return judge(issue, Event("e", exceptions=thrown, **{"platform": "python", **more}))


REDIS = Frame("connect", "redis.connection", in_app=False)
STRIPE = Frame("request", "stripe.http_client", in_app=False)


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (
            ("ConnectionError", "No route to host", (REDIS,)),
            ("TypeError", "'NoneType' object is not subscriptable", (OWN,)),
            Cause.INFRASTRUCTURE,
        ),
        (
            ("APIConnectionError", "could not connect to Stripe", (STRIPE,)),
            ("CheckoutFailed", "no", (OWN,)),
            Cause.THIRD_PARTY,
        ),
        (("KeyError", "'sku'", (OWN,)), ("ServiceUnavailable", "could not connect", (OWN,)), Cause.CODE_BUG),
    ],
)
def test_what_was_thrown_first_tells_why(before, after, cause):
    assert chained(before, after).leading is cause


@pytest.mark.parametrize(
    ("ports", "cause"),
    [("10.0.0.4:8080->10.0.0.2:51515", Cause.NOISE), ("10.0.0.4:41922->10.0.0.9:5432", Cause.INFRASTRUCTURE)],
)
def test_the_far_port_tells_a_visitor_from_a_service(ports, cause):
    told = ("*net.OpError", f"read tcp {ports}: read: connection reset by peer", (OWN,))
    assert chained(told, platform="go").leading is cause


@pytest.mark.parametrize(
    ("host", "cause"),
    [
        ("s3.eu-west-1.amazonaws.com", Cause.THIRD_PARTY),
        ("minio.storage.svc", Cause.INFRASTRUCTURE),
        ("shop.abc.eu-west-1.rds.amazonaws.com", Cause.INFRASTRUCTURE),
    ],
)
def test_a_vendor_s_client_that_asks_our_own_host_lays_it_on_our_machines(host, cause):
    frames = (OWN, Frame("_send_request", "botocore.httpsession", in_app=False))
    told = ("EndpointConnectionError", f'Could not connect to the endpoint URL: "http://{host}:9000/a"', frames)
    assert chained(told).leading is cause


@pytest.mark.parametrize(("began", "cause"), [("jobs@1", Cause.INFRASTRUCTURE), ("jobs@9", Cause.CODE_BUG)])
def test_a_variable_that_is_missing_all_at_once_was_lost_where_it_runs(began, cause):
    frames = (OWN, Frame("__getitem__", "os", filename="os.py", in_app=False))
    assert chained(("KeyError", "'DATABASE_URL'", frames), began=began, release="jobs@9").leading is cause


@pytest.mark.parametrize(("platform", "cause"), [("cocoa", Cause.CODE_BUG), ("python", Cause.INFRASTRUCTURE)])
def test_memory_that_runs_out_is_the_app_s_own_on_a_phone_and_the_machine_s_on_a_server(platform, cause):
    assert chained(("OutOfMemory", "out of memory", (OWN,)), platform=platform).leading is cause


@pytest.mark.parametrize(
    ("kind", "value", "cause"),
    [
        ("Stripe::CardError", "Your card has insufficient funds.", Cause.NOISE),
        ("TypeError", "Cannot read properties of null (reading 'csrfToken')", Cause.CODE_BUG),
        ("KeyError", "'csrf_token'", Cause.CODE_BUG),
    ],
)
def test_what_a_person_did_is_noise_but_the_name_of_a_field_is_no_deed(kind, value, cause):
    assert verdict(kind, value, OWN_JS, platform="javascript", agent=CHROME, users=400).leading is cause


@pytest.mark.parametrize(("days", "cause"), [(60, Cause.NOISE), (1, Cause.CODE_BUG)])
def test_people_who_are_turned_away_all_at_once_are_no_noise(days, cause):
    last = datetime(2026, 3, 6, tzinfo=UTC)
    seen = {"first_seen": last - timedelta(days=days), "last_seen": last}
    issue = Issue("1", "SHOP-1", "x", Project("1", "shop"), user_count=900, count=1000, **seen)
    door = Frame("handle", filename="/vendor/laravel/VerifyCsrfToken.php", in_app=False)
    entry = Frame("main", filename="/public/index.php", in_app=True)
    thrown = (Thrown("TokenMismatchException", "CSRF token mismatch.", frames=(entry, OWN, door)),)
    assert judge(issue, Event("e", platform="php", exceptions=thrown)).leading is cause


@pytest.mark.parametrize("platform", ["python", "javascript"])
def test_a_robot_that_meets_our_mistake_on_a_server_takes_nothing_from_it(platform):
    frame = OWN if platform == "python" else OWN_JS
    found = verdict("TypeError", "x", frame, platform=platform, agent=GOOGLEBOT, users=0, count=4000)
    assert found.leading is (Cause.CODE_BUG if platform == "python" else Cause.NOISE)


@pytest.mark.parametrize(("users", "cause"), [(FEW_USERS, Cause.NOISE), (FEW_USERS + 1, Cause.CODE_BUG)])
def test_a_lead_by_a_hair_is_no_noise_once_several_people_are_hit(users, cause):
    issue = Issue("1", "SHOP-1", "stock is low", Project("1", "shop"), user_count=users)
    assert judge(issue, Event("e", platform="python", level="info", message="stock is low")).leading is cause


def test_an_event_that_says_nothing_is_not_called_noise():
    nothing = judge(Issue("1", "SHOP-1", "", Project("1", "shop")), Event("e"))
    assert nothing.leading is Cause.CODE_BUG


NOISES = [
    ({"agent": GOOGLEBOT}, "seen by a crawler"),
    ({"agent": "undici"}, "seen by a script: undici"),
    ({"url": "http://localhost:3000/cart"}, "a page on a developer's machine"),
    ({"environment": "dev"}, "environment dev"),
    ({"users": 1, "count": 10}, "one user alone, 10 times"),
]


def of_one(*, agent=CHROME, url="https://app.acme.test/p", environment="production", users=2, count=3, **seen):
    issue = Issue("1", "SHOP-1", "Oops", Project("1", "shop"), user_count=users, count=count, **seen)
    thrown = (Thrown("Oops", "no", frames=(OWN,)),)
    return judge(
        issue, Event("e", environment=environment, request=Request(url=url, user_agent=agent), exceptions=thrown)
    )


@pytest.mark.parametrize(("seen", "why"), NOISES, ids=[why for _, why in NOISES])
def test_a_sign_of_noise_is_told_and_many_users_refute_it(seen, why):
    def told(verdict):
        return [clue.cause for clue in verdict.clues if clue.reason.startswith(why)]

    assert told(of_one(**seen)) == [Cause.NOISE]
    assert told(of_one(**seen | {"users": FEW_USERS + 1})) == []
    assert told(of_one()) == []


def test_many_events_at_once_speak_for_infrastructure():
    first = datetime(2026, 3, 6, 12, tzinfo=UTC)

    def burst(hours, count):
        found = of_one(first_seen=first, last_seen=first + timedelta(hours=hours), count=count)
        return [clue.reason for clue in found.clues if clue.cause is Cause.INFRASTRUCTURE]

    assert burst(6, 100) == ["100 events in 6:00:00"]
    assert burst(6.1, 100) == burst(6, 99) == []


def test_a_person_takes_the_word_noise_back_and_nothing_else():
    noise = of_one(agent=GOOGLEBOT, environment="dev", url="http://localhost/")
    assert noise.leading is Cause.NOISE
    after = heard(noise)
    assert (after.cause, after.leading, after.clues[1:]) == (Cause.UNSURE, Cause.UNSURE, noise.clues)
    assert heard(after) is after
    bug = of_one()
    assert heard(bug) is bug
