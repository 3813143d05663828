"""Every key of a mapping file as a page for people, made of the same JSON Schema that editors complete from."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from worker.mapping.schema_json import json_schema

Node = Mapping[str, Any]
"""A part of a JSON Schema, whose values may be anything."""

_HEAD = """\
# Every key of a mapping file

Made by `bugferry check --reference` of the same source as the JSON Schema (`bugferry check --schema`): which keys there
are, what they take, and what holds where they are left out. What they do, with examples, stands in
[Mapping](mapping.md).
"""
_INHERITS = ("BaseEntry", "RuleEntry")
"""What these leave out they have from bases and defaults."""
_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}


def reference() -> str:
    """The page, in Markdown: a section for each kind of entry, in the order in which they are met."""
    schema = json_schema()
    met: dict[str, str] = {}
    sections = [_section("The file", schema, schema, met, own=True)]
    while waiting := [name for name in met if not met[name]]:
        for name in waiting:
            met[name] = _section(_title(name), schema["$defs"][name], schema, met, own=name not in _INHERITS)
    return "\n".join([_HEAD, *sections, *met.values()])


def _section(title: str, node: Node, schema: Node, met: dict[str, str], *, own: bool) -> str:
    """One kind of entry. `own`: what holds where a key is left out is its own, and not what it inherits."""
    rows = []
    for key, one in node.get("properties", {}).items():
        cells = (f"`{key}`", _takes(one, schema, met), _left_out(one) if own else "", _cell(one.get("description", "")))
        rows.append(f"| {' | '.join(cells)} |")
    said = " ".join(node.get("description", "").split())
    head = ("| Key | Takes | Left out | Means |", "| --- | --- | --- | --- |")
    return "\n".join([f"## {title}\n", said, "", *head, *rows, ""])


def _takes(node: Node, schema: Node, met: dict[str, str]) -> str:
    return " or ".join(dict.fromkeys(_kinds(node, schema, met)))


def _kinds(node: Node, schema: Node, met: dict[str, str]) -> Iterator[str]:
    for one in node.get("anyOf", node.get("oneOf", [node])):
        match one:
            case {"$ref": str(path)}:
                yield _named(path.rpartition("/")[2], schema, met)
            case {"enum": list(values)}:
                yield _values(values)
            case {"const": value}:
                yield _values([value])
            case {"type": "array"}:
                yield f"list of {_takes(one['items'], schema, met) if one.get('items') else 'anything'}"
            case {"type": "object", "additionalProperties": dict(inside)}:
                yield f"names, each with {_takes(inside, schema, met)}"
            case {"type": "object"}:
                yield "names with anything"
            case {"type": str(word)} if word != "null":
                yield _WORDS[word]
            case {"anyOf": _} | {"oneOf": _}:
                yield _takes(one, schema, met)


def _named(name: str, schema: Node, met: dict[str, str]) -> str:
    node = schema["$defs"][name]
    if "enum" in node:
        return _values(node["enum"])
    if "properties" not in node:
        return "anything" if not node.get("type") and "anyOf" not in node else _takes(node, schema, met)
    met.setdefault(name, "")
    title = _title(name)
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _title(name: str) -> str:
    """`TicketEntry` as people say it: Ticket."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name.removesuffix("Entry")).capitalize()


def _values(values: list[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _left_out(node: Node) -> str:
    """What holds without the key; empty where that is nothing, or stands in the section of its own."""
    default = node.get("default")
    return "" if default in (None, [], {}, "") or isinstance(default, dict) else f"`{_plain(default)}`"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
