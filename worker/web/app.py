"""The web application: hooks, pages, health and metrics over one store."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from worker.ends.hooks import SIGNATURE
from worker.errors import Transient
from worker.store.services import ServiceRow
from worker.store.store import Store
from worker.web import pages, receive
from worker.web.gauges import Gauges
from worker.wiring.ground import LATE_S


def create_app(
    door: receive.Door, *, practice_url: str | None = None, report_page: Callable[[], str] | None = None
) -> FastAPI:
    """The application. `practice_url`: where the practice services are, for the links on the pages.

    `report_page`: writes the report of the last week; None: there is no such page.
    """
    app = FastAPI(title="Bugferry", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
    app.include_router(receive.router(door))
    app.include_router(pages.router(door, templates, practice_url, report_page))

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        return _health(door)

    @app.get("/metrics")
    def metrics() -> PlainTextResponse:
        registry = CollectorRegistry()
        registry.register(Gauges(door.store, door.now, door.mapping_refused))
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
