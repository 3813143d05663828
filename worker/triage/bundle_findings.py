"""What can be said about a build folder: one finding a file, with what is wrong in words."""

from dataclasses import dataclass, field
from enum import StrEnum

from worker.triage.bundle_advice import Kind


class Level(StrEnum):
    """An error: Sentry will not show your code. A warning: it may, or shows it to more people than you."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one file, and what to do about it."""

    file: str
    level: Level
    kind: Kind
    what: str
    do: str


@dataclass(slots=True)
class Complaints:
    """What is wrong with one bundle, in the order it was seen."""

    said: list[tuple[Level, Kind, str]] = field(default_factory=list)

    def error(self, kind: Kind, what: str) -> None:
        """Say that Sentry will not show the code."""
        self.said.append((Level.ERROR, kind, what))

    def warning(self, kind: Kind, what: str) -> None:
        """Say that something may go wrong."""
        self.said.append((Level.WARNING, kind, what))


def cut(text: str) -> str:
    """At most 120 characters: fits a line of a terminal."""
    return text if len(text) <= 120 else f"{text[:119]}…"  # noqa: PLR2004 -- fits a line of a terminal
