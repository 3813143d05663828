"""The people table of all files together. Who is named twice is nobody: it is refused with both places."""

from collections.abc import Iterator, Sequence

from worker.mapping.policy import Acquaintance, People
from worker.mapping.problem import Problem
from worker.mapping.schema import MappingFile
from worker.mapping.schema_policy import PersonEntry
from worker.mapping.source import Loc, Source
from worker.model import TrackerKind


def people(files: Sequence[tuple[Source, MappingFile]], problems: list[Problem]) -> People:
    """Everybody whom the files name; an address or account in two rows goes to `problems`."""
    rows = [(source, ("people", index), row) for source, entry in files for index, row in enumerate(entry.people)]
    problems += _ambiguous(rows)
    return People(tuple(_acquaintance(row) for _, _, row in rows))


def _acquaintance(row: PersonEntry) -> Acquaintance:
    accounts = {TrackerKind.JIRA: row.jira, TrackerKind.GITHUB: row.github}
    return Acquaintance(row.sentry.lower(), {kind: name for kind, name in accounts.items() if name is not None})


def _ambiguous(rows: Sequence[tuple[Source, Loc, PersonEntry]]) -> Iterator[Problem]:
    first: dict[tuple[str, str], Problem] = {}
    for source, row_loc, row in rows:
        for service, name in row.model_dump(exclude_none=True).items():
            loc = (*row_loc, service)
            here = source.problem(loc, "")
            other = first.setdefault((service, name.lower()), here)
            if other is not here:
                place = f"{other.file}:{other.line}:{other.column}"
                message = f"`{service}`: “{name}” stands in two rows of `people`; the other is {place}"
                yield source.problem(loc, message, "Keep one of them: who is named twice cannot be told apart.")
