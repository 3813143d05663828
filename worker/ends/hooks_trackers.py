"""What a delivery of Jira or GitHub is about: a ticket of one of our trackers, or nothing of ours."""

from collections.abc import Iterable, Iterator

from worker.ends.hook_parts import Parts, TrackerOf, key_at
from worker.ends.loose import Loose, dig, first_text, mapping, objects, text
from worker.errors import Malformed
from worker.model import Delivery, Hint

_GITHUB_ISSUES = frozenset({"issues", "issue_comment"})


def read_jira(parts: Parts, tracker_of: TrackerOf) -> Delivery:
    """Read a delivery of Jira, which says what it is in its body."""
    name = text(parts.body.get("webhookEvent"))
    if name is None:
        raise Malformed("webhookEvent is missing.")
    resource, _, action = name.removeprefix("jira:").rpartition("_")
    identity = parts.headers.get("x-atlassian-webhook-identifier") or parts.sha256
    # Data Center tells of a comment without its issue, and of the issue, too, in a delivery of its own.
    about = resource == "issue" or (resource == "comment" and ("issue" in parts.body or "comment" not in parts.body))
    hints = _hints("jira", name, _jira_keys(parts.body), tracker_of) if about else ()
    return Delivery("jira", f"jira:{resource or name}:{identity}", resource or name, action or None, hints)


def read_github(parts: Parts, tracker_of: TrackerOf) -> Delivery:
    """Read a delivery of GitHub, which says what it is in its headers."""
    resource = parts.header("X-GitHub-Event").lower()
    identity = parts.headers.get("x-github-delivery") or parts.sha256
    action = text(parts.body.get("action"))
    tickets = _github_keys(parts.body) if resource in _GITHUB_ISSUES else ()
    hints = _hints("github", f"{resource} {action or ''}".strip(), tickets, tracker_of)
    return Delivery("github", f"github:{resource}:{identity}", resource, action, hints)


Placed = tuple[str, str]
"""A place (project key, `owner/name`) and a ticket's key in it."""


def _hints(source: str, what: str, tickets: Iterable[Placed], tracker_of: TrackerOf) -> tuple[Hint, ...]:
    named = {"jira": "Jira", "github": "GitHub"}[source]
    found = [(tracker_of(source, place), key) for place, key in tickets]
    return tuple(Hint(f"ticket:{tracker}:{key}", f"{named}: {what}") for tracker, key in found if tracker is not None)


def _jira_keys(body: Loose) -> Iterator[Placed]:
    """The ticket, and the key it had before if this tells that it changed project."""
    issue = mapping(body.get("issue"))
    key = key_at(issue.get("key"), "issue.key")
    yield first_text(dig(issue, "fields", "project", "key")) or _project_of(key), key
    for item in objects(dig(body, "changelog", "items")):
        if item.get("field") == "Key" and text(item.get("fromString")):
            old = key_at(item.get("fromString"), "changelog.items.fromString")
            yield _project_of(old), old


def _project_of(key: str) -> str:
    return key.rpartition("-")[0]


def _github_keys(body: Loose) -> Iterator[Placed]:
    """The issue; none when it is a pull request, whose comments come under the same name."""
    issue = mapping(body.get("issue"))
    number = key_at(issue.get("number"), "issue.number")
    place = text(dig(body, "repository", "full_name"))
    if place is None:
        raise Malformed("repository.full_name is missing.")
    if not mapping(issue.get("pull_request")):
        yield place, number
