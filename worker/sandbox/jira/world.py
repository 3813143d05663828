"""The practice Jira's memory: issues, their workflow, history, comments and the search index that lags behind."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.sandbox.clock import now
from worker.sandbox.jira.workflow import RESOLUTIONS, STATES, State
from worker.sandbox.seed import JIRA_PROJECT, Account
from worker.sandbox.values import Json

KEPT_SNAPSHOTS = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the search index knows of an issue since `at`."""

    at: datetime
    key: str
    labels: tuple[str, ...]
    status: str
    resolution: str | None
    summary: str
    assignee: str | None
    updated: datetime


@dataclass(slots=True, eq=False)
class Comment:
    """One comment; `body` is a document (v3) or text (v2), as it was written."""

    id: str
    author: Account
    body: Json | str
    created: datetime
    updated: datetime


@dataclass(slots=True, eq=False)
class JiraIssue:
    """One issue. `history`: `(id, who, when, items)`, oldest first."""

    id: str
    key: str
    type: str
    summary: str
    creator: Account
    created: datetime
    updated: datetime
    description: Json | str | None = None
    labels: list[str] = field(default_factory=list)
    priority: str = "Medium"
    assignee: Account | None = None
    state: State = STATES["To Do"]
    resolution: str | None = None
    resolved_at: datetime | None = None
    comments: list[Comment] = field(default_factory=list)
    history: list[tuple[str, Account, datetime, list[Json]]] = field(default_factory=list)
    properties: Json = field(default_factory=dict)
    remote_links: list[Json] = field(default_factory=list)
    links: list[tuple[str, str, "JiraIssue", "JiraIssue"]] = field(default_factory=list)
    """`(id, link type, inward issue, outward issue)`, in both issues."""
    snapshots: list[Snapshot] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, as webhooks tell it. `event`: `jira:issue_updated` and the like."""

    event: str
    issue: JiraIssue
    who: Account
    items: tuple[Json, ...] = ()
    history_id: str | None = None
    comment: Comment | None = None


Told = Callable[[Change], None]


def _nobody(_change: Change) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class JiraWorld:
    """All issues of the site by id."""

    issues: dict[str, JiraIssue] = field(default_factory=dict)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(10001))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    lag: timedelta = timedelta(0)
    told: Told = _nobody

    def find(self, name: str) -> JiraIssue | None:
        """An issue by id or key, without regard to case."""
        if name in self.issues:
            return self.issues[name]
        wanted = name.upper()
        number = wanted.removeprefix(f"{JIRA_PROJECT}-")
        if not number.isdigit():
            return None
        return next((issue for issue in self.issues.values() if issue.key == wanted), None)

    def create(self, issue_type: str, summary: str, who: Account, fields: Json) -> JiraIssue:
        """Create an issue from checked `fields` (description, labels, priority, assignee) and tell."""
        at = now()
        number = str(next(self.ids))
        issue = JiraIssue(number, f"{JIRA_PROJECT}-{next(self.numbers)}", issue_type, summary, who, at, at)
        for name, value in fields.items():
            setattr(issue, name, value)
        self.issues[number] = issue
        _index(issue, at)
        self.told(Change("jira:issue_created", issue, who))
        return issue

    def move(self, issue: JiraIssue, to: State, who: Account) -> None:
        """Take a transition; the workflow sets or clears the resolution."""
        items = [_item("status", issue.state.id, issue.state.name, to.id, to.name)]
        items += self._resolve(issue, to.resolution)
        issue.state = to
        self.changed(issue, who, items)

    def _resolve(self, issue: JiraIssue, resolution: str | None) -> list[Json]:
        if resolution == issue.resolution:
            return []
        before, after = issue.resolution, resolution
        issue.resolution = resolution
        issue.resolved_at = now() if resolution else None
        return [_item("resolution", RESOLUTIONS.get(before or ""), before, RESOLUTIONS.get(after or ""), after)]

    def edit(self, issue: JiraIssue, who: Account, fields: Json) -> None:
        """Set checked fields; only what differs enters the history."""
        items = [
            _item(name, None, _shown(getattr(issue, name)), None, _shown(value))
            for name, value in fields.items()
            if getattr(issue, name) != value
        ]
        for name, value in fields.items():
            setattr(issue, name, value)
        if items:
            self.changed(issue, who, items)

    def changed(self, issue: JiraIssue, who: Account, items: list[Json]) -> None:
        """Write history, touch the issue and tell."""
        at, history_id = now(), str(next(self.ids))
        issue.history.append((history_id, who, at, items))
        self.touch(issue, at)
        self.told(Change("jira:issue_updated", issue, who, tuple(items), history_id))

    def touch(self, issue: JiraIssue, at: datetime) -> None:
        """Move `updated` and feed the index."""
        issue.updated = at
        _index(issue, at)

    def delete(self, issue: JiraIssue, who: Account) -> None:
        """Delete an issue and its links, and tell."""
        del self.issues[issue.id]
        for link in issue.links:
            for other in (link[2], link[3]):
                other.links = [kept for kept in other.links if kept[0] != link[0]]
        self.told(Change("jira:issue_deleted", issue, who))

    # ------------------------------------------------------------ comments

    def comment(self, issue: JiraIssue, body: Json | str, who: Account) -> Comment:
        """Add a comment and tell."""
        at = now()
        comment = Comment(str(next(self.ids)), who, body, at, at)
        issue.comments.append(comment)
        self.touch(issue, at)
        self.told(Change("comment_created", issue, who, comment=comment))
        return comment

    def edit_comment(self, issue: JiraIssue, comment: Comment, body: Json | str, who: Account) -> None:
        """Rewrite a comment and tell."""
        comment.body, comment.updated = body, now()
        self.touch(issue, comment.updated)
        self.told(Change("comment_updated", issue, who, comment=comment))

    def delete_comment(self, issue: JiraIssue, comment: Comment, who: Account) -> None:
        """Delete a comment and tell."""
        issue.comments.remove(comment)
        self.touch(issue, now())
        self.told(Change("comment_deleted", issue, who, comment=comment))

    # ------------------------------------------------------------ links and search

    def link(self, kind: str, inward: JiraIssue, outward: JiraIssue) -> None:
        """Link two issues; the same link twice is one."""
        if any((known[1], known[2], known[3]) == (kind, inward, outward) for known in inward.links):
            return
        link = (str(next(self.ids)), kind, inward, outward)
        for issue in {id(inward): inward, id(outward): outward}.values():
            issue.links.append(link)
            self.touch(issue, now())

    def indexed(self, fresh_ids: frozenset[str] = frozenset()) -> list[tuple[JiraIssue, Snapshot]]:
        """What search can see: each issue as the index knew it `lag` ago; `fresh_ids` are read without lag."""
        edge = now() - self.lag
        seen = []
        for issue in self.issues.values():
            known = [shot for shot in issue.snapshots if shot.at <= edge or issue.id in fresh_ids]
            if known:
                seen.append((issue, known[-1]))
        return seen


def _index(issue: JiraIssue, at: datetime) -> None:
    shot = Snapshot(
        at=at,
        key=issue.key,
        labels=tuple(issue.labels),
        status=issue.state.name,
        resolution=issue.resolution,
        summary=issue.summary,
        assignee=issue.assignee.id if issue.assignee else None,
        updated=issue.updated,
    )
    issue.snapshots = [*issue.snapshots, shot][-KEPT_SNAPSHOTS:]


def _item(name: str, old_id: str | None, old: str | None, new_id: str | None, new: str | None) -> Json:
    return {
        "field": name,
        "fieldtype": "jira",
        "fieldId": name,
        "from": old_id,
        "fromString": old,
        "to": new_id,
        "toString": new,
    }


def _shown(value: object) -> str | None:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, Account):
        return value.name
    return None if value is None else str(value)[:200]
