"""The practice Sentry's memory: what happens to issues, and what becomes of it."""

import copy
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.clock import Clock, sentry_time
from worker.sandbox.seed import PROJECTS, Account, Project
from worker.sandbox.sentry import grouping
from worker.sandbox.sentry.incoming import Incoming, user_key
from worker.sandbox.sentry.records import Change, Release, SentryIssue, Told, actor
from worker.sandbox.sentry.rules import ProjectRules
from worker.sandbox.values import Json

KEPT_IDS = 200_000
PRIORITY = {"fatal": "high", "error": "high", "warning": "medium"}


def _nobody(_change: Change) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class SentryWorld:
    """All issues of the organisation. `merged`: id to the id of the issue it went into. `lag_s`: of the issue list.

    `lenient`: a search for an unknown short id finds nothing, where the real Sentry refuses it.
    `discarded`: groups, by project and hash, whose events are thrown away. `rules`: for grouping, by project.
    """

    clock: Clock = field(default_factory=Clock)
    lag_s: float = 0.0
    lenient: bool = False
    discarded: set[tuple[str, str]] = field(default_factory=set)
    projects: dict[str, Project] = field(default_factory=lambda: {project.id: project for project in PROJECTS})
    issues: dict[str, SentryIssue] = field(default_factory=dict)
    by_hash: dict[tuple[str, str], SentryIssue] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    rules: dict[str, ProjectRules] = field(default_factory=dict)
    event_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)
    issue_ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))
    told: Told = _nobody

    # ------------------------------------------------------------ events

    def ingest(self, event: Incoming, project: Project) -> SentryIssue | None:
        """Take one event: group it, count it, move its issue. The same event id twice counts once, as in Sentry.

        None when its group is discarded.
        """
        project = self.projects[project.id]
        known = self.event_ids.get((project.id, event.id))
        if known is not None and (issue := self.find(known)) is not None:
            return issue
        key = (project.id, grouping.group_hash(event, self.rules.get(project.id)))
        if key in self.discarded:
            return None
        issue = self.by_hash.get(key)
        fresh = issue is None
        if issue is None:
            issue = self.new_issue(event, project, key[1])
            self.note(issue, "first_seen", {"priority": issue.priority}, at=event.at)
        self._remember(event, project, issue)
        self._count(event, issue, key[1])
        self._tell_of(event, issue, fresh=fresh)
        return issue

    def _tell_of(self, event: Incoming, issue: SentryIssue, *, fresh: bool) -> None:
        if fresh:
            self.told(Change("issue", "created", issue, event=event))
        else:
            self._stir(event, issue)
        self.told(Change("error", "created", issue, event=event))

    def new_issue(self, event: Incoming, project: Project, digest: str) -> SentryIssue:
        """Make an issue of its first event, which is not counted yet."""
        self.numbers[project.id] += 1
        issue = SentryIssue(
            id=str(next(self.issue_ids)),
            number=self.numbers[project.id],
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
        self.by_hash[project.id, digest] = issue
        return issue

    def _remember(self, event: Incoming, project: Project, issue: SentryIssue) -> None:
        self.event_ids[project.id, event.id] = issue.id
        if len(self.event_ids) > KEPT_IDS:
            del self.event_ids[next(iter(self.event_ids))]
        if event.release:
            release = self.release(event.release, event.at)
            if project.id not in release.projects:
                release.projects.append(project.id)

    def _count(self, event: Incoming, issue: SentryIssue, digest: str) -> None:
        issue.count += 1
        issue.per_hash[digest] += 1
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
        self.touch(issue)

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
        """Release-aware: an event from before the release that fixed the issue, or from none, proves nothing."""
        fixed_in = self.releases.get(issue.fixed_in or "")
        fixed_after = self.releases.get(issue.fixed_after or "")
        if fixed_in is None and fixed_after is None:
            return True
        seen = self.releases.get(event.release or "")
        if seen is None:
            return False
        return seen.age >= fixed_in.age if fixed_in else fixed_after is None or seen.age > fixed_after.age

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
        self.told(Change("issue", status, issue, who))

    def escalate(self, issue: SentryIssue) -> None:
        """Sentry finds that an issue happens far more often; out of the archive this is a move, and told as one."""
        self.prioritise(issue, "high", None, reason="escalating")
        if issue.status == "unresolved":
            issue.substatus = "escalating"
            self.note(issue, "set_escalating", {"forecast": 0})
        else:
            self.change(issue, "unresolved", "escalating", None, "set_escalating", {"forecast": 0})

    def prioritise(self, issue: SentryIssue, priority: str, who: Account | None, **why: str) -> None:
        """Set the priority and note it; nothing when it is so already. Sentry tells nobody of it."""
        if priority != issue.priority:
            issue.priority = priority
            self.note(issue, "set_priority", {"priority": priority, **why}, who)

    def assign(self, issue: SentryIssue, assigned: Json | None, who: Account) -> None:
        """Assign or unassign, note it and tell of the first."""
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
            self.told(Change("issue", "assigned", issue, who))

    def note(
        self, issue: SentryIssue, kind: str, data: Json, who: Account | None = None, at: datetime | None = None
    ) -> Json:
        """Add to the activity of an issue, newest first as the API has it; the new row."""
        row = {
            "id": str(next(self.ids)),
            "type": kind,
            "data": data,
            **actor(who),
            "dateCreated": sentry_time(at or self.clock()),
        }
        issue.activity.insert(0, row)
        self.touch(issue)
        return row

    # ------------------------------------------------------------ comments

    def say(self, issue: SentryIssue, text: str, who: Account) -> Json:
        """Add a comment and tell; its row."""
        row = self.note(issue, "note", {"text": text}, who)
        self.told(Change("comment", "created", issue, who, note=row))
        return row

    def say_anew(self, issue: SentryIssue, row: Json, text: str, who: Account) -> None:
        """Rewrite a comment and tell. Its date stays: Sentry does not say when it was edited."""
        row["data"] = {"text": text}
        self.told(Change("comment", "updated", issue, who, note=row))

    def unsay(self, issue: SentryIssue, row: Json, who: Account) -> None:
        """Delete a comment and tell."""
        issue.activity.remove(row)
        self.told(Change("comment", "deleted", issue, who, note=row))

    # ------------------------------------------------------------ finding

    def touch(self, issue: SentryIssue) -> None:
        """Remember how an issue looks now, for a list that lags behind."""
        issue.shots.add(copy.copy(issue))

    def listed(self) -> Iterator[SentryIssue]:
        """All issues as the list shows them."""
        for issue in self.issues.values():
            shown = issue.shots.seen(self.lag_s) if self.lag_s else issue
            if shown is not None:
                yield shown

    def find(self, issue_id: str) -> SentryIssue | None:
        """An issue by id; a merged id finds its parent, as Sentry's group redirect does; deleted: None."""
        while issue_id in self.merged:
            issue_id = self.merged[issue_id]
        return self.issues.get(issue_id)

    def by_short_id(self, short_id: str) -> SentryIssue | None:
        """An issue by short id, without regard to case."""
        wanted = short_id.upper()
        return next((issue for issue in self.issues.values() if issue.short_id == wanted), None)

    def release(self, version: str, at: datetime) -> Release:
        """The release, made if it is new."""
        if version not in self.releases:
            self.releases[version] = Release(id=next(self.ids), version=version, created=at)
        return self.releases[version]

    def releases_of(self, project_id: str) -> list[Release]:
        """The releases of a project, the latest released last."""
        mine = [release for release in self.releases.values() if project_id in release.projects]
        return sorted(mine, key=lambda release: (release.released or release.created, release.id))
