"""What a PUT on an issue may change, checked first and then done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from worker.sandbox.clock import sentry_time
from worker.sandbox.seed import SENTRY_ACCOUNTS, Account
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json, as_dict, as_text
from worker.sandbox.wire import Refusal

STATUSES = frozenset({"resolved", "unresolved", "ignored", "resolvedInNextRelease", "muted"})
ARCHIVED = frozenset({"archived_until_escalating", "archived_until_condition_met", "archived_forever"})
AWAKE = frozenset({"ongoing", "escalating", "regressed", "new"})
CONDITIONS = ("ignoreDuration", "ignoreCount", "ignoreWindow", "ignoreUserCount", "ignoreUserWindow")
PRIORITIES = frozenset({"low", "medium", "high"})


NO_RELEASE = "No release data present in the system to form a basis for 'Next Release'"


def check_update(body: Json, world: SentryWorld, issues: Iterable[SentryIssue]) -> None:
    """Refuse what Sentry would refuse of these issues, before anything changes."""
    problems: Json = {}
    status, substatus = body.get("status"), body.get("substatus")
    if status is not None and status not in STATUSES:
        problems["status"] = [f'"{status}" is not a valid choice.']
    if substatus is not None and substatus not in ARCHIVED | AWAKE:
        problems["substatus"] = [f'"{substatus}" is not a valid choice.']
    elif substatus in ARCHIVED and status != "ignored":
        problems["substatus"] = [f"{substatus} only valid for ignored groups"]
    if body.get("priority") is not None and body["priority"] not in PRIORITIES:
        problems["priority"] = [f'"{body["priority"]}" is not a valid choice.']
    if details := _unreleased(body, world, {issue.project.id for issue in issues}):
        problems["statusDetails"] = details
    if body.get("assignedTo") and _assignee(str(body["assignedTo"])) is None:
        problems["assignedTo"] = ["Unknown actor input"]
    if problems:
        raise Refusal(400, problems)


def _unreleased(body: Json, world: SentryWorld, projects: Iterable[str]) -> Json:
    """What is wrong with the release that a resolution names, or needs, in each of the projects."""
    details = as_dict(body.get("statusDetails"))
    in_next = details.get("inNextRelease") or body.get("status") == "resolvedInNextRelease"
    wanted = details.get("inRelease")
    for project_id in projects:
        versions = {release.version for release in world.releases_of(project_id)}
        if (in_next or wanted == "latest") and not versions:
            return {"inNextRelease" if in_next else "inRelease": [NO_RELEASE]}
        if wanted and wanted != "latest" and wanted not in versions:
            return {"inRelease": ["Unable to find a release with the given version."]}
    return {}


def apply_update(world: SentryWorld, issue: SentryIssue, body: Json, who: Account) -> None:
    """Change what was sent and nothing else. A status the issue already has changes nothing and tells nobody."""
    details = as_dict(body.get("statusDetails"))
    match body.get("status"):
        case "resolved":
            _resolve(world, issue, details, who)
        case "resolvedInNextRelease":
            _resolve(world, issue, {**details, "inNextRelease": True}, who)
        case "ignored" | "muted":
            _archive(world, issue, details, as_text(body.get("substatus")), who)
        case "unresolved" if issue.status != "unresolved" or body.get("substatus"):
            _unresolve(world, issue, as_text(body.get("substatus")) or "ongoing", who)
    if "assignedTo" in body:
        world.assign(issue, _assignee(str(body["assignedTo"] or "")), who)
    if body.get("priority"):
        world.prioritise(issue, body["priority"], who)


def _unresolve(world: SentryWorld, issue: SentryIssue, substatus: str, who: Account) -> None:
    if issue.status == "unresolved":
        issue.substatus = substatus
        world.note(issue, "mark_reviewed", {}, who)
    else:
        world.change(issue, "unresolved", substatus, who, "set_unresolved", {})


@dataclass(frozen=True, slots=True)
class _Resolution:
    """How an issue was resolved: kind of activity with its data, and the releases that count."""

    kind: str
    data: Json
    details: Json
    fixed_in: str | None = None
    fixed_after: str | None = None


def _resolve(world: SentryWorld, issue: SentryIssue, details: Json, who: Account) -> None:
    """Resolve; what is resolved already may still be tied to another release, which moves nothing."""
    how = _resolution(world, issue, details)
    if issue.status == "resolved" and (how.details == issue.details or not how.details):
        return
    moved = issue.status != "resolved"
    issue.details, issue.fixed_in, issue.fixed_after = how.details, how.fixed_in, how.fixed_after
    if moved:
        world.change(issue, "resolved", None, who, how.kind, how.data)
    else:
        world.note(issue, how.kind, how.data, who)


def _resolution(world: SentryWorld, issue: SentryIssue, details: Json) -> _Resolution:
    newest = world.releases_of(issue.project.id)[-1:]
    latest = newest[0].version if newest else None
    if wanted := details.get("inRelease"):
        version = latest if wanted == "latest" else str(wanted)
        return _Resolution("set_resolved_in_release", {"version": version}, {"inRelease": version}, fixed_in=version)
    if details.get("inNextRelease"):
        data: Json = {"version": "", "current_release_version": latest}
        return _Resolution("set_resolved_in_release", data, {"inNextRelease": True}, fixed_after=latest)
    if commit := as_dict(details.get("inCommit")):
        data = {"commit": {"id": commit.get("commit"), "repository": commit.get("repository")}}
        return _Resolution("set_resolved_in_commit", data, {"inCommit": str(commit.get("commit"))})
    return _Resolution("set_resolved", {}, {})


def _archive(world: SentryWorld, issue: SentryIssue, details: Json, substatus: str | None, who: Account) -> None:
    conditions = {name: details[name] for name in CONDITIONS if isinstance(details.get(name), int)}
    wanted = substatus or ("archived_until_condition_met" if conditions else "archived_until_escalating")
    if issue.status == "ignored" and issue.substatus == wanted and not conditions:
        return
    if minutes := conditions.get("ignoreDuration"):
        conditions["ignoreUntil"] = sentry_time(world.clock() + timedelta(minutes=minutes))
    issue.details = conditions
    data = {"ignoreUntilEscalating": wanted == "archived_until_escalating", **conditions}
    world.change(issue, "ignored", wanted, who, "set_ignored", data)


def _assignee(text: str) -> Json | None:
    """`user:42`, a bare id, an e-mail address or `team:7` as the API shows an assignee; an app is nobody to assign."""
    if text.startswith("team:"):
        return {"type": "team", "id": text.removeprefix("team:"), "name": "Checkout"}
    name = text.removeprefix("user:")
    who = next((one for one in SENTRY_ACCOUNTS if name and name in {one.id, one.login} and not one.bot), None)
    return {"type": "user", "id": who.id, "name": who.name, "email": who.login} if who else None
