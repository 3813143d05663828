"""What is said to people, in our words, and the port of those who say it.

A notifier raises `Transient` when nothing arrived and later may work, `Permanent` when it is refused for good,
`Unauthorized` when the account is, and `Ambiguous` when nobody can tell. It never repeats anything by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from worker.triage.alert import Line


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture inside a message. `cid`: what the HTML calls it; `png`: the file."""

    cid: str
    alt: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be sent.

    `lines` are plain text that each service makes inert in its own way. A message that was written for a service
    already (a report) has `text`, `html` or `blocks` (Slack's) besides, which pass as they are.
    """

    nonce: str
    """Unique to this message and the same each time it is sent."""
    subject: str
    lines: Sequence[Line] = ()
    text: str | None = None
    html: str | None = None
    blocks: Sequence[Mapping[str, object]] = ()
    pictures: Sequence[Picture] = ()
    answers: str | None = None
    """What the service calls the first message of the same thread."""
    loud: bool = False
    """An answer that all shall see, not only those who follow its thread."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report as it goes out: a mail of `html` with `text`, Slack's `blocks`, and the pictures in both.

    In the HTML a picture is `cid:<cid>`; in a Slack image block `{"slack_file": {"id": "cid:<cid>"}}`.
    """

    subject: str
    html: str
    text: str
    blocks: Sequence[Mapping[str, object]] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that arrived. `vendor_id`: what its service calls it; `but`: who did not get it, and why."""

    vendor_id: str
    but: str | None = None


class Notifier(Protocol):
    """A way to say something to people."""

    def send(self, letter: Letter) -> Delivered:
        """Send it exactly once."""
        ...


@runtime_checkable
class Reachable(Protocol):
    """A notifier that can be tried without saying anything to anybody."""

    def reach(self) -> None:
        """Do all that comes before a message; raises as `send` does."""
        ...


def plain(letter: Letter) -> str:
    """The message as plain text: what was written so, or its lines."""
    if letter.text is not None:
        return letter.text
    return "\n".join(_line(line) for line in letter.lines) or letter.subject


def _line(line: Line) -> str:
    return "\n    ".join(part for part in (line.text, line.note, line.url) if part)
