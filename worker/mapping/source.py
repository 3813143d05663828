"""Reads mapping files as YAML that remembers where each key and value stands, and checks their shape."""

import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString, SingleQuotedScalarString

from worker.mapping.problem import Problem, nearest
from worker.mapping.schema import MappingFile
from worker.mapping.schema_policy import FORMS

Loc = tuple[int | str, ...]
"""The way from the top of a file to a value: keys and list positions."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a part of a rule came from; `indent`: columns before a `|` block, where that is known."""

    file: str
    indent: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One mapping file as it was written, its rules made whole with what they extend."""

    file: str
    root: CommentedMap
    origins: Mapping[Loc, Origin] = field(default_factory=dict)
    """The parts of rules that extend a base, each with the file where it stands."""

    def problem(self, loc: Loc, message: str, hint: str | None = None, *, line: int = 1, column: int = 1) -> Problem:
        """A problem with the value at `loc`; `line` and `column` count from 1 within a text that has several."""
        at_line, at_column = self._value(loc)
        if isinstance(self._at(loc), LiteralScalarString):
            at_line, at_column = at_line + line, self._indent(loc) + column
        elif line == 1 and column > 1:
            at_column += column - 1 + isinstance(self._at(loc), DoubleQuotedScalarString | SingleQuotedScalarString)
        return Problem(self.file_of(loc), at_line, at_column, message, hint)

    def key_problem(self, loc: Loc, message: str, hint: str | None) -> Problem:
        """A problem with the key at the end of `loc`."""
        parent = self._at(loc[:-1])
        if isinstance(parent, CommentedMap) and loc[-1] in parent:
            line, column, *_ = place(parent, loc[-1])
            return Problem(self.file_of(loc), line + 1, column + 1, message, hint)
        return self.problem(loc[:-1], message, hint)

    def written(self, loc: Loc) -> Loc:
        """As much of `loc` as stands in the file; a word may stand for a map, whose keys are then not there."""
        here: object = self.root
        for depth, part in enumerate(loc):
            if not isinstance(here, CommentedMap | CommentedSeq) or (
                isinstance(here, CommentedMap) and part not in here
            ):
                return loc[:depth]
            here = _below(here, part)
        return loc

    def file_of(self, loc: Loc) -> str:
        """The file where the value at `loc` stands: a part of a rule may come from a base in another."""
        above = (self.origins.get(loc[:depth]) for depth in range(len(loc), 0, -1))
        return next((origin.file for origin in above if origin is not None), self.file)

    def _at(self, loc: Loc) -> object:
        """The value at `loc`, or the nearest one above it."""
        here: object = self.root
        for part in loc:
            below = _below(here, part)
            if below is None:
                return here
            here = below
        return here

    def _value(self, loc: Loc) -> tuple[int, int]:
        here: object = self.root
        found = (0, 0)
        for part in self.written(loc):
            below = _below(here, part)
            if isinstance(here, CommentedMap):
                # An empty value stands nowhere: then its key does.
                at = place(here, part)
                found = at[:2] if below is None else at[2:]
            elif isinstance(here, CommentedSeq):
                found = here.lc.item(part)
            here = below
        return found[0] + 1, found[1] + 1

    def _indent(self, loc: Loc) -> int:
        """Columns before the text of a `|` block, by the convention of two more than its key."""
        origin = self.origins.get(loc)
        if origin is not None and origin.indent is not None:
            return origin.indent
        parent = self._at(loc[:-1])
        if isinstance(parent, CommentedMap) and loc[-1] in parent:
            return place(parent, loc[-1])[1] + 2
        return 2


def place(node: CommentedMap, key: object) -> tuple[int, int, int, int]:
    """Line and column of a key and of its value, from 0. What `<<` brought in stands where the map does."""
    found = (node.lc.data or {}).get(key)
    return tuple(found) if found else (node.lc.line, node.lc.col, node.lc.line, node.lc.col)


def parse(paths: Sequence[Path], problems: list[Problem]) -> list[Source]:
    """The files that are YAML with keys at the top, in order; what is wrong with the others goes to `problems`."""
    sources = [_parse(path, problems) for path in _files(paths, problems)]
    return [source for source in sources if source is not None]


def shaped(sources: Sequence[Source], problems: list[Problem]) -> Iterator[tuple[Source, MappingFile]]:
    """Those that have the right shape, with what they say; what is wrong with the others goes to `problems`."""
    for source in sources:
        entry = _shape(source, problems)
        if entry is not None:
            yield source, entry


def mapping_files(path: Path) -> list[Path]:
    """The files that a path stands for: those of a folder by name, or the file itself."""
    return sorted(p for p in path.iterdir() if p.suffix in {".yaml", ".yml"}) if path.is_dir() else [path]


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        found = mapping_files(path)
        if not found:
            problems.append(Problem(str(path), 1, 1, "there is no mapping file (*.yaml) in this folder"))
        yield from found
    if not paths:
        problems.append(Problem("mappings", 1, 1, "no mapping file was named"))


def _parse(path: Path, problems: list[Problem]) -> Source | None:
    try:
        root = _reader().load(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(Problem(str(path), 1, 1, f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        problems.append(Problem(str(path), 1, 1, "is not UTF-8 text"))
    except YAMLError as error:
        problems.append(_not_yaml(path, error))
    else:
        if isinstance(root, CommentedMap):
            return Source(str(path), root)
        problems.append(Problem(str(path), 1, 1, "a mapping file has keys at its top", "Begin with `version: 1`."))
    return None


def _reader() -> YAML:
    reader = YAML(typ="rt", pure=True)
    reader.preserve_quotes = True  # they count as a column
    return reader


def _not_yaml(path: Path, error: YAMLError) -> Problem:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return Problem(str(path), 1, 1, f"not valid YAML: {' '.join(str(error).split())}")
    mark = error.problem_mark
    said = str(error.problem).split("\n")[0]
    return Problem(str(path), mark.line + 1, mark.column + 1, f"not valid YAML: {said}")


def _shape(source: Source, problems: list[Problem]) -> MappingFile | None:
    try:
        return MappingFile.model_validate(source.root)
    except ValidationError as refused:
        for error in refused.errors(include_url=False):
            problem = _in_our_words(source, error)
            # What stands in a base is met again in each rule that extends it; only the keys known there differ.
            if all(replace(told, hint=problem.hint) != problem for told in problems):
                problems.append(problem)
    return None


def _in_our_words(source: Source, error: ErrorDetails) -> Problem:
    loc: Loc = tuple(part for part in error["loc"] if part not in FORMS)
    named = f"`{loc[-1]}`" if loc else "the file"
    match error["type"]:
        case "extra_forbidden":
            return source.key_problem(loc, f"unknown key {named}", nearest(str(loc[-1]), _keys(loc[:-1])))
        case "missing":
            hint = "Begin with `version: 1`." if loc == ("version",) else None
            return source.problem(loc[:-1], f"{named} is missing", hint)
    return _wrong_value(source, error, loc)


def _wrong_value(source: Source, error: ErrorDetails, loc: Loc) -> Problem:
    said, hint = error["msg"].removeprefix("Value error, "), _meaning(loc)
    match error["type"]:
        case "string_pattern_mismatch" | "enum":
            said = f"this is not one that fits here ({said[0].lower()}{said[1:]})"
            hint = _near(error) or hint
        case "string_type" if isinstance(error["input"], int | float | date):
            hint = "Put it in quotes: it is a text here."
        case "model_type" | "dict_type":
            said = "this takes keys of its own, each with its value"
        case "tuple_type":
            said = "this takes a list"
    names = [part for part in source.written(loc) if isinstance(part, str)]
    return source.problem(loc, f"`{names[-1]}`: {said}" if names else said, hint)


def _near(error: ErrorDetails) -> str | None:
    """The word that was probably meant, among those that fit."""
    near = nearest(str(error["input"]), re.findall(r"'([^']+)'", str(error.get("ctx", {}).get("expected"))))
    return near if near and near.startswith("Did") else None


def _keys(loc: Loc) -> Iterator[str]:
    """The keys that the schema knows at `loc`."""
    shape: object = MappingFile
    for part in loc:
        shape = _inner(shape, part)
    for model in _models(shape):
        yield from model.model_fields


def _meaning(loc: Loc) -> str | None:
    """What the key at `loc` is for, by the schema."""
    shape: object = MappingFile
    found = None
    for part in loc:
        fields = [model.model_fields[part] for model in _models(shape) if part in model.model_fields]
        found = fields[0].description if fields and not _is_table(shape) else None
        shape = _inner(shape, part)
    return found


def _inner(shape: object, part: int | str) -> object:
    for model in _models(shape):
        if isinstance(part, str) and part in model.model_fields and not _is_table(shape):
            return model.model_fields[part].annotation
    return typing.get_args(shape) if _is_table(shape) else shape


def _is_table(shape: object) -> bool:
    return typing.get_origin(shape) is Mapping


def _models(shape: object) -> Iterator[type[BaseModel]]:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        yield shape
    for inner in shape if isinstance(shape, tuple) else typing.get_args(shape):
        yield from _models(inner)


def _below(here: object, part: int | str) -> object | None:
    if isinstance(here, CommentedMap):
        return here.get(part)  # type: ignore[no-any-return]  # ruamel's containers are untyped
    return here[part] if isinstance(here, CommentedSeq) and _has(here, part) else None


def _has(here: object, part: int | str) -> bool:
    """Whether there is such a key or item, be its value empty."""
    if isinstance(here, CommentedSeq):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, CommentedMap) and part in here
