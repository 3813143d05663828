"""What the demo does to the practice services as a stranger and as a person: throw, archive, close, resolve, look."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx

from worker.errors import UserFault
from worker.sandbox import seed

THROWERS = 3
"""Applications that throw at the same time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The practice services as they are now, read from their own side. `waiting`: deliveries not yet made."""

    events: int
    waiting: int
    issues: list[dict[str, Any]]
    tickets: list[dict[str, Any]]


class World:
    """The practice services over HTTP; a person's own credentials, never the product's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def hooks(self, to: str | None) -> None:
        """Send webhooks to a Bugferry at `to`, or to nobody."""
        secrets = {
            "sentry": seed.SENTRY_CLIENT_SECRET,
            "jira": seed.JIRA_WEBHOOK_SECRET,
            "github": seed.GITHUB_WEBHOOK_SECRET,
        }
        targets = {name: {"url": f"{to}/hooks/{name}", "secret": s} if to else None for name, s in secrets.items()}
        self._said(self._http.post("/sandbox/hooks", json=targets))

    def throw(self, events: Iterable[tuple[str, Mapping[str, Any]]], on_each: Callable[[int], None]) -> None:
        """Send SDK events, each with the slug of its project, a few at a time and roughly in order."""
        dsns = {project.slug: f"/sentry/api/{project.id}/store/?sentry_key={project.key}" for project in seed.PROJECTS}
        place, connections = urlsplit(self.url).netloc, threading.local()

        def one(item: tuple[str, Mapping[str, Any]]) -> int:
            # An application's SDK is no heavy client either; the demo measures the road, not the thrower.
            line = vars(connections).setdefault("line", HTTPConnection(place, timeout=30))
            line.request("POST", dsns[item[0]], json.dumps(item[1]), {"Content-Type": "application/json"})
            answer = line.getresponse()
            if answer.status >= httpx.codes.BAD_REQUEST:
                raise UserFault(f"the practice Sentry refused an event ({answer.status}): {answer.read()[:200]!r}")
            answer.read()
            return 1

        with ThreadPoolExecutor(THROWERS) as pool:
            for done in pool.map(one, events):
                on_each(done)

    def archive_everything(self) -> int:
        """Archive every issue there is, as a person; how many."""
        issues = self.look().issues
        for issue in issues:
            self.move_issue(issue["id"], "ignored")
        return len(issues)

    def move_issue(self, issue_id: str, status: str) -> None:
        """Move a Sentry issue as a person does."""
        path = f"/sentry/api/0/organizations/{seed.ORG}/issues/{issue_id}/"
        headers = {"Authorization": f"Bearer {seed.PERSON_SENTRY_TOKEN}"}
        self._said(self._http.put(path, json={"status": status}, headers=headers))

    def close_ticket(self, ticket: Mapping[str, Any]) -> None:
        """Close a ticket as done, as a person does."""
        if ticket["tracker"] == "github":
            path = f"/github/repos/{seed.GITHUB_REPO}/issues/{ticket['key']}"
            headers = {"Authorization": f"token {seed.PERSON_GITHUB_TOKEN}"}
            body = {"state": "closed", "state_reason": "completed"}
            self._said(self._http.patch(path, json=body, headers=headers))
            return
        auth = (seed.PERSON_JIRA_EMAIL, seed.PERSON_JIRA_TOKEN)
        path = f"/jira/rest/api/3/issue/{ticket['key']}/transitions"
        for wanted in ("In Progress", "Done"):
            steps = self._said(self._http.get(path, auth=auth)).json()["transitions"]
            step = next(step for step in steps if step["to"]["name"] == wanted)
            self._said(self._http.post(path, json={"transition": {"id": step["id"]}}, auth=auth))

    def look(self) -> Seen:
        """Read everything as it is now."""
        state = self._said(self._http.get("/sandbox/state")).json()
        counts = state["counts"]
        return Seen(counts["events"], counts["waiting"], state["issues"], state["jira"] + state["github"])

    def acknowledged(self) -> list[tuple[str, bool]]:
        """All deliveries that were answered with a 2xx: the digest, and whether the answer called it a duplicate."""
        sent = self._said(self._http.get("/sandbox/deliveries")).json()
        taken = [letter for letter in sent if any(map(httpx.codes.is_success, letter["statuses"]))]
        return [(letter["digest"], json.loads(letter["answer"])["new"] is False) for letter in taken]

    def _said(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            path = answer.request.url.path
            raise UserFault(f"the practice services answered {answer.status_code} to {path}: {answer.text[:200]}")
        return answer


def wait_until(holds: Callable[[], bool], timeout_s: float, pause_s: float = 0.1) -> bool:
    """Whether `holds` within `timeout_s` seconds."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(pause_s)
    return holds()
