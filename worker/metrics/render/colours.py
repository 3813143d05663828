"""The colours of every format, which colour-blind people tell apart; and never a meaning by colour alone."""

BLUE, ORANGE, VERMILLION, SKY = "#0072B2", "#E69F00", "#D55E00", "#56B4E9"
"""Four of their eight, https://jfly.uni-koeln.de/color/. Better is blue, worse is vermillion."""
INK, QUIET, GRID, PAPER = "#1f2933", "#52606d", "#e4e7eb", "#ffffff"

_LIGHT, _FULL = (0xEE, 0xF6, 0xFB), (0x00, 0x72, 0xB2)
_WHITE_FROM = 0.8
"""From this share on white reads better on the shade than ink does."""


def shade(share: float) -> str:
    """The shade of a share from 0 to 1, from nearly white to blue."""
    part = min(max(share, 0.0), 1.0)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(_LIGHT, _FULL, strict=True))


def ink_on(share: float) -> str:
    """The colour of text on the shade of a share."""
    return PAPER if share >= _WHITE_FROM else INK
