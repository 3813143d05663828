"""Jira's JSON. `base`: address of the practice Jira; `v`: version of the API; v3 shows documents, v2 text."""

from worker.sandbox.clock import jira_time
from worker.sandbox.jira import adf, custom
from worker.sandbox.jira.workflow import EPIC, LINK_TYPES, PRIORITIES, RESOLUTIONS, TYPES, Category, State
from worker.sandbox.jira.world import Comment, JiraIssue
from worker.sandbox.seed import Account, JiraProject
from worker.sandbox.values import Json

AVATARS = {"48x48": "https://avatar.example/48", "24x24": "https://avatar.example/24"}


def user(who: Account, base: str, v: str) -> Json:
    """A person or an app; who is shy shows no address."""
    return {
        "self": f"{base}/rest/api/{v}/user?accountId={who.id}",
        "accountId": who.id,
        "accountType": "atlassian",
        **({} if who.shy else {"emailAddress": who.login}),
        "avatarUrls": AVATARS,
        "displayName": who.name,
        "active": True,
        "timeZone": "Etc/UTC",
    }


def project(value: JiraProject, base: str, v: str) -> Json:
    """A project."""
    return {
        "self": f"{base}/rest/api/{v}/project/{value.id}",
        "id": value.id,
        "key": value.key,
        "name": value.name,
        "projectTypeKey": "software",
        "simplified": False,
        "avatarUrls": AVATARS,
    }


def category(value: Category, base: str, v: str) -> Json:
    """A status category."""
    return {
        "self": f"{base}/rest/api/{v}/statuscategory/{value.id}",
        "id": value.id,
        "key": value.key,
        "colorName": value.color,
        "name": value.name,
    }


def status(value: State, base: str, v: str) -> Json:
    """A status with its category."""
    return {
        "self": f"{base}/rest/api/{v}/status/{value.id}",
        "description": "",
        "iconUrl": f"{base}/",
        "name": value.name,
        "id": value.id,
        "statusCategory": category(value.category, base, v),
    }


def issue_type(name: str, base: str, v: str) -> Json:
    """An issue type."""
    return {
        "self": f"{base}/rest/api/{v}/issuetype/{TYPES[name]}",
        "id": TYPES[name],
        "description": "",
        "iconUrl": f"{base}/",
        "name": name,
        "subtask": False,
        "avatarId": 10303,
        "hierarchyLevel": int(name == EPIC),
    }


def priority(name: str, base: str, v: str) -> Json:
    """A priority."""
    return {
        "self": f"{base}/rest/api/{v}/priority/{PRIORITIES[name]}",
        "iconUrl": f"{base}/",
        "name": name,
        "id": PRIORITIES[name],
    }


def resolution(name: str, base: str, v: str) -> Json:
    """A resolution."""
    number = RESOLUTIONS[name]
    return {"self": f"{base}/rest/api/{v}/resolution/{number}", "id": number, "description": "", "name": name}


def text(value: Json | str | None, v: str) -> Json | str | None:
    """A document or text in the spelling of version `v`."""
    if v == "2":
        return adf.plain(value).strip() if isinstance(value, dict) else value
    return adf.document(value) if isinstance(value, str) else value


def comment(value: Comment, found: JiraIssue, base: str, v: str) -> Json:
    """A comment."""
    author = user(value.author, base, v)
    return {
        "self": f"{base}/rest/api/{v}/issue/{found.id}/comment/{value.id}",
        "id": value.id,
        "author": author,
        "body": text(value.body, v),
        "updateAuthor": user(value.editor, base, v) if value.editor else author,
        "created": jira_time(value.created),
        "updated": jira_time(value.updated),
        "jsdPublic": True,
    }


def history(entry: tuple[str, Account, object, list[Json]], created: str, base: str, v: str) -> Json:
    """One entry of the changelog."""
    return {"id": entry[0], "author": user(entry[1], base, v), "created": created, "items": entry[3]}


def histories(found: JiraIssue, base: str, v: str) -> list[Json]:
    """The changelog, oldest first."""
    return [history(entry, jira_time(entry[2]), base, v) for entry in found.history]


def fields(found: JiraIssue, base: str, v: str) -> Json:
    """All fields of an issue."""
    creator = user(found.creator, base, v)
    comments = [comment(value, found, base, v) for value in found.comments]
    page = {"comments": comments, "self": f"{base}/rest/api/{v}/issue/{found.id}/comment", "maxResults": len(comments)}
    return {
        "summary": found.summary,
        "description": text(found.description, v),
        "issuetype": issue_type(found.type, base, v),
        "project": project(found.project, base, v),
        "labels": list(found.labels),
        "priority": priority(found.priority, base, v),
        "status": status(found.state, base, v),
        "statusCategory": category(found.state.category, base, v),
        "resolution": resolution(found.resolution, base, v) if found.resolution else None,
        "resolutiondate": jira_time(found.resolved_at) if found.resolved_at else None,
        "assignee": user(found.assignee, base, v) if found.assignee else None,
        "reporter": creator,
        "creator": creator,
        "created": jira_time(found.created),
        "updated": jira_time(found.updated),
        "comment": {**page, "total": len(comments), "startAt": 0},
        "issuelinks": [issue_link(link, found, base, v) for link in found.links],
        "components": [component(name, base, v) for name in found.components],
        "fixVersions": [],
        "versions": [],
        "duedate": found.duedate,
        "environment": None,
        "parent": brief(found.parent, base, v) if found.parent else None,
        **custom.shown(found.custom, base, v),
    }


def component(name: str, base: str, v: str) -> Json:
    """A component of a project."""
    number = custom.COMPONENTS[name]
    return {"self": f"{base}/rest/api/{v}/component/{number}", "id": number, "name": name}


def brief(found: JiraIssue, base: str, v: str) -> Json:
    """An issue as others show it: a parent, a link."""
    fields = {
        "summary": found.summary,
        "status": status(found.state, base, v),
        "issuetype": issue_type(found.type, base, v),
    }
    return {**head(found, base, v), "fields": fields}


def head(found: JiraIssue, base: str, v: str) -> Json:
    """Id, key and address of an issue."""
    return {"id": found.id, "key": found.key, "self": f"{base}/rest/api/{v}/issue/{found.id}"}


def chosen(everything: Json, wanted: set[str]) -> Json:
    """Only the wanted fields; `*all`, `*navigable` and `-name` as Jira reads them."""
    dropped = {name[1:] for name in wanted if name.startswith("-")}
    kept = wanted - {f"-{name}" for name in dropped}
    everything = {name: value for name, value in everything.items() if name not in dropped}
    if not kept or kept & {"*all", "*navigable"}:
        return everything
    return {name: value for name, value in everything.items() if name in kept}


def link_type(name: str, base: str, v: str) -> Json:
    """A kind of link."""
    number, inward, outward = LINK_TYPES[name]
    return {
        "id": number,
        "name": name,
        "inward": inward,
        "outward": outward,
        "self": f"{base}/rest/api/{v}/issueLinkType/{number}",
    }


def issue_link(link: tuple[str, str, JiraIssue, JiraIssue], seen_from: JiraIssue, base: str, v: str) -> Json:
    """A link as one of its two issues shows it."""
    number, name, inward, outward = link
    side, other = ("outwardIssue", outward) if seen_from is inward else ("inwardIssue", inward)
    return {
        "id": number,
        "self": f"{base}/rest/api/{v}/issueLink/{number}",
        "type": link_type(name, base, v),
        side: brief(other, base, v),
    }
