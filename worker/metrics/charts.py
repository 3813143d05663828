"""Pictures of a report: always the same look, colour-blind safe (Okabe and Ito), and byte for byte the same each time.

Loading this room loads matplotlib, which looks for fonts the first time; so `rendering` loads it when it draws.
"""

from collections.abc import Sequence
from io import BytesIO
from math import isfinite

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.typing import RcKeyType

from worker.metrics.figures import Point
from worker.metrics.render.colours import BLUE, GRID, INK, ORANGE, PAPER, QUIET, SKY
from worker.metrics.render.tongue import Tongue

WIDTH_IN, DPI = 6.4, 200
"""640 points of a mail wide, twice as fine."""
SLOTS = 12
"""Weeks that always have room, so that a young installation has no giant bars."""
LOOK: dict[RcKeyType, object] = {
    "font.family": "DejaVu Sans", "font.size": 10, "text.color": INK, "axes.labelcolor": QUIET, "xtick.color": QUIET,
    "ytick.color": QUIET, "axes.edgecolor": GRID, "axes.facecolor": PAPER, "figure.facecolor": PAPER,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y", "grid.color": GRID,
    "axes.axisbelow": True, "axes.titlelocation": "left", "axes.titlesize": 11, "axes.titleweight": "bold",
    "xtick.labelsize": 9, "ytick.labelsize": 9, "ytick.left": False, "xtick.bottom": False, "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.08,
}  # fmt: skip
"""Set on top of matplotlib's own defaults, whatever a `matplotlibrc` of this machine says."""


def trend_picture(trend: Sequence[Point], tongue: Tongue) -> bytes:
    """Three panels over the weeks: resolution rate with its interval, what came in and was fixed, backlog. PNG."""
    with mpl.rc_context({**mpl.rcParamsDefault, **LOOK, "backend": "agg"}):
        canvas = Canvas(figsize=(WIDTH_IN, 6.0), dpi=DPI, layout="constrained")
        rate, flow, backlog = canvas.subplots(3, 1, sharex=True, height_ratios=(1.2, 1, 0.9))
        _rate(rate, trend, tongue)
        _flow(flow, trend)
        _backlog(backlog, trend)
        for axes in (rate, flow, backlog):
            axes.spines["left"].set_visible(False)
            axes.set_xlim(len(trend) - SLOTS - 0.6, len(trend) - 0.4)
        for axes in (flow, backlog):
            axes.set_ylim(0, max(1, axes.get_ylim()[1]))  # a week of nothing has an axis, too
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tongue.number(value)))
        _blank(flow, [*_values(trend, "intake"), *_values(trend, "fixed")])
        _blank(backlog, _values(trend, "backlog"))
        backlog.set_xticks(range(len(trend)), [_short(point) for point in trend])
        return _png(canvas)


def _blank(axes: Axes, values: Sequence[float]) -> None:
    """Say so where there is no number at all, instead of an axis of nothing."""
    if not any(isfinite(value) for value in values):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no numbers yet", transform=axes.transAxes, ha="center", va="center", color=QUIET)


def _values(trend: Sequence[Point], name: str) -> list[float]:
    """The values of a figure, not-a-number where there is none, which leaves a gap."""
    found = (point.figures.get(name) for point in trend)
    return [figure.value if figure and figure.value is not None else float("nan") for figure in found]


def _rate(axes: Axes, trend: Sequence[Point], tongue: Tongue) -> None:
    values = _values(trend, "resolution_rate")
    found = [point.figures.get("resolution_rate") for point in trend]
    bounds = [
        figure.interval if figure and figure.interval else (value, value)
        for figure, value in zip(found, values, strict=True)
    ]
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    axes.fill_between(range(len(trend)), lows, highs, color=SKY, alpha=0.3, linewidth=0)
    axes.plot(values, color=BLUE, linewidth=2)
    for at, (point, value) in enumerate(zip(trend, values, strict=True)):
        axes.plot([at], [value], "o", color=BLUE, markersize=6, markerfacecolor=BLUE if point.complete else PAPER)
    if trend and isfinite(values[-1]):
        axes.annotate(
            tongue.share(values[-1]), (len(trend) - 1, values[-1]), xytext=(0, 9), textcoords="offset points",
            ha="center", fontweight="bold", color=BLUE,
        )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tongue.share(round(value, 2))))
    _blank(axes, values)
    axes.set_title("Resolution rate, with its 95% interval")


def _flow(axes: Axes, trend: Sequence[Point]) -> None:
    for name, colour, aside in (("intake", ORANGE, -0.2), ("fixed", BLUE, 0.2)):
        bars = axes.bar([at + aside for at in range(len(trend))], _values(trend, name), 0.38, color=colour)
        _hollow(bars.patches, trend, colour)
    handles = [Patch(color=ORANGE, label="came in"), Patch(color=BLUE, label="fixed")]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2, fontsize=9, borderaxespad=0)
    axes.set_title("New and back again, against fixed")


def _backlog(axes: Axes, trend: Sequence[Point]) -> None:
    bars = axes.bar(range(len(trend)), _values(trend, "backlog"), 0.78, color=QUIET)
    _hollow(bars.patches, trend, QUIET)
    axes.set_title("Backlog at the end of the week")


def _hollow(bars: Sequence[Rectangle], trend: Sequence[Point], colour: str) -> None:
    """Show weeks that are not complete as outlines."""
    for bar, point in zip(bars, trend, strict=True):
        if not point.complete:
            bar.set(facecolor=PAPER, edgecolor=colour, hatch="////")


def _short(point: Point) -> str:
    return "W" + point.week.rpartition("W")[2]


def _png(canvas: Canvas) -> bytes:
    """The picture without the name of the program in it, so that the same report makes the same bytes."""
    file = BytesIO()
    canvas.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
