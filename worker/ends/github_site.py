"""A GitHub API through PyGithub: one requester a thread, one request a call, errors in our words.

PyGithub retries creates, sleeps through rate limits, and takes an unfollowed redirect for success. All of that is off
here: a redirect of a write means the repository was renamed, and nothing was done yet.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any, TypeVar

import requests
from github import Auth, GithubException
from github.GithubObject import GithubObject
from github.PaginatedList import PaginatedList
from github.Repository import Repository
from github.Requester import Requester

from worker.ends.answers import Answer, Call, Forbidden, answered, lost, unreached
from worker.ends.loose import dig, line, mapping, moment, objects, text
from worker.ends.retry import Now, Sleep, before_call, parse_retry_after, reading
from worker.errors import Permanent

T = TypeVar("T")
G = TypeVar("G", bound=GithubObject)
PAGE = 100
SECONDARY_PAUSE_S = 60.0
"""GitHub: a secondary limit that names no time asks for at least one minute."""


class _Redirected(Exception):
    """GitHub pointed elsewhere and did nothing."""


class _Requester(Requester):
    """PyGithub's requester: asks the guard before each call, and reports a redirect that it did not follow."""

    def __init__(self, url: str, token: str, timeout_s: tuple[float, float]) -> None:
        super().__init__(
            auth=Auth.Token(token),
            base_url=url,
            timeout=timeout_s,  # type: ignore[arg-type]  # passed on to `requests`, which takes (connect, read)
            user_agent="bugferry",
            per_page=PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        )
        # a permanent redirect is followed within one call of ours
        self._cover_s = 2 * sum(timeout_s)

    def requestJson(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, Any], str]:  # noqa: ANN401, N802 -- the library's name and arguments, passed on
        """Make one request, unless our lease is lost."""
        before_call(self._cover_s)
        status, headers, output = super().requestJson(*args, **kwargs)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise _Redirected
        return status, headers, output


class GithubSite:
    """One GitHub API and one account. Safe to share between threads; building it calls nobody."""

    def __init__(self, url: str, token: str, *, connect_s: float, read_s: float, sleep: Sleep, now: Now) -> None:
        """`url`: of the API, such as `https://api.github.com` or `https://host/api/v3`."""
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_s = (connect_s, read_s)
        self._sleep = sleep
        self._now = now
        self._mine = threading.local()
        self._names: dict[str, str] = {}
        self._login: str | None = None

    def read(self, call: Call, place: str, ask: Callable[[Repository], T]) -> T:
        """Make a read of one request, repeated a little while it fails."""
        return reading(lambda: self._asked(call, place, ask), self._sleep)

    def write(self, call: Call, place: str, ask: Callable[[Repository], T]) -> T:
        """Make a write of one request, exactly once."""
        return self._asked(call, place, ask)

    def pages(self, call: Call, place: str, listed: Callable[[Repository], PaginatedList[G]]) -> Iterator[list[G]]:
        """Pages of a list, each repeated by itself while it fails; one page in memory."""
        for number in count():
            page = self.read(call, place, partial(_page, listed=listed, number=number))
            yield page
            if len(page) < PAGE:
                return

    def settle(self, call: Call, place: str) -> Repository:
        """Read a repository and remember under which name it goes now.

        Lists need it first: where PyGithub follows the redirect of a renamed repository, it loses the query.
        """
        repo = reading(lambda: self._straight(call, lambda: self._repository(place).complete()), self._sleep)
        self.remember(place, repo.full_name)
        return repo

    def remember(self, place: str, name: str) -> None:
        """Take note of the name that a repository goes by now."""
        self._names[place] = name

    def name_of(self, place: str) -> str:
        """Under which name a repository goes, as far as we have seen."""
        return self._names.get(place, place)

    def login(self) -> str | None:
        """Who we are, asked once; None for an app's token, which may not ask."""
        if self._login is None:
            call = Call("GitHub", "our own account")
            try:
                _, data = reading(
                    lambda: self._straight(call, lambda: self._requester().requestJsonAndCheck("GET", "/user")),
                    self._sleep,
                )
            except Forbidden:
                return None
            self._login = text(mapping(data).get("login"))
        return self._login

    # ------------------------------------------------------------ one request

    def _asked(self, call: Call, place: str, ask: Callable[[Repository], T]) -> T:
        try:
            return self._once(call, lambda: ask(self._repository(place)))
        except _Redirected:
            self.settle(call, place)
        return self._straight(call, lambda: ask(self._repository(place)))

    def _straight(self, call: Call, ask: Callable[[], T]) -> T:
        """Make a request that no redirect may answer."""
        try:
            return self._once(call, ask)
        except _Redirected as error:
            raise Permanent(f"GitHub redirects {call.about} in circles. Check its name, then retry.") from error

    def _once(self, call: Call, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except GithubException as error:
            raise answered(call, self._read_answer(error)) from error
        except requests.RequestException as error:
            raise unreached(call, error) from error
        except (RuntimeError, AssertionError) as error:  # how PyGithub says that an address is not below the API's own
            raise Permanent(f"GitHub answers {call.about} from elsewhere. Check the address of the API.") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise lost(call, "an answer of an unknown shape") from error

    def _repository(self, place: str) -> Repository:
        return Repository(self._requester(), url=f"/repos/{self.name_of(place)}")

    def _requester(self) -> _Requester:
        """PyGithub promises nothing about threads: each has its own."""
        requester: _Requester | None = getattr(self._mine, "requester", None)
        if requester is None:
            requester = self._mine.requester = _Requester(self._url, self._token, self._timeout_s)
        return requester

    def _read_answer(self, error: GithubException) -> Answer:
        headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
        said = _said(error.data)
        limited = _limited(error.status, headers, said)
        asked_s = parse_retry_after(headers.get("retry-after"), self._now())
        if limited and asked_s is None:
            asked_s = _until_reset_s(headers, self._now())
        return Answer(error.status, said, asked_s, limited)


def _page(repo: Repository, listed: Callable[[Repository], PaginatedList[G]], number: int) -> list[G]:
    return listed(repo).get_page(number)


def _limited(status: int, headers: dict[str, str], said: str) -> bool:
    """GitHub says both of its limits with 403 or 429."""
    if status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return False
    told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return told or "rate limit" in said.lower()


def _until_reset_s(headers: dict[str, str], now: datetime) -> float:
    reset = moment(headers.get("x-ratelimit-reset")) if headers.get("x-ratelimit-remaining") == "0" else None
    return max((reset - now).total_seconds(), 0.0) if reset else SECONDARY_PAUSE_S


def _said(data: object) -> str:
    """GitHub's own words: the message, and each refused field with its value and why."""
    rows = objects(dig(data, "errors"))
    keys = ("resource", "field", "code", "value", "message")
    refused = (" ".join(filter(None, (text(row.get(key)) for key in keys))) for row in rows)
    return "; ".join(filter(None, [line(dig(data, "message") or dig(data, "data")), *refused]))
