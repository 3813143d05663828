"""`replay`: give the hints of recorded deliveries again."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from worker.cli.lines import delivery_table
from worker.cli.screen import out, print_json
from worker.errors import UserFault
from worker.model import Hint
from worker.settings import load_settings
from worker.store.inbox import DeliveryRow
from worker.store.store import Store
from worker.wiring.ground import clock_of, open_store

app = typer.Typer(add_completion=False)

PAGE = 500
"""Deliveries read and given again in one go."""


class Source(StrEnum):
    """Who sends deliveries."""

    SENTRY = "sentry"
    JIRA = "jira"
    GITHUB = "github"


@app.command()
def replay(
    deliveries: Annotated[
        list[str] | None, typer.Argument(help="Ids or identities, as --list and `bugferry work show` print them.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="All received since then: 90s, 30m, 2h, 7d, or an ISO time (UTC if it is bare).")
    ] = None,
    source: Annotated[Source | None, typer.Option(help="Only those of one service; with --since or --list.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Only list them, the latest last.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --list: at most so many, the latest.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give the hints of recorded deliveries again: whatever they were about is looked at once more.

    Harmless to repeat: a hint only says "look at X", and looking finds what is left to do. Exit code 1 when no
    delivery matches.
    """
    _refuse_nonsense(deliveries, since, source, list_only=list_only)
    store = open_store(load_settings())
    now = clock_of(store)()
    start = _moment(since, now) if since else None
    if list_only:
        _list(store, start, source, limit, json=json)
        return
    pages = [_named(store, deliveries)] if deliveries else _pages(store, start, source)
    matched, hints = _give_again(store, pages)
    if json:
        print_json({"deliveries": matched, "hints": hints})
    else:
        out.print(f"{matched} deliveries matched; {hints} hints given again. A worker looks within seconds.")
    raise typer.Exit(0 if matched else 1)


def _refuse_nonsense(
    deliveries: list[str] | None, since: str | None, source: Source | None, *, list_only: bool
) -> None:
    if deliveries and (since or source or list_only):
        raise typer.BadParameter("name deliveries, or say --since, --source or --list, not both")
    if not deliveries and not since and not list_only:
        raise typer.BadParameter("name deliveries, or say --since; --list shows what there is")


def _moment(said: str, now: datetime) -> datetime:
    """A time, or a duration ago; a bare time is UTC."""
    short = re.fullmatch(r"(\d{1,6})([smhd])", said.strip())
    if short:
        return now - timedelta(**{_UNITS[short[2]]: int(short[1])})
    try:
        found = datetime.fromisoformat(said.strip())
    except ValueError:
        raise typer.BadParameter(
            f"'{said}' is neither a duration (90s, 30m, 2h, 7d) nor a time (2026-01-31T09:00)", param_hint="--since"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _named(store: Store, names: list[str]) -> list[DeliveryRow]:
    with store.read() as tx:
        found = {name: tx.inbox.named(name) for name in names}
    unknown = [name for name, row in found.items() if row is None]
    if unknown:
        raise UserFault(
            f"there is no delivery {', '.join(unknown)}; nothing was given again. `bugferry replay --list` shows the "
            "ids; rows may have been deleted since."
        )
    return [row for row in found.values() if row]


def _pages(store: Store, since: datetime | None, source: Source | None) -> Iterator[list[DeliveryRow]]:
    after = 0
    while True:
        with store.read() as tx:
            rows = tx.inbox.page(since, source and source.value, after, PAGE)
        if not rows:
            return
        yield list(rows)
        after = rows[-1].id


def _give_again(store: Store, pages: Iterable[list[DeliveryRow]]) -> tuple[int, int]:
    """How many deliveries it were, and how many different keys they hinted at."""
    clock, matched, keys = clock_of(store), 0, set()
    for rows in pages:
        hints = _distinct(hint for row in rows for hint in row.hints)
        now = clock()
        with store.write(now=now) as tx:
            for hint in hints:
                tx.work.push(hint, now)
        matched += len(rows)
        keys |= {hint.key for hint in hints}
    return matched, len(keys)


def _distinct(hints: Iterable[Hint]) -> list[Hint]:
    """One hint a key, the urgent one before mere activity, in the order in which everybody pushes.

    They keep their reasons: an old issue that was only noisy stays left alone.
    """
    found: dict[str, Hint] = {}
    for hint in hints:
        known = found.get(hint.key)
        if known is None or hint.urgent or not known.urgent:
            found[hint.key] = hint
    return [found[key] for key in sorted(found)]


def _list(store: Store, since: datetime | None, source: Source | None, limit: int, *, json: bool) -> None:
    latest: list[DeliveryRow] = []
    for rows in _pages(store, since, source):
        latest = [*latest, *rows][-limit:]
    if json:
        print_json([asdict(row) for row in latest])
    elif not latest:
        out.print("No delivery matches.")
    else:
        out.print(delivery_table(latest, clock_of(store)()))
    raise typer.Exit(0 if latest else 1)
