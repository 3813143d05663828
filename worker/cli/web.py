"""`web`: receives webhooks and shows the pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Annotated

import typer
import uvicorn

from worker.ends.wake import CeleryWake
from worker.mapping.book import MappingBook
from worker.mapping.teams import Teams
from worker.settings import Settings, access_of, hook_secrets, load_settings
from worker.store.engine import open_engine
from worker.store.store import Store
from worker.store.version import pending
from worker.web.app import create_app
from worker.web.receive import Door
from worker.wiring.ground import clock_of, open_store, tracker_of
from worker.wiring.log import start_logging
from worker.wiring.queue import broker
from worker.wiring.running import Running

app = typer.Typer(add_completion=False)


@app.command()
def web(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8700,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring the database up to date first.")] = False,
) -> None:
    """Receive webhooks and show the pages.

    Needs a migrated database (`bugferry db upgrade`, or --migrate). A hook without a secret in the environment is
    switched off.
    """
    settings = load_settings(join=False)
    start_logging(settings)
    running = Running(settings.mapping_paths, lambda book, _: _places(settings, book))

    def tracker_now(source: str, place: str) -> str | None:
        return running()[1](source, place)

    def refused_now() -> str | None:
        running()
        return running.refused

    if migrate and pending(engine := open_engine(settings.database)):
        import_module("worker.store.migrate").upgrade(engine)
    store = open_store(settings)
    door = Door(
        store=store,
        secrets=hook_secrets(settings),
        tracker_of=tracker_now,
        mapping_refused=refused_now,
        now=clock_of(store),
        wake=CeleryWake(*broker(settings)),
        hold=timedelta(seconds=settings.hold_s),
    )
    practice_url = settings.jira_url.removesuffix("/jira") if settings.practice and settings.jira_url else None
    application = create_app(
        door, practice_url=practice_url, report_page=_report_page(store, door.now, lambda: running()[0].teams)
    )
    uvicorn.run(application, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=3)


def _report_page(store: Store, now: Callable[[], datetime], teams: Callable[[], Teams]) -> Callable[[], str]:
    """The page of the last week. What computes and draws it is loaded when the first one asks (adr/0005)."""

    @cache
    def made() -> Callable[[], str]:
        page: Callable[[], str] = import_module("worker.wiring.report_page").ReportPage(store, now, teams)
        return page

    def page() -> str:
        return made()()

    return page


def _places(settings: Settings, book: MappingBook) -> Callable[[str, str], str | None]:
    """Which tracker a webhook is for; a tracker without credentials is refused here, before a worker would."""
    for spec in book.trackers.values():
        access_of(settings, spec.name, spec.kind, spec.edition)
    return tracker_of(book)
