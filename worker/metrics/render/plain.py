"""The report as plain text, good by itself: the other part of a mail, and what the command prints."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from worker.metrics.render.lists import CaseList, Item, Said
from worker.metrics.render.sheet import Line, Notes, Sheet, Told

WIDTH = 78


def text(sheet: Sheet) -> str:
    """Lines of at most WIDTH characters, but for addresses and words that are longer."""
    return "\n".join(_lines(sheet)).rstrip() + "\n"


def columns(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows under each other: the first column to the left, the others to the right."""
    kept = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    for first, *others in kept:
        cells = (value.rjust(width) for value, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"{sheet.title}, {sheet.days}, {sheet.scope}"
    if sheet.late:
        yield from _wrapped(sheet.late)
    yield ""
    yield from _wrapped(sheet.headline)
    yield ""
    for told in sheet.big:
        yield from _told(told, compared=True)
    yield from _weeks(sheet)
    yield from _changes(sheet.changes)
    for shown in sheet.lists:
        yield from _cases(shown)
    yield from _notes(sheet.deploys)
    yield from _notes(sheet.trouble)
    for split in sheet.splits:
        yield from _title(split.title)
        yield from _grid("", split.columns, split.lines)
        yield from _more(split.more)
    if sheet.others:
        yield from _title("Further figures")
    for told in sheet.others:
        yield from _told(told, compared=False)
    yield from _notes(sheet.leaves_out)
    yield from _title("What the words mean")
    for label, means in sheet.definitions:
        yield from _wrapped(f"{label}: {means}", "  ")
    yield ""
    yield from _wrapped(sheet.footer)
    if sheet.definitions_url:
        yield f"All definitions: {sheet.definitions_url}"


def _weeks(sheet: Sheet) -> Iterator[str]:
    if sheet.trend:
        yield from _title(f"The last {len(sheet.trend)} weeks" if len(sheet.trend) > 1 else "The trend")
        yield from _grid("Week", sheet.columns, sheet.trend)
    if sheet.heat:
        yield from _title("Fixed in time, by the week of opening")
        head = ("Opened in", "Cases", *(f"in {days} days" for days in sheet.horizons))
        yield from columns([head, *((row.week, row.opened, *(words for _, words in row.cells)) for row in sheet.heat)])


def _told(told: Told, *, compared: bool) -> Iterator[str]:
    yield f"{told.label + ':':<24}{told.value}"
    for more in filter(None, (told.compared.sentence if compared else "", told.sure, told.parts)):
        yield from _wrapped(more, " " * 24)


def _changes(changes: Sequence[Said]) -> Iterator[str]:
    for better, words in ((True, "Got better"), (False, "Got worse")):
        told = [change for change in changes if change.better == better]
        if told:
            yield from _title(words)
        for change in told:
            yield from _wrapped(f"{change.label}: {change.sentence}")
            for item in change.items:
                yield from _item(item)
            yield from _more(change.more)


def _cases(shown: CaseList) -> Iterator[str]:
    yield from _title(shown.title)
    if not shown.items:
        yield shown.empty
    for item in shown.items:
        yield from _item(item)
    yield from _more(shown.more)


def _item(item: Item) -> Iterator[str]:
    ticket = f"[{item.ticket}]" if item.ticket else "[no ticket]"
    yield from _wrapped(f"* {item.title} {ticket}", "", "  ")
    yield from _wrapped(item.facts, "  ")
    if item.why:
        yield from _wrapped(item.why, "  ")
    if item.ticket_url or item.url:
        yield f"  {item.ticket_url or item.url}"


def _notes(notes: Notes) -> Iterator[str]:
    yield from _title(notes.title)
    if not notes.lines:
        yield notes.empty
    for line in notes.lines:
        yield from _wrapped(f"* {line}", "", "  ")
    yield from _more(notes.more)


def _grid(first: str, heads: Sequence[str], lines: Sequence[Line]) -> Iterator[str]:
    marked = ((f"{line.name} *" if line.mark else line.name, *line.cells) for line in lines)
    yield from columns([(first, *heads), *marked])
    for mark in dict.fromkeys(line.mark for line in lines if line.mark):
        yield f"* {mark}"


def _title(words: str) -> Iterator[str]:
    yield from ("", words.upper(), "")


def _more(number: int) -> Iterator[str]:
    if number:
        yield f"and {number} more"


def _wrapped(words: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    yield from wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
