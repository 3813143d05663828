"""A case as the plan sees it, and what a plan may ask for. Frozen values, nothing that acts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from worker.mapping.policy import Policy
from worker.model import Fixed, Issue, Side, Status, Ticket


@dataclass(frozen=True, slots=True)
class Member:
    """An issue that belongs to the case, as observed, and what was agreed about it last (None: it has just joined)."""

    issue: Issue
    agreed: Status | None = None
    closed_with_ticket: bool = False
    """Its last closing and the ticket's were one: reopening the ticket reopens it."""
    shows_ticket: bool = True
    """Whether the live ticket is already shown on the issue."""
    escalation_told: str | None = None
    """The occasion of the escalation that the ticket was last told of."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a goal leaves behind for one member once it is reached."""

    issue_id: str
    status: Status
    closed_with_ticket: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """A move that was decided and may be half done: after a crash it is finished, never mistaken for a person's.

    `occasion` is unique in the case: its comment is made once. `move_ticket`: the ticket shall say `to`, else it stays
    and `said` is what it says; `moves` are the issues to bring to `to`, `fixed` in which release each resolution
    counts; `reopened_by` are the issues that the comment names (none: no comment).
    """

    occasion: str
    to: Status
    by: Side
    why: str
    move_ticket: bool
    moves: tuple[str, ...]
    reopened_by: tuple[str, ...]
    settles: tuple[Settled, ...]
    fixed: Mapping[str, Fixed] = field(default_factory=dict)
    said: Status | None = None


# ---------------------------------------------------------------- how the case and its ticket are joined


@dataclass(frozen=True, slots=True)
class NoTicket:
    """There is none. `rule` and `tracker` would make one; without them `reason` says why there shall be none.

    `interrupted`: a create may have arrived without our hearing of it, so it is looked for whatever else is true.
    """

    rule: str | None
    tracker: str | None
    reason: str
    recorded: str | None = None
    """The reason that history already gives."""
    interrupted: bool = False
    again_at: datetime | None = None
    """When to look again although nothing is heard: a rule waits until the bug is so old."""
    umbrella: int | None = None
    """The row of the ticket that stands for it and many others: its issues show that one until it has its own."""


@dataclass(frozen=True, slots=True)
class Live:
    """There is one, as observed; `agreed` is what it said when both sides last agreed."""

    ticket: Ticket
    agreed: Status
    done_since: datetime | None = None
    """Since when it has been closed, as far as we saw."""
    not_followed: str | None = None
    """The ticket that it is a duplicate of and that could not be followed."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A person took the ticket away: it is never made again by itself."""

    reason: str


Link = NoTicket | Live | Broken


@dataclass(frozen=True, slots=True)
class Parting:
    """A ticket of this case that no longer speaks and has not been told so yet.

    `close`: it is a duplicate and is closed as one; else it stays as it is and only names its successor.
    """

    row_id: int
    tracker: str
    key: str
    close: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Both sides differ on purpose: for what, and since when."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One bug as observed now: its settled members, its link, what its rule wants, and a goal left half done."""

    id: int
    members: tuple[Member, ...]
    link: Link
    policy: Policy
    goal: Goal | None = None
    waiting: Waiting | None = None
    """What history says is waited for."""
    deployed: Mapping[str, Fixed] = field(default_factory=dict)
    """By issue, where its fix was deployed after the ticket was closed; a project without releases counts as now."""
    partings: tuple[Parting, ...] = ()


# ---------------------------------------------------------------- actions

NOW = Fixed()
"""A resolution that is tied to no release."""


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """Make the case's ticket by this rule in this tracker; `adopt_only`: take it if it exists, else give it up."""

    rule: str
    tracker: str
    adopt_only: bool = False


@dataclass(frozen=True, slots=True)
class Decline:
    """Write into history why there is no ticket."""

    rule: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class ShowTicket:
    """Show the live ticket on the Sentry issue."""

    issue_id: str


@dataclass(frozen=True, slots=True)
class MoveTicket:
    """Bring the ticket to a status."""

    to: Status


@dataclass(frozen=True, slots=True)
class MoveIssue:
    """Bring one Sentry issue to a status; a resolution counts from `fixed` on."""

    issue_id: str
    to: Status
    fixed: Fixed = NOW


@dataclass(frozen=True, slots=True)
class CommentReopened:
    """Say on the ticket which issues came back, and whether that reopened it; once for each occasion."""

    occasion: str
    issue_ids: tuple[str, ...]
    reopened: bool = True


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell the ticket once that an issue escalates: by a comment, by a priority, or only remember that it does."""

    issue_id: str
    occasion: str
    comment: bool
    priority: str | None


@dataclass(frozen=True, slots=True)
class RetireTicket:
    """Let the closed ticket rest for good: what came back gets a new one, linked to it."""

    reason: str


@dataclass(frozen=True, slots=True)
class FollowDuplicate:
    """Hand the case to the ticket that a person named as the one this is a duplicate of."""

    key: str


@dataclass(frozen=True, slots=True)
class SeeOff:
    """Tell a ticket that no longer speaks which one took over; close it if it is a duplicate."""

    parting: Parting


@dataclass(frozen=True, slots=True)
class Wait:
    """Write into history why both sides differ on purpose; None: they no longer do."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class Agree:
    """Remember what both sides now have in common, and that no goal is left."""

    members: tuple[Settled, ...]
    ticket: Status


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What is set on a ticket that exists; setting it again changes nothing more.

    `fields`: Jira's, by id or name; `priority`: Jira's, by name. Other labels than these stay as they are.
    `boards`: fields of the GitHub projects that it is on, by `owner/number` and by name.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    priority: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    boards: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def parts(self) -> Iterator["TicketChange"]:
        """Each kind of change by itself, where one is refused and the others shall be made."""
        if self.fields:
            yield TicketChange(fields=self.fields)
        if self.priority:
            yield TicketChange(priority=self.priority)
        if self.add_labels or self.remove_labels:
            yield TicketChange(add_labels=self.add_labels, remove_labels=self.remove_labels)
        for board, fields in self.boards.items():
            yield from (TicketChange(boards={board: {name: value}}) for name, value in fields.items())

    def __bool__(self) -> bool:
        """Whether there is anything to set."""
        return any(True for _ in self.parts())


Linking = CreateTicket | Decline | RetireTicket | FollowDuplicate
Telling = ShowTicket | CommentReopened | Escalate | SeeOff
Action = Linking | Telling | MoveTicket | MoveIssue | Agree | Wait


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered actions that bring both sides together; empty when nothing is left to do.

    `goal` is recorded before the first action when the plan moves anything.
    """

    actions: tuple[Action, ...] = ()
    goal: Goal | None = None
