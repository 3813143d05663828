"""Alerts: a round reads what history says since the last one, notes what is worth saying, and tells it when it is time.

Notes are held in the outbox, one for each case, event and channel; `triage.alert` decides when they become messages.
First contact is gentle: the first round only remembers where history ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby, takewhile

from worker.errors import Gone, Moved, Permanent
from worker.event import Event
from worker.flow.context import Context
from worker.flow.messages import alert_words
from worker.flow.messages.concern import covers, mirrored, projects_under
from worker.flow.messages.digest import digest
from worker.flow.messages.digest_words import morning
from worker.flow.messages.post import of_lines, post
from worker.flow.observe.origin import origin_asked
from worker.flow.services import Gate
from worker.mapping.channels import Channel
from worker.mapping.facts import Around, Facts, gather
from worker.model import Issue, Status
from worker.store.case_rows import CaseRow, MemberRow
from worker.store.history import Recorded
from worker.store.outbox import MessageRow, NewMessage
from worker.store.store import Tx
from worker.store.work import WorkRow
from worker.triage.alert import Bundle, Line, Move, Note, Pace, Says, happened, headline, release

HISTORY, PARKED = "alerts.history", "alerts.parked"
BATCH = 500
RIPE = timedelta(seconds=2)
"""Entries are read after so long: one of a transaction that began earlier may still appear before them."""
FRESH = timedelta(days=1)
"""What happened so long before we heard of it is the past (a backfill, our first days), and no news."""
SAME_EVENT = timedelta(minutes=10)
"""The same thing about the same case within so long is one event: several of its issues came back."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MORNING = time(8)
"""When the digest comes in a channel without quiet hours; else it comes when these end."""
NEWS = (Says.NEW, Says.REGRESSION, Says.ESCALATION)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something worth saying about a case. `facts` None: it stands for many, of these `projects`."""

    says: Says
    row: CaseRow
    entry: Recorded
    facts: Facts | None
    projects: frozenset[str] = frozenset()


def sweep_alerts(ctx: Context) -> int:
    """Note what happened, then tell what it is time for; the number of messages that were made."""
    channels = tuple(ctx.book().channels.values())
    if not channels:
        _forget(ctx)
        return 0
    _note_parked(ctx, channels)
    told = sum(_tell(ctx, channel) for channel in channels)
    _note_history(ctx, channels)
    told += sum(_tell(ctx, channel) for channel in channels)
    return told + sum(_digest(ctx, channel) for channel in channels)


def _forget(ctx: Context) -> None:
    """Nobody listens: when somebody does again, it begins with that moment."""
    with ctx.store.read() as tx:
        heard = _cursor(tx, HISTORY) or _cursor(tx, PARKED)
    if heard:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.cursors.set(HISTORY, "")
            tx.cursors.set(PARKED, "")


def _cursor(tx: Tx, name: str) -> str:
    return tx.cursors.get(name) or ""


# ---------------------------------------------------------------- what history says


def _note_history(ctx: Context, channels: Sequence[Channel]) -> None:
    with ctx.store.read() as tx:
        cursor = _cursor(tx, HISTORY)
        entries = tx.history.after(int(cursor), BATCH) if cursor else ()
    if not cursor:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.cursors.set(HISTORY, str(tx.history.last()))
        return
    ripe = list(takewhile(lambda entry: entry.recorded_at <= ctx.now() - RIPE, entries))
    if not ripe:
        return
    with Gate(ctx).watching():
        happenings = list(_happenings(ctx, ripe))
    with ctx.store.write(now=ctx.now()) as tx:
        for happening in happenings:
            for channel in channels:
                _note(tx, channel, happening, ctx.now())
        tx.cursors.set(HISTORY, str(ripe[-1].id))


def _happenings(ctx: Context, entries: Sequence[Recorded]) -> Iterator[Happening]:
    about = sorted((entry for entry in entries if entry.case_id is not None), key=lambda entry: entry.case_id or 0)
    for case_id, found in groupby(about, key=lambda entry: entry.case_id or 0):
        theirs = list(found)
        says = happened([_move(entry) for entry in theirs])
        with ctx.store.read() as tx:
            row = tx.cases.load(tx.cases.home(case_id)) if says else None
            projects = projects_under(tx, case_id) if says and says not in NEWS else frozenset()
        if says is None or row is None:
            continue
        entry = next(entry for entry in theirs if happened([_move(entry)]) is says)
        if says not in NEWS:
            yield Happening(says, row, entry, None, projects)
        elif (facts := _facts(ctx, row, says)) is not None:
            yield Happening(says, row, entry, facts)


def _move(entry: Recorded) -> Move:
    fresh = entry.recorded_at - entry.occurred_at < FRESH
    return Move(entry.kind, entry.old, entry.new, entry.rule, entry.detail, fresh)


def _facts(ctx: Context, row: CaseRow, says: Says) -> Facts | None:
    """The facts of a case that is open and no noise, as they are now; None when there is nothing to say of it."""
    alive = [member for member in row.members if not member.gone_at and member.status is Status.OPEN]
    if not alive:
        return None
    issue, event = _as_now(ctx, alive[0])
    old = issue.first_seen is not None and row.opened_at - issue.first_seen > FRESH
    if issue.status is not Status.OPEN or (says is Says.NEW and old):
        return None
    others = tuple(mirrored(member) for member in alive[1:])
    with ctx.store.read() as tx:
        word = tx.feedback.word_on([member.id for member in alive])
    origin = origin_asked(ctx, issue, event)
    facts = gather(issue, event, Around(ctx.now(), (issue, *others), origin, no_noise=word.no_noise))
    return None if facts["triage"]["cause"] == "noise" else facts


def _as_now(ctx: Context, member: MemberRow) -> tuple[Issue, Event | None]:
    """An issue with its newest event; as last seen where Sentry will not show it any more."""
    try:
        return ctx.sentry.issue(member.id), ctx.sentry.latest_event(member.id)
    except (Gone, Moved, Permanent):
        return mirrored(member), None


def _note(tx: Tx, channel: Channel, happening: Happening, now: datetime) -> None:
    """Hold a note for a channel that is to be told, unless it knows already."""
    says, row, thread = happening.says, happening.row, f"case:{happening.row.id}"
    if says not in channel.says or not _concerns(channel, happening):
        return
    if says is Says.NEW:
        occasion = f"{thread}:new"
        if tx.outbox.noted(channel.name, thread, NEWS):
            return
    else:
        occasion = f"{thread}:{says}:{happening.entry.id}"
        if tx.outbox.noted(channel.name, thread, [says], now - SAME_EVENT):
            return
    bundle = _bundle(row) if says is Says.NEW else None
    content = {"case": row.id, "why": happening.entry.why}
    new = NewMessage(channel.name, occasion, says, thread, content, thread=thread, bundle=bundle, held=True)
    tx.outbox.add(new, now)


def _concerns(channel: Channel, happening: Happening) -> bool:
    """Whether a channel's scope covers it. What stands for many cases goes by project alone."""
    if happening.facts is not None:
        return channel.scope.covers(happening.facts)
    wanted = channel.scope.projects
    return wanted is None or bool(happening.projects & set(wanted))


def _bundle(row: CaseRow) -> str | None:
    """New bugs of one release are told together; those without a release by their project."""
    member = next((member for member in row.members if not member.gone_at), None)
    if member is None:
        return None
    return member.first_release or member.last_release or member.project_slug


# ---------------------------------------------------------------- what was parked


def _note_parked(ctx: Context, channels: Sequence[Channel]) -> None:
    with ctx.store.read() as tx:
        cursor = _cursor(tx, PARKED)
        rows = tx.work.parked_since(datetime.fromisoformat(cursor), BATCH) if cursor else ()
        abouts = [(row, _message(tx, row.key), _case(tx, row.key)) for row in rows]
    if cursor and not rows:
        return
    at = rows[-1].parked_at if rows else None
    with ctx.store.write(now=ctx.now()) as tx:
        for channel in channels:
            for row, message, case in abouts:
                _note_work(tx, channel, row, (message, case), ctx.now())
        tx.cursors.set(PARKED, (at or ctx.now()).isoformat())


def _note_work(
    tx: Tx, channel: Channel, row: WorkRow, about: tuple[MessageRow | None, CaseRow | None], now: datetime
) -> None:
    message, case = about
    if Says.PARKED not in channel.says:
        return
    if message and (message.channel == channel.name or message.kind == Says.PARKED):
        return  # a channel that cannot be reached is not told so, or it would never end
    if not channel.scope.everything and not (case and covers(channel.scope, case, now)):
        return
    parked = row.parked_at.isoformat() if row.parked_at else ""
    thread = row.key if case else f"work:{row.key}"
    line = Line(row.key, f"{row.parked_reason or 'parked'}", None)
    content = {**of_lines([line]), "case": case.id if case else None}
    new = NewMessage(
        channel.name, f"parked:{row.key}:{parked}", Says.PARKED, row.key, content, thread=thread, held=True
    )
    tx.outbox.add(new, now)


def _message(tx: Tx, key: str) -> MessageRow | None:
    kind, _, rest = key.partition(":")
    return tx.outbox.get(int(rest)) if kind == "message" and rest.isdigit() else None


def _case(tx: Tx, key: str) -> CaseRow | None:
    kind, _, rest = key.partition(":")
    return tx.cases.load(int(rest)) if kind == "case" and rest.isdigit() else None


# ---------------------------------------------------------------- telling


def _tell(ctx: Context, channel: Channel) -> int:
    now = ctx.now()
    with ctx.store.read() as tx:
        held = tx.outbox.held(channel.name)
        if not held:
            return 0
        left = channel.per_hour - tx.outbox.told_since(channel.name, now - HOUR)
        told = tx.outbox.bundle_told_at(channel.name, {row.bundle for row in held if row.bundle})
    notes = [Note(row.id, Says(row.kind), row.bundle, row.created_at) for row in held]
    bundles = release(notes, Pace(now, channel.quiet, left, ctx.timing.poll, told))
    rows = {row.id: row for row in held}
    return sum(_tell_bundle(ctx, channel, bundle, [rows[note.id] for note in bundle.notes]) for bundle in bundles)


def _tell_bundle(ctx: Context, channel: Channel, bundle: Bundle, rows: Sequence[MessageRow]) -> bool:
    """Make one message of these notes. Raises `Transient` when another round has just told some of them."""
    first, now = rows[0], ctx.now()
    with ctx.store.read() as tx:
        lines = alert_words.lines(tx, rows)
    loud = bundle.kind in {Says.REGRESSION, Says.STORM}
    alone = len(rows) == 1
    thread = first.thread if alone else f"bundle:{bundle.name}" if bundle.name else None
    new = NewMessage(
        channel.name, f"told:{first.occasion}", bundle.kind or "held", headline(bundle), of_lines(lines, loud=loud),
        thread=thread, bundle=bundle.name,
    )  # fmt: skip
    with ctx.store.write(now=now) as tx:
        message_id = post(tx, new, now)
        if message_id is not None:
            tx.outbox.tell_in([row.id for row in rows], message_id)
    return message_id is not None


# ---------------------------------------------------------------- the morning digest


def _digest(ctx: Context, channel: Channel) -> bool:
    """Once a morning, what is new and what waits for a person; nothing on the first day, and nothing of nothing."""
    if Says.DIGEST not in channel.says:
        return False
    here = ctx.now().astimezone(channel.zone)
    begins = channel.quiet.end if channel.quiet else MORNING
    day = here.date() if here.time() >= begins else here.date() - timedelta(days=1)
    name, slot = f"digest.{channel.name}", day.isoformat()
    with ctx.store.read() as tx:
        known = tx.cursors.get(name)
    if known == slot or (channel.quiet and channel.quiet.until(ctx.now())):
        return False
    told = morning(digest(ctx, channel.scope, ctx.now() - DAY), ctx.now()) if known is not None else None
    with ctx.store.write(now=ctx.now()) as tx:
        if not tx.cursors.claim_slot(name, slot) or told is None:
            return False
        new = NewMessage(channel.name, f"digest:{slot}", Says.DIGEST, told.subject, of_lines(told.lines))
        return post(tx, new, ctx.now()) is not None
