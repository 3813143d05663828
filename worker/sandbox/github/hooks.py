"""The webhook of the practice organisation: `issues`, `issue_comment` and `ping`."""

import json
import uuid
from collections.abc import Callable

from worker.sandbox.github import shapes
from worker.sandbox.github.world import Change, GithubRepo
from worker.sandbox.hooks import Letter, Outbox
from worker.sandbox.values import Json

HOOK_ID = 467_001


def teller(outbox: Outbox, base: str) -> Callable[[Change], None]:
    """Make the listener that turns changes into deliveries. `base`: address of the practice GitHub."""

    def tell(change: Change) -> None:
        if outbox.wants("github", change.resource, change.action):
            outbox.put(new_letter(change.resource, change.action, change.repo, _body(change, base)))

    return tell


def new_letter(resource: str, action: str, repo: GithubRepo, body: Json) -> Letter:
    """A delivery with GitHub's headers and a GUID of its own."""
    identity = str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/practice",
        "X-GitHub-Event": resource,
        "X-GitHub-Delivery": identity,
        "X-GitHub-Hook-ID": str(HOOK_ID),
        "X-GitHub-Hook-Installation-Target-ID": str(repo.id),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
    }
    return Letter(identity, "github", resource, action, json.dumps(body).encode(), headers)


def _body(change: Change, base: str) -> Json:
    body: Json = {
        "action": change.action,
        "issue": shapes.issue(change.issue, change.repo, base),
        "repository": shapes.repository(change.repo, base),
        "sender": shapes.user(change.who, base),
    }
    if change.comment is not None:
        body["comment"] = shapes.comment(change.comment, change.issue, change.repo, base)
    if change.label is not None:
        body["label"] = shapes.label(change.label, change.repo, base)
    if change.assignee is not None:
        body["assignee"] = shapes.user(change.assignee, base)
    if change.changes is not None:
        body["changes"] = change.changes
    if change.to is not None:
        repo, issue = change.to
        body["changes"] = {
            "new_issue": shapes.issue(issue, repo, base),
            "new_repository": shapes.repository(repo, base),
        }
    return body
