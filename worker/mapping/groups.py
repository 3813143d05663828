"""The groups of all files together. A project belongs to one of them: in two it is refused with both places."""

from collections.abc import Iterator, Sequence

from worker.mapping.grouping import Group, Grouping, Joining, named
from worker.mapping.problem import Problem
from worker.mapping.schema import MappingFile
from worker.mapping.schema_grouping import GroupEntry, ThresholdsEntry
from worker.mapping.source import Loc, Source
from worker.triage.same_bug import Thresholds

Row = tuple[Source, Loc, str, GroupEntry]


def grouping(files: Sequence[tuple[Source, MappingFile]], problems: list[Problem]) -> Grouping:
    """What the files say about cases: a later file wins, group by group; what is wrong goes to `problems`."""
    rows = {
        name: (source, ("groups", name), name, one) for source, entry in files for name, one in entry.groups.items()
    }
    problems += _wrong(list(rows.values()))
    said = [entry.grouping.join for _, entry in files if entry.grouping.join is not None]
    merges = [entry.grouping.merge_in_sentry for _, entry in files if entry.grouping.merge_in_sentry is not None]
    groups = {
        project: Group(named(name), _thresholds(entry.thresholds))
        for _, _, name, entry in rows.values()
        for project in entry.projects
    }
    return Grouping(groups, said[-1] if said else Joining.AUTO, merge_in_sentry=merges[-1] if merges else False)


def _thresholds(entry: ThresholdsEntry) -> Thresholds:
    """What is said; of the two what is not said never stands on the wrong side of the other."""
    usual = Thresholds()
    join = entry.join if entry.join is not None else max(usual.join, entry.suggest or 0.0)
    suggest = entry.suggest if entry.suggest is not None else min(usual.suggest, join)
    return Thresholds(join, suggest)


def _wrong(rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[str, tuple[str, Problem]] = {}
    for source, loc, name, entry in rows:
        for index, project in enumerate(entry.projects):
            here = source.problem((*loc, "projects", index), "")
            group, other = first.setdefault(project, (name, here))
            if other is not here:
                place = f"{other.file}:{other.line}:{other.column}"
                yield source.problem(
                    (*loc, "projects", index),
                    f"`projects`: “{project}” stands in two groups; the other is “{group}”, {place}",
                    "Keep one of them: an issue is compared with the cases of one group.",
                )
