"""The practice Jira's memory: issues, their workflow, history, comments and the search index that lags behind."""

import copy
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.clock import Clock
from worker.sandbox.jira.workflow import RESOLUTIONS, STATES, State
from worker.sandbox.lag import Shots
from worker.sandbox.seed import Account, JiraProject, jira_projects
from worker.sandbox.values import Json


@dataclass(slots=True, eq=False)
class Comment:
    """One comment; `body` is a document (v3) or text (v2), as it was written."""

    id: str
    author: Account
    body: Json | str
    created: datetime
    updated: datetime
    editor: Account | None = None


@dataclass(slots=True, eq=False)
class JiraIssue:
    """One issue. `history`: `(id, who, when, items)`, oldest first.

    `former`: projects and numbers it had before it was moved. `hidden`: an issue security level keeps our account out.
    """

    id: str
    project: JiraProject
    number: int
    type: str
    summary: str
    creator: Account
    created: datetime
    updated: datetime
    description: Json | str | None = None
    labels: list[str] = field(default_factory=list)
    priority: str = "Medium"
    assignee: Account | None = None
    components: list[str] = field(default_factory=list)
    parent: "JiraIssue | None" = None
    duedate: str | None = None
    custom: Json = field(default_factory=dict)
    """Custom fields by id, as they were written."""
    state: State = STATES["To Do"]
    resolution: str | None = None
    resolved_at: datetime | None = None
    comments: list[Comment] = field(default_factory=list)
    history: list[tuple[str, Account, datetime, list[Json]]] = field(default_factory=list)
    properties: Json = field(default_factory=dict)
    remote_links: list[Json] = field(default_factory=list)
    links: list[tuple[str, str, "JiraIssue", "JiraIssue"]] = field(default_factory=list)
    """`(id, link type, inward issue, outward issue)`, in both issues."""
    former: list[tuple[JiraProject, int]] = field(default_factory=list)
    hidden: bool = False
    shots: "Shots[JiraIssue]" = field(default_factory=Shots)

    @property
    def key(self) -> str:
        """The key that people see: it changes when the issue moves or its project is renamed."""
        return f"{self.project.key}-{self.number}"

    def answers_to(self, key: str, number: int) -> bool:
        """Whether it has, or once had, this project key and number."""
        places = [(self.project, self.number), *self.former]
        return any(number == its and key in {project.key, *project.old_keys} for project, its in places)


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
    """All issues of the site by id. `lag_s`: of the index. `resolution_screen`: closing asks for a resolution."""

    clock: Clock = field(default_factory=Clock)
    projects: tuple[JiraProject, ...] = field(default_factory=jira_projects)
    issues: dict[str, JiraIssue] = field(default_factory=dict)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(10001))
    numbers: Counter[str] = field(default_factory=Counter)
    lag_s: float = 0.0
    resolution_screen: bool = True
    required: set[str] = field(default_factory=set)
    """Custom fields that a create must have."""
    told: Told = _nobody

    def find(self, name: str) -> JiraIssue | None:
        """An issue by id or by any key it ever had, without regard to case."""
        if name in self.issues:
            return self.issues[name]
        key, _, number = name.upper().rpartition("-")
        if not number.isdecimal():
            return None
        return next((issue for issue in self.issues.values() if issue.answers_to(key, int(number))), None)

    def project(self, name: str) -> JiraProject | None:
        """A project by id or by any key it ever had, without regard to case."""
        wanted = name.upper()
        return next((one for one in self.projects if wanted in {one.id, one.key, *one.old_keys}), None)

    def create(self, project: JiraProject, issue_type: str, summary: str, who: Account, fields: Json) -> JiraIssue:
        """Create an issue from checked `fields` (attributes of an issue) and tell."""
        at = self.clock()
        issue = JiraIssue(str(next(self.ids)), project, self._number(project), issue_type, summary, who, at, at)
        for name, value in fields.items():
            setattr(issue, name, value)
        self.issues[issue.id] = issue
        _index(issue)
        self.told(Change("jira:issue_created", issue, who))
        return issue

    def _number(self, project: JiraProject) -> int:
        self.numbers[project.id] += 1
        return self.numbers[project.id]

    def relocate(self, issue: JiraIssue, to: JiraProject, who: Account) -> None:
        """Move an issue to another project, where it gets another key; the old one still leads to it."""
        before, old_key = issue.project, issue.key
        issue.former.append((before, issue.number))
        issue.project, issue.number = to, self._number(to)
        places = _item("project", before.id, before.name, to.id, to.name)
        self.changed(issue, who, [places, _item("Key", None, old_key, None, issue.key)])

    def rename(self, project: JiraProject, key: str) -> None:
        """Give a project another key, and so all its issues; the old ones still lead to them. Jira tells nobody."""
        project.old_keys, project.key = (*project.old_keys, project.key), key

    def move(self, issue: JiraIssue, to: State, who: Account, resolution: str | None = None) -> None:
        """Take a transition; the workflow sets or clears the resolution, unless its screen was filled in."""
        items = [_item("status", issue.state.id, issue.state.name, to.id, to.name)]
        items += self._resolve(issue, resolution or to.resolution)
        issue.state = to
        self.changed(issue, who, items)

    def _resolve(self, issue: JiraIssue, resolution: str | None) -> list[Json]:
        if resolution == issue.resolution:
            return []
        before, after = issue.resolution, resolution
        issue.resolution = resolution
        issue.resolved_at = self.clock() if resolution else None
        return [_item("resolution", RESOLUTIONS.get(before or ""), before, RESOLUTIONS.get(after or ""), after)]

    def edit(self, issue: JiraIssue, who: Account, fields: Json) -> None:
        """Set checked fields; only what differs enters the history."""
        items = [
            _item(name, _id_of(getattr(issue, name)), _shown(getattr(issue, name)), _id_of(value), _shown(value))
            for name, value in fields.items()
            if getattr(issue, name) != value
        ]
        for name, value in fields.items():
            setattr(issue, name, value)
        if items:
            self.changed(issue, who, items)

    def changed(self, issue: JiraIssue, who: Account, items: list[Json]) -> None:
        """Write history, touch the issue and tell."""
        at, history_id = self.clock(), str(next(self.ids))
        issue.history.append((history_id, who, at, items))
        self.touch(issue, at)
        self.told(Change("jira:issue_updated", issue, who, tuple(items), history_id))

    def touch(self, issue: JiraIssue, at: datetime) -> None:
        """Move `updated` and feed the index."""
        issue.updated = at
        _index(issue)

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
        at = self.clock()
        comment = Comment(str(next(self.ids)), who, body, at, at)
        issue.comments.append(comment)
        self.touch(issue, at)
        self.told(Change("comment_created", issue, who, comment=comment))
        return comment

    def edit_comment(self, issue: JiraIssue, comment: Comment, body: Json | str, who: Account) -> None:
        """Rewrite a comment and tell."""
        comment.body, comment.updated, comment.editor = body, self.clock(), who
        self.touch(issue, comment.updated)
        self.told(Change("comment_updated", issue, who, comment=comment))

    def delete_comment(self, issue: JiraIssue, comment: Comment, who: Account) -> None:
        """Delete a comment and tell."""
        issue.comments.remove(comment)
        self.touch(issue, self.clock())
        self.told(Change("comment_deleted", issue, who, comment=comment))

    # ------------------------------------------------------------ links and search

    def link(self, kind: str, inward: JiraIssue, outward: JiraIssue) -> None:
        """Link two issues; the same link twice is one."""
        if any((known[1], known[2], known[3]) == (kind, inward, outward) for known in inward.links):
            return
        link = (str(next(self.ids)), kind, inward, outward)
        for issue in {id(inward): inward, id(outward): outward}.values():
            issue.links.append(link)
            self.touch(issue, self.clock())

    def indexed(self, fresh_ids: frozenset[str] = frozenset()) -> list[JiraIssue]:
        """What search can see: each issue as the index knew it `lag_s` ago; `fresh_ids` are read without lag."""
        seen = []
        for issue in self.issues.values():
            live = not self.lag_s or issue.id in fresh_ids
            shown = issue if live else issue.shots.seen(self.lag_s)
            if shown is not None:
                seen.append(shown)
        return seen


def _index(issue: JiraIssue) -> None:
    shot = copy.copy(issue)
    shot.comments, shot.history, shot.links = list(issue.comments), list(issue.history), list(issue.links)
    issue.shots.add(shot)


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
    if isinstance(value, JiraIssue):
        return value.key
    return None if value is None else str(value)[:200]


def _id_of(value: object) -> str | None:
    return value.id if isinstance(value, Account) else None
