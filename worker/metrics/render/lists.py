"""Lists of cases in words: what got better and worse, who is hurt most, what is oldest, what came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from worker.mapping.markup import is_plain_address, one_line, shorten
from worker.metrics.figures import CaseLine, Change, Report
from worker.metrics.render.tongue import Tongue
from worker.metrics.render.words import term

TITLE_LIMIT, WORD_LIMIT, SENTENCE_LIMIT = 140, 80, 400
"""Characters of a title, of a name, of a sentence: strangers wrote them, and Gmail cuts a mail off at 102 kB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a list has at most, how many changes are told, and how many cases behind each."""

    rows: int
    changes: int
    behind: int


@dataclass(frozen=True, slots=True)
class Links:
    """Where names lead. `pages_url`: our own pages, where each case has one; None: nowhere."""

    definitions_url: str | None = None
    pages_url: str | None = None

    def case(self, number: int) -> str | None:
        """The page of a case."""
        return f"{self.pages_url.rstrip('/')}/cases/{number}" if self.pages_url else None


@dataclass(frozen=True, slots=True)
class Item:
    """One case. `facts`: in a line below its title; `ticket` and `ticket_url` may be missing, `url` too."""

    title: str
    url: str | None
    ticket: str
    ticket_url: str | None
    facts: str
    why: str


@dataclass(frozen=True, slots=True)
class CaseList:
    """A list under its title. `more`: how many cases were cut off; `empty`: what stands there when there is none."""

    title: str
    items: tuple[Item, ...]
    empty: str
    more: int


@dataclass(frozen=True, slots=True)
class Said:
    """What got better or worse, in a sentence, with the cases behind it."""

    better: bool
    label: str
    sentence: str
    items: tuple[Item, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes cases down for one reader, as they were at `now`."""

    tongue: Tongue
    links: Links
    zone: ZoneInfo
    now: datetime
    limits: Limits

    def change(self, change: Change) -> Said:
        """A change with its cases."""
        label, sentence = term(change.figure).label, clean(change.sentence, SENTENCE_LIMIT)
        meant = term(change.figure).means
        lines = (replace(line, why="") if line.why == meant else line for line in change.cases)
        items = tuple(self.item(line) for line in islice(lines, self.limits.behind))
        return Said(change.better, label, sentence, items, len(change.cases) - len(items))

    def cases(self, title: str, empty: str, lines: Sequence[CaseLine]) -> CaseList:
        """A list of cases."""
        items = tuple(self.item(line) for line in lines[: self.limits.rows])
        return CaseList(title, items, empty, len(lines) - len(items))

    def item(self, line: CaseLine) -> Item:
        """One case, with all its text shortened and on one line."""
        ids = [clean(name, WORD_LIMIT) for name in line.short_ids]
        named = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")  # noqa: PLR2004
        facts = (
            named,
            clean(line.project, WORD_LIMIT),
            f"{self.tongue.number(line.users)} user{'' if line.users == 1 else 's'}",
            f"{self.tongue.number(line.events)} event{'' if line.events == 1 else 's'}",
            self._age(line.opened_at),
            f"owner {clean(line.owner, WORD_LIMIT)}" if line.owner else "",
        )
        ticket_url = line.ticket_url if line.ticket and line.ticket_url and is_plain_address(line.ticket_url) else None
        return Item(
            title=clean(line.title, TITLE_LIMIT) or f"case {line.case}",
            url=self.links.case(line.case),
            ticket=clean(line.ticket, WORD_LIMIT) if line.ticket else "",
            ticket_url=ticket_url,
            facts=" · ".join(filter(None, facts)),
            why=clean(line.why, SENTENCE_LIMIT),
        )

    def _age(self, opened_at: datetime) -> str:
        days = (self.now - opened_at).days
        since = self.tongue.day(opened_at, self.zone)
        return f"opened {since}" + (
            f" ({self.tongue.number(days)} day{'' if days == 1 else 's'} ago)" if days > 0 else ""
        )


def case_lists(report: Report, writer: Writer) -> tuple[CaseList, ...]:
    """The three lists of every report."""
    return (
        writer.cases("Unresolved, by users hurt", "No case is unresolved.", report.top_unresolved),
        writer.cases("Oldest", "No case is open.", report.oldest),
        writer.cases("Came back after a fix", "No fixed case came back.", report.reopened),
    )


def clean(text: str, limit: int) -> str:
    """A stranger's text on one visible line, at most so long."""
    return shorten(one_line(text), limit)
