"""A GitHub API through PyGithub: one requester a thread, one request a call, errors in our words."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar, cast

import requests
from github import GithubException

from worker.ends.answers import Absent, Call, Forbidden, answered, blaming, lost, unreached
from worker.ends.github_shapes import rows_in
from worker.ends.github_wire import PAGE, Redirected, Unchanged, Wire, read_answer
from worker.ends.loose import Loose, line, mapping, text
from worker.ends.ports import Budget
from worker.ends.retry import Now, Sleep, before_call, reading
from worker.errors import Permanent, Unauthorized

T = TypeVar("T")
Asked = Mapping[str, str | int]
STAYS_PRIVATE = timedelta(minutes=5)
"""How long we believe that a repository is private; each poll sees it anew."""
KEPT = 32
"""Answers remembered with their tags."""
_SHUT = ("resource not accessible by", "organization saml", "archived so is read-only", "repository access blocked")
"""What GitHub says when it refuses a token or a whole repository, not one issue of it."""
_ACCEPT = {"Accept": "application/vnd.github+json"}


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What was read from an answer, and the tag by which GitHub knows whether it is still the same."""

    tag: str
    value: object


class GithubSite:
    """One GitHub API and one account. Safe to share between threads; building it calls nobody."""

    def __init__(
        self,
        name: str,
        home: str,
        url: str,
        token: str,
        *,
        connect_s: float,
        read_s: float,
        sleep: Sleep,
        now: Now,
        budget: Budget,
    ) -> None:
        """`name`: ours for the service, which every error carries; `home`: our repository; `url`: of the API."""
        self._name = name
        self._home = home
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_s = (connect_s, read_s)
        self._sleep = sleep
        self._now = now
        self._budget = budget
        self._mine = threading.local()
        self._names: dict[str, str] = {}
        self._private: dict[str, datetime] = {}
        self._login: str | None = None
        self._remembered: dict[tuple[object, ...], _Remembered] = {}
        self._memory = threading.Lock()

    # ------------------------------------------------------------ a repository

    def read(self, call: Call, place: str, path: str, take: Callable[[object], T], asked: Asked | None = None) -> T:
        """Make a read of one request, repeated a little while it fails. `take` reads the answer, or raises."""
        return reading(
            lambda: self._at(call, place, lambda at: take(self._send("GET", at + path, asked)[1])), self._sleep
        )

    def write(self, call: Call, place: str, method: str, path: str, body: object, take: Callable[[object], T]) -> T:
        """Make a write of one request, exactly once."""
        return self._at(call, place, lambda at: take(self._send(method, at + path, body=body)[1]))

    def pages(self, call: Call, place: str, path: str, asked: Asked, first: int = 1) -> Iterator[list[Loose]]:
        """Pages of a list from the `first`, each repeated by itself while it fails; one page in memory.

        The repository must be settled first: where PyGithub follows a redirect, it loses the query.
        """
        for number in count(first):
            page = self.read(call, place, path, rows_in, {**asked, "per_page": PAGE, "page": number})
            yield page
            if len(page) < PAGE:
                return

    def remembered(
        self, call: Call, place: str, path: str, take: Callable[[object], T], asked: Asked | None = None
    ) -> T:
        """Make a read that costs no quota while the answer stays the same: GitHub then answers 304.

        What `take` made of the answer is remembered, for the last few of these reads, in this process.
        """
        ask = partial(self._told, path=path, take=take, asked=asked)
        return reading(lambda: self._at(call, place, ask), self._sleep)

    def settle(self, place: str) -> Loose:
        """Read a repository and remember under which name it goes now. `Unauthorized` when it is ours and shut."""
        home = self.is_home(place)
        call = Call("GitHub", f"the repository {place}", needs="the right to read it and its issues", wide=home)
        repo = reading(
            lambda: self._straight(call, lambda: self._told(self._path(place), "", _repository)), self._sleep
        )
        self.remember(place, line(repo.get("full_name")))
        if repo.get("private") is False:
            self._private.pop(place, None)
        else:
            self._private[place] = self._now()
        return repo

    def is_public(self, place: str) -> bool:
        """Whether everybody can read a repository; one that was not a moment ago is not asked again."""
        seen = self._private.get(place)
        if seen is None or self._now() - seen > STAYS_PRIVATE:
            self.settle(place)
        return place not in self._private

    def remember(self, place: str, name: str) -> None:
        """Take note of the name that a repository goes by now."""
        self._names[place] = name

    def name_of(self, place: str) -> str:
        """Under which name a repository goes, as far as we have seen."""
        return self._names.get(place, place)

    def is_home(self, place: str) -> bool:
        """Whether this is our own repository, by the name we know or the one it has now."""
        return place.lower() in {self._home.lower(), self.name_of(self._home).lower()}

    # ------------------------------------------------------------ beside it

    def ask(self, call: Call, path: str, take: Callable[[object], T], asked: Asked | None = None) -> T:
        """Make a read beside any repository."""
        return reading(lambda: self._straight(call, lambda: take(self._send("GET", path, asked)[1])), self._sleep)

    def mutate(self, call: Call, mutation: str, variables: Mapping[str, object], take: Callable[[object], T]) -> T:
        """Change what only GraphQL can, exactly once. Its answer may hold errors beside data."""
        body = {"query": mutation, "variables": variables}
        return self._straight(call, lambda: take(self._send("POST", self._requester().graphql_url, body=body)[1]))

    def graph(self, call: Call, query: str, variables: Mapping[str, str | int], take: Callable[[object], T]) -> T:
        """Ask GraphQL what REST does not tell. Its answer may hold errors beside data."""
        body = {"query": query, "variables": variables}
        ask = partial(self._send, "POST", body=body)
        return reading(lambda: self._straight(call, lambda: take(ask(self._requester().graphql_url)[1])), self._sleep)

    def login(self) -> str | None:
        """Who we are, asked once; None for an app's token, which may not ask."""
        if self._login is None:
            try:
                told = self.ask(Call("GitHub", "our own account"), "/user", mapping)
            except Forbidden:
                return None
            self._login = text(told.get("login"))
        return self._login

    def mine(self, call: Call, asked: Asked) -> Iterator[list[Loose]]:
        """Pages of the issues that our account made in any repository; none for an app's token, which may not ask."""
        everything: Asked = {**asked, "filter": "created", "per_page": PAGE}
        for number in count(1):
            try:
                page = self.ask(call, "/issues", rows_in, {**everything, "page": number})
            except (Absent, Forbidden):
                return
            yield page
            if len(page) < PAGE:
                return

    # ------------------------------------------------------------ one request

    def _at(self, call: Call, place: str, ask: Callable[[str], T]) -> T:
        """Ask a repository where it is now. A refusal that shuts out our token or our whole place says so."""
        try:
            return self._followed(call, place, ask)
        except Forbidden as refusal:
            if self.is_home(place) and any(words in str(refusal).lower() for words in _SHUT):
                with blaming(self._name):
                    raise Unauthorized(f"{refusal} Work for {self._home} waits until then.") from refusal
            raise

    def _followed(self, call: Call, place: str, ask: Callable[[str], T]) -> T:
        try:
            return self._once(call, lambda: ask(self._path(place)))
        except Redirected:
            self.settle(place)
        return self._straight(call, lambda: ask(self._path(place)))

    def _straight(self, call: Call, ask: Callable[[], T]) -> T:
        """Make a request that no redirect may answer."""
        try:
            return self._once(call, ask)
        except Redirected as error:
            with blaming(self._name):
                raise Permanent(f"GitHub redirects {call.about} in circles. Check its name, then retry.") from error

    def _once(self, call: Call, ask: Callable[[], T]) -> T:
        """The single door: every request leaves here, and every error that comes back says from where."""
        with blaming(self._name):
            self._mine.call = call
            return self._translated(call, ask)

    def _translated(self, call: Call, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except GithubException as error:
            raise answered(call, read_answer(error, self._now())) from error
        except requests.RequestException as error:
            raise unreached(call, error) from error
        except (RuntimeError, AssertionError) as error:  # how PyGithub says that an address is not below the API's own
            raise Permanent(f"GitHub answers {call.about} from elsewhere. Check the address of the API.") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise lost(call, "an answer of an unknown shape") from error

    def _told(self, at: str, path: str, take: Callable[[object], T], asked: Asked | None = None) -> T:
        """Ask with the tag of what we remember, if we do."""
        slot = (at + path, *sorted((asked or {}).items()))
        known = self._remembered.get(slot)
        tag = {"If-None-Match": known.tag} if known else {}
        try:
            headers, data = self._send("GET", at + path, asked, headers=tag)
        except Unchanged:
            if known is None:
                raise ValueError("304 without a question") from None
            return cast("T", known.value)  # the same address is always read by the same `take`
        value = take(data)
        self._keep(slot, text(headers.get("etag")), value)
        return value

    def _keep(self, slot: tuple[object, ...], tag: str | None, value: object) -> None:
        with self._memory:
            self._remembered.pop(slot, None)
            while len(self._remembered) >= KEPT:
                del self._remembered[next(iter(self._remembered))]
            if tag:
                self._remembered[slot] = _Remembered(tag, value)

    def _send(
        self,
        method: str,
        path: str,
        asked: Asked | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], object]:
        sent = {**_ACCEPT, **(headers or {})}
        return self._requester().requestJsonAndCheck(method, path, dict(asked or {}), sent, body)

    def _leave(self) -> None:
        """Let a request of this thread leave, unless our lease is lost or the budget spent."""
        call: Call = self._mine.call
        before_call(2 * sum(self._timeout_s), self._name)  # a permanent redirect is followed within one call of ours
        self._budget.spend(call.spends, about=call.item)

    def _path(self, place: str) -> str:
        return f"/repos/{self.name_of(place)}"

    def _requester(self) -> Wire:
        """PyGithub promises nothing about threads: each has its own."""
        requester: Wire | None = getattr(self._mine, "requester", None)
        if requester is None:
            requester = self._mine.requester = Wire(self._url, self._token, self._timeout_s, self._leave)
        return requester


def _repository(data: object) -> Loose:
    """What we need of a repository. `ValueError` for anything else."""
    repo = mapping(data)
    if not repo.get("full_name"):
        raise ValueError("not a repository")
    return {name: repo.get(name) for name in ("full_name", "has_issues", "private")}
