"""The morning digest in words: one screen, as lines of plain text without secrets and personal data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.flow.messages.alert_words import address, clean
from worker.flow.messages.digest import Came, Digest
from worker.flow.people.decisions import Decision
from worker.flow.story.cases import called
from worker.store.case_rows import CaseRow
from worker.store.umbrellas import UmbrellaRow
from worker.triage.alert import Line

CASES, DECISIONS, OTHERS = 5, 7, 3
"""Lines of a part: what came in, what is to be decided, all else."""
TWO_DAYS_H = 48


@dataclass(frozen=True, slots=True)
class Morning:
    """A digest as it is told."""

    subject: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of it under its title. `more`: how many lines were left out."""

    title: str
    lines: tuple[Line, ...]
    more: int = 0


def morning(told: Digest, now: datetime) -> Morning | None:
    """What a channel gets; None when there is nothing to tell."""
    if told.empty:
        return None
    return Morning(subject(told), tuple(line for part in parts(told, now) for line in _flat(part)))


def subject(told: Digest) -> str:
    """The whole of it in one line."""
    counts = (
        (told.new.count, "new"),
        (told.back.count, "back"),
        (len(told.decisions), "to decide"),
        (len(told.parked), "parked"),
        (len(told.storms), "storm" if len(told.storms) == 1 else "storms"),
    )
    said = [f"{count} {word}" for count, word in counts if count]
    return f"This morning: {', '.join(said) or 'trouble that waits'}"


def parts(told: Digest, now: datetime) -> Iterator[Part]:
    """Its parts that are not empty, the most pressing first."""
    yield from _umbrellas("Storms under way", told.storms, now)
    named = {row.id for came in (told.back, told.new) for row in came.cases[:CASES]}
    yield from _came("Came back", told.back)
    yield from _came("New", told.new)
    yield from _decisions(told.decisions, named, now)
    parked = [Line(row.key, clean(row.parked_reason or "parked")) for row in told.parked]
    yield from _part(f"Parked: {len(parked)}", parked, OTHERS)
    yield from _umbrellas("Source maps that are missing", told.source_maps, now)
    yield from _umbrellas("Rules at their limit", told.limits, now)
    services = [Line(f"{row.name} {row.trouble}", clean(row.reason)) for row in told.services]
    yield from _part("Services in trouble", services, OTHERS)


def _flat(part: Part) -> Iterator[Line]:
    yield Line(part.title)
    yield from part.lines
    if part.more:
        yield Line(f"and {part.more} more")


def _part(title: str, lines: Sequence[Line], shown: int) -> Iterator[Part]:
    if lines:
        yield Part(title, tuple(lines[:shown]), max(0, len(lines) - shown))


def _came(title: str, came: Came) -> Iterator[Part]:
    over = came.count - came.still
    head = f"{title}: {came.count}" + (f", {over} of them over by now" if over else "")
    lines = tuple(Line(_called(row), _figures(row), address(row)) for row in came.cases[:CASES])
    if came.count:
        yield Part(head, lines, came.still - len(lines))


def _decisions(decisions: Sequence[Decision], named: set[int], now: datetime) -> Iterator[Part]:
    """Those that were not named above; all of them count."""
    if not decisions:
        return
    fresh = [one for one in decisions if one.case.id not in named]
    above = len(decisions) - len(fresh)
    lines = tuple(_decision(one, now) for one in fresh[:DECISIONS])
    head = f"To decide: {len(decisions)}" + (f", {above} of them named above" if above else "")
    yield Part(f"{head} (`bugferry triage`)", lines, len(fresh) - len(lines))


def _decision(one: Decision, now: datetime) -> Line:
    asked = next((suggestion.why for suggestion in one.suggestions), None)
    since = f"for {_age(now - one.since)}" if one.since else None
    said = (", ".join(one.whys), _hurting(one.users, one.events), since, asked or one.said)
    return Line(_called(one.case), clean(" · ".join(part for part in said if part)), address(one.case))


def _umbrellas(title: str, rows: Sequence[UmbrellaRow], now: datetime) -> Iterator[Part]:
    lines = [Line(clean(row.title), f"for {_age(now - row.opened_at)}") for row in rows]
    yield from _part(f"{title}: {len(rows)}", lines, OTHERS)


def _called(row: CaseRow) -> str:
    alive = [member for member in row.members if not member.gone_at] or list(row.members)
    if not alive:
        return f"case {row.id}"
    return clean(f"{', '.join(member.short_id for member in alive[:3])}  {alive[0].title}")


def _figures(row: CaseRow) -> str:
    alive = [member for member in row.members if not member.gone_at]
    hurting = _hurting(sum(member.user_count for member in alive), sum(member.count for member in alive))
    ticket = f"ticket {called(row.ticket.key)}" if row.ticket else "no ticket"
    project = next((member.project_slug for member in alive), "")
    release = next((member.first_release for member in alive if member.first_release), None)
    return clean(" · ".join(part for part in (hurting, project, release, ticket) if part))


def _hurting(users: int, events: int) -> str:
    return f"{users:,} {'user' if users == 1 else 'users'}, {events:,} {'event' if events == 1 else 'events'}"


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    return f"{hours} h" if hours < TWO_DAYS_H else f"{hours // 24} days"
