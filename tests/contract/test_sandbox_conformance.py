"""The practice services against the vendors' own API descriptions, with the real client libraries in between."""

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import httpx
import pytest
from github import Auth, Github
from github.NamedUser import NamedUser
from jira import JIRA

from tests.fixtures.desk import open_desk
from tests.fixtures.practice import Sandbox
from worker.flow.rounds import ROUNDS, run_now
from worker.sandbox import errors, seed
from worker.store.engine import open_engine
from worker.store.store import Store

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
TOOL = SHARED / "tools" / "oas_conformance.py"
pytestmark = [
    pytest.mark.skipif(not TOOL.exists(), reason="the vendors' API descriptions are not on this machine"),
    pytest.mark.xdist_group("conformance"),  # loading the descriptions is dear: once, not once a process
]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    found = importlib.util.spec_from_file_location("oas_conformance", TOOL)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


OURS = (
    # The library's own spellings, which Jira takes.
    r"req\.body_schema POST /rest/api/[23]/issueLink /comment null",
    r"req\.param_schema DELETE /rest/api/[23]/issue/\{issueIdOrKey\} query:deleteSubtasks",
    r"req\.unknown_path PUT /rest/api/latest/issue/",
    # The description has no nullable; Jira sends null where a side of a change is empty.
    r"res\.body_schema .*/changelog /values/\d+/items/\d+/(from|to|fromString|toString) null",
    # The description shows one link; Jira answers the list of them.
    r"res\.body_schema GET /rest/api/[23]/issue/\{issueIdOrKey\}/remotelink / \[",
    # The description calls every field of an update required; its own text says that only what is sent changes.
    r"req\.body_schema PUT /api/0/organizations/.*/issues/.* is a required property",
    # The public description leaves out comments, members and releases: the API that Sentry's own pages use.
    r"req\.unknown_path (GET|POST|PUT) /api/0/organizations/[^/ ]+/(issues/\d+/comments|members|releases)/",
    # The description knows only the three words; an event's id is what everybody sends.
    r"req\.param_schema GET .*/events/\{event_id\}/ path:event_id",
)


def quirks() -> list[str]:
    lines = (SHARED / "tools" / "known_quirks.txt").read_text().splitlines()
    return [*OURS, *[line.strip() for line in lines if line.strip() and not line.startswith("#")]]


class Verdicts:
    """Collects the violations a proxy finds, in place of its log file."""

    def __init__(self, tool: ModuleType) -> None:
        self.log = tool.Log(None)
        self.found: list[dict[str, Any]] = []
        self.exchange, self.log.exchange = self.log.exchange, self._exchange

    def _exchange(self, found: list[dict[str, Any]], *rest: Any) -> None:
        self.found += found
        self.exchange(found, *rest)

    @property
    def errors(self) -> list[str]:
        bad = [
            one
            for one in self.found
            if one["severity"] == "error" or (one["kind"].startswith("res.") and one["severity"] == "warn")
        ]
        return [f"{one['kind']} {one['method']} {one['path']} {one['at']}: {one['detail']}" for one in bad]


@contextmanager
def proxied(tool: ModuleType, upstream: str, **options: Any) -> Iterator[tuple[str, Verdicts]]:
    """A checking proxy in front of `upstream`; the checks are done when the block ends."""
    verdicts = Verdicts(tool)
    server = tool.make_server("127.0.0.1:0", upstream, verdicts.log, **options)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", verdicts
        server.jobs.join()
    finally:
        server.shutdown()
        server.server_close()


def document(text: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def test_jira_through_its_library(sandbox: Sandbox, tool: ModuleType) -> None:
    specs = [tool.Spec.load(str(SHARED / "specs" / name)) for name in ("jira-v3.json", "jira-v2.json")]
    adf = str(SHARED / "specs" / "adf.json")
    checker = tool.Checker(specs, "jira", adf_schema=adf, ignore=quirks())
    with proxied(tool, sandbox.url, checker=checker, base="/jira") as (url, verdicts):
        drive_jira(url)
    assert not verdicts.errors, "\n".join(sorted(set(verdicts.errors)))
    assert verdicts.log.total > 30


def drive_jira(url: str) -> None:
    for version in ("3", "2"):
        body: Any = document("hello") if version == "3" else "hello"
        client = JIRA(
            server=f"{url}/jira",
            basic_auth=(seed.JIRA_EMAIL, seed.JIRA_TOKEN),
            options={"rest_api_version": version},
            get_server_info=True,
            max_retries=0,
            timeout=(5, 30),
        )
        fields = {
            "project": {"key": "SHOP"},
            "issuetype": {"name": "Bug"},
            "summary": "A bug",
            "description": body,
            "labels": [f"bugferry-{version}"],
            "priority": {"name": "High"},
        }
        key = client.create_issue(fields=fields, prefetch=False).key
        other = client.create_issue(fields=fields, prefetch=False).key
        for step in ("21", "41", "21", "11", "51"):
            assert step in {one["id"] for one in client.transitions(key, expand="transitions.fields")}
            client.transition_issue(key, step)
        issue = client.issue(key, expand="changelog")
        assert (issue.fields.status.name, str(issue.fields.resolution)) == ("Won't Do", "Won't Do")
        assert len(issue.changelog.histories) == 5
        issue.update(fields={"labels": ["a", "b"], "summary": "Another"})
        comment = client.add_comment(key, body)
        comment.update(body=body)
        assert [one.id for one in client.comments(key)] == [comment.id]
        found = client.enhanced_search_issues(
            f'project = SHOP AND labels = "bugferry-{version}"', fields="status,labels"
        )
        assert [one.key for one in found] == [other]
        client.create_issue_link("Duplicate", other, key)
        client.assign_issue(key, seed.JIRA_ACCOUNTS[1].id)
        client.myself(), client.project("SHOP"), client.fields(), client.server_info()
        client.search_assignable_users_for_issues(query="robin", project="SHOP")
        comment.delete()
        fill_in_jira(client, fields)
        read_more_of_jira(client, url, version, key)
        client.issue(other).delete()  # type: ignore[no-untyped-call] # the library leaves it untyped


def fill_in_jira(client: JIRA, fields: dict[str, Any]) -> None:
    """A ticket with everything that a mapping may say."""
    epic = client.create_issue(fields={**fields, "issuetype": {"name": "Epic"}}, prefetch=False).key
    more = {"parent": {"key": epic}, "components": [{"name": "Search"}], "duedate": "2026-11-30"}
    custom = {
        "customfield_10010": 3,
        "customfield_10012": {"value": "High"},
        "customfield_10017": fields["description"],
    }
    made = client.create_issue(fields={**fields, **more, **custom})
    assert (made.fields.parent.key, made.fields.customfield_10012.value) == (epic, "High")


def read_more_of_jira(client: JIRA, url: str, version: str, key: str) -> None:
    """What the library has no good words for."""
    api = f"{url}/jira/rest/api/{version}"
    with httpx.Client(base_url=api, auth=(seed.JIRA_EMAIL, seed.JIRA_TOKEN), trust_env=False, verify=False) as plain:
        paths = (
            f"/issue/{key}/changelog",
            f"/issue/{key}/transitions",
            "/issue/createmeta/SHOP/issuetypes",
            "/issue/createmeta/SHOP/issuetypes/10004",
            "/priority/search",
            "/project/SHOP/statuses",
            "/issueLinkType",
            f"/issue/{key}/properties",
            f"/issue/{key}/remotelink",
        )
        for path in paths:
            assert plain.get(path).status_code == 200, path
        link = {"globalId": "sentry:1", "object": {"url": "https://sentry.example/1", "title": "SHOP-WEB-1"}}
        assert [plain.post(f"/issue/{key}/remotelink", json=link).status_code for _ in "ab"] == [201, 200]
        assert plain.put(f"/issue/{key}/properties/bugferry", json={"case": 1}).status_code == 201
        assert plain.post("/search/jql", json={"jql": "project = SHOP", "fields": ["summary"]}).status_code == 200
        assert plain.get("/search/jql", params={"jql": "nonsense"}).status_code == 400
        assert plain.get("/issue/SHOP-999").status_code == 404


def test_github_through_its_library(sandbox: Sandbox, tool: ModuleType) -> None:
    checker = tool.Checker([tool.Spec.load(str(SHARED / "specs" / "github.json"))], "github", ignore=quirks())
    with proxied(tool, sandbox.url, checker=checker, base="/github") as (url, verdicts):
        drive_github(url)
    assert not verdicts.errors, "\n".join(sorted(set(verdicts.errors)))
    assert verdicts.log.total > 15


def drive_github(url: str) -> None:
    client = Github(
        base_url=f"{url}/github",
        auth=Auth.Token(seed.GITHUB_TOKEN),
        retry=None,
        timeout=10,
        per_page=100,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )
    repo = client.get_repo(seed.GITHUB_REPO)
    assert client.get_user().login == seed.GITHUB_LOGIN
    client.get_rate_limit()
    goal = repo.create_milestone("Stability", due_on=date(2026, 11, 30))
    issue = repo.create_issue(
        "A bug",
        body="<!-- bugferry-1 -->",
        milestone=goal,
        labels=["bug", "sentry-SHOP-WEB-1"],
        assignees=["robin-acme"],
    )
    assert [(one.title, one.open_issues) for one in repo.get_milestones()] == [("Stability", 1)]
    goal.edit("Stable", state="closed")
    assert repo.get_milestone(goal.number).state == "closed"
    assert {label.name for label in issue.labels} == {"bug", "sentry-SHOP-WEB-1"}
    issue.edit(state="closed", state_reason="not_planned")
    issue.edit(state="open")
    issue.add_to_labels("late")
    issue.remove_from_labels("late")
    comment = issue.create_comment("A word")
    comment.edit("Another")
    assert [one.body for one in issue.get_comments()] == ["Another"]
    assert {"closed", "reopened", "labeled", "assigned"} <= {event.event for event in issue.get_events()}
    issue.add_to_assignees("kim-acme")
    issue.remove_from_assignees("kim-acme")
    mine = repo.get_issues(state="all", creator=cast("NamedUser", seed.GITHUB_LOGIN), sort="created")
    assert [one.number for one in mine] == [1]
    assert repo.get_issue(1).html_url.endswith("/acme/shop/issues/1")
    assert "bug" in {label.name for label in repo.get_labels()}
    repo.create_label("fresh", "ff0000")
    assert repo.get_label("FRESH").color == "ff0000"
    assert {user.login for user in repo.get_assignees()} == {who.login for who in seed.GITHUB_ACCOUNTS}
    with httpx.Client(headers={"Authorization": f"token {seed.GITHUB_TOKEN}"}, trust_env=False, verify=False) as plain:
        path = f"{url}/github/repos/{seed.GITHUB_REPO}/issues/1"
        tag = plain.get(path).headers["etag"]
        assert plain.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert plain.get(f"{path}9").status_code == 404
        twin = plain.post(f"{url}/github/repos/{seed.GITHUB_REPO}/issues", json={"title": "twin", "type": "bug"}).json()
        closing = {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": issue.id}
        assert plain.patch(twin["url"], json=closing).json()["state_reason"] == "duplicate"
        assert plain.get(f"{twin['url']}/timeline").status_code == 200
        too_long = {"title": "x", "body": "y" * 65_537}
        assert plain.post(f"{url}/github/repos/{seed.GITHUB_REPO}/issues", json=too_long).status_code == 422


def test_sentry(sandbox: Sandbox, tool: ModuleType) -> None:
    for name in ("checkout-null", "stock-keyerror", "payment-timeout"):
        project = next(one for one in seed.PROJECTS if one.slug == errors.project_of(name))
        assert sandbox.throw(errors.event(name), project).status_code == 200
    checker = tool.Checker([tool.Spec.load(str(SHARED / "specs" / "sentry.json"))], "sentry", ignore=quirks())
    with proxied(tool, sandbox.url, checker=checker, base="/sentry") as (url, verdicts):
        drive_sentry(url)
    assert not verdicts.errors, "\n".join(sorted(set(verdicts.errors)))
    assert verdicts.log.total > 15


def drive_sentry(url: str) -> None:
    headers = {"Authorization": f"Bearer {seed.SENTRY_TOKEN}"}
    org = f"/sentry/api/0/organizations/{seed.ORG}"
    with httpx.Client(base_url=url, headers=headers, trust_env=False, verify=False) as client:
        params = {
            "query": "lastSeen:-5m",
            "sort": "date",
            "limit": "2",
            "expand": ["sentryAppIssues"],
        }
        listed = client.get(f"{org}/issues/", params=params)
        ids = [row["id"] for row in listed.json()]
        assert 'results="true"' in listed.headers["link"]
        issue = f"{org}/issues/{ids[0]}/"
        event = client.get(f"{issue}events/latest/").json()["eventID"]
        for path in (
            "",
            "events/",
            f"events/{event}/",
            "hashes/",
            "tags/level/",
            "tags/level/values/",
            "external-issues/",
        ):
            assert client.get(f"{issue}{path}").status_code == 200, path
        assert client.get(f"/sentry/api/0/projects/acme/shop-api/events/{event}/source-map-debug/").status_code == 200
        link = {"issueId": int(ids[0]), "webUrl": f"{url}/jira/browse/SHOP-1", "project": "SHOP", "identifier": "1"}
        address = f"/sentry/api/0/sentry-app-installations/{seed.INSTALLATION}/external-issues/"
        assert client.post(address, json=link).json() == client.post(address, json=link).json()
        assert len(client.get(f"{issue}external-issues/").json()) == 1
        resolved = {"status": "resolved"}
        archived = {"status": "ignored", "substatus": "archived_until_escalating"}
        assert client.put(issue, json=resolved).json()["status"] == "resolved"
        assert client.put(issue, json=archived).json()["substatus"] == "archived_until_escalating"
        assert client.put(f"{org}/issues/", params={"id": ids}, json=resolved).status_code == 200
        assert client.put(f"{org}/issues/", params={"id": "77"}, json=resolved).status_code == 204
        assert client.get(f"{org}/issues/99/").status_code == 404
        assert client.delete(issue).status_code == 202


class Catcher:
    """Judges the webhooks of one vendor as they come in."""

    def __init__(self, sandbox: Sandbox, tool: ModuleType, source: str, secret: str, spec: str | None) -> None:
        loaded = tool.Spec.load(str(SHARED / "specs" / spec)) if spec else None
        self.sandbox, self.source, self.secret = sandbox, source, secret
        self.checker = tool.HookChecker(source, secret, loaded)

    @contextmanager
    def catching(self, tool: ModuleType) -> Iterator[Verdicts]:
        """Send the hooks to a proxy that passes them on to a place that always says 200."""
        with proxied(tool, self.sandbox.url, hook=self.checker) as (url, verdicts):
            target = {"url": f"{url}/sandbox/state", "secret": self.secret}
            self.sandbox.control.post("/sandbox/hooks", json={self.source: target}).raise_for_status()
            yield verdicts
            self.sandbox.settle()


def test_github_webhooks(sandbox: Sandbox, tool: ModuleType) -> None:
    catcher = Catcher(sandbox, tool, "github", seed.GITHUB_WEBHOOK_SECRET, "github-webhooks.json")
    with catcher.catching(tool) as verdicts:
        drive_github(sandbox.url)
        transfer = {"transfer": {"1": seed.GITHUB_OTHER_REPO}}
        sandbox.control.post("/sandbox/github", json=transfer).raise_for_status()
    assert "issues.transferred" in {letter["what"] for letter in sandbox.settle()}
    assert not verdicts.errors, "\n".join(sorted(set(verdicts.errors)))
    assert verdicts.log.total >= 9


def test_jira_webhooks(sandbox: Sandbox, tool: ModuleType) -> None:
    catcher = Catcher(sandbox, tool, "jira", seed.JIRA_WEBHOOK_SECRET, None)
    with catcher.catching(tool) as verdicts:
        drive_jira(sandbox.url)
    assert not verdicts.errors, "\n".join(sorted(set(verdicts.errors)))
    assert verdicts.log.total >= 20


def test_the_product_itself_on_its_whole_road(sandbox: Sandbox, tool: ModuleType, sqlite_url: str) -> None:
    """Our own three clients: create, show, move both ways, reopen with a comment, poll and sweep."""
    specs = {"sentry": ["sentry.json"], "jira": ["jira-v3.json", "jira-v2.json"], "github": ["github.json"]}
    store = Store(open_engine(sqlite_url))
    with store.write() as tx:  # as the first webhook would have told it
        tx.cursors.set("sentry.installation", seed.INSTALLATION)
    with ExitStack() as stack:
        through, verdicts = {}, {}
        for name, files in specs.items():
            adf = str(SHARED / "specs" / "adf.json") if name == "jira" else None
            loaded = [tool.Spec.load(str(SHARED / "specs" / file)) for file in files]
            checker = tool.Checker(loaded, name, adf_schema=adf, ignore=quirks())
            proxy = proxied(tool, sandbox.url, checker=checker, base=f"/{name}")
            through[name], verdicts[name] = stack.enter_context(proxy)
        desk = stack.enter_context(open_desk(sandbox, store, **through))
        for project in seed.PROJECTS:
            issue = desk.throw(project=project)
            desk.settle(issue)
            for status in ("resolved", "unresolved", "ignored"):
                desk.move_issue(issue, status)
                desk.settle(issue)
            desk.move_ticket(desk.tickets()[-1 if project.slug == "shop-web" else 0], "open")
            desk.settle(issue)
        for name in ROUNDS:
            assert run_now(desk.ctx, name) is not None
            desk.clock.advance(minutes=2)
            assert run_now(desk.ctx, name) is not None
    for name, verdict in verdicts.items():
        assert not verdict.errors, f"{name}\n" + "\n".join(sorted(set(verdict.errors)))
        assert verdict.log.total > 10
