"""What a mapping may look at: every declared field exists, and is null when it is not known.

The same facts serve conditions and templates. Strings are bounded and well-formed; times are aware UTC datetimes.
`release` is of the newest event; `deploy` is the one that brought the issue, as far as somebody asked Sentry for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.event import Event, Frame, Thrown
from worker.model import Issue, Project
from worker.triage.cause import Verdict, heard, judge
from worker.triage.release import MINUTE, Introduced

Judged = Callable[[Issue, Event], Verdict]

FRAMES_LIMIT = 30
"""Newest frames that conditions see; converting one costs the evaluator about 15 µs."""
TAGS_LIMIT = 60
TEXT_LIMIT = 8_000
_INT64_MAX = 2**63 - 1

Facts = Mapping[str, Any]
"""By name a moment (`now`), or field names to strings, numbers, times, lists and maps; hence Any."""

ONLY_IN_CONDITIONS = frozenset({"now", "case"})
"""Facts that differ from look to look: a ticket that is written again must say the same."""

_NO_EVENT = Event(id="")
_NOT_A_PLACE = frozenset({"<anonymous>", "[native code]"})


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around an issue: the time, all issues of its case (none known: it is alone), what brought it.

    Where the time is not known, as of a file or an example, it is asked as of when the issue was last seen.
    `no_noise`: a person said that it is no noise; `wanted_by`: who wants a ticket for it, whatever the rules skip.
    """

    now: datetime | None = None
    members: tuple[Issue, ...] = ()
    origin: Introduced | None = None
    no_noise: bool = False
    wanted_by: str | None = None


ALONE = Around()


def gather(issue: Issue, event: Event | None, around: Around = ALONE, *, judged: Judged | None = judge) -> Facts:
    """The facts of one issue and its newest event, if it has one. `judged` None: nobody asks whose fault it is."""
    seen = event or _NO_EVENT
    version = seen.release or issue.last_release
    return {
        "issue": _issue(issue),
        "event": {**_event(seen), "id": event.id if event else None},
        "project": _project(issue.project),
        "release": _release(version, issue.first_release),
        "deploy": _deploy(around.origin),
        "case": _case(around.members or (issue,)),
        "triage": _triage(judged(issue, seen), no_noise=around.no_noise) if judged else {},
        "now": around.now or issue.last_seen or issue.first_seen,
    }


def declared() -> dict[str, frozenset[str]]:
    """The names that a mapping may use, with their fields."""
    nothing = Issue(id="", short_id="", title="", project=Project(id="", slug=""))
    return {name: frozenset(fields or ()) for name, fields in gather(nothing, None).items()}


def newest_frames(event: Event) -> tuple[Frame, ...]:
    """The newest frames of the whole chain of exceptions, oldest first; the last belong to the one that surfaced."""
    return tuple(frame for thrown in event.exceptions for frame in thrown.frames)[-FRAMES_LIMIT:]


def _issue(issue: Issue) -> dict[str, object]:
    texts = {
        name: _text(getattr(issue, name))
        for name in (
            "id", "short_id", "title", "culprit", "permalink", "level", "substatus", "priority",
            "platform", "category", "type", "value", "assignee", "first_release", "last_release",
        )
    }  # fmt: skip
    return {
        **texts,
        "status": issue.status.value,
        "unhandled": issue.unhandled,
        "count": min(issue.count, _INT64_MAX),
        "users": min(issue.user_count, _INT64_MAX),
        "first_seen": issue.first_seen,
        "last_seen": issue.last_seen,
    }


def _event(event: Event) -> dict[str, object]:
    texts = {
        name: _text(getattr(event, name))
        for name in (
            "title", "message", "platform", "level", "logger", "culprit", "transaction", "environment",
            "release", "dist", "server_name", "sdk",
        )
    }  # fmt: skip
    return {
        **texts,
        "occurred_at": event.occurred_at,
        "tags": {str(_text(key)): _text(value) for key, value in list(event.tags.items())[:TAGS_LIMIT]},
        "user_agent": _text(event.request.user_agent),
        "url": _text(event.request.url),
        "method": _text(event.request.method),
        "exceptions": [_thrown(thrown) for thrown in event.exceptions[-FRAMES_LIMIT:]],
        "frames": [_frame(frame) for frame in newest_frames(event)],
        "last_frame": _frame(_last_frame(event)),
        "errors": [_text(error.type) for error in event.errors],
    }


def _thrown(thrown: Thrown) -> dict[str, object]:
    return {
        "type": _text(thrown.type),
        "value": _text(thrown.value),
        "module": _text(thrown.module),
        "handled": thrown.handled,
        "mechanism": _text(thrown.mechanism),
    }


def _frame(frame: Frame) -> dict[str, object]:
    return {
        "function": _text(frame.function),
        "module": _text(frame.module),
        "filename": _text(frame.filename),
        "abs_path": _text(frame.abs_path),
        "line": frame.line,
        "in_app": frame.in_app,
    }


def _last_frame(event: Event) -> Frame:
    """Where it was thrown: the newest frame that is a place."""
    places = (frame for frame in reversed(newest_frames(event)) if frame.abs_path not in _NOT_A_PLACE)
    return next(places, Frame())


def _case(members: Sequence[Issue]) -> dict[str, object]:
    return {
        "issues": len(members),
        "projects": sorted({issue.project.slug for issue in members}),
        "count": min(sum(issue.count for issue in members), _INT64_MAX),
        "users": min(sum(issue.user_count for issue in members), _INT64_MAX),
    }


def _triage(said: Verdict, *, no_noise: bool) -> dict[str, object]:
    verdict = heard(said) if no_noise else said
    return {
        "cause": verdict.cause.value,
        "leading": verdict.leading.value,
        "margin": round(verdict.margin, 2),
        "reasons": [clue.reason for clue in verdict.clues],
    }


def _release(version: str | None, first: str | None) -> dict[str, object]:
    is_first = version == first if version and first else None
    return {"version": _text(version), "first": _text(first), "is_first_of": is_first}


def _deploy(origin: Introduced | None) -> dict[str, object]:
    deploy, before = (origin.deploy, origin.before) if origin else (None, None)
    return {
        "environment": _text(deploy.environment) if deploy else None,
        "release": _text(deploy.release) if deploy else None,
        "finished_at": deploy.finished_at if deploy else None,
        "minutes_before": before // MINUTE if before is not None else None,
    }


def _project(project: Project) -> dict[str, object]:
    return {name: _text(getattr(project, name)) for name in ("id", "slug", "name", "platform")}


def _text(value: str | None) -> str | None:
    """Bounded, and without the lone surrogates that JSON lets through and UTF-8 refuses."""
    if value is None or (value.isascii() and len(value) <= TEXT_LIMIT):
        return value
    return value[:TEXT_LIMIT].encode("utf-8", "backslashreplace").decode("utf-8")
