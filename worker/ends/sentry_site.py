"""One Sentry organisation over HTTP: one request a call, errors in our words, the time by Sentry's clock.

Every path ends in a slash; a redirect of an issue means that it was merged.
"""

import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

from worker.ends.answers import Answer, Call, answered, lost, refused
from worker.ends.loose import Loose, dig, moment, objects, text
from worker.ends.ports import Budget
from worker.ends.retry import Now, Sleep, before_call, parse_retry_after, reading
from worker.errors import BugferryError, Moved, Permanent

SERVICE = "sentry"
"""What every error from here carries, and what the guard is asked for."""

Body = Mapping[str, object]
Params = Mapping[str, str | int | Sequence[str]]
Monotonic = Callable[[], float]

_ISSUE_IN_ADDRESS = re.compile(r"/issues/(\d+)/?(?:[?#]|$)")


@cache
def trusted() -> ssl.SSLContext:
    """Whom we believe about addresses: read once for the process, since it takes as long as several calls."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `next`: the cursor of the page after it, None on the last; `total`: rows, where told."""

    rows: list[Loose]
    next: str | None
    total: int | None


class SentrySite:
    """One server and one token. Safe to share between threads; building it calls nobody."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        connect_s: float,
        read_s: float,
        sleep: Sleep,
        now: Now,
        monotonic: Monotonic,
        budget: Budget,
    ) -> None:
        """`url`: where Sentry answers, with or without `/api/0`."""
        base = url.rstrip("/").removesuffix("/api/0")
        self._sleep = sleep
        self._now = now
        self._monotonic = monotonic
        self._budget = budget
        self._cover_s = connect_s + read_s
        self._told: tuple[datetime, float] | None = None
        self._http = httpx.Client(
            base_url=f"{base}/api/0/",
            headers={"Authorization": f"Bearer {token}", "User-Agent": "bugferry"},
            timeout=httpx.Timeout(read_s, connect=connect_s),
            verify=trusted(),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def clock(self) -> datetime | None:
        """Tell the time by the `Date` of Sentry's latest answer, which has whole seconds; None before the first."""
        if self._told is None:
            return None
        at, heard = self._told
        return at + timedelta(seconds=self._monotonic() - heard)

    def get(self, call: Call, path: str, params: Params | None = None) -> object:
        """Read JSON, repeated a little while it fails."""
        return json_in(call, self._read(call, path, params))

    def pages(self, call: Call, path: str, params: Params) -> Iterator[list[Loose]]:
        """Pages of a list, each repeated by itself while it fails; the next is asked for when it is wanted."""
        cursor: str | None = None
        while True:
            before, page = cursor, self.page(call, path, params, cursor)
            yield page.rows
            cursor = page.next
            if cursor is None or cursor == before:
                return

    def page(self, call: Call, path: str, params: Params, cursor: str | None) -> Page:
        """One page of a list, the first or that of a cursor which a page before it gave."""
        response = self._read(call, path, params if cursor is None else {**params, "cursor": cursor})
        rows = rows_in(call, json_in(call, response))
        return Page(rows, _next_cursor(response), _hits(response))

    def write(self, call: Call, method: str, path: str, body: Body) -> httpx.Response:
        """Make a write, exactly once."""
        return self._send(call, method, path, body=body)

    # ------------------------------------------------------------ one request

    def _read(self, call: Call, path: str, params: Params | None) -> httpx.Response:
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
        before_call(self._cover_s, SERVICE)
        self._budget.spend(call.spends, about=call.item)
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
        self._hear(response)
        return response

    def _hear(self, response: httpx.Response) -> None:
        """Set our idea of Sentry's clock; an error may come from a proxy before it and tells nothing."""
        at = _date(response.headers.get("Date"))
        if at is not None:
            self._told = (at, self._monotonic())


def rows_in(call: Call, data: object) -> list[Loose]:
    """The rows of a list; what is no list is no answer, or a poll would move on over what it never saw."""
    if not isinstance(data, list):
        raise lost(call, "no list")
    return objects(data)


def json_in(call: Call, response: httpx.Response) -> object:
    """The content of an answer; what is no JSON is no answer."""
    try:
        found: object = response.json()
    except (ValueError, RecursionError) as error:
        raise lost(call, "not JSON") from error
    return found


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


def _hits(response: httpx.Response) -> int | None:
    """How many rows the whole list has; None where Sentry does not say, or stopped counting."""
    told, most = response.headers.get("X-Hits", ""), response.headers.get("X-Max-Hits", "")
    return int(told) if told.isdecimal() and told != most else None


def _date(value: str | None) -> datetime | None:
    try:
        then = parsedate_to_datetime(value or "")
    except (ValueError, IndexError, OverflowError):  # the parser leaks all three on junk
        return None
    return then.replace(tzinfo=UTC) if then.tzinfo is None else then.astimezone(UTC)  # "-0000" says UTC without a zone


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
