"""Where a person's answers come from: one key at a time on a terminal, else from what is piped in."""

import os
import sys
import termios
import tty
from types import TracebackType
from typing import Protocol, Self

from worker.cli.screen import out


class Keys(Protocol):
    """A person at a keyboard."""

    def key(self) -> str:
        """The next key; empty when there is nobody any more."""
        ...

    def line(self, asked: str) -> str:
        """A line of text, without blanks around it; empty for just Enter."""
        ...


class Terminal:
    """A real terminal: a key counts as soon as it is pressed, also one that is pressed before it is asked for."""

    def __enter__(self) -> Self:
        self._usual = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin, termios.TCSADRAIN)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._usual)

    def key(self) -> str:
        """The next key. Ctrl-C ends it as everywhere."""
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore")

    def line(self, asked: str) -> str:
        """A line, with the terminal's own editing."""
        out.print(asked, markup=False, end=" ")
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._usual)
        try:
            return input().strip()
        except EOFError:
            return ""
        finally:
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)


class Piped:
    """Standard input that is no terminal: each character is a key, a question takes the rest of its line."""

    def key(self) -> str:
        """The next character."""
        return sys.stdin.read(1)

    def line(self, asked: str) -> str:
        """What follows up to the end of the line."""
        out.print(asked, markup=False)
        return sys.stdin.readline().strip()
