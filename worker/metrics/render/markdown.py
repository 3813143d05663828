"""The report as Markdown that GitHub, GitLab and wikis show; text of strangers is inert in it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.mapping.markup import inline, link
from worker.metrics.render.lists import CaseList, Item, Said
from worker.metrics.render.sheet import Line, Notes, Sheet, Told
from worker.model import TrackerKind


def text(sheet: Sheet) -> str:
    """The whole report; numbers stand in tables, as there are no pictures."""
    return "\n".join(_lines(sheet)).rstrip() + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"# {safe(sheet.headline)}"
    yield f"\n{sheet.title} · {sheet.days} · {safe(sheet.scope)}"
    if sheet.late:
        yield f"\n> {sheet.late}"
    yield from _table(("", "This week", "How sure", "Compared"), "lrll", (_told(told) for told in sheet.big))
    if sheet.trend:
        yield f"\n## The last {len(sheet.trend)} weeks"
        yield from _grid("Week", sheet.columns, sheet.trend)
    if sheet.heat:
        yield "\n## Fixed in time, by the week of opening"
        rows = ((row.week, row.opened, *(words for _, words in row.cells)) for row in sheet.heat)
        heads = ("Opened in", "Cases", *(f"in {days} days" for days in sheet.horizons))
        yield from _table(heads, "l" + "r" * (len(heads) - 1), rows)
    yield from _changes(sheet.changes)
    for shown in sheet.lists:
        yield from _cases(shown)
    yield from _notes(sheet.deploys)
    yield from _notes(sheet.trouble)
    for split in sheet.splits:
        yield f"\n## {safe(split.title)}"
        yield from _grid("", split.columns, [replace(line, name=safe(line.name)) for line in split.lines])
        yield from _more(split.more)
    if sheet.others:
        yield "\n## Further figures"
        rows = ((safe(t.label), f"**{t.value}**", t.sure, safe(t.parts)) for t in sheet.others)
        yield from _table(("", "This week", "How sure", "Parts"), "lrll", rows)
    yield from _notes(sheet.leaves_out)
    yield "\n## What the words mean\n"
    for label, means in sheet.definitions:
        yield f"- **{label}**: {means}"
    definitions = f" [All definitions](<{sheet.definitions_url}>)." if sheet.definitions_url else ""
    yield f"\n{sheet.footer}{definitions}"


def safe(text: str) -> str:
    """Text of strangers as Markdown that shows it and does nothing."""
    return inline(TrackerKind.GITHUB, text)


def _told(told: Told) -> tuple[str, ...]:
    sure = "; ".join(filter(None, (told.sure, safe(told.parts))))
    return safe(told.label), f"**{told.value}**", sure, told.compared.sentence


def _table(heads: Sequence[str], sides: str, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"\n| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' if side == 'l' else '--:' for side in sides)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _grid(first: str, heads: Sequence[str], lines: Sequence[Line]) -> Iterator[str]:
    rows = ((f"{line.name}{f' ({line.mark})' if line.mark else ''}", *line.cells) for line in lines)
    yield from _table((first, *heads), "l" + "r" * len(heads), rows)


def _changes(changes: Sequence[Said]) -> Iterator[str]:
    for better, words in ((True, "Got better"), (False, "Got worse")):
        told = [change for change in changes if change.better == better]
        if told:
            yield f"\n## {words}"
        for change in told:
            yield f"\n**{safe(change.label)}:** {safe(change.sentence)}\n"
            for item in change.items:
                yield _item(item)
            yield from _more(change.more)


def _cases(shown: CaseList) -> Iterator[str]:
    yield f"\n## {shown.title}\n"
    if not shown.items:
        yield shown.empty
    for item in shown.items:
        yield _item(item)
    yield from _more(shown.more)


def _item(item: Item) -> str:
    title = link(TrackerKind.GITHUB, item.title, item.url) if item.url else safe(item.title)
    ticket = link(TrackerKind.GITHUB, item.ticket, item.ticket_url) if item.ticket_url else safe(item.ticket)
    why = f" — {safe(item.why)}" if item.why else ""
    return f"- {title} ({ticket or 'no ticket'}): {safe(item.facts)}{why}"


def _notes(notes: Notes) -> Iterator[str]:
    yield f"\n## {notes.title}\n"
    if not notes.lines:
        yield notes.empty
    for line in notes.lines:
        yield f"- {safe(line)}"
    yield from _more(notes.more)


def _more(number: int) -> Iterator[str]:
    if number:
        yield f"\nand {number} more"
