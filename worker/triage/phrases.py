"""One pattern out of many phrases. Phrases for texts are in lower case: to ignore case costs five times as much."""

import re


def any_of(*phrases: str) -> re.Pattern[str]:
    """A pattern for text that is in lower case already."""
    return re.compile("|".join(phrases))


def in_any_case(*phrases: str) -> re.Pattern[str]:
    """A pattern for addresses and names, which are seldom looked at."""
    return re.compile("|".join(phrases), re.IGNORECASE)
