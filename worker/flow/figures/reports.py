"""A week's report from the store, and the way back from a figure to the moves in history behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.errors import UserFault
from worker.flow.figures.rollup import catch_up
from worker.mapping.scrub import Scrubber
from worker.metrics.definitions import DEFINITIONS
from worker.metrics.figures import CaseLine, Report
from worker.metrics.report import NEEDED_DAYS, Describe, report
from worker.metrics.scope import Scope
from worker.metrics.trace import behind
from worker.metrics.week_figures import Period
from worker.metrics.weeks import Week, last_complete, week_named, zone_of
from worker.store.case_rows import CaseRow
from worker.store.history import Recorded
from worker.store.store import Store, Tx


@dataclass(frozen=True, slots=True)
class Behind:
    """One case behind a figure, with the entries of history that put it there."""

    line: CaseLine
    moves: tuple[Recorded, ...]


def compute(store: Store, week: str | None, scope: Scope, now: datetime) -> Report:
    """Compute the report of a week (`2026-W47`; None: the last complete one in the scope's time zone).

    Raises `UserFault` for a week or a time zone that does not exist.
    """
    return compute_all(store, week, (scope,), now)[0]


def compute_all(store: Store, week: str | None, scopes: Sequence[Scope], now: datetime) -> tuple[Report, ...]:
    """Compute the reports of many scopes, in their order, out of one reading of the spells."""
    weeks = [week_of(week, scope, now) for scope in scopes]
    catch_up(store, now)
    with store.read() as tx:
        begins = tx.spells.begins()
        columns = tx.spells.columns(_since(weeks))
        told = trouble(tx)
        return tuple(
            report(columns, one, scope, now, describing(tx), since=begins, trouble=told)
            for one, scope in zip(weeks, scopes, strict=True)
        )


def why(
    store: Store, figure: str, week: str | None, scope: Scope, now: datetime, limit: int = 50
) -> tuple[Behind, ...]:
    """Give the cases behind a figure of a week, the latest first, at most `limit`, each with its moves.

    Raises `UserFault` when there is no such figure.
    """
    if figure not in DEFINITIONS:
        raise UserFault(f"there is no figure '{figure}'; the figures are {', '.join(DEFINITIONS)}")
    one = week_of(week, scope, now)
    catch_up(store, now)
    with store.read() as tx:
        columns = tx.spells.columns(_since([one])).within(scope)
        found = behind(figure, columns, Period.of(one, now), limit)
        moves = {move.id: move for move in tx.spells.entries([n for _, entries in found for n in entries])}
        lines = {line.case: line for line in describing(tx)([(case, "") for case, _ in found])}
        return tuple(
            Behind(lines[case], tuple(moves[n] for n in entries if n in moves))
            for case, entries in found
            if case in lines
        )


def week_of(week: str | None, scope: Scope, now: datetime) -> Week:
    """The week that is asked for, in the time zone of the scope."""
    zone = zone_of(scope.time_zone)
    return last_complete(now, zone) if week is None else week_named(week, zone)


def trouble(tx: Tx) -> tuple[str, ...]:
    """What syncing cannot do at the moment, in sentences."""
    parked = tx.spells.parked()
    held = [f"{row.name} refuses us or asks for a pause: {row.reason}" for row in tx.services.listing()]
    if not parked:
        return tuple(held)
    return (*held, f"{parked} piece{'s are' if parked > 1 else ' is'} of work parked and wait for a person.")


def describing(tx: Tx) -> Describe:
    """Lines of cases, as the tables know them now."""

    def describe(wanted: Sequence[tuple[int, str]]) -> tuple[CaseLine, ...]:
        rows: Mapping[int, CaseRow] = {row.id: row for row in tx.spells.cases([case for case, _ in wanted])}
        return tuple(_line(rows[case], reason) for case, reason in wanted if case in rows)

    return describe


def _since(weeks: Sequence[Week]) -> datetime:
    return min(week.ends for week in weeks) - timedelta(days=NEEDED_DAYS)


def _line(row: CaseRow, reason: str) -> CaseLine:
    first = max(row.members, key=lambda member: member.user_count, default=None)
    alive = [member for member in row.members if member.gone_at is None]
    return CaseLine(
        case=row.id,
        title=Scrubber().text(first.title) if first else f"case {row.id}",
        short_ids=tuple(member.short_id for member in row.members),
        project=", ".join(sorted({member.project_slug for member in row.members})) or row.project_group,
        ticket=row.ticket.key if row.ticket else None,
        ticket_url=row.ticket.url if row.ticket else None,
        owner=next((member.assignee for member in row.members if member.assignee), None),
        opened_at=min((member.first_seen for member in row.members if member.first_seen), default=row.opened_at),
        users=sum(member.user_count for member in alive),
        events=sum(member.count for member in alive),
        why=reason,
    )
