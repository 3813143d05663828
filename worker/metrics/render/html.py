"""The report as HTML: one template, as a mail with pictures beside it or as a page with them inside."""

from base64 import b64encode
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from worker.metrics.render.colours import BLUE, GRID, INK, QUIET, ink_on, shade
from worker.metrics.render.pictures import Picture
from worker.metrics.render.sheet import Sheet

_WORSE = "#b34700"
"""Vermillion, darkened until it can be read as text on white (contrast 5.6 to 1)."""


def mail(sheet: Sheet, subject: str, pictures: Sequence[Picture]) -> str:
    """The HTML part of a mail; its pictures are named by content id."""
    return _page(sheet, subject, [{"src": f"cid:{shown.cid}", "alt": shown.alt} for shown in pictures], mail=True)


def page(sheet: Sheet, subject: str, pictures: Sequence[Picture]) -> str:
    """A page that stands alone, on a screen and on paper."""
    inside = [{"src": f"data:image/png;base64,{b64encode(shown.png).decode()}", "alt": shown.alt} for shown in pictures]
    return _page(sheet, subject, inside, mail=False)


def _page(sheet: Sheet, subject: str, pictures: Sequence[dict[str, str]], *, mail: bool) -> str:
    written = _environment().get_template("report.html").render(
        sheet=sheet, subject=subject, pictures=pictures, mail=mail,
        ink=INK, quiet=QUIET, grid=GRID, blue=BLUE, worse=_WORSE,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in written.splitlines() if line.strip()) + "\n"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("worker.metrics", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"shade": shade, "ink_on": ink_on}
    return made
