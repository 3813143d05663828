"""Conditions in CEL, compiled once. An evaluation is a tree: what held, what did not, and what it looked at.

What cannot be evaluated (a null where a text is needed, no such key) does not hold and says why; it never raises.
An expression is taken apart at its top-level `&&` and `||`, so that the tree can name the part that decided.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import cel

from worker.mapping.facts import Facts
from worker.mapping.markup import shorten, visible
from worker.mapping.problem import nearest
from worker.mapping.scan import Reference, references, split
from worker.mapping.schema_conditions import When

FUNCTIONS = frozenset(
    {"bool", "bytes", "contains", "double", "duration", "endsWith", "has", "int", "matches", "max", "min", "size"}
    | {"startsWith", "string", "timestamp", "type", "uint", "all", "exists", "exists_one", "filter", "map"}
    | {"getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek", "getHours"}
    | {"getMinutes", "getSeconds", "getMilliseconds"}
)
_CALLED = re.compile(r"[A-Za-z]\w*")
_POSITION = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_REGEX = re.compile(r"not a valid regex", re.IGNORECASE)


class Uncompilable(ValueError):
    """An expression is wrong. `line` and `column` count from 1 within it."""

    def __init__(self, message: str, hint: str | None, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.hint, self.line, self.column = hint, line, column


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one piece. `values` are the facts it looked at, as short JSON; `pieces` were evaluated in order."""

    text: str
    holds: bool
    error: str | None = None
    values: Mapping[str, str] | None = None
    pieces: tuple["Outcome", ...] = ()

    def deciding(self) -> "Outcome":
        """The innermost piece that made the whole hold or not hold; the whole when several did together."""
        if not self.pieces:
            return self
        last = self.pieces[-1]
        return last.deciding() if len(self.pieces) == 1 or last.holds == self.holds != self.pieces[0].holds else self


@dataclass(frozen=True, slots=True)
class Leaf:
    """One compiled expression. `paths` are the facts it looks at."""

    text: str
    program: cel.Program
    paths: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that hold together: `all` of them, `any` of them or `none` of them."""

    mode: str
    parts: tuple["Condition", ...]


Condition = Leaf | Group


class Evaluation:
    """Evaluates many conditions on the facts of one issue; the same expression is evaluated once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._context = cel.Context({name: _known(fact) for name, fact in facts.items()})
        self._known: dict[str, tuple[bool, str | None]] = {}

    def holds(self, condition: Condition) -> bool:
        """Decide only: what `outcome` would say, without the tree."""
        if isinstance(condition, Leaf):
            return self._leaf(condition)[0]
        if condition.mode == "all":
            return all(map(self.holds, condition.parts))
        return any(map(self.holds, condition.parts)) is (condition.mode == "any")

    def outcome(self, condition: Condition) -> Outcome:
        """Evaluate as far as needed to decide, with the values looked at."""
        if isinstance(condition, Group):
            return self._group(condition)
        holds, error = self._leaf(condition)
        return Outcome(condition.text, holds, error, self._values(condition))

    def _group(self, group: Group) -> Outcome:
        pieces: list[Outcome] = []
        settles = group.mode != "all"
        for part in group.parts:
            pieces.append(self.outcome(part))
            if pieces[-1].holds == settles:
                break
        settled = pieces[-1].holds == settles
        return Outcome(group.mode, settled == (group.mode == "any"), pieces=tuple(pieces))

    def _leaf(self, leaf: Leaf) -> tuple[bool, str | None]:
        known = self._known.get(leaf.text)
        if known is None:
            known = self._known[leaf.text] = self._run(leaf)
        return known

    def _run(self, leaf: Leaf) -> tuple[bool, str | None]:
        try:
            answer = leaf.program.execute(self._context)
        except Exception as error:  # noqa: BLE001 - the evaluator raises many types; each means: it does not hold
            return False, _plainly(error)
        if isinstance(answer, bool):
            return answer, None
        return False, f"this is {_shown(answer)}, neither true nor false"

    def _values(self, leaf: Leaf) -> dict[str, str]:
        return {".".join(path): _shown(_look_up(self._facts, path)) for path in leaf.paths}


def compile_when(when: When, names: Mapping[str, frozenset[str]]) -> Condition:
    """Compile a condition; `names` are the facts it may use. Raises Uncompilable for its first wrong expression."""
    parts: list[Condition] = [] if when.cel is None else [compile_expression(when.cel, names)]
    for mode in ("all", "any", "none"):
        listed: tuple[When, ...] | None = getattr(when, mode)
        if listed is not None:
            parts.append(Group(mode, tuple(compile_when(part, names) for part in listed)))
    return parts[0] if len(parts) == 1 else Group("all", tuple(parts))


def compile_expression(source: str, names: Mapping[str, frozenset[str]]) -> Condition:
    """Compile one expression and take it apart at its top-level operators."""
    source = source.strip()
    _check_names(source, _program(source), names)
    return _taken_apart(source)


def asks(condition: Condition | None, name: str) -> bool:
    """Whether a condition looks at that fact."""
    match condition:
        case Leaf():
            return any(path[0] == name for path in condition.paths)
        case Group():
            return any(asks(part, name) for part in condition.parts)
    return False


def _taken_apart(source: str) -> Condition:
    operator, parts = split(source)
    if not operator:
        paths = dict.fromkeys(reference.path for reference in references(source))
        return Leaf(source, _program(source), tuple(paths))
    return Group("any" if operator == "||" else "all", tuple(_taken_apart(part) for part in parts))


def _program(source: str) -> cel.Program:
    try:
        return cel.compile(source)
    except ValueError as error:
        raise _misspelt(source, str(error)) from None


def _misspelt(source: str, complaint: str) -> Uncompilable:
    found = _POSITION.search(complaint)
    line, column = (int(found[1]), int(found[2])) if found else (1, 1)
    said = found[3].removeprefix("Syntax error: ") if found else "it does not parse"
    said = said.split(" expecting ")[0].replace("'<EOF>'", "the end")
    return Uncompilable(f"not valid CEL: {said}\n{_caret(source, line, column)}", _habit(source), line, column)


def _habit(source: str) -> str | None:
    """Name the CEL word for what other languages say differently."""
    habits = {r"\band\b": "&&", r"\bor\b": "||", r"\bnot\b": "!", r"(?<![=!<>])=(?![=])": "=="}
    found = next((right for wrong, right in habits.items() if re.search(wrong, source)), None)
    return f"CEL says `{found}`." if found else None


def _check_names(source: str, program: cel.Program, names: Mapping[str, frozenset[str]]) -> None:
    for reference in references(source):
        name, *fields = reference.path
        if name not in names:
            raise _unknown(source, reference, f"unknown name “{name}”", nearest(name, names))
        if fields and fields[0] not in names[name]:
            wrong = f"{name}.{fields[0]}"
            raise _unknown(source, reference, f"unknown field “{wrong}”", nearest(fields[0], names[name]))
    for function in _called(program):
        raise Uncompilable(f"unknown function “{function}”", nearest(function, FUNCTIONS))


def _called(program: cel.Program) -> Iterator[str]:
    return (name for name in program.functions() if _CALLED.fullmatch(name) and name not in FUNCTIONS)


def _unknown(source: str, reference: Reference, message: str, hint: str | None) -> Uncompilable:
    before = source[: reference.offset]
    line, column = before.count("\n") + 1, reference.offset - (before.rfind("\n") + 1) + 1
    return Uncompilable(f"{message}\n{_caret(source, line, column)}", hint, line, column)


def _caret(source: str, line: int, column: int) -> str:
    lines = source.splitlines() or [""]
    return f"    {lines[min(line, len(lines)) - 1]}\n    {' ' * (column - 1)}^"


def _known(fact: object) -> object:
    return dict(fact) if isinstance(fact, Mapping) else fact


def _plainly(error: Exception) -> str:
    """Say why a piece could not be evaluated, in words of its owner; the facts themselves stay out of it."""
    match error:
        case KeyError():
            return f"there is no {error}"
        case IndexError():
            return "the list is shorter than that"
        case _ if _REGEX.search(str(error)):
            return "its pattern is not a valid regular expression"
        case TypeError() | RuntimeError():
            return "a value it needs is null or of another type"
        case _:
            return shorten(str(error), 200)


def _look_up(facts: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(facts, Mapping):
            return None
        facts = facts.get(name)
    return facts


def _shown(value: object) -> str:
    if isinstance(value, list) and len(value) > 1:
        return f"{len(value)} of them, the last {_shown(value[-1])}"
    if isinstance(value, datetime):
        return value.isoformat()
    return shorten(visible(json.dumps(value, ensure_ascii=False, default=str)), 160)
