"""Source maps: every event that was read is told to the ledger of its release, and what is wrong gets one ticket.

A ledger changes under its project's lock. Sentry is asked outside of any transaction; when it cannot answer now, the
next event or the next round asks again. A diagnosis that a person closed the ticket of opens no other.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog

from worker.errors import Permanent, Transient
from worker.event import Event
from worker.flow.cases import umbrella
from worker.flow.context import Context
from worker.flow.services import Gate
from worker.mapping.sourcemap_text import ticket_text, title_of
from worker.model import Project
from worker.store.store import Tx
from worker.store.umbrellas import NewUmbrella
from worker.triage.map_answers import MapAnswer
from worker.triage.map_sight import Read, look
from worker.triage.sourcemaps import (
    FINE_IN_A_ROW,
    Diagnosis,
    Ledger,
    State,
    answered,
    diagnosis_of,
    fold,
    overtaken,
    release_of,
)

log = structlog.get_logger()

AT_ONCE = 50
"""Releases that one round looks at."""


def take_in(ctx: Context, events: Mapping[str, Event | None]) -> None:
    """Tell the ledgers what these events, by issue, show; repeating it changes nothing.

    What Sentry does not say now is asked again later.
    """
    for issue_id, event in events.items():
        if event is None or look(event).read is Read.NOTHING:
            continue
        with ctx.store.read() as tx:
            member = tx.cases.member(issue_id)
            news = member is not None and _tells_something(tx, member.project_slug, event, issue_id, ctx.now())
        if member is None:
            continue
        if news:
            with ctx.store.write(now=ctx.now()) as tx:
                _fold(tx, member.project_slug, event, issue_id, ctx.now())
        bring_up(ctx, member.project_slug, release_of(event))


def sweep_maps(ctx: Context) -> int:
    """Ask Sentry what it could not say before, and open what is still to be opened; how many releases it looked at."""
    with ctx.store.read() as tx:
        names = tx.ledgers.wanting(AT_ONCE)
    for name in names:
        bring_up(ctx, name.project, name.release)
    return len(names)


def bring_up(ctx: Context, project: str, release: str) -> None:
    """Ask Sentry about a release where that is due, and open the ticket that its diagnosis wants."""
    with ctx.store.read() as tx:
        ledger = tx.ledgers.of(project, release)
    if ledger.ask is not None:
        try:
            with Gate(ctx).watching():
                answer = _ask(ctx, ledger, ledger.ask)
        except Transient as error:
            log.info("source maps: not asked now", project=project, release=release, why=str(error))
            return
        with ctx.store.write(now=ctx.now()) as tx:
            _lock(tx, project)
            latest = tx.ledgers.of(project, release)
            if latest.ask == ledger.ask:
                ledger = answered(latest, answer)
                tx.ledgers.keep(ledger, ctx.now())
    diagnosis = diagnosis_of(ledger)
    if diagnosis is None or diagnosis.state is State.GONE or ledger.ask is not None:
        return
    with ctx.store.read() as tx:
        new = _wanted(ctx, tx, ledger, diagnosis)
    if new is not None:
        with ctx.store.write(now=ctx.now()) as tx:
            _lock(tx, project)
            if _still_open(tx, ledger) and tx.umbrellas.latest_of("source_maps", new.about) is None:
                umbrella.open_one(tx, new, ctx.now())


def about(ledger: Ledger) -> str:
    """What the umbrella of a release is about; another each time that the release breaks anew."""
    return f"{ledger.project} {ledger.release} #{ledger.back}"


def _ask(ctx: Context, ledger: Ledger, event_id: str) -> MapAnswer | None:
    try:
        return ctx.sentry.source_map_debug(Project("", ledger.project, ledger.project), event_id)
    except Permanent as error:
        log.info("source maps: Sentry does not say", project=ledger.project, event=event_id, why=str(error))
        return None


def _tells_something(tx: Tx, project: str, event: Event, issue_id: str, now: datetime) -> bool:
    """Whether an event changes what is known; one more that reads well in a release that always did says nothing."""
    before = tx.ledgers.of(project, release_of(event))
    if fold(before, event, issue_id, event.occurred_at or now) == before:
        return False
    calm = not before.broken and before.fine >= FINE_IN_A_ROW and look(event).read is Read.FINE
    return not calm or bool(tx.ledgers.broken_in(project))


def _fold(tx: Tx, project: str, event: Event, issue_id: str, now: datetime) -> None:
    _lock(tx, project)
    before = tx.ledgers.of(project, release_of(event))
    after = fold(before, event, issue_id, event.occurred_at or now)
    if after == before:
        return
    _keep(tx, after, now)
    for old in tx.ledgers.broken_in(project):
        if (healed := overtaken(old, after)) != old:
            _keep(tx, healed, now)


def _keep(tx: Tx, ledger: Ledger, now: datetime) -> None:
    """Remember a ledger; the ticket of what reads well again is closed."""
    tx.ledgers.keep(ledger, now)
    if not ledger.gone:
        return
    row = tx.umbrellas.open_of("source_maps", about(ledger))
    if row is not None:
        why = f"release {ledger.healed_by} reads well" if ledger.healed_by else "its events read well again"
        umbrella.close(tx, row.case_id, why, now)


def _wanted(ctx: Context, tx: Tx, ledger: Ledger, diagnosis: Diagnosis) -> NewUmbrella | None:
    """The ticket about a release, in the tracker of most of the bugs that it hides whose rule wants it; None: none."""
    if tx.umbrellas.latest_of("source_maps", about(ledger)):
        return None
    for (rule, tracker), _ in tx.watches.routes_of(ledger.issues).most_common():
        if tracker in ctx.trackers and ctx.book().policy(rule, tracker).source_maps_ticket:
            _, body = ticket_text(ctx.tracker(tracker).kind, diagnosis)
            return NewUmbrella("source_maps", about(ledger), rule, tracker, title_of(diagnosis), body)
    return None


def _still_open(tx: Tx, ledger: Ledger) -> bool:
    latest = tx.ledgers.of(ledger.project, ledger.release)
    return latest.broken > 0 and not latest.gone and latest.back == ledger.back


def _lock(tx: Tx, project: str) -> None:
    """Let nobody else change the ledgers of a project until the transaction ends."""
    tx.cases.lock_group(f"source maps of {project}")
