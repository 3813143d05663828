"""Releases, deploys and suspect commits of a Sentry organisation, as its web API tells them.

GET organizations/{org}/releases/, .../releases/{version}/deploys/ (docs.sentry.io/api/releases);
GET projects/{org}/{project}/events/{event}/committers/ (unpublished: the address of Sentry's own pages).
What is told of a release is kept for some minutes by each process: a storm of issues of one release asks once.
"""

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from worker.ends.answers import Absent, Call, Forbidden
from worker.ends.loose import objects
from worker.ends.retry import Now
from worker.ends.sentry_deploys import first_after, read_deploys, read_releases, read_suspect, unclear
from worker.ends.sentry_site import Params, SentrySite, rows_in
from worker.errors import NoRelease
from worker.model import Deploy, Project
from worker.triage.release import Release, Suspect

PAGE = 100
RELEASES_ASKED = 10
"""Of how many releases, newest first, the deploys are read at most when the list of releases leaves them open."""
KEPT_FOR = timedelta(minutes=5)
KEPT = 256
"""Answers that one process keeps."""

_NEEDS = "the scope project:releases"
Told = TypeVar("Told")


class _Kept:
    """Answers about releases, for some minutes, the oldest dropped first. Safe to share between threads."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[Hashable, tuple[datetime, object]] = {}

    def get(self, key: Hashable, ask: Callable[[], Told]) -> Told:
        """What was told, asked for anew when that is too long ago; what fails is not kept."""
        with self._lock:
            at, known = self._known.get(key, (None, None))
        if at is not None and self._now() - at < KEPT_FOR:
            return known  # type: ignore[return-value]  # one key holds answers of one question alone
        told = ask()
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = (self._now(), told)
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
        return told


class SentryReleases:
    """The releases of one organisation. Safe to share between threads."""

    def __init__(self, site: SentrySite, org: str, now: Now) -> None:
        self._site = site
        self._org = org
        self._kept = _Kept(now)

    def releases(self, project: Project, since: datetime) -> tuple[Release, ...]:
        """The releases of a project that were made at or after `since`, of its newest 100, newest first."""
        listed = self._kept.get(("releases", project.id, project.slug), lambda: self._listed(project))
        return tuple(one for one in listed if one.created_at is None or one.created_at >= since)

    def deploys_of(self, version: str) -> tuple[Deploy, ...]:
        """The finished deploys of a release, the newest 100; none where Sentry does not know the release."""
        return self._kept.get(("deploys", version), lambda: self._known_deploys(version))

    def suspects(self, project: Project, event_id: str) -> tuple[Suspect, ...]:
        """The commits that Sentry suspects of an event; none where it knows no commits, or does not tell us."""
        call = Call("Sentry", f"the suspect commits of event {event_id}", needs="the scope event:read")
        where = f"projects/{self._org}/{quote(project.slug, safe='')}/events/{quote(event_id, safe='')}/committers/"
        try:
            told = self._site.get(call, where)
        except (Absent, Forbidden):  # also an event that is gone: there is nobody to suspect either way
            return ()
        committers = objects(told.get("committers")) if isinstance(told, dict) else []
        return tuple(found for row in committers for found in read_suspect(row))

    def deployed(self, project: Project, environment: str, since: datetime) -> Deploy | None:
        """Find the first deploy of the project to the environment that finished after `since`; never from memory.

        Looks at the newest 100 releases, in at most eleven calls, most often in one. `NoRelease` when the project has
        no release at all, so that no deploy will ever come.
        """
        releases = self._listed(project)
        if not releases:
            raise NoRelease(
                f"Project {project.slug} has no release in Sentry, so no deploy to {environment} will come. "
                "Send releases and deploys to Sentry, or choose another `resolve` in the rule."
            )
        found = [one.last for one in releases if one.last]
        for release in [one for one in releases if unclear(one, since)][:RELEASES_ASKED]:
            found += self._deploys(release.version)
        return first_after(found, environment, since)

    def deploys_since(self, project: Project, since: datetime) -> tuple[Deploy, ...]:
        """The deploys of the project that finished at or after `since`, oldest first; of its newest 100 releases."""
        listed = self._kept.get(("releases", project.id, project.slug), lambda: self._listed(project))
        settled = [one.last for one in listed if one.last and not unclear(one, since)]
        for release in [one for one in listed if unclear(one, since)][:RELEASES_ASKED]:
            settled += self.deploys_of(release.version)
        return tuple(sorted((one for one in settled if one.finished_at >= since), key=lambda one: one.finished_at))

    def _listed(self, project: Project) -> tuple[Release, ...]:
        call = Call("Sentry", f"the releases of project {project.slug}", needs=_NEEDS)
        asked: Params = {"project": project.id or project.slug, "per_page": PAGE}
        return read_releases(
            rows_in(call, self._site.get(call, f"organizations/{self._org}/releases/", asked)), project
        )

    def _deploys(self, version: str) -> tuple[Deploy, ...]:
        call = Call("Sentry", f"the deploys of release {version}", needs=_NEEDS)
        path = f"organizations/{self._org}/releases/{quote(version, safe='')}/deploys/"
        return read_deploys(version, rows_in(call, self._site.get(call, path, {"per_page": PAGE})))

    def _known_deploys(self, version: str) -> tuple[Deploy, ...]:
        try:
            return self._deploys(version)
        except Absent:
            return ()
