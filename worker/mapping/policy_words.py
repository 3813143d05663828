"""From the words of a mapping (`resolve: next_release`) to a Policy, with what they inherit."""

from collections.abc import Mapping
from typing import TypeVar

from worker.mapping.policy import Escalation, Limits, Policy, Regression, Resolution, Storms, Update
from worker.mapping.schema_limits import LimitsEntry
from worker.mapping.schema_policy import (
    Archive,
    ClosedAs,
    DeployEntry,
    DuplicateAs,
    EscalationEntry,
    PolicyEntry,
    RegressionEntry,
    SyncEntry,
)
from worker.mapping.schema_update import UpdateEntry
from worker.mapping.schema_watch import SourceMapsEntry, StormsEntry
from worker.mapping.status import Closing, StatusMap
from worker.mapping.strict import Strict
from worker.model import Resolve, Status, TrackerKind

_Part = TypeVar("_Part", bound=Strict)


def inherited(under: PolicyEntry, over: PolicyEntry) -> PolicyEntry:
    """What `over` says, laid over `under`: `closed_as`, `sync`, `limits`, `update` key by key, all else as a whole."""
    said = {name: getattr(over, name) for name in PolicyEntry.model_fields if name in over.model_fields_set}
    for name, part in said.items():
        if isinstance(part, ClosedAs | SyncEntry | LimitsEntry | UpdateEntry | StormsEntry | SourceMapsEntry):
            said[name] = _laid(getattr(under, name), part)
    return under.model_copy(update=said)


def closings(said: ClosedAs) -> Mapping[Closing, Status]:
    """What each closing without a fix means; a duplicate that is followed reads as ignored until it was."""
    follows = said.duplicate is DuplicateAs.FOLLOW
    duplicate = Status.IGNORED if follows else Status(said.duplicate)
    return {Closing.WONT_DO: said.wont_do, Closing.DUPLICATE: duplicate, Closing.CANCELLED: said.cancelled}


def policy(said: PolicyEntry, status: StatusMap, *, boards: bool = False) -> Policy:
    """All that is wanted of a pair in a tracker whose statuses are read and written by `status`.

    `boards`: on GitHub its ticket is put on projects, whose fields can follow.
    """
    return Policy(
        status=status,
        winner=said.winner,
        resolve=_resolution(said.resolve),
        regression=_regression(said.on_regression),
        escalation=_escalation(said.on_escalation, status.kind),
        archive_closes=said.archive is Archive.CLOSE,
        follow_duplicates=said.closed_as.duplicate is DuplicateAs.FOLLOW,
        assignee=said.sync.assignee,
        comments=said.sync.comments,
        limits=Limits(said.limits.per_hour, said.limits.per_day),
        storms=Storms(said.storms.hold, said.storms.known_for),
        source_maps_ticket=said.source_maps.ticket,
        update=_update(said.update, status.kind, boards=boards),
    )


def _laid(under: _Part, over: _Part) -> _Part:
    return under.model_copy(update={name: getattr(over, name) for name in over.model_fields_set})


def _resolution(said: Resolve | DeployEntry) -> Resolution:
    if isinstance(said, DeployEntry):
        return Resolution(Resolve.ON_DEPLOY, said.on_deploy)
    return Resolution(said)


def _regression(said: RegressionEntry) -> Regression:
    return Regression(said.then) if said.later is None else Regression(said.then, said.within, said.later)


def _escalation(said: EscalationEntry, kind: TrackerKind) -> Escalation:
    """GitHub has no priorities: there a priority that the defaults give is left out."""
    return Escalation(said.comment, said.priority if kind is TrackerKind.JIRA else None)


def _update(said: UpdateEntry, kind: TrackerKind, *, boards: bool) -> Update:
    """GitHub's issues have neither numbers nor priorities: there labels follow, and fields of projects."""
    counts = {word: field for word, field in said.counts.model_dump().items() if field is not None}
    if kind is not TrackerKind.JIRA:
        return Update(counts if boards else {}, labels=said.labels, every=said.every)
    return Update(counts, said.priority, said.labels, said.every)
