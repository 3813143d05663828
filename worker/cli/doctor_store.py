"""What the database tells of an installation: whether it answers, who works, what lies about, what arrived."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from worker.cli.doctor_lines import Line, fine, note, wrong
from worker.cli.screen import ago
from worker.errors import BugferryError
from worker.settings import Settings, hook_secrets
from worker.store.cursors import BEAT
from worker.store.engine import is_there, name_of, open_engine
from worker.store.store import Store, Tx
from worker.store.version import pending
from worker.wiring.ground import LATE_S, utc_now

QUIET_DAYS = 30
"""So far back a delivery is looked for."""

ROUNDS_MISSED = 3
"""So many rounds may be missed before nobody seems to work: a slow one holds up the next."""

CLOCK_S = 5.0
"""So far may two clocks be apart without a word."""

START = "Start it: `bugferry run`, or `bugferry worker` beside the others."

FIRST = "`bugferry run`, when all else is well. If there should be one: is this the wrong folder, or BUGFERRY_DATA_DIR?"


def look_at_database(settings: Settings, sources: Sequence[str]) -> Iterator[Line]:
    """That it is there, and what is in it. `sources`: of the services whose webhooks matter here."""
    try:
        name = name_of(settings.database)
        if not is_there(settings.database):
            yield note("database", f"there is none yet at {name}: the first start makes it", FIRST)
            yield from look_at_hooks(settings, dict.fromkeys(sources), utc_now())
            return
        engine = open_engine(settings.database)
        if pending(engine):
            said = f"{name} is empty or behind this version of Bugferry"
            yield wrong("database", said, "Run `bugferry db upgrade`, if it is the right one.")
            return
    except BugferryError as error:
        yield wrong("database", str(error), "Nothing that is in it could be looked at.")
        return
    yield from _inside(settings, engine, sources)


def _inside(settings: Settings, engine: Engine, sources: Sequence[str]) -> Iterator[Line]:
    store = Store(engine)
    told, here = store.time(), utc_now()
    apart_s = (told - here).total_seconds() if told else 0.0
    kind = engine.dialect.name
    if abs(apart_s) > CLOCK_S:
        how = "ahead of" if apart_s > 0 else "behind"
        said = f"{kind} answers; its clock is {abs(apart_s):.0f} s {how} this host's"
        yield note("database", said, "Workers go by the database's clock; let both follow a time server.")
    else:
        yield fine("database", f"{kind} answers and is up to date")
    now = told or here
    with store.read() as tx:
        yield _workers(settings, tx, now)
        yield _beat(settings, tx, now)
        yield from _work(tx, now)
        hooks = {source: tx.inbox.last(source, now - timedelta(days=QUIET_DAYS)) for source in sources}
    yield from look_at_hooks(settings, hooks, now)


# ---------------------------------------------------------------- who works


def _workers(settings: Settings, tx: Tx, now: datetime) -> Line:
    last, leased = tx.cursors.newest_slot(), tx.work.counts(now).leased
    if last is None:
        return note("workers", "none has ever worked here", START)
    if now - last > _overdue(settings):
        return wrong("workers", f"none is alive: the last round was {ago(last, now)}", START)
    return fine("workers", f"the last round was {ago(last, now)}; {leased} pieces of work are under way")


def _beat(settings: Settings, tx: Tx, now: datetime) -> Line:
    said = tx.cursors.get(BEAT)
    heard = datetime.fromisoformat(said) if said else None
    if heard and now - heard <= _overdue(settings):
        return fine("beat", f"a worker heard of it {ago(heard, now)}")
    last = f"no worker has heard of it since {heard:%Y-%m-%d %H:%M} UTC" if heard else "no worker has ever heard of it"
    return note("beat", f"{last}; workers do their rounds by themselves", "See that beat runs and the broker answers.")


def _overdue(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.poll_s * ROUNDS_MISSED + LATE_S)


def _work(tx: Tx, now: datetime) -> Iterator[Line]:
    soonest, counts = tx.work.soonest(), tx.work.counts(now)
    if soonest and (now - soonest).total_seconds() >= LATE_S:
        yield wrong("due work", f"{counts.due} are due, the first since {ago(soonest, now)}: nobody takes it", START)
    else:
        yield fine("due work", f"{counts.due} are due now, {counts.waiting} wait for their time")
    if counts.parked:
        (first,) = tx.work.listing(parked=True, limit=1)
        said = f"{counts.parked} wait for a person, such as {first.key}: {first.parked_reason}"
        yield wrong("parked work", said, "`bugferry work list --parked` has each with what to do.")
    else:
        yield fine("parked work", "none")
    for row in tx.services.listing():
        said = f"workers leave it alone since {row.since:%H:%M} UTC: it {row.trouble} ({row.reason})"
        yield wrong(row.name, said, "Work for it goes on by itself once it is well.")


# ---------------------------------------------------------------- what arrived


def look_at_hooks(settings: Settings, last: Mapping[str, datetime | None], now: datetime) -> Iterator[Line]:
    """By source when its last delivery came, None for none in a long while."""
    for source, then in last.items():
        what = f"webhook {source}"
        if source not in hook_secrets(settings):
            yield note(what, f"off, without a secret: polls find what changes, every {settings.poll_s:g} s")
            continue
        address = f"{(settings.public_url or '').rstrip('/')}/hooks/{source}"
        said = f"on, at {address}"
        if settings.public_url is None:
            said = "on; BUGFERRY_PUBLIC_URL is not set, so nobody can see whether the service leads here"
        if then:
            yield fine(what, f"{said}; the last delivery came {ago(then, now)}")
        else:
            todo = f"Move an issue or a ticket there and look again; if nothing comes, see that it leads to {address}."
            yield note(what, f"{said}; none arrived in {QUIET_DAYS} days", todo)
