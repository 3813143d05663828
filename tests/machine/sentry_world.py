"""A Sentry organisation in memory: what people, errors and we ourselves can do to it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.machine.clock import Clock, Versions
from worker.ends.ports import Activity, Happened
from worker.errors import NoRelease
from worker.model import Comment, Deploy, Fixed, Issue, Person, Project, Resolve, Status

US = Person("app", "Bugferry")
MOVED_HOW = {Status.OPEN: "set_unresolved", Status.RESOLVED: "set_resolved", Status.IGNORED: "set_ignored"}
HAPPENED: dict[str, Happened] = {
    "set_unresolved": "reopened",
    "set_resolved": "resolved",
    "set_ignored": "archived",
    "set_regression": "regressed",
    "set_escalating": "escalated",
}
SUBSTATUS = {Status.OPEN: "ongoing", Status.RESOLVED: None, Status.IGNORED: "archived_until_escalating"}

Post = Callable[[str, str, "Bug"], None]
"""Sends a webhook: resource, action and what it is about."""


@dataclass
class Bug:
    """One issue. `fixed_in`: how many releases an event must be ahead of to count (0: any); `by`: who moved it last."""

    versions: Versions[Issue]
    release: str | None = None
    notes: list[Comment] = field(default_factory=list)
    fixed_after: int = -1
    merged_into: str | None = None
    deleted: bool = False
    unsettled_until: datetime | None = None
    gone_at: datetime | None = None
    past: list[Activity] = field(default_factory=list)

    @property
    def issue(self) -> Issue:
        return self.versions.latest

    @property
    def alive(self) -> bool:
        return not self.deleted and self.merged_into is None


class SentryWorld:
    """Everything in it, by issue id."""

    def __init__(self, clock: Clock, post: Post = lambda _resource, _action, _bug: None) -> None:
        self.clock, self.post = clock, post
        self.bugs: dict[str, Bug] = {}
        self.projects = {slug: Project(str(number), slug) for number, slug in enumerate(("web", "api"), 1)}
        self.releases: dict[str, list[str]] = {"1": [], "2": []}
        self.deploys: dict[str, list[Deploy]] = {"1": [], "2": []}
        self.members: dict[str, Person] = {}
        self.lag = timedelta()
        self._made = 0
        self._noted = 0

    # ------------------------------------------------------------ errors and releases

    def throw(self, slug: str, title: str = "TypeError", release: str | None = None) -> Bug:
        """An error that was never seen before."""
        self._made += 1
        project, now = self.projects[slug], self.clock()
        issue = Issue(
            id=str(4_500_000 + self._made),
            short_id=f"{project.slug.upper()}-{self._made:X}",
            title=title,
            project=project,
            substatus="new",
            level="error",
            permalink=f"https://sentry.test/issues/{4_500_000 + self._made}/",
            count=1,
            first_seen=now,
            last_seen=now,
            first_release=release,
            last_release=release,
        )
        bug = self.bugs[issue.id] = Bug(Versions(now, issue), release)
        self.post("issue", "created", bug)
        return bug

    def again(self, bug: Bug, release: str | None = None) -> None:
        """The same error once more; one that counts reopens what was resolved."""
        issue, now = bug.issue, self.clock()
        seen = replace(issue, count=issue.count + 1, last_seen=now, last_release=release or issue.last_release)
        known = self.releases[issue.project.id]
        ahead = known.index(release) if release in known else -1
        if issue.status is Status.RESOLVED and (bug.fixed_after < 0 or ahead > bug.fixed_after):
            moved = {"status": Status.OPEN, "substatus": "regressed", "moved_at": now, "moved_how": "set_regression"}
            bug.versions.set(now, replace(seen, **moved))
            self._happened(bug, "set_regression")
            bug.fixed_after = -1
            self.post("issue", "unresolved", bug)
        else:
            bug.versions.set(now, seen)
        self.post("error", "created", bug)

    def escalate(self, bug: Bug) -> None:
        """Sentry says that an archived issue is loud again."""
        now = self.clock()
        if bug.issue.status is Status.IGNORED:
            moved = {"status": Status.OPEN, "moved_at": now, "moved_how": "set_escalating"}
            bug.versions.set(now, replace(bug.issue, substatus="escalating", **moved))
            self._happened(bug, "set_escalating")
            self.post("issue", "unresolved", bug)
        elif bug.issue.status is Status.OPEN:
            bug.versions.set(now, replace(bug.issue, substatus="escalating"))
            self.post("issue", "unresolved", bug)

    def release(self, slug: str, version: str) -> None:
        self.releases[self.projects[slug].id].append(version)

    def deploy(self, slug: str, environment: str) -> None:
        project = self.projects[slug]
        if self.releases[project.id]:
            self.deploys[project.id].append(Deploy(self.releases[project.id][-1], environment, self.clock()))

    # ------------------------------------------------------------ people, and we

    def move(self, bug: Bug, to: Status, fixed: Fixed | None = None) -> None:
        """Set the status, by whomever. `NoRelease` when the resolution asks for one and there is none."""
        fixed = fixed or Fixed()
        known = self.releases[bug.issue.project.id]
        if to is Status.RESOLVED and fixed.how is not Resolve.NOW and not known:
            raise NoRelease(f"{bug.issue.project.slug} has no release")
        if to is Status.RESOLVED:
            bug.fixed_after = self._fixed_after(known, fixed)
        if bug.issue.status is to:
            return
        moved = {"status": to, "substatus": SUBSTATUS[to], "moved_at": self.clock(), "moved_how": MOVED_HOW[to]}
        bug.versions.set(self.clock(), replace(bug.issue, **moved))
        self._happened(bug, MOVED_HOW[to])
        names = {Status.OPEN: "unresolved", Status.RESOLVED: "resolved", Status.IGNORED: "archived"}
        self.post("issue", names[to], bug)

    def _happened(self, bug: Bug, how: str) -> None:
        number, at = f"{bug.issue.id}-{len(bug.past)}", bug.issue.moved_at or self.clock()
        bug.past.append(Activity(number, HAPPENED[how], at, how))

    def _fixed_after(self, known: list[str], fixed: Fixed) -> int:
        """The place of the newest release whose events do not count; -1 when all events do."""
        match fixed.how:
            case Resolve.NEXT_RELEASE:
                return len(known) - 1
            case Resolve.CURRENT_RELEASE:
                return len(known) - 2
            case Resolve.ON_DEPLOY if fixed.release in known:
                return known.index(fixed.release) - 1
        return -1

    def merge(self, child: Bug, parent: Bug, takes_s: float = 0.0) -> None:
        """One issue becomes part of another; for a while it is neither there nor gone."""
        child.merged_into = parent.issue.id
        child.unsettled_until = child.gone_at = self.clock() + timedelta(seconds=takes_s)
        now = self.clock()
        for other in self.bugs.values():
            if other.merged_into == child.issue.id:
                other.merged_into = parent.issue.id
        seen = max(filter(None, (parent.issue.last_seen, child.issue.last_seen)), default=now)
        parent.versions.set(now, replace(parent.issue, count=parent.issue.count + child.issue.count, last_seen=seen))

    def unmerge(self, bug: Bug, title: str) -> Bug:
        """A part of an issue's events becomes an issue of its own, open like any new one."""
        return self.throw(bug.issue.project.slug, title, bug.release)

    def delete(self, bug: Bug, takes_s: float = 0.0) -> None:
        bug.deleted = True
        bug.unsettled_until = bug.gone_at = self.clock() + timedelta(seconds=takes_s)

    def rename(self, slug: str, to: str) -> None:
        """Another slug for a project: short ids change with it, ids do not."""
        project = self.projects.pop(slug)
        self.projects[to] = renamed = replace(project, slug=to)
        for bug in self.bugs.values():
            if bug.issue.project.id == project.id:
                tail = bug.issue.short_id.rpartition("-")[2]
                issue = replace(bug.issue, project=renamed, short_id=f"{to.upper()}-{tail}")
                bug.versions.set(self.clock(), issue)

    def note(self, bug: Bug, text: str, author: Person, nonce: str | None = None) -> str:
        self._noted += 1
        bug.notes.append(Comment(f"n{self._noted}", text, author, self.clock(), None, nonce))
        self.post("comment", "created", bug)
        return bug.notes[-1].id

    def edit_note(self, bug: Bug, note_id: str, text: str, nonce: str | None = None) -> None:
        for place, note in enumerate(bug.notes):
            if note.id == note_id:
                bug.notes[place] = replace(note, text=text, edited_at=self.clock(), nonce=nonce or note.nonce)
                self.post("comment", "updated", bug)

    def assign(self, bug: Bug, person: Person | None) -> None:
        if bug.issue.assigned != person:
            named = person.name if person else None
            bug.versions.set(self.clock(), replace(bug.issue, assigned=person, assignee=named))
            self.post("issue", "assigned" if person else "unassigned", bug)
