"""Our mark in what we write: the nonce of the intent, by which a write whose answer was lost is found again."""

import re
from collections.abc import Iterable

NONCE = re.compile(r"bugferry-[0-9A-Za-z-]*[0-9A-Za-z]")
_MADE_BY_US = re.compile(r"bugferry-[0-9a-f]+")
"""Nonces end in hexadecimal digits; a label of a rule may begin with the same word."""


def nonce_among(labels: Iterable[str]) -> str | None:
    """The label that is a nonce; None when none is."""
    found = [label for label in labels if NONCE.fullmatch(label)]
    return min(found, key=lambda label: _MADE_BY_US.fullmatch(label) is None, default=None)
