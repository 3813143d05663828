"""What we say to Jira and how we find it again: the fields of a ticket, documents (ADF), marks, JQL text."""

from collections.abc import Iterator, Mapping

from worker.ends.loose import Loose, dig, items, mapping, text
from worker.model import Body, Draft

DEFAULT_TYPE = "Bug"
Fields = dict[str, object]


def fields_of(draft: Draft, project: str, nonce: str) -> Fields:
    """Spell a draft in Jira's field names; the nonce is one label more. What we have no word for passes as it is."""
    told = dict(draft.fields)
    fields: Fields = {
        "project": {"key": project},
        "summary": draft.title,
        "description": document(draft.body),
        "issuetype": {"name": told.pop("type", None) or DEFAULT_TYPE},
        "labels": [*(told.pop("labels", None) or ()), nonce],
    }
    priority = told.pop("priority", None)
    if priority:
        fields["priority"] = {"name": priority}
    return {**fields, **told}


def document(body: Body) -> Mapping[str, object]:
    """Answer an Atlassian document; plain text becomes one paragraph a line."""
    if not isinstance(body, str):
        return body
    lines = [said for said in body.splitlines() if said.strip()] or [" "]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": said}]} for said in lines]
    return {"type": "doc", "version": 1, "content": content}


def marked(doc: Mapping[str, object], nonce: str) -> Mapping[str, object]:
    """Append the nonce to a document as small grey text.

    A comment property would be invisible, but the list of comments does not show properties: finding one would cost a
    call for every comment of the ticket. Text comes back with the list.
    """
    marks = [{"type": "subsup", "attrs": {"type": "sub"}}, {"type": "textColor", "attrs": {"color": "#97a0af"}}]
    trailer = {"type": "paragraph", "content": [{"type": "text", "text": nonce, "marks": marks}]}
    return {**doc, "content": [*items(doc.get("content")), trailer]}


def words(node: object) -> Iterator[str]:
    """Every word of a document, in order, without recursion: a document may nest deeper than the stack."""
    waiting = [node]
    while waiting:
        here = mapping(waiting.pop())
        yield from (text(here.get("text")) or "").split()
        waiting.extend(reversed(items(here.get("content"))))


def makers(raw: Loose) -> frozenset[str]:
    """Account ids of who created a ticket, and of who reported it."""
    ids = (text(dig(raw, "fields", role, "accountId")) for role in ("creator", "reporter"))
    return frozenset(filter(None, ids))


def quoted(value: str) -> str:
    """Quote text for JQL."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
