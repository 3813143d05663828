"""How the editions of Jira are spoken to where they differ: the version of the API, who is who, what a text is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from worker.ends.jira_words import document, marked
from worker.mapping.size import kept
from worker.model import Body


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one edition says otherwise than the other.

    `who`: the key by which a user is named; `asked_by`: the parameter by which users are looked for; `types`, `screen`:
    the keys under which a project lists its issue types and the fields of a create.
    """

    api: Literal["2", "3"]
    who: Literal["accountId", "name"]
    asked_by: Literal["query", "username"]
    most: int
    """How many users one search for them may answer: the one who is meant may stand behind many of a like name."""
    types: str
    screen: str
    text: Callable[[Body], object]
    """A text of ours in this edition's markup, as it is sent."""
    plain: Callable[[str], object]
    """Plain text, of which nothing is to be read as markup, for a field of several lines; cut at the limit."""
    line: Callable[[str, int], str]
    """The same for a field of one line, cut at the limit that is told."""
    marked: Callable[[Body, str], object]
    """A comment of ours with the nonce by which it is found again."""


LONGEST_TEXT = 32_767
"""UTF-16 units that Jira takes in a field of several lines."""

CLOUD = Dialect(
    api="3",
    who="accountId",
    asked_by="query",
    most=100,
    types="issueTypes",
    screen="fields",
    text=document,
    plain=lambda said: document(kept(said, LONGEST_TEXT)),
    line=kept,
    marked=lambda body, nonce: marked(document(body), nonce),
)
