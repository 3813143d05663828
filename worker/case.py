"""A case as the plan sees it, and what a plan may ask for. Frozen values, nothing that acts."""

from dataclasses import dataclass

from worker.mapping.status import Policy
from worker.model import Issue, Side, Status, Ticket


@dataclass(frozen=True, slots=True)
class Member:
    """An issue that belongs to the case, as observed, and what was agreed about it last (None: it has just joined)."""

    issue: Issue
    agreed: Status | None = None
    closed_with_ticket: bool = False
    """Its last closing and the ticket's were one: reopening the ticket reopens it."""
    shows_ticket: bool = True
    """Whether the live ticket is already shown on the issue."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a goal leaves behind for one member once it is reached."""

    issue_id: str
    status: Status
    closed_with_ticket: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """A move that was decided and may be half done: after a crash it is finished, never mistaken for a person's.

    `occasion` is unique in the case, so that its comment is made once. `ticket` is what the ticket shall say;
    `moves` are the issues to bring to `to`; `reopened_by` are the issues that the comment names (none: no comment).
    """

    occasion: str
    to: Status
    by: Side
    why: str
    move_ticket: bool
    moves: tuple[str, ...]
    reopened_by: tuple[str, ...]
    settles: tuple[Settled, ...]


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


@dataclass(frozen=True, slots=True)
class Live:
    """There is one, as observed; `agreed` is what it said when both sides last agreed."""

    ticket: Ticket
    agreed: Status


@dataclass(frozen=True, slots=True)
class Broken:
    """A person took the ticket away: it is never made again by itself."""

    reason: str


Link = NoTicket | Live | Broken


@dataclass(frozen=True, slots=True)
class Case:
    """One bug as observed now: its settled members, its link, what its rule wants, and a goal left half done."""

    id: int
    members: tuple[Member, ...]
    link: Link
    policy: Policy
    goal: Goal | None = None


# ---------------------------------------------------------------- actions


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
    """Bring one Sentry issue to a status."""

    issue_id: str
    to: Status


@dataclass(frozen=True, slots=True)
class CommentReopened:
    """Say on the ticket which issues reopened it; once for each occasion."""

    occasion: str
    issue_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agree:
    """Remember what both sides now have in common, and that no goal is left."""

    members: tuple[Settled, ...]
    ticket: Status


Action = CreateTicket | Decline | ShowTicket | MoveTicket | MoveIssue | CommentReopened | Agree


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered actions that bring both sides together; empty when nothing is left to do.

    `goal` is recorded before the first action when the plan moves anything.
    """

    actions: tuple[Action, ...] = ()
    goal: Goal | None = None
