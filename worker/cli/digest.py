"""`digest`: what a triager begins the day with, on one screen."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from worker.cli.screen import out, print_json
from worker.flow.messages.digest import Came, Digest
from worker.flow.messages.digest import digest as gathered
from worker.flow.messages.digest_words import Part, parts, subject
from worker.flow.people.decisions import Decision
from worker.mapping.book import MappingBook
from worker.mapping.channels import Scope
from worker.settings import load_settings
from worker.store.umbrellas import UmbrellaRow
from worker.wiring.flow import build

app = typer.Typer(add_completion=False)


@app.command()
def digest(
    channel: Annotated[
        str | None, typer.Option("--for", metavar="CHANNEL", help="As this channel would get it. None: everything.")
    ] = None,
    hours: Annotated[
        int, typer.Option(min=1, help="What counts as new: what came in so many hours ago or later.")
    ] = 24,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is new since yesterday, what came back, and what waits for a person: one screen. Nothing is sent."""
    ctx = build(load_settings())
    told = gathered(ctx, _scope(ctx.book(), channel), ctx.now() - timedelta(hours=hours))
    if json:
        print_json(_as_json(told))
    else:
        _tell(told, ctx.now())


def _scope(book: MappingBook, channel: str | None) -> Scope:
    if channel is None:
        return Scope()
    if channel not in book.channels:
        known = f"there are {', '.join(sorted(book.channels))}" if book.channels else "the mapping has no `channels:`"
        raise typer.BadParameter(f"there is no channel '{channel}'; {known}", param_hint="--for")
    return book.channels[channel].scope


def _tell(told: Digest, now: datetime) -> None:
    if told.empty:
        out.print(f"Nothing came in since {told.since:%Y-%m-%d %H:%M} UTC, and nothing waits for a person.")
        return
    out.print(Text(subject(told), style="bold"))
    for part in parts(told, now):
        out.print()
        out.print(Text(part.title, style="bold"))  # whole: it may name the command to answer with
        out.print(_table(part))


def _table(part: Part) -> Table:
    """A line for a line: what does not fit is cut, or it would be more than a screen."""
    made = Table(box=None, pad_edge=False, show_header=False, show_edge=False, expand=True)
    made.add_column("", no_wrap=True, overflow="ellipsis", ratio=3)
    made.add_column("", no_wrap=True, overflow="ellipsis", ratio=2, style="dim")
    for line in part.lines:
        made.add_row(Text(line.text), Text(line.note or ""))
    if part.more:
        made.add_row(Text(f"and {part.more} more", style="dim"), "")
    return made


# ---------------------------------------------------------------- for scripts


def _as_json(told: Digest) -> Mapping[str, object]:
    return {
        "since": told.since,
        "new": _came(told.new),
        "back": _came(told.back),
        "decisions": list(map(_decision, told.decisions)),
        "parked": [{"key": row.key, "reason": row.parked_reason, "since": row.parked_at} for row in told.parked],
        "storms": list(_umbrellas(told.storms)),
        "source_maps": list(_umbrellas(told.source_maps)),
        "limits": list(_umbrellas(told.limits)),
        "services": [{"name": row.name, "trouble": row.trouble, "reason": row.reason} for row in told.services],
    }


def _came(came: Came) -> Mapping[str, object]:
    cases = [
        {"case": row.id, "issues": [m.short_id for m in row.members], "ticket": row.ticket.key if row.ticket else None}
        for row in came.cases
    ]
    return {"count": came.count, "open": came.still, "cases": cases}


def _decision(one: Decision) -> Mapping[str, object]:
    return {
        "case": one.case.id,
        "issues": [issue.short_id for issue in one.issues],
        "why": list(one.whys),
        "said": one.said,
        "suggestions": [suggestion.id for suggestion in one.suggestions],
        "users": one.users,
        "events": one.events,
        "since": one.since,
    }


def _umbrellas(rows: tuple[UmbrellaRow, ...]) -> Iterator[Mapping[str, object]]:
    return ({"case": row.case_id, "title": row.title, "since": row.opened_at} for row in rows)
