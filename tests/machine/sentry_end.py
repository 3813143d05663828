"""The port to a Sentry in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from tests.machine.door import Door, NotFound
from tests.machine.sentry_world import US, Bug, SentryWorld
from worker.ends.ports import Activity, Found, Until
from worker.errors import BugferryError, Gone, Moved, NoRelease, Permanent, Unauthorized
from worker.event import Event
from worker.model import Comment, Deploy, Fixed, Issue, Project, Status
from worker.triage.map_answers import MapAnswer
from worker.triage.release import Release, Suspect

PAGE = 100


class MemorySentry:
    """`worker.ends.ports.Sentry` over a `SentryWorld`."""

    def __init__(self, world: SentryWorld, door: Door, *, carries_links: bool = True) -> None:
        self.world, self.door = world, door
        self.carries_links = carries_links

    def now(self) -> datetime:
        return self.world.clock()

    def issue(self, issue_id: str) -> Issue:
        return self._on(issue_id, "GET", "", self._look)

    def activities(self, issue_id: str) -> tuple[Issue, tuple[Activity, ...]]:
        return self._on(issue_id, "GET", "", lambda bug: (self._look(bug), tuple(bug.past)))

    def latest_event(self, issue_id: str) -> Event | None:
        def event(bug: Bug) -> Event | None:
            issue = self._look(bug)
            return Event(f"{issue.id}e{issue.count}", issue.title, release=issue.last_release)

        return self._on(issue_id, "GET", "events/latest/", event)

    def move(self, issue_id: str, to: Status, fixed: Fixed) -> None:
        self._on(issue_id, "PUT", "", lambda bug: self._own(lambda: self.world.move(bug, to, fixed)))

    def merge(self, project: Project, issue_ids: Sequence[str]) -> str | None:
        def merge() -> str | None:
            bugs = [self.world.bugs[one] for one in issue_ids if self.world.bugs[one].gone_at is None]
            if len(bugs) < len({"of", "two"}):
                raise self.door.said(Permanent(f"Sentry needs at least two issues of {project.slug} to merge"))
            parent = max(bugs, key=lambda bug: (bug.issue.count, bug.issue.id))
            for bug in bugs:
                if bug is not parent:
                    self.world.merge(bug, parent)
            return parent.issue.id

        return self.door.ask("PUT", "/api/0/organizations/acme/issues/", merge)

    def archive(self, issue_id: str, until: Until) -> None:
        self._on(issue_id, "PUT", "", lambda bug: self._own(lambda: self.world.move(bug, Status.IGNORED)))

    def link(self, issue_id: str, url: str, place: str, identifier: str, installation: str | None) -> bool:
        if not self.carries_links:
            return False
        try:
            self.door.ask("POST", "/api/0/sentry-app-installations/x/external-issues/", lambda: None)
        except Unauthorized:
            raise
        except Permanent:
            return False
        return True

    def active_since(self, since: datetime) -> Iterator[tuple[Issue, ...]]:
        start = since.replace(microsecond=0)
        shown = self._listing("lastSeen", lambda issue: issue.last_seen is None or issue.last_seen >= start)
        shown.sort(key=lambda issue: (issue.last_seen or start, issue.id), reverse=True)
        for place in range(0, len(shown), PAGE):
            yield tuple(shown[place : place + PAGE])

    def search(self, query: str, cursor: str | None = None) -> Found:
        if query not in {"", "is:unresolved"}:
            raise self.door.said(Permanent(f"Sentry cannot read the query {query}"))
        shown = self._listing("search", lambda issue: not query or issue.status is Status.OPEN)
        shown.sort(key=lambda issue: (issue.first_seen or self.world.clock(), issue.id), reverse=True)
        start = int(cursor or 0)
        following = str(start + PAGE) if start + PAGE < len(shown) else None
        return Found(tuple(shown[start : start + PAGE]), following, len(shown))

    def rows(self, short_ids: Sequence[str]) -> tuple[Issue, ...]:
        if not short_ids:
            return ()
        wanted = set(short_ids[:PAGE])
        rows = self._listing("issue", lambda issue: issue.short_id in wanted)
        unknown = wanted - {row.short_id for row in rows}
        if unknown:
            raise self.door.said(Permanent(f"Sentry knows no issue {min(unknown)}"))
        return tuple(replace(row, moved_at=None, moved_how=None) for row in rows)

    def deployed(self, project: Project, environment: str, since: datetime) -> Deploy | None:
        def find() -> Deploy | None:
            if not self.world.releases[project.id]:
                raise self.door.said(NoRelease(f"{project.slug} has no release"))
            after = [d for d in self.world.deploys[project.id] if d.environment == environment]
            return next((deploy for deploy in after if deploy.finished_at > since), None)

        return self.door.read("/api/0/organizations/acme/releases/", find)

    def releases(self, project: Project, since: datetime) -> tuple[Release, ...]:
        def find() -> tuple[Release, ...]:
            return tuple(Release(version) for version in reversed(self.world.releases[project.id]))

        return self.door.read("/api/0/organizations/acme/releases/", find)

    def deploys_of(self, version: str) -> tuple[Deploy, ...]:
        def find() -> tuple[Deploy, ...]:
            return tuple(one for known in self.world.deploys.values() for one in known if one.release == version)

        return self.door.read(f"/api/0/organizations/acme/releases/{version}/deploys/", find)

    def deploys_since(self, project: Project, since: datetime) -> tuple[Deploy, ...]:
        def find() -> tuple[Deploy, ...]:
            return tuple(one for one in self.world.deploys[project.id] if one.finished_at >= since)

        return self.door.read("/api/0/organizations/acme/releases/", find)

    def suspects(self, project: Project, event_id: str) -> tuple[Suspect, ...]:
        return self.door.read(f"/api/0/projects/acme/{project.slug}/events/{event_id}/committers/", tuple[Suspect, ...])

    def source_map_debug(self, project: Project, event_id: str) -> MapAnswer | None:
        path = f"/api/0/projects/acme/{project.slug}/events/{event_id}/source-map-debug/"
        return self.door.read(path, lambda: None)

    def comments(self, issue_id: str) -> tuple[Comment, ...]:
        return self._on(issue_id, "GET", "comments/", lambda bug: tuple(bug.notes))

    def comment(self, issue_id: str, text: str, nonce: str) -> str:
        return self._on(issue_id, "POST", "comments/", lambda bug: self.world.note(bug, text, US, nonce))

    def edit_comment(self, issue_id: str, comment_id: str, text: str, nonce: str) -> None:
        def edit(bug: Bug) -> None:
            if all(note.id != comment_id for note in bug.notes):
                raise self.door.said(Permanent(f"no comment {comment_id} on issue {issue_id}"))
            self.world.edit_note(bug, comment_id, text, nonce)

        self._on(issue_id, "PUT", f"comments/{comment_id}/", edit)

    def assign(self, issue_id: str, email: str | None) -> None:
        def assign(bug: Bug) -> None:
            person = self.world.members.get(email.lower()) if email else None
            if email and person is None:
                raise self.door.said(Permanent(f"Sentry has no member {email}"))
            self.world.assign(bug, person)

        self._on(issue_id, "PUT", "", assign)

    # ------------------------------------------------------------ what stands behind

    def _on(self, issue_id: str, method: str, tail: str, what):
        """Do something with an issue that is there, through one request."""
        path = f"/api/0/organizations/acme/issues/{issue_id}/{tail}"

        def effect():
            return what(self._found(issue_id))

        try:
            return self.door.read(path, effect) if method == "GET" else self.door.ask(method, path, effect)
        except NotFound as absent:
            raise self._proved(absent, issue_id) from absent

    def _found(self, issue_id: str) -> Bug:
        """The issue; as a redirect when it was merged. While that is under way it is still there."""
        bug = self.world.bugs.get(issue_id)
        if bug is None:
            raise NotFound(f"no issue {issue_id}")
        if bug.alive or (bug.gone_at and self.world.clock() < bug.gone_at):
            return bug
        if bug.merged_into:
            raise self.door.said(Moved(f"Sentry merged issue {issue_id} into {bug.merged_into}.", to=bug.merged_into))
        raise NotFound(f"no issue {issue_id}")

    def _proved(self, absent: NotFound, issue_id: str) -> BugferryError:
        try:
            self.door.read("/api/0/organizations/acme/issues/?limit=1", lambda: None)
        except Permanent:
            return self.door.said(Unauthorized(f"{absent}; neither is the organisation readable: check the token"))
        return self.door.said(Gone(f"Issue {issue_id} was deleted in Sentry."))

    def _look(self, bug: Bug) -> Issue:
        unsettled = bug.unsettled_until is not None and self.world.clock() < bug.unsettled_until
        told = sorted((note.id, note.text) for note in bug.notes if note.nonce is None)
        return replace(bug.issue, settled=not unsettled, notes=str(told), note_count=len(bug.notes))

    def _listing(self, about: str, wanted) -> list[Issue]:
        """Rows as the list shows them, which may lag behind."""

        def rows() -> list[Issue]:
            moment = self.world.clock() - self.world.lag
            there = (bug for bug in self.world.bugs.values() if bug.gone_at is None or bug.gone_at > moment)
            seen = [(bug, bug.versions.before(moment)) for bug in there]
            return [
                replace(issue, note_count=sum(note.created_at <= moment for note in bug.notes))
                for bug, issue in seen
                if issue is not None and wanted(issue)
            ]

        return self.door.read(f"/api/0/organizations/acme/issues/?query={about}", rows)

    def _own(self, act) -> None:
        try:
            act()
        except NoRelease as error:
            raise self.door.said(error) from error
