"""Releases, deploys and suspect commits: the client over real HTTP against the practice Sentry."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from worker.ends.sentry import SentryClient
from worker.model import Person
from worker.sandbox import seed

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
FRAMES = [{"filename": "src/summary.ts", "function": "total", "lineno": 27, "in_app": True}]


class Desk:
    """A client whose clock stands still until told, and somebody who deploys."""

    def __init__(self, sandbox):
        self.sandbox, self.at = sandbox, datetime.now(UTC)
        self.end = SentryClient(
            sandbox.sentry_url, seed.ORG, seed.SENTRY_TOKEN, sleep=lambda _s: None, now=lambda: self.at
        )

    def post(self, path, body):
        headers = {"Authorization": f"Bearer {seed.PERSON_SENTRY_TOKEN}"}
        base = f"{self.sandbox.sentry_url}/api/0/organizations/{seed.ORG}/"
        httpx.post(base + path, json=body, headers=headers, trust_env=False, verify=False).raise_for_status()

    def throw(self, **more):
        thrown = {"type": "KeyError", "value": "why", "stacktrace": {"frames": FRAMES}}
        self.sandbox.throw({"exception": {"values": [thrown]}, **more}).raise_for_status()
        return self.end.issue(self.sandbox.state()["issues"][-1]["id"])

    def deploy(self, version, environment, at):
        self.post(f"releases/{version}/deploys/", {"environment": environment, "dateFinished": at.isoformat()})


@pytest.fixture
def desk(sandbox):
    made = Desk(sandbox)
    yield made
    made.end.close()


def test_the_deploys_of_a_release_are_read_and_kept_for_some_minutes(desk):
    issue = desk.throw(release="web@1")
    desk.deploy("web@1", "production", desk.at - timedelta(minutes=12))
    (deploy,) = desk.end.deploys_of("web@1")
    assert (deploy.release, deploy.environment) == ("web@1", "production")
    desk.deploy("web@1", "staging", desk.at)
    assert len(desk.end.deploys_of("web@1")) == 1
    desk.at += timedelta(minutes=6)
    assert len(desk.end.deploys_of("web@1")) == len(desk.end.deploys_since(issue.project, SINCE)) == 2
    assert desk.end.deploys_of("web@unknown") == ()


def test_the_releases_of_a_project_are_listed_newest_first(desk):
    project = desk.throw(release="web@1").project
    desk.throw(release="web@2")
    listed = desk.end.releases(project, SINCE)
    assert [one.version for one in listed] == ["web@2", "web@1"]
    assert all(abs(one.created_at - datetime.now(UTC)) < timedelta(minutes=1) for one in listed)
    assert desk.end.releases(project, datetime.now(UTC) + timedelta(hours=1)) == ()


def test_the_commits_that_touched_the_files_of_an_event_are_suspected(desk):
    issue = desk.throw(release="web@1")
    event = desk.end.latest_event(issue.id)
    assert desk.end.suspects(issue.project, event.id) == ()
    who = {"author_name": "checkout-lead", "author_email": "checkout-lead@example.com"}
    touched = {"id": "a" * 40, "message": "count discounts once", "patch_set": [{"path": FRAMES[0]["filename"]}], **who}
    other = {"id": "b" * 40, "message": "new footer", "patch_set": [{"path": "src/footer.ts"}], **who}
    desk.post("releases/", {"version": "web@1", "projects": [issue.project.slug], "commits": [touched, other]})
    (suspect,) = desk.end.suspects(issue.project, event.id)
    assert (suspect.commit, suspect.message, suspect.how) == ("a" * 40, "count discounts once", "via commit in release")
    assert suspect.author == Person("checkout-lead@example.com", "checkout-lead", "checkout-lead@example.com")
    assert desk.end.suspects(issue.project, "f" * 32) == ()
