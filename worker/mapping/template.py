"""Ticket text as Jinja templates that can only read facts: no attribute walks, no calls, no loops over made-up ranges.

Whatever a template prints is escaped for its target unless it is `Ready`, which only our own filters and parts make.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import jinja2
from jinja2 import pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from worker.mapping.lint import FILTERS, TESTS, Wrong, check
from worker.mapping.markup import Ready, block, calm_line, code, inline, link
from worker.model import TrackerKind

OUTPUT_LIMIT = 120_000
"""Characters that one template may print; what comes after is never rendered."""
_LOOP = frozenset({"index", "index0", "first", "last", "length"})
_BEGIN, _END = "\x00", "\x01"
"""Around ready text of several lines while rendering; no value holds them, they are shown as escapes."""
_ESCAPE = "_escape"
_KIND = "_kind"


class Unrenderable(Exception):
    """A template that compiled could not be rendered with these facts."""


class _Silent(jinja2.ChainableUndefined):
    """A fact that this event happens not to have prints as nothing; misspelt names never get this far."""


class _FactsOnly(ImmutableSandboxedEnvironment):
    """Reads keys of maps, items of lists and the counters of a loop; nothing else has attributes."""

    def getattr(self, obj: object, attribute: str) -> object:
        return self.getitem(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        match obj, argument:
            case jinja2.Undefined(), _:
                return obj
            case Mapping(), str() if argument in obj:
                return obj[argument]
            case list() | tuple(), int() if -len(obj) <= argument < len(obj):
                return obj[argument]
            case LoopContext(), str() if argument in _LOOP:
                return getattr(obj, argument)
        return self.undefined(name=str(argument))

    def call(self, *_args: object, **_kwargs: object) -> object:
        raise SecurityError("a template cannot call")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template; `source` is its text."""

    source: str
    compiled: jinja2.Template

    def markdown(self, kind: TrackerKind, facts: Mapping[str, object]) -> str:
        """Render as Markdown of that tracker. Raises Unrenderable."""
        return _apart(self._render(facts, kind, lambda text: inline(kind, text)))

    def line(self, kind: TrackerKind, facts: Mapping[str, object]) -> str:
        """Render as one plain line (a title, a label), in which nothing becomes live. Raises Unrenderable."""
        return " ".join(self._render(facts, None, lambda text: calm_line(kind, text)).split())

    def _render(self, facts: Mapping[str, object], kind: TrackerKind | None, escape: Callable[[str], str]) -> str:
        try:
            printed = self.compiled.generate({**facts, _ESCAPE: escape, _KIND: kind})
            return "".join(_bounded(printed))
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise Unrenderable(str(error)) from error


class Compiler:
    """Compiles templates over the names that a mapping may use."""

    def __init__(self, names: Mapping[str, frozenset[str]], parts: frozenset[str]) -> None:
        """`names`: the facts with their fields; `parts`: the built-in parts of a ticket, which have none."""
        self._names, self._parts = names, parts
        self._environment = _environment()

    def compile(self, source: str) -> Template:
        """Compile and check a template. Raises Wrong for the first thing that is not right."""
        try:
            tree = self._environment.parse(source)
        except jinja2.TemplateSyntaxError as error:
            raise Wrong(str(error.message), None, error.lineno) from None
        check(tree, self._names, self._parts)
        return Template(source, self._environment.from_string(tree))


def _environment() -> _FactsOnly:
    environment = _FactsOnly(
        undefined=_Silent, finalize=_printed, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters |= {"code": _code, "block": _block, "link": _link, "date": _date}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    return environment


@pass_context
def _printed(context: jinja2.runtime.Context, value: object) -> str:
    """What one `{{ … }}` prints: ready Markdown as it is, everything else escaped."""
    if isinstance(value, Ready) and context.parent[_KIND]:
        return f"{_BEGIN}{value}{_END}" if "\n" in value else value
    escape: Callable[[str], str] = context.parent[_ESCAPE]
    return escape(_plain(value))


@pass_context
def _code(context: jinja2.runtime.Context, value: object) -> str:
    kind = context.parent[_KIND]
    return code(kind, _plain(value)) if kind else _plain(value)


@pass_context
def _block(context: jinja2.runtime.Context, value: object) -> str:
    return block(_plain(value)) if context.parent[_KIND] else _plain(value)


@pass_context
def _link(context: jinja2.runtime.Context, value: object, address: object) -> str:
    kind = context.parent[_KIND]
    return link(kind, _plain(value), _plain(address)) if kind else _plain(value)


def _date(value: object) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d") if isinstance(value, datetime) else _plain(value)


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        case list() | tuple():
            return ", ".join(map(_plain, islice(value, 100)))
        case Mapping():
            return ", ".join(f"{key}={_plain(item)}" for key, item in islice(value.items(), 100))
    return str(value)


def _bounded(printed: Iterator[str]) -> Iterator[str]:
    left = OUTPUT_LIMIT
    for text in printed:
        yield text[:left]
        left -= len(text)
        if left <= 0:
            return


def _apart(text: str) -> str:
    """Give each ready text of several lines a paragraph of its own: in the middle of a line it would not hold."""
    first, *rest = re.split(f"{_BEGIN}|{_END}", text)
    whole = _tidy(first)
    for ready, after in zip(rest[::2], [*rest[1::2], ""], strict=False):
        whole = f"{whole.rstrip()}\n\n{ready}\n\n{_tidy(after).lstrip(chr(10))}"
    return whole.strip("\n")


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text)
