"""How a comment reads on the other side: attributed, quoted, freed of secrets, and unable to act there."""

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

from worker.mapping.markup import INLINE_LIMIT, block, inline, link, visible
from worker.mapping.scrub import Scrubber
from worker.mapping.size import SIZE
from worker.mapping.text import BODY_LIMITS
from worker.model import Comment, Person, TrackerKind

NAMELESS = "Somebody"
_SHRINK = 0.9
"""Escaped text is longer than what was said, by how much differs from place to place: it is cut a little shorter."""
_FENCE = re.compile(r"\s{0,3}(?:```+[^`]*|~~~+.*)")


def worded(kind: TrackerKind, comment: Comment, name: str, url: str | None) -> str:
    """Quote a comment as Markdown under its author's name: freed of secrets, inert, within the limits of `kind`.

    `name`, `url`: the issue or ticket on which it was said. For Sentry use GitHub's rules, which are the strictest.
    """
    scrubber = Scrubber()
    who = inline(kind, scrubber.text(called(comment.author)))
    where = link(kind, name, url) if url else inline(kind, name)
    head, rest = f"**{who}** on {where}:", ""
    text = scrubber.text(comment.text)
    while (taken := SIZE[kind](said := f"{head}\n\n{_quoted(kind, text)}{rest}")) > BODY_LIMITS[kind]:
        text = text[: int(_SHRINK * len(text) * BODY_LIMITS[kind] / taken)]
        rest = f"\n\n_The rest of it is on {where}._"
    return said


def called(author: Person) -> str:
    """How people call somebody; of an e-mail address only the part that names the person."""
    name = (author.name or author.email or author.account).strip()
    return name.partition("@")[0].strip() or name.strip("@ ") or NAMELESS


def _quoted(kind: TrackerKind, text: str) -> str:
    """Markdown of a quotation."""
    lines = "\n\n".join(_parts(kind, text)).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _parts(kind: TrackerKind, text: str) -> Iterator[str]:
    """Paragraphs, escaped line by line, and fenced code, which stays code."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        if _FENCE.fullmatch(line) is None:
            lines.append(line)
            continue
        yield from _part(kind, lines, fenced=fenced)
        lines, fenced = [], not fenced
    yield from _part(kind, lines, fenced=fenced)


def _part(kind: TrackerKind, lines: Sequence[str], *, fenced: bool) -> Iterator[str]:
    text = "\n".join(lines).strip("\n")
    if fenced and text.strip():
        yield block(text)
    elif not fenced:
        for paragraph in re.split(r"\n[ \t]*\n", text):
            shown = [_line(kind, line) for line in paragraph.splitlines() if line.strip()]
            if shown:
                yield "\\\n".join(shown)


def _line(kind: TrackerKind, line: str) -> str:
    """One line, however long: each piece is escaped by itself, and no piece ends inside a word."""
    seen = visible(line)
    pieces = [seen] if len(seen) <= INLINE_LIMIT else wrap(seen, INLINE_LIMIT, break_on_hyphens=False)
    return " ".join(inline(kind, piece) for piece in pieces)
