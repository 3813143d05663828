"""A delivery taken apart, before anybody asked what it means."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from worker.ends.loose import Loose, text
from worker.errors import Malformed

TrackerOf = Callable[[str, str], str | None]
"""Our name of the tracker for a source (`jira`, `github`) and a place (project key, `owner/name`); None: not ours."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What may stand in a work key: ids and ticket keys of all three services, and nothing that could mean more."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Headers under lower-case names, the body's object, and the digest of its raw bytes."""

    headers: dict[str, str]
    body: Loose
    sha256: str

    def header(self, name: str) -> str:
        """Answer a header that must be there."""
        value = self.headers.get(name.lower(), "").strip()
        if not value:
            raise Malformed(f"The header {name} is missing.")
        return value


def digest(body: bytes) -> str:
    """SHA-256 in hex: the identity of a delivery that brings none of its own."""
    return hashlib.sha256(body).hexdigest()


def digest_of(*facts: object) -> str:
    """One digest of several JSON values, told apart from each other."""
    return digest(json.dumps(facts, sort_keys=True, default=str).encode())


def key_at(value: object, where: str) -> str:
    """Answer an id or key; `Malformed` when it is missing or no such thing. `where`: its place in the body."""
    found = text(value)
    if found is None:
        raise Malformed(f"{where} is missing.")
    if not _KEY.fullmatch(found):
        raise Malformed(f"{where} is no id: {found[:64]!r}.")
    return found
