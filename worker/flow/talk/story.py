"""What history says of comments and assignees: what was carried where, and why something was not."""

from datetime import datetime

from worker.flow.story.cases import called
from worker.flow.talk.places import Place
from worker.model import Comment, Side, Ticket
from worker.store.history import OURS as US
from worker.store.history import Entry
from worker.talk.words import called as called_person

SOURCE = "talk"


def carried(case_id: int, said: Comment, where: Place, shown: Place, now: datetime) -> Entry:
    """A comment was shown on the other side."""
    return Entry(
        case_id=case_id,
        kind="comment.carried",
        actor=US,
        why=f"{called_person(said.author)} commented on {where.called}; shown on {shown.called}",
        occurred_at=now,
        source=SOURCE,
        external_id=f"{case_id}:carried:{where.key}:{said.id}:{shown.key}",
    )


def reworded(case_id: int, said: Comment, where: Place, shown: Place, now: datetime) -> Entry:
    """An edit was followed."""
    why = f"{called_person(said.author)} edited a comment on {where.called}; {shown.called} follows"
    return Entry(case_id=case_id, kind="comment.reworded", actor=US, why=why, occurred_at=now)


def refused(case_id: int, what: str, occasion: str, reason: str, now: datetime) -> Entry:
    """A comment could not be read or shown; told once, whatever else goes on."""
    return Entry(
        case_id=case_id,
        kind="comment.refused",
        actor=US,
        why=f"{what}: {reason}",
        occurred_at=now,
        source=SOURCE,
        external_id=f"{case_id}:refused:{occasion}",
    )


def ticket_assigned(case_id: int, ticket: Ticket, email: str | None, account: str | None, now: datetime) -> Entry:
    """The ticket follows Sentry's assignee."""
    who = f"{email} is assigned in Sentry; {called(ticket.key)} follows" if email else "Sentry names nobody any more"
    return Entry(
        case_id=case_id, kind="ticket.assigned", actor=US, why=who, occurred_at=now, ticket_key=ticket.key,
        new=account or "nobody", detail={"by": Side.SENTRY},
    )  # fmt: skip


def issue_assigned(case_id: int, issue_id: str, ticket: Ticket, email: str | None, now: datetime) -> Entry:
    """An issue follows the ticket's assignee."""
    who = f"assigned to {email}" if email else "assigned to nobody any more"
    return Entry(
        case_id=case_id, kind="issue.assigned", actor=US, why=f"{called(ticket.key)} is {who}; its issue follows",
        occurred_at=now, issue_id=issue_id, ticket_key=ticket.key, new=email or "nobody", detail={"by": Side.TRACKER},
    )  # fmt: skip


def left_assigned(case_id: int, ticket: Ticket, reason: str, now: datetime) -> Entry:
    """Nobody was assigned, because nobody can be told for certain, or the other side refuses."""
    why = f"the assignee is not carried over: {reason}"
    return Entry(
        case_id=case_id, kind="assignee.left", actor=US, why=why, occurred_at=now, ticket_key=ticket.key
    )  # fmt: skip
