"""Sentry over its web API (api/0), one organisation.

Endpoints and parameters: docs.sentry.io/api. Every path ends in a slash; a redirect of an issue means it was merged.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from worker.ends.answers import Absent, Answer, Call, Forbidden, answered, lost, refused
from worker.ends.loose import Loose, dig, mapping, moment, objects, text
from worker.ends.retry import Now, Sleep, before_call, parse_retry_after, reading, utc_now
from worker.ends.sentry_shapes import read_event, read_issue
from worker.errors import BugferryError, Gone, Moved, Permanent
from worker.model import Event, Issue, Status

PAGE = 100
SHOWN = ("integrationIssues", "sentryAppIssues")
MOVES: Mapping[Status, Mapping[str, str]] = {
    Status.OPEN: {"status": "unresolved"},
    Status.RESOLVED: {"status": "resolved"},
    Status.IGNORED: {"status": "ignored", "substatus": "archived_until_escalating"},
}
"""What is submitted to reach each status; only what is submitted changes."""

Body = Mapping[str, str | int]
Params = Mapping[str, str | int | Sequence[str]]

_ISSUE_IN_ADDRESS = re.compile(r"/issues/(\d+)/?(?:[?#]|$)")


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
    ) -> None:
        """`url`: where Sentry answers, with or without `/api/0`; `token`: of an internal integration."""
        base = url.rstrip("/").removesuffix("/api/0")
        self._org = org
        self._sleep = sleep
        self._now = now
        self._cover_s = connect_s + read_s
        self._installation: str | None = None
        self._http = httpx.Client(
            base_url=f"{base}/api/0/",
            headers={"Authorization": f"Bearer {token}", "User-Agent": "bugferry"},
            timeout=httpx.Timeout(read_s, connect=connect_s),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def issue(self, issue_id: str) -> Issue:
        """Read one issue, with its latest status activity. `Gone` when deleted, `Moved` when merged into another."""
        call = Call("Sentry", f"issue {issue_id}", needs="the scope event:read")
        try:
            data = self._get(call, self._issue_path(issue_id), {"collapse": ("stats", "tags"), "expand": SHOWN})
        except Absent as absent:
            raise self._proved(absent, issue_id) from absent
        issue = read_issue(mapping(data))
        if not issue.id:
            raise lost(call, "no issue")
        if issue.id != issue_id:
            raise Moved(f"Sentry merged issue {issue_id} into {issue.id}.", to=issue.id)
        return issue

    def latest_event(self, issue_id: str) -> Event | None:
        """Read the newest event of an issue; None when it has none (any more)."""
        call = Call("Sentry", f"the latest event of issue {issue_id}", needs="the scope event:read")
        try:
            data = self._get(call, f"{self._issue_path(issue_id)}events/latest/")
        except Absent:
            self.issue(issue_id)  # raises when it is the issue that is missing
            return None
        return read_event(mapping(data))

    def move(self, issue_id: str, to: Status) -> None:
        """Set the status. `ignored` means archived until escalating."""
        call = Call("Sentry", f"moving issue {issue_id} to {to}", writes=True, needs="the scope event:write")
        try:
            self._send(call, "PUT", self._issue_path(issue_id), body=MOVES[to])
        except Absent as absent:
            raise self._proved(absent, issue_id) from absent

    def link(self, issue_id: str, url: str, place: str, identifier: str, installation: str | None) -> bool:
        """Show a ticket on the issue (an upsert: repeating it is harmless). False when no installation can carry it."""
        carrier = installation or self._own_installation()
        if carrier is None or not issue_id.isdecimal():
            return False
        call = Call("Sentry", f"linking {identifier} to issue {issue_id}", writes=True)
        body: Body = {"issueId": int(issue_id), "webUrl": url, "project": place, "identifier": identifier}
        try:
            self._send(call, "POST", f"sentry-app-installations/{carrier}/external-issues/", body=body)
        except Permanent:  # not ours, may not write, or will not take this link: it is only a comfort
            return False
        return True

    def active_since(self, since: datetime) -> Iterator[tuple[Issue, ...]]:
        """Pages of issues of any status with an event at or after `since`, newest first; one page in memory."""
        call = Call("Sentry", "listing changed issues", needs="the scope event:read")
        asked = {**_listing(f"lastSeen:>={since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"), "sort": "date"}
        cursor: str | None = None
        while True:
            response = self._read(call, self._issues_path, asked if cursor is None else {**asked, "cursor": cursor})
            rows = tuple(map(read_issue, _rows(call, _json(call, response))))
            fresh = tuple(row for row in rows if row.last_seen is None or row.last_seen >= since)
            if fresh:
                yield fresh
            before, cursor = cursor, _next_cursor(response)
            if cursor is None or cursor == before or len(fresh) < len(rows):
                return

    def rows(self, short_ids: Sequence[str]) -> tuple[Issue, ...]:
        """List rows of at most 100 issues by short id in one call; the missing are absent. No `moved_at` in them."""
        if not short_ids:
            return ()
        call = Call("Sentry", f"listing {len(short_ids)} issues", needs="the scope event:read")
        data = self._get(call, self._issues_path, _listing(f"issue:[{','.join(short_ids[:PAGE])}]"))
        return tuple(map(read_issue, _rows(call, data)))

    # ------------------------------------------------------------ what stands behind

    @property
    def _issues_path(self) -> str:
        return f"organizations/{self._org}/issues/"

    def _issue_path(self, issue_id: str) -> str:
        return f"{self._issues_path}{quote(issue_id, safe='')}/"

    def _proved(self, absent: Absent, issue_id: str) -> BugferryError:
        """Tell a deleted issue from an organisation that we cannot see: only the first is gone."""
        call = Call("Sentry", f"listing issues of {self._org}", needs="the scope event:read")
        try:
            self._get(call, self._issues_path, {"query": "", "limit": 1, "project": -1})
        except Permanent:
            return Permanent(f"{absent} Neither is organisation {self._org} readable: check its name and the token.")
        return Gone(f"Issue {issue_id} was deleted in Sentry.")

    def _own_installation(self) -> str | None:
        """Look up which installation carries our links, and remember it; None when there is none that we can see."""
        if self._installation is None:
            call = Call("Sentry", "listing installations", needs="the scope org:integrations")
            try:
                rows = objects(self._get(call, f"organizations/{self._org}/sentry-app-installations/"))
            except (Absent, Forbidden):
                return None
            installed = (row.get("uuid") for row in rows if row.get("status") == "installed")
            self._installation = next(filter(None, map(text, installed)), None)
        return self._installation

    # ------------------------------------------------------------ HTTP

    def _get(self, call: Call, path: str, params: Params | None = None) -> object:
        return _json(call, self._read(call, path, params))

    def _read(self, call: Call, path: str, params: Params | None = None) -> httpx.Response:
        return reading(lambda: self._send(call, "GET", path, params=params), self._sleep)

    def _send(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Body | None = None,
    ) -> httpx.Response:
        """Make one request; its answer if it is 2xx, else our error."""
        before_call(self._cover_s)
        try:
            response = self._http.request(method, path, params=params, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise refused(call) from error
        except httpx.RequestError as error:
            raise lost(call, type(error).__name__) from error
        if response.is_redirect:
            raise _redirected(call, response)
        if not response.is_success:
            raise answered(call, _read_answer(response, self._now()))
        return response


def _listing(query: str) -> dict[str, str | int | Sequence[str]]:
    return {"query": query, "project": -1, "limit": PAGE, "expand": SHOWN, "collapse": ("stats", "filtered")}


def _json(call: Call, response: httpx.Response) -> object:
    try:
        found: object = response.json()
    except (ValueError, RecursionError) as error:
        raise lost(call, "not JSON") from error
    return found


def _rows(call: Call, data: object) -> list[Loose]:
    """The rows of a list; what is no list is no answer, or a poll would move on over what it never saw."""
    if not isinstance(data, list):
        raise lost(call, "no list")
    return objects(data)


def _redirected(call: Call, response: httpx.Response) -> BugferryError:
    """A merged issue redirects to the one it became; any other redirect is a wrong address."""
    target = response.headers.get("Location", "")
    found = _ISSUE_IN_ADDRESS.search(target)
    if found is not None:
        return Moved(f"Sentry redirects {call.about} to issue {found[1]}.", to=found[1])
    return Permanent(f"Sentry redirects {call.about} elsewhere: check the address of Sentry, then retry.")


def _next_cursor(response: httpx.Response) -> str | None:
    """The cursor alone is taken from the Link header: the token never follows an address that an answer names."""
    following = response.links.get("next", {})
    return following.get("cursor") if following.get("results") == "true" else None


def _read_answer(response: httpx.Response, now: datetime) -> Answer:
    asked_s = parse_retry_after(response.headers.get("Retry-After"), now)
    if asked_s is None and response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        reset = moment(response.headers.get("X-Sentry-Rate-Limit-Reset"))
        asked_s = max((reset - now).total_seconds(), 0.0) if reset else None
    return Answer(status=response.status_code, said=_said(response), retry_after_s=asked_s)


def _said(response: httpx.Response) -> str:
    try:
        data: object = response.json()
    except (ValueError, RecursionError):
        return response.text
    detail = dig(data, "detail")
    return text(detail) or text(dig(detail, "message")) or response.text
