"""What every process with a database stands on: store, mapping and clock."""

from collections.abc import Callable
from datetime import UTC, datetime

from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.settings import Settings
from worker.store.clock import StoreClock
from worker.store.engine import is_there, name_of, open_engine
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
    """The store on its engine; `UserFault` when the database is not there, does not answer or is not migrated."""
    if not is_there(settings.database):
        raise UserFault(
            f"there is no database at {name_of(settings.database)}: is this the wrong folder, or should "
            "BUGFERRY_DATA_DIR or BUGFERRY_DATABASE_URL name another? `bugferry run` makes it at its first start, "
            "`bugferry db upgrade` by hand."
        )
    engine = open_engine(settings.database)
    if pending(engine):
        raise UserFault(
            f"the database {name_of(settings.database)} is empty or behind this version of Bugferry: if it is the "
            "right one, run `bugferry db upgrade`."
        )
    return Store(engine)


def tracker_of(book: MappingBook) -> Callable[[str, str], str | None]:
    """Which tracker a webhook's place (project key, `owner/name`) belongs to; None for a stranger's."""
    names = {(spec.kind.value, spec.place.lower()): spec.name for spec in book.trackers.values()}
    return lambda source, place: names.get((source, place.lower()))
