"""Sentry's words into ours: one `Event` from an SDK, a webhook or the API, one `Issue` from a detail or a list row.

Pure and total: whatever is null, missing, huge or of the wrong type becomes None or empty, never an exception.
Shapes: docs.sentry.io/api and develop.sentry.dev/sdk/data-model (SDK and webhooks snake_case, API camelCase).
"""

import re
from collections.abc import Sequence
from datetime import datetime

from worker.ends.loose import Loose, dig, first_text, flag, items, mapping, moment, objects, text, whole
from worker.ends.sentry_crumbs import entry_of, read_breadcrumbs, read_contexts
from worker.ends.sentry_notes import notes_seen
from worker.ends.sentry_tags import read_tags
from worker.ends.sentry_trace import read_exceptions
from worker.event import Event, ProcessingError, Request, Thrown
from worker.model import Issue, Person, Project, Status

NO_TITLE = "(no title)"
_TITLE_LIMIT = 100
_ERRORS_LIMIT = 100
PAIR = 2
_EVENT_ID_LENGTH = 32
_PLAIN_TEMPLATE = re.compile(r"(?:[^%]|%[sdrif%])*")
"""Without widths, which could ask for a gigabyte of blanks."""
_LEVELS = frozenset({"fatal", "error", "warning", "info", "debug", "sample"})

_STATUS = {
    "unresolved": Status.OPEN,
    "resolved": Status.RESOLVED,
    "resolvedinnextrelease": Status.RESOLVED,
    "ignored": Status.IGNORED,
    "archived": Status.IGNORED,
    "muted": Status.IGNORED,
}
_MOVES = frozenset(
    {
        "set_resolved",
        "set_resolved_by_age",
        "set_resolved_in_release",
        "set_resolved_in_commit",
        "set_resolved_in_pull_request",
        "set_unresolved",
        "set_ignored",
        "set_regression",
        "set_escalating",
        "unmerge_source",
        "unmerge_destination",
    }
)
"""Activity types that change the status; an escalation takes an issue out of the archive."""


def read_event(data: Loose) -> Event:
    """Read an event of any of the three shapes."""
    data = mapping(data)
    tags = read_tags(data)
    exceptions = read_exceptions(data)
    message = _message(data)
    return Event(
        id=_event_id(data),
        title=_event_title(data, exceptions, message),
        message=message,
        platform=text(data.get("platform")),
        level=_level(data.get("level"), tags.get("level")),
        logger=first_text(data.get("logger"), tags.get("logger")),
        culprit=text(data.get("culprit")),
        transaction=first_text(data.get("transaction"), tags.get("transaction")),
        environment=first_text(data.get("environment"), tags.get("environment")),
        release=first_text(_version(data.get("release")), tags.get("release")),
        dist=first_text(data.get("dist"), dig(data, "dist", "name"), tags.get("dist")),
        server_name=first_text(data.get("server_name"), data.get("serverName"), tags.get("server_name")),
        sdk=text(dig(data, "sdk", "name")),
        user_id=text(dig(data, "user", "id")),
        occurred_at=_occurred_at(data),
        tags=tags,
        contexts=read_contexts(data),
        breadcrumbs=read_breadcrumbs(data),
        exceptions=exceptions,
        request=_request(data),
        errors=_errors(data),
        commits=whole(dig(data, "release", "commitCount")) or 0,
    )


def read_issue(data: Loose) -> Issue:
    """Read an issue as its detail, a list row or an issue webhook shows it."""
    data = mapping(data)
    wire = (text(data.get("status")) or "unresolved").lower()
    moved = _last_move(data)
    lifetime = mapping(data.get("lifetime"))
    meta = mapping(data.get("metadata"))
    return Issue(
        id=text(data.get("id")) or "",
        short_id=first_text(data.get("shortId"), data.get("id")) or "",
        title=first_text(data.get("title"), meta.get("title")) or _typed(meta) or text(data.get("culprit")) or NO_TITLE,
        project=_project(mapping(data.get("project"))),
        status=_STATUS.get(wire, Status.OPEN),
        substatus=text(data.get("substatus")),
        settled=wire in _STATUS,
        culprit=text(data.get("culprit")),
        permalink=first_text(data.get("permalink"), data.get("web_url")),
        level=text(data.get("level")),
        priority=text(data.get("priority")),
        platform=text(data.get("platform")),
        category=text(data.get("issueCategory")),
        type=text(meta.get("type")),
        value=text(meta.get("value")),
        unhandled=flag(data.get("isUnhandled")),
        # `count` covers the asked period only where a period was asked; the lifetime's own figures always cover all
        count=_amount(lifetime.get("count"), data.get("count")),
        user_count=_amount(lifetime.get("userCount"), data.get("userCount")),
        first_seen=moment(lifetime.get("firstSeen")) or moment(data.get("firstSeen")),
        last_seen=moment(lifetime.get("lastSeen")) or moment(data.get("lastSeen")),
        first_release=_version(data.get("firstRelease")),
        last_release=_version(data.get("lastRelease")),
        assignee=_assignee(data),
        moved_at=moment(moved.get("dateCreated")),
        moved_how=text(moved.get("type")),
        unmerged_from=_unmerged_from(data),
        linked=_linked(data),
        assigned=_assigned(mapping(data.get("assignedTo"))),
        notes=notes_seen(data.get("activity")),
        note_count=whole(data.get("numComments")),
        hourly=_hourly(dig(data, "stats", "24h")),
    )


# ---------------------------------------------------------------- events


def _event_id(data: Loose) -> str:
    """Without dashes and in lower case, as Sentry itself spells it, so that all shapes agree."""
    found = first_text(data.get("event_id"), data.get("eventID"), data.get("id")) or ""
    bare = found.replace("-", "").lower()
    return bare if len(bare) == _EVENT_ID_LENGTH else found


def _event_title(data: Loose, exceptions: Sequence[Thrown], message: str | None) -> str:
    """Sentry's own rule: the exception that surfaced, else the message, else the culprit."""
    last = exceptions[-1] if exceptions else Thrown()
    typed = _typed({"type": last.type, "value": last.value})
    if typed:
        return typed
    said = first_text(message, dig(data, "metadata", "title"), data.get("title"), data.get("culprit"))
    return _headline(said) if said else NO_TITLE


def _typed(meta: Loose) -> str | None:
    kind, value = text(meta.get("type")), text(meta.get("value"))
    if kind and value:
        return f"{_headline(kind)}: {_headline(value)}"
    said = kind or value
    return _headline(said) if said else None


def _headline(said: str) -> str:
    first = said.strip().splitlines()[0].strip()
    return first if len(first) <= _TITLE_LIMIT else f"{first[: _TITLE_LIMIT - 3]}..."


def _message(data: Loose) -> str | None:
    entry = entry_of(data, "message")
    told = (data.get("logentry"), data.get("message"), entry)
    formatted = (one for part in told for one in (dig(part, "formatted"), _filled(part), dig(part, "message")))
    return first_text(data.get("message"), *formatted)


def _filled(entry: object) -> str | None:
    """A message with its parameters put in, as Python's `logging` does it; None where they do not fit."""
    template, values = text(dig(entry, "message")), dig(entry, "params")
    if not template or not isinstance(values, list) or not _PLAIN_TEMPLATE.fullmatch(template):
        return None
    if not all(value is None or isinstance(value, str | int | float) for value in values):
        return None
    try:
        return template % tuple(values)
    except (TypeError, ValueError, OverflowError):
        return None


def _level(*said: object) -> str:
    """Sentry's default is `error`."""
    named = (first_text(*said) or "").lower()
    return named if named in _LEVELS else "error"


def _occurred_at(data: Loose) -> datetime | None:
    told = (data.get(key) for key in ("datetime", "timestamp", "dateCreated", "received", "dateReceived"))
    return next((found for one in told if (found := moment(one)) is not None), None)


def _request(data: Loose) -> Request:
    said = mapping(data.get("request")) or entry_of(data, "request")
    return Request(
        method=text(said.get("method")),
        url=text(said.get("url")),
        user_agent=_header(said.get("headers"), "user-agent"),
    )


def _header(headers: object, name: str) -> str | None:
    """Headers come as pairs or as a mapping, their values as text or as lists of text."""
    pairs = mapping(headers).items() if mapping(headers) else [tuple(items(pair)[:2]) for pair in items(headers)]
    for pair in pairs:
        if len(pair) == 2 and str(text(pair[0])).lower() == name:  # noqa: PLR2004 -- a name and a value
            return first_text(pair[1], *items(pair[1])[:1])
    return None


def _errors(data: Loose) -> tuple[ProcessingError, ...]:
    rows = objects(data.get("errors"))[:_ERRORS_LIMIT]
    read = ((text(row.get("type")), first_text(row.get("message"), row.get("name"))) for row in rows)
    return tuple(ProcessingError(kind, message) for kind, message in read if kind)


# ---------------------------------------------------------------- issues


def _last_move(data: Loose) -> Loose:
    """The newest activity that changed the status; empty when none is told."""
    moves = [row for row in objects(data.get("activity")) if text(row.get("type")) in _MOVES]
    dated = [(when, row) for row in moves if (when := moment(row.get("dateCreated"))) is not None]
    return max(dated, key=lambda one: one[0])[1] if dated else {}


def _unmerged_from(data: Loose) -> str | None:
    """The issue that this one was part of until a person took it apart: not only its newest move tells of it."""
    rows = [row for row in objects(data.get("activity")) if text(row.get("type")) == "unmerge_destination"]
    told = [first_text(dig(row, "data", "source", "id"), dig(row, "data", "source_id")) or "" for row in rows]
    return next(iter(told), None)


def _project(data: Loose) -> Project:
    slug = first_text(data.get("slug"), data.get("id")) or ""
    return Project(
        id=text(data.get("id")) or "",
        slug=slug,
        name=text(data.get("name")),
        platform=text(data.get("platform")),
    )


def _amount(*said: object) -> int:
    return next((max(found, 0) for found in map(whole, said) if found is not None), 0)


def _hourly(rows: object) -> tuple[tuple[datetime, int], ...]:
    """Read `[epoch seconds, count]` rows; hours without an event are left out."""
    pairs = (row for row in items(rows) if isinstance(row, list) and len(row) == PAIR)
    read = ((moment(at), whole(count) or 0) for at, count in pairs)
    return tuple((at, count) for at, count in read if at and count > 0)


def _version(release: object) -> str | None:
    """A release is a string in events of SDKs and an object in the API."""
    return first_text(release, dig(release, "version"))


def _assignee(data: Loose) -> str | None:
    """An e-mail address or a name, which identify a person across services; else Sentry's own id."""
    told = data.get("assignedTo")
    return first_text(told, *(dig(told, key) for key in ("email", "username", "name", "id")))


def _assigned(told: Loose) -> Person | None:
    """The person; a team is nobody in particular."""
    account = text(told.get("id"))
    if account is None or text(told.get("type")) != "user":
        return None
    return Person(account, text(told.get("name")), text(told.get("email")))


def _linked(data: Loose) -> tuple[str, ...]:
    """Addresses of the tickets that Sentry shows on the issue, each once."""
    rows = [row for key in ("integrationIssues", "sentryAppIssues", "annotations") for row in objects(data.get(key))]
    addresses = (first_text(row.get("webUrl"), row.get("url")) for row in rows)
    return tuple(dict.fromkeys(found for found in addresses if found))
