"""Atlassian documents: are they one, and what do they read as."""

from collections.abc import Callable
from html import escape

from worker.sandbox.values import Json, as_dict, as_list, as_text

NODES = frozenset(
    {
        *("doc", "paragraph", "text", "heading", "bulletList", "orderedList", "listItem", "codeBlock", "rule"),
        *("blockquote", "panel", "hardBreak", "mention", "emoji", "date", "status", "expand", "nestedExpand"),
        *("inlineCard", "blockCard", "embedCard", "table", "tableRow", "tableCell", "tableHeader"),
        *("media", "mediaSingle", "mediaGroup", "mediaInline", "layoutSection", "layoutColumn"),
        *("taskList", "taskItem", "decisionList", "decisionItem"),
        *("extension", "inlineExtension", "bodiedExtension"),
    }
)
MARKS = {"strong": "strong", "em": "em", "code": "code", "strike": "s", "underline": "u"}
TAGS = {
    "paragraph": "p",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "blockquote": "blockquote",
    "table": "table",
    "tableRow": "tr",
    "tableCell": "td",
    "tableHeader": "th",
    "panel": "aside",
}
DEEPEST = 40


def is_document(value: object) -> bool:
    """Say whether Jira would take this as a document."""
    doc = as_dict(value)
    return (
        doc.get("type") == "doc" and doc.get("version") == 1 and isinstance(doc.get("content"), list) and _valid(doc, 0)
    )


def _valid(node: object, depth: int) -> bool:
    if not isinstance(node, dict) or node.get("type") not in NODES or depth > DEEPEST:
        return False
    if node["type"] == "text" and (not isinstance(node.get("text"), str) or not node["text"]):
        return False
    content = node.get("content", [])
    return isinstance(content, list) and all(_valid(child, depth + 1) for child in content)


def document(text: str) -> Json:
    """Plain text as a document, one paragraph a line."""
    lines = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": lines}


def plain(value: object) -> str:
    """The words of a document or of v2 text."""
    if isinstance(value, str):
        return value
    node = as_dict(value)
    if node.get("type") == "hardBreak":
        return "\n"
    inner = "".join(plain(child) for child in as_list(node.get("content")))
    text = as_text(node.get("text")) or as_text(as_dict(node.get("attrs")).get("url")) or ""
    return text + inner + ("\n" if node.get("type") in {"paragraph", "heading", "codeBlock", "listItem"} else "")


def render(value: object) -> str:
    """A document or v2 text as safe HTML: every word is escaped, links are http(s) only."""
    if isinstance(value, str):
        return f"<p>{escape(value)}</p>"
    return _render(as_dict(value))


def _render(node: Json) -> str:
    kind, inner = str(node.get("type")), "".join(_render(as_dict(child)) for child in as_list(node.get("content")))
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(node, inner)
    tag = TAGS.get(kind)
    return f"<{tag}>{inner}</{tag}>" if tag else inner


def _heading(node: Json, inner: str) -> str:
    level = as_dict(node.get("attrs")).get("level")
    size = level if level in range(1, 7) else 3
    return f"<h{size}>{inner}</h{size}>"


def _expand(node: Json, inner: str) -> str:
    title = as_text(as_dict(node.get("attrs")).get("title")) or "More"
    return f"<details open><summary>{escape(title)}</summary>{inner}</details>"


def _card(node: Json, _inner: str) -> str:
    address = as_text(as_dict(node.get("attrs")).get("url")) or ""
    return _anchor(address, escape(address))


def _marked(text: str, marks: list[object]) -> str:
    html = escape(text)
    for mark in map(as_dict, marks):
        if tag := MARKS.get(str(mark.get("type"))):
            html = f"<{tag}>{html}</{tag}>"
        elif mark.get("type") == "link":
            html = _anchor(as_text(as_dict(mark.get("attrs")).get("href")) or "", html)
    return html


def _anchor(address: str, html: str) -> str:
    if not address.startswith(("http://", "https://")):
        return html
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{html}</a>'


_SPECIAL: dict[str, Callable[[Json, str], str]] = {
    "text": lambda node, _inner: _marked(as_text(node.get("text")) or "", as_list(node.get("marks"))),
    "hardBreak": lambda _node, _inner: "<br>",
    "rule": lambda _node, _inner: "<hr>",
    "codeBlock": lambda _node, inner: f"<pre><code>{inner}</code></pre>",
    "heading": _heading,
    "expand": _expand,
    "nestedExpand": _expand,
    "inlineCard": _card,
    "blockCard": _card,
}
