"""The practice Sentry's memory: issues, their states and activity, releases and links."""

import itertools
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.clock import base36, now, sentry_time
from worker.sandbox.seed import PROJECTS, Account, Project
from worker.sandbox.sentry import grouping
from worker.sandbox.sentry.incoming import Incoming, user_key
from worker.sandbox.values import Json

KEPT_EVENTS = 20
KEPT_IDS = 200_000
PRIORITY = {"fatal": "high", "error": "high", "warning": "medium"}


@dataclass(slots=True, eq=False)
class SentryIssue:
    """One issue. `links`: tickets by the slug of the app that linked them."""

    id: str
    short_id: str
    project: Project
    hashes: list[str]
    title: str
    culprit: str
    level: str
    platform: str
    metadata: Json
    unhandled: bool
    first_seen: datetime
    last_seen: datetime
    status: str = "unresolved"
    substatus: str | None = "new"
    details: Json = field(default_factory=dict)
    fixed_in: str | None = None
    fixed_after: str | None = None
    priority: str = "high"
    assigned: Json | None = None
    first_release: str | None = None
    last_release: str | None = None
    count: int = 0
    archived_count: int = 0
    users: set[str] = field(default_factory=set)
    tags: dict[str, Counter[str]] = field(default_factory=dict)
    hours: Counter[int] = field(default_factory=Counter)
    events: deque[Incoming] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    activity: list[Json] = field(default_factory=list)
    links: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Release:
    """One release; `deploys` in the shape of the API."""

    id: int
    version: str
    created: datetime
    released: datetime | None = None
    projects: list[str] = field(default_factory=list)
    ref: str | None = None
    url: str | None = None
    deploys: list[Json] = field(default_factory=list)


Told = Callable[[str, str, SentryIssue, Account | None, Incoming | None], None]
"""Hears of a change: resource, action, issue, who (None: Sentry itself), the event."""


def _nobody(_resource: str, _action: str, _issue: SentryIssue, _who: Account | None, _event: Incoming | None) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class SentryWorld:
    """All issues of the organisation; `moved` maps merged and deleted ids to their parent or None."""

    projects: dict[str, Project] = field(default_factory=lambda: {project.id: project for project in PROJECTS})
    issues: dict[str, SentryIssue] = field(default_factory=dict)
    by_hash: dict[tuple[str, str], SentryIssue] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    event_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)
    issue_ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))
    told: Told = _nobody

    # ------------------------------------------------------------ events

    def ingest(self, event: Incoming, project: Project) -> SentryIssue:
        """Take one event: group it, count it, move its issue. The same event id twice counts once, as in Sentry."""
        known = self.event_ids.get((project.id, event.id))
        if known is not None and (issue := self.find(known)) is not None:
            return issue
        key = (project.id, grouping.group_hash(event))
        issue = self.by_hash.get(key)
        fresh = issue is None
        if issue is None:
            issue = self._new_issue(event, project, key[1])
            self.by_hash[key] = issue
        self._remember(event, project, issue)
        self._count(event, issue)
        if fresh:
            self.told("issue", "created", issue, None, event)
        else:
            self._stir(event, issue)
        self.told("error", "created", issue, None, event)
        return issue

    def _new_issue(self, event: Incoming, project: Project, digest: str) -> SentryIssue:
        self.numbers[project.id] += 1
        issue = SentryIssue(
            id=str(next(self.issue_ids)),
            short_id=f"{project.slug.upper()}-{base36(self.numbers[project.id])}",
            project=project,
            hashes=[digest],
            title=grouping.title(event),
            culprit=grouping.culprit(event),
            level=event.level,
            platform=event.platform,
            metadata=grouping.metadata(event),
            unhandled=grouping.handled(event) is False,
            first_seen=event.at,
            last_seen=event.at,
            priority=PRIORITY.get(event.level, "low"),
            first_release=event.release,
        )
        self.issues[issue.id] = issue
        self.note(issue, "first_seen", {"priority": issue.priority}, at=event.at)
        return issue

    def _remember(self, event: Incoming, project: Project, issue: SentryIssue) -> None:
        self.event_ids[project.id, event.id] = issue.id
        if len(self.event_ids) > KEPT_IDS:
            del self.event_ids[next(iter(self.event_ids))]
        if event.release:
            release = self.release(event.release, event.at)
            if project.slug not in release.projects:
                release.projects.append(project.slug)

    def _count(self, event: Incoming, issue: SentryIssue) -> None:
        issue.count += 1
        issue.first_seen, issue.last_seen = min(issue.first_seen, event.at), max(issue.last_seen, event.at)
        issue.last_release = event.release or issue.last_release
        issue.hours[int(event.at.timestamp()) // 3600 * 3600] += 1
        if (user := user_key(event)) is not None:
            issue.users.add(user)
        for key, value in event.tags:
            issue.tags.setdefault(key, Counter())[value] += 1
        issue.events.append(event)
        issue.title, issue.metadata = grouping.title(event), grouping.metadata(event)
        issue.culprit = grouping.culprit(event)

    # ------------------------------------------------------------ what a new event does to a state

    def _stir(self, event: Incoming, issue: SentryIssue) -> None:
        """A resolved issue regresses; an archived one wakes when its count is reached; others stay."""
        if issue.status == "resolved" and self._regresses(event, issue):
            data = {"event_id": event.id, "version": event.release or "", "resolved_in_version": issue.fixed_in}
            self.change(issue, "unresolved", "regressed", None, "set_regression", data)
        elif issue.substatus == "archived_until_condition_met":
            limit = issue.details.get("ignoreCount")
            if isinstance(limit, int) and issue.count - issue.archived_count >= limit:
                self.change(issue, "unresolved", "ongoing", None, "set_unresolved", {})

    def _regresses(self, event: Incoming, issue: SentryIssue) -> bool:
        """Release-aware: an event from before the release that fixed the issue proves nothing."""
        order = list(self.releases)
        seen = order.index(event.release) if event.release in order else len(order)
        if issue.fixed_in in order:
            return seen >= order.index(issue.fixed_in)
        return issue.fixed_after not in order or seen > order.index(issue.fixed_after)

    # ------------------------------------------------------------ states

    def change(
        self, issue: SentryIssue, status: str, substatus: str | None, who: Account | None, kind: str, data: Json
    ) -> None:
        """Move an issue, note why, tell. `who` None: Sentry itself."""
        issue.status, issue.substatus = status, substatus
        if status != "resolved":
            issue.fixed_in = issue.fixed_after = None
        if status == "unresolved":
            issue.details = {}
        issue.archived_count = issue.count
        self.note(issue, kind, data, who)
        self.told("issue", status, issue, who, None)

    def assign(self, issue: SentryIssue, assigned: Json | None, who: Account) -> None:
        """Assign or unassign, note it and tell."""
        if assigned == issue.assigned:
            return
        issue.assigned = assigned
        data = (
            {"assignee": assigned["id"], "assigneeEmail": assigned.get("email"), "assigneeType": assigned["type"]}
            if assigned
            else {}
        )
        self.note(issue, "assigned" if assigned else "unassigned", data, who)
        if assigned:
            self.told("issue", "assigned", issue, who, None)

    def note(
        self, issue: SentryIssue, kind: str, data: Json, who: Account | None = None, at: datetime | None = None
    ) -> None:
        """Add to the activity of an issue, newest first as the API has it."""
        user = None
        if who is not None:
            user = {"id": who.id, "name": who.name, "username": who.login, "email": who.login, "isActive": True}
        row = {"id": str(next(self.ids)), "type": kind, "data": data, "user": user, "sentry_app": None}
        issue.activity.insert(0, {**row, "dateCreated": sentry_time(at or now())})

    # ------------------------------------------------------------ finding, merging, deleting

    def find(self, issue_id: str) -> SentryIssue | None:
        """An issue by id; a merged id finds its parent, as Sentry's group redirect does; deleted: None."""
        while issue_id in self.merged:
            issue_id = self.merged[issue_id]
        return self.issues.get(issue_id)

    def by_short_id(self, short_id: str) -> SentryIssue | None:
        """An issue by short id, without regard to case."""
        wanted = short_id.upper()
        return next((issue for issue in self.issues.values() if issue.short_id == wanted), None)

    def merge(self, issues: list[SentryIssue], who: Account | None) -> tuple[SentryIssue, list[SentryIssue]]:
        """Merge into the issue with most events (then the oldest): the choice is Sentry's, not the caller's."""
        parent = max(issues, key=lambda issue: (issue.count, -int(issue.id)))
        children = [issue for issue in issues if issue is not parent]
        for child in children:
            _absorb(parent, child)
            for digest in child.hashes:
                self.by_hash[child.project.id, digest] = parent
            self.merged[child.id] = parent.id
            del self.issues[child.id]
        self.note(parent, "merge", {"issues": [{"id": child.id} for child in children]}, who)
        return parent, children

    def delete(self, issue: SentryIssue) -> None:
        """Forget an issue; its next event starts a new one."""
        del self.issues[issue.id]
        for digest in issue.hashes:
            self.by_hash.pop((issue.project.id, digest), None)

    def release(self, version: str, at: datetime) -> Release:
        """The release, made if it is new."""
        if version not in self.releases:
            self.releases[version] = Release(id=next(self.ids), version=version, created=at)
        return self.releases[version]


def _absorb(parent: SentryIssue, child: SentryIssue) -> None:
    parent.count += child.count
    parent.users |= child.users
    parent.hashes += child.hashes
    parent.hours.update(child.hours)
    parent.first_seen, parent.last_seen = (
        min(parent.first_seen, child.first_seen),
        max(parent.last_seen, child.last_seen),
    )
    for key, values in child.tags.items():
        parent.tags.setdefault(key, Counter()).update(values)
    parent.events = deque(sorted([*parent.events, *child.events], key=lambda event: event.at), maxlen=KEPT_EVENTS)
    for slug, link in child.links.items():
        parent.links.setdefault(slug, {**link, "issueId": parent.id})
