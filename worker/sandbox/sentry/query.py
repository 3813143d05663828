"""The part of Sentry's issue search that a sync worker uses."""

import re
from collections.abc import Callable
from datetime import datetime

from worker.sandbox.clock import now, parse_span, parse_time
from worker.sandbox.sentry.world import SentryIssue

_TERM = re.compile(r"(!?)([\w.]+):(\[[^\]]*\]|\"[^\"]*\"|\S+)|(\S+)")
_IS = {"unresolved", "resolved", "ignored", "archived", "new", "ongoing", "escalating", "regressed"}
Test = Callable[[SentryIssue], bool]


class BadQueryError(ValueError):
    """A query that Sentry would refuse, with Sentry's kind of reason."""


def compile_query(text: str) -> Test:
    """Turn a search into a test of one issue; an empty search takes all. `BadQueryError` for what it cannot read."""
    tests = [_term(negated == "!", key, value, word) for negated, key, value, word in _TERM.findall(text)]
    return lambda issue: all(test(issue) for test in tests)


def _term(negated: bool, key: str, value: str, word: str) -> Test:
    if word:
        wanted = word.lower()
        return lambda issue: wanted in f"{issue.title} {issue.culprit}".lower()
    test = _key(key, value.strip('"'))
    return (lambda issue: not test(issue)) if negated else test


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


def _key(key: str, value: str) -> Test:
    """The test of one `key:value`; any key that is no field is a tag."""
    wanted = {item.strip().strip('"').lower() for item in value.strip("[]").split(",")}
    if key == "is":
        return _is(value)
    if key in _TIMES:
        return _time(value, _TIMES[key])
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


def _time(value: str, read: Callable[[SentryIssue], datetime]) -> Test:
    """`-15m` is "within", `+15m` is "longer ago", `>=ISO` and friends compare."""
    span = parse_span(value.lstrip("+"))
    if span is not None:
        edge = now() - span
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
