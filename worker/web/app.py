"""The web application: hooks, pages, health and metrics over one store."""

from dataclasses import asdict
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from worker.ends.hooks import SIGNATURE
from worker.errors import Transient
from worker.store.services import ServiceRow
from worker.store.store import Store
from worker.web import pages, receive

LATE_S = 300.0
"""Work that has been due for longer than this means that no worker is alive; the health check says so."""


def create_app(door: receive.Door, *, practice_url: str | None = None) -> FastAPI:
    """The application. `practice_url`: where the practice services are, for the links on the pages."""
    app = FastAPI(title="Bugferry", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
    app.include_router(receive.router(door))
    app.include_router(pages.router(door, templates, practice_url))

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        return _health(door)

    @app.get("/metrics")
    def metrics() -> PlainTextResponse:
        registry = CollectorRegistry()
        registry.register(_Gauges(door))
        return PlainTextResponse(generate_latest(registry), media_type="text/plain; version=0.0.4")

    return app


def _health(door: receive.Door) -> JSONResponse:
    """200 when the database answers and work gets done; 503 with the reason otherwise."""
    try:
        counts, late = _state(door.store, door)
        troubled = _troubled(door.store)
    except (SQLAlchemyError, Transient) as error:
        return JSONResponse({"ok": False, "why": str(error)}, 503)
    hooks = {source: "on" if source in door.secrets else "off: no secret configured" for source in sorted(SIGNATURE)}
    body = {"ok": late < LATE_S, "work": counts, "oldest_due_s": round(late, 1), "hooks": hooks}
    # A service in trouble is no reason to restart anything of ours: it is told, and we are well.
    body["services"] = {row.name: f"{row.trouble}: {row.reason}" for row in troubled}
    body["mapping"] = door.mapping_refused() or "runs"
    if late >= LATE_S:
        body["why"] = f"work has been due for {late:.0f} s: no worker is attending to it"
    return JSONResponse(body, 200 if late < LATE_S else 503)


def _state(store: Store, door: receive.Door) -> tuple[dict[str, int], float]:
    now = door.now()
    with store.read() as tx:
        counts, oldest = tx.work.counts(now), tx.work.soonest()
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return {"due": counts.due, "waiting": counts.waiting, "leased": counts.leased, "parked": counts.parked}, late


def _troubled(store: Store) -> tuple[ServiceRow, ...]:
    with store.read() as tx:
        return tx.services.listing()


class _Gauges(Collector):
    """What the database says at the moment of the scrape: right for any number of web processes."""

    def __init__(self, door: receive.Door) -> None:
        self._door = door

    def collect(self) -> list[GaugeMetricFamily]:
        """One family a figure."""
        counts, late = _state(self._door.store, self._door)
        with self._door.store.read() as tx:
            deliveries, cases = tx.inbox.counts(), tx.cases.counts()
        return [
            _family("bugferry_work_keys", "Keys in the work table", "state", counts),
            _family("bugferry_deliveries", "Deliveries kept, by verdict", "verdict", deliveries),
            _family("bugferry_cases", "Cases, members and live tickets", "state", asdict(cases)),
            GaugeMetricFamily("bugferry_work_oldest_due_seconds", "How long the oldest work has been due", value=late),
            _in_trouble(_troubled(self._door.store)),
            GaugeMetricFamily(
                "bugferry_mapping_refused",
                "1 while the mapping on the disk is refused and an older one runs",
                value=float(self._door.mapping_refused() is not None),
            ),
        ]


def _in_trouble(rows: tuple[ServiceRow, ...]) -> GaugeMetricFamily:
    name, text = "bugferry_service_in_trouble", "1 for each outside service that is left alone for now, and why"
    family = GaugeMetricFamily(name, text, labels=["service", "trouble"])
    for row in rows:
        family.add_metric([row.name, row.trouble], 1)
    return family


def _family(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
