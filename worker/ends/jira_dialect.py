"""How the editions of Jira are spoken to where they differ: the version of the API, who is who, what a text is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from worker.ends.jira_words import document, marked
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
    types: str
    screen: str
    text: Callable[[Body], object]
    """A text of ours in this edition's markup, as it is sent."""
    plain: Callable[[str], object]
    """Plain text, of which nothing is to be read as markup, for a field of several lines; cut at the limit."""
    marked: Callable[[Body, str], object]
    """A comment of ours with the nonce by which it is found again."""


LONGEST_TEXT = 32_767
"""Characters that Jira takes in a field of several lines."""

CLOUD = Dialect(
    api="3",
    who="accountId",
    asked_by="query",
    types="issueTypes",
    screen="fields",
    text=document,
    plain=lambda said: document(said[:LONGEST_TEXT]),
    marked=lambda body, nonce: marked(document(body), nonce),
)
