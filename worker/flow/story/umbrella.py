"""What history and tickets say of umbrellas; on tickets every foreign value is made inert."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from worker.flow.story.cases import called
from worker.mapping.markup import code, inline, link, shorten
from worker.mapping.scrub import Scrubber
from worker.model import Ticket, TrackerKind
from worker.store.history import OURS as US
from worker.store.history import Entry
from worker.store.umbrellas import StayRow, UmbrellaRow

TITLE_SHOWN = 120
"""Characters of an issue's title in a list."""


def verdict(why: str, key: str | None) -> str:
    """Why a collected case has no ticket of its own, and where it is listed."""
    return f"{why}: collected in {called(key) if key else 'one ticket for all of them, which is being made'}"


# ---------------------------------------------------------------- history


def opened(row: UmbrellaRow, now: datetime) -> Entry:
    """An umbrella was opened."""
    return Entry(
        case_id=row.case_id,
        kind="umbrella.opened",
        actor=US,
        why=row.title,
        occurred_at=now,
        rule=row.rule,
        detail={"kind": row.kind, "about": row.about},
    )


def made(row: UmbrellaRow, ticket: Ticket, now: datetime) -> Entry:
    """The ticket of an umbrella was made."""
    why = f"one ticket for all that it collects: {called(ticket.key)}"
    return Entry(
        case_id=row.case_id, kind="umbrella.made", actor=US, why=why, occurred_at=now, ticket_key=ticket.key,
        rule=row.rule, source=f"tracker:{ticket.tracker}", external_id=f"umbrella:{ticket.id}",
    )  # fmt: skip


def closed(umbrella_id: int, why: str, now: datetime, *, actor: str = US) -> Entry:
    """An umbrella collects no more."""
    return Entry(case_id=umbrella_id, kind="umbrella.closed", actor=actor, why=why, occurred_at=now)


def collected(case_id: int, rule: str, why: str, key: str | None, now: datetime) -> Entry:
    """A case went into an umbrella."""
    return Entry(case_id=case_id, kind="case.collected", actor=US, why=why, occurred_at=now, ticket_key=key, rule=rule)


def released(case_id: int, why: str, now: datetime) -> Entry:
    """A case left its umbrella."""
    return Entry(case_id=case_id, kind="case.released", actor=US, why=f"left its umbrella: {why}", occurred_at=now)


# ---------------------------------------------------------------- on the ticket


def text(kind: TrackerKind, body: str, listed: Sequence[StayRow]) -> str:
    """What the umbrella's ticket says when it is made."""
    return "\n\n".join([body, "\n".join(_line(kind, stay) for stay in listed)]).strip()


def news(kind: TrackerKind, number: int, told: Sequence[StayRow]) -> str:
    """One comment: who came, who left and why."""
    return "\n\n".join(_news(kind, number, told))


def farewell(why: str) -> str:
    """The last comment."""
    return f"This collects no more: {why}. Closing it says nothing about the bugs themselves."


def _news(kind: TrackerKind, number: int, told: Sequence[StayRow]) -> Iterator[str]:
    came = [stay for stay in told if stay.joined_in == number]
    left = [stay for stay in told if stay.left_in == number]
    if came:
        yield "Collected here as well:\n\n" + "\n".join(_line(kind, stay) for stay in came)
    if left:
        yield "No longer collected here:\n\n" + "\n".join(
            f"- {inline(kind, stay.short_id)}: {inline(kind, stay.left_why or '')}" for stay in left
        )


def _line(kind: TrackerKind, stay: StayRow) -> str:
    name = link(kind, stay.short_id, stay.permalink) if stay.permalink else code(kind, stay.short_id)
    title = inline(kind, shorten(Scrubber().text(stay.title), TITLE_SHOWN))
    more = f" (and {stay.more} more of the same bug)" if stay.more else ""
    return f"- {name} {title}{more}"
