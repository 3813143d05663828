"""The practice GitHub's memory: repositories with issues, comments, labels and their events."""

import copy
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.clock import Clock
from worker.sandbox.github.boards import harm_board, triage_board
from worker.sandbox.github.records import PLAIN_COLOR, GithubComment, GithubIssue, Happened, Label, Milestone
from worker.sandbox.lag import Shots
from worker.sandbox.seed import GITHUB_OTHER_REPO, GITHUB_REPO, Account
from worker.sandbox.values import Json

STARTER_LABELS = {"bug": "d73a4a", "wontfix": "ffffff", "duplicate": "cfd3d7", "enhancement": "a2eeef"}
REPO_ID = 1_296_269
_DUPLICATE_OF = re.compile(r"^\s*duplicate of (?:([\w.-]+/[\w.-]+))?#(\d+)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, as webhooks tell it. `to`: repository and issue that a transfer leads to."""

    resource: str
    action: str
    repo: "GithubRepo"
    issue: GithubIssue
    who: Account
    comment: GithubComment | None = None
    label: Label | None = None
    assignee: Account | None = None
    changes: Json | None = None
    to: "tuple[GithubRepo, GithubIssue] | None" = None


@dataclass(frozen=True, slots=True)
class NewIssue:
    """A checked create."""

    title: str
    body: str | None
    labels: list[str] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    milestone: Milestone | None = None
    type: str | None = None


Told = Callable[[Change], None]


def _nobody(_change: Change) -> None:
    """Hear nothing."""


@dataclass(slots=True, eq=False)
class GithubRepo:
    """One repository. `transferred`: number here to `owner/name/issues/number` elsewhere. `lag_s`: of its list."""

    id: int
    name: str
    clock: Clock
    ids: "itertools.count[int]"
    issues: dict[int, GithubIssue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    transferred: dict[int, str] = field(default_factory=dict)
    old_names: set[str] = field(default_factory=set)
    has_issues: bool = True
    archived: bool = False
    admin: bool = False
    """Whether our own account administers it, and so sees its webhooks."""
    can_push: bool = True
    """Without push access all of a create but title and body is silently dropped, as GitHub does."""
    public: bool = False
    lag_s: float = 0.0
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    told: Told = _nobody
    started: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the labels a new repository has."""
        self.started = self.clock()
        for name, color in STARTER_LABELS.items():
            self.labels[name] = Label(next(self.ids), name, color, default=True)

    def rename(self, name: str) -> None:
        """Take another name; the old one redirects."""
        self.old_names.add(self.name.lower())
        self.name = name

    def create(self, new: NewIssue, who: Account) -> GithubIssue:
        """Create an issue; tell of it and of each of its labels and assignees, as GitHub does."""
        at = self.clock()
        issue = GithubIssue(next(self.ids), next(self.numbers), new.title, new.body, who, at, at)
        self.issues[issue.number] = issue
        if self.can_push:
            issue.labels = [self.label(name) for name in new.labels]
            issue.assignees = list(new.assignees)
            issue.milestone, issue.type = new.milestone, new.type
        self.touch(issue)
        self.told(Change("issues", "opened", self, issue, who))
        for label in issue.labels:
            self._happened(issue, "labeled", who, label=label)
        for assignee in issue.assignees:
            self._happened(issue, "assigned", who, assignee=assignee)
        return issue

    def touch(self, issue: GithubIssue) -> None:
        """Move `updated_at`, and remember how the issue looks now for a list that lags behind."""
        issue.updated = self.clock()
        shot = copy.copy(issue)
        shot.labels, shot.assignees, shot.comments = list(issue.labels), list(issue.assignees), list(issue.comments)
        issue.shots.add(shot)

    def listed(self) -> list[GithubIssue]:
        """All issues as the list shows them."""
        if not self.lag_s:
            return list(self.issues.values())
        return [shot for issue in self.issues.values() if (shot := issue.shots.seen(self.lag_s)) is not None]

    def edit(self, issue: GithubIssue, who: Account, title: str, body: str | None) -> None:
        """Change title and body; tell what they were."""
        changes: Json = {}
        if title != issue.title:
            changes["title"] = {"from": issue.title}
            self.note(issue, "renamed", who, {"rename": {"from": issue.title, "to": title}})
        if body != issue.body:
            changes["body"] = {"from": issue.body or ""}
        if changes:
            issue.title, issue.body = title, body
            self.touch(issue)
            self.told(Change("issues", "edited", self, issue, who, changes=changes))

    def close(self, issue: GithubIssue, who: Account, reason: str, duplicate_of: int | None = None) -> None:
        """Close with a reason; closing again with another reason is a change too."""
        if duplicate_of is not None and duplicate_of != issue.duplicate_of:
            self.mark_duplicate(issue, duplicate_of, who)
        if (issue.state, issue.state_reason) == ("closed", reason):
            return
        issue.state, issue.state_reason, issue.closed, issue.closed_by = "closed", reason, self.clock(), who
        self._happened(issue, "closed", who, reason=reason)

    def mark_duplicate(self, issue: GithubIssue, of: int, who: Account) -> None:
        """Mark as the duplicate of another issue, by its id; the event does not say of which."""
        issue.duplicate_of = of
        self.note(issue, "marked_as_duplicate", who, {})

    def reopen(self, issue: GithubIssue, who: Account) -> None:
        """Open a closed issue; it is no duplicate any more."""
        if issue.state == "open":
            return
        if issue.duplicate_of is not None:
            issue.duplicate_of = None
            self.note(issue, "unmarked_as_duplicate", who, {})
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
        """Add a comment and tell; a line `Duplicate of #12` in it marks the issue as a duplicate."""
        at = self.clock()
        comment = GithubComment(next(self.ids), who, body, at, at)
        issue.comments.append(comment)
        self.touch(issue)
        self.told(Change("issue_comment", "created", self, issue, who, comment=comment))
        named = _DUPLICATE_OF.search(body)
        if named and (named[1] or self.name).lower() == self.name.lower() and int(named[2]) in self.issues:
            self.mark_duplicate(issue, self.issues[int(named[2])].id, who)
        return comment

    def edit_comment(self, issue: GithubIssue, comment: GithubComment, body: str, who: Account) -> None:
        """Rewrite a comment and tell."""
        changes = {"body": {"from": comment.body}}
        comment.body, comment.updated = body, self.clock()
        self.touch(issue)
        self.told(Change("issue_comment", "edited", self, issue, who, comment=comment, changes=changes))

    def delete_comment(self, issue: GithubIssue, comment: GithubComment, who: Account) -> None:
        """Delete a comment and tell."""
        issue.comments.remove(comment)
        self.touch(issue)
        self.told(Change("issue_comment", "deleted", self, issue, who, comment=comment))

    def delete(self, issue: GithubIssue, who: Account) -> None:
        """Delete an issue, as an owner can in the browser; its number then answers 410."""
        del self.issues[issue.number]
        self.deleted.add(issue.number)
        self.told(Change("issues", "deleted", self, issue, who))

    def transfer(self, issue: GithubIssue, to: "GithubRepo", who: Account) -> GithubIssue:
        """Move an issue to another repository: there it is a new one, id and number included. The old one redirects.

        Comments and assignees go along, and those labels that exist there too.
        """
        moved = copy.copy(issue)
        moved.id, moved.number, moved.shots = next(self.ids), next(to.numbers), Shots()
        moved.labels = [to.labels[key] for label in issue.labels if (key := label.name.lower()) in to.labels]
        moved.assignees, moved.comments = list(issue.assignees), list(issue.comments)
        moved.events, moved.milestone = list(issue.events), None
        to.issues[moved.number] = moved
        del self.issues[issue.number]
        self.transferred[issue.number] = f"{to.name}/issues/{moved.number}"
        to.transferred.pop(moved.number, None)
        to.note(moved, "transferred", who, {})
        self.told(Change("issues", "transferred", self, issue, who, to=(to, moved)))
        return moved

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
        self.note(issue, event, who, more)
        self.told(Change("issues", event, self, issue, who, label=label, assignee=assignee))

    def note(self, issue: GithubIssue, event: str, who: Account, more: Json) -> None:
        """Add to the event list of an issue."""
        issue.events.append(Happened(next(self.ids), event, who, self.clock(), more))
        self.touch(issue)


class GithubSite:
    """All repositories: the one that takes tickets, and one that issues may be transferred to."""

    def __init__(self, clock: Clock) -> None:
        """Begin with both, empty."""
        ids = itertools.count(2_000_000_001)
        self.main = GithubRepo(REPO_ID, GITHUB_REPO, clock, ids)
        self.repos = (self.main, GithubRepo(REPO_ID + 1, GITHUB_OTHER_REPO, clock, ids))
        self.boards = (triage_board(), harm_board())
        self.project_scope = True
        self.hidden_boards: set[int] = set()

    def named(self, name: str) -> GithubRepo | None:
        """A repository by its present name, without regard to case."""
        return next((repo for repo in self.repos if repo.name.lower() == name.lower()), None)

    def once_named(self, name: str) -> GithubRepo | None:
        """A repository that went by this name."""
        return next((repo for repo in self.repos if name.lower() in repo.old_names), None)

    def issue(self, issue_id: int) -> tuple[GithubRepo, GithubIssue] | None:
        """An issue by id, wherever it is."""
        found = ((repo, issue) for repo in self.repos for issue in repo.issues.values())
        return next((pair for pair in found if pair[1].id == issue_id), None)

    def tell(self, told: Told) -> None:
        """Let somebody hear of every change in every repository, as the webhook of an organisation does."""
        for repo in self.repos:
            repo.told = told
