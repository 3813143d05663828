"""Which projects share their cases, and how sure the machine has to be before an issue joins one by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from worker.triage.same_bug import Thresholds


class Joining(StrEnum):
    """What becomes of a new issue whose bug a case holds already."""

    AUTO = "auto"
    SUGGEST = "suggest"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Group:
    """Projects that share their cases. `name` is never the slug of a project that is not in it."""

    name: str
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of one mapping, by the slugs of their projects."""

    groups: Mapping[str, Group] = field(default_factory=dict)
    join: Joining = Joining.AUTO
    merge_in_sentry: bool = False

    def of(self, project: str) -> Group:
        """The group of a project; one that no group names is a group of its own."""
        return self.groups.get(project) or Group(project)


def named(group: str) -> str:
    """The name of a group that a mapping names: told apart from slugs, which have no colon."""
    return f"group:{group}"
