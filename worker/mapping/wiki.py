r"""A document as the wiki markup of Jira Data Center, whose texts are strings that its renderer reads.

What might mean something there is written as a numeric entity: the renderer keeps those, shows the character and reads
nothing into it. A backslash would not do: it stops neither addresses, issue keys and emoticons nor, before another one,
a line break. Code stands in `{noformat}`, which no text inside can close: the word joiner of `markup` parts every brace
from a name behind it. It parts brackets from `~` and `@` as well, for Jira looks for people to mention in the raw text,
code or not. Sources: Jira's text formatting notation; the order of components in com.atlassian.renderer.v2; the pattern
by which Jira finds mentions, `\[[~@][^\\,]+?\]`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any
from urllib.parse import quote

from worker.mapping.adf import Node
from worker.mapping.markup import JOINER

_ACTIVE = re.compile(
    r"(?P<numbers>(?<![\w-])\d+(?:-\d+)+(?![\w-]))"  # 2026-11-30: neither a key nor struck out
    r"|[\\{}\[\]()|!*+^~#@&<>%]"
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<![A-Za-z])-|-(?![A-Za-z])"
    r"|\?(?=\?)|(?<=\?)\?"
    r"|(?<!\d):(?=\S)|:(?=[^\s\d])|:\Z"
    r"|(?<=\bh[1-6])\.|(?<=\bbq)\.|(?<=\bwww)\.",
    re.IGNORECASE,
)
_COLON = "&#58;"
_READ_IN_CODE = re.compile(r"\{(?=[\\\r\n]?[^\W\d_])|\[(?=[~@])")
"""Tags and mentions. The renderer skips a backslash or a line break behind a brace before it reads a name."""
_IN_ADDRESS = "/?#@$&'*+,;:=.~_%-"
_PHRASES = {"strong": "*", "em": "_", "strike": "-"}
_MARKUP = re.compile(
    r"\{(?P<fence>noformat|code)(?::[^{}\n]*)?\}|\{(?:quote|color|panel)(?::[^{}\n]*)?\}"
    r"|\[(?P<text>[^\[\]|\n]*)\|(?P<to>[^\[\]|\n]+)\]|\[~(?P<who>[^\[\]\n]+)\]|\\(?P<escaped>[^\w\s])"
)


def to_wiki(document: Mapping[str, Any]) -> str:
    """Write a document as `adf.to_adf` makes it; what else there may be keeps its text."""
    return _blocks(document.get("content", ()))


def from_wiki(wiki: str) -> str:
    """Read wiki markup as plain text with Markdown's fences around code; code and marks of emphasis stay as is."""
    said, at = [], 0
    while found := _MARKUP.search(wiki, at):
        said.append(unescape(wiki[at : found.start()]))
        at = found.end()
        if found["fence"]:
            closing = f"{{{found['fence']}}}"
            end = wiki.find(closing, at)
            said.append(f"```{wiki[at:end]}```" if end >= 0 else "```")
            at = end + len(closing) if end >= 0 else at
        else:
            said.append(unescape(_read(found)))
    return "".join([*said, unescape(wiki[at:])]).replace(JOINER, "").strip()


def _read(found: re.Match[str]) -> str:
    if found["to"]:
        return f"{found['text']} ({found['to']})" if found["text"] != found["to"] else found["to"]
    if found["who"]:
        return f"@{found['who']}"
    return found["escaped"] or ""


# ---------------------------------------------------------------- blocks


def _blocks(nodes: Sequence[Node]) -> str:
    return "\n\n".join(filter(None, map(_block, nodes)))


def _block(node: Node) -> str:
    make = _BLOCKS.get(node["type"])
    return make(node) if make else _blocks(node.get("content", ()))


def _paragraph(node: Node) -> str:
    return _line(node, "\n")


def _heading(node: Node) -> str:
    return f"h{node['attrs']['level']}. {_line(node)}"


def _code_block(node: Node) -> str:
    text = "".join(child["text"] for child in node.get("content", ()))
    parted = _READ_IN_CODE.sub(rf"\g<0>{JOINER}", text)
    return f"{{noformat}}\n{parted}\n{{noformat}}"


def _quote(node: Node) -> str:
    return f"{{quote}}\n{_blocks(node['content'])}\n{{quote}}"


def _rule(_node: Node) -> str:
    return "----"


def _list(node: Node, above: str = "") -> str:
    marks = above + ("#" if node["type"] == "orderedList" else "*")
    return "\n".join(line for item in node["content"] for line in _item(item["content"], marks))


def _item(blocks: Sequence[Node], marks: str) -> Iterator[str]:
    """What follows the first block of an item goes on below it: an empty line would end the list."""
    said = False
    for block in blocks:
        if block["type"] in _LISTS:
            yield _list(block, marks)
        else:
            yield _block(block) if said else f"{marks} {_block(block)}"
        said = True


def _table(node: Node) -> str:
    return "\n".join(map(_row, node["content"]))


def _row(node: Node) -> str:
    bars = ["||" if cell["type"] == "tableHeader" else "|" for cell in node["content"]]
    said = [_blocks(cell["content"]).replace("\n", " ") or " " for cell in node["content"]]
    return "".join(bar + text for bar, text in zip(bars, said, strict=True)) + bars[-1]


_LISTS = frozenset({"bulletList", "orderedList"})
_BLOCKS: Mapping[str, Callable[[Node], str]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "codeBlock": _code_block,
    "blockquote": _quote,
    "rule": _rule,
    "bulletList": _list,
    "orderedList": _list,
    "table": _table,
}


# ---------------------------------------------------------------- lines


def _line(node: Node, line_break: str = " ") -> str:
    """The text of a paragraph. A colon at its end is only looked at by people."""
    nodes = node.get("content", ())
    words = ["", *(child.get("text", " ") for child in nodes), ""]
    pieces = [
        _piece(child, words[at][-1:] + words[at + 2][:1]) if child["type"] == "text" else line_break
        for at, child in enumerate(nodes)
    ]
    said = "".join(pieces).strip()
    return said.removesuffix(_COLON) + ":" if said.endswith(_COLON) else said


def _piece(node: Node, beside: str) -> str:
    """One text with its marks. `beside`: the characters before and after it; at a letter emphasis does not hold."""
    text: str = node["text"]
    core, marks = text.strip(), {mark["type"]: mark for mark in node.get("marks", ())}
    if not core or not marks:
        return _escaped(text)
    start = text.index(core)
    said = _escaped(core)
    if "link" in marks:
        said = f"[{said}|{quote(marks['link']['attrs']['href'], safe=_IN_ADDRESS)}]"
    elif not any(char.isalnum() for char in beside) and "code" in marks:
        said = f"{{{{{said}}}}}"
    elif not any(char.isalnum() for char in beside):
        for kind, mark in _PHRASES.items():
            said = f"{mark}{said}{mark}" if kind in marks else said
    return f"{_escaped(text[:start])}{said}{_escaped(text[start + len(core) :])}"


def _escaped(text: str) -> str:
    return _ACTIVE.sub(lambda found: found["numbers"] or f"&#{ord(found.group())};", text.replace("\n", " "))
