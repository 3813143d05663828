"""Issues that become one, or two, or none; and projects that get another name."""

from collections import Counter, deque
from dataclasses import replace

from worker.sandbox.seed import Account
from worker.sandbox.sentry import grouping
from worker.sandbox.sentry.records import KEPT_EVENTS, SentryIssue
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json


def merge(world: SentryWorld, issues: list[SentryIssue], who: Account | None) -> tuple[SentryIssue, list[SentryIssue]]:
    """Merge into the issue with most events (then the oldest): the choice is Sentry's, not the caller's."""
    parent = max(issues, key=lambda issue: (issue.count, -int(issue.id)))
    children = [issue for issue in issues if issue is not parent]
    for child in children:
        _absorb(parent, child)
        for digest in child.hashes:
            world.by_hash[child.project.id, digest] = parent
        world.merged[child.id] = parent.id
        del world.issues[child.id]
    world.note(parent, "merge", {"issues": [{"id": child.id} for child in children]}, who)
    return parent, children


def _absorb(parent: SentryIssue, child: SentryIssue) -> None:
    parent.count += child.count
    parent.users |= child.users
    parent.hashes += child.hashes
    parent.per_hash.update(child.per_hash)
    parent.hours.update(child.hours)
    parent.first_seen, parent.last_seen = (
        min(parent.first_seen, child.first_seen),
        max(parent.last_seen, child.last_seen),
    )
    for key, values in child.tags.items():
        parent.tags.setdefault(key, Counter()).update(values)
    parent.events = deque(sorted([*parent.events, *child.events], key=lambda event: event.at), maxlen=KEPT_EVENTS)
    for slug, link in child.links.items():
        parent.links.setdefault(slug, {**link, "issueId": parent.id})
    said = [*parent.notes, *child.notes]
    others = [row for row in parent.activity if row["type"] != "note"]
    parent.activity = sorted([*others, *said], key=lambda row: str(row["dateCreated"]), reverse=True)


def unmerge(world: SentryWorld, source: SentryIssue, digest: str, who: Account | None) -> SentryIssue | None:
    """Let the events of one grouping hash leave into a new issue, open and with an id of its own.

    None when there is no such hash, none of its events is kept, or nothing would stay. Sentry tells nobody of it.
    """
    leaving = [event for event in source.events if grouping.group_hash(event) == digest]
    if digest not in source.hashes or len(source.hashes) == 1 or not leaving:
        return None
    fresh = world.new_issue(leaving[-1], source.project, digest)
    fresh.substatus = "ongoing"
    fresh.count = fresh.per_hash[digest] = source.per_hash.pop(digest, 0)
    fresh.first_seen, fresh.last_seen = min(event.at for event in leaving), max(event.at for event in leaving)
    fresh.last_release = leaving[-1].release
    fresh.events.extend(leaving)
    for event in leaving:
        world.event_ids[source.project.id, event.id] = fresh.id
        for key, value in event.tags:
            fresh.tags.setdefault(key, Counter())[value] += 1
    source.hashes.remove(digest)
    source.count -= fresh.count
    source.events = deque((event for event in source.events if event not in leaving), maxlen=KEPT_EVENTS)
    for issue, kind, name, other in (
        (fresh, "unmerge_destination", "source", source),
        (source, "unmerge_source", "destination", fresh),
    ):
        world.note(issue, kind, {"fingerprints": [digest], name: _brief(other)}, who)
    return fresh


def _brief(issue: SentryIssue) -> Json:
    return {"id": issue.id, "shortId": issue.short_id, "title": issue.title}


def delete(world: SentryWorld, issue: SentryIssue, *, discard: bool = False) -> None:
    """Forget an issue; its next event starts a new one, unless it is discarded: then its events are thrown away."""
    del world.issues[issue.id]
    for digest in issue.hashes:
        world.by_hash.pop((issue.project.id, digest), None)
        if discard:
            world.discarded.add((issue.project.id, digest))


def rename_project(world: SentryWorld, project_id: str, slug: str) -> None:
    """Give a project another slug: ids stay, short ids change with it, and the old ones find nothing any more."""
    renamed = replace(world.projects[project_id], slug=slug)
    world.projects[project_id] = renamed
    for issue in world.issues.values():
        if issue.project.id == project_id:
            issue.project = renamed
            world.touch(issue)
