"""Sentry over its web API (api/0), one organisation.

Endpoints and parameters: docs.sentry.io/api; comments go by the address that Sentry's own pages use.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from worker.ends.answers import Absent, Call, Forbidden, Invalid, blaming, lost
from worker.ends.budget import Boundless
from worker.ends.loose import Loose, dig, mapping, objects, text
from worker.ends.ports import Activity, Budget, Found, Until
from worker.ends.retry import Now, Sleep, utc_now
from worker.ends.sentry_maps import ask_about_maps
from worker.ends.sentry_merge import merge_issues
from worker.ends.sentry_moves import AT_ONCE, MOVES, asleep, counting_from
from worker.ends.sentry_notes import marked, read_note
from worker.ends.sentry_past import read_activities
from worker.ends.sentry_releases import SentryReleases
from worker.ends.sentry_shapes import read_event, read_issue
from worker.ends.sentry_site import SERVICE, Body, Monotonic, SentrySite, json_in, rows_in
from worker.errors import BugferryError, Gone, Moved, NoRelease, Permanent
from worker.event import Event
from worker.model import Comment, Deploy, Fixed, Issue, Project, Status
from worker.triage.map_answers import MapAnswer
from worker.triage.release import Release, Suspect

PAGE = 100
SHOWN = ("integrationIssues", "sentryAppIssues")
_READS = "the scope event:read"
_WRITES = "the scope event:write"


class SentryClient:
    """One Sentry organisation. Safe to share between threads; building it calls nobody."""

    def __init__(
        self,
        url: str,
        org: str,
        token: str,
        *,
        connect_s: float = 5.0,
        read_s: float = 10.0,
        sleep: Sleep = time.sleep,
        now: Now = utc_now,
        monotonic: Monotonic = time.monotonic,
        budget: Budget | None = None,
    ) -> None:
        """`url`: where Sentry answers, with or without `/api/0`; `token`: of an internal integration."""
        self._org = org
        self._now = now
        self._installation: str | None = None
        self._site = SentrySite(
            url,
            token,
            connect_s=connect_s,
            read_s=read_s,
            sleep=sleep,
            now=now,
            monotonic=monotonic,
            budget=budget or Boundless(),
        )
        self._releases = SentryReleases(self._site, org, now)

    def close(self) -> None:
        """Close the connections."""
        self._site.close()

    @blaming(SERVICE)
    def now(self) -> datetime:
        """Tell the time by Sentry's own clock, to a second; by ours where its answers carry no date."""
        if self._site.clock() is None:
            self._glimpse()
        return self._site.clock() or self._now()

    # ------------------------------------------------------------ one issue

    @blaming(SERVICE)
    def issue(self, issue_id: str) -> Issue:
        """Read one issue, with its latest status activity. `Gone` when deleted, `Moved` when merged into another."""
        return read_issue(self._detail(issue_id))

    @blaming(SERVICE)
    def activities(self, issue_id: str) -> tuple[Issue, tuple[Activity, ...]]:
        """Read one issue with what happened to it, oldest first: the newest hundred, more Sentry does not show."""
        data = self._detail(issue_id)
        return read_issue(data), read_activities(data)

    def _detail(self, issue_id: str) -> Loose:
        call = Call("Sentry", f"issue {issue_id}", needs=_READS, item=issue_id)
        try:
            data = mapping(self._site.get(call, self._path(issue_id), {"collapse": ("tags",), "expand": SHOWN}))
        except (Absent, Forbidden) as refusal:
            raise self._proved(refusal, issue_id) from refusal
        found = text(data.get("id"))
        if not found:
            raise lost(call, "no issue")
        if found != issue_id:
            raise Moved(f"Sentry merged issue {issue_id} into {found}.", to=found)
        return data

    @blaming(SERVICE)
    def latest_event(self, issue_id: str) -> Event | None:
        """Read the newest event of an issue; None when it has none (any more)."""
        call = Call("Sentry", f"the latest event of issue {issue_id}", needs=_READS, item=issue_id)
        try:
            data = self._site.get(call, f"{self._path(issue_id)}events/latest/")
        except Absent as absent:
            self._missing(absent, issue_id)
            return None
        return read_event(mapping(data))

    @blaming(SERVICE)
    def move(self, issue_id: str, to: Status, fixed: Fixed = AT_ONCE) -> None:
        """Set the status. `ignored` means archived until escalating; `fixed` counts for `resolved` alone.

        `NoRelease` when the project has no release to tie the resolution to; nothing was changed then.
        """
        details = counting_from(issue_id, fixed) if to is Status.RESOLVED else {}
        call = Call("Sentry", f"moving issue {issue_id} to {to}", writes=True, needs=_WRITES, item=issue_id)
        try:
            self._put(call, {**MOVES[to], **details})
        except Invalid as invalid:
            if details and "release" in str(invalid).lower():
                raise NoRelease(f"{invalid} Or resolve without a release: `resolve: now` in the rule.") from invalid
            raise

    @blaming(SERVICE)
    def archive(self, issue_id: str, until: Until) -> None:
        """Archive the issue until what a person said; it comes back by itself then. Harmless to repeat."""
        self._put(
            Call("Sentry", f"archiving issue {issue_id}", writes=True, needs=_WRITES, item=issue_id), asleep(until)
        )

    @blaming(SERVICE)
    def merge(self, project: Project, issue_ids: Sequence[str]) -> str | None:
        """Make issues of one project one; the id of the one that stays, of Sentry's choice. None when none is there."""
        return merge_issues(self._site, self._issues, project, issue_ids)

    @blaming(SERVICE)
    def assign(self, issue_id: str, email: str | None) -> None:
        """Assign the issue to the member with this address, or to nobody. `Permanent` when there is no such member."""
        if email is not None and "@" not in email:  # else Sentry would take it for a user's id or a team's
            raise Permanent(f"'{email}' is no e-mail address: issue {issue_id} was not assigned. Correct the address.")
        call = Call("Sentry", f"assigning issue {issue_id}", writes=True, needs=_WRITES, item=issue_id)
        self._put(call, {"assignedTo": email or ""})

    @blaming(SERVICE)
    def link(self, issue_id: str, url: str, place: str, identifier: str, installation: str | None) -> bool:
        """Show a ticket on the issue (an upsert: repeating it is harmless). False when no installation can carry it."""
        carrier = installation or self._own_installation()
        if carrier is None or not issue_id.isdecimal():
            return False
        call = Call("Sentry", f"linking {identifier} to issue {issue_id}", writes=True, item=issue_id)
        body: Body = {"issueId": int(issue_id), "webUrl": url, "project": place, "identifier": identifier}
        try:
            self._site.write(call, "POST", f"sentry-app-installations/{carrier}/external-issues/", body)
        except Permanent:  # not ours, may not write, or will not take this link: it is only a comfort
            return False
        return True

    # ------------------------------------------------------------ what people say on it

    @blaming(SERVICE)
    def comments(self, issue_id: str) -> tuple[Comment, ...]:
        """Read what was said on an issue, oldest first."""
        call = Call("Sentry", f"the comments on issue {issue_id}", needs=_READS, item=issue_id)
        try:
            pages = list(self._site.pages(call, self._notes(issue_id), {"per_page": PAGE}))
        except (Absent, Forbidden) as refusal:
            raise self._missing(refusal, issue_id) from refusal
        notes = {note.id: note for page in pages for row in page if (note := read_note(row))}
        return tuple(sorted(notes.values(), key=lambda note: note.created_at))

    @blaming(SERVICE)
    def comment(self, issue_id: str, text: str, nonce: str) -> str:
        """Say something (Markdown) on an issue, with `nonce` out of sight; the comment's id."""
        call = Call("Sentry", f"a comment on issue {issue_id}", needs=_WRITES, creates=True, item=issue_id)
        try:
            response = self._site.write(call, "POST", self._notes(issue_id), {"text": marked(text, nonce)})
        except (Absent, Forbidden) as refusal:
            raise self._missing(refusal, issue_id) from refusal
        except Invalid:  # Sentry refuses to say the same twice within an hour: then it was said
            said = (note.id for note in self.comments(issue_id) if note.nonce == nonce)
            if (known := next(said, None)) is not None:
                return known
            raise
        return _id_in(call, json_in(call, response))

    @blaming(SERVICE)
    def edit_comment(self, issue_id: str, comment_id: str, text: str, nonce: str) -> None:
        """Say it anew. Repeating it is harmless."""
        about = f"editing comment {comment_id} on issue {issue_id}"
        call = Call("Sentry", about, writes=True, needs=_WRITES, item=issue_id)
        path = f"{self._notes(issue_id)}{quote(comment_id, safe='')}/"
        try:
            self._site.write(call, "PUT", path, {"text": marked(text, nonce)})
        except (Absent, Forbidden) as refusal:
            raise self._missing(refusal, issue_id) from refusal

    # ------------------------------------------------------------ lists

    def active_since(self, since: datetime) -> Iterator[tuple[Issue, ...]]:
        """Pages of issues of any status with an event at or after `since`, newest first; one page in memory."""
        call = Call("Sentry", "listing changed issues", needs=_READS, wide=True)
        asked = {**_listing(f"lastSeen:>={since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"), "sort": "date"}
        with blaming(SERVICE):
            for page in self._site.pages(call, self._issues, asked):
                rows = tuple(map(read_issue, page))
                fresh = tuple(row for row in rows if row.last_seen is None or row.last_seen >= since)
                if fresh:
                    yield fresh
                if len(fresh) < len(rows):
                    return

    @blaming(SERVICE)
    def search(self, query: str, cursor: str | None = None) -> Found:
        """One page of what Sentry's own search finds, first seen last comes first; of the start or of a cursor.

        `Permanent` in Sentry's words when it cannot read the query. No `moved_at` and no releases in the rows.
        """
        call = Call("Sentry", f"searching issues by “{query}”", needs=_READS, wide=True)
        page = self._site.page(call, self._issues, {**_listing(query), "sort": "new"}, cursor)
        following = page.next if page.next != cursor else None
        return Found(tuple(map(read_issue, page.rows)), following, page.total)

    @blaming(SERVICE)
    def rows(self, short_ids: Sequence[str]) -> tuple[Issue, ...]:
        """List rows of at most 100 issues by short id in one call; the missing are absent. No `moved_at` in them.

        Sentry refuses the whole list (`Permanent`) for one short id that it does not know (deleted, merged, renamed):
        ask again for fewer. Lists by `group=ID`, which some servers take, are not documented and are left alone.
        """
        if not short_ids:
            return ()
        call = Call("Sentry", f"listing {len(short_ids)} issues", needs=_READS, wide=True)
        data = self._site.get(call, self._issues, _listing(f"issue:[{','.join(short_ids[:PAGE])}]"))
        return tuple(map(read_issue, rows_in(call, data)))

    @blaming(SERVICE)
    def deployed(self, project: Project, environment: str, since: datetime) -> Deploy | None:
        """Find the first deploy of the project to the environment that finished after `since`.

        Looks at the newest 100 releases, in at most eleven calls, most often in one. `NoRelease` when the project has
        no release at all, so that no deploy will ever come.
        """
        return self._releases.deployed(project, environment, since)

    @blaming(SERVICE)
    def releases(self, project: Project, since: datetime) -> tuple[Release, ...]:
        """The releases of a project made at or after `since`, of its newest 100, newest first; at most 5 min old."""
        return self._releases.releases(project, since)

    @blaming(SERVICE)
    def deploys_of(self, version: str) -> tuple[Deploy, ...]:
        """The finished deploys of a release, the newest 100; none where it is unknown. At most 5 min old."""
        return self._releases.deploys_of(version)

    @blaming(SERVICE)
    def deploys_since(self, project: Project, since: datetime) -> tuple[Deploy, ...]:
        """The deploys of a project that finished at or after `since`, oldest first; at most 5 min old."""
        return self._releases.deploys_since(project, since)

    @blaming(SERVICE)
    def suspects(self, project: Project, event_id: str) -> tuple[Suspect, ...]:
        """The commits that Sentry suspects of an event; none where it knows no commits, or does not tell us."""
        return self._releases.suspects(project, event_id)

    @blaming(SERVICE)
    def source_map_debug(self, project: Project, event_id: str) -> MapAnswer | None:
        """Tell why the frames of a JavaScript event are not readable; None where Sentry does not know, or not tell."""
        return ask_about_maps(self._site, self._org, project, event_id)

    # ------------------------------------------------------------ what stands behind

    @property
    def _issues(self) -> str:
        return f"organizations/{self._org}/issues/"

    def _path(self, issue_id: str) -> str:
        return f"{self._issues}{quote(issue_id, safe='')}/"

    def _notes(self, issue_id: str) -> str:
        return f"{self._path(issue_id)}comments/"

    def _put(self, call: Call, body: Body) -> None:
        """Change what is submitted of the issue that `call` is about."""
        try:
            self._site.write(call, "PUT", self._path(call.item), body)
        except (Absent, Forbidden) as refusal:
            raise self._missing(refusal, call.item) from refusal

    def _glimpse(self) -> None:
        """Read one row of the organisation. `Unauthorized` when it cannot be read at all."""
        call = Call("Sentry", f"the issues of organisation {self._org}", needs=_READS, wide=True)
        self._site.get(call, self._issues, {"query": "", "limit": 1, "project": -1})

    def _proved(self, refusal: Absent | Forbidden, issue_id: str) -> BugferryError:
        """Tell one issue that is gone, or closed to us, from an organisation that we cannot see: that one waits."""
        self._glimpse()
        return Gone(f"Issue {issue_id} was deleted in Sentry.") if isinstance(refusal, Absent) else refusal

    def _missing(self, refusal: Absent | Forbidden, issue_id: str) -> BugferryError:
        """Ask whether it is the issue itself that is missing or closed: raises that; else the refusal stands.

        A server that lacks an address (older ones know no comments) must not make an issue look deleted.
        """
        self.issue(issue_id)
        return refusal

    def _own_installation(self) -> str | None:
        """Look up which installation carries our links, and remember it; None when there is none that we can see."""
        if self._installation is None:
            call = Call("Sentry", "listing installations", needs="the scope org:integrations")
            try:
                rows = objects(self._site.get(call, f"organizations/{self._org}/sentry-app-installations/"))
            except (Absent, Forbidden):
                return None
            installed = (row.get("uuid") for row in rows if row.get("status") == "installed")
            self._installation = next(filter(None, map(text, installed)), None)
        return self._installation


def _listing(query: str) -> dict[str, str | int | Sequence[str]]:
    return {"query": query, "project": -1, "limit": PAGE, "expand": SHOWN, "collapse": ("stats", "filtered")}


def _id_in(call: Call, data: object) -> str:
    """The id of what was made; without one we cannot know that it was."""
    found = text(dig(data, "id"))
    if found is None:
        raise lost(call, "no id")
    return found
