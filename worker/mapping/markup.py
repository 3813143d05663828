"""Makes a stranger's text inert inside Markdown: on GitHub as GitHub reads it, for Jira as our own parser does.

Backslashes stop Markdown but not what GitHub does afterwards to plain text (mentions, references, bare links), so there
a word joiner (U+2060) goes into each of those. Code spans and blocks are left alone by GitHub and stay exact, but for
lines that are slash commands, which robots read everywhere, and marks like ours.
"""

import re
import unicodedata

from worker.model import TrackerKind
from worker.triage.address import split_address

JOINER = "\u2060"
INLINE_LIMIT = 2_000
"""Characters of one value inside a line."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffe\uffff")
"""Blank although Unicode calls them letters, marks, symbols or nothing."""
_ACTIVE = re.compile(r"[\\`*_\[\]|~$^]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""These are written as entities, because a backslash means nothing inside a line of HTML."""
_LEADING = re.compile(r"^(\d{0,9})(?=[#+\-=:.)/])")
_LIVE = re.compile(
    r"@(?=\S)|#(?=\d)|\bgh-(?=\d)|://|\bwww(?=\.)|\b(?:mailto|xmpp):|(?<![:\w]):(?=[a-z0-9_+-]+:)|\[(?=[ x]\])"
    r"|(?P<commit>(?<!\w)(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}(?!\w))",
    re.IGNORECASE,
)
_COMMIT_PIECE = 6
"""Hexadecimal digits that GitHub takes for no commit yet."""
_COMMANDS = re.compile(r"^(?:[ \t]*/(?=[a-z][a-z-]*(?:\s|$)))|<!--(?=\s*bugferry-)", re.IGNORECASE | re.MULTILINE)
"""What robots, and we ourselves, read even inside code: a line that is a slash command, and our mark."""
_HREF = re.compile(r"https?://[^\s<>\"'`\\()\[\]|]+")


class Ready(str):
    """Text that is Markdown of its target already and passes as it is; whatever is made from it does not."""

    __slots__ = ()


def visible(text: str) -> str:
    r"""Show control, zero-width and direction characters as escapes such as `\\u202e`; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return text.translate({ord(char): _escape(char) for char in set(text) if is_hidden(char)})


def one_line(text: str) -> str:
    """Visible text on a single line, without space around it."""
    return " ".join(visible(text).split())


def calm_line(kind: TrackerKind, text: str) -> str:
    """A single line for a title or a label, where Markdown means nothing but a reference might be read."""
    line = one_line(text)
    return quiet(line) if kind is TrackerKind.GITHUB else line


def inline(kind: TrackerKind, text: str) -> str:
    """Escape one untrusted value for use inside Markdown of that tracker; at most INLINE_LIMIT characters of it."""
    calm = calm_line(kind, shorten(one_line(text), INLINE_LIMIT))
    inert = _ACTIVE.sub(r"\\\g<0>", re.sub("[&<>]", lambda found: _ENTITIES[found.group()], calm))
    return Ready(_LEADING.sub(r"\1\\", inert))


def code(kind: TrackerKind, text: str) -> str:
    """Show one untrusted value as a code span; as escaped prose where a span would not hold (a pipe in a table)."""
    line = shorten(one_line(text), INLINE_LIMIT)
    if not line or "|" in line:
        return inline(kind, line)
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return Ready(f"{fence}{pad}{_uncommanded(line)}{pad}{fence}")


def block(text: str, language: str = "") -> str:
    """Show untrusted text as a fenced block that nothing inside can close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return Ready(f"{fence}{language}\n{_uncommanded(visible(text)).rstrip()}\n{fence}")


def link(kind: TrackerKind, text: str, url: str) -> str:
    """Link to an address that we trust (Sentry's own); anything that is no plain web address stays code."""
    if not is_plain_address(url):
        return code(kind, f"{text} {url}")
    return Ready(f"[{inline(kind, text)}](<{url}>)")


def is_plain_address(url: str) -> bool:
    """Whether it is an http(s) address with a host and no character that Markdown reads."""
    return url.isascii() and _HREF.fullmatch(url) is not None and bool(split_address(url).netloc)


def quiet(text: str) -> str:
    """Break what GitHub would make live in plain text: mentions, references, bare links, emoji names, check boxes."""
    return _LIVE.sub(_break, text)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis when something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def is_hidden(char: str) -> bool:
    """Whether a character shows nothing, or turns the direction of what does; line breaks and tabs are space."""
    if char in "\n\t":
        return False
    return unicodedata.category(char) in _HIDDEN_CATEGORIES or char in _HIDDEN_LETTERS


def _escape(char: str) -> str:
    point = ord(char)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - the last point of four digits


def _break(match: re.Match[str]) -> str:
    found = match.group()
    if match["commit"]:
        return JOINER.join(found[at : at + _COMMIT_PIECE] for at in range(0, len(found), _COMMIT_PIECE))
    return f":{JOINER}//" if found == "://" else found + JOINER


def _uncommanded(text: str) -> str:
    return _COMMANDS.sub(lambda found: found.group() + JOINER, text)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
