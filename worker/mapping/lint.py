"""Checks a parsed template before it is ever used: what it may name, what it may do, and where a value may stand."""

import re
from collections.abc import Iterator, Mapping

from jinja2 import meta, nodes

from worker.mapping.problem import nearest

Names = Mapping[str, frozenset[str]]
"""The facts that a template may use, with their fields."""

FILTERS = frozenset(
    {"abs", "default", "first", "float", "int", "join", "last", "length", "lower", "round", "sort", "title", "trim"}
    | {"truncate", "unique", "upper"}
)
TESTS = frozenset({"defined", "eq", "even", "ge", "gt", "in", "le", "lt", "ne", "none", "number", "odd", "string"})
_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls are not allowed in a template; filters such as `|upper` are",
    nodes.Macro: "macros are not allowed in a template",
    nodes.CallBlock: "call blocks are not allowed in a template",
    nodes.FilterBlock: "filter blocks are not allowed in a template; filter each value",
    nodes.Import: "a template cannot import",
    nodes.FromImport: "a template cannot import",
    nodes.Include: "a template cannot include another",
    nodes.Extends: "a template cannot extend another",
    nodes.Block: "a template has no blocks",
    nodes.Mul: "a template does not multiply: text times a number could grow without end",
    nodes.Pow: "a template does not raise to a power",
    nodes.Mod: "a template does not format with `%`; write the text around the value",
}
_MARKUP_FILTERS = frozenset({"code", "block", "link"})
_RAW_TAGS = re.compile(r"<(?:!--|/?(?:pre|script|style|textarea)\b)", re.IGNORECASE)
_HTML_LINE = re.compile(r"<[A-Za-z/!?]")


class Wrong(ValueError):
    """A template is wrong, at a line of its own that counts from 1."""

    def __init__(self, message: str, hint: str | None = None, line: int = 1) -> None:
        super().__init__(message)
        self.hint, self.line = hint, line


def check(tree: nodes.Template, names: Names, parts: frozenset[str]) -> None:
    """Raise Wrong for the first thing that is not right; `parts` are the ready-made parts of a ticket."""
    _check_kinds(tree)
    _check_words(tree)
    _check_names(tree, names, parts)
    _check_fields(tree, names)
    _check_depth(tree)
    _check_spots(tree, parts - {"headline"})


def _check_names(tree: nodes.Template, names: Names, parts: frozenset[str]) -> None:
    for name in sorted(_free_names(tree) - names.keys() - parts):
        places = (node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        raise Wrong(f"unknown name “{name}”", nearest(name, names.keys() | parts), next(places, 1))


def _free_names(tree: nodes.Template) -> set[str]:
    """Names from outside; `self`, the template itself, counts as one although Jinja always knows it."""
    return meta.find_undeclared_variables(tree) | {
        node.name for node in tree.find_all(nodes.Name) if node.name == "self"
    }


def _check_fields(tree: nodes.Template, names: Names) -> None:
    for node in tree.find_all(nodes.Getattr):
        if node.attr.startswith("_"):
            raise Wrong(f"there is no “{node.attr}”: a template reads facts only", None, node.lineno)
    for name, field, line in _fields(tree):
        if name in names and field not in names[name]:
            raise Wrong(f"unknown field “{name}.{field}”", nearest(field, names[name]), line)


def _fields(tree: nodes.Template) -> Iterator[tuple[str, str, int]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=nodes.Name(name=name), attr=field):
                yield name, field, node.lineno
            case nodes.Getitem(node=nodes.Name(name=name), arg=nodes.Const(value=str() as field)):
                yield name, field, node.lineno


def _check_kinds(tree: nodes.Template) -> None:
    for node in tree.find_all(tuple(_REFUSED)):
        raise Wrong(_REFUSED[type(node)], None, node.lineno)


def _check_words(tree: nodes.Template) -> None:
    known = {nodes.Filter: ("filter", FILTERS | {"code", "block", "link", "date"}), nodes.Test: ("test", TESTS)}
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        what, words = known[type(node)]
        if node.name not in words:
            raise Wrong(f"unknown {what} “{node.name}”", nearest(node.name, words), node.lineno)


def _check_depth(tree: nodes.Template) -> None:
    for outer in tree.find_all(nodes.For):
        for middle in (node for child in outer.body for node in _loops(child)):
            if any(True for child in middle.body for _ in _loops(child)):
                raise Wrong("loops nest at most two deep", None, middle.lineno)


def _loops(node: nodes.Node) -> Iterator[nodes.For]:
    return iter([node, *node.find_all(nodes.For)]) if isinstance(node, nodes.For) else node.find_all(nodes.For)


def _check_spots(tree: nodes.Template, parts: frozenset[str]) -> None:
    """Refuse values where their escaping would not hold: between backticks, in HTML tags, made markup inside HTML."""
    for assigned in tree.find_all((nodes.Assign, nodes.AssignBlock)):
        if _makes_markup(assigned, parts):
            raise Wrong("markup is set aside in a variable", "Print it where it is made.", assigned.lineno)
    text = ""
    for child in (child for output in tree.find_all(nodes.Output) for child in output.nodes):
        if isinstance(child, nodes.TemplateData):
            text += child.data
            continue
        _check_spot(text, child, markup=_makes_markup(child, parts))
        text += "…"
    if _RAW_TAGS.search(text):
        raise Wrong("pre, script, style, textarea and HTML comments are not for tickets", "Use {# … #} for comments.")


def _check_spot(text: str, child: nodes.Node, *, markup: bool) -> None:
    paragraph = text.rpartition("\n\n")[2]
    line = text.rpartition("\n")[2]
    if _is_open(text):
        raise Wrong("a value stands between backticks", "Write {{ value|code }} or {{ value|block }}.", child.lineno)
    if re.search(r"<[A-Za-z/][^>]*$", line):
        raise Wrong("a value stands inside an HTML tag", "Put it between tags.", child.lineno)
    if markup and (_HTML_LINE.search(line) or re.search(r"^\s{0,3}<[A-Za-z/!?]", paragraph, re.MULTILINE)):
        raise Wrong(
            "markup does not work inside HTML", "Leave an empty line, or print the value plainly.", child.lineno
        )


def _makes_markup(node: nodes.Node, parts: frozenset[str]) -> bool:
    names = [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))
    filters = [node] if isinstance(node, nodes.Filter) else []
    filters += node.find_all(nodes.Filter)
    return any(name.name in parts for name in names) or any(used.name in _MARKUP_FILTERS for used in filters)


def _is_open(text: str) -> bool:
    before, _, line = text.rpartition("\n")
    in_block = len(re.findall(r"^\s*(?:```|~~~)", before, re.MULTILINE)) % 2 == 1
    return in_block or line.count("`") % 2 == 1
