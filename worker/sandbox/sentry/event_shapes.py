"""One event as Sentry shows it: camelCase with entries in the API, snake_case with tag pairs in webhooks."""

from worker.sandbox.clock import sentry_time
from worker.sandbox.seed import ORG
from worker.sandbox.sentry import grouping
from worker.sandbox.sentry.incoming import Incoming, frames_of
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.sentry.shapes import permalink, short_release
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json, as_dict, as_list, as_text

MOST_CONTEXT = 5


def event_row(event: Incoming, issue: SentryIssue) -> Json:
    """A row of the event list."""
    return {
        "id": event.id,
        "event.type": _type(event),
        "groupID": issue.id,
        "eventID": event.id,
        "projectID": issue.project.id,
        "message": event.message or "",
        "title": grouping.title(event),
        "location": _location(event),
        "culprit": grouping.culprit(event),
        "user": _user(event),
        "tags": [{"key": key, "value": value} for key, value in event.tags],
        "platform": event.platform,
        "dateCreated": sentry_time(event.at),
        "crashFile": None,
        "metadata": grouping.metadata(event),
    }


def event_detail(event: Incoming, issue: SentryIssue, world: SentryWorld) -> Json:
    """The full event."""
    row = event_row(event, issue)
    del row["event.type"]
    older, newer = _neighbours(event, issue)
    return {
        **row,
        "type": _type(event),
        "dateReceived": sentry_time(event.received),
        "contexts": as_dict(event.raw.get("contexts")),
        "context": as_dict(event.raw.get("extra")),
        "size": None,
        "entries": _entries(event),
        "dist": as_text(event.raw.get("dist")),
        "sdk": _sdk(event),
        "packages": as_dict(event.raw.get("modules")),
        "errors": [error for error in as_list(event.raw.get("errors")) if isinstance(error, dict)],
        "occurrence": None,
        "_meta": {},
        "fingerprints": [grouping.group_hash(event)],
        "groupingConfig": {"id": "newstyle:2023-01-11", "enhancements": ""},
        "release": _release(world, event.release),
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
        "nextEventID": newer,
        "previousEventID": older,
    }


def _release(world: SentryWorld, version: str | None) -> Json | None:
    """The release of an event, which says how many commits there are of it."""
    shown, known = short_release(world, version), world.releases.get(version or "")
    return {**shown, "commitCount": len(known.commits)} if shown and known else None


def webhook_event(event: Incoming, issue: SentryIssue, base: str) -> Json:
    """The event of `error.created`. `base`: address of the practice Sentry."""
    raw, slug = event.raw, issue.project.slug
    return {
        **{key: value for key, value in raw.items() if key not in {"attachments", "sdk", "stacktrace"}},
        "event_id": event.id,
        "project": int(issue.project.id),
        "platform": event.platform,
        "level": event.level,
        "release": event.release,
        "environment": event.environment,
        "message": event.message or "",
        "tags": [[key, value] for key, value in event.tags],
        "exception": {"values": list(event.exceptions)},
        "request": _request(raw, "query_string"),
        "sdk": _sdk(event),
        "user": event.user,
        "culprit": grouping.culprit(event),
        "title": grouping.title(event),
        "location": _location(event),
        "metadata": grouping.metadata(event),
        "type": _type(event),
        "hashes": [grouping.group_hash(event)],
        "datetime": sentry_time(event.at),
        "timestamp": event.at.timestamp(),
        "received": event.received.timestamp(),
        "issue_id": issue.id,
        "issue_url": f"{base}/api/0/organizations/{ORG}/issues/{issue.id}/",
        "url": f"{base}/api/0/projects/{ORG}/{slug}/events/{event.id}/",
        "web_url": f"{permalink(issue, base)}events/{event.id}/",
    }


def _type(event: Incoming) -> str:
    return "error" if event.exceptions else "default"


def _location(event: Incoming) -> str | None:
    return as_text((grouping.culprit_frame(event) or {}).get("filename"))


def _neighbours(event: Incoming, issue: SentryIssue) -> tuple[str | None, str | None]:
    ids = [kept.id for kept in sorted(issue.events, key=lambda kept: kept.at)]
    here = ids.index(event.id) if event.id in ids else -1
    older = ids[here - 1] if here > 0 else None
    newer = ids[here + 1] if 0 <= here < len(ids) - 1 else None
    return older, newer


def _sdk(event: Incoming) -> Json:
    sdk = as_dict(event.raw.get("sdk"))
    return {"name": as_text(sdk.get("name")), "version": as_text(sdk.get("version"))}


def _user(event: Incoming) -> Json | None:
    if event.user is None:
        return None
    names = ("id", "email", "username", "ip_address", "name")
    return {**{name: as_text(event.user.get(name)) for name in names}, "geo": None, "data": None}


def _entries(event: Incoming) -> list[Json]:
    entries: list[Json] = []
    if event.exceptions:
        values = [_exception(value) for value in event.exceptions]
        entries.append({"type": "exception", "data": {"values": values, "excOmitted": None, "hasSystemFrames": True}})
    if event.message:
        entries.append({"type": "message", "data": {"formatted": event.message, "params": None}})
    crumbs = event.raw.get("breadcrumbs")
    found = [crumb for crumb in as_list(as_dict(crumbs).get("values")) or as_list(crumbs) if isinstance(crumb, dict)]
    if found:
        entries.append({"type": "breadcrumbs", "data": {"values": found}})
    if event.raw.get("request"):
        entries.append({"type": "request", "data": _request(event.raw, "query")})
    return entries


def _request(raw: Json, query_name: str) -> Json | None:
    """The HTTP request with its headers as pairs."""
    request = as_dict(raw.get("request"))
    if not request:
        return None
    headers = request.get("headers")
    given = (
        headers.items()
        if isinstance(headers, dict)
        else (tuple(pair) for pair in as_list(headers) if isinstance(pair, list))
    )
    pairs = [[str(pair[0]), as_text(pair[1])] for pair in given if len(pair) == 2]  # noqa: PLR2004 - a pair
    return {
        "url": as_text(request.get("url")),
        "method": as_text(request.get("method")),
        "headers": pairs,
        query_name: as_list(request.get("query_string")),
        "data": None,
        "cookies": [],
        "env": None,
        "fragment": None,
        "inferredContentType": None,
    }


def _exception(value: Json) -> Json:
    frames = [_frame(frame) for frame in frames_of(value)]
    stacktrace = (
        {"frames": frames, "framesOmitted": None, "registers": None, "hasSystemFrames": True} if frames else None
    )
    mechanism = value.get("mechanism")
    return {
        "type": as_text(value.get("type")),
        "value": as_text(value.get("value")),
        "module": as_text(value.get("module")),
        "mechanism": mechanism if isinstance(mechanism, dict) else None,
        "threadId": None,
        "stacktrace": stacktrace,
        "rawStacktrace": None,
    }


def _frame(frame: Json) -> Json:
    return {
        "filename": as_text(frame.get("filename")),
        "absPath": as_text(frame.get("abs_path")) or as_text(frame.get("filename")),
        "module": as_text(frame.get("module")),
        "function": as_text(frame.get("function")),
        "lineNo": _number(frame.get("lineno")),
        "colNo": _number(frame.get("colno")),
        "inApp": frame.get("in_app"),
        "context": _context(frame),
        "vars": None,
        "data": as_dict(frame.get("data")),
        "errors": None,
        "package": None,
        "platform": None,
        "instructionAddr": None,
        "symbolAddr": None,
        "trust": None,
        "symbol": None,
    }


def _context(frame: Json) -> list[list[object]]:
    """Source lines as `[line number, text]`."""
    line, text = _number(frame.get("lineno")), as_text(frame.get("context_line"))
    if line is None or text is None:
        return []
    before = [as_text(item) or "" for item in as_list(frame.get("pre_context"))][-MOST_CONTEXT:]
    after = [as_text(item) or "" for item in as_list(frame.get("post_context"))][:MOST_CONTEXT]
    first = line - len(before)
    return [[first + n, item] for n, item in enumerate([*before, text, *after])]


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
