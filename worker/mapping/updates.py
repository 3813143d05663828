"""What of `update` can never come true: said to a tracker that has no such thing, or without what it goes by."""

from collections.abc import Iterator, Mapping

from worker.mapping.policy import FollowPriority
from worker.mapping.schema_update import UpdateEntry
from worker.mapping.ticket_kinds import Misfit
from worker.model import TrackerKind

_ANY: Mapping[str, str] = {"any": "any"}
"""Priorities that nobody has looked at."""


def unfit(
    said: UpdateEntry, kind: TrackerKind, where: str, priorities: Mapping[str, str] | None = _ANY, *, boards: bool
) -> Iterator[Misfit]:
    """What is said there that its tracker does not have. `where`: why that is GitHub.

    `priorities`: of the ticket; `boards`: whether it is put on projects, which have fields.
    """
    if kind is not TrackerKind.JIRA:
        for word in said.counts.model_fields_set if not boards else ():
            message = f"`{word}`: {where}, and issues there have no number and date fields"
            hint = "Give the ticket `projects`, whose fields can follow, take it out, or use a tracker of kind jira."
            yield Misfit(("update", "counts", word), message, hint)
        if said.priority is not FollowPriority.OFF:
            message = f"`priority`: {where}, and GitHub has no priorities"
            yield Misfit(("update", "priority"), message, "Use `labels: true` with a label by level, or Jira.")
    elif said.priority is not FollowPriority.OFF and not (priorities or {}).keys() - {"default"}:
        message = "`priority`: the ticket's `priority` is no map by level or Sentry priority, so it never changes"
        yield Misfit(("update", "priority"), message, "Give the ticket one, such as {high: High, default: Medium}.")
