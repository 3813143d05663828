"""A long command on a terminal: one bar a side, with what it found, how fast it is and how long it takes yet."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from worker.flow.polls.reconcile import Progress


class Screen:
    """Shows progress on a terminal; says nothing elsewhere."""

    def __init__(self, found: str = "different") -> None:
        """`found`: the word for what is counted beside the bars."""
        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), _Differences(found), _Rate(),
            TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def show(self, progress: Progress) -> None:
        """Bring one side's bar up to date."""
        if progress.side not in self._tasks:
            self._tasks[progress.side] = self._bars.add_task(progress.side, total=progress.total, differences=0)
        task = self._tasks[progress.side]
        self._bars.update(task, completed=progress.done, total=progress.total, differences=progress.differences)

    def attended(self, done: int, left: int) -> None:
        """Show how many of the differences were attended to."""
        self.show(Progress("differences", done, done + left, 0))


class _Differences(ProgressColumn):
    """How many differences were found so far."""

    def __init__(self, word: str) -> None:
        """`word`: what they are called."""
        super().__init__()
        self._word = word

    def render(self, task: Task) -> Text:
        number = task.fields["differences"]
        return Text(f"{number} {self._word}" if number else "", style="yellow")


class _Rate(ProgressColumn):
    """Pairs, or issues, a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")
