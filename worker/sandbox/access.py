"""What our own account may do in each practice service: a token that was revoked, a right or a place taken away."""

from dataclasses import dataclass
from typing import Literal

Deed = Literal["read", "create", "comment", "write"]


@dataclass(frozen=True, slots=True)
class Access:
    """What one service lets the integration do; people keep all their rights.

    `revoked`: the token opens nothing any more; `stranger` (Jira): it is served like somebody who is not logged in.
    `forbidden`: deeds refused with 403. `hidden`: the organisation, projects or repositories answer 404.
    """

    revoked: bool = False
    stranger: bool = False
    forbidden: frozenset[str] = frozenset()
    hidden: bool = False

    def forbids(self, deed: Deed) -> bool:
        """Whether a deed is refused; `write` includes every other way of changing something."""
        return deed in self.forbidden or (deed != "read" and "write" in self.forbidden)


def deed_of(method: str, path: str) -> Deed:
    """What a call does, told by its method and the pattern of its path; the same for all three services."""
    last = path.rstrip("/").rpartition("/")[2]
    if method == "GET" or "/search" in path:
        return "read"
    if method == "POST" and last in {"issue", "issues"}:
        return "create"
    return "comment" if method == "POST" and last in {"comment", "comments", "notes"} else "write"
