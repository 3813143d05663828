"""Storms: their new bugs wait in one umbrella ticket, and get their own when it is over.

Who makes a ticket asks first (`held`), and who only looks ahead asks without a write (`foretold`); a round lets storms
end (`sweep_storms`). A storm that is over, or whose ticket a person closed, holds nothing: whatever it still collects
is released, however often the round is interrupted.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from worker.case import Case, CreateTicket, NoTicket
from worker.flow.cases import umbrella
from worker.flow.context import Context
from worker.flow.observe import beginnings
from worker.flow.observe.look import Seen
from worker.flow.observe.notes import create_intent
from worker.flow.story import watch as story
from worker.model import TrackerKind
from worker.store.case_rows import MemberRow
from worker.store.store import Tx
from worker.store.umbrellas import NewUmbrella, UmbrellaRow
from worker.store.watches import WatchRow
from worker.triage.cause import Cause
from worker.triage.storm import LONGEST, Beginning, Storm, fold, tick
from worker.triage.storm_signs import beginning

SHOWN = 20
"""Issues with tickets of their own that the umbrella names."""
AT_ONCE = 100
WHY = "part of a storm"
OVER = "the storm is over"
CLOSED = "a person closed the storm's ticket"


def held(ctx: Context, tx: Tx, seen: Seen, action: CreateTicket) -> bool:
    """Collect a case if a storm of its project rages that it is part of; whether that was so.

    A create that may have arrived is finished, whatever the weather, and a person who wants a ticket gets it.
    """
    found = _raging(tx, seen) if ctx.book().policy(action.rule, action.tracker).storms.hold else None
    if found is None or not _holds(ctx, tx, seen.case, action, found):
        return False
    begun = tx.intents.get(seen.case.id, *create_intent(seen.row))
    if begun and begun.state == "sent":
        return False
    new = _wanted(ctx, tx, action, found)
    return umbrella.collect(tx, seen.case.id, umbrella.open_one(tx, new, ctx.now()), WHY, ctx.now())


def foretold(
    ctx: Context, tx: Tx, case: Case, action: CreateTicket, known: Mapping[str, MemberRow], *, infrastructure: bool
) -> umbrella.Foretold | None:
    """Where a case would be collected if its ticket were made now; None where no storm holds it. Nothing is written.

    `known`: its issues that we know, by id; `infrastructure`: a new one is judged to be its fault.
    """
    if action.adopt_only or (isinstance(case.link, NoTicket) and case.link.interrupted):
        return None
    hold = ctx.book().policy(action.rule, action.tracker).storms.hold
    found = _seen_ahead(tx, case, known, ctx.now(), infrastructure=infrastructure) if hold else None
    if found is None or not _holds(ctx, tx, case, action, found):
        return None
    last = f"{found[1].began_at + LONGEST:%Y-%m-%d %H:%M} UTC"
    until = f"the storm is over, at the latest {last}, or a person closes that ticket"
    return umbrella.Foretold(_wanted(ctx, tx, action, found), until, f"{WHY}: {found[1].evidence}")


def sweep_storms(ctx: Context) -> int:
    """Let storms end whose time has come, and let go what they held; the number of cases that were let go."""
    with ctx.store.read() as tx:
        raging = tx.watches.raging()
    for row in raging:
        with ctx.store.write(now=ctx.now()) as tx:
            beginnings.pass_time(tx, row.project, ctx.now())
        _tell_of(ctx, row.project)
    with ctx.store.read() as tx:
        there = tx.umbrellas.holding("storm")
        now_raging = {story.about(row.project, row.watch.storm) for row in tx.watches.raging() if row.watch.storm}
    return sum(_let_go(ctx, row, row.about in now_raging) for row in there)


Found = tuple[WatchRow, Storm]
"""A project as it is watched, and the storm that rages there."""


def _holds(ctx: Context, tx: Tx, case: Case, action: CreateTicket, found: Found) -> bool:
    """Whether a storm holds a case back that is part of it."""
    (row, storm), wanted = found, ctx.book().policy(action.rule, action.tracker).storms
    if ctx.now() - row.since < wanted.known_for or tx.umbrellas.stay_of(case.id):
        return False
    before = tx.umbrellas.latest_of("storm", story.about(row.project, storm))
    wanted_by = tx.feedback.word_on([member.issue.id for member in case.members]).wanted_by
    return not wanted_by and not (before and before.closed_at)


def _wanted(ctx: Context, tx: Tx, action: CreateTicket, found: Found) -> NewUmbrella:
    """The umbrella of a storm; in the tracker of the case in hand where no other case of it has one."""
    row, storm = found
    mine = (action.rule, action.tracker, ctx.tracker(action.tracker).kind)
    return _umbrella(ctx, tx, row.project, storm) or _new(tx, row.project, storm, mine)


def _raging(tx: Tx, seen: Seen) -> Found | None:
    """The storm that a case is part of; its watch is locked, so that nobody ends it meanwhile."""
    causes = {member.id: member.cause for member in seen.row.members}
    for member in sorted(seen.case.members, key=lambda one: one.issue.project.slug):  # locks are taken in one order
        project = member.issue.project.slug
        row = tx.watches.of(project)
        if row is None or row.watch.storm is None:
            continue
        beginnings.lock(tx, project)
        row = tx.watches.of(project)
        infra = causes.get(member.issue.id) == Cause.INFRASTRUCTURE
        one = beginning(member.issue, infrastructure=infra)
        storm = row.watch.storm if row else None
        if row and storm and one and _is_part(storm, one):
            return row, storm
    return None


def _seen_ahead(
    tx: Tx, case: Case, known: Mapping[str, MemberRow], now: datetime, *, infrastructure: bool
) -> Found | None:
    """The same without a lock, as the watch will be once it has heard of what is new, and of the time."""
    for member in sorted(case.members, key=lambda one: one.issue.project.slug):
        issue, before = member.issue, known.get(member.issue.id)
        row = tx.watches.of(issue.project.slug)
        infra = before.cause == Cause.INFRASTRUCTURE if before else infrastructure
        one = beginning(issue, infrastructure=infra)
        if row is None or one is None:
            continue
        watch = row.watch
        if before is None or beginnings.begins_anew(before.substatus, issue):
            watch, _ = fold(watch, one, now)
        watch, _ = tick(watch, now)
        if watch.storm and _is_part(watch.storm, one):
            return replace(row, watch=watch), watch.storm
    return None


def _is_part(storm: Storm, one: Beginning) -> bool:
    return one.issue in storm.members or (one.at >= storm.began_at and storm.takes(one))


def _tell_of(ctx: Context, project: str) -> None:
    """Open the umbrella of a storm whose bugs all have their tickets already: people hear of it all the same."""
    with ctx.store.write(now=ctx.now()) as tx:
        beginnings.lock(tx, project)
        row = tx.watches.of(project)
        storm = row.watch.storm if row else None
        if row is None or storm is None or tx.umbrellas.latest_of("storm", story.about(project, storm)):
            return
        new = _umbrella(ctx, tx, project, storm)
        wanted = ctx.book().policy(new.rule, new.tracker).storms if new else None
        if new and wanted and wanted.hold and ctx.now() - row.since >= wanted.known_for:
            umbrella.open_one(tx, new, ctx.now())


def _umbrella(ctx: Context, tx: Tx, project: str, storm: Storm) -> NewUmbrella | None:
    """In the tracker, and by the rule, of most of its members; None where none of them has a tracker that is there."""
    routes = tx.watches.routes_of(storm.members).most_common()
    route = next((told for told, _ in routes if told[1] in ctx.trackers), None)
    return _new(tx, project, storm, (*route, ctx.tracker(route[1]).kind)) if route else None


def _new(tx: Tx, project: str, storm: Storm, place: tuple[str, str, TrackerKind]) -> NewUmbrella:
    rule, tracker, kind = place
    body = story.storm_text(kind, project, storm, tx.watches.ticketed(storm.members, SHOWN))
    return NewUmbrella("storm", story.about(project, storm), rule, tracker, story.storm_title(project, storm), body)


def _let_go(ctx: Context, row: UmbrellaRow, rages: bool) -> int:
    """Release what an umbrella collects unless its storm rages and nobody closed it; then close it."""
    if rages and not row.closed_at:
        return 0
    why = OVER if not rages else CLOSED
    count = 0
    while True:
        with ctx.store.read() as tx:
            stays = tx.umbrellas.collected(row.case_id, 0, AT_ONCE)
        if not stays:
            break
        for stay in stays:
            with ctx.store.write(now=ctx.now()) as tx:
                count += umbrella.release(tx, stay.case_id, why, ctx.now())
    with ctx.store.write(now=ctx.now()) as tx:
        umbrella.close(tx, row.case_id, _ended(tx, row) or why, ctx.now())
    return count


def _ended(tx: Tx, row: UmbrellaRow) -> str | None:
    watch = tx.watches.of(row.about.rpartition(" ")[0])
    return f"{OVER}, {watch.ended_why}" if watch and watch.ended_why else None
