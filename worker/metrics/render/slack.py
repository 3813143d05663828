"""The report as Slack blocks. Limits: https://docs.slack.dev/reference/block-kit/blocks (50 blocks, 3,000 characters).

Text of strangers stands in `plain_text` and `rich_text` alone, where nothing is parsed: no mention, no link, no markup.
"""

from collections.abc import Iterable, Iterator, Sequence

from worker.mapping.markup import shorten
from worker.metrics.render.lists import CaseList, Item, Said
from worker.metrics.render.pictures import Picture
from worker.metrics.render.plain import columns
from worker.metrics.render.sheet import Notes, Sheet, Told

BLOCKS, HEADER, FIELD, SECTION, ALT = 50, 150, 2_000, 3_000, 2_000
"""How many blocks a message has, how many characters a header, a field, a section, a description of a picture."""

Block = dict[str, object]


def blocks(sheet: Sheet, pictures: Sequence[Picture]) -> list[Block]:
    """Blocks of one message, at most 50. A picture is `cid:<cid>` until whoever sends it has uploaded it."""
    made = list(_blocks(sheet, pictures))
    if len(made) <= BLOCKS:
        return made
    return [*made[: BLOCKS - 1], _context("The rest is in the mail and on the page.")]


def _blocks(sheet: Sheet, pictures: Sequence[Picture]) -> Iterator[Block]:
    yield {"type": "header", "text": _plain(f"{sheet.title}, {sheet.days}, {sheet.scope}", HEADER)}
    if sheet.late:
        yield _context(sheet.late)
    yield _section(sheet.headline)
    yield {"type": "section", "fields": [_plain(_told(told), FIELD) for told in sheet.big]}
    for shown in pictures:
        yield {
            "type": "image",
            "slack_file": {"id": f"cid:{shown.cid}"},
            "alt_text": shorten(shown.alt, ALT),
        }
    if sheet.heat:
        yield _cohorts(sheet)
    yield from _changes(sheet.changes)
    for listed in sheet.lists:
        yield from _cases(listed)
    for notes in (sheet.deploys, sheet.trouble, sheet.leaves_out):
        yield from _notes(notes)
    yield _context(sheet.footer)
    if sheet.definitions_url:
        yield _rich([_paragraph([_link("What the words mean", sheet.definitions_url)])])


def _told(told: Told) -> str:
    return "\n".join(filter(None, (f"{told.label}: {told.value}", told.compared.sentence, told.sure)))


def _cohorts(sheet: Sheet) -> Block:
    head = ("Opened in", "Cases", *(f"in {days} days" for days in sheet.horizons))
    rows = columns([head, *((row.week, row.opened, *(words for _, words in row.cells)) for row in sheet.heat)])
    table: Block = {"type": "rich_text_preformatted", "elements": [_text("\n".join(rows))]}
    return _rich([_paragraph([_bold("Fixed in time, by the week of opening")]), table])


def _changes(changes: Sequence[Said]) -> Iterator[Block]:
    for change in changes:
        word = "better" if change.better else "worse"
        head = _paragraph([_bold(f"{change.label}, {word}: "), _text(change.sentence)])
        yield _rich([head, *_list(map(_item, change.items))])


def _cases(shown: CaseList) -> Iterator[Block]:
    head = _paragraph([_bold(shown.title), _text("" if shown.items else f": {shown.empty}")])
    more = [_paragraph([_text(f"and {shown.more} more")])] if shown.more else []
    yield _rich([head, *_list(map(_item, shown.items)), *more])


def _notes(notes: Notes) -> Iterator[Block]:
    if notes.lines:
        more = [_paragraph([_text(f"and {notes.more} more")])] if notes.more else []
        yield _rich([_paragraph([_bold(notes.title)]), *_list([_text(line)] for line in notes.lines), *more])


def _item(item: Item) -> list[Block]:
    title = _link(item.title, item.url) if item.url else _text(item.title)
    ticket = _link(item.ticket, item.ticket_url) if item.ticket_url else _text(item.ticket or "no ticket")
    return [title, _text(" ["), ticket, _text(f"] {item.facts}{'; ' if item.why else ''}{item.why}")]


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": False}


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, SECTION)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text, FIELD)]}


def _rich(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _paragraph(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text_section", "elements": [part for part in elements if part["text"]]}


def _list(items: Iterable[Sequence[Block]]) -> list[Block]:
    found = [_paragraph(item) for item in items]
    return [{"type": "rich_text_list", "style": "bullet", "elements": found}] if found else []


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _bold(text: str) -> Block:
    return {"type": "text", "text": text, "style": {"bold": True}}


def _link(text: str, url: str) -> Block:
    return {"type": "link", "url": url, "text": text}
