"""How long a text is to a tracker, and its beginning: GitHub counts characters, Jira counts as Java does, in UTF-16.

There every character beyond U+FFFF, each emoji among them, takes two units: 240 emoji are too long for a title.
"""

from collections.abc import Callable, Mapping

from worker.mapping.markup import shorten
from worker.model import TrackerKind

_CODEC = "utf-16-le"


def utf16(text: str) -> int:
    """How many UTF-16 units a text takes."""
    return len(text) if text.isascii() else len(text.encode(_CODEC, "surrogatepass")) // 2


def kept(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` UTF-16 units; a character that would be split is left out."""
    if utf16(text) <= limit:
        return text
    return text.encode(_CODEC, "surrogatepass")[: 2 * max(limit, 0)].decode(_CODEC, "ignore")


SIZE: Mapping[TrackerKind, Callable[[str], int]] = {TrackerKind.GITHUB: len, TrackerKind.JIRA: utf16}
"""How long a text is to each."""


def shorten_for(kind: TrackerKind, text: str, limit: int) -> str:
    """At most `limit` of what that tracker counts, with an ellipsis when something was left out."""
    if kind is TrackerKind.GITHUB:
        return shorten(text, limit)
    return text if utf16(text) <= limit else kept(text, limit - 1).rstrip() + "…"
