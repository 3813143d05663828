"""A saved event or issue, whatever tool saved it: read as Sentry would show it."""

from dataclasses import replace

from worker.ends.loose import Loose, dig, mapping
from worker.ends.sentry_shapes import read_event, read_issue
from worker.event import Event, Thrown
from worker.model import Issue, Project

UNKNOWN_PROJECT = Project(id="0", slug="unknown")
"""Where an event says nothing of its project."""


def read_saved(data: Loose, project: str | None = None) -> tuple[Issue, Event | None]:
    """An issue and its event from any saved JSON object.

    Takes an SDK event, an API event, an API issue, a webhook body, or `{"issue": …, "event": …}`. What only an issue
    knows is made up from the event as Sentry would: title, culprit, level, platform. `project` overrides the slug.
    """
    said = mapping(dig(data, "data")) if "action" in data else data
    told_issue = mapping(said.get("issue")) or (said if "shortId" in said else {})
    told_event = mapping(said.get("event") or said.get("error")) or ({} if told_issue else said)
    event = read_event(told_event) if told_event else None
    if told_issue:
        issue = read_issue(told_issue)
        return (replace(issue, project=replace(issue.project, slug=project)) if project else issue), event
    told = told_event.get("project")
    slug = project or (told if isinstance(told, str) and told else UNKNOWN_PROJECT.slug)
    return _issue_of(event or read_event({}), slug), event


def _issue_of(event: Event, slug: str) -> Issue:
    """The issue that Sentry would open for an event nobody has seen before."""
    last = event.exceptions[-1] if event.exceptions else Thrown()
    return Issue(
        id="0",
        short_id=f"{slug.upper()}-1",
        title=event.title or "(no title)",
        project=replace(UNKNOWN_PROJECT, slug=slug, platform=event.platform),
        substatus="new",
        culprit=event.culprit or event.transaction,
        level=event.level,
        platform=event.platform,
        type=last.type,
        value=last.value,
        unhandled=None if last.handled is None else not last.handled,
        count=1,
        first_seen=event.occurred_at,
        last_seen=event.occurred_at,
        first_release=event.release,
        last_release=event.release,
    )
