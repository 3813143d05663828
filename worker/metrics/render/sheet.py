"""What a report says, section by section, in one reader's words: every format writes this down and adds nothing."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from worker.metrics.figures import Cohort, Figure, Report, Row
from worker.metrics.render.compare import Compared, compare
from worker.metrics.render.lists import (
    SENTENCE_LIMIT,
    WORD_LIMIT,
    CaseList,
    Limits,
    Links,
    Said,
    Writer,
    case_lists,
    clean,
)
from worker.metrics.render.parts import parts, sure
from worker.metrics.render.tongue import NONE, Tongue
from worker.metrics.render.words import BIG, head, in_order, plain, term

TREND_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Told:
    """One figure. `sure`: its 95% interval and how many cases it is from; `parts`: what it is split up into."""

    name: str
    label: str
    value: str
    sure: str
    compared: Compared
    parts: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """The cohort of one week. A cell is a share from 0 to 1 and how it reads; None: too young to tell."""

    week: str
    opened: str
    cells: tuple[tuple[float | None, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table of figures. `mark`: why it is not to be compared with the others; else empty."""

    name: str
    cells: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Split:
    """Figures by one dimension, as many as its rows have; values that are too small to compare stand last."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Notes:
    """A list of sentences. `empty`: what stands there when there is none; `more`: how many were cut off."""

    title: str
    lines: tuple[str, ...]
    empty: str
    more: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole report, in the order in which it is read."""

    week: str
    title: str
    days: str
    scope: str
    headline: str
    late: str
    big: tuple[Told, ...]
    columns: tuple[str, ...]
    trend: tuple[Line, ...]
    horizons: tuple[int, ...]
    heat: tuple[HeatRow, ...]
    changes: tuple[Said, ...]
    lists: tuple[CaseList, ...]
    deploys: Notes
    trouble: Notes
    splits: tuple[Split, ...]
    others: tuple[Told, ...]
    leaves_out: Notes
    definitions: tuple[tuple[str, str], ...]
    definitions_url: str | None
    footer: str


def sheet(report: Report, tongue: Tongue, links: Links, limits: Limits) -> Sheet:
    """Write a report down; lists are cut and say how many are missing."""
    zone = ZoneInfo(report.time_zone)
    writer = Writer(tongue, links, zone, report.ends, limits)
    made = tongue.minute(report.computed_at, zone)
    return Sheet(
        week=report.week,
        title=f"Week {int(report.week.rpartition('W')[2])}",
        days=tongue.days(report.begins, report.ends, zone),
        scope=clean(report.scope, WORD_LIMIT) or "everything",
        headline=clean(report.headline, SENTENCE_LIMIT),
        late=_late(report, made),
        big=tuple(_told(report, name, tongue) for name in BIG),
        columns=tuple(map(head, BIG)),
        trend=_trend(report, tongue),
        horizons=horizons(report.cohorts),
        heat=tuple(_heat(report.cohorts, tongue)),
        changes=tuple(writer.change(change) for change in report.changes[: limits.changes]),
        lists=case_lists(report, writer),
        deploys=_notes("Deploys that introduced most", report.deploys, "No deploy brought new bugs.", limits.rows),
        trouble=_notes("Source maps and sync", report.trouble, "No trouble with source maps or sync.", limits.rows),
        splits=tuple(_splits(report.rows, tongue, limits.rows)),
        others=tuple(_told(report, name, tongue) for name in _others(report)),
        leaves_out=_notes("What these numbers leave out", left_out(report), "Nothing.", limits.rows * 2),
        definitions=tuple(_definitions(report)),
        definitions_url=links.definitions_url,
        footer=f"Made on {made} from history; times are those of {report.time_zone}.",
    )


def _late(report: Report, made: str) -> str:
    """Why it comes when it comes, and where those are that did not come."""
    if not report.late:
        return ""
    first = f"This report comes late: it was made on {made}."
    if not report.missed:
        return first
    one, last = report.missed[0], report.missed[-1]
    weeks = f"that of {one} was" if one == last else f"those of {one} to {last} were"
    lead = shlex.quote(clean(report.scope, WORD_LIMIT))
    return f"{first} Before it, {weeks} not sent. To read one: bugferry report --for {lead} --week {last}"


def horizons(cohorts: Iterable[Cohort]) -> tuple[int, ...]:
    """In how many days, shortest first: the columns of the cohorts."""
    return tuple(sorted({days for cohort in cohorts for days in cohort.fixed_within}))


def left_out(report: Report) -> tuple[str, ...]:
    """What the report and each of its figures do not count, each thing once."""
    by_figure = (
        f"{term(name).label}: {reason}" for name, figure in report.figures.items() for reason in figure.leaves_out
    )
    return tuple(dict.fromkeys((*report.leaves_out, *by_figure)))


def _others(report: Report) -> tuple[str, ...]:
    """The figures beside the big ones."""
    return tuple(name for name in in_order(report.figures) if name not in {*BIG, "cohorts"})


def _definitions(report: Report) -> Iterator[tuple[str, str]]:
    for name in in_order({**dict.fromkeys(BIG), **report.figures, "cohorts": None}):
        if term(name).means:
            yield term(name).label, term(name).means


def _told(report: Report, name: str, tongue: Tongue) -> Told:
    figure = report.figures.get(name) or Figure(name, "count", None, 0)
    compared = compare(figure, report.trend, report.week, tongue)
    return Told(
        name,
        clean(term(name).label, WORD_LIMIT),
        tongue.value(figure.unit, figure.value),
        sure(figure, tongue),
        compared,
        parts(figure, tongue),
    )


def _cells(figures: Mapping[str, Figure], tongue: Tongue, names: Sequence[str] = BIG) -> tuple[str, ...]:
    found = (figures.get(name) for name in names)
    return tuple(tongue.value(figure.unit, figure.value) if figure else NONE for figure in found)


def _trend(report: Report, tongue: Tongue) -> tuple[Line, ...]:
    return tuple(
        Line(point.week, _cells(point.figures, tongue), "" if point.complete else "not complete")
        for point in report.trend[-TREND_WEEKS:]
    )


def _heat(cohorts: Sequence[Cohort], tongue: Tongue) -> Iterator[HeatRow]:
    for cohort in cohorts[-TREND_WEEKS:]:
        shares = [cohort.fixed_within.get(days) for days in horizons(cohorts)]
        cells = tuple((share, "too young" if share is None else tongue.share(share)) for share in shares)
        if not cohort.opened:
            cells = tuple((None, NONE) for _ in shares)
        yield HeatRow(cohort.week, tongue.number(cohort.opened), cells)


def _splits(rows: Sequence[Row], tongue: Tongue, limit: int) -> Iterator[Split]:
    for dimension, found in groupby(rows, key=lambda row: row.dimension):
        group = sorted(found, key=lambda row: not row.ranked)
        names = in_order({name for row in group for name in row.figures})
        lines = tuple(
            Line(
                clean(plain(row.value) if dimension == "cause" else row.value, WORD_LIMIT) or NONE,
                _cells(row.figures, tongue, names),
                "" if row.ranked else "too few to compare",
            )
            for row in group[:limit]
        )
        yield Split(
            f"By {plain(dimension)}",
            tuple(clean(head(name), WORD_LIMIT) for name in names),
            lines,
            len(group) - len(lines),
        )


def _notes(title: str, lines: Sequence[str], empty: str, limit: int) -> Notes:
    kept = tuple(clean(line, SENTENCE_LIMIT) for line in lines[:limit])
    return Notes(title, kept, empty, len(lines) - len(kept))
