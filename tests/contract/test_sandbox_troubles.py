"""What can be made to go wrong in the practice services: webhooks' weather, lag, wrong clocks, limits, lost rights."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.contract.test_sandbox_hooks import Receiver, hook, receiver
from tests.fixtures.practice import Sandbox
from worker.sandbox import errors, seed
from worker.sandbox.weather import Weather

__all__ = ["receiver"]  # a fixture, used by name

ORG = f"/sentry/api/0/organizations/{seed.ORG}"
API = "/jira/rest/api/3"
REPO = f"/github/repos/{seed.GITHUB_REPO}"
LATER_S = 1.5
"""How long things stay as they were made: a look that takes less cannot see them changed."""
BUG = {"fields": {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "A bug"}}


def sentry(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"Bearer {seed.SENTRY_TOKEN}"})


def jira(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(auth=(seed.JIRA_EMAIL, seed.JIRA_TOKEN))


def github(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"token {seed.GITHUB_TOKEN}"})


def order(sandbox: Sandbox, lever: str, **given: Any) -> Any:
    return sandbox.control.post(f"/sandbox/{lever}", json=given).raise_for_status().json()


# ---------------------------------------------------------------- webhooks on their way


def titles(receiver: Receiver) -> list[str]:
    return [json.loads(body)["issue"]["title"] for _, body in receiver.got]


def make_issues(sandbox: Sandbox, count: int) -> None:
    with sandbox.person() as person:
        for number in range(count):
            person.post(f"{REPO}/issues", json={"title": f"n{number}"}).raise_for_status()


def test_a_dropped_webhook_is_logged_and_never_sent(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github")
    order(sandbox, "weather", github={"drop": 1})
    make_issues(sandbox, 3)
    letters = sandbox.settle()
    assert receiver.got == []
    assert [(one["fate"], one["attempts"]) for one in letters] == [("dropped", 0)] * 3
    assert sandbox.state()["weather"] == {"github": {"dropped": 3}}


def test_a_duplicated_webhook_comes_twice_under_one_identity(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github")
    order(sandbox, "weather", github={"duplicate": 1})
    make_issues(sandbox, 3)
    letters = sandbox.settle()
    assert Counter(titles(receiver)) == {"n0": 2, "n1": 2, "n2": 2}
    assert len({headers["x-github-delivery"] for headers, _ in receiver.got}) == 3
    assert Counter(one["fate"] for one in letters) == {"": 3, "duplicate": 3}


def test_a_held_webhook_arrives_after_later_ones_and_none_is_lost(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github")
    order(sandbox, "weather", github={"reorder": 1, "hold_s": 3600})
    make_issues(sandbox, 1)
    order(sandbox, "weather", github=None)
    make_issues(sandbox, 4)
    until = time.monotonic() + 20
    while sandbox.state()["counts"]["waiting"] and time.monotonic() < until:
        pass
    assert sorted(titles(receiver)) == ["n0", "n0", "n1", "n2", "n3"]
    held = sandbox.settle()[0]
    assert held["fate"] == "overtaken"
    assert [headers["x-github-delivery"] for headers, _ in receiver.got].index(held["id"]) > 0


def test_a_held_webhook_is_sent_even_if_nothing_follows(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github")
    order(sandbox, "weather", github={"reorder": 1, "hold_s": 0.01})
    make_issues(sandbox, 1)
    [letter] = sandbox.settle()
    assert (letter["fate"], titles(receiver)) == ("overtaken", ["n0"])


def test_the_same_seed_makes_the_same_weather_and_other_shares_do_not_shift_it() -> None:
    def dropped(seed_of: int, **more: float) -> list[bool]:
        weather = Weather("jira", seed_of, drop=0.5, **more)
        return [weather.fate().dropped for _ in range(200)]

    assert dropped(7) == dropped(7) == dropped(7, duplicate=0.5, reorder=0.5)
    assert dropped(7) != dropped(8)
    assert 60 < sum(dropped(7)) < 140


def test_unknown_weather_is_refused(sandbox: Sandbox) -> None:
    for given in ({"slack": {"drop": 1}}, {"jira": {"hail": 1}}):
        assert sandbox.control.post("/sandbox/weather", json=given).status_code == 400


# ---------------------------------------------------------------- lists that lag behind


def test_jira_search_shows_an_issue_as_it_was_and_a_read_as_it_is(sandbox: Sandbox) -> None:
    order(sandbox, "index-lag", jira_s=3600)
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=BUG).raise_for_status()
        recent = {"jql": "project = SHOP AND updated >= -5m", "fields": ["summary"]}
        assert client.post(f"{API}/search/jql", json=recent).json()["issues"] == []
        assert client.get(f"{API}/issue/SHOP-1").json()["fields"]["summary"] == "A bug"


def test_lists_know_the_state_before_the_last_change(sandbox: Sandbox) -> None:
    with sandbox.person() as person:
        person.post(f"{API}/issue", json=BUG).raise_for_status()
        person.post(f"{REPO}/issues", json={"title": "A bug"}).raise_for_status()
        sandbox.throw(errors.event("checkout-null"))
        made = time.monotonic()
        while time.monotonic() < made + LATER_S:
            person.get(f"{API}/myself")
        person.put(f"{API}/issue/SHOP-1", json={"fields": {"summary": "Changed"}}).raise_for_status()
        person.patch(f"{REPO}/issues/1", json={"title": "Changed", "state": "closed"}).raise_for_status()
        person.put(f"{ORG}/issues/1/", json={"status": "resolved"}).raise_for_status()

        def as_when_made(method: str, path: str, **given: Any) -> Any:
            """Ask a list that lags behind by just as long as all three have been there, unchanged."""
            took_s = LATER_S
            while took_s >= LATER_S:  # an answer that took that long may show them as they were changed
                lag_s = time.monotonic() - made
                order(sandbox, "index-lag", jira_s=lag_s, github_s=lag_s, sentry_s=lag_s)
                answer = person.request(method, path, **given)
                took_s = time.monotonic() - made - lag_s
            return answer.json()

        jql = {"jql": "project = SHOP", "fields": ["summary"]}
        searched = as_when_made("POST", f"{API}/search/jql", json=jql)
        assert [row["fields"]["summary"] for row in searched["issues"]] == ["A bug"]
        listed = as_when_made("GET", f"{REPO}/issues")
        assert [(row["title"], row["state"]) for row in listed] == [("A bug", "open")]
        rows = as_when_made("GET", f"{ORG}/issues/", params={"query": ""})
        assert [row["status"] for row in rows] == ["unresolved"]
        assert person.get(f"{API}/issue/SHOP-1").json()["fields"]["summary"] == "Changed"
        assert person.get(f"{REPO}/issues/1").json()["state"] == "closed"
        assert person.get(f"{ORG}/issues/1/").json()["status"] == "resolved"


def test_a_new_sentry_issue_is_missing_from_a_list_that_lags(sandbox: Sandbox) -> None:
    order(sandbox, "index-lag", sentry_s=3600)
    sandbox.throw(errors.event("checkout-null"))
    with sentry(sandbox) as client:
        assert client.get(f"{ORG}/issues/", params={"query": ""}).json() == []
        assert client.get(f"{ORG}/issues/1/").status_code == 200


# ---------------------------------------------------------------- the clock


def test_every_answer_has_one_date_and_it_is_the_practice_clocks(sandbox: Sandbox) -> None:
    order(sandbox, "clock", ahead_s=7200)
    sandbox.fault("fail_before", service="github", path="/labels")
    with sandbox.person() as person:
        for path in (f"{ORG}/issues/", f"{ORG}/issues/77/", f"{API}/myself", REPO, f"{REPO}/labels", "/sandbox/state"):
            answer = sandbox.control.get(path) if path.startswith("/sandbox") else person.get(path)
            [date] = answer.headers.get_list("date")
            ahead = parsedate_to_datetime(date) - datetime.now(UTC)
            assert timedelta(seconds=7190) < ahead < timedelta(seconds=7201), path


def test_a_clock_that_is_off_moves_every_time_that_is_told(sandbox: Sandbox) -> None:
    order(sandbox, "clock", ahead_s=-86_400)
    sandbox.throw(errors.event("checkout-null"))
    with sandbox.person() as person:
        person.post(f"{API}/issue", json=BUG)
        person.post(f"{REPO}/issues", json={"title": "x"})
        told = [
            person.get(f"{ORG}/issues/1/").json()["lastSeen"],
            person.get(f"{API}/issue/SHOP-1").json()["fields"]["updated"],
            person.get(f"{API}/serverInfo").json()["serverTime"],
            person.get(f"{REPO}/issues/1").json()["updated_at"],
        ]
    for text in told:
        assert timedelta(hours=23) < datetime.now(UTC) - datetime.fromisoformat(text) < timedelta(hours=25)


# ---------------------------------------------------------------- limits


def test_githubs_secondary_limit_counts_tickets_and_comments_of_one_account(sandbox: Sandbox) -> None:
    order(sandbox, "limits", github={"creates_per_min": 2})
    with github(sandbox) as client:
        assert client.post(f"{REPO}/issues", json={"title": "x"}).status_code == 201
        assert client.post(f"{REPO}/issues/1/comments", json={"body": "x"}).status_code == 201
        refused = client.post(f"{REPO}/issues", json={"title": "x"})
        assert refused.status_code == 403
        assert "secondary rate limit" in refused.json()["message"]
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert client.patch(f"{REPO}/issues/1", json={"title": "y"}).status_code == 200, "an edit makes nothing new"
    make_issues(sandbox, 1)  # a person has a budget of their own
    assert len(sandbox.state()["github"]) == 2
    assert sandbox.state()["refused"] == {"github": 1}


def test_githubs_hour_is_used_up_by_calls_but_not_by_304(sandbox: Sandbox) -> None:
    order(sandbox, "limits", github={"calls_per_h": 3})
    with github(sandbox) as client:
        first = client.get(f"{REPO}/issues")
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("3", "2")
        for _ in range(5):
            same = client.get(f"{REPO}/issues", headers={"If-None-Match": first.headers["etag"]})
            assert (same.status_code, same.headers["x-ratelimit-remaining"]) == (304, "2")
        client.get(REPO)
        client.get(REPO)
        refused = client.get(REPO)
        assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
        assert 3500 < int(refused.headers["x-ratelimit-reset"]) - time.time() < 3602
        assert client.get("/github/rate_limit").json()["rate"]["remaining"] == 0


def test_jira_limits_bursts_and_writes_to_one_issue(sandbox: Sandbox) -> None:
    order(sandbox, "limits", jira={"issue_writes_per_30s": 2})
    with jira(sandbox) as client:
        for _ in range(2):
            client.post(f"{API}/issue", json=BUG).raise_for_status()
        change = {"fields": {"summary": "x"}}
        # an issue is one issue, by key or by id
        names = ("SHOP-1", sandbox.state()["jira"][0]["id"], "shop-1")
        answers = [client.put(f"{API}/issue/{name}", json=change) for name in names]
        assert [answer.status_code for answer in answers] == [204, 204, 429]
        refused = answers[-1].headers
        assert refused["ratelimit-reason"] == "jira-per-issue-on-write"
        assert 1 <= int(refused["retry-after"]) <= 30
        assert datetime.strptime(refused["x-ratelimit-reset"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) > datetime.now(
            UTC
        )
        assert client.get(f"{API}/issue/SHOP-1").status_code == 200
        assert client.put(f"{API}/issue/SHOP-2", json=change).status_code == 204
        order(sandbox, "limits", jira={"burst_per_s": 0})
        burst = client.get(f"{API}/myself")
        assert (burst.status_code, burst.headers["ratelimit-reason"]) == (429, "jira-burst-based")


def test_sentry_limits_an_endpoint_and_says_so(sandbox: Sandbox) -> None:
    order(sandbox, "limits", sentry={"calls_per_s": 0})
    with sentry(sandbox) as client:
        refused = client.get(f"{ORG}/issues/")
        assert refused.status_code == 429
        assert refused.headers.get_list("x-sentry-rate-limit-remaining") == ["0"]
        assert int(refused.headers["x-sentry-rate-limit-reset"]) >= int(time.time())
        order(sandbox, "limits", sentry=None)
        assert {client.get(f"{ORG}/issues/").status_code for _ in range(5)} == {200}


def test_documented_limits_can_be_asked_for_by_name_and_unknown_ones_are_refused(sandbox: Sandbox) -> None:
    limits = order(sandbox, "limits", github="documented")["limits"]
    assert (limits["github"]["creates_per_min"], limits["github"]["creates_per_h"]) == (80, 500)
    for given in ({"slack": {}}, {"github": {"smiles_per_h": 3}}):
        assert sandbox.control.post("/sandbox/limits", json=given).status_code == 400


# ---------------------------------------------------------------- rights

CLIENTS = pytest.mark.parametrize(
    ("service", "client_of", "path"),
    [("sentry", sentry, f"{ORG}/issues/"), ("jira", jira, f"{API}/project/SHOP"), ("github", github, REPO)],
    ids=["sentry", "jira", "github"],
)


@CLIENTS
def test_a_revoked_token_opens_nothing_until_it_is_valid_again(
    sandbox: Sandbox, service: str, client_of: Any, path: str
) -> None:
    with client_of(sandbox) as client, sandbox.person() as person:
        order(sandbox, "access", **{service: {"revoked": True}})
        assert client.get(path).status_code == 401
        assert person.get(path).status_code == 200, "people keep their tokens"
        order(sandbox, "access", **{service: None})
        assert client.get(path).status_code == 200


@CLIENTS
def test_a_hidden_place_answers_404_to_our_account_alone(
    sandbox: Sandbox, service: str, client_of: Any, path: str
) -> None:
    with client_of(sandbox) as client, sandbox.person() as person:
        order(sandbox, "access", **{service: {"hidden": True}})
        assert (client.get(path).status_code, person.get(path).status_code) == (404, 200)


def test_jira_may_serve_a_revoked_token_like_a_stranger(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=BUG)
        assert "x-seraph-loginreason" not in client.get(f"{API}/issue/SHOP-1").headers
        order(sandbox, "access", jira={"revoked": True, "stranger": True})
        answers = {
            "issue": client.get(f"{API}/issue/SHOP-1"),
            "project": client.get(f"{API}/project/SHOP"),
            "search": client.post(f"{API}/search/jql", json={"jql": "project = SHOP"}),
            "create": client.post(f"{API}/issue", json=BUG),
            "myself": client.get(f"{API}/myself"),
        }
    codes = {name: answer.status_code for name, answer in answers.items()}
    assert codes == {"issue": 404, "project": 404, "search": 200, "create": 401, "myself": 401}
    assert answers["search"].json() == {"issues": [], "isLast": True}
    assert {answer.headers["x-seraph-loginreason"] for answer in answers.values()} == {"AUTHENTICATED_FAILED"}


@pytest.mark.parametrize(
    ("forbidden", "codes"), [("create", (403, 201, 200)), ("comment", (201, 403, 200)), ("write", (403, 403, 403))]
)
def test_a_right_can_be_taken_away(sandbox: Sandbox, forbidden: str, codes: tuple[int, ...]) -> None:
    make_issues(sandbox, 1)
    order(sandbox, "access", github={"forbidden": [forbidden]})
    with github(sandbox) as client:
        assert (
            client.post(f"{REPO}/issues", json={"title": "x"}).status_code,
            client.post(f"{REPO}/issues/1/comments", json={"body": "x"}).status_code,
            client.patch(f"{REPO}/issues/1", json={"title": "y"}).status_code,
        ) == codes
        assert client.get(f"{REPO}/issues/1").status_code == 200


def test_the_same_words_take_rights_away_in_all_three(sandbox: Sandbox) -> None:
    sandbox.throw(errors.event("checkout-null"))
    order(sandbox, "access", sentry={"forbidden": ["write"]}, jira={"forbidden": ["create"]})
    with jira(sandbox) as client:
        assert client.post(f"{API}/issue", json=BUG).status_code == 403
        assert client.post(f"{API}/search/jql", json={"jql": "project = SHOP"}).status_code == 200
    with sentry(sandbox) as client:
        assert client.put(f"{ORG}/issues/1/", json={"status": "resolved"}).status_code == 403
        assert client.get(f"{ORG}/issues/1/").json()["status"] == "unresolved"
    assert sandbox.control.post("/sandbox/access", json={"jira": {"forbidden": ["smile"]}}).status_code == 400


def test_reset_makes_everything_well(sandbox: Sandbox) -> None:
    order(sandbox, "access", github={"revoked": True})
    order(sandbox, "limits", jira={"burst_per_s": 0})
    order(sandbox, "clock", ahead_s=9000)
    order(sandbox, "weather", sentry={"drop": 1})
    order(sandbox, "index-lag", github_s=50, jira_s=50, sentry_s=50)
    order(sandbox, "reset")
    with github(sandbox) as client:
        client.post(f"{REPO}/issues", json={"title": "x"}).raise_for_status()
        assert len(client.get(f"{REPO}/issues").json()) == 1
        assert abs(parsedate_to_datetime(client.get(REPO).headers["date"]) - datetime.now(UTC)) < timedelta(seconds=5)
    with jira(sandbox) as client:
        assert client.get(f"{API}/myself").status_code == 200
    assert sandbox.state()["weather"] == {}
