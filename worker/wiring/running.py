"""The mapping that is running: a changed file takes its place without a restart, all or nothing.

A file that is just being written is left alone until it has stood still from one look to the next: half of it might be
a mapping, too.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from worker.errors import BugferryError
from worker.mapping.book import MappingBook
from worker.mapping.load import load_mapping
from worker.mapping.source import mapping_files

log = structlog.get_logger()

LOOK_S = 2.0
"""How often the files are looked at; a change counts after the second look that sees it."""

Made = TypeVar("Made")
Print = tuple[tuple[str, int, int, int], ...]


class Running(Generic[Made]):
    """The newest good mapping, with what was made of it. Shared by threads; whoever asks gets a pair that belongs."""

    def __init__(
        self,
        paths: Sequence[Path],
        make: Callable[[MappingBook, Made | None], Made],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`make`: what else a book needs (clients), given what the book before it had; refuses it with `UserFault`.

        Raises `UserFault` with every problem when the files do not make a mapping now.
        """
        self._paths, self._make, self._clock = paths, make, clock
        # Looked at before they are read: a change in between is one that the next look sees.
        self._seen = self._loaded = _fingerprint(paths, ())
        book = load_mapping(paths)
        self._now = (book, make(book, None))
        self._next, self._busy = clock() + LOOK_S, threading.Lock()
        self.refused: str | None = None
        """Why what the files say now does not run; None while it does."""

    def __call__(self) -> tuple[MappingBook, Made]:
        """The mapping to go by. Looks at the files now and then; never raises for what is wrong with them."""
        if self._clock() >= self._next and self._busy.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._next = self._clock() + LOOK_S
                self._busy.release()
        return self._now

    def _look(self) -> None:
        found = _fingerprint(self._paths, self._now[0].beside)
        stood_still, self._seen = found == self._seen, found
        # What is refused may be mended by a file that it names and that nobody watches yet: it is tried again.
        if stood_still and (found != self._loaded or self.refused):
            self._loaded = found
            self._take()

    def _take(self) -> None:
        before = self.refused
        try:
            book = load_mapping(self._paths)
            self._now, self.refused = (book, self._make(book, self._now[1])), None
        except BugferryError as wrong:
            self.refused = str(wrong)
        if self.refused is not None and self.refused == before:
            return
        if self.refused is not None:
            log.error("mapping refused", why=self.refused, what_to_do="correct it; the one that ran goes on running")
        else:
            log.info("mapping changed", rules=len(self._now[0].rules), trackers=sorted(self._now[0].trackers))


def _fingerprint(paths: Sequence[Path], beside: Sequence[Path]) -> Print:
    """What tells one state of the files from another; empty where they cannot be looked at."""
    try:
        files = [file for path in paths for file in mapping_files(path)]
        found = [(file, file.stat()) for file in (*files, *beside)]
    except OSError:
        return ()
    return tuple((str(file), seen.st_ino, seen.st_mtime_ns, seen.st_size) for file, seen in found)
