"""Which comments to repeat on the other side, and which repetitions to bring up to date.

A place is `issue:<id>` or `ticket:<row id>`. What is said on the ticket shows on every issue, what is said on an issue
shows on the ticket: each once, edits followed, and what we wrote ourselves never carried on.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from worker.model import Comment

_MARK = re.compile(r"bugferry-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Copy:
    """A comment that we repeated. `nonce`: the mark that the repetition carries; `digest`: of the text it repeats."""

    said_on: str
    said_id: str
    shown_on: str
    shown_id: str
    nonce: str
    digest: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Show a comment in a place where it was not shown yet."""

    said_on: str
    comment: Comment
    shown_on: str

    @property
    def occasion(self) -> str:
        """One comment in one place: done once, whatever interrupts it."""
        return f"copy:{self.said_on}:{self.comment.id}:{self.shown_on}"


@dataclass(frozen=True, slots=True)
class Reword:
    """Bring a repetition up to date with what its author made of the comment."""

    comment: Comment
    copy: Copy


def digest(text: str) -> str:
    """Tell whether a text was edited since."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def carry(
    said: Mapping[str, Sequence[Comment]], ticket: str, issues: Sequence[str], copies: Collection[Copy], since: datetime
) -> tuple[Repeat | Reword, ...]:
    """What is to be repeated or reworded, in the order in which it was said.

    `said`: the comments by the place where they were heard; what was said before `since`, when there was no ticket to
    show it on, stays where it is. A deleted comment leaves its repetitions standing.
    """
    ours = {(copy.shown_on, copy.shown_id) for copy in copies} | {copy.nonce for copy in copies}
    known = {(copy.said_on, copy.said_id, copy.shown_on): copy for copy in copies}
    heard = [(one, place) for place, comments in said.items() for one in comments if _is_said(one, place, ours)]
    found: list[Repeat | Reword] = []
    for one, place in sorted(heard, key=lambda pair: pair[0].created_at):
        for target in issues if place == ticket else (ticket,):
            copy = known.get((place, one.id, target))
            if copy is None and one.created_at >= since:
                found.append(Repeat(place, one, target))
            elif copy is not None and copy.digest != digest(one.text):
                found.append(Reword(one, copy))
    return tuple(found)


def _is_said(comment: Comment, place: str, ours: Collection[object]) -> bool:
    """Whether a person said something. What we wrote is known by its mark or its id.

    A mark of ours inside a text tells that somebody else's copying brings our own words back: that ends here.
    """
    echo = (
        comment.nonce is not None or (place, comment.id) in ours or any(m in ours for m in _MARK.findall(comment.text))
    )
    return not echo and bool(comment.text.strip())
