"""Tend an umbrella: make its ticket, say there who came and left, and close it when nothing is collected any more."""

from worker.beside import beside
from worker.case import Broken, Live, Plan
from worker.flow.actions import once
from worker.flow.actions.apply import apply
from worker.flow.context import Context
from worker.flow.lease import Lease
from worker.flow.observe.look import Seen
from worker.flow.story import umbrella as story
from worker.model import Body, Hint, Issue, Project, Status, Ticket
from worker.store.intents import Intent
from worker.store.umbrellas import OCCASION, StayRow, UmbrellaRow

PER_MESSAGE = 50
"""Cases that one comment names at most."""


def tend(ctx: Context, lease: Lease, seen: Seen) -> bool:
    """Bring an umbrella's ticket up to date, after any crash as well; False when the case is none.

    Repeating it is harmless. It reads and writes nothing in Sentry.
    """
    with ctx.store.read() as tx:
        row = tx.umbrellas.of(seen.case.id)
    if row is None:
        return False
    apply(ctx, lease, seen, Plan(beside(seen.case, None)))  # twins of its ticket are seen off
    link = seen.case.link
    if row.ended_at:
        return True
    if isinstance(link, Live):
        _speak(ctx, lease, row, seen, link.ticket)
    elif isinstance(link, Broken):
        _closed_by_a_person(ctx, lease, row, f"its ticket was taken away: {link.reason}")
    else:
        _make(ctx, lease, row)
    return True


def _make(ctx: Context, lease: Lease, row: UmbrellaRow) -> None:
    """Make the ticket, or adopt it; what is closed meanwhile gets none."""
    tracker = ctx.tracker(row.tracker)
    with ctx.store.write(lease.claim, ctx.now()) as tx:
        intent = tx.intents.open(row.case_id, "create", OCCASION, ctx.now())
        if intent.fresh:  # whoever comes later is told in a comment: every attempt sends the same
            tx.umbrellas.compose(row.case_id, 0, PER_MESSAGE)
        listed = tx.umbrellas.message(row.case_id, 0)
    found = once.adopt(ctx, tracker, intent)
    if found is None and row.closed_at:
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.intents.give_up(intent)
            tx.umbrellas.end(row.case_id, ctx.now())
        return
    draft = ctx.book().umbrella(
        row.rule, row.tracker, _sample(ctx, listed), (row.title, story.text(tracker.kind, row.body, listed))
    )
    ticket = found or once.attempt(ctx, lease, intent, lambda: tracker.create(draft, intent.id))
    _say_where(ctx, listed, ticket.key)
    _made(ctx, lease, row, (intent, ticket))


def _made(ctx: Context, lease: Lease, row: UmbrellaRow, made: tuple[Intent, Ticket]) -> None:
    (intent, ticket), now = made, ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        tx.cases.add_ticket(row.case_id, ticket, row.rule, intent.id, Status.OPEN, now)
        tx.intents.done(intent, ticket.key, now)
        tx.history.add(story.made(row, ticket, now), now)
        tx.work.push(Hint(lease.claim.key, "umbrella made"), now)


def _say_where(ctx: Context, listed: tuple[StayRow, ...], key: str) -> None:
    """Let each case say where it is listed. Not under our claim: who holds such a case may wait for ours."""
    if listed:
        with ctx.store.write(now=ctx.now()) as tx:
            tx.umbrellas.say({stay.case_id: story.verdict(stay.why, key) for stay in listed})


def _sample(ctx: Context, listed: tuple[StayRow, ...]) -> Issue:
    """The first bug in it as we last saw it, for what the rule says of all its tickets."""
    with ctx.store.read() as tx:
        first = tx.cases.load(listed[0].case_id) if listed else None
    if first is None or not first.members:
        return Issue("0", "", "", Project("", ""))
    one = first.members[0]
    project = Project("", one.project_slug, one.project_slug, one.platform)
    return Issue(
        one.id, one.short_id, one.title, project, permalink=one.permalink, level=one.level, priority=one.priority,
        platform=one.platform, first_seen=one.first_seen, last_seen=one.last_seen, last_release=one.last_release,
    )  # fmt: skip


def _speak(ctx: Context, lease: Lease, row: UmbrellaRow, seen: Seen, ticket: Ticket) -> None:
    _tell_news(ctx, lease, row, ticket)
    done = seen.case.policy.status.read(ticket.state) is not Status.OPEN
    if row.closed_at is None and done:
        _closed_by_a_person(ctx, lease, row, "a person closed its ticket")
    elif row.closed_at is not None:
        body = ctx.book().comment(ticket.tracker, story.farewell(row.closed_why or "it is closed"))
        once.comment(ctx, lease, row.case_id, ticket, ("umbrella closed", body))
        if not done:
            ticket = _close(ctx, seen, ticket)
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            tx.cases.save_ticket(row.case_id, ticket, ctx.now())
            tx.umbrellas.end(row.case_id, ctx.now())


def _close(ctx: Context, seen: Seen, ticket: Ticket) -> Ticket:
    tracker = ctx.tracker(ticket.tracker)
    tracker.move(ticket, seen.case.policy.status.write(Status.RESOLVED))
    return tracker.read(ticket.key)


def _closed_by_a_person(ctx: Context, lease: Lease, row: UmbrellaRow, why: str) -> None:
    """Nothing follows from it for what it collects; what comes after it opens the next umbrella."""
    now = ctx.now()
    with ctx.store.write(lease.claim, now) as tx:
        if tx.umbrellas.close(row.case_id, why, now, ended=True):
            tx.history.add(story.closed(row.case_id, why, now, actor="tracker"), now)
        else:
            tx.umbrellas.end(row.case_id, now)


def _tell_news(ctx: Context, lease: Lease, row: UmbrellaRow, ticket: Ticket) -> None:
    """Say all that is new, comment by comment; one that was interrupted is said to its end first."""
    with ctx.store.read() as tx:
        number = tx.umbrellas.latest_message(row.case_id)
        begun = tx.intents.get(row.case_id, "comment", _occasion(number))
    if number and (begun is None or begun.state != "done"):
        _say(ctx, lease, row, ticket, number)
    while True:
        number += 1
        with ctx.store.write(lease.claim, ctx.now()) as tx:
            news = tx.umbrellas.compose(row.case_id, number, PER_MESSAGE)
        if not news:
            return
        _say(ctx, lease, row, ticket, number)


def _say(ctx: Context, lease: Lease, row: UmbrellaRow, ticket: Ticket, number: int) -> None:
    with ctx.store.read() as tx:
        told = tx.umbrellas.message(row.case_id, number)
    _say_where(ctx, tuple(stay for stay in told if stay.joined_in == number), ticket.key)
    kind = ctx.tracker(ticket.tracker).kind
    body: Body = ctx.book().comment(ticket.tracker, story.news(kind, number, told))
    once.comment(ctx, lease, row.case_id, ticket, (_occasion(number), body))


def _occasion(number: int) -> str:
    return f"umbrella news {number}"
