"""Markdown as an Atlassian document tree. What the tree has no place for becomes plain text; nothing becomes a card.

Text is only ever a text node, so nothing in it can act: Jira makes neither mentions nor links of text nodes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from worker.mapping.markup import JOINER
from worker.triage.address import split_address

Node = dict[str, Any]
"""One node of the tree: Atlassian's own JSON, whose attributes differ by type."""

_SCHEMES = frozenset({"http", "https", "mailto"})
_IN_LISTS = frozenset({"paragraph", "bulletList", "orderedList", "codeBlock"})
_MARKS = {"strong": "strong", "em": "em", "s": "strike"}
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,30}")


def to_adf(markdown: str) -> Node:
    """Turn Markdown (CommonMark, tables, strikethrough; no HTML) into a document."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    content = _blocks(SyntaxTreeNode(parser.parse(markdown)).children)
    return {"type": "doc", "version": 1, "content": content or [_paragraph([])]}


def text_length(node: Mapping[str, Any]) -> int:
    """How many characters of text a document holds."""
    return len(node.get("text", "")) + sum(text_length(child) for child in node.get("content", ()))


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> list[Node]:
    return [block for node in nodes for block in _block(node)]


def _block(node: SyntaxTreeNode) -> Iterator[Node]:
    make = _BLOCKS.get(node.type)
    if make is not None:
        yield make(node)
    elif node.content:
        yield _paragraph([_text(node.content)])
    else:
        yield from _blocks(node.children)


def _heading(node: SyntaxTreeNode) -> Node:
    return {"type": "heading", "attrs": {"level": int(node.tag[1])}, "content": _line(node)}


def _plain_paragraph(node: SyntaxTreeNode) -> Node:
    return _paragraph(_line(node))


def _paragraph(content: list[Node]) -> Node:
    return {"type": "paragraph", "content": content}


def _code_block(node: SyntaxTreeNode) -> Node:
    content = [_text(node.content.rstrip("\n"))] if node.content.strip("\n") else []
    made: Node = {"type": "codeBlock", "content": content}
    language = (node.info or "").split(" ")[0]
    if _LANGUAGE.fullmatch(language):
        made["attrs"] = {"language": language}
    return made


def _quote(node: SyntaxTreeNode) -> Node:
    return {"type": "blockquote", "content": _fitting(node.children)}


def _bullets(node: SyntaxTreeNode) -> Node:
    return {"type": "bulletList", "content": _items(node)}


def _numbers(node: SyntaxTreeNode) -> Node:
    order = int(node.attrs.get("start", 1))
    return {"type": "orderedList", "attrs": {"order": order}, "content": _items(node)}


def _items(node: SyntaxTreeNode) -> list[Node]:
    return [{"type": "listItem", "content": _fitting(item.children)} for item in node.children]


def _rule(_node: SyntaxTreeNode) -> Node:
    return {"type": "rule"}


def _table(node: SyntaxTreeNode) -> Node:
    rows = [_row(row) for part in node.children for row in part.children]
    return {"type": "table", "content": rows}


def _row(node: SyntaxTreeNode) -> Node:
    return {"type": "tableRow", "content": [_cell(cell) for cell in node.children]}


def _cell(node: SyntaxTreeNode) -> Node:
    kind = "tableHeader" if node.type == "th" else "tableCell"
    return {"type": kind, "content": [_paragraph(_line(node))]}


def _fitting(nodes: Sequence[SyntaxTreeNode]) -> list[Node]:
    """Blocks that may stand in a list or a quote; headings and the like keep their text only."""
    fitted = [fit for block in _blocks(nodes) for fit in _fit(block)]
    return fitted or [_paragraph([])]


def _fit(block: Node) -> Iterator[Node]:
    if block["type"] in _IN_LISTS:
        yield block
    elif block["type"] == "heading":
        yield _paragraph(block["content"])
    else:
        for child in block.get("content", ()):
            yield from _fit(child)


def _line(node: SyntaxTreeNode) -> list[Node]:
    return [made for child in node.children for made in _inline(child, ())]


def _inline(node: SyntaxTreeNode, marks: tuple[Node, ...]) -> Iterator[Node]:
    match node.type:
        case "text" | "code_inline":
            if node.content:
                yield _text(node.content, _code_marks(marks) if node.type == "code_inline" else marks)
        case "softbreak":
            yield _text(" ", marks)
        case "hardbreak":
            yield {"type": "hardBreak"}
        case "image":
            yield _text(node.content or "image", marks)
        case _:
            inner = _with(marks, _mark(node))
            for child in node.children:
                yield from _inline(child, inner)


def _mark(node: SyntaxTreeNode) -> Node | None:
    if node.type == "link":
        href = str(node.attrs.get("href", ""))
        return {"type": "link", "attrs": {"href": href}} if split_address(href).scheme in _SCHEMES else None
    return {"type": _MARKS[node.type]} if node.type in _MARKS else None


def _with(marks: tuple[Node, ...], mark: Node | None) -> tuple[Node, ...]:
    return marks if mark is None or any(mark["type"] == other["type"] for other in marks) else (*marks, mark)


def _code_marks(marks: tuple[Node, ...]) -> tuple[Node, ...]:
    """Code goes together with a link only."""
    return (*(mark for mark in marks if mark["type"] == "link"), {"type": "code"})


def _text(text: str, marks: tuple[Node, ...] = ()) -> Node:
    return {"type": "text", "text": text.replace(JOINER, "") or " ", **({"marks": list(marks)} if marks else {})}


_BLOCKS: Mapping[str, Callable[[SyntaxTreeNode], Node]] = {
    "heading": _heading,
    "paragraph": _plain_paragraph,
    "fence": _code_block,
    "code_block": _code_block,
    "blockquote": _quote,
    "bullet_list": _bullets,
    "ordered_list": _numbers,
    "hr": _rule,
    "table": _table,
}
