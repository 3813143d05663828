"""The practice GitHub's memory: one repository with issues, comments, labels and their events."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.sandbox.clock import now
from worker.sandbox.seed import GITHUB_REPO, Account
from worker.sandbox.values import Json

STARTER_LABELS = {"bug": "d73a4a", "wontfix": "ffffff", "duplicate": "cfd3d7", "enhancement": "a2eeef"}
PLAIN_COLOR = "ededed"


@dataclass(slots=True, eq=False)
class Label:
    """A label; names compare without regard to case."""

    id: int
    name: str
    color: str = PLAIN_COLOR
    description: str | None = None
    default: bool = False


@dataclass(slots=True, eq=False)
class GithubComment:
    """One comment."""

    id: int
    author: Account
    body: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of an issue's event list. `more`: label, assignee or state_reason."""

    id: int
    event: str
    who: Account
    at: datetime
    more: Json = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class GithubIssue:
    """One issue."""

    id: int
    number: int
    title: str
    body: str | None
    author: Account
    created: datetime
    updated: datetime
    state: str = "open"
    state_reason: str | None = None
    closed: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[GithubComment] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, as webhooks tell it."""

    resource: str
    action: str
    issue: GithubIssue
    who: Account
    comment: GithubComment | None = None
    label: Label | None = None
    assignee: Account | None = None
    changes: Json | None = None


Told = Callable[[Change], None]


def _nobody(_change: Change) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class GithubWorld:
    """The repository. `transferred`: number here to `owner/name/issues/number` elsewhere."""

    issues: dict[int, GithubIssue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    transferred: dict[int, str] = field(default_factory=dict)
    old_names: set[str] = field(default_factory=set)
    has_issues: bool = True
    can_push: bool = True
    """Without push access labels and assignees of a create are silently dropped, as GitHub does."""
    lag: timedelta = timedelta(0)
    started: datetime = field(default_factory=now)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(2_000_000_001))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    told: Told = _nobody

    def __post_init__(self) -> None:
        """Begin with the labels a new repository has."""
        for name, color in STARTER_LABELS.items():
            self.labels[name] = Label(next(self.ids), name, color, default=True)

    def knows(self, full_name: str) -> bool:
        """Whether this is the repository, without regard to case."""
        return full_name.lower() == GITHUB_REPO.lower()

    def create(
        self, title: str, body: str | None, labels: list[str], assignees: list[Account], who: Account
    ) -> GithubIssue:
        """Create an issue; tell of it and of each of its labels and assignees, as GitHub does."""
        at = now()
        issue = GithubIssue(next(self.ids), next(self.numbers), title, body, who, at, at)
        self.issues[issue.number] = issue
        if self.can_push:
            issue.labels = [self.label(name) for name in labels]
            issue.assignees = list(assignees)
        self.told(Change("issues", "opened", issue, who))
        for label in issue.labels:
            self._happened(issue, "labeled", who, label=label)
        for assignee in issue.assignees:
            self._happened(issue, "assigned", who, assignee=assignee)
        return issue

    def edit(self, issue: GithubIssue, who: Account, title: str, body: str | None) -> None:
        """Change title and body; tell what they were."""
        changes: Json = {}
        if title != issue.title:
            changes["title"] = {"from": issue.title}
            self._note(issue, "renamed", who, {"rename": {"from": issue.title, "to": title}})
        if body != issue.body:
            changes["body"] = {"from": issue.body or ""}
        if changes:
            issue.title, issue.body, issue.updated = title, body, now()
            self.told(Change("issues", "edited", issue, who, changes=changes))

    def close(self, issue: GithubIssue, who: Account, reason: str) -> None:
        """Close with a reason; closing again with another reason is a change too."""
        if (issue.state, issue.state_reason) == ("closed", reason):
            return
        issue.state, issue.state_reason, issue.closed, issue.closed_by = "closed", reason, now(), who
        self._happened(issue, "closed", who, reason=reason)

    def reopen(self, issue: GithubIssue, who: Account) -> None:
        """Open a closed issue."""
        if issue.state == "open":
            return
        issue.state, issue.state_reason, issue.closed, issue.closed_by = "open", "reopened", None, None
        self._happened(issue, "reopened", who, reason="reopened")

    def set_labels(self, issue: GithubIssue, names: list[str], who: Account) -> None:
        """Make these the labels; unknown ones are created."""
        wanted = list({label.id: label for label in map(self.label, names)}.values())
        before, issue.labels = issue.labels, wanted
        for label in before:
            if label not in wanted:
                self._happened(issue, "unlabeled", who, label=label)
        for label in wanted:
            if label not in before:
                self._happened(issue, "labeled", who, label=label)

    def set_assignees(self, issue: GithubIssue, wanted: list[Account], who: Account) -> None:
        """Make these the assignees."""
        before, issue.assignees = issue.assignees, wanted
        for account in before:
            if account not in wanted:
                self._happened(issue, "unassigned", who, assignee=account)
        for account in wanted:
            if account not in before:
                self._happened(issue, "assigned", who, assignee=account)

    def label(self, name: str, color: str = PLAIN_COLOR, description: str | None = None) -> Label:
        """The label, made if it is new."""
        key = name.lower()
        if key not in self.labels:
            self.labels[key] = Label(next(self.ids), name, color, description)
        return self.labels[key]

    # ------------------------------------------------------------ comments

    def comment(self, issue: GithubIssue, body: str, who: Account) -> GithubComment:
        """Add a comment and tell."""
        at = now()
        comment = GithubComment(next(self.ids), who, body, at, at)
        issue.comments.append(comment)
        issue.updated = at
        self.told(Change("issue_comment", "created", issue, who, comment=comment))
        return comment

    def edit_comment(self, issue: GithubIssue, comment: GithubComment, body: str, who: Account) -> None:
        """Rewrite a comment and tell."""
        changes = {"body": {"from": comment.body}}
        comment.body, comment.updated = body, now()
        issue.updated = comment.updated
        self.told(Change("issue_comment", "edited", issue, who, comment=comment, changes=changes))

    def delete_comment(self, issue: GithubIssue, comment: GithubComment, who: Account) -> None:
        """Delete a comment and tell."""
        issue.comments.remove(comment)
        issue.updated = now()
        self.told(Change("issue_comment", "deleted", issue, who, comment=comment))

    def delete(self, issue: GithubIssue, who: Account) -> None:
        """Delete an issue, as an owner can in the browser; its number then answers 410."""
        del self.issues[issue.number]
        self.deleted.add(issue.number)
        self.told(Change("issues", "deleted", issue, who))

    # ------------------------------------------------------------ events

    def _happened(
        self,
        issue: GithubIssue,
        event: str,
        who: Account,
        *,
        label: Label | None = None,
        assignee: Account | None = None,
        reason: str | None = None,
    ) -> None:
        more: Json = {}
        if label:
            more["label"] = {"name": label.name, "color": label.color}
        if assignee:
            more["assignee"] = assignee
        if event == "closed":
            more["state_reason"] = reason
        self._note(issue, event, who, more)
        self.told(Change("issues", event, issue, who, label=label, assignee=assignee))

    def _note(self, issue: GithubIssue, event: str, who: Account, more: Json) -> None:
        at = now()
        issue.events.append(Happened(next(self.ids), event, who, at, more))
        issue.updated = at
