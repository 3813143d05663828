"""What history says of tickets that follow their bugs: what was set, what was refused, what a person chose."""

from collections.abc import Sequence
from datetime import datetime

from worker.case import TicketChange
from worker.flow.story.cases import called
from worker.model import Ticket
from worker.store.history import OURS as US
from worker.store.history import Entry

SOURCE = "follow"


def updated(case_id: int, ticket: Ticket, done: Sequence[TicketChange], now: datetime) -> Entry:
    """Priority or labels were set anew. Counts change with every event and are not told."""
    told = (in_words(change, ticket) for change in done if not change.fields and not change.boards)
    said = "; ".join(filter(None, told))
    return Entry(
        case_id=case_id, kind="ticket.updated", actor=US, why=f"{called(ticket.key)} follows its bug: {said}",
        occurred_at=now, ticket_key=ticket.key,
    )  # fmt: skip


def refused(case_id: int, ticket: Ticket, reason: str, now: datetime) -> Entry:
    """Something could not be set; told once for each reason."""
    return Entry(
        case_id=case_id, kind="ticket.not_updated", actor=US, why=f"{called(ticket.key)} is not updated: {reason}",
        occurred_at=now, ticket_key=ticket.key, source=SOURCE, external_id=f"{case_id}:{ticket.id}:{reason}",
    )  # fmt: skip


def priority_left(case_id: int, ticket: Ticket, chosen: str, now: datetime) -> Entry:
    """A person chose the priority; told once for each that they choose."""
    why = f"{called(ticket.key)} keeps its priority {chosen}, which is not the one that we wrote"
    return Entry(
        case_id=case_id, kind="priority.left", actor=US, why=why, occurred_at=now, ticket_key=ticket.key,
        source=SOURCE, external_id=f"{case_id}:{ticket.id}:priority:{chosen}",
    )  # fmt: skip


def in_words(change: TicketChange, ticket: Ticket) -> str:
    """What a change sets, such as `priority Medium → High; labels +web -api`."""
    said = [f"{name} = {value}" for name, value in change.fields.items()]
    if change.priority:
        said.append(f"priority {ticket.priority or 'none'} → {change.priority}")
    labels = [f"+{label}" for label in change.add_labels] + [f"-{label}" for label in change.remove_labels]
    boards = [f"{board}: {name} = {v}" for board, fields in change.boards.items() for name, v in fields.items()]
    return "; ".join([*said, *boards, *([f"labels {' '.join(labels)}"] if labels else [])])


def put_on(case_id: int, key: str, project: str, now: datetime) -> Entry:
    """A ticket was put on a project."""
    return Entry(
        case_id=case_id, kind="ticket.put_on_project", actor=US, why=f"{called(key)} was put on project {project}",
        occurred_at=now, ticket_key=key,
    )  # fmt: skip
