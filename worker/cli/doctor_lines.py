"""What is right and wrong with an installation, line by line; each thing is looked at beside the others, for a while.

Reads only: no service is written to, no database is made, no message is said.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.errors import BugferryError


class State(StrEnum):
    """How it stands with one thing."""

    FINE = "fine"
    NOTE = "note"
    """Worth knowing; nothing has to be done, or not yet."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: how it stands, what was seen, and what to do about it (empty: nothing)."""

    what: str
    state: State
    said: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one thing, not made yet. Whatever it raises becomes a line."""

    what: str
    make: Callable[[], Iterable[Line]]


def fine(what: str, said: str) -> Line:
    """It is as it should be."""
    return Line(what, State.FINE, said)


def note(what: str, said: str, todo: str = "") -> Line:
    """It is worth knowing."""
    return Line(what, State.NOTE, said, todo)


def wrong(what: str, said: str, todo: str) -> Line:
    """It has to be put right."""
    return Line(what, State.WRONG, said, todo)


def all_lines(looks: Sequence[Look], limit_s: float) -> Iterator[Line]:
    """What all of them saw, in their order; one that is not done in `limit_s` seconds is a line that says so.

    They are made at the same time, each in a thread that nobody waits for at the end: what hangs holds nothing up.
    """
    until = time.monotonic() + limit_s
    boxes = [_begun(look) for look in looks]
    for look, box in zip(looks, boxes, strict=True):
        try:
            yield from box.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            said = f"there was no answer within {limit_s:g} s, and nobody waits for it any longer"
            yield wrong(look.what, said, "See whether it hangs or is slow; `--timeout` waits longer.")


def _begun(look: Look) -> "queue.Queue[tuple[Line, ...]]":
    box: queue.Queue[tuple[Line, ...]] = queue.Queue()
    threading.Thread(target=lambda: box.put(_made(look)), name=f"look at {look.what}", daemon=True).start()
    return box


def _made(look: Look) -> tuple[Line, ...]:
    try:
        return tuple(look.make())
    except BugferryError as error:
        return (wrong(look.what, str(error), ""),)
    except Exception as error:  # noqa: BLE001 - a look at one thing must not end the looks at all others
        said = f"an error nobody foresaw: {type(error).__name__}"
        return (wrong(look.what, said, "Please report it with what you see here."),)
