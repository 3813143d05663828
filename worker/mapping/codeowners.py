"""Whose code it is, by a CODEOWNERS file as GitHub documents it: the last line that matches decides.

Of gitignore's patterns GitHub takes neither `!` nor `[ ]`; a line that it cannot read is skipped. Source:
docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from worker.event import Event, Frame
from worker.mapping.facts import newest_frames

_WORD = re.compile(r"(?:\\.|\S)+")
_OWNER = re.compile(r"@[\w.-]+(?:/[\w.-]+)?|[^@\s]+@[^@\s]+")
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*/")
"""What bundlers and browsers put before a path: `webpack://shop/`, `app:///`, `https://shop.example/`."""


@dataclass(frozen=True, slots=True)
class Owned:
    """One line: which paths, and whose they are; nobody's where it names none."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """One CODEOWNERS file."""

    lines: tuple[Owned, ...] = ()

    def of(self, path: str) -> tuple[str, ...]:
        """Who owns a path of the repository: `@login`, `@org/team` or an e-mail address each."""
        found = (line.owners for line in reversed(self.lines) if line.pattern.search(path))
        return next(found, ())


def read_owners(text: str) -> CodeOwners:
    """Read a CODEOWNERS file."""
    return CodeOwners(tuple(line for row in text.splitlines() if (line := _line(row)) is not None))


def blamed(event: Event | None) -> str | None:
    """The path of the newest frame of the project's own code, as it stands in its repository; None without one."""
    frames = list(reversed(newest_frames(event))) if event else []
    ours: Iterator[Frame] = (frame for frame in frames if frame.in_app)
    frame = next(ours, None)
    path = (frame.filename or frame.abs_path) if frame else None
    return _in_repository(path) if path else None


def _in_repository(path: str) -> str:
    plain = _ORIGIN.sub("", path.replace("\\", "/")).partition("?")[0]
    return re.sub(r"^(?:\.{0,2}/|~/)+", "", plain)


def _line(row: str) -> Owned | None:
    words = list(takewhile(lambda word: not word.startswith("#"), _WORD.findall(row)))
    if not words or words[0].startswith("!") or "[" in words[0]:
        return None
    pattern, *owners = words
    if not all(_OWNER.fullmatch(owner) for owner in owners):
        return None
    return Owned(_compiled(pattern.replace("\\ ", " ")), tuple(owners))


def _compiled(pattern: str) -> re.Pattern[str]:
    """A slash at the beginning or in the middle ties a pattern to the root; a name matches a folder's files, too."""
    rooted, folder = "/" in pattern.rstrip("/"), pattern.endswith("/")
    *above, last = pattern.strip("/").split("/")
    way = "".join("(?:.*/)?" if part == "**" else f"{_part(part)}/" for part in above)
    end = ".+" if last == "**" else _part(last)
    inside = "/.+" if folder else "" if last in {"*", "**"} and rooted else "(?:/.*)?"
    return re.compile(f"^{'' if rooted else '(?:.*/)?'}{way}{end}{inside}$")


def _part(part: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in part)
