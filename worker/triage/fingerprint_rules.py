"""Sentry's fingerprint rules, written and read.

One rule a line: `error.type:"KeyError" stack.function:"load_cart" -> cart-is-empty`. The first rule that takes an event
decides. Facts: docs.sentry.io/concepts/data-management/event-grouping/fingerprint-rules, and the grammar it links to.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SPECIAL = re.compile(r"""[*?\[\]{}\\"\x00-\x1f\x7f\u2028\u2029]|[\ud800-\udfff]""")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_LINE = re.compile(r"\r\n|[\r\n]")
_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_MATCHER = re.compile(rf'[ ]*(!?)("?)([a-zA-Z0-9_.:-]+?)\2:({_QUOTED}|\S+)', re.DOTALL)
_VALUE = re.compile(rf"[ ]*(?:title=({_QUOTED})|({_QUOTED})|(\{{\{{\s*\S+\s*\}}\}}|[^\s{{,]+))[ ]*,?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition: a key as people write it, and a glob."""

    key: str
    pattern: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: all its matchers must hold; then the event has this fingerprint."""

    matchers: tuple[Matcher, ...]
    fingerprint: tuple[str, ...]
    title: str | None = None


# ---------------------------------------------------------------- writing


def literal(text: str) -> str:
    """A glob that takes this very text, and texts that differ in a character that globs or quotes could misread."""
    return _SPECIAL.sub("?", text)


def quoted(text: str) -> str:
    """Any text between quotes, so that Sentry reads the same text back; always on one line."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '\\"':
        return f"\\{char}"
    if char.isprintable() and not "\ud800" <= char <= "\udfff":
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- what four digits can say


def written(rule: Rule) -> str:
    """The rule as a line of Sentry's settings."""
    matchers = (f"{'!' if one.negated else ''}{one.key}:{quoted(one.pattern)}" for one in rule.matchers)
    values = (value if re.fullmatch(r"[\w.-]+", value, re.ASCII) else quoted(value) for value in rule.fingerprint)
    title = f" title={quoted(rule.title)}" if rule.title else ""
    return f"{' '.join(matchers)} -> {', '.join(values)}{title}"


def added(text: str, mark: str, lines: Sequence[str]) -> str:
    """The text of settings with the lines that it lacks at its end, under a comment; all else stays as it is."""
    there = {line.strip() for line in _LINE.split(text)}
    missing = [line for line in lines if line not in there]
    if not missing:
        return text
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}# {mark}\n" + "\n".join(missing)


# ---------------------------------------------------------------- reading


def read_rules(text: str) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules of a project's settings in their order, and the lines that cannot be read."""
    rules, unread = [], []
    for line in map(str.strip, _LINE.split(text)):
        if not line or line.startswith("#"):
            continue
        rule = _read(line)
        if rule is None:
            unread.append(line)
        else:
            rules.append(rule)
    return tuple(rules), tuple(unread)


def _read(line: str) -> Rule | None:
    matchers, at = [], 0
    while found := _MATCHER.match(line, at):
        matchers.append(Matcher(found[3], _argument(found[4]), bool(found[1])))
        at = found.end()
    arrow = re.compile(r"[ ]*->").match(line, at)
    if not matchers or arrow is None:
        return None
    title, values, at = None, [], arrow.end()
    while found := _VALUE.match(line, at):
        if found[1] is not None:
            title = _argument(found[1])
        else:
            values.append(_argument(found[2] or found[3]))
        at = found.end()
    return Rule(tuple(matchers), tuple(values), title) if (values or title) and not line[at:].strip() else None


def _argument(told: str) -> str:
    return _unescaped(told[1:-1]) if told.startswith('"') and told.endswith('"') and len(told) > 1 else told


def _unescaped(text: str) -> str:
    return re.sub(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", _char, text, flags=re.DOTALL)


def _char(found: re.Match[str]) -> str:
    told = found[0][1:]
    if len(told) > 1:
        code = int(told[1:], 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"  # noqa: PLR2004 -- the last character there is
    if told in _HEX_DIGITS:
        return f"\\{told}"
    return _ESCAPES.get(told, told if told in "\\\"'" else f"\\{told}")
