"""Teams: whose projects are whose, so that reports can tell them apart."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from worker.mapping.problem import Problem
from worker.mapping.schema import MappingFile
from worker.mapping.source import Source

Teams = Mapping[str, tuple[str, ...]]
"""By name: slugs of projects, or patterns with `*` and `?`."""


def teams(files: Sequence[tuple[Source, MappingFile]], problems: list[Problem]) -> Teams:
    """The teams of all files, a later one of the same name in place of the earlier; what is wrong to `problems`."""
    found = {name: (source, projects) for source, file in files for name, projects in file.teams.items()}
    problems += _twice(found)
    return {name: projects for name, (_, projects) in found.items()}


def team_of(known: Teams, project: str) -> str | None:
    """The team of a project: that which names it, else the first with a pattern that fits; None: it is in no team."""
    named = next((team for team, projects in known.items() if project in projects), None)
    fitting = (team for team, projects in known.items() if any(fnmatchcase(project, one) for one in projects))
    return named or next(fitting, None)


def _twice(found: Mapping[str, tuple[Source, tuple[str, ...]]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for team, (source, projects) in found.items():
        for index, project in enumerate(projects):
            if first.setdefault(project, team) != team:
                yield source.problem(
                    ("teams", team, index),
                    f"“{project}” stands in two teams; the other is “{first[project]}”",
                    "Keep one of them: a report counts a case for one team.",
                )
