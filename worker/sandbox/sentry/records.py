"""What the practice Sentry remembers: an issue, a release, something that happened."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from worker.sandbox.clock import base36
from worker.sandbox.lag import Shots
from worker.sandbox.seed import SENTRY_APP_SLUG, SENTRY_APP_UUID, Account, Project
from worker.sandbox.sentry.incoming import Incoming
from worker.sandbox.values import Json

KEPT_EVENTS = 20


@dataclass(slots=True, eq=False)
class SentryIssue:
    """One issue. `links`: tickets by the slug of the app that linked them."""

    id: str
    number: int
    project: Project
    hashes: list[str]
    title: str
    culprit: str
    level: str
    platform: str
    metadata: Json
    unhandled: bool
    first_seen: datetime
    last_seen: datetime
    status: str = "unresolved"
    substatus: str | None = "new"
    details: Json = field(default_factory=dict)
    fixed_in: str | None = None
    fixed_after: str | None = None
    priority: str = "high"
    assigned: Json | None = None
    first_release: str | None = None
    last_release: str | None = None
    count: int = 0
    archived_count: int = 0
    users: set[str] = field(default_factory=set)
    tags: dict[str, Counter[str]] = field(default_factory=dict)
    hours: Counter[int] = field(default_factory=Counter)
    events: deque[Incoming] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    activity: list[Json] = field(default_factory=list)
    links: dict[str, Json] = field(default_factory=dict)
    per_hash: Counter[str] = field(default_factory=Counter)
    shots: "Shots[SentryIssue]" = field(default_factory=Shots)

    @property
    def short_id(self) -> str:
        """The id that people see: it changes with the slug of the project."""
        return f"{self.project.slug.upper()}-{base36(self.number)}"

    @property
    def notes(self) -> list[Json]:
        """What people and apps said, newest first."""
        return [row for row in self.activity if row["type"] == "note"]


@dataclass(slots=True)
class Release:
    """One release; `projects`: ids; `deploys`, `commits` in the shape of the API, latest first."""

    id: int
    version: str
    created: datetime
    released: datetime | None = None
    projects: list[str] = field(default_factory=list)
    ref: str | None = None
    url: str | None = None
    deploys: list[Json] = field(default_factory=list)
    commits: list[Json] = field(default_factory=list)

    @property
    def age(self) -> tuple[datetime, int]:
        """What tells an older release from a newer one."""
        return self.created, self.id


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, as webhooks tell it. `who` None: Sentry itself. `note`: an activity of that type."""

    resource: str
    action: str
    issue: SentryIssue
    who: Account | None = None
    event: Incoming | None = None
    note: Json | None = None


Told = Callable[[Change], None]


def actor(who: Account | None) -> Json:
    """Who did it, as an activity shows it: an integration shows as its app, and as a user without an address."""
    if who is None:
        return {"user": None, "sentry_app": None}
    app = {"id": "1", "uuid": SENTRY_APP_UUID, "name": who.name, "slug": SENTRY_APP_SLUG, "avatars": []}
    email = "" if who.bot else who.login
    user = {
        "id": "1" if who.bot else who.id,
        "name": who.name,
        "username": SENTRY_APP_SLUG if who.bot else who.login,
        "email": email,
        "isActive": True,
    }
    return {"user": user, "sentry_app": app if who.bot else None}
