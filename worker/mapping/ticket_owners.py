"""Reads the CODEOWNERS files that trackers name. A file that cannot be read goes to the problems."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from worker.mapping.codeowners import CodeOwners, read_owners
from worker.mapping.problem import Problem
from worker.mapping.schema import MappingFile
from worker.mapping.source import Source


def owners(files: Sequence[tuple[Source, MappingFile]], problems: list[Problem]) -> Mapping[str, CodeOwners]:
    """By tracker name, the later file wins. A path counts from the folder of the mapping file that names it."""
    found: dict[str, CodeOwners] = {}
    for source, entry in files:
        for name, tracker in entry.trackers.items():
            if tracker.codeowners is None:
                continue
            path = _path(source, tracker.codeowners)
            try:
                found[name] = read_owners(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                message = f"`codeowners`: {path} cannot be read: {why}"
                hint = "Its path counts from the folder of this mapping file."
                problems.append(source.problem(("trackers", name, "codeowners"), message, hint))
    return found


def beside(files: Sequence[tuple[Source, MappingFile]]) -> tuple[Path, ...]:
    """The files that trackers name: a change to one of them changes the mapping."""
    named = ((source, tracker.codeowners) for source, entry in files for tracker in entry.trackers.values())
    return tuple(dict.fromkeys(_path(source, name) for source, name in named if name is not None))


def _path(source: Source, name: str) -> Path:
    return Path(source.file).parent / name
