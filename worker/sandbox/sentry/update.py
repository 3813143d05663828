"""What a PUT on an issue may change, checked first and then done."""

from datetime import timedelta
from typing import Any

from worker.sandbox.clock import now, sentry_time
from worker.sandbox.seed import SENTRY_ACCOUNTS, Account
from worker.sandbox.sentry.world import SentryIssue, SentryWorld
from worker.sandbox.values import Json, as_dict, as_text
from worker.sandbox.wire import Refusal

STATUSES = frozenset({"resolved", "unresolved", "ignored", "resolvedInNextRelease", "muted"})
ARCHIVED = frozenset({"archived_until_escalating", "archived_until_condition_met", "archived_forever"})
AWAKE = frozenset({"ongoing", "escalating", "regressed", "new"})
CONDITIONS = ("ignoreDuration", "ignoreCount", "ignoreWindow", "ignoreUserCount", "ignoreUserWindow")
PRIORITIES = frozenset({"low", "medium", "high"})


def check_update(body: Json, world: SentryWorld) -> None:
    """Refuse what Sentry would refuse, before anything changes."""
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
    in_release = as_dict(body.get("statusDetails")).get("inRelease")
    if in_release and in_release != "latest" and in_release not in world.releases:
        problems["statusDetails"] = {"inRelease": ["Unable to find a release with the given version."]}
    if body.get("assignedTo") and _assignee(str(body["assignedTo"])) is None:
        problems["assignedTo"] = ["Unknown actor input"]
    if problems:
        raise Refusal(400, problems)


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
    if body.get("priority") and body["priority"] != issue.priority:
        issue.priority = body["priority"]
        world.note(issue, "set_priority", {"priority": issue.priority}, who)


def _unresolve(world: SentryWorld, issue: SentryIssue, substatus: str, who: Account) -> None:
    if issue.status == "unresolved":
        issue.substatus = substatus
        world.note(issue, "mark_reviewed", {}, who)
    else:
        world.change(issue, "unresolved", substatus, who, "set_unresolved", {})


def _resolve(world: SentryWorld, issue: SentryIssue, details: Json, who: Account) -> None:
    if issue.status == "resolved":
        return
    latest = next(reversed(world.releases), None)
    kind, data = "set_resolved", dict[str, Any]()
    issue.details = {}
    if details.get("inRelease"):
        issue.fixed_in = latest if details["inRelease"] == "latest" else str(details["inRelease"])
        kind, data, issue.details = (
            "set_resolved_in_release",
            {"version": issue.fixed_in},
            {"inRelease": issue.fixed_in},
        )
    elif details.get("inNextRelease"):
        issue.fixed_after = latest
        kind, data = "set_resolved_in_release", {"version": "", "current_release_version": latest}
        issue.details = {"inNextRelease": True}
    elif details.get("inCommit"):
        commit = as_dict(details["inCommit"])
        kind, data = (
            "set_resolved_in_commit",
            {"commit": {"id": commit.get("commit"), "repository": commit.get("repository")}},
        )
        issue.details = {"inCommit": str(commit.get("commit"))}
    world.change(issue, "resolved", None, who, kind, data)


def _archive(world: SentryWorld, issue: SentryIssue, details: Json, substatus: str | None, who: Account) -> None:
    conditions = {name: details[name] for name in CONDITIONS if isinstance(details.get(name), int)}
    wanted = substatus or ("archived_until_condition_met" if conditions else "archived_until_escalating")
    if issue.status == "ignored" and issue.substatus == wanted and not conditions:
        return
    if minutes := conditions.get("ignoreDuration"):
        conditions["ignoreUntil"] = sentry_time(now() + timedelta(minutes=minutes))
    issue.details = conditions
    data = {"ignoreUntilEscalating": wanted == "archived_until_escalating", **conditions}
    world.change(issue, "ignored", wanted, who, "set_ignored", data)


def _assignee(text: str) -> Json | None:
    """`user:42`, a bare id, an e-mail address or `team:7` as the API shows an assignee."""
    if text.startswith("team:"):
        return {"type": "team", "id": text.removeprefix("team:"), "name": "Checkout"}
    name = text.removeprefix("user:")
    who = next((account for account in SENTRY_ACCOUNTS if name and name in {account.id, account.login}), None)
    return {"type": "user", "id": who.id, "name": who.name, "email": who.login} if who else None
