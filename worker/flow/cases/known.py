"""What is known of a case beyond its status, in plain words: cause, deploys, storm, source maps. Not escaped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.mapping.sourcemap_text import line_of
from worker.store.case_rows import CaseRow, MemberRow
from worker.store.history import Recorded
from worker.store.store import Tx
from worker.triage.sourcemaps import State, diagnosis_of

REASONS = 3
"""Reasons for a cause that are said."""
_LATEST = {
    "introduced": ("deploy.introduced",),
    "suspects": ("commits.suspected",),
    "fixed": ("fixed.in", "went.quiet"),
    "storm": ("storm.joined",),
}


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that is known. `name`: cause, introduced, suspects, fixed, storm or maps."""

    name: str
    said: str


def known_of(tx: Tx, row: CaseRow, history: Sequence[Recorded]) -> tuple[Known, ...]:
    """Everything that is known of a case. `history`: all of it, the oldest first."""
    here = [member for member in row.members if not member.gone_at]
    return (*_causes(tx, here), *_told(history), *_storm(tx, row), *_maps(tx, here))


def _causes(tx: Tx, members: Sequence[MemberRow]) -> Iterator[Known]:
    for member in members:
        judged = tx.casebook.judged(member.id)
        if judged and judged.cause:
            reasons = f": {'; '.join(judged.cause_reasons[:REASONS])}" if judged.cause_reasons else ""
            whose = f"{member.short_id} is judged as " if len(members) > 1 else ""
            yield Known("cause", f"{whose}{judged.cause.replace('_', ' ')}{reasons}")


def _told(history: Sequence[Recorded]) -> Iterator[Known]:
    """The latest word of history on each."""
    for name, kinds in _LATEST.items():
        found = [entry for entry in history if entry.kind in kinds]
        if found:
            yield Known(name, f"{found[-1].why} (told {found[-1].recorded_at:%Y-%m-%d %H:%M} UTC)")


def _storm(tx: Tx, row: CaseRow) -> Iterator[Known]:
    stay = tx.umbrellas.stay_of(row.id)
    umbrella = tx.umbrellas.of(stay.umbrella_id) if stay else None
    if umbrella and umbrella.kind == "storm":
        yield Known("storm", "its ticket waits until the storm is over")


def _maps(tx: Tx, members: Sequence[MemberRow]) -> Iterator[Known]:
    for member in members:
        for ledger in tx.ledgers.with_issue(member.project_slug, member.id):
            diagnosis = diagnosis_of(ledger)
            if diagnosis:
                over = ", over by now" if diagnosis.state is State.GONE else ""
                name = f"release {ledger.release}" if ledger.release else "events without a release"
                yield Known("maps", f"{name}{over}: {line_of(diagnosis)}")
