"""What everybody may read: an issue and its event without users, addresses, request data, machines and odd tags."""

import re
from dataclasses import replace

from worker.event import Event, Frame, Request, Thrown
from worker.mapping.scrub import Scrubber
from worker.model import Issue
from worker.triage.release import Introduced

LEFT_OUT = "all about users, requests and machines, because everybody can read this repository"
"""How a ticket says it."""
PUBLIC_TAGS = frozenset(
    {
        *("browser", "browser.name", "os", "os.name", "device.family", "runtime", "runtime.name", "client_os"),
        *("level", "environment", "release", "dist", "logger", "handled", "mechanism", "transaction", "sdk.name"),
    }
)
"""Tags that cannot hold personal data; of any other nobody knows."""
_FOLDERS = re.compile(r"^.*[/\\]")


def published(issue: Issue, event: Event | None, scrubber: Scrubber) -> tuple[Issue, Event | None]:
    """The same two values with nothing in them that only some people may read; the scrubber takes note of it."""
    scrubber.removed[LEFT_OUT] += 1
    shown = replace(issue, assignee=None, assigned=None)
    return shown, None if event is None else _event(event)


def nameless(origin: Introduced) -> Introduced:
    """The same with nothing of the suspect commits but which they are: their messages are of code that may be private.

    They also name people: whose branch was merged, whose work was reverted.
    """
    return replace(origin, suspects=tuple(replace(one, author=None, message=None) for one in origin.suspects))


def _event(event: Event) -> Event:
    return replace(
        event,
        user_id=None,
        server_name=None,
        request=Request(),
        tags={key: value for key, value in event.tags.items() if key in PUBLIC_TAGS},
        exceptions=tuple(_thrown(thrown) for thrown in event.exceptions),
    )


def _thrown(thrown: Thrown) -> Thrown:
    return replace(thrown, frames=tuple(_frame(frame) for frame in thrown.frames))


def _frame(frame: Frame) -> Frame:
    """Whole paths name the people and machines whose folders they go through."""
    file = frame.filename or _FOLDERS.sub("", frame.abs_path or "") or None
    return replace(frame, abs_path=None, filename=file)
