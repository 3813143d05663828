"""The demo on a terminal: how far the night is, and what Bugferry made of it so far."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from worker.cli.demo_referee import Referee
from worker.cli.demo_scene import Scene
from worker.cli.feed import Feed

LINES = 12
"""Latest entries of history on the screen."""


class Progress:
    """Shows it on a terminal; says nothing elsewhere."""

    def __init__(self, scene: Scene, referee: Referee, console: Console, url: str) -> None:
        self._referee, self._console, self._url = referee, console, url
        self._bar = Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._task = self._bar.add_task(f"{scene.name}: events", total=len(scene.night))
        self._feed, self._lines = Feed(referee.store), list[Text]()
        self._said = "errors come in"
        self._looked, self._counts = 0.0, (0, 0, 0)
        self._live = Live(get_renderable=self._picture, console=console, refresh_per_second=4, transient=False)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._live.stop()

    def threw(self, number: int) -> None:
        """Count events that were thrown."""
        self._bar.advance(self._task, number)

    def says(self, sentence: str) -> None:
        """Say what happens now."""
        self._said = sentence

    def _picture(self) -> RenderableType:
        if time.monotonic() - self._looked > 0.25:  # noqa: PLR2004 - seconds; the database need not be asked more often
            self._look()
        cases, tickets, deliveries = self._counts
        figures = Table.grid(padding=(0, 3))
        figures.add_row(
            f"deliveries [bold]{deliveries}[/]", f"cases [bold]{cases}[/]", f"tickets [bold]{tickets}[/]", self._url
        )
        return Group(self._bar, figures, Text(self._said, style="bold"), *self._lines)

    def _look(self) -> None:
        self._looked = time.monotonic()
        with self._referee.store.read() as tx:
            counts, deliveries = tx.cases.counts(), sum(tx.inbox.counts().values())
        self._counts = (counts.cases, counts.live, deliveries)
        self._lines = [*self._lines, *self._feed.news()][-LINES:]
