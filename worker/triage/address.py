"""Splitting addresses that anybody may have written: Python's own way raises on some (`http://[::1`, `https://ac℀me`)."""

from urllib.parse import SplitResult, urlsplit


def split_address(told: str) -> SplitResult:
    """Split an address into its parts; one that no rule can split has no scheme, no host, and is all path."""
    try:
        return urlsplit(told)
    except ValueError:  # a bracket or a character where a host should be
        return SplitResult("", "", told.partition("?")[0].partition("#")[0], "", "")
