"""What a GitHub issue is a duplicate of: said in a comment, or chosen in the browser, which GraphQL alone tells."""

import re

from worker.ends.answers import Call
from worker.ends.github_site import Asked, GithubSite
from worker.ends.loose import dig, text, whole
from worker.errors import Permanent

_DUPLICATE_OF = re.compile(
    r"^\s*duplicate of\s+(?:https?://\S+?/(?=[^/\s]+/[^/\s]+/issues/))?"
    r"(?P<place>[\w.-]+/[\w.-]+)?(?:#|/issues/)(?P<number>\d+)",
    re.IGNORECASE | re.MULTILINE,
)
_WHICH = (
    "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) "
    "{ issue(number: $number) { duplicateOf { number repository { nameWithOwner } } } } }"
)


def original_in(said: str) -> tuple[str | None, int] | None:
    """What a comment "Duplicate of #12" names: place (None: the same) and number; None when it names nothing."""
    found = _DUPLICATE_OF.search(said)
    return (found["place"], int(found["number"])) if found else None


def original_by_graph(site: GithubSite, call: Call, place: str, number: int) -> tuple[str | None, int] | None:
    """What somebody chose in the browser: place and number; servers may lack GraphQL or this field."""
    owner, _, name = site.name_of(place).partition("/")
    asked: Asked = {"owner": owner, "name": name, "number": number}
    try:
        return site.graph(call, _WHICH, asked, _told)
    except Permanent:
        return None


def _told(data: object) -> tuple[str | None, int] | None:
    told = dig(data, "data", "repository", "issue", "duplicateOf")
    number = whole(dig(told, "number"))
    return (text(dig(told, "repository", "nameWithOwner")), number) if number is not None else None
