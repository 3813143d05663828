"""What history says of a person's answers at triage: each once, with all that taking it back needs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from worker.model import Status
from worker.store.history import Entry, Recorded

Kind = Literal["open", "link", "ignore", "not_noise", "join", "split", "several", "different"]
"""A ticket for it; that ticket is its own; archive it; it is no noise; one bug; another bug; several bugs in one issue;
not one bug."""

ANSWERED, UNDONE = "triage.answered", "triage.undone"


def answered(
    case_id: int, kind: Kind, said: str, back: Mapping[str, object], who: str, now: datetime, why: str | None = None
) -> Entry:
    """A person decided about a case. `back`: what it was like before."""
    reason = f": {why}" if why else ""
    return Entry(
        case_id=case_id,
        kind=ANSWERED,
        actor=who,
        why=f"{who}: {said}{reason}",
        occurred_at=now,
        new=kind,
        detail=dict(back),
    )


def undone(entry: Recorded, said: str, who: str, now: datetime) -> Entry:
    """A person took an answer back, as far as the world allows."""
    return Entry(
        case_id=entry.case_id,
        kind=UNDONE,
        actor=who,
        why=f"{who} took back “{entry.new}”: {said}",
        occurred_at=now,
        old=entry.new,
        detail={"answer": entry.id},
        source="triage",
        external_id=f"undone:{entry.id}",
    )


def moved_by(case_id: int, issue_id: str, move: tuple[Status, Status], who: str, said: str, now: datetime) -> Entry:
    """A person moved an issue in Sentry through us."""
    return Entry(
        case_id=case_id, kind="issue.moved", actor=who, why=f"{who}: {said}", occurred_at=now, issue_id=issue_id,
        old=move[0], new=move[1],
    )  # fmt: skip
