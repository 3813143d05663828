"""Things that move in the practice trackers: moved, renamed, hidden, closed as duplicates, assigned, transferred."""

from typing import Any

import httpx
import pytest

from tests.contract.test_sandbox_hooks import Receiver, hook, receiver
from tests.fixtures.practice import Sandbox
from worker.sandbox import seed

__all__ = ["receiver"]  # a fixture, used by name

ORG = f"/sentry/api/0/organizations/{seed.ORG}"
API = "/jira/rest/api/3"
REPO = f"/github/repos/{seed.GITHUB_REPO}"
OTHER = f"/github/repos/{seed.GITHUB_OTHER_REPO}"


def jira(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(auth=(seed.JIRA_EMAIL, seed.JIRA_TOKEN))


def github(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"token {seed.GITHUB_TOKEN}"})


def order(sandbox: Sandbox, lever: str, **given: Any) -> Any:
    return sandbox.control.post(f"/sandbox/{lever}", json=given).raise_for_status().json()


def bug(**fields: Any) -> dict[str, Any]:
    usual = {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "A bug"}
    return {"fields": {**usual, **fields}}


def keys(client: httpx.Client, jql: str) -> list[str]:
    answer = client.post(f"{API}/search/jql", json={"jql": jql, "fields": ["summary"]}).raise_for_status()
    return [row["key"] for row in answer.json()["issues"]]


# ---------------------------------------------------------------- Jira


def test_an_issue_that_moves_to_another_project_answers_to_both_keys(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "jira", skip=["issue.created"])
    with jira(sandbox) as client:
        for _ in range(2):
            client.post(f"{API}/issue", json=bug(labels=["mark"]))
        assert order(sandbox, "jira", move={"SHOP-1": "OPS"})["moved"] == {"SHOP-1": "OPS-1"}
        for name in ("SHOP-1", "OPS-1", sandbox.state()["jira"][0]["id"]):
            found = client.get(f"{API}/issue/{name}").json()
            assert (found["key"], found["fields"]["project"]["key"]) == ("OPS-1", "OPS")
        assert keys(client, "project = SHOP") == ["SHOP-2"]
        assert keys(client, "project = OPS AND labels = mark") == ["OPS-1"]
        assert keys(client, "key = SHOP-1") == ["OPS-1"]
        client.post(f"{API}/issue", json=bug(project={"key": "OPS"}))
        client.post(f"{API}/issue", json=bug())
    assert [row["key"] for row in sandbox.state()["jira"]] == ["OPS-1", "SHOP-2", "OPS-2", "SHOP-3"]
    told = receiver.read(sandbox.settle()[0])
    assert (told["webhookEvent"], told["issue"]["key"]) == ("jira:issue_updated", "OPS-1")
    assert {item["field"]: item["toString"] for item in told["changelog"]["items"]} == {
        "Key": "OPS-1",
        "project": "Operations",
    }


def test_a_renamed_project_keeps_its_old_key_alive(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=bug())
        order(sandbox, "jira", rename={"SHOP": "STORE"})
        assert client.get(f"{API}/issue/SHOP-1").json()["key"] == "STORE-1"
        assert client.get(f"{API}/project/SHOP").json()["key"] == "STORE"
        assert keys(client, "project = SHOP") == keys(client, "project = STORE") == ["STORE-1"]
        assert client.post(f"{API}/issue", json=bug()).json()["key"] == "STORE-2"


def test_what_our_account_may_not_see_is_404_and_in_no_search(sandbox: Sandbox) -> None:
    with jira(sandbox) as client, sandbox.person() as person:
        for _ in range(3):
            client.post(f"{API}/issue", json=bug())
        order(sandbox, "jira", hide=["SHOP-1"], move={"SHOP-2": "VAULT"})
        for name in ("SHOP-1", "SHOP-2", "VAULT-1"):
            assert (client.get(f"{API}/issue/{name}").status_code, person.get(f"{API}/issue/{name}").status_code) == (
                404,
                200,
            )
        assert keys(client, "updated >= -5m") == ["SHOP-3"]
        assert client.get(f"{API}/project/VAULT").status_code == 404
        assert person.get(f"{API}/project/VAULT").status_code == 200
        for jql in ("project = VAULT", "key = SHOP-1"):
            assert client.post(f"{API}/search/jql", json={"jql": jql}).status_code == 400
        assert [row["key"] for row in client.get(f"{API}/project/search").json()["values"]] == ["SHOP", "OPS"]
        assert client.post(f"{API}/issue", json=bug(project={"key": "VAULT"})).status_code == 400
        order(sandbox, "jira", show=["SHOP-1"], private={"VAULT": False})
        assert {client.get(f"{API}/issue/{name}").status_code for name in ("SHOP-1", "SHOP-2")} == {200}


def test_a_closing_transition_takes_a_resolution_while_its_screen_asks_for_one(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        for _ in range(3):
            client.post(f"{API}/issue", json=bug())

        def steps(key: str) -> dict[str, Any]:
            told = client.get(f"{API}/issue/{key}/transitions", params={"expand": "transitions.fields"}).json()
            return {step["to"]["name"]: step for step in told["transitions"]}

        def take(key: str, name: str, **fields: Any) -> int:
            body = {"transition": {"id": steps(key)[name]["id"]}, **({"fields": fields} if fields else {})}
            return client.post(f"{API}/issue/{key}/transitions", json=body).status_code

        offered = steps("SHOP-1")["Won't Do"]["fields"]["resolution"]["allowedValues"]
        assert "Duplicate" in {one["name"] for one in offered}
        assert steps("SHOP-1")["In Progress"]["fields"] == {}
        assert take("SHOP-1", "In Progress", resolution={"name": "Duplicate"}) == 400
        assert take("SHOP-1", "Won't Do", resolution={"name": "Nonsense"}) == 400
        assert take("SHOP-1", "Won't Do", resolution={"name": "Duplicate"}) == 204
        assert take("SHOP-2", "Won't Do") == 204
        order(sandbox, "jira", resolution_screen=False)
        assert steps("SHOP-3")["Won't Do"]["fields"] == {}
        assert take("SHOP-3", "Won't Do", resolution={"name": "Duplicate"}) == 400
    assert [row["resolution"] for row in sandbox.state()["jira"]] == ["Duplicate", "Won't Do", None]


def test_a_duplicate_link_is_shown_from_both_sides(sandbox: Sandbox) -> None:
    with jira(sandbox) as client:
        for _ in range(2):
            client.post(f"{API}/issue", json=bug())
        body = {"type": {"name": "Duplicate"}, "inwardIssue": {"key": "SHOP-2"}, "outwardIssue": {"key": "SHOP-1"}}
        for _ in range(2):
            assert client.post(f"{API}/issueLink", json=body).status_code == 201
        [link] = client.get(f"{API}/issue/SHOP-2").json()["fields"]["issuelinks"]
        assert (link["type"]["outward"], link["outwardIssue"]["key"]) == ("duplicates", "SHOP-1")
        [link] = client.get(f"{API}/issue/SHOP-1").json()["fields"]["issuelinks"]
        assert (link["type"]["inward"], link["inwardIssue"]["key"]) == ("is duplicated by", "SHOP-2")
    assert [row["duplicate_of"] for row in sandbox.state()["jira"]] == [None, "SHOP-1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("robin", ["robin@acme.example"]),
        ("acme", ["robin@acme.example", "kim@acme.example", None]),
        ("kim@acme.example", ["kim@acme.example"]),
        ("sam@acme.example", []),
        ("sam", [None]),
        ("nobody", []),
    ],
)
def test_assignable_people_are_found_by_what_they_show(sandbox: Sandbox, query: str, found: list[str | None]) -> None:
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=bug())
        for place in ({"project": "SHOP"}, {"issueKey": "SHOP-1"}):
            rows = client.get(f"{API}/user/assignable/search", params={"query": query, **place}).json()
            assert [row.get("emailAddress") for row in rows] == found
        codes = [
            client.get(f"{API}/user/assignable/search", params={"query": query, **place}).status_code
            for place in ({}, {"project": "NOPE"}, {"project": "VAULT"}, {"issueKey": "SHOP-9"})
        ]
    assert codes == [400, 404, 404, 404]


def test_assignee_and_priority_change_and_history_names_accounts(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "jira", skip=["issue.created"])
    kim = seed.JIRA_ACCOUNTS[2]
    with jira(sandbox) as client:
        client.post(f"{API}/issue", json=bug())
        assert client.put(f"{API}/issue/SHOP-1/assignee", json={"accountId": kim.id}).status_code == 204
        assert client.get(f"{API}/issue/SHOP-1").json()["fields"]["assignee"]["accountId"] == kim.id
        assert client.put(f"{API}/issue/SHOP-1/assignee", json={"accountId": "nobody"}).status_code == 400
        assert client.put(f"{API}/issue/SHOP-1/assignee", json={"accountId": None}).status_code == 204
        assert client.put(f"{API}/issue/SHOP-1", json={"fields": {"priority": {"name": "Highest"}}}).status_code == 204
        items = [entry["items"][0] for entry in client.get(f"{API}/issue/SHOP-1/changelog").json()["values"]]
    assert [(item["field"], item["from"], item["to"]) for item in items[:2]] == [
        ("assignee", None, kim.id),
        ("assignee", kim.id, None),
    ]
    assert items[2]["toString"] == "Highest"
    row = sandbox.state()["jira"][0]
    assert (row["assignee"], row["priority"]) == (None, "Highest")
    assert [letter["what"] for letter in sandbox.settle()] == ["issue.updated"] * 3


def test_a_comment_says_who_wrote_it_and_who_changed_it_last(sandbox: Sandbox) -> None:
    with jira(sandbox) as client, sandbox.person() as person:
        client.post(f"{API}/issue", json=bug())
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "hello"}]}
        body = {"body": {"type": "doc", "version": 1, "content": [paragraph]}}
        made = client.post(f"{API}/issue/SHOP-1/comment", json=body).json()
        edited = person.put(f"{API}/issue/SHOP-1/comment/{made['id']}", json=body).json()
    authors = (edited["author"]["displayName"], edited["updateAuthor"]["displayName"])
    assert authors == ("Bugferry", "Robin Acme")
    assert edited["updated"] >= edited["created"] == made["created"]
    assert sandbox.state()["jira"][0]["talk"] == [{"id": made["id"], "author": seed.JIRA_EMAIL, "text": "hello"}]


def test_our_own_issues_are_listed_oldest_first(sandbox: Sandbox) -> None:
    with jira(sandbox) as client, sandbox.person() as person:
        client.post(f"{API}/issue", json=bug())
        person.post(f"{API}/issue", json=bug())
        client.post(f"{API}/issue", json=bug())
        assert keys(client, "creator = currentUser() AND created >= -5m ORDER BY created ASC") == ["SHOP-1", "SHOP-3"]


# ---------------------------------------------------------------- GitHub


def test_an_issue_is_closed_as_a_duplicate_of_one_that_exists(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        first, second = (client.post(f"{REPO}/issues", json={"title": "x"}).json() for _ in "ab")
        closing = {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": first["id"]}
        assert client.patch(f"{REPO}/issues/2", json={**closing, "duplicate_issue_id": 5}).status_code == 422
        assert client.patch(f"{REPO}/issues/2", json=closing).json()["state_reason"] == "duplicate"
        assert sandbox.state()["github"][1]["duplicate_of"] == "1"
        events = client.get(f"{REPO}/issues/2/timeline").json()
        assert [event["event"] for event in events] == ["marked_as_duplicate", "closed"]
        assert events[1]["state_reason"] == "duplicate"
        client.patch(f"{REPO}/issues/2", json={"state": "open"})
    assert sandbox.state()["github"][1]["duplicate_of"] is None
    assert second["id"] != first["id"]


def test_a_comment_can_mark_a_duplicate_and_closes_nothing(sandbox: Sandbox) -> None:
    with github(sandbox) as client, sandbox.person() as person:
        for _ in range(2):
            client.post(f"{REPO}/issues", json={"title": "x"})
        person.post(f"{REPO}/issues/2/comments", json={"body": "This is not a duplicate of #1, is it?"})
        assert sandbox.state()["github"][1]["duplicate_of"] is None
        person.post(f"{REPO}/issues/2/comments", json={"body": "Duplicate of #1"})
    row = sandbox.state()["github"][1]
    assert (row["duplicate_of"], row["status"]) == ("1", "open")
    assert [said["author"] for said in row["talk"]] == [seed.PERSON_GITHUB_LOGIN] * 2


def test_people_are_assigned_and_strangers_ignored(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        client.post(f"{REPO}/issues", json={"title": "x"})
        at = f"{REPO}/issues/1/assignees"
        added = client.post(at, json={"assignees": ["Kim-Acme", "stranger", "robin-acme"]})
        assert (added.status_code, [who["login"] for who in added.json()["assignees"]]) == (
            201,
            ["robin-acme", "kim-acme"],
        )
        removed = client.request("DELETE", at, json={"assignees": ["robin-acme"]}).json()
        assert [who["login"] for who in removed["assignees"]] == ["kim-acme"]
        assert client.patch(f"{REPO}/issues/1", json={"assignees": []}).json()["assignees"] == []
        assert client.patch(f"{REPO}/issues/1", json={"assignees": ["stranger"]}).status_code == 422
        codes = [client.get(f"{REPO}/assignees/{login}").status_code for login in ("kim-acme", "stranger")]
        assert codes == [204, 404]
        order(sandbox, "github", can_push=False)
        assert client.post(at, json={"assignees": ["kim-acme"]}).json()["assignees"] == []


def test_nobody_on_github_is_found_by_address(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        by_mail = client.get("/github/search/users", params={"q": "kim@acme.example in:email"}).json()
        assert by_mail == {"total_count": 0, "incomplete_results": False, "items": []}
        assert client.get("/github/search/users", params={"q": "kim-acme"}).json()["total_count"] == 1
        assert client.get("/github/users/kim-acme").json()["email"] is None
        assert client.get("/github/users/stranger").status_code == 404


def test_a_transferred_issue_lives_on_elsewhere_under_a_new_number(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "github", skip=["issues.opened", "issues.labeled", "issue_comment", "issues.assigned"])
    with github(sandbox) as client:
        made = client.post(
            f"{REPO}/issues", json={"title": "x", "labels": ["bug", "ours"], "assignees": ["kim-acme"]}
        ).json()
        client.post(f"{OTHER}/issues", json={"title": "theirs"}).raise_for_status()
        client.post(f"{REPO}/issues/1/comments", json={"body": "hello"})
        assert order(sandbox, "github", transfer={"1": seed.GITHUB_OTHER_REPO})["moved"] == {"1": "acme/platform#2"}
        for path in ("", "/comments", "?page=1"):
            away = client.get(f"{REPO}/issues/1{path}")
            assert (away.status_code, away.headers["location"]) == (
                301,
                f"{sandbox.github_url}/repos/acme/platform/issues/2{path}",
            )
        there = client.get(f"{OTHER}/issues/2").json()
        assert there["repository_url"].endswith("/repos/acme/platform")
        assert (there["title"], there["created_at"], there["user"]["login"]) == (
            "x",
            made["created_at"],
            seed.GITHUB_LOGIN,
        )
        assert there["id"] != made["id"]
        assert ([label["name"] for label in there["labels"]], there["assignee"]["login"]) == (["bug"], "kim-acme")
        assert [row["body"] for row in client.get(f"{OTHER}/issues/2/comments").json()] == ["hello"]
        assert client.patch(f"{OTHER}/issues/2", json={"state": "closed"}).status_code == 200
        assert client.get(f"{REPO}/issues", params={"state": "all"}).json() == []
    assert {row["key"] for row in sandbox.state()["github"]} == {"acme/platform#1", "acme/platform#2"}
    letters = sandbox.settle()
    assert [letter["what"] for letter in letters] == ["issues.transferred", "issues.closed"]
    told = receiver.read(letters[0])
    assert told["changes"]["new_repository"]["full_name"] == "acme/platform"
    assert (told["issue"]["number"], told["changes"]["new_issue"]["number"]) == (1, 2)


def test_a_renamed_repository_redirects_from_its_old_name(sandbox: Sandbox) -> None:
    with github(sandbox) as client:
        client.post(f"{REPO}/issues", json={"title": "x"})
        order(sandbox, "github", rename="acme/store")
        away = client.get(f"{REPO}/issues/1")
        assert (away.status_code, away.headers["location"]) == (301, f"{sandbox.github_url}/repos/acme/store/issues/1")
        there = client.get("/github/repos/acme/store/issues/1").json()
        assert there["url"].endswith("/repos/acme/store/issues/1")
        assert sandbox.control.get("/github/acme/shop/issues/1").status_code == 200, "people's links still work"


def test_comments_page_and_show_who_changed_them_when(sandbox: Sandbox) -> None:
    with github(sandbox) as client, sandbox.person() as person:
        client.post(f"{REPO}/issues", json={"title": "x"})
        for number in range(3):
            person.post(f"{REPO}/issues/1/comments", json={"body": f"n{number}"})
        pages = [
            client.get(f"{REPO}/issues/1/comments", params={"per_page": 2, "page": page}).json() for page in (1, 2)
        ]
        assert [[row["body"] for row in rows] for rows in pages] == [["n0", "n1"], ["n2"]]
        order(sandbox, "clock", ahead_s=60)
        changed = client.patch(f"{REPO}/issues/comments/{pages[0][0]['id']}", json={"body": "anew"}).json()
        assert changed["user"]["login"] == seed.PERSON_GITHUB_LOGIN
        assert changed["updated_at"] > changed["created_at"]
        assert client.get(f"{REPO}/issues/1").json()["updated_at"] >= changed["updated_at"]
