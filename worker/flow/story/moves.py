"""What history says: one entry for each move and decision, in words, with who, when, why and under which rule."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from worker.case import Case, Goal
from worker.flow.story.cases import called
from worker.model import Issue, Status, Ticket, TicketState
from worker.store.case_rows import CaseRow, MemberRow
from worker.store.history import OURS as US
from worker.store.history import Entry


def case_opened(case_id: int, issue: Issue, now: datetime) -> Entry:
    """A new issue became a case."""
    return Entry(
        case_id=case_id,
        kind="case.opened",
        actor="sentry",
        why=f"{issue.short_id} was seen for the first time",
        occurred_at=issue.first_seen or now,
        issue_id=issue.id,
        new=issue.status,
        source="sentry",
        external_id=f"first-seen:{issue.id}",
        detail={"project": issue.project.slug},
    )


def declined(case_id: int, rule: str | None, reason: str, now: datetime) -> Entry:
    """There is no ticket, and this is why."""
    return Entry(case_id=case_id, kind="ticket.declined", actor=US, why=reason, occurred_at=now, rule=rule)


def ticket_created(case_id: int, rule: str, ticket: Ticket, *, adopted: bool, now: datetime) -> Entry:
    """A ticket was made, or found to have been made before a crash."""
    how = "found after an interrupted create" if adopted else "made"
    return Entry(
        case_id=case_id,
        kind="ticket.created",
        actor=US,
        why=f"rule '{rule}' wants a ticket; {how}: {called(ticket.key)}",
        occurred_at=(ticket.created_at if adopted else None) or now,
        ticket_key=ticket.key,
        rule=rule,
        new=Status.OPEN,
        source=f"tracker:{ticket.tracker}",
        external_id=f"created:{ticket.id}",
    )


def ticket_shown(case_id: int, issue_id: str, ticket: str, *, shown: bool, now: datetime) -> Entry:
    """The ticket appears on the Sentry issue, or nothing there can carry it."""
    why = "shown on the Sentry issue" if shown else "not shown: no Sentry integration of ours is installed to carry it"
    return Entry(
        case_id=case_id,
        kind="ticket.shown" if shown else "ticket.not_shown",
        actor=US,
        why=why,
        occurred_at=now,
        issue_id=issue_id,
        ticket_key=ticket,
    )


def issue_moved(case_id: int, old: Status | None, issue: Issue, now: datetime) -> Entry:
    """Somebody moved an issue in Sentry."""
    moved_at = issue.moved_at or now
    return Entry(
        case_id=case_id,
        kind="issue.moved",
        actor="sentry",
        why=f"{issue.short_id}: {issue.moved_how or 'its status changed'} in Sentry",
        occurred_at=moved_at,
        issue_id=issue.id,
        old=old,
        new=issue.status,
        source="sentry",
        external_id=f"moved:{issue.id}:{moved_at.isoformat()}:{issue.status}",
        detail={"substatus": issue.substatus, "release": issue.last_release, "how": issue.moved_how},
    )


def ticket_moved(row: CaseRow, ticket: Ticket, old: Status, new: Status, now: datetime) -> Entry:
    """Somebody moved a ticket in its tracker."""
    moved_at = ticket.moved_at or ticket.updated_at or now
    return Entry(
        case_id=row.id,
        kind="ticket.moved",
        actor="tracker",
        why=f"{called(ticket.key)} became '{in_words(ticket.state)}' in its tracker",
        occurred_at=moved_at,
        ticket_key=ticket.key,
        rule=row.rule,
        old=old,
        new=new,
        source=f"tracker:{ticket.tracker}",
        external_id=f"moved:{ticket.id}:{moved_at.isoformat()}:{in_words(ticket.state)}",
    )


def our_moves(row: CaseRow, case: Case, goal: Goal, now: datetime, moved: Mapping[str, datetime]) -> Iterator[Entry]:
    """What we moved for a goal, once however often it was tried; `moved` says when, by issue."""
    if goal.move_ticket and row.ticket:
        yield Entry(
            case_id=case.id,
            kind="ticket.moved",
            actor=US,
            why=f"{goal.why}; {called(row.ticket.key)} follows",
            occurred_at=now,
            ticket_key=row.ticket.key,
            rule=row.rule,
            old=row.ticket.agreed,
            new=goal.to,
            source=f"tracker:{row.ticket.tracker}",
            external_id=f"by-us:{case.id}:{goal.occasion}",
        )
    yield from (
        _followed(row, member, goal, moved.get(member.id, now)) for member in row.members if member.id in goal.moves
    )


def moved_before(row: CaseRow, goal: Goal, now: datetime) -> Iterator[Entry]:
    """What we moved for a goal that is given up half done."""
    done = (member for member in row.members if member.id in goal.moves and member.status is goal.to)
    yield from (_followed(row, member, goal, now) for member in done)


def _followed(row: CaseRow, member: MemberRow, goal: Goal, now: datetime) -> Entry:
    return Entry(
        case_id=row.id,
        kind="issue.moved",
        actor=US,
        why=f"{goal.why}; {member.short_id} follows",
        occurred_at=now,
        issue_id=member.id,
        rule=row.rule,
        old=member.agreed,
        new=goal.to,
        source="sentry",
        external_id=f"by-us:{member.id}:{goal.occasion}",
    )


def commented(case_id: int, ticket_key: str, occasion: str, now: datetime) -> Entry:
    """We said on the ticket who reopened it."""
    why = f"said on {called(ticket_key)} what reopened it"
    return Entry(
        case_id=case_id, kind="comment.made", actor=US, why=why, occurred_at=now, ticket_key=ticket_key,
        source="comment", external_id=f"{case_id}:{occasion}",
    )  # fmt: skip


def issue_gone(case_id: int, issue_id: str, reason: str, now: datetime) -> Entry:
    """An issue left Sentry: deleted, or merged into another."""
    return Entry(
        case_id=case_id, kind="issue.gone", actor="sentry", why=reason, occurred_at=now, issue_id=issue_id,
        source="sentry", external_id=f"gone:{issue_id}",
    )  # fmt: skip


def link_broken(row: CaseRow, reason: str, now: datetime) -> Entry:
    """A person took the ticket away; it is not made again by itself."""
    return Entry(
        case_id=row.id,
        kind="link.broken",
        actor="tracker",
        why=f"{reason}; no new ticket is made by itself",
        occurred_at=now,
        ticket_key=row.ticket.key if row.ticket else None,
        rule=row.rule,
    )


def in_words(state: TicketState) -> str:
    """A tracker's own words for where a ticket stands."""
    return f"{state.name} ({state.resolution})" if state.resolution else state.name
