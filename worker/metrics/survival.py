"""How long until it happens, with those that still wait counted as waiting: Kaplan and Meier (1958)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.metrics.intervals import Z

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """The share to which it has not happened yet, after each time at which it happened to somebody.

    `low` and `high`: 95%, log-log transformed (as `lifelines` and R's survival do), so that they stay within 0 and 1.
    """

    times: Numbers
    survival: Numbers
    low: Numbers
    high: Numbers


@dataclass(frozen=True, slots=True)
class Quantile:
    """After how long it had happened to a share. None: that share was not reached; an end of None is open."""

    value: float | None
    low: float | None
    high: float | None


def kaplan_meier(durations: Numbers, happened: NDArray[np.bool_]) -> Curve:
    """Estimate the curve; `happened` False: still waiting, or out of sight, after that duration."""
    times, deaths = np.unique(durations[happened], return_counts=True)
    # Two plain sorts instead of one of pairs: half of the time for a million.
    at_risk = len(durations) - np.searchsorted(np.sort(durations), times, side="left")
    survival: Numbers = np.cumprod(1 - deaths / at_risk, dtype=np.float64)
    low, high = _log_log(survival, deaths, at_risk)
    return Curve(times, survival, low, high)


def quantile(curve: Curve, share: float) -> Quantile:
    """After how long it had happened to `share` of all (0.5: the median), with the interval from the bands."""
    left = 1 - share
    return Quantile(
        _reached(curve.times, curve.survival, left),
        _reached(curve.times, curve.low, left),
        _reached(curve.times, curve.high, left),
    )


def _log_log(survival: Numbers, deaths: Counts, at_risk: Counts) -> tuple[Numbers, Numbers]:
    """Greenwood's variance on the log-log scale; where nobody is left there is no band but the value itself."""
    some = at_risk > deaths
    variance = np.cumsum(np.where(some, deaths / np.where(some, at_risk * (at_risk - deaths), 1), 0))
    inner = (survival > 0) & (survival < 1)
    logs = np.log(np.where(inner, survival, 0.5))
    spread = Z * np.sqrt(variance) / np.abs(logs)
    middle = np.log(-logs)
    low = np.where(inner, np.exp(-np.exp(middle + spread)), survival)
    high = np.where(inner, np.exp(-np.exp(middle - spread)), survival)
    return low, high


def _reached(times: Numbers, line: Numbers, left: float) -> float | None:
    # Products of fractions miss 0.5 by a hair.
    below = np.flatnonzero(line <= left + 1e-12)
    return float(times[below[0]]) if len(below) else None
