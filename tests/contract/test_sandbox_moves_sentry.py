"""Things that move in the practice Sentry: merged, split, renamed, talked about, assigned, resolved, escalated."""

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
ROBIN, KIM, SAM = seed.SENTRY_ACCOUNTS[1:]


def sentry(sandbox: Sandbox) -> httpx.Client:
    return sandbox.client(headers={"Authorization": f"Bearer {seed.SENTRY_TOKEN}"})


def order(sandbox: Sandbox, lever: str, **given: Any) -> Any:
    return sandbox.control.post(f"/sandbox/{lever}", json=given).raise_for_status().json()


def boom(sandbox: Sandbox, name: str = "checkout-null", **changes: Any) -> None:
    sandbox.throw(errors.event(name, **changes)).raise_for_status()


def kinds(client: httpx.Client, issue: str = ISSUE) -> list[str]:
    """Types of activity, oldest first."""
    return [row["type"] for row in reversed(client.get(issue).json()["activity"])]


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
    letters = sandbox.settle()
    assert [letter["what"] for letter in letters] == ["issue.ignored", "issue.unresolved"]
    told = receiver.read(letters[-1])
    assert (told["data"]["issue"]["substatus"], told["actor"]["id"]) == ("escalating", "sentry")
