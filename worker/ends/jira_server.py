"""One Jira Data Center project over REST v2: what it does otherwise than Jira Cloud, and nothing else.

A personal access token instead of address and token; users by name; texts are wiki markup; a search that pages by
`startAt`; the history of an issue comes with the issue. Contracts: docs.atlassian.com/software/jira/docs/api/REST.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from worker.ends.answers import Call
from worker.ends.jira import JiraTracker
from worker.ends.jira_dialect import LONGEST_TEXT, Dialect
from worker.ends.jira_site import PAGE, Client, JiraSite
from worker.ends.jira_words import WIKI_MARK, document
from worker.ends.loose import Loose, dig, mapping, objects, whole
from worker.mapping.size import kept, utf16
from worker.mapping.wiki import to_wiki
from worker.model import Body

AGAIN = 20
"""The last of so many rows of a page are asked for again with the next one."""


def wiki_of(body: Body) -> str:
    """Wiki markup passes as it is; a document is written as such."""
    return body if isinstance(body, str) else to_wiki(body)


def inert(said: str, limit: int = LONGEST_TEXT) -> str:
    """Plain text in which no markup is read, as much of it as takes `limit` UTF-16 units with its escapes."""
    while (taken := utf16(wiki := to_wiki(document(said)))) > limit:
        said = kept(said, utf16(said) * limit // taken - 1)
    return wiki


def inert_line(said: str, limit: int) -> str:
    """The same on one line, whatever breaks are in it."""
    return inert(" ".join(said.split()), limit)


DATA_CENTER = Dialect(
    api="2",
    who="name",
    asked_by="username",
    most=1_000,
    types="values",
    screen="values",
    text=wiki_of,
    plain=inert,
    line=inert_line,
    marked=lambda body, nonce: f"{wiki_of(body).rstrip()}\n\n{WIKI_MARK.format(nonce)}",
)


class _ServerClient(Client):
    """The library's client, told at once that it talks to a Jira of one's own."""

    deployment = "Server"

    def _login(self, _email: str, token: str) -> dict[str, object]:
        return {"token_auth": token}

    def rows(self, jql: str, fields: Sequence[str], expand: str | None, start: int) -> object:
        """One page of a search."""
        asked = {"jql": jql, "startAt": start, "maxResults": PAGE, "fields": ",".join(fields)}
        found: object = self._get_json("search", params={**asked, **({"expand": expand} if expand else {})})
        return found


class JiraServerSite(JiraSite):
    """One site and one account. Safe to share between threads; building it calls nobody."""

    dialect: ClassVar[Dialect] = DATA_CENTER
    _client_of: ClassVar[type[Client]] = _ServerClient

    def search(self, call: Call, jql: str, fields: Sequence[str], expand: str | None = None) -> Iterator[list[Loose]]:
        """Pages of a search, each beginning a little before the last one ended: what is deleted meanwhile hides no row.

        So a row may come twice. What moves between two pages is found again by the next poll.
        """
        start = 0
        while True:
            page = mapping(
                self.read(call, partial(_ServerClient.rows, jql=jql, fields=fields, expand=expand, start=start))
            )
            rows = objects(page.get("issues"))
            yield rows
            if not rows or start + len(rows) >= (whole(page.get("total")) or 0):
                return
            start += len(rows) - len(rows) // AGAIN

    def changelog(self, call: Call, key: str) -> list[Loose]:
        """The history of an issue, which comes with it."""
        issue = self.read(call, lambda jira: mapping(jira.issue(key, fields="created", expand="changelog").raw))
        return objects(dig(issue, "changelog", "histories"))


class JiraServerTracker(JiraTracker):
    """A project of a Jira Data Center that takes tickets; its `email` is empty, its token a personal access token."""

    _site_of: ClassVar[type[JiraSite]] = JiraServerSite
