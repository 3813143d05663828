"""The practice Jira and GitHub: their workflow, their refusals and their little treacheries."""

from typing import Any

import httpx
import pytest

from tests.fixtures.practice import Sandbox
from worker.sandbox import seed

API = "/jira/rest/api/3"
REPO = f"/github/repos/{seed.GITHUB_REPO}"


def jira(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(auth=(seed.JIRA_EMAIL, seed.JIRA_TOKEN))


def github(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"token {seed.GITHUB_TOKEN}"})


def document(text: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def bug(**fields: Any) -> dict[str, Any]:
    usual = {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "A bug"}
    return {"fields": {**usual, **fields}}


def search(client: httpx.Client, jql: str, **more: Any) -> list[str]:
    answer = client.post(f"{API}/search/jql", json={"jql": jql, "fields": ["summary"], **more})
    return [row["key"] for row in answer.raise_for_status().json()["issues"]]


# ---------------------------------------------------------------- Jira


def test_the_workflow_takes_its_steps_and_sets_resolutions(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=bug())
        path, seen = [], []
        for wanted in ("In Progress", "Done", "In Progress", "To Do", "Won't Do"):
            open_now = client.get(f"{API}/issue/SHOP-1/transitions").json()["transitions"]
            step = next(one["id"] for one in open_now if one["to"]["name"] == wanted)
            assert client.post(f"{API}/issue/SHOP-1/transitions", json={"transition": {"id": step}}).status_code == 204
            fields = client.get(f"{API}/issue/SHOP-1").json()["fields"]
            seen.append((fields["resolution"] or {}).get("name"))
            path.append(fields["status"]["statusCategory"]["key"])
        assert seen == [None, "Done", None, None, "Won't Do"]
        assert path == ["indeterminate", "done", "indeterminate", "new", "done"]
        refused = client.post(f"{API}/issue/SHOP-1/transitions", json={"transition": {"id": "41"}})
        assert refused.status_code == 400
        history = client.get(f"{API}/issue/SHOP-1/changelog").json()["values"]
        assert [entry["items"][0]["toString"] for entry in history] == path_names()


def path_names() -> list[str]:
    return ["In Progress", "Done", "In Progress", "To Do", "Won't Do"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"summary": ""}, "summary"),
        ({"summary": "two\nlines"}, "summary"),
        ({"summary": "x" * 256}, "summary"),
        ({"project": {"key": "NOPE"}}, "project"),
        ({"issuetype": {"name": "Epos"}}, "issuetype"),
        ({"priority": {"name": "Urgent"}}, "priority"),
        ({"labels": ["two words"]}, "labels"),
        ({"description": "plain text"}, "description"),
        ({"description": {"type": "doc", "version": 1, "content": [{"type": "marquee"}]}}, "description"),
        ({"description": document("x" * 32_768)}, "description"),
        ({"customfield_10001": 1}, "customfield_10001"),
    ],
)
def test_jira_refuses_a_bad_create_by_field(sandbox: Sandbox, fields: dict[str, Any], field: str) -> None:
    with jira(sandbox) as client:
        answer = client.post(f"{API}/issue", json=bug(**fields))
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert sandbox.state()["jira"] == []


def test_v2_takes_text_where_v3_takes_documents(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        assert client.post("/jira/rest/api/2/issue", json=bug(description="plain")).status_code == 201
        assert client.post("/jira/rest/api/2/issue", json=bug(description=document("x"))).status_code == 400
        assert client.get("/jira/rest/api/2/issue/SHOP-1").json()["fields"]["description"] == "plain"
        assert client.get(f"{API}/issue/SHOP-1").json()["fields"]["description"] == document("plain")


def test_search_names_its_fields_and_pages_by_token(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        for number in range(5):
            client.post(f"{API}/issue", json=bug(labels=[f"n{number}"]))
        first = client.get(
            f"{API}/search/jql", params={"jql": "project = SHOP ORDER BY created ASC", "maxResults": 2}
        ).json()
        assert [set(row) for row in first["issues"]] == [{"id"}, {"id"}], "ids only unless asked"
        assert "total" not in first
        keys: list[str] = []
        token = None
        while token is not None or not keys:
            body = {
                "jql": "project = SHOP ORDER BY key ASC",
                "maxResults": 2,
                "fields": ["labels"],
                "nextPageToken": token,
            }
            page = client.post(f"{API}/search/jql", json={k: v for k, v in body.items() if v}).json()
            keys += [row["key"] for row in page["issues"]]
            token = page.get("nextPageToken")
            assert page["isLast"] == (token is None)
        assert keys == [f"SHOP-{n}" for n in range(1, 6)]
        assert client.get(f"{API}/search", params={"jql": "project = SHOP"}).status_code == 410


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ("project = SHOP AND labels = red", ["SHOP-1"]),
        ('project = "SHOP" and labels in (red, "blue") order by created asc', ["SHOP-1", "SHOP-2"]),
        ("key in (SHOP-2, SHOP-1) ORDER BY key DESC", ["SHOP-2", "SHOP-1"]),
        ("issuekey = shop-2", ["SHOP-2"]),
        ("updated >= -5m AND project = SHOP", ["SHOP-2", "SHOP-1"]),
        ('updated >= "2020-01-01 10:00" AND labels = blue', ["SHOP-2"]),
        ('created >= "2099-01-01 10:00" AND project = SHOP', []),
        ("creator = currentUser() AND labels != red", ["SHOP-2"]),
        ("statusCategory = new AND resolution is EMPTY", ["SHOP-2", "SHOP-1"]),
    ],
)
def test_jql(sandbox: Sandbox, jql: str, found: list[str]) -> None:
    with jira(sandbox) as client:
        for label in ("red", "blue"):
            client.post(f"{API}/issue", json=bug(labels=[label]))
        assert search(client, jql) == found


@pytest.mark.parametrize(
    "jql",
    [
        "",
        "ORDER BY created",
        "project = NOPE",
        "labels = red OR labels = blue",
        "(labels = red)",
        "labels =",
        'labels = "red',
        "sprint = 3",
        "updated >= yesterday",
        "key in (SHOP-999)",
        "labels red",
        "project = SHOP ORDER BY colour",
    ],
)
def test_jql_it_does_not_speak_is_refused(sandbox: Sandbox, jql: str) -> None:
    with jira(sandbox) as client:
        answer = client.post(f"{API}/search/jql", json={"jql": jql})
        assert answer.status_code == 400
        assert answer.json()["errorMessages"]


def test_the_index_lags_but_reconciling_reads_through(sandbox: Sandbox) -> None:
    sandbox.control.post("/sandbox/index-lag", json={"jira_s": 3600}).raise_for_status()
    with jira(sandbox) as client:
        made = client.post(f"{API}/issue", json=bug(labels=["red"])).json()
        assert search(client, "labels = red") == []
        assert client.get(f"{API}/issue/{made['key']}").status_code == 200
        assert search(client, "labels = red", reconcileIssues=[int(made["id"])]) == [made["key"]]
        sandbox.control.post("/sandbox/index-lag", json={"jira_s": 0}).raise_for_status()
        assert search(client, "labels = red") == [made["key"]]


def test_labels_are_added_and_removed(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=bug(labels=["red"]))
        client.put(f"{API}/issue/SHOP-1", json={"update": {"labels": [{"add": "blue"}, {"remove": "red"}]}})
        assert client.get(f"{API}/issue/SHOP-1").json()["fields"]["labels"] == ["blue"]


def test_jira_says_no(sandbox: Sandbox) -> None:
    assert sandbox.control.get(f"{API}/myself").status_code == 401
    with jira(sandbox) as client:
        assert "errorMessages" in client.get(f"{API}/issue/SHOP-1").json()
        assert client.post(f"{API}/issue", content=b"{").status_code == 400
        client.post(f"{API}/issue", json=bug())
        assert client.delete(f"{API}/issue/SHOP-1").status_code == 204
        assert client.get(f"{API}/issue/SHOP-1").status_code == 404
        assert client.get(f"{API}/project/SHOP").status_code == 200, "gone, and provably so"


# ---------------------------------------------------------------- GitHub


def test_an_issue_is_closed_with_its_reason_and_reopened(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        made = client.post(f"{REPO}/issues", json={"title": "A bug", "labels": ["Bug", "brand new"]})
        assert made.headers["location"] == made.json()["url"]
        assert [label["name"] for label in made.json()["labels"]] == ["bug", "brand new"], "labels know no case"
        issue = f"{REPO}/issues/1"
        closed = client.patch(issue, json={"state": "closed"}).json()
        assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
        assert (
            client.patch(issue, json={"state": "closed", "state_reason": "not_planned"}).json()["state_reason"]
            == "not_planned"
        )
        opened = client.patch(issue, json={"state": "open"}).json()
        assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)
        events = [event["event"] for event in client.get(f"{issue}/events").json()]
        assert events == ["labeled", "labeled", "closed", "closed", "reopened"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "x" * 257},
        {"title": "x", "body": "y" * 65_537},
        {"title": "x", "labels": ["y" * 51]},
        {"title": "x", "assignees": ["stranger"]},
    ],
)
def test_github_refuses_a_bad_create(sandbox: Sandbox, body: dict[str, Any]) -> None:
    with github(sandbox) as client:
        answer = client.post(f"{REPO}/issues", json=body)
        assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    assert sandbox.state()["github"] == []


def test_without_push_access_labels_are_dropped(sandbox: Sandbox) -> None:
    sandbox.control.post("/sandbox/github", json={"can_push": False}).raise_for_status()
    with github(sandbox) as client:
        assert client.post(f"{REPO}/issues", json={"title": "x", "labels": ["bug"]}).json()["labels"] == []


def test_lists_filter_page_and_answer_304(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        for number in range(5):
            client.post(f"{REPO}/issues", json={"title": f"n{number}", "labels": ["odd"] if number % 2 else []})
        client.patch(f"{REPO}/issues/1", json={"state": "closed"})
        assert len(client.get(f"{REPO}/issues").json()) == 4
        first = client.get(f"{REPO}/issues", params={"state": "all", "per_page": 2})
        assert [row["number"] for row in first.json()] == [5, 4]
        assert [row["number"] for row in client.get(first.links["last"]["url"]).json()] == [1]
        assert [row["number"] for row in client.get(f"{REPO}/issues", params={"labels": "ODD"}).json()] == [4, 2]
        assert client.get(f"{REPO}/issues", params={"creator": seed.PERSON_GITHUB_LOGIN}).json() == []
        assert client.get(f"{REPO}/issues", params={"since": "2099-01-01T00:00:00Z"}).json() == []
        tag = first.headers["etag"]
        same: dict[str, str | int] = {"state": "all", "per_page": 2}
        assert client.get(f"{REPO}/issues", params=same, headers={"If-None-Match": tag}).status_code == 304
        client.post(f"{REPO}/issues", json={"title": "new"})
        assert client.get(f"{REPO}/issues", params=same, headers={"If-None-Match": tag}).status_code == 200


def test_issues_move_away_are_deleted_and_switched_off(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        for _ in range(2):
            client.post(f"{REPO}/issues", json={"title": "x"})
        order = {"transferred": {"1": "acme/other/issues/7"}, "delete": 2, "old_names": ["acme/old"]}
        sandbox.control.post("/sandbox/github", json=order).raise_for_status()
        away = client.get(f"{REPO}/issues/1")
        assert (away.status_code, away.headers["location"]) == (301, f"{sandbox.github_url}/repos/acme/other/issues/7")
        assert client.get(f"{REPO}/issues/2").status_code == 410
        renamed = client.get("/github/repos/acme/old/issues/1")
        assert (renamed.status_code, renamed.headers["location"]) == (
            301,
            f"{sandbox.github_url}/repos/acme/shop/issues/1",
        )
        assert client.get("/github/repos/acme/other").status_code == 404
        sandbox.control.post("/sandbox/github", json={"has_issues": False}).raise_for_status()
        assert client.get(f"{REPO}/issues").status_code == 410
        assert client.get(REPO).json()["has_issues"] is False


def test_github_list_may_lag(sandbox: Sandbox) -> None:
    sandbox.control.post("/sandbox/index-lag", json={"github_s": 3600}).raise_for_status()
    with github(sandbox) as client:
        client.post(f"{REPO}/issues", json={"title": "x"})
        assert client.get(f"{REPO}/issues").json() == []
        assert client.get(f"{REPO}/issues/1").status_code == 200


def test_github_says_no(sandbox: Sandbox) -> None:
    answer = sandbox.control.get(REPO, headers={"Authorization": "token wrong"})
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
    assert "x-ratelimit-remaining" in answer.headers
    with github(sandbox) as client:
        assert client.get(f"{REPO}/issues/1").json()["message"] == "Not Found"
        assert client.post(f"{REPO}/labels", json={"name": "BUG"}).status_code == 422
