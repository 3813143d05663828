"""What every process stands on: store, mapping, broker, hook secrets, clock and log."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.settings import Settings
from worker.store.clock import StoreClock
from worker.store.engine import open_engine
from worker.store.migrate import pending
from worker.store.store import Store


def utc_now() -> datetime:
    """This host's clock, for what is only shown; whatever others rely on is told by `clock_of`."""
    return datetime.now(UTC)


def clock_of(store: Store) -> Callable[[], datetime]:
    """The clock that all processes on this database share."""
    return StoreClock(store)


def open_store(settings: Settings) -> Store:
    """The store on its engine; `UserFault` when the database cannot be reached or is not migrated."""
    engine = open_engine(settings.database)
    if pending(engine):
        practice = settings.data_dir.resolve() / "practice" / "practice.db"
        other = f" (That of `bugferry run` in practice is BUGFERRY_DATABASE_URL=sqlite:///{practice})"
        raise UserFault(
            "the database is empty or behind this version of Bugferry: run `bugferry db upgrade`."
            + (other if practice.exists() and not settings.practice else "")
        )
    return Store(engine)


def broker(settings: Settings) -> tuple[str, dict[str, Any]]:
    """The Celery broker's address and transport options; without a Redis, folders beside the database."""
    if settings.redis_url:
        return settings.redis_url, {"socket_timeout": 5, "socket_connect_timeout": 2, "socket_keepalive": True}
    folder = settings.data_dir.resolve() / "broker"
    for part in ("queue", "control"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    queue, control = str(folder / "queue"), str(folder / "control")
    return "filesystem://", {"data_folder_in": queue, "data_folder_out": queue, "control_folder": control}


def tracker_of(book: MappingBook) -> Callable[[str, str], str | None]:
    """Which tracker a webhook's place (project key, `owner/name`) belongs to; None for a stranger's."""
    names = {(spec.kind.value, spec.place.lower()): spec.name for spec in book.trackers.values()}
    return lambda source, place: names.get((source, place.lower()))


def start_logging(settings: Settings) -> None:
    """One line an event to stderr, with the same keys everywhere; text for people, JSON for machines."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
