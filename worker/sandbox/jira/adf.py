"""Atlassian documents: are they one, and what do they read as."""

from html import escape

from worker.sandbox.values import Json, as_dict, as_list, as_text

NODES = frozenset(
    "doc paragraph text heading bulletList orderedList listItem codeBlock rule blockquote panel hardBreak mention emoji "
    "inlineCard blockCard table tableRow tableCell tableHeader expand nestedExpand mediaSingle mediaGroup media date "
    "status taskList taskItem decisionList decisionItem extension inlineExtension bodiedExtension mediaInline "
    "embedCard layoutSection layoutColumn".split()
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
    inner = "".join(_render(as_dict(child)) for child in as_list(node.get("content")))
    attrs = as_dict(node.get("attrs"))
    match node.get("type"):
        case "text":
            return _marked(as_text(node.get("text")) or "", as_list(node.get("marks")))
        case "hardBreak":
            return "<br>"
        case "rule":
            return "<hr>"
        case "codeBlock":
            return f"<pre><code>{inner}</code></pre>"
        case "heading":
            level = attrs.get("level") if attrs.get("level") in range(1, 7) else 3
            return f"<h{level}>{inner}</h{level}>"
        case "expand" | "nestedExpand":
            return f"<details open><summary>{escape(as_text(attrs.get('title')) or 'More')}</summary>{inner}</details>"
        case "inlineCard" | "blockCard":
            return _anchor(as_text(attrs.get("url")) or "", escape(as_text(attrs.get("url")) or ""))
        case kind:
            tag = TAGS.get(str(kind))
            return f"<{tag}>{inner}</{tag}>" if tag else inner


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
