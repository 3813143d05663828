"""What history says of cases and tickets that move: merged, split, retired, followed, waiting, escalated."""

from datetime import datetime

from worker.model import Ticket
from worker.store.case_rows import CaseRow
from worker.store.history import OURS as US
from worker.store.history import Entry
from worker.store.membership import Merged


def called(key: str) -> str:
    """How people call a ticket: `SHOP-12`, `#12`."""
    return f"#{key}" if key.isdigit() else key


def case_merged(
    case_id: int, from_id: int, into_id: int, merged: Merged, reason: str, actor: str, now: datetime
) -> Entry:
    """Two cases became one."""
    speaks = f"; {called(merged.survivor)} is its ticket" if merged.survivor else ""
    quiet = f", {called(merged.loser)} no longer speaks" if merged.loser else ""
    return Entry(
        case_id=case_id,
        kind="case.merged",
        actor=actor,
        why=f"case {from_id} became part of case {into_id}: {reason}{speaks}{quiet}",
        occurred_at=now,
        ticket_key=merged.survivor,
        detail={"from": from_id, "into": into_id, "retired": merged.loser},
    )


def case_split(case_id: int, issue_id: str, old: int, new: int, actor: str, now: datetime) -> Entry:
    """An issue left its case."""
    return Entry(
        case_id=case_id,
        kind="case.split",
        actor=actor,
        why=f"issue {issue_id} left case {old} for case {new}: {actor} says that it is another bug",
        occurred_at=now,
        issue_id=issue_id,
        detail={"from": old, "into": new},
    )


def ticket_retired(row: CaseRow, reason: str, now: datetime) -> Entry:
    """The ticket rests for good; another will take over."""
    key = row.ticket.key if row.ticket else None
    return Entry(
        case_id=row.id, kind="ticket.retired", actor=US, why=reason, occurred_at=now, ticket_key=key, rule=row.rule
    )


def ticket_followed(row: CaseRow, ticket: Ticket, now: datetime) -> Entry:
    """The case went on to the ticket that its own is a duplicate of."""
    before = called(row.ticket.key) if row.ticket else "its ticket"
    return Entry(
        case_id=row.id,
        kind="ticket.followed",
        actor="tracker",
        why=f"{before} was closed as a duplicate of {called(ticket.key)}; that is the ticket of this case now",
        occurred_at=now,
        ticket_key=ticket.key,
        rule=row.rule,
    )


def ticket_linked(row: CaseRow, ticket: Ticket, rule: str, who: str, now: datetime) -> Entry:
    """A person said which ticket is that of the case; it was there before."""
    return Entry(
        case_id=row.id,
        kind="ticket.linked",
        actor=who,
        why=f"{who} says that {called(ticket.key)} is the ticket of this bug",
        occurred_at=now,
        ticket_key=ticket.key,
        rule=rule or None,
        source=f"tracker:{ticket.tracker}",
    )


def ticket_unlinked(case_id: int, key: str, who: str, now: datetime) -> Entry:
    """A person took back which ticket is that of the case."""
    why = f"{who} took back that {called(key)} is the ticket of this bug; it stays as it is"
    return Entry(case_id=case_id, kind="ticket.unlinked", actor=who, why=why, occurred_at=now, ticket_key=key)


def introduced(case_id: int, ticket: Ticket, said: str, now: datetime) -> Entry:
    """A ticket that a person linked was told what it stands for, or could not be."""
    return Entry(
        case_id=case_id, kind="comment.made", actor=US, why=said, occurred_at=now, ticket_key=ticket.key,
        source="comment", external_id=f"{case_id}:introduced:{ticket.tracker}:{ticket.id}",
    )  # fmt: skip


def not_followed(row: CaseRow, key: str, reason: str, now: datetime) -> Entry:
    """The original of a duplicate could not be followed."""
    why = f"the ticket is a duplicate of {called(key)}, which cannot be followed: {reason}"
    return Entry(
        case_id=row.id, kind="ticket.not_followed", actor=US, why=why, occurred_at=now, ticket_key=key, rule=row.rule
    )


def twin_found(case_id: int, key: str, reason: str, now: datetime) -> Entry:
    """A second ticket of ours turned up for a case."""
    return Entry(
        case_id=case_id, kind="ticket.twin_found", actor=US, why=reason, occurred_at=now, ticket_key=key,
        source="twins", external_id=f"{case_id}:{key}",
    )  # fmt: skip


def seen_off(case_id: int, key: str, successor: str, now: datetime, *, closed: bool) -> Entry:
    """A ticket that no longer speaks was told which one took over."""
    how = "closed as a duplicate of" if closed else "told that its bug goes on in"
    return Entry(
        case_id=case_id,
        kind="ticket.seen_off",
        actor=US,
        why=f"{called(key)} was {how} {called(successor)}",
        occurred_at=now,
        ticket_key=key,
    )


def waits(case_id: int, reason: str | None, now: datetime) -> Entry:
    """Both sides differ on purpose, or no longer do."""
    why = f"waiting for {reason}" if reason else "no longer waiting"
    return Entry(case_id=case_id, kind="case.waiting" if reason else "case.waited", actor=US, why=why, occurred_at=now)


def escalated(row: CaseRow, issue_id: str, said: str, now: datetime) -> Entry:
    """An escalation was told, or could not be."""
    return Entry(
        case_id=row.id,
        kind="escalation.told",
        actor=US,
        why=said,
        occurred_at=now,
        issue_id=issue_id,
        ticket_key=row.ticket.key if row.ticket else None,
        rule=row.rule,
    )


def no_release(row: CaseRow, issue_id: str, wanted: str, now: datetime) -> Entry:
    """A resolution could not be tied to a release."""
    why = f"the rule resolves in the {wanted.replace('_', ' ')}, but the project has none: resolved at once"
    return Entry(
        case_id=row.id, kind="issue.no_release", actor=US, why=why, occurred_at=now, issue_id=issue_id, rule=row.rule
    )
