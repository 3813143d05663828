"""What two events came from, by name: an entry point that moved, and releases that can be compared."""

import re

_WORDS = re.compile(r"[^./: ]+")
_METHOD = re.compile(r"^(?:get|post|put|patch|delete|head|options) ")
_SHORTEST_NAME = 4
_WORDS_SHARED = 2
"""Words that a moved entry point must share: many services have an `index`, few have two below one `orders`."""


def entry_name(entry: str) -> str:
    """The last word of an entry point, which most often is the name of a function; empty where there is none."""
    return _WORDS.findall(entry)[-1] if _WORDS.search(entry) else ""


def is_moved(first: str, second: str) -> bool:
    """Whether one entry point has all words of the other, in order and to the last: a level came or went.

    `shop.renew` and `shop.tasks.renew` do, `orders.views.index` and `users.views.index` do not.
    """
    short, long = sorted((_WORDS.findall(_METHOD.sub("", entry)) for entry in (first, second)), key=len)
    if len(short) < _WORDS_SHARED or short[-1] != long[-1] or _method(first) != _method(second):
        return False
    rest = iter(long)
    return short[-1].isidentifier() and len(short[-1]) >= _SHORTEST_NAME and all(word in rest for word in short)


def is_one_release(first: str, second: str) -> bool | None:
    """Whether two releases are one. None where that says nothing: one is not told, or they are of two packages.

    The package is what stands before the last `@` (`api@1.2`). Two versions without one may be of two services.
    """
    if not first or not second:
        return None
    package = first.rpartition("@")[0]
    return (first == second) or (False if package and package == second.rpartition("@")[0] else None)


def _method(entry: str) -> str:
    told = _METHOD.match(entry)
    return told.group() if told else ""
