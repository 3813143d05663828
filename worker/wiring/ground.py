"""What every process with a database stands on: store, mapping and clock."""

from collections.abc import Callable
from datetime import UTC, datetime

from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.settings import Settings
from worker.store.clock import StoreClock
from worker.store.engine import open_engine
from worker.store.store import Store
from worker.store.version import pending

LATE_S = 300.0
"""Work that has been due for longer than this means that no worker is alive."""


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


def tracker_of(book: MappingBook) -> Callable[[str, str], str | None]:
    """Which tracker a webhook's place (project key, `owner/name`) belongs to; None for a stranger's."""
    names = {(spec.kind.value, spec.place.lower()): spec.name for spec in book.trackers.values()}
    return lambda source, place: names.get((source, place.lower()))
