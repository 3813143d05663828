"""Channels and leads as they run: checked, with their conditions compiled."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from worker.mapping.condition import Condition, Evaluation
from worker.mapping.facts import Facts
from worker.mapping.problem import Problem, nearest
from worker.mapping.schema import MappingFile
from worker.mapping.schema_channels import ChannelEntry, ChannelKind, ReportEntry, Weekday
from worker.mapping.schema_conditions import When
from worker.mapping.source import Loc, Source
from worker.triage.alert import QuietHours, Says

Compile = Callable[[Source, Loc, When], Condition | None]
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases concern somebody; all of them when nothing is said."""

    projects: tuple[str, ...] | None = None
    condition: Condition | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out, so that what belongs to no case concerns them as well."""
        return self.projects is None and self.condition is None

    def covers(self, facts: Facts) -> bool:
        """Whether a case with these facts concerns them."""
        if self.projects is not None and not set(facts["case"]["projects"]) & set(self.projects):
            return False
        return self.condition is None or Evaluation(facts).holds(self.condition)


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where people are told things. `to` is empty where its place is not for the mapping."""

    name: str
    kind: ChannelKind
    to: tuple[str, ...]
    scope: Scope
    says: frozenset[Says]
    quiet: QuietHours | None
    zone: ZoneInfo
    per_hour: int


@dataclass(frozen=True, slots=True)
class Lead:
    """Who gets a weekly report, where and when."""

    name: str
    scope: Scope
    channels: tuple[str, ...]
    day: Weekday
    hour: int
    zone: ZoneInfo
    locale: str
    by_owner: bool = False
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def channels(
    files: Sequence[tuple[Source, MappingFile]], problems: list[Problem], compiled: Compile
) -> Mapping[str, Channel]:
    """The channels of all files, a later one of the same name in place of the earlier; what is wrong to `problems`."""
    found: dict[str, Channel] = {}
    for source, name, entry in ((source, name, one) for source, file in files for name, one in file.channels.items()):
        loc: Loc = ("channels", name)
        zone = _zone(source, loc, entry.time_zone, problems)
        quiet = _quiet(entry.quiet_hours, zone) if entry.quiet_hours else None
        scope = _scope(source, loc, entry, compiled)
        found[name] = Channel(name, entry.kind, entry.to, scope, frozenset(entry.says), quiet, zone, entry.per_hour)
    return found


def leads(
    files: Sequence[tuple[Source, MappingFile]],
    problems: list[Problem],
    compiled: Compile,
    known: Mapping[str, Channel],
    teams: Mapping[str, tuple[str, ...]],
) -> Mapping[str, Lead]:
    """The weekly reports of all files; channels that nobody knows go to `problems`."""
    found: dict[str, Lead] = {}
    for source, name, entry in ((source, name, one) for source, file in files for name, one in file.reports.items()):
        loc: Loc = ("reports", name)
        problems += _unknown(source, loc, entry, known)
        zone = _zone(source, loc, entry.time_zone, problems)
        scope = _scope(source, loc, entry, compiled)
        found[name] = Lead(
            name, scope, entry.channels, entry.day, entry.hour, zone, entry.locale, entry.by_owner, teams
        )
    return found


def _unknown(source: Source, loc: Loc, entry: ReportEntry, known: Mapping[str, Channel]) -> Iterator[Problem]:
    for index, channel in enumerate(entry.channels):
        if channel not in known:
            hint = nearest(channel, known) or "Write it under `channels` at the top of a file."
            yield source.problem((*loc, "channels", index), f"there is no channel “{channel}”", hint)


def _scope(source: Source, loc: Loc, entry: ChannelEntry | ReportEntry, compiled: Compile) -> Scope:
    return Scope(entry.projects, compiled(source, (*loc, "when"), entry.when) if entry.when else None)


def _zone(source: Source, loc: Loc, name: str, problems: list[Problem]) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        near = nearest(name.rpartition("/")[2] if "/" not in name else name, available_timezones())
        hint = near if near and near.startswith("Did") else "Write it as Europe/Berlin."
        problems.append(source.problem((*loc, "time_zone"), f"there is no time zone “{name}”", hint))
        return _UTC


def _quiet(hours: str, zone: ZoneInfo) -> QuietHours:
    start, _, end = hours.partition("-")
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end), zone)
