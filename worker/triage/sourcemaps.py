"""One diagnosis for each project and release whose code Sentry cannot show: from many events, in bounded memory.

A ledger folds events one by one and goes to JSON and back; what Sentry answers about one of them (`MapAnswer`) makes it
exact. It is gone when later events read well, a few in a row: more each time that it came back.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from worker.event import Event
from worker.triage.map_answers import Cause, FrameAnswer, MapAnswer, cause_of
from worker.triage.map_sight import ERRORS, Read, Sight, look
from worker.triage.map_words import Said, say

ISSUES_KEPT = 500
RECENT_KEPT = 20
EXAMPLES_KEPT = 3
ASKED_MOST = 3
"""How often Sentry is asked about one release: when it first breaks, and when it breaks anew or otherwise."""
FINE_IN_A_ROW = 3
_PATIENCE = 5
"""How often a return doubles what must read well in a row."""
_FINE_COUNTED = FINE_IN_A_ROW << _PATIENCE


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was seen of one project and release (empty: events without one). `errors`: events of each error type.

    `issues`: those affected, up to `ISSUES_KEPT`, then `more`; `fine`: events that read well since the last that did
    not; `back`: how often it broke again; `ask`: the event to ask Sentry about next; `healed_by`: a later release.
    """

    project: str
    release: str
    dist: str | None = None
    errors: Mapping[str, int] = field(default_factory=dict)
    issues: tuple[str, ...] = ()
    more: bool = False
    examples: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    broken: int = 0
    fine: int = 0
    back: int = 0
    first_at: datetime | None = None
    broken_at: datetime | None = None
    fine_at: datetime | None = None
    ask: str | None = None
    asked: int = 0
    answer: Mapping[str, Any] | None = None
    healed_by: str | None = None

    @property
    def gone(self) -> bool:
        """Whether what was broken reads well again."""
        enough = FINE_IN_A_ROW << min(self.back, _PATIENCE)
        return self.broken > 0 and (self.fine >= enough or self.healed_by is not None)


class State(StrEnum):
    """Where a diagnosis stands."""

    OPEN = "open"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why the code of a release cannot be shown. Texts of events are in `said`, `evidence` and the names: not escaped.

    `issues`: how many are affected, no fewer than that where `at_least`; `evidence`: what it is, and its values.
    """

    project: str
    release: str
    cause: Cause
    state: State
    said: Said
    issues: int
    at_least: bool
    events: int
    evidence: tuple[tuple[str, tuple[str, ...]], ...]
    since: datetime | None
    last_at: datetime | None
    gone_at: datetime | None
    healed_by: str | None


def release_of(event: Event) -> str:
    """The release whose ledger an event belongs to."""
    return event.release or ""


def fold(ledger: Ledger, event: Event, issue_id: str, at: datetime) -> Ledger:
    """Take in one event of an issue. One of another release, or one that was just taken in, changes nothing.

    `at`: when the event happened; events may come in any order.
    """
    if release_of(event) != ledger.release or event.id in ledger.recent:
        return ledger
    sight = look(event)
    if sight.read is Read.NOTHING:
        return ledger
    first = min(at, ledger.first_at) if ledger.first_at else at
    seen = replace(ledger, first_at=first, recent=(*ledger.recent, event.id)[-RECENT_KEPT:])
    return _fine(seen, at) if sight.read is Read.FINE else _broken(seen, sight, event, issue_id, at)


def _fine(ledger: Ledger, at: datetime) -> Ledger:
    if ledger.broken_at is not None and at <= ledger.broken_at:
        return ledger
    latest = max(at, ledger.fine_at) if ledger.fine_at else at
    return replace(ledger, fine=min(ledger.fine + 1, _FINE_COUNTED), fine_at=latest)


def _broken(ledger: Ledger, sight: Sight, event: Event, issue_id: str, at: datetime) -> Ledger:
    known = issue_id in ledger.issues
    full = len(ledger.issues) >= ISSUES_KEPT
    errors = dict(ledger.errors)
    for kind in sight.errors:
        errors[kind] = errors.get(kind, 0) + 1
    counted = replace(
        ledger,
        dist=event.dist or ledger.dist,
        errors=errors,
        issues=ledger.issues if known or full else (*ledger.issues, issue_id),
        more=ledger.more or (full and not known),
        examples=tuple(dict.fromkeys((*ledger.examples, *sight.paths)))[:EXAMPLES_KEPT],
        broken=ledger.broken + 1,
    )
    late = ledger.fine_at is not None and at <= ledger.fine_at
    return counted if late and ledger.broken else _set_back(counted, ledger, event, at)


def _set_back(counted: Ledger, before: Ledger, event: Event, at: datetime) -> Ledger:
    """It is broken now: what read well before counts no more, and Sentry is asked why where that is news."""
    news = before.gone or not before.broken or bool(counted.errors.keys() - before.errors.keys())
    askable = news and before.asked < ASKED_MOST and not any(_is_native(kind) for kind in counted.errors)
    return replace(
        counted,
        fine=0,
        back=before.back + before.gone,
        broken_at=max(at, before.broken_at) if before.broken_at else at,
        ask=event.id if askable else before.ask,
        healed_by=None,
    )


def _is_native(kind: str) -> bool:
    return kind.startswith(("native_", "proguard_"))


def answered(ledger: Ledger, answer: MapAnswer | None) -> Ledger:
    """Take in what Sentry said about the event in `ask`; None: it does not know, and is not asked about it again."""
    found = cause_of(answer) if answer is not None else None
    told: dict[str, Any] | None = None  # JSON
    if answer is not None and found is not None:
        cause, frame = found
        told = {"cause": str(cause), "dist": answer.dist, "sdk": answer.sdk_version, "needed": answer.sdk_needed}
        told |= {"path": frame.path, "looked_for": list(frame.looked_for[:EXAMPLES_KEPT]), **_named(frame)}
    return replace(ledger, ask=None, asked=ledger.asked + 1, answer=told or ledger.answer)


def _named(frame: FrameAnswer) -> dict[str, str | None]:
    return {"reference": frame.reference, "debug_id": frame.debug_id}


def overtaken(ledger: Ledger, later: Ledger) -> Ledger:
    """Heal by a release of the same project that came later and reads well. Any other changes nothing."""
    if ledger.project != later.project or ledger.release == later.release or not ledger.broken or ledger.gone:
        return ledger
    if ledger.first_at is None or later.first_at is None or later.first_at <= ledger.first_at:
        return ledger
    well = later.fine >= FINE_IN_A_ROW and (later.gone or not later.broken)
    newer = ledger.broken_at is None or later.fine_at is None or later.fine_at > ledger.broken_at
    return replace(ledger, healed_by=later.release, fine_at=later.fine_at) if well and newer else ledger


def diagnosis_of(ledger: Ledger) -> Diagnosis | None:
    """What is wrong with the maps of a release; None while nothing was seen that is."""
    if not ledger.broken:
        return None
    cause, facts = _cause(ledger)
    return Diagnosis(
        project=ledger.project,
        release=ledger.release,
        cause=cause,
        state=State.GONE if ledger.gone else State.OPEN,
        said=say(cause, ledger.release, facts),
        issues=len(ledger.issues),
        at_least=ledger.more,
        events=ledger.broken,
        evidence=_evidence(ledger, facts),
        since=ledger.first_at,
        last_at=ledger.broken_at,
        gone_at=ledger.fine_at if ledger.gone else None,
        healed_by=ledger.healed_by,
    )


def _cause(ledger: Ledger) -> tuple[Cause, Mapping[str, Any]]:
    """Sentry's own answer first, then the errors of most events, then what the frames look like (JSON, hence Any)."""
    facts = {"dist": ledger.dist, "path": next(iter(ledger.examples), None)}
    if ledger.answer is not None:
        told = {key: value for key, value in ledger.answer.items() if value}
        return Cause(ledger.answer["cause"]), facts | told
    most = max(sorted(ledger.errors), key=lambda kind: ledger.errors[kind], default=None)
    if most is not None:
        return ERRORS[most], facts
    return (Cause.MINIFIED if ledger.release else Cause.NO_RELEASE), facts


def _evidence(ledger: Ledger, facts: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    counts = sorted(ledger.errors.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = (
        ("Errors that Sentry reports", tuple(f"{kind} ({count})" for kind, count in counts)),
        ("Files that could not be read", ledger.examples),
        ("Sentry looked for", tuple(facts.get("looked_for", ()))),
        ("Map that the bundle names", (facts["reference"],) if facts.get("reference") else ()),
        ("Debug id", (facts["debug_id"],) if facts.get("debug_id") else ()),
    )
    return tuple(row for row in rows if row[1])


# ---------------------------------------------------------------- to JSON and back

_TIMES = ("first_at", "broken_at", "fine_at")
_LISTS = ("issues", "examples", "recent")


def to_json(ledger: Ledger) -> dict[str, Any]:
    """As JSON holds it."""
    told = asdict(ledger)
    times = {name: at.isoformat() if (at := told[name]) else None for name in _TIMES}
    return told | times | {name: list(told[name]) for name in _LISTS}


def from_json(kept: Mapping[str, Any]) -> Ledger:
    """Read what `to_json` wrote."""
    times = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _TIMES}
    return Ledger(**{**kept, **times, **{name: tuple(kept[name]) for name in _LISTS}})
