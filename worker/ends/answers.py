"""What an answer, or the lack of one, means to us: the one table from HTTP to our errors, for every service.

A request that may have arrived and changes something ends `Ambiguous`; one that certainly did not arrive never does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from worker.ends.ports import Spending
from worker.errors import Ambiguous, BugferryError, LeaseLost, Permanent, Transient, Unauthorized

SAID_LIMIT = 300
NO_SENSE = "gave no usable answer"
"""In the words of `lost`: what answers may not be the service at all."""
_NOT_NOW = frozenset({HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY})
"""Refusals that mean "not at this moment": nothing was changed, later may work."""
_HIDING = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Refusals by which a service hides what an account may not see."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request in words: to which service, about what, whether it changes anything, and the right it needs.

    `wide`: no item is asked for but the place itself, so that a 403 or 404 refuses the place as a whole.
    `creates`: it makes new content (a ticket, a comment), which is a write, too.
    `item`: the id or key of what it is about, for limits that count by item.
    """

    service: str
    about: str
    writes: bool = False
    needs: str = "access"
    wide: bool = False
    creates: bool = False
    item: str = ""

    @property
    def spends(self) -> Spending:
        """What it takes off a budget."""
        if self.creates:
            return "create"
        return "write" if self.writes else "read"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered when it was not what we asked for. `said`: its own words; `limited`: a rate limit."""

    status: int
    said: str = ""
    retry_after_s: float | None = None
    limited: bool = False


class Absent(Permanent):
    """The service knows no such thing, or hides it from us: no proof yet that it is gone."""


class Forbidden(Permanent):
    """Our account lacks a right; the message names it."""


class Conflict(Transient):
    """Somebody else was changing it at that very moment: nothing was done."""


class Invalid(Permanent):
    """The service found fault with what was sent; the message says with what. Nothing was changed."""


@contextmanager
def blaming(service: str) -> Iterator[None]:
    """Within this block every error of ours says which service it came from; works as a decorator, too.

    A lost lease comes from no service.
    """
    try:
        yield
    except BugferryError as error:
        if error.service is None and not isinstance(error, LeaseLost):
            error.service = service
        raise


def refused(call: Call) -> Transient:
    """Nobody took the connection: the request certainly did not arrive."""
    return Transient(f"{call.service} could not be reached for {call.about}: no connection. It is tried again.")


def lost(call: Call, how: str) -> Transient:
    """The request may have arrived, the answer did not (timeout, dropped connection, unreadable answer)."""
    message = f"{call.service} {NO_SENSE} for {call.about} ({how})."
    if call.spends != "read":
        return Ambiguous(f"{message} It may have been done: look before doing it again.")
    return Transient(f"{message} It is tried again.")


def answered(call: Call, answer: Answer) -> BugferryError:
    """Turn an answer that is an error into ours."""
    said = fold(answer.said) or "no reason given"
    what = f"{call.service} answered {answer.status} for {call.about}: {said}"
    if answer.limited or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Transient(f"{call.service} asks for a pause (rate limit, {call.about}): {said}", answer.retry_after_s)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        return _failing(call, what, answer.retry_after_s)
    if answer.status == HTTPStatus.CONFLICT:
        return Conflict(what, answer.retry_after_s)
    if answer.status in _NOT_NOW:
        return Transient(what, answer.retry_after_s)
    return _denied(call, answer.status, what)


def unreached(call: Call, error: requests.RequestException) -> Transient:
    """Translate an exception of `requests`: a request that certainly did not arrive, or one that may have."""
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return refused(call)
    return lost(call, type(error).__name__)


def fold(text: str) -> str:
    """Fold a service's words into one line of at most 300 characters."""
    return " ".join(text.split())[:SAID_LIMIT]


def _failing(call: Call, what: str, retry_after_s: float | None) -> Transient:
    if call.spends != "read":
        return Ambiguous(f"{what}. It may have been done: look before doing it again.", retry_after_s)
    return Transient(what, retry_after_s)


def _denied(call: Call, status: int, what: str) -> BugferryError:
    if call.wide and status in _HIDING:
        return Unauthorized(
            f"{what}. The place as a whole is closed to us: check its name, and give the {call.service} account "
            f"{call.needs}; work for {call.service} waits until then."
        )
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return Unauthorized(f"{what}. Renew the {call.service} token; work for {call.service} waits until then.")
        case HTTPStatus.FORBIDDEN:
            return Forbidden(f"{what}. Give the {call.service} account {call.needs}, then retry.")
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Absent(f"{what}. Check that it still exists and that the account may see it, then retry.")
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            return Invalid(f"{what}. Correct what it names, in the mapping or at {call.service}, then retry.")
        case _:
            return Permanent(f"{what}. Correct what it names, in the mapping or at {call.service}, then retry.")


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    if not isinstance(cause, MaxRetryError):
        return False
    return isinstance(cause.reason, NewConnectionError | ConnectTimeoutError)
