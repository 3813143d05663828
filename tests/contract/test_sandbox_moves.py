"""Things that move in the practice services: merged, split, renamed, moved, assigned, talked about, escalated."""

import json
from typing import Any

import httpx
import pytest

from tests.contract.test_sandbox_hooks import Receiver, hook, receiver
from tests.fixtures.practice import Sandbox
from worker.sandbox import errors, seed

__all__ = ["receiver"]  # a fixture, used by name

ORG = f"/sentry/api/0/organizations/{seed.ORG}"
ISSUE = f"{ORG}/issues/1/"
API = "/jira/rest/api/3"
REPO = f"/github/repos/{seed.GITHUB_REPO}"
OTHER = f"/github/repos/{seed.GITHUB_OTHER_REPO}"
ROBIN, KIM, SAM = seed.SENTRY_ACCOUNTS[1:]


def sentry(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"Bearer {seed.SENTRY_TOKEN}"})


def jira(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(auth=(seed.JIRA_EMAIL, seed.JIRA_TOKEN))


def github(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"token {seed.GITHUB_TOKEN}"})


def order(sandbox: Sandbox, lever: str, **given: Any) -> Any:
    return sandbox.control.post(f"/sandbox/{lever}", json=given).raise_for_status().json()


def boom(sandbox: Sandbox, name: str = "checkout-null", **changes: Any) -> None:
    sandbox.throw(errors.event(name, **changes)).raise_for_status()


def kinds(client: httpx.Client, issue: str = ISSUE) -> list[str]:
    """Types of activity, oldest first."""
    return [row["type"] for row in reversed(client.get(issue).json()["activity"])]


def bug(**fields: Any) -> dict[str, Any]:
    usual = {"project": {"key": "SHOP"}, "issuetype": {"name": "Bug"}, "summary": "A bug"}
    return {"fields": {**usual, **fields}}


def keys(client: httpx.Client, jql: str) -> list[str]:
    answer = client.post(f"{API}/search/jql", json={"jql": jql, "fields": ["summary"]}).raise_for_status()
    return [row["key"] for row in answer.json()["issues"]]


# ---------------------------------------------------------------- Sentry: one issue becomes two, or none


def test_a_part_of_a_merged_issue_leaves_into_a_new_one(sandbox: Sandbox) -> None:
    for name in ("checkout-null", "checkout-null", "cart-quantity"):
        boom(sandbox, name)
    with sentry(sandbox) as client:
        client.put(f"{ORG}/issues/", params={"id": ["1", "2"]}, json={"merge": 1}).raise_for_status()
        fresh = order(sandbox, "sentry", unmerge="1")
        assert fresh["id"] == "3", "not the id it had before the merge"
        source, destination = (client.get(f"{ORG}/issues/{name}/").json() for name in ("1", "3"))
        assert (source["count"], destination["count"]) == ("2", "1")
        assert (destination["status"], destination["shortId"]) == ("unresolved", "SHOP-WEB-3")
        assert source["activity"][0]["type"] == "unmerge_source"
        assert source["activity"][0]["data"]["destination"]["id"] == "3"
        assert destination["activity"][0]["type"] == "unmerge_destination"
        assert destination["activity"][0]["data"]["source"]["id"] == "1"
        assert client.get(f"{ORG}/issues/2/").json()["id"] == "1", "the merged id still leads to its parent"
        boom(sandbox, "cart-quantity")
        assert client.get(f"{ORG}/issues/3/").json()["count"] == "2", "new events follow their hash"
        assert "SHOP-WEB-3" in {row["shortId"] for row in client.get(f"{ORG}/issues/").json()}
    assert sandbox.control.post("/sandbox/sentry", json={"unmerge": "1"}).status_code == 400, "nothing to spare"


def test_comments_of_a_merged_issue_go_to_its_parent(sandbox: Sandbox) -> None:
    for name in ("checkout-null", "checkout-null", "cart-quantity"):
        boom(sandbox, name)
    with sentry(sandbox) as client:
        client.post(f"{ORG}/issues/2/comments/", json={"text": "hello"}).raise_for_status()
        client.put(f"{ORG}/issues/", params={"id": ["1", "2"]}, json={"merge": 1}).raise_for_status()
        assert [row["data"]["text"] for row in client.get(f"{ISSUE}comments/").json()] == ["hello"]


def test_a_discarded_issue_never_comes_back_and_a_deleted_one_does(sandbox: Sandbox) -> None:
    boom(sandbox)
    boom(sandbox, "cart-quantity")
    with sentry(sandbox) as client:
        assert client.put(ISSUE, json={"discard": True}).status_code == 204
        assert client.delete(f"{ORG}/issues/2/").status_code == 202
        boom(sandbox)
        boom(sandbox, "cart-quantity")
        assert [row["id"] for row in client.get(f"{ORG}/issues/").json()] == ["3"]
        assert client.get(ISSUE).status_code == 404


def test_several_issues_are_deleted_at_once(sandbox: Sandbox) -> None:
    for name in ("checkout-null", "cart-quantity", "search-facets"):
        boom(sandbox, name)
    with sentry(sandbox) as client:
        assert client.delete(f"{ORG}/issues/", params={"id": ["1", "3"]}).status_code == 204
    assert [row["id"] for row in sandbox.state()["issues"]] == ["2"]


def test_issues_of_two_projects_are_not_merged(sandbox: Sandbox) -> None:
    boom(sandbox)
    sandbox.throw(errors.event("stock-keyerror"), seed.PROJECTS[1])
    with sentry(sandbox) as client:
        assert client.put(f"{ORG}/issues/", params={"id": ["1", "2"]}, json={"merge": 1}).status_code == 400


def test_a_renamed_project_changes_short_ids_and_no_ids(sandbox: Sandbox) -> None:
    boom(sandbox)
    order(sandbox, "sentry", rename={"shop-web": "storefront"})
    boom(sandbox)
    with sentry(sandbox) as client:
        row = client.get(ISSUE).json()
        assert (row["shortId"], row["project"]["slug"], row["count"]) == ("STOREFRONT-1", "storefront", "2")
        assert client.get(f"{ORG}/issues/", params={"query": "issue:STOREFRONT-1"}).json()[0]["id"] == "1"
        assert client.get(f"{ORG}/shortids/SHOP-WEB-1/").status_code == 404


def test_a_search_for_an_unknown_short_id_is_refused_unless_told_otherwise(sandbox: Sandbox) -> None:
    boom(sandbox)
    asked = {"query": "issue:[SHOP-WEB-1,SHOP-WEB-9]"}
    with sentry(sandbox) as client:
        refused = client.get(f"{ORG}/issues/", params=asked)
        assert refused.status_code == 400
        assert "SHOP-WEB-9" in refused.json()["detail"]
        assert "SHOP-WEB-1'" not in refused.json()["detail"]
        order(sandbox, "sentry", lenient=True)
        assert [row["id"] for row in client.get(f"{ORG}/issues/", params=asked).json()] == ["1"]


# ---------------------------------------------------------------- Sentry: comments and people


def test_comments_are_written_read_edited_and_told(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "sentry", skip=["error", "issue"])
    boom(sandbox)
    with sentry(sandbox) as app, sandbox.person() as person:
        mine = app.post(f"{ISSUE}comments/", json={"text": "from the app"})
        theirs = person.post(f"{ISSUE}comments/", json={"text": "from Robin"}).json()
        assert (mine.status_code, mine.json()["type"], mine.json()["data"]) == (201, "note", {"text": "from the app"})
        assert (mine.json()["sentry_app"]["slug"], mine.json()["user"]["email"]) == (seed.SENTRY_APP_SLUG, "")
        assert (theirs["sentry_app"], theirs["user"]["email"]) == (None, ROBIN.login)
        edited = app.put(f"{ISSUE}comments/{mine.json()['id']}/", json={"text": "anew"}).json()
        assert (edited["data"]["text"], edited["dateCreated"]) == ("anew", mine.json()["dateCreated"])
        assert [row["data"]["text"] for row in app.get(f"{ISSUE}comments/").json()] == ["from Robin", "anew"]
        assert app.put(f"{ISSUE}comments/{theirs['id']}/", json={"text": "no"}).status_code == 404, "not one's own"
        detail = app.get(ISSUE).json()
        assert [row["data"]["text"] for row in detail["activity"] if row["type"] == "note"] == ["from Robin", "anew"]
        assert detail["numComments"] == 2
        assert person.delete(f"{ISSUE}comments/{theirs['id']}/").status_code == 204
    sandbox.settle()
    told = {
        (headers["sentry-hook-resource"], json.loads(body)["action"]): json.loads(body)
        for headers, body in receiver.got
    }
    assert set(told) == {("comment", "created"), ("comment", "updated"), ("comment", "deleted")}
    update = told["comment", "updated"]
    assert (update["data"]["comment"], update["data"]["issue_id"]) == ("anew", 1)
    assert update["data"]["comment_id"] == int(mine.json()["id"])
    assert update["actor"]["type"] == "application"


def test_a_comment_needs_words_and_not_the_same_ones_again(sandbox: Sandbox) -> None:
    boom(sandbox)
    with sentry(sandbox) as client, sandbox.person() as person:
        codes = [client.post(f"{ISSUE}comments/", json=body).status_code for body in ({}, {"text": " "}, {"text": "x"})]
        assert codes == [400, 400, 201]
        assert client.post(f"{ISSUE}comments/", json={"text": "x"}).status_code == 400
        assert person.post(f"{ISSUE}comments/", json={"text": "x"}).status_code == 201
        order(sandbox, "clock", ahead_s=3700)
        assert client.post(f"{ISSUE}comments/", json={"text": "x"}).status_code == 201, "an hour later it may"
    assert [note["author"] for note in sandbox.state()["issues"][0]["notes"]] == ["bugferry", ROBIN.login, "bugferry"]


@pytest.mark.parametrize(
    ("query", "found"),
    [("", [ROBIN, KIM, SAM]), ("robin", [ROBIN]), (KIM.login, [KIM]), (f"email:{SAM.login}", [SAM]), ("bugferry", [])],
)
def test_members_are_found_by_name_and_address(sandbox: Sandbox, query: str, found: list[seed.Account]) -> None:
    with sentry(sandbox) as client:
        rows = client.get(f"{ORG}/members/", params={"query": query}).json()
    assert [row["user"]["id"] for row in rows] == [who.id for who in found]
    assert {row["id"] for row in rows}.isdisjoint(who.id for who in found), "a member's id is not the user's"


def test_an_issue_is_assigned_by_address_by_id_and_to_nobody(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "sentry", skip=["error", "issue.created"])
    boom(sandbox)
    with sentry(sandbox) as client:
        for wanted, shown in ((KIM.login, KIM.login), (f"user:{ROBIN.id}", ROBIN.login), (None, None), ("", None)):
            row = client.put(ISSUE, json={"assignedTo": wanted}).raise_for_status().json()
            assert (row["assignedTo"] or {}).get("email") == shown
        for stranger in ("nobody@acme.example", "user:999", "bugferry@acme.example"):
            assert client.put(ISSUE, json={"assignedTo": stranger}).status_code == 400
        assert kinds(client) == ["first_seen", "assigned", "assigned", "unassigned"]
        assert client.get(ISSUE).json()["activity"][0]["sentry_app"]["slug"] == seed.SENTRY_APP_SLUG
    assert [letter["what"] for letter in sandbox.settle()] == ["issue.assigned"] * 2


# ---------------------------------------------------------------- Sentry: releases


@pytest.mark.parametrize(
    ("details", "key"),
    [
        ({"inNextRelease": True}, "inNextRelease"),
        ({"inRelease": "latest"}, "inRelease"),
        ({"inRelease": "9"}, "inRelease"),
    ],
)
def test_without_a_release_of_its_project_nothing_is_resolved_in_one(
    sandbox: Sandbox, details: dict[str, Any], key: str
) -> None:
    boom(sandbox, release=None)
    sandbox.throw(errors.event("stock-keyerror"), seed.PROJECTS[1])  # its project has releases, this one has none
    with sentry(sandbox) as client:
        refused = client.put(ISSUE, json={"status": "resolved", "statusDetails": details})
        assert refused.status_code == 400
        [text] = refused.json()["statusDetails"][key]
        assert "elease" in text
        assert client.get(ISSUE).json()["status"] == "unresolved"


@pytest.mark.parametrize(
    ("details", "stays", "reopens"),
    [
        ({"inNextRelease": True}, ["1.0", "2.0", None], "3.0"),
        ({"inRelease": "latest"}, ["1.0", None], "2.0"),
        ({"inRelease": "2.0"}, ["1.0", None], "3.0"),
        ({}, [], "1.0"),
    ],
    ids=["next", "latest", "named", "now"],
)
def test_only_an_event_of_the_right_release_reopens(
    sandbox: Sandbox, details: dict[str, Any], stays: list[str | None], reopens: str
) -> None:
    for release in ("1.0", "2.0"):
        boom(sandbox, release=release)
    with sentry(sandbox) as client:
        row = client.put(ISSUE, json={"status": "resolved", "statusDetails": details}).raise_for_status().json()
        assert bool(row["statusDetails"]) == bool(details)
        for release in stays:
            boom(sandbox, release=release)
            assert client.get(ISSUE).json()["status"] == "resolved", release
        boom(sandbox, release=reopens)
        again = client.get(ISSUE).json()
        assert (again["status"], again["substatus"], again["statusDetails"]) == ("unresolved", "regressed", {})


def test_a_resolved_issue_may_be_tied_to_a_release_later_without_moving(sandbox: Sandbox, receiver: Receiver) -> None:
    hook(sandbox, receiver, "sentry", skip=["error", "issue.created"])
    boom(sandbox, release="1.0")
    with sentry(sandbox) as client:
        client.put(ISSUE, json={"status": "resolved"})
        client.put(ISSUE, json={"status": "resolved", "statusDetails": {"inNextRelease": True}})
        assert client.get(ISSUE).json()["statusDetails"] == {"inNextRelease": True}
        boom(sandbox, release="1.0")
        assert client.get(ISSUE).json()["status"] == "resolved"
    assert [letter["what"] for letter in sandbox.settle()] == ["issue.resolved"]


def test_releases_are_listed_by_project_and_deploys_by_their_end(sandbox: Sandbox) -> None:
    boom(sandbox, release="web@1")
    boom(sandbox, release="web@2")
    sandbox.throw(errors.event("stock-keyerror", release="api@1"), seed.PROJECTS[1])
    with sentry(sandbox) as client:
        for project, versions in (
            ("1", ["web@2", "web@1"]),
            ("shop-api", ["api@1"]),
            ("-1", ["api@1", "web@2", "web@1"]),
        ):
            rows = client.get(f"{ORG}/releases/", params={"project": project}).json()
            assert [row["version"] for row in rows] == versions
        assert client.get(f"{ORG}/releases/", params={"project": "77"}).status_code == 400
        path = f"{ORG}/releases/web%401/deploys/"
        for hour, place in ((3, "production"), (1, "staging"), (2, "production")):
            body = {"environment": place, "dateFinished": f"2026-11-20T0{hour}:00:00Z"}
            client.post(path, json=body).raise_for_status()
        finished = [row["dateFinished"][11:13] for row in client.get(path).json()]
        assert finished == ["03", "02", "01"]
        assert client.get(f"{ORG}/releases/web%401/").json()["lastDeploy"]["dateFinished"].startswith("2026-11-20T03")
    assert sandbox.state()["releases"][0]["projects"] == ["shop-web"]


# ---------------------------------------------------------------- Sentry: escalation


def test_an_archived_issue_that_escalates_opens_and_an_open_one_only_says_so(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    hook(sandbox, receiver, "sentry", skip=["error", "issue.created"])
    boom(sandbox, level="warning")
    with sentry(sandbox) as client:
        order(sandbox, "sentry", escalate="1")
        row = client.get(ISSUE).json()
        assert (row["status"], row["substatus"], row["priority"]) == ("unresolved", "escalating", "high")
        client.put(ISSUE, json={"status": "ignored", "substatus": "archived_until_escalating"})
        order(sandbox, "sentry", escalate="1")
        row = client.get(ISSUE).json()
        assert (row["status"], row["substatus"]) == ("unresolved", "escalating")
        assert kinds(client).count("set_escalating") == 2
    assert [letter["what"] for letter in sandbox.settle()] == ["issue.ignored", "issue.unresolved"]
    assert json.loads(receiver.got[-1][1])["data"]["issue"]["substatus"] == "escalating"
    assert json.loads(receiver.got[-1][1])["actor"]["id"] == "sentry"


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
    sandbox.settle()
    told = json.loads(receiver.got[0][1])
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
    assert [letter["what"] for letter in sandbox.settle()] == ["issues.transferred", "issues.closed"]
    told = json.loads(receiver.got[0][1])
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
