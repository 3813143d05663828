"""The part of Sentry's issue search that a sync worker uses."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from worker.sandbox.clock import parse_span, parse_time
from worker.sandbox.sentry.records import SentryIssue

_TERM = re.compile(r"(!?)([\w.]+):(\[[^\]]*\]|\"[^\"]*\"|\S+)|(\S+)")
_IS = {"unresolved", "resolved", "ignored", "archived", "new", "ongoing", "escalating", "regressed"}
Test = Callable[[SentryIssue], bool]


class BadQueryError(ValueError):
    """A query that Sentry would refuse, with Sentry's kind of reason."""


def compile_query(text: str, now: datetime, unknown: Callable[[str], bool]) -> Test:
    """Turn a search into a test of one issue; an empty search takes all. `BadQueryError` for what it cannot read.

    `unknown`: says of a short id that no issue has it, which makes the whole search wrong.
    """
    parts = [_Part(negated == "!", key, value.strip('"'), word) for negated, key, value, word in _TERM.findall(text)]
    for part in parts:
        if part.key == "issue" and (wrong := [one for one in _items(part.value) if unknown(one)]):
            raise BadQueryError(f"Invalid value '{wrong}' for 'issue:' filter")
    tests = [_term(part, now) for part in parts]
    return lambda issue: all(test(issue) for test in tests)


@dataclass(frozen=True, slots=True)
class _Part:
    """`key:value`, maybe negated, or a bare word."""

    negated: bool
    key: str
    value: str
    word: str


def _items(value: str) -> list[str]:
    return [item.strip().strip('"') for item in value.strip("[]").split(",")]


def _term(part: _Part, now: datetime) -> Test:
    if part.word:
        wanted = part.word.lower()
        return lambda issue: wanted in f"{issue.title} {issue.culprit}".lower()
    test = _key(part.key, part.value, now)
    return (lambda issue: not test(issue)) if part.negated else test


_TEXTS: dict[str, Callable[[SentryIssue], str]] = {
    "issue": lambda issue: issue.short_id.lower(),
    "issue.id": lambda issue: issue.id,
    "project": lambda issue: issue.project.slug,
    "project.name": lambda issue: issue.project.slug,
    "level": lambda issue: issue.level,
}
_TIMES: dict[str, Callable[[SentryIssue], datetime]] = {
    "lastSeen": lambda issue: issue.last_seen,
    "firstSeen": lambda issue: issue.first_seen,
    "age": lambda issue: issue.first_seen,
}


def _key(key: str, value: str, now: datetime) -> Test:
    """The test of one `key:value`; any key that is no field is a tag."""
    wanted = {item.lower() for item in _items(value)}
    if key == "is":
        return _is(value)
    if key in _TIMES:
        return _time(value, _TIMES[key], now)
    if key in _TEXTS:
        text = _TEXTS[key]
        return lambda issue: text(issue) in wanted
    return lambda issue: bool(wanted & {tag.lower() for tag in issue.tags.get(key, ())})


def _is(value: str) -> Test:
    if value in {"linked", "unlinked"}:
        return lambda issue: bool(issue.links) == (value == "linked")
    if value not in _IS:
        raise BadQueryError(f'Invalid value for "is" search, valid values are {sorted(_IS | {"linked", "unlinked"})}')
    status = "ignored" if value == "archived" else value
    return lambda issue: status in {issue.status, issue.substatus}


def _time(value: str, read: Callable[[SentryIssue], datetime], now: datetime) -> Test:
    """`-15m` is "within", `+15m` is "longer ago", `>=ISO` and friends compare."""
    span = parse_span(value.lstrip("+"))
    if span is not None:
        edge = now - span
        return (lambda issue: read(issue) <= edge) if value.startswith("+") else (lambda issue: read(issue) >= edge)
    sign = re.match(r"[<>]=?", value)
    at = parse_time(value[sign.end() :] if sign else value)
    if at is None:
        raise BadQueryError(f"{value} is not a valid datetime query")
    compare: dict[str, Test] = {
        ">=": lambda issue: read(issue) >= at,
        ">": lambda issue: read(issue) > at,
        "<=": lambda issue: read(issue) <= at,
        "<": lambda issue: read(issue) < at,
    }
    return compare[sign[0] if sign else ">="]
