"""Lays bases under the rules that extend them, before anything is checked; every part keeps the place it stands at.

A base is laid under a rule as the defaults are: its ticket, its statuses, `closed_as`, `sync`, `limits` and `update`
key by key, everything else as a whole. Only conditions add up: that of the rule and those of its bases must all hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from worker.mapping.problem import Problem, nearest
from worker.mapping.source import Loc, Origin, Source, place

_BY_KEY = frozenset({"ticket", "status", "closed_as", "sync", "limits", "update"})
"""Maps whose keys are inherited one by one."""
_WHEN, _EXTENDS = ("when",), ("extends",)
_TAKES_BACK: Mapping[str, frozenset[str]] = {
    "ticket": frozenset({"skip"}),
    "skip": frozenset({"ticket", "wait_for"}),
}
"""Who says the one takes back the others, which stand in a base."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A value with the place where it stands: line and column of its key and of itself, from 0."""

    value: object
    place: tuple[int, int, int, int]
    file: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What a rule or a base says, by the way to each key; its conditions apart."""

    pieces: Mapping[tuple[str, ...], _Piece] = field(default_factory=dict)
    whens: tuple[_Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class _Base:
    """A base as it was written."""

    source: Source
    node: CommentedMap


def extended(sources: Sequence[Source], problems: list[Problem]) -> list[Source]:
    """The same files with every rule made whole; unknown bases and circles go to `problems`."""
    known = _Bases(problems)
    for source in sources:
        known.take(source)
    known.resolve()
    return [_with_whole_rules(source, known) for source in sources]


class _Bases:
    """The bases of all files, each resolved once."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._bases: dict[str, _Base] = {}
        self._resolved: dict[str, _Said] = {}

    def take(self, source: Source) -> None:
        """Add those of one file."""
        found = source.root.get("bases")
        for name, node in found.items() if isinstance(found, CommentedMap) else ():
            if not isinstance(node, CommentedMap):
                continue
            first = self._bases.setdefault(str(name), _Base(source, node))
            if first.node is not node:
                message = f"there are two bases “{name}”; the first is in {first.source.file}"
                self._problems.append(source.key_problem(("bases", name), message, "Give one of them another name."))

    def resolve(self) -> None:
        """Find what is wrong with bases, even where no rule extends them."""
        for name in self._bases:
            self._base(name, ())

    def whole(self, source: Source, loc: Loc, node: CommentedMap, way: tuple[str, ...] = ()) -> _Said | None:
        """What stands at `loc`, over the bases that it extends; None where one of them is not to be had."""
        under: _Said | None = _Said()
        for spot, name in _extends(loc, node):
            base = self._named(source, spot, name, way)
            under = _over(under, base) if under is not None and base is not None else None
        return None if under is None else _over(under, _said(source, node))

    def _named(self, source: Source, loc: Loc, name: str, way: tuple[str, ...]) -> _Said | None:
        if name not in self._bases:
            hint = nearest(name, self._bases) or "Write it under `bases` at the top of a file."
            self._problems.append(source.problem(loc, f"there is no base “{name}”", hint))
            return None
        if name in way:
            circle = " → ".join((*way[way.index(name) :], name))
            hint = "Take one of these `extends` out."
            self._problems.append(source.problem(loc, f"bases extend each other in a circle: {circle}", hint))
            return None
        return self._base(name, way)

    def _base(self, name: str, way: tuple[str, ...]) -> _Said | None:
        if name not in self._resolved:
            base = self._bases[name]
            # What cannot be followed is told here, once; whoever extends this base gets what it says itself.
            said = self.whole(base.source, ("bases", name), base.node, (*way, name))
            self._resolved[name] = said or _said(base.source, base.node)
        return self._resolved[name]


def _extends(loc: Loc, node: CommentedMap) -> Iterator[tuple[Loc, str]]:
    """The names of bases with their places; what is no name is refused with the shape of the file."""
    found = node.get("extends")
    if isinstance(found, str):
        yield (*loc, "extends"), found
    for index, name in enumerate(found if isinstance(found, CommentedSeq) else ()):
        if isinstance(name, str):
            yield (*loc, "extends", index), name


def _names_bases(extends: object) -> bool:
    if isinstance(extends, CommentedSeq):
        return len(extends) > 0 and all(isinstance(name, str) for name in extends)
    return isinstance(extends, str)


def _said(source: Source, node: CommentedMap) -> _Said:
    pieces = dict(_pieces(source, node))
    when = pieces.pop(_WHEN, None)
    pieces.pop(_EXTENDS, None)
    return _Said(pieces, () if when is None else (when,))


def _pieces(source: Source, node: CommentedMap, *above: str) -> Iterator[tuple[tuple[str, ...], _Piece]]:
    for key, value in node.items():
        yield (*above, key), _Piece(value, place(node, key), source.file)
        if not above and key in _BY_KEY and isinstance(value, CommentedMap):
            yield from _pieces(source, value, key)


def _over(under: _Said, over: _Said) -> _Said:
    taken_back = frozenset[str]().union(*(_TAKES_BACK.get(way[0], ()) for way in over.pieces))
    kept = {way: piece for way, piece in under.pieces.items() if way[0] not in taken_back}
    new = tuple(when for when in over.whens if when not in under.whens)  # a base may be reached on two ways
    return _Said({**kept, **over.pieces}, under.whens + new)


def _with_whole_rules(source: Source, known: _Bases) -> Source:
    rules = source.root.get("rules")
    origins: dict[Loc, Origin] = {}
    for index, rule in enumerate(rules if isinstance(rules, CommentedSeq) else ()):
        loc: Loc = ("rules", index)
        if isinstance(rule, CommentedMap) and _names_bases(rule.get("extends")):
            said = known.whole(source, loc, rule)
            if said is not None:
                rules[index] = _written(said, loc, origins)
    return replace(source, origins=origins)


def _written(said: _Said, loc: Loc, origins: dict[Loc, Origin]) -> CommentedMap:
    """The whole rule as if it stood in the file; `origins` learns where each part really stands."""
    made = CommentedMap()
    for way, piece in said.pieces.items():
        if len(way) == 1:
            by_key = way[0] in _BY_KEY and isinstance(piece.value, CommentedMap)
            _put(made, way[0], CommentedMap() if by_key else piece.value, piece)
            origins[*loc, *way] = Origin(piece.file)
    for (key, *rest), piece in said.pieces.items():
        # A later word for the whole (`sync:` with nothing behind it) takes the place of keys that a base gave.
        if rest and isinstance(made[key], CommentedMap):
            _put(made[key], rest[0], piece.value, piece)
            origins[*loc, key, *rest] = Origin(piece.file)
    _write_whens(made, said.whens, loc, origins)
    return made


def _write_whens(made: CommentedMap, whens: tuple[_Piece, ...], loc: Loc, origins: dict[Loc, Origin]) -> None:
    if len(whens) == 1:
        _put(made, "when", whens[0].value, whens[0])
        origins[*loc, "when"] = Origin(whens[0].file)
    elif whens:
        parts = CommentedSeq([piece.value for piece in whens])
        every = CommentedMap()
        _put(every, "all", parts, whens[-1])
        _put(made, "when", every, whens[-1])
        for index, piece in enumerate(whens):
            parts.lc.add_idx_line_col(index, list(piece.place[2:]))
            origins[*loc, "when", "all", index] = Origin(piece.file, indent=piece.place[1] + 2)


def _put(made: CommentedMap, key: str, value: object, piece: _Piece) -> None:
    made[key] = value
    made.lc.add_kv_line_col(key, list(piece.place))
