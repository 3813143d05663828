"""What we say to Jira and how we find it again: the fields of a ticket, documents (ADF), marks, JQL text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from worker.case import TicketChange
from worker.ends.loose import dig, first_text, items, line, mapping, objects, text
from worker.ends.marks import NONCE
from worker.mapping.wiki import from_wiki
from worker.model import Body, Draft

DEFAULT_TYPE = "Bug"
WIKI_MARK = "{{color:#97a0af}}~{}~{{color}}"
"""Our mark at the end of a comment in wiki markup: small grey text, as in a document."""
_WIKI_MARK = re.compile(re.escape(WIKI_MARK.format("x")).replace("x", f"({NONCE.pattern})"))
Fields = dict[str, object]
_ASKED = frozenset({"assignee", "fields"})
_SPELLED = (("priority", "priority", "name"), ("parent", "parent", "key"), ("due", "duedate", None))
"""Our word, Jira's field, and by what Jira names the value."""
_BLOCKS = frozenset({"paragraph", "heading", "codeBlock", "rule", "mediaSingle", "blockCard", "embedCard"})
_SHORT = frozenset({"listItem", "tableCell", "tableHeader"})
"""Blocks in these follow each other without an empty line."""
_ITEMS = frozenset({"listItem", "taskItem", "decisionItem"})
_ENDING_LINES = frozenset({"taskItem", "decisionItem", "hardBreak", "bulletList", "orderedList", "taskList", "table"})


def fields_of(draft: Draft, project: str, nonce: str, text_of: Callable[[Body], object]) -> Fields:
    """Spell a draft in Jira's field names; the nonce is one label more. What we have no word for passes as it is.

    `text_of` spells the body. `assignee` and `fields` are left to `jira_fields`: only the site can spell them.
    """
    told = {name: said for name, said in draft.fields.items() if name not in _ASKED}
    fields: Fields = {
        "project": {"key": project},
        "summary": draft.title,
        "description": text_of(draft.body),
        "issuetype": {"name": told.pop("type", None) or DEFAULT_TYPE},
        "labels": [*(told.pop("labels", None) or ()), nonce],
    }
    if components := items(told.pop("components", None)):
        fields["components"] = [{"name": name} for name in components]
    for word, name, spell in _SPELLED:
        if said := told.pop(word, None):
            fields[name] = {spell: said} if spell else said
    return {**fields, **told}


def named(change: TicketChange) -> list[str]:
    """What a change sets, as people call it."""
    labels = ["labels"] if change.add_labels or change.remove_labels else []
    return [*change.fields, *(["priority"] if change.priority else []), *labels]


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


def unmarked(body: object) -> tuple[str, str | None]:
    """The plain text of a comment without our mark, and the nonce that it carries; None when it is not ours.

    The mark is the last paragraph that says anything, and says nothing else: a person who mentions one is not us.
    """
    if isinstance(body, str):
        return _unmarked(body)
    doc = mapping(body)
    blocks = list(items(doc.get("content")))
    while blocks and not plain(blocks[-1]):
        blocks.pop()
    nonce = plain(blocks[-1]) if blocks else ""
    if not NONCE.fullmatch(nonce):
        return plain(body), None
    return plain({**doc, "content": blocks[:-1]}), nonce


def _unmarked(wiki: str) -> tuple[str, str | None]:
    said, _, last = wiki.rstrip().replace("\r\n", "\n").rpartition("\n")
    found = _WIKI_MARK.fullmatch(last.strip())
    return (from_wiki(said), found[1]) if found else (from_wiki(wiki), None)


@dataclass(frozen=True, slots=True)
class _Node:
    """A node that is still to be read. `short`: its blocks follow each other without an empty line."""

    node: object
    short: bool = False


def plain(body: object) -> str:
    """Read a document as text, a paragraph a block; without recursion: a document may nest deeper than the stack."""
    if isinstance(body, str):
        return body.strip()
    said: list[str] = []
    waiting: list[_Node | str] = [_Node(body)]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            said.append(here)
        else:
            waiting.extend(reversed(_opened(here)))
    return re.sub(r"\n{3,}", "\n\n", "".join(said)).strip()


def _opened(here: _Node) -> list[_Node | str]:
    """What a node says: its own words, then its content, then the end of its line."""
    node = mapping(here.node)
    kind = line(node.get("type"))
    short = here.short or kind in _SHORT
    content = [_Node(child, short) for child in items(node.get("content"))]
    dash = "- " if kind in _ITEMS else ""
    return [dash, _own_words(kind, node), *content, _ending(kind, short=here.short)]


def _ending(kind: str, *, short: bool) -> str:
    if kind in _BLOCKS:
        return "\n" if short else "\n\n"
    return "\n" if kind in _ENDING_LINES else ""


def _own_words(kind: str, node: Mapping[str, object]) -> str:
    """What a node says by itself: text with the address of its link, a mention, a card."""
    if kind != "text":
        attrs = mapping(node.get("attrs"))
        return first_text(attrs.get("text"), attrs.get("url"), attrs.get("shortName")) or ""
    said = line(node.get("text"))
    links = (text(dig(mark, "attrs", "href")) for mark in objects(node.get("marks")) if mark.get("type") == "link")
    return said + "".join(f" ({link})" for link in links if link and link not in said)


def quoted(value: str) -> str:
    """Quote text for JQL."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
