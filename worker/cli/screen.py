"""How results reach a person or a script."""

import json
import re
import sys
from datetime import datetime

from rich.console import Console
from rich.table import Table

out = Console(highlight=False)
"""The terminal. Foreign text is printed with markup off or through tables of plain cells."""


def print_json(value: object) -> None:
    """One JSON value on standard output; times as ISO."""
    sys.stdout.write(json.dumps(value, default=str, ensure_ascii=False, indent=2) + "\n")


def table(*columns: str) -> Table:
    """A table in the house's look."""
    made = Table(box=None, pad_edge=False, header_style="bold dim", show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def without_password(address: str) -> str:
    """An address as it may be shown."""
    return re.sub(r"((?:^|[?&])(?:ssl)?password=)[^&]*", r"\1***", re.sub(r"(?<=://).*@", "***@", address))


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago, or how soon, in one short word."""
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    size, word = next((s, w) for s, w in _STEPS if abs(seconds) >= s or s == 1)
    return f"{abs(seconds) / size:.0f} {word} ago" if seconds >= 0 else f"in {abs(seconds) / size:.0f} {word}"


_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
