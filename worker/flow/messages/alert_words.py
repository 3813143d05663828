"""What alerts say: one line a case, as plain text; whoever sends it makes it inert. Secrets are scrubbed here."""

from collections.abc import Sequence

from worker.flow.story.cases import called
from worker.mapping.markup import one_line, shorten
from worker.mapping.scrub import Scrubber
from worker.store.case_rows import CaseRow
from worker.store.outbox import MessageRow
from worker.store.store import Tx
from worker.triage.alert import Line, Says

SHOWN = 20
"""Cases that one message names."""
TITLE_SHOWN = 160


def lines(tx: Tx, notes: Sequence[MessageRow]) -> tuple[Line, ...]:
    """What a message of these notes says: the cases as they stand now, those that hurt most first."""
    found = [(note, _case_of(tx, note)) for note in notes]
    ordered = sorted(found, key=lambda pair: -_hurt(pair[1]))
    shown = [_line(note, case) for note, case in ordered[:SHOWN]]
    left = len(ordered) - len(shown)
    return (*shown, Line(f"and {left} more")) if left else tuple(shown)


def _case_of(tx: Tx, note: MessageRow) -> CaseRow | None:
    case_id = note.content.get("case")
    return tx.cases.load(tx.cases.home(case_id)) if isinstance(case_id, int) else None


def _hurt(case: CaseRow | None) -> int:
    return sum(member.count for member in case.members if not member.gone_at) if case else 0


def _line(note: MessageRow, case: CaseRow | None) -> Line:
    said = note.content.get("lines")
    if isinstance(said, list) and said:
        return Line(clean(str(said[0]["text"])), clean(str(said[0]["note"])), address(case) if case else None)
    if case is None or not case.members:
        return Line(clean(str(note.content.get("why", ""))), None, address(case) if case else None)
    alive = [member for member in case.members if not member.gone_at] or list(case.members)
    head = f"{', '.join(member.short_id for member in alive[:3])}  {alive[0].title}"
    return Line(clean(head), clean(_figures(note, case)), address(case))


def _figures(note: MessageRow, case: CaseRow) -> str:
    alive = [member for member in case.members if not member.gone_at] or list(case.members)
    events, users = sum(member.count for member in alive), max(member.user_count for member in alive)
    parts = [f"{events:,} {'event' if events == 1 else 'events'}, {users:,} {'user' if users == 1 else 'users'}"]
    parts += [one for one in (alive[0].project_slug, alive[0].last_release) if one]
    parts.append(f"ticket {called(case.ticket.key)}" if case.ticket else "no ticket")
    if note.kind != Says.NEW:
        parts.append(str(note.content.get("why", "")))
    return " · ".join(parts)


def address(case: CaseRow) -> str | None:
    """Where a person goes on: the ticket, else the issue."""
    if case.ticket:
        return case.ticket.url
    return next((member.permalink for member in case.members if member.permalink), None)


def clean(text: str) -> str:
    """One visible line without secrets and personal data."""
    return shorten(one_line(Scrubber().text(text)), 2 * TITLE_SHOWN)
