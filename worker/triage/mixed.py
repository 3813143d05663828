"""Whether one issue holds several bugs: clusters of events that contradict each other, two events or more in each."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import TypeVar

from worker.triage.codes import IN_ONE_RELEASE
from worker.triage.signature import Signature
from worker.triage.vetoes import contradicts, raiser
from worker.triage.wording import MEANINGS

T = TypeVar("T", bound=Hashable)
SMALLEST_CLUSTER = 2
MOST_CLUSTERS = 5
MOST_NUMBERS = 3
SMALLEST_NUMBERED = 3
RELEASES_NUMBERED = 2
"""A number that stays the same over releases, events and users is written in the code; any other is a value."""
LOOSE_SHARE = 0.25
"""Share of events in no cluster above which what differs are values, not bugs."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Events of one issue that belong together, by their position, and what sets them apart."""

    events: tuple[int, ...]
    told_by: str


@dataclass(frozen=True, slots=True)
class Split:
    """A suggestion to treat one issue as several bugs. `why`: what the clusters differ in."""

    clusters: tuple[Cluster, ...]
    why: str


def suggest_split(signatures: Sequence[Signature]) -> Split | None:
    """Find the clusters in the events of one issue; None where they look like one bug.

    Of several readings only the latest is asked: two set apart what is one. Positions are those among its events.
    """
    latest = max((one.reading for one in signatures), default=0)
    signatures = [one for one in signatures if one.reading == latest]
    told = [one.identifiers for one in signatures if one.identifiers]
    everywhere = frozenset.intersection(*told) if told else frozenset()
    if len({one.release for one in signatures}) > 1:  # what something is called in one line, a release may rename
        everywhere |= {name for one in told for name in one if name.startswith("owner:")}
    by_names = _linked(signatures, lambda one: _own_names(one) - everywhere, _same_names, _tell_names)
    by_kind = _linked(signatures, lambda one: (one.chain[:1], one.said), _same_kind, lambda kind: kind[1] or kind[0][0])
    found = (
        (() if _of_one_line(signatures, by_names) else by_names, "the messages name different things in the code"),
        (by_kind, "different errors under one stack trace"),
        (_of_one_release(signatures, _lined), "different source lines of one release"),
        (_of_one_release(signatures, _raised), "a library raised them at different places for one line of ours"),
        (_numbered(signatures), "the messages carry different numbers, each of them in several releases"),
    )
    return next((Split(clusters, why) for clusters, why in found if clusters), None)


def _own_names(one: Signature) -> frozenset[str]:
    """The names in a message but those of the way in: that it was renamed sets no bugs apart."""
    door = {*re.findall(r"\w+", one.entry)}
    return frozenset(name for name in one.identifiers if name.rpartition(":")[2] not in door)


def _of_one_line(signatures: Sequence[Signature], clusters: Sequence[Cluster]) -> bool:
    """Whether one template in a line of ours asks for the names of all clusters: data tell which of them is missing."""
    told = [signatures[n] for cluster in clusters for n in cluster.events]
    asked = {name.rpartition(":")[2] for one in told for name in _own_names(one)}
    lines = {next((step.source for step in one.ours if step.source), "").lower() for one in told}
    return bool(asked) and all(asked <= {*re.findall(r"\{(\w+)", line)} for line in lines)


def _same_names(one: frozenset[str], other: frozenset[str]) -> bool:
    return not contradicts(one, other, IN_ONE_RELEASE)


def _tell_names(names: frozenset[str]) -> str:
    """The names as a person reads them; a bare 404 and a bare time want to be told what they are."""
    roles = ("status:", "value:")
    return ", ".join(
        sorted(name.replace(":", " ") if name.startswith(roles) else name.partition(":")[2] for name in names)
    )


def _same_kind(one: tuple[tuple[str, ...], str], other: tuple[tuple[str, ...], str]) -> bool:
    """Only an error that every engine words in a known way is surely another one."""
    return one == other or not {one[1], other[1]} & MEANINGS


def _of_one_release(
    signatures: Sequence[Signature], find: Callable[[Sequence[Signature]], tuple[Cluster, ...]]
) -> tuple[Cluster, ...]:
    """The clusters in the first release that has several: between releases lines move and libraries change."""
    for release in dict.fromkeys(one.release for one in signatures if one.release):
        places = [n for n, one in enumerate(signatures) if one.release == release]
        if found := find([signatures[n] for n in places]):
            return tuple(replace(one, events=tuple(places[n] for n in one.events)) for one in found)
    return ()


def _lined(signatures: Sequence[Signature]) -> tuple[Cluster, ...]:
    """Clusters by the line where our own code went wrong."""
    return _linked(signatures, _line if all(map(_line, signatures)) else _line_number, eq, str)


def _raised(signatures: Sequence[Signature]) -> tuple[Cluster, ...]:
    """Clusters by where a library raised; engines of JavaScript disagree on what they show of their own."""
    if any(one.platform == "javascript" for one in signatures):
        return ()
    return _linked(signatures, raiser, eq, str)


def _line(one: Signature) -> str | None:
    """The source line where our own code went wrong; None for a bundle."""
    if not one.resolved or one.reported:
        return None
    return next((step.source for step in one.ours if step.source), None)


def _line_number(one: Signature) -> str | None:
    """Where that line is, for a release whose events do not all tell their source."""
    top = next(iter(one.ours), None)
    if top is None or not one.resolved or one.reported:
        return None
    return f"{top.name}, line {top.line}" if top.name and top.line else None


def _numbered(signatures: Sequence[Signature]) -> tuple[Cluster, ...]:
    """Clusters by the only number in each message; none unless every number looks like one of the code's own.

    All have to be of one message: a number in another one is another one's.
    """
    if len({one.said for one in signatures if one.number}) != 1:
        return ()
    told: dict[str, list[int]] = defaultdict(list)
    for position, one in enumerate(signatures):
        if one.number:
            told[one.number].append(position)
    lasting = all(
        len(events) >= SMALLEST_NUMBERED and len({signatures[n].release for n in events}) >= RELEASES_NUMBERED
        for events in told.values()
    )
    few = SMALLEST_CLUSTER <= len(told) <= MOST_NUMBERS
    return tuple(Cluster(tuple(events), number) for number, events in told.items()) if few and lasting else ()


def _linked(
    signatures: Sequence[Signature],
    read: Callable[[Signature], T | None],
    same: Callable[[T, T], bool],
    tell: Callable[[T], str],
) -> tuple[Cluster, ...]:
    """Clusters of events that say something on one point; none unless almost all of them fall into a few."""
    said: dict[T, list[int]] = defaultdict(list)
    for position, signature in enumerate(signatures):
        if point := read(signature):
            said[point].append(position)
    groups: list[list[T]] = []
    for point in said:
        near = [group for group in groups if any(same(point, other) for other in group)]
        groups = [group for group in groups if group not in near] + [[point, *(one for group in near for one in group)]]
    clusters = [(sorted(n for point in group for n in said[point]), group[0]) for group in groups]
    big = [Cluster(tuple(events), tell(point)) for events, point in clusters if len(events) >= SMALLEST_CLUSTER]
    inside, everything = sum(len(one.events) for one in big), sum(map(len, said.values()))
    few = SMALLEST_CLUSTER <= len(big) <= MOST_CLUSTERS and everything - inside <= LOOSE_SHARE * everything
    return tuple(sorted(big, key=lambda one: one.events)) if few else ()
