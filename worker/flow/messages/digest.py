"""The morning digest: what came in since yesterday, what came back, and what waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.flow.context import Context
from worker.flow.figures.rollup import catch_up
from worker.flow.messages.concern import covers, projects_under
from worker.flow.people.decisions import Decision, waiting
from worker.mapping.channels import Scope
from worker.store.case_rows import CaseRow
from worker.store.services import ServiceRow
from worker.store.spells import Begun
from worker.store.store import Tx
from worker.store.umbrellas import Kind, UmbrellaRow
from worker.store.work import WorkRow

AT_MOST = 200
"""Of each thing that is looked at; far more than anybody reads in a morning."""


@dataclass(frozen=True, slots=True)
class Came:
    """Cases that came in. `count` of them, `still` open now; `cases`: those that are, the one that hurts most first."""

    count: int
    still: int
    cases: tuple[CaseRow, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """What a triager begins the day with; `since`: from when on something is new.

    `storms` and `source_maps` are the umbrellas that are open, `limits` those of rules that reached their limit.
    """

    since: datetime
    new: Came
    back: Came
    decisions: tuple[Decision, ...]
    parked: tuple[WorkRow, ...]
    storms: tuple[UmbrellaRow, ...]
    limits: tuple[UmbrellaRow, ...]
    source_maps: tuple[UmbrellaRow, ...]
    services: tuple[ServiceRow, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        waits = (self.decisions, self.parked, self.storms, self.limits, self.source_maps, self.services)
        return not self.new.count and not self.back.count and not any(waits)


def digest(ctx: Context, scope: Scope, since: datetime) -> Digest:
    """Gather it for a scope. What belongs to no case in particular is told only where nothing is left out."""
    now = ctx.now()
    catch_up(ctx.store, now)
    decisions = tuple(one for one in waiting(ctx, AT_MOST) if covers(scope, one.case, now))
    with ctx.store.read() as tx:
        begun = _within(tx, scope, tx.spells.begun(since), now)
        parked = tx.work.listing(parked=True, limit=AT_MOST)
        return Digest(
            since=since,
            new=_came([one for one in begun if one[0].how == "new"]),
            back=_came([one for one in begun if one[0].how != "new"]),
            decisions=decisions,
            parked=tuple(row for row in parked if scope.everything or _concerns(tx, scope, row, now)),
            storms=_umbrellas(tx, scope, "storm"),
            limits=_umbrellas(tx, scope, "limit"),
            source_maps=_umbrellas(tx, scope, "source_maps"),
            services=tx.services.listing() if scope.everything else (),
        )


def _within(tx: Tx, scope: Scope, begun: Sequence[Begun], now: datetime) -> list[tuple[Begun, CaseRow]]:
    rows = {row.id: row for row in tx.spells.cases(one.case for one in begun)}
    found = ((one, rows[one.case]) for one in begun if one.case in rows)
    return [(one, row) for one, row in found if covers(scope, row, now)]


def _came(begun: Sequence[tuple[Begun, CaseRow]]) -> Came:
    """Of cases that came in more than once, each counts once."""
    still = {row.id: row for one, row in begun if one.still}
    return Came(len({row.id for _, row in begun}), len(still), tuple(sorted(still.values(), key=_hurt)))


def _hurt(row: CaseRow) -> tuple[int, int, int]:
    alive = [member for member in row.members if not member.gone_at]
    return -sum(member.user_count for member in alive), -sum(member.count for member in alive), row.id


def _concerns(tx: Tx, scope: Scope, row: WorkRow, now: datetime) -> bool:
    kind, _, rest = row.key.partition(":")
    case = tx.cases.load(int(rest)) if kind == "case" and rest.isdigit() else None
    return case is not None and covers(scope, case, now)


def _umbrellas(tx: Tx, scope: Scope, kind: Kind) -> tuple[UmbrellaRow, ...]:
    """The open umbrellas of a kind that concern the projects of a scope."""
    rows = tx.umbrellas.open_ones(kind, 0, AT_MOST)
    wanted = scope.projects
    return tuple(row for row in rows if wanted is None or projects_under(tx, row.case_id) & set(wanted))
