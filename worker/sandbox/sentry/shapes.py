"""Sentry's JSON: an issue in lists, in detail and in webhooks; releases and links."""

from datetime import datetime

from worker.sandbox.clock import sentry_time
from worker.sandbox.seed import ORG, Project
from worker.sandbox.sentry.records import Release, SentryIssue
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json

HOUR_S = 3600


def project(value: Project) -> Json:
    """A project as it appears inside an issue."""
    return {"id": value.id, "name": value.name, "slug": value.slug, "platform": value.platform}


def permalink(issue: SentryIssue, base: str) -> str:
    """The human page of an issue. `base`: address of the practice Sentry."""
    return f"{base}/organizations/{ORG}/issues/{issue.id}/"


def issue(value: SentryIssue, base: str) -> Json:
    """What lists, detail and webhooks have in common."""
    return {
        "id": value.id,
        "shareId": None,
        "shortId": value.short_id,
        "title": value.title,
        "culprit": value.culprit,
        "permalink": permalink(value, base),
        "logger": None,
        "level": value.level,
        "status": value.status,
        "statusDetails": value.details,
        "substatus": value.substatus,
        "isPublic": False,
        "platform": value.platform,
        "priority": value.priority,
        "priorityLockedAt": None,
        "seerFixabilityScore": None,
        "seerAutofixLastTriggered": None,
        "seerExplorerAutofixLastTriggered": None,
        "project": project(value.project),
        "type": "error" if "type" in value.metadata else "default",
        "issueType": "error",
        "issueCategory": "error",
        "metadata": value.metadata,
        "numComments": len(value.notes),
        "assignedTo": value.assigned,
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        **counts(value),
    }


def counts(value: SentryIssue) -> Json:
    """How often and when. `count` is a string: so it is in Sentry."""
    return {
        "isUnhandled": value.unhandled,
        "count": str(value.count),
        "userCount": len(value.users),
        "firstSeen": sentry_time(value.first_seen),
        "lastSeen": sentry_time(value.last_seen),
    }


def issue_row(value: SentryIssue, base: str, collapse: set[str], expand: set[str], at: datetime) -> Json:
    """A row of the list at a moment. What is collapsed is empty, not absent: the description requires the keys."""
    row = {**issue(value, base), **_bystanders(value), "filtered": None}
    row["stats"] = {} if "stats" in collapse else {"24h": hourly(value, at)}
    if "lifetime" not in collapse:
        row["lifetime"] = {**counts(value), "stats": None}
    return {**row, **links_of(value, expand)}


def _bystanders(value: SentryIssue) -> Json:
    """What a row also carries and nobody here asks for."""
    return {
        "inbox": {"reason": 0, "reason_details": None, "date_added": sentry_time(value.first_seen)},
        "owners": {"type": "ownershipRule", "owner": "team:1", "date_added": sentry_time(value.first_seen)},
        "sessionCount": 0,
        "latestEventHasAttachments": False,
        "matchingEventId": None,
        "matchingEventEnvironment": None,
        "integrationIssues": [],
        "derivedData": {
            "blocker": "none",
            "progress": "none",
            "status": "open" if value.status == "unresolved" else "closed",
            "viewCount": 0,
            "hasOpenFixPr": False,
            "isAssigned": value.assigned is not None,
            "hasRootCause": False,
            "lastCompletedAutofixStep": "none",
            "lastProgressedAt": None,
        },
    }


def links_of(value: SentryIssue, expand: set[str]) -> Json:
    """The tickets an issue shows, as far as the caller asked for them."""
    found: Json = {}
    if "sentryAppIssues" in expand:
        found["sentryAppIssues"] = list(value.links.values())
    if "integrationIssues" in expand:
        found["integrationIssues"] = []
    return found


def issue_detail(value: SentryIssue, world: SentryWorld, base: str, collapse: set[str], expand: set[str]) -> Json:
    """The full issue with its activity."""
    detail = {**issue(value, base), "activity": value.activity, "seenBy": [], "userReportCount": 0, "participants": []}
    if "release" not in collapse:
        detail["firstRelease"] = short_release(world, value.first_release)
        detail["lastRelease"] = short_release(world, value.last_release)
    if "tags" not in collapse:
        detail["tags"] = [_tag_summary(key, value) for key in sorted(value.tags)]
    if "stats" not in collapse:
        detail["stats"] = {"24h": hourly(value, world.clock()), "30d": []}
    return {**detail, **links_of(value, expand)}


def _tag_summary(key: str, value: SentryIssue) -> Json:
    counted = value.tags[key]
    return {"key": key, "name": key.title(), "totalValues": counted.total(), "uniqueValues": len(counted)}


def tag_detail(key: str, value: SentryIssue) -> Json:
    """One tag of an issue with its values, most frequent first."""
    counted = value.tags[key]
    times = {"firstSeen": sentry_time(value.first_seen), "lastSeen": sentry_time(value.last_seen)}
    top = [{"key": text, "name": text, "value": text, "count": n, **times} for text, n in counted.most_common(10)]
    return {**_tag_summary(key, value), "topValues": top}


def hourly(value: SentryIssue, at: datetime) -> list[list[int]]:
    """Events of each of the 24 hours before `at`, oldest first: `[epoch s, count]`."""
    last = int(at.timestamp()) // HOUR_S * HOUR_S
    return [[last - back * HOUR_S, value.hours.get(last - back * HOUR_S, 0)] for back in range(23, -1, -1)]


def link(link_id: str, issue_id: str, slug: str, place: str, identifier: str, url: str) -> Json:
    """A ticket that an integration shows on an issue."""
    return {
        "id": link_id,
        "issueId": issue_id,
        "serviceType": slug,
        "displayName": f"{place}#{identifier}",
        "webUrl": url,
    }


# ---------------------------------------------------------------- releases


def short_release(world: SentryWorld, version: str | None) -> Json | None:
    """A release inside an issue."""
    found = world.releases.get(version or "")
    return None if found is None else _release_head(found)


def _release_head(value: Release) -> Json:
    return {
        "id": value.id,
        "version": value.version,
        "shortVersion": value.version,
        "status": "open",
        "dateCreated": sentry_time(value.created),
        "dateReleased": sentry_time(value.released) if value.released else None,
        "ref": value.ref,
        "url": value.url,
    }


def release(value: Release, world: SentryWorld) -> Json:
    """A release by itself."""
    projects = [found for found in world.projects.values() if found.id in value.projects]
    return {
        **_release_head(value),
        "versionInfo": _version_info(value.version),
        "data": {},
        "newGroups": sum(issue.first_release == value.version for issue in world.issues.values()),
        "owner": None,
        "commitCount": len(value.commits),
        "lastCommit": value.commits[0] if value.commits else None,
        "deployCount": len(value.deploys),
        "lastDeploy": value.deploys[0] if value.deploys else None,
        "authors": [],
        "projects": [_release_project(found) for found in projects],
        "firstEvent": None,
        "lastEvent": None,
        "currentProjectMeta": {},
        "userAgent": None,
    }


def _release_project(value: Project) -> Json:
    return {
        **project(value),
        "id": int(value.id),
        "newGroups": 0,
        "platforms": [value.platform],
        "hasHealthData": False,
    }


def _version_info(version: str) -> Json:
    package, _, raw = version.rpartition("@")
    return {
        "package": package or None,
        "version": {"raw": raw},
        "description": raw,
        "buildHash": None,
    }
