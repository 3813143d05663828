"""What passes between PyGithub and the network: one request, no redirect taken for success, refusals read.

PyGithub retries creates, sleeps through rate limits, and takes an unfollowed redirect for success. All of that is off
here: a redirect of a write means the repository was renamed, and nothing was done yet.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from github import Auth, GithubException
from github.Requester import Requester

from worker.ends.answers import Answer
from worker.ends.loose import dig, line, moment, objects, text
from worker.ends.retry import parse_retry_after

PAGE = 100
SECONDARY_PAUSE_S = 60.0
"""GitHub: a secondary limit that names no time asks for at least one minute."""


class Redirected(Exception):
    """GitHub pointed elsewhere and did nothing."""


class Unchanged(Exception):
    """GitHub's answer is the one that we remember."""


class Wire(Requester):
    """PyGithub's requester: asks before each call whether it may leave, and reports a redirect it did not follow."""

    def __init__(self, url: str, token: str, timeout_s: tuple[float, float], leave: Callable[[], None]) -> None:
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
        self._leave = leave

    def requestJson(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, Any], str]:  # noqa: ANN401, N802 -- the library's name and arguments, passed on
        """Make one request, unless it may not leave."""
        self._leave()
        status, headers, output = super().requestJson(*args, **kwargs)
        if status == HTTPStatus.NOT_MODIFIED:
            raise Unchanged
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise Redirected
        return status, headers, output


def read_answer(error: GithubException, now: datetime) -> Answer:
    """Read what GitHub said when it was not what we asked for."""
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    said = _said(error.data)
    limited = _limited(error.status, headers, said)
    asked_s = parse_retry_after(headers.get("retry-after"), now)
    if limited and asked_s is None:
        asked_s = _until_reset_s(headers, now)
    return Answer(error.status, said, asked_s, limited)


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
