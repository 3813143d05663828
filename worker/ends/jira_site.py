"""A Jira Cloud site through the `jira` library: one client a thread, one request a call, errors in our words.

The library retries creates, waits in the thread, prefetches, lists all fields before a search, and follows redirects.
All of that is off here.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import requests
from jira import JIRA, JIRAError
from requests.adapters import HTTPAdapter

from worker.ends.answers import Answer, Call, answered, lost, unreached
from worker.ends.loose import Loose, dig, items, line, mapping, moment, objects, text, whole
from worker.ends.retry import Now, Sleep, before_call, parse_retry_after, reading
from worker.errors import Permanent, Unauthorized

T = TypeVar("T")
PAGE = 100


class _Wire(HTTPAdapter):
    """Where every single request passes: asks the guard, and sees what the library would overlook."""

    def __init__(self, cover_s: float) -> None:
        super().__init__(max_retries=0)
        self._cover_s = cover_s

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 -- passed on as `requests` gives them
        """Send one request, unless our lease is lost."""
        before_call(self._cover_s)
        response = super().send(*args, **kwargs)
        # a dead token is served as a stranger: 404 for what exists, empty lists with status 200
        if "AUTHENTICATED_FAILED" in response.headers.get("X-Seraph-LoginReason", ""):
            raise Unauthorized("Jira no longer accepts our token. Renew it; work for Jira waits until then.")
        if response.is_redirect:
            raise Permanent("Jira redirects to another address. Check the address of the site, then retry.")
        return response


class _Client(JIRA):
    """The library's client, told at once that it talks to Jira Cloud."""

    def __init__(self, url: str, email: str, token: str, timeout_s: tuple[float, float]) -> None:
        super().__init__(
            options={"server": url, "rest_api_version": "3"},
            basic_auth=(email, token),
            get_server_info=False,
            max_retries=0,
            timeout=timeout_s,
        )
        self.deploymentType = "Cloud"
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Wire(sum(timeout_s)))

    @property
    def _fields_cache(self) -> dict[str, str]:
        """No list of fields: we name fields by their ids, nothing needs translating."""
        return {}

    def page(self, jql: str, fields: Sequence[str], after: str | None) -> object:
        """One page of a search."""
        named = list(fields)
        return self.enhanced_search_issues(jql, nextPageToken=after, maxResults=PAGE, fields=named, json_result=True)

    def listing(self, path: str, start: int) -> object:
        """One page of a listing for which the library has no call that pages."""
        found: object = self._get_json(path, params={"startAt": start, "maxResults": PAGE})
        return found


class JiraSite:
    """One site and one account. Safe to share between threads; building it calls nobody."""

    def __init__(
        self, url: str, email: str, token: str, *, connect_s: float, read_s: float, sleep: Sleep, now: Now
    ) -> None:
        """`url`: of the site, as people open it."""
        self._url = url.rstrip("/")
        self._email = email
        self._token = token
        self._timeout_s = (connect_s, read_s)
        self._sleep = sleep
        self._now = now
        self._mine = threading.local()

    def browse(self, key: str) -> str:
        """Where people see a ticket."""
        return f"{self._url}/browse/{key}"

    def read(self, call: Call, ask: Callable[[_Client], T]) -> T:
        """Make a read of one request, repeated a little while it fails."""
        return reading(lambda: self._once(call, ask), self._sleep)

    def search(self, call: Call, jql: str, fields: Sequence[str]) -> Iterator[list[Loose]]:
        """Pages of a search, which tells no total and lags behind writes for seconds to minutes."""
        token: str | None = None
        while True:
            page = mapping(self.read(call, partial(_Client.page, jql=jql, fields=fields, after=token)))
            yield objects(page.get("issues"))
            before, token = token, text(page.get("nextPageToken"))
            if token is None or token == before or page.get("isLast") is True:
                return

    def listing(self, call: Call, path: str, rows_in: str) -> Iterator[Loose]:
        """Rows of a listing that pages by `startAt` and tells its total; `rows_in`: the key they are under."""
        start = 0
        while True:
            page = mapping(self.read(call, partial(_Client.listing, path=path, start=start)))
            rows = objects(page.get(rows_in))
            yield from rows
            start += len(rows)
            if not rows or start >= (whole(page.get("total")) or 0):
                return

    def write(self, call: Call, ask: Callable[[_Client], T]) -> T:
        """Make a write of one request, exactly once."""
        return self._once(call, ask)

    def _once(self, call: Call, ask: Callable[[_Client], T]) -> T:
        try:
            return ask(self._client())
        except JIRAError as error:
            raise self._translated(call, error) from error
        except requests.JSONDecodeError as error:
            raise lost(call, "not JSON") from error
        except requests.RequestException as error:
            raise unreached(call, error) from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # answers of no known shape
            raise lost(call, "an answer of an unknown shape") from error

    def _client(self) -> _Client:
        """The library's session is not made for several threads: each has its own."""
        client: _Client | None = getattr(self._mine, "client", None)
        if client is None:
            client = _Client(self._url, self._email, self._token, self._timeout_s)
            self._mine.client = client
        return client

    def _translated(self, call: Call, error: JIRAError) -> Exception:
        response, status = error.response, error.status_code or 0
        if response is None or status < requests.codes.bad_request:
            return lost(call, "an answer without content")
        asked_s = _asked_s(response, self._now())
        return answered(call, Answer(status, _said(response), asked_s))


def _asked_s(response: requests.Response, now: datetime) -> float | None:
    """Seconds to wait: Retry-After, else X-RateLimit-Reset, which is a time without seconds."""
    asked_s = parse_retry_after(response.headers.get("Retry-After"), now)
    if asked_s is None and response.status_code == requests.codes.too_many_requests:
        reset = moment(response.headers.get("X-RateLimit-Reset"))
        return max((reset - now).total_seconds(), 0.0) if reset else None
    return asked_s


def _said(response: requests.Response) -> str:
    """Jira's own words: general messages, and for each refused field its name and why."""
    try:
        data: object = response.json()
    except (ValueError, RecursionError):
        return response.text
    fields = [f"{name}: {text(why) or 'refused'}" for name, why in mapping(dig(data, "errors")).items()]
    general = [line(said) for said in items(dig(data, "errorMessages"))]
    return "; ".join([*general, *fields]) or line(dig(data, "message")) or response.text
