"""One error as it happened, in our words: frames, what was thrown, the request, and what led to it.

Missing facts are None or empty, never made up. All times are aware UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """One stack frame; lists of frames go from the oldest call to the newest, as Sentry has them."""

    function: str | None = None
    module: str | None = None
    filename: str | None = None
    abs_path: str | None = None
    line: int | None = None
    column: int | None = None
    in_app: bool | None = None
    context_line: str | None = None
    pre_context: tuple[str, ...] = ()
    post_context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thrown:
    """One exception of a chain; the last of an event is the one that surfaced."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    handled: bool | None = None
    mechanism: str | None = None
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """The HTTP request during which the error happened."""

    method: str | None = None
    url: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessingError:
    """What Sentry could not do with an event, such as a missing source map."""

    type: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """What the program did before the error, as its SDK noted it. `facts`: the note's own data, as text."""

    category: str | None = None
    kind: str | None = None
    level: str | None = None
    message: str | None = None
    at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One error occurrence, the same value whether it came from an SDK, a webhook or the API.

    `commits`: how many commits Sentry knows of its release; 0 where it does not say. `contexts`: what the device, the
    app and the runtime said of themselves, by `context.name`. `breadcrumbs`: the newest ones, the oldest first.
    """

    id: str
    title: str | None = None
    message: str | None = None
    platform: str | None = None
    level: str | None = None
    logger: str | None = None
    culprit: str | None = None
    transaction: str | None = None
    environment: str | None = None
    release: str | None = None
    dist: str | None = None
    server_name: str | None = None
    sdk: str | None = None
    user_id: str | None = None
    occurred_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    exceptions: tuple[Thrown, ...] = ()
    request: Request = Request()
    errors: tuple[ProcessingError, ...] = ()
    commits: int = 0
