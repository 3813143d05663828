"""Errors of a large made-up program, many ways to each: what a casebook of 100,000 bugs is filled with.

Four platforms; functions that call each other, a few of them from everywhere; bugs that sit in functions of unequal
popularity, each reached from several entry points, in several releases, with values that change and names that do not.
"""

import random
from collections.abc import Iterator
from itertools import accumulate

from worker.event import Event, Frame, Thrown


def _each(words: str) -> tuple[str, ...]:
    return tuple(words.split())


VERBS = _each("load save find price send parse check apply build merge render fetch store total close open sync move")
NOUNS = _each(
    "cart order item user mail stock price login address coupon refund invoice label parcel route stop shift quota "
    "plan ledger report chart widget filter query token session grant role page image upload batch row cell"
)
KINDS = {
    "python": _each("KeyError TypeError ValueError AttributeError IndexError TimeoutError OperationalError"),
    "javascript": _each("TypeError ReferenceError RangeError Error SyntaxError"),
    "java": _each("NullPointerException IllegalStateException IllegalArgumentException TimeoutException"),
}
MESSAGES = (
    "'{name}'",
    "'NoneType' object has no attribute '{name}'",
    "could not read {name} of {value}",
    "{name}() got {value} rows",
    "no answer within {value} s",
    "null",
)
IN_BROWSER = "Cannot read properties of undefined (reading '{name}')"
PLATFORMS = ("python", "python", "javascript", "unresolved", "java")
FUNCTIONS = 6000
LIBRARY_FRAMES = 12
LINES = 4
WAYS = 6
RELEASES = 40


class Program:
    """`bugs` bugs in one code base; the same seed gives the same program."""

    def __init__(self, bugs: int, seed: int = 7) -> None:
        rng = random.Random(seed)
        self._names = [f"{rng.choice(VERBS)}_{rng.choice(NOUNS)}_{rng.choice(NOUNS)}" for _ in range(FUNCTIONS)]
        self._modules = [f"shop.{rng.choice(NOUNS)}.{rng.choice(NOUNS)}" for _ in range(FUNCTIONS)]
        # A function is called by earlier ones; the first few hundred are entry points.
        self._callers = [[int(n * rng.random() ** 2) for _ in range(3)] for n in range(FUNCTIONS)]
        popular = list(accumulate(1 / (n + 8) for n in range(FUNCTIONS)))
        self._places = rng.choices(range(FUNCTIONS), cum_weights=popular, k=bugs)
        self._seed, self._bugs = seed, bugs

    def bug(self, number: int, way: int) -> Event:
        """One bug, reached in one of its WAYS ways: equal numbers are equal events."""
        told = random.Random(self._seed * 1_000_003 + number)
        place, line = self._places[number % self._bugs], told.randrange(LINES)
        platform = told.choice(PLATFORMS)
        speaks = "javascript" if platform == "unresolved" else platform
        kind, message = told.choice(KINDS[speaks]), told.choice((*MESSAGES, IN_BROWSER))
        names = {"name": f"{told.choice(NOUNS)}_{told.choice(NOUNS)}"}
        shown = random.Random(self._seed + number * WAYS + way)
        own = [self._frame(one, line, platform, shown) for one in self._way(place, shown)]
        library = [Frame(f"dispatch_{n}", f"framework.{platform}.core", in_app=False) for n in range(LIBRARY_FRAMES)]
        value = message.format(value=shown.randint(1, 99999), **names)
        thrown = Thrown(kind, value, frames=(*library, *own))
        release = f"shop@{shown.randrange(RELEASES)}"
        return Event("0" * 32, platform=speaks, release=release, exceptions=(thrown,), transaction=f"/{own[0].module}")

    def _way(self, place: int, rng: random.Random) -> list[int]:
        """From an entry point down to a function."""
        way = [place]
        while way[-1] and len(way) < 3 + rng.randrange(12):
            way.append(rng.choice(self._callers[way[-1]]))
        return way[::-1]

    def _frame(self, one: int, line: int, platform: str, rng: random.Random) -> Frame:
        if platform == "unresolved":
            return Frame("e", filename="/static/app.min.js", line=1, column=400 + one * 97 + line * 11, in_app=True)
        name, module = self._names[one], self._modules[one]
        source = f"    {NOUNS[one % len(NOUNS)]} = {name}_{line}(row[{NOUNS[one // 7 % len(NOUNS)]}])"
        return Frame(name, module, line=one % 300 + line, in_app=True, context_line=source)


def stream(program: Program, first: int, last: int) -> Iterator[tuple[int, list[Event]]]:
    """Bugs by number with the events of their first issue: most show one look, some up to WAYS."""
    for number in range(first, last):
        ways = min(WAYS, 1 + int(random.Random(number).expovariate(1.2)))
        yield number, [program.bug(number, way) for way in range(ways)]
