"""How sure a figure is and what it is made of, in words: the small print under a number."""

from collections.abc import Iterator

from worker.metrics.figures import Figure
from worker.metrics.render.lists import WORD_LIMIT, clean
from worker.metrics.render.tongue import Tongue
from worker.metrics.render.words import plain

HITS, LATE, OLDEST = "hits", "p90", "oldest_days"
"""Parts that read better in words of their own: how many of n; when nine of ten are through; an age."""


def sure(figure: Figure, tongue: Tongue) -> str:
    """How sure a figure is: its 95% interval and from how many cases."""
    interval = tongue.interval(figure.unit, figure.interval)
    return ", ".join(filter(None, (f"95% interval {interval}" if interval else "", _of(figure, tongue))))


def parts(figure: Figure, tongue: Tongue) -> str:
    """What a figure is split up into; parts of nothing are left out."""
    return ", ".join(_parts(figure, tongue))


def _of(figure: Figure, tongue: Tongue) -> str:
    """How many cases it is computed from, unless the figure is just that."""
    if not figure.n or (figure.unit == "count" and figure.value in {figure.n, None}):
        return ""
    cases = f"{tongue.number(figure.n)} case{'' if figure.n == 1 else 's'}"
    hits = figure.parts.get(HITS)
    return f"from {cases}" if hits is None else f"{tongue.number(hits)} of {cases}"


def _parts(figure: Figure, tongue: Tongue) -> Iterator[str]:
    for name, value in figure.parts.items():
        if name == LATE:
            bounds = figure.parts.get(f"{LATE}_low"), figure.parts.get(f"{LATE}_high")
            known = tongue.interval("hours", (bounds[0], bounds[1])) if None not in bounds else ""  # type: ignore[arg-type] # looked at just here
            yield f"9 of 10 within {tongue.duration(value)}" + (f" ({known})" if known else "")
        elif name == OLDEST and value:
            yield f"oldest {tongue.number(round(value))} days"
        elif value and name != HITS and not name.startswith(f"{LATE}_"):
            yield f"{clean(plain(name), WORD_LIMIT)} {tongue.number(value)}"
