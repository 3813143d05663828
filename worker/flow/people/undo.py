"""Taking an answer back, as far as the world allows, and saying what it does not allow.

A person's second word counts as much as the first: what is taken back is noted beside what was said, which stays.
"""

from collections.abc import Callable, Mapping
from typing import Any

from worker.errors import UserFault
from worker.flow.ahead.preview import sparing
from worker.flow.cases.membership import reserve, take_in
from worker.flow.context import Context
from worker.flow.story import answers as story
from worker.flow.story import cases as story_cases
from worker.model import Fixed, Hint, Status
from worker.store.history import Recorded
from worker.store.store import Tx

LOOKED_AT = 500
"""How many of the latest answers are looked through for those of one person."""


def last_answers(ctx: Context, who: str, limit: int = 1) -> tuple[Recorded, ...]:
    """The latest answers of a person that stand, the newest first."""
    with ctx.store.read() as tx:
        entries = tx.history.latest((story.ANSWERED, story.UNDONE), LOOKED_AT)
    gone = {entry.detail.get("answer") for entry in entries if entry.kind == story.UNDONE}
    mine = [entry for entry in entries if entry.kind == story.ANSWERED and entry.actor == who]
    return tuple([entry for entry in mine if entry.id not in gone][:limit])


def undo(ctx: Context, entry: Recorded, who: str) -> str:
    """Take one answer back; what became of it, and what cannot be undone.

    `Transient` while a worker has the case, `Permanent` or `UserFault` when nothing of it can be taken back.
    """
    said = _WAYS[entry.new or ""](ctx, entry, who)
    with ctx.store.write(now=ctx.now()) as tx:
        if not tx.history.add(story.undone(entry, said, who, ctx.now()), ctx.now()):
            raise UserFault("this answer was taken back already; `bugferry case show` tells what is so now.")
    return said


def _open(ctx: Context, entry: Recorded, who: str) -> str:
    """The rules decide again; a ticket that was made stays."""
    back, now = _back(entry), ctx.now()
    with ctx.store.write(now=now) as tx:
        case_id = tx.cases.home(entry.case_id or 0)
        for issue_id in back["issues"]:
            tx.feedback.add("as_ruled", issue_id, (), who, now)
        row = tx.cases.load(case_id)
        if row and row.ticket:
            key, url = story_cases.called(row.ticket.key), row.ticket.url
            return f"the rules decide again, but {key} was made already and stays: close it if nobody wants it ({url})"
        if back["broken"]:
            tx.cases.unmend(case_id, back["broken"], now)
            return "no ticket: it is left as it was taken away"
        tx.work.push(Hint(f"case:{case_id}", "the rules decide again"), now)
    return "the rules decide again about its ticket"


def _link(ctx: Context, entry: Recorded, who: str) -> str:
    """The ticket stays as it is and is nobody's; the rules decide again."""
    back, now = _back(entry), ctx.now()
    with ctx.store.write(now=now) as tx:
        case_id = entry.case_id or 0
        if (home := tx.cases.home(case_id)) != case_id:
            raise UserFault(f"case {case_id} became part of case {home} since: take that back first, or split it off.")
        reserve(tx, case_id, now)
        ticket = tx.cases.ticket_of(case_id)
        if ticket is None or ticket.id != back["row"]:
            raise UserFault("the case has gone on without that ticket; `bugferry case show` tells what is so now.")
        tx.membership.put_down(case_id, f"{who} took the link back", back)
        if back["broken"]:
            tx.cases.unmend(case_id, back["broken"], now)
        tx.history.add(story_cases.ticket_unlinked(case_id, ticket.key, who, now), now)
    left = "no ticket is made: it is left as it was taken away" if back["broken"] else "the rules decide again"
    return f"{story_cases.called(ticket.key)} stays as it is and is no longer its ticket; {left}"


def _ignore(ctx: Context, entry: Recorded, who: str) -> str:
    """Unarchive what is still archived."""
    back, now, said = _back(entry), ctx.now(), "open in Sentry again"
    with ctx.store.read() as tx:
        members = [member for issue_id in back["issues"] if (member := tx.cases.member(issue_id))]
    archived = [member for member in members if member.status is Status.IGNORED and not member.gone_at]
    for member in archived:
        with sparing(ctx):
            ctx.sentry.move(member.id, Status.OPEN, Fixed())
        with ctx.store.write(now=now) as tx:
            tx.cases.issue_moved(member.id, Status.OPEN)
            move = (Status.IGNORED, Status.OPEN)
            tx.history.add(story.moved_by(member.case_id, member.id, move, who, said, now), now)
            tx.work.push(Hint(f"case:{member.case_id}", "unarchived"), now)
    return said if archived else "it is no longer archived: nothing is left to undo"


def _not_noise(ctx: Context, entry: Recorded, who: str) -> str:
    now = ctx.now()
    with ctx.store.write(now=now) as tx:
        for issue_id, cause in _back(entry)["causes"].items():
            tx.feedback.add("as_judged", issue_id, (), who, now)
            tx.casebook.overrule(issue_id, cause)
        tx.work.push(Hint(f"case:{tx.cases.home(entry.case_id or 0)}", "its cause is judged again"), now)
    return "its cause is what the machine judges"


def _join(ctx: Context, entry: Recorded, who: str) -> str:
    """The case that was taken in comes back with its issues; of two tickets each gets its own, unless it was closed."""
    back, now = _back(entry), ctx.now()
    with ctx.store.write(now=now) as tx:
        into, own = tx.cases.home(entry.case_id or 0), back["from"]
        reserve(tx, into, now)
        closed = tx.membership.unmerge(own, into, back["issues"], dict(back["held"]))
        _unsay(tx, back, who, ctx)
        for case_id in (own, into):
            told = ", ".join(back["issues"])
            tx.history.add(story_cases.case_split(case_id, told, into, own, who, now), now)
            tx.work.push(Hint(f"case:{case_id}", "a join was taken back"), now)
    stays = f"; {', '.join(map(story_cases.called, closed))} was closed as a duplicate already and stays so"
    return f"case {own} is a case of its own again{stays if closed else ''}"


def _split(ctx: Context, entry: Recorded, who: str) -> str:
    """What left comes back; a ticket that it got meanwhile is closed as a duplicate."""
    back, now = _back(entry), ctx.now()
    with ctx.store.write(now=now) as tx:
        own, into = tx.cases.home(back["case"]), tx.cases.home(back["from"])
        reserve(tx, own, now)
        merged = take_in(tx, own, into, f"{who} took a split back", now, actor=who)
        _unsay(tx, back, who, ctx)
    closed = f"; {story_cases.called(merged.loser)}, made meanwhile, is closed as a duplicate" if merged.loser else ""
    return f"its issues are back in case {into}{closed}"


def _different(ctx: Context, entry: Recorded, who: str) -> str:
    with ctx.store.write(now=ctx.now()) as tx:
        _unsay(tx, _back(entry), who, ctx)
    return "the suggestion waits again"


def _unsay(tx: Tx, back: Mapping[str, Any], who: str, ctx: Context) -> None:
    """Take back what was said about these issues and those; what was suggested about them waits again."""
    for issue_id in back["issues"] if back["others"] else ():
        tx.feedback.add("unsaid", issue_id, back["others"], who, ctx.now())
    tx.casebook.reopen(back.get("suggestions", ()))


def _back(entry: Recorded) -> Mapping[str, Any]:
    """What the answer kept for this, as JSON (hence Any)."""
    return entry.detail


_WAYS: Mapping[str, Callable[[Context, Recorded, str], str]] = {
    "open": _open,
    "link": _link,
    "ignore": _ignore,
    "not_noise": _not_noise,
    "join": _join,
    "split": _split,
    "several": _different,
    "different": _different,
}
