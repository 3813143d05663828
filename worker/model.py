"""The words of Bugferry as frozen values: what was seen, what is linked, what is asked for.

Nothing here reads a clock, a network or a file. All times are aware UTC.
Missing facts are None or empty, never made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What one side says of a bug; the tracker's own status name is kept beside it."""

    OPEN = "open"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Side(StrEnum):
    """Who moved, or who speaks when both did."""

    SENTRY = "sentry"
    TRACKER = "tracker"


class Winner(StrEnum):
    """Which side speaks when both moved since they last agreed."""

    NEWEST = "newest"
    SENTRY = "sentry"
    TRACKER = "tracker"


class Resolve(StrEnum):
    """When a closed ticket resolves its issues in Sentry."""

    NOW = "now"
    NEXT_RELEASE = "next_release"
    CURRENT_RELEASE = "current_release"
    ON_DEPLOY = "on_deploy"


class TrackerKind(StrEnum):
    """Which service a tracker is."""

    JIRA = "jira"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as one service knows them. `account`: Sentry user id, Jira accountId or user name, GitHub login."""

    account: str
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said on an issue or a ticket. `nonce`: the mark of ours that it carries; None: not written by us.

    `text` is Markdown (Sentry, GitHub) or the plain text of a document or of wiki markup (Jira), without our mark.
    """

    id: str
    text: str
    author: Person
    created_at: datetime
    edited_at: datetime | None = None
    nonce: str | None = None


# ---------------------------------------------------------------- the Sentry side


@dataclass(frozen=True, slots=True)
class Project:
    """A Sentry project."""

    id: str
    slug: str
    name: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """One Sentry issue as it looks right now.

    `settled` is False while Sentry is moving it (`pending_merge`, `pending_deletion`, `reprocessing`): then it is no
    observation, look again later. `moved_at` is its latest status activity; None when unknown. `unmerged_from`: the
    issue from which a person took it apart (empty where that is not told); None where nobody did.
    """

    id: str
    short_id: str
    title: str
    project: Project
    status: Status = Status.OPEN
    substatus: str | None = None
    settled: bool = True
    culprit: str | None = None
    permalink: str | None = None
    level: str | None = None
    priority: str | None = None
    platform: str | None = None
    category: str | None = None
    type: str | None = None
    value: str | None = None
    unhandled: bool | None = None
    count: int = 0
    user_count: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    first_release: str | None = None
    last_release: str | None = None
    assignee: str | None = None
    moved_at: datetime | None = None
    moved_how: str | None = None
    unmerged_from: str | None = None
    linked: tuple[str, ...] = ()
    assigned: Person | None = None
    """The person it is assigned to; None for nobody and for a team."""
    notes: str | None = None
    """Differs as soon as a person adds or edits a note of those that its detail shows; None where that is not told."""
    note_count: int | None = None
    """How many notes it has; None where that is not told."""
    hourly: tuple[tuple[datetime, int], ...] = ()
    """Events of the last day by the hour: when it began, how many came in it."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """In which release a resolution counts: older ones do not reopen the issue. `release`: for ON_DEPLOY alone."""

    how: Resolve = Resolve.NOW
    release: str | None = None


@dataclass(frozen=True, slots=True)
class Deploy:
    """A release that arrived in an environment."""

    release: str
    environment: str
    finished_at: datetime


# ---------------------------------------------------------------- the tracker side


@dataclass(frozen=True, slots=True)
class TicketState:
    """A tracker's own word for where a ticket stands.

    Jira: `name` is the status name, `resolution` the resolution name, `done` whether the status category is done.
    GitHub: `name` is `open` or `closed`, `resolution` the state_reason, `done` whether closed.
    """

    name: str
    done: bool
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class StateTarget:
    """Where to move a ticket. No `name`: any status whose category is `done` (or, for done=False, is not)."""

    done: bool
    name: str | None = None
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as it looks right now. `id` never changes; `key` may (moves, renames)."""

    tracker: str
    key: str
    id: str
    url: str
    title: str
    state: TicketState
    labels: tuple[str, ...] = ()
    assignee: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    moved_at: datetime | None = None
    assigned: Person | None = None
    duplicate_of: str | None = None
    """Closed as a duplicate of the ticket with this key (with its place where that is another); None: of none."""
    comment_count: int | None = None
    """How many comments it has; None where the tracker does not say so by the way."""
    nonce: str | None = None
    """The mark of ours that it carries."""
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Ours:
    """A ticket that our own account made. `touched`: a person has acted on it since."""

    ticket: Ticket
    touched: bool


@dataclass(frozen=True, slots=True)
class Stirred:
    """A ticket that changed, and when, by its tracker's own clock."""

    key: str
    at: datetime


Body = str | Mapping[str, Any]
"""Ticket or comment text as it is sent: Markdown (GitHub) or an Atlassian document tree (Jira Cloud)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket ready to be sent: nothing in it is computed later, so that a retry sends the same."""

    rule: str
    tracker: str
    kind: TrackerKind
    place: str
    """Jira project key, or GitHub `owner/name`."""
    title: str
    body: Body
    fields: Mapping[str, Any] = field(default_factory=dict)
    """In our words, not the vendor's, and JSON. Both: `labels`, `type`, `assignee` (candidates in order).

    Jira: `priority`, `components`, `parent`, `due`, `fields` (by id or name). GitHub: `assignees`, `milestone`.
    """
    public: bool = False
    """Written for everybody: only such a ticket goes to a place that everybody can read."""


# ---------------------------------------------------------------- hints and deliveries


@dataclass(frozen=True, slots=True)
class Hint:
    """The words "look at X": all that a webhook or a poll ever says to the core.

    `key` is a work key: `issue:<sentry issue id>`, `ticket:<tracker>:<key>` or `case:<id>`.
    A hint about mere activity (a new event) is not `urgent` and may be held back.
    """

    key: str
    why: str
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook delivery, read: what it is about, never what it claims.

    `identity` is equal for two deliveries that carry the same payload identity, whatever their request ids.
    `installation` is the Sentry installation that sent it, when it names one.
    """

    source: str
    identity: str
    resource: str
    action: str | None
    hints: tuple[Hint, ...]
    installation: str | None = None
