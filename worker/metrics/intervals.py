"""How sure a share is: Wilson's interval, which stays within 0 and 1 and holds for small numbers (Wilson 1927)."""

from math import sqrt

Z = 1.959963984540054
"""Two-sided 95% of the normal distribution."""


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """Give the 95% interval of `hits` out of `n`; None of nothing."""
    if n <= 0:
        return None
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == n else min(1.0, middle + half)
