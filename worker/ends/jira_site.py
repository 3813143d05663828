"""A Jira site through the `jira` library: one client a thread, one request a call, errors in our words.

The library retries creates, waits in the thread, prefetches, lists all fields before a search, and follows redirects.
All of that is off here.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

import requests
from jira import JIRA, JIRAError
from requests.adapters import HTTPAdapter

from worker.ends.answers import Answer, Call, answered, blaming, lost, unreached
from worker.ends.jira_dialect import CLOUD, Dialect
from worker.ends.loose import Loose, dig, items, line, mapping, moment, objects, text, whole
from worker.ends.ports import Budget
from worker.ends.retry import Now, Sleep, before_call, parse_retry_after, reading
from worker.errors import Permanent, Unauthorized

T = TypeVar("T")
PAGE = 100


class _Wire(HTTPAdapter):
    """Where every single request passes: asks whether it may leave, and sees what the library would overlook."""

    def __init__(self, leave: Callable[[], None]) -> None:
        super().__init__(max_retries=0)
        self._leave = leave

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 -- passed on as `requests` gives them
        """Send one request, unless it may not leave."""
        self._leave()
        response = super().send(*args, **kwargs)
        # a dead token is served as a stranger: 404 for what exists, empty lists with status 200
        if "AUTHENTICATED_FAILED" in response.headers.get("X-Seraph-LoginReason", ""):
            raise Unauthorized("Jira no longer accepts our token. Renew it; work for Jira waits until then.")
        if response.is_redirect:
            raise Permanent("Jira redirects to another address. Check the address of the site, then retry.")
        return response


class Client(JIRA):
    """The library's client, told at once that it talks to Jira Cloud."""

    deployment: ClassVar[str] = "Cloud"

    def __init__(
        self,
        dialect: Dialect,
        url: str,
        login: tuple[str, str],
        timeout_s: tuple[float, float],
        leave: Callable[[], None],
    ) -> None:
        """`login`: the address, empty where there is none to say, and the token."""
        self._dialect = dialect
        super().__init__(
            options={"server": url, "rest_api_version": dialect.api},
            **self._login(*login),
            get_server_info=False,
            max_retries=0,
            timeout=timeout_s,
        )
        self.deploymentType = self.deployment
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Wire(leave))

    def _login(self, email: str, token: str) -> dict[str, Any]:
        return {"basic_auth": (email, token)}

    @property
    def _fields_cache(self) -> dict[str, str]:
        """No list of fields: we name fields by their ids, nothing needs translating."""
        return {}

    def page(self, jql: str, fields: Sequence[str], expand: str | None, after: str | None) -> object:
        """One page of a search."""
        return self.enhanced_search_issues(
            jql, nextPageToken=after, maxResults=PAGE, fields=list(fields), expand=expand, json_result=True
        )

    def listing(self, path: str, start: int) -> object:
        """One page of a listing for which the library has no call that pages."""
        found: object = self._get_json(path, params={"startAt": start, "maxResults": PAGE})
        return found

    def told(self, path: str, params: Mapping[str, str] | None = None) -> object:
        """What an address answers for which the library has no call of a single request."""
        found: object = self._get_json(path, params=dict(params or {}))
        return found

    def hooks(self) -> object:
        """The webhooks that administrators have registered; shown to them alone."""
        found: object = self._get_json("webhook", base="{server}/rest/webhooks/1.0/{path}")
        return found

    def assignable(self, place: str, email: str) -> object:
        """Users who may be assigned in a project and match an address."""
        asked = {"project": place, self._dialect.asked_by: email, "maxResults": self._dialect.most}
        found: object = self._get_json("user/assignable/search", params=asked)
        return found

    def assignable_account(self, place: str, account: str) -> object:
        """The user of this account, if it may be assigned in a project; where accounts are names, others too."""
        by = "accountId" if self._dialect.who == "accountId" else self._dialect.asked_by
        asked = {"project": place, by: account, "maxResults": self._dialect.most}
        found: object = self._get_json("user/assignable/search", params=asked)
        return found

    def send(self, method: str, path: str, body: Mapping[str, object]) -> None:
        """Make a write for which the library has no call, or one that would first ask for more than we need."""
        self._session.request(method, self._get_url(path), data=json.dumps(body))


class JiraSite:
    """One site and one account. Safe to share between threads; building it calls nobody."""

    dialect: ClassVar[Dialect] = CLOUD
    _client_of: ClassVar[type[Client]] = Client

    def __init__(
        self,
        name: str,
        url: str,
        email: str,
        token: str,
        *,
        connect_s: float,
        read_s: float,
        sleep: Sleep,
        now: Now,
        budget: Budget,
    ) -> None:
        """`name`: ours for the service, which every error carries; `url`: of the site, as people open it."""
        self._name = name
        self._budget = budget
        self._url = url.rstrip("/")
        self._credentials = (email, token)
        self._timeout_s = (connect_s, read_s)
        self._sleep = sleep
        self._now = now
        self._mine = threading.local()

    def browse(self, key: str) -> str:
        """Where people see a ticket."""
        return f"{self._url}/browse/{key}"

    def read(self, call: Call, ask: Callable[[Client], T]) -> T:
        """Make a read of one request, repeated a little while it fails."""
        return reading(lambda: self._once(call, ask), self._sleep)

    def search(self, call: Call, jql: str, fields: Sequence[str], expand: str | None = None) -> Iterator[list[Loose]]:
        """Pages of a search, which tells no total and lags behind writes for seconds to minutes."""
        token: str | None = None
        while True:
            ask = partial(Client.page, jql=jql, fields=fields, expand=expand, after=token)
            page = mapping(self.read(call, ask))
            yield objects(page.get("issues"))
            before, token = token, text(page.get("nextPageToken"))
            if token is None or token == before or page.get("isLast") is True:
                return

    def listing(self, call: Call, path: str, rows_in: str) -> Iterator[Loose]:
        """Rows of a listing that pages by `startAt` and tells its total; `rows_in`: the key they are under."""
        start = 0
        while True:
            page = mapping(self.read(call, partial(Client.listing, path=path, start=start)))
            rows = objects(page.get(rows_in))
            yield from rows
            start += len(rows)
            if not rows or start >= (whole(page.get("total")) or 0):
                return

    def changelog(self, call: Call, key: str) -> list[Loose]:
        """The history of an issue."""
        return list(self.listing(call, f"issue/{key}/changelog", "values"))

    def write(self, call: Call, ask: Callable[[Client], T]) -> T:
        """Make a write of one request, exactly once."""
        return self._once(call, ask)

    def _once(self, call: Call, ask: Callable[[Client], T]) -> T:
        """The single door: every request leaves here, and every error that comes back says from where."""
        with blaming(self._name):
            self._mine.call = call
            return self._asked(call, ask)

    def _leave(self) -> None:
        """Let a request of this thread leave, unless our lease is lost or the budget spent."""
        call: Call = self._mine.call
        before_call(sum(self._timeout_s), self._name)
        self._budget.spend(call.spends, about=call.item)

    def _asked(self, call: Call, ask: Callable[[Client], T]) -> T:
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

    def _client(self) -> Client:
        """The library's session is not made for several threads: each has its own."""
        client: Client | None = getattr(self._mine, "client", None)
        if client is None:
            client = self._client_of(self.dialect, self._url, self._credentials, self._timeout_s, self._leave)
            self._mine.client = client
        return client

    def _translated(self, call: Call, error: JIRAError) -> Exception:
        response, status = error.response, error.status_code or 0
        if response is None or status < requests.codes.bad_request:
            return lost(call, "an answer without content")
        answer = Answer(status, _said(response), _asked_s(response, self._now()))
        if call.wide and status == requests.codes.bad_request and _names_project(answer.said):
            answer = replace(answer, status=requests.codes.forbidden)
        return answered(call, answer)


def _names_project(said: str) -> bool:
    """Whether Jira refuses a project with 400, as it does in searches and creates: hidden, gone, or not ours to use."""
    return "project:" in said or "field 'project'" in said


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
