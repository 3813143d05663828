"""What `/metrics` says: the state of the work as the database has it, the figures as a worker last computed them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.store.live import Kept
from worker.store.services import ServiceRow
from worker.store.store import Store, Tx
from worker.store.umbrellas import Kind

HOUR_S = 3600.0
MANY = 1000


@dataclass(frozen=True, slots=True)
class Scaled:
    """One figure as a gauge of its own. `times` what a value is multiplied with, to be in Prometheus' base units."""

    figure: str
    name: str
    text: str
    times: float = 1.0


WEEK = (
    Scaled("resolution_rate", "bugferry_week_resolution_ratio", "Cases open in the last 7 days that were fixed"),
    Scaled("reopen_rate", "bugferry_week_reopen_ratio", "Fixes of 28 days, 30 days old, that came back within 30 days"),
    Scaled("noise_share", "bugferry_week_noise_ratio", "New cases of the last 7 days that are noise"),
    Scaled("ticket_share", "bugferry_week_ticket_ratio", "New cases of the last 7 days that have a ticket"),
    Scaled("introduced_by_deploy", "bugferry_week_by_deploy_ratio", "New cases of the last 7 days a deploy brought"),
    Scaled("archived", "bugferry_week_archived", "Cases archived in the last 7 days"),
    Scaled("users_hurt", "bugferry_users_hurt", "Users that Sentry counts on the open cases"),
    Scaled("events_unresolved", "bugferry_events_unresolved", "Events that Sentry counts on the open cases"),
)
TIMES = (
    Scaled("time_to_resolve", "bugferry_week_time_to_resolve_seconds", "Time to a fix, by Kaplan-Meier", HOUR_S),
    Scaled("time_to_ticket", "bugferry_week_time_to_ticket_seconds", "Time to a ticket, by Kaplan-Meier", HOUR_S),
    Scaled("time_in_triage", "bugferry_week_time_in_triage_seconds", "Time to the first decision", HOUR_S),
)
PARTS = (
    Scaled("intake", "bugferry_week_intake", "Cases that came in during the last 7 days"),
    Scaled("fixed", "bugferry_week_fixed", "Cases fixed in the last 7 days, by the way it was done"),
    Scaled("ended_otherwise", "bugferry_week_ended_otherwise", "Cases that ended in the last 7 days without a fix"),
)
PROJECTS = (
    Scaled("backlog", "bugferry_project_backlog", "Open cases, by project"),
    Scaled("intake", "bugferry_project_intake", "Cases that came in during the last 7 days, by project"),
    Scaled("fixed", "bugferry_project_fixed", "Cases fixed in the last 7 days, by project"),
)
AGES = ("under_7_days", "7_to_30_days", "30_to_90_days", "over_90_days")
DAY_S = 24 * HOUR_S


class Gauges(Collector):
    """What the database says at the moment of the scrape: right for any number of web processes."""

    def __init__(self, store: Store, now: Callable[[], datetime], mapping_refused: Callable[[], str | None]) -> None:
        self._store, self._now, self._refused = store, now, mapping_refused

    def collect(self) -> Iterator[Metric]:
        """One family a figure."""
        now = self._now()
        with self._store.read() as tx:
            yield from _work(tx, now)
            yield from _talk(tx)
            yield _in_trouble(tx.services.listing())
            told = tx.live.kept()
        yield GaugeMetricFamily(
            "bugferry_mapping_refused",
            "1 while the mapping on the disk is refused and an older one runs",
            value=float(self._refused() is not None),
        )
        if told is not None:
            yield from _figures(told, now)


def _work(tx: Tx, now: datetime) -> Iterator[Metric]:
    counts, oldest = tx.work.counts(now), tx.work.soonest()
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    states = {"due": counts.due, "waiting": counts.waiting, "leased": counts.leased, "parked": counts.parked}
    yield family("bugferry_work_keys", "Keys in the work table", "state", states)
    yield GaugeMetricFamily("bugferry_work_oldest_due_seconds", "How long the oldest work has been due", value=late)
    yield family("bugferry_deliveries", "Deliveries kept, by verdict", "verdict", tx.inbox.counts())
    yield family("bugferry_cases", "Cases, members and live tickets", "state", asdict(tx.cases.counts()))


def _talk(tx: Tx) -> Iterator[Metric]:
    """What is said to people, and what stands for many cases."""
    yield family("bugferry_messages", "Messages to people, by what became of them", "state", tx.outbox.counts())
    kinds: tuple[Kind, ...] = get_args(Kind)
    open_ones: dict[str, float] = {kind: len(tx.umbrellas.open_ones(kind, 0, MANY)) for kind in kinds}
    yield family("bugferry_umbrellas_open", "Umbrella tickets that are open", "kind", open_ones)


def _in_trouble(rows: tuple[ServiceRow, ...]) -> Metric:
    name, text = "bugferry_service_in_trouble", "1 for each outside service that is left alone for now, and why"
    made = GaugeMetricFamily(name, text, labels=["service", "trouble"])
    for row in rows:
        made.add_metric([row.name, row.trouble], 1)
    return made


# ---------------------------------------------------------------- figures


def _figures(told: Kept, now: datetime) -> Iterator[Metric]:
    """The figures of docs/metrics.md over the last seven days; one that has no value is absent."""
    age = max(0.0, (now - told.at).total_seconds())
    yield GaugeMetricFamily("bugferry_figures_age_seconds", "How long ago the figures were computed", value=age)
    for one in WEEK:
        if one.figure in told.values:
            yield GaugeMetricFamily(one.name, one.text, value=told.values[one.figure] * one.times)
    for one in TIMES:
        yield _quantiles(one, told)
    for one in PARTS:
        yield family(one.name, one.text, "how", told.parts.get(one.figure, {}))
    yield from _backlog(told.parts.get("backlog", {}))
    for one in PROJECTS:
        yield family(one.name, one.text, "project", told.by_project.get(one.figure, {}))
    moves = CounterMetricFamily("bugferry_moves_total", "Entries of history, by kind", labels=["kind"])
    for kind, count in told.moves.items():
        moves.add_metric([kind], count)
    yield moves


def _quantiles(one: Scaled, told: Kept) -> Metric:
    made = GaugeMetricFamily(one.name, one.text, labels=["quantile"])
    found = (("0.5", told.values.get(one.figure)), ("0.9", told.parts.get(one.figure, {}).get("p90")))
    for quantile, value in found:
        if value is not None:
            made.add_metric([quantile], value * one.times)
    return made


def _backlog(parts: Mapping[str, float]) -> Iterator[Metric]:
    ages = {age: parts.get(age, 0.0) for age in AGES}
    yield family("bugferry_backlog", "Open cases, by how long they have been open", "age", ages)
    oldest = parts.get("oldest_days", 0.0) * DAY_S
    yield GaugeMetricFamily("bugferry_backlog_oldest_seconds", "How long the oldest has been open", value=oldest)
    yield GaugeMetricFamily("bugferry_backlog_unowned", "Open cases without an owner", value=parts.get("unowned", 0.0))


def family(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    """One gauge for each value of a label."""
    made = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        made.add_metric([key], value)
    return made
