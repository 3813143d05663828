"""The practice world at a glance, as plain JSON: what tests compare and the demo watches."""

import re

from worker.sandbox.github.records import GithubIssue
from worker.sandbox.github.world import GithubRepo, GithubSite
from worker.sandbox.jira import adf
from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.sentry.records import Release, SentryIssue
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.state import Practice
from worker.sandbox.values import Json

_MARK = re.compile(r"bugferry-[\w-]+")


def everything(practice: Practice) -> Json:
    """Counts, issues and releases of Sentry, tickets of both trackers, and what the levers did."""
    issues = [issue_row(issue) for issue in practice.sentry.issues.values()]
    jira = [_jira(issue, practice.config.url) for issue in practice.jira.issues.values()]
    site = practice.site
    github = [_github(issue, repo, site, practice.config.url) for repo in site.repos for issue in repo.issues.values()]
    counts = {
        "issues": len(issues),
        "events": sum(issue.count for issue in practice.sentry.issues.values()),
        "jira": len(jira),
        "github": len(github),
        "deliveries": len(practice.outbox.letters),
        "waiting": practice.outbox.waiting,
    }
    return {
        "counts": counts,
        "issues": issues,
        "merged": dict(practice.sentry.merged),
        "releases": [_release(release, practice.sentry) for release in practice.sentry.releases.values()],
        "jira": jira,
        "github": github,
        "weather": {source: dict(weather.done) for source, weather in practice.outbox.weather.items()},
        "refused": dict(practice.meter.refused),
    }


def issue_row(issue: SentryIssue) -> Json:
    """A Sentry issue. `details`: its status details; `assignee`: e-mail address, or `team:ID`."""
    return {
        "id": issue.id,
        "short_id": issue.short_id,
        "title": issue.title,
        "project": issue.project.slug,
        "status": issue.status,
        "substatus": issue.substatus,
        "details": issue.details,
        "count": issue.count,
        "users": len(issue.users),
        "tickets": [link["webUrl"] for link in issue.links.values()],
        "priority": issue.priority,
        "assignee": _assignee(issue),
        "hashes": issue.hashes,
        "notes": [_note(row) for row in reversed(issue.notes)],
        "activity": [row["type"] for row in reversed(issue.activity)],
    }


def _assignee(issue: SentryIssue) -> str | None:
    if issue.assigned is None:
        return None
    return str(issue.assigned.get("email") or f"team:{issue.assigned['id']}")


def _note(row: Json) -> Json:
    """`author`: e-mail address of a person, slug of an app."""
    app = row["sentry_app"]
    author = app["slug"] if app else row["user"]["email"]
    return {"id": row["id"], "author": author, "text": row["data"]["text"]}


def _release(release: Release, world: SentryWorld) -> Json:
    return {
        "version": release.version,
        "projects": [world.projects[project_id].slug for project_id in release.projects],
        "deploys": [[row["environment"], row["dateFinished"]] for row in release.deploys],
    }


def _jira(issue: JiraIssue, url: str) -> Json:
    """`talk`: the comments with their authors' addresses; `links`: kind and keys, from here to there."""
    return {
        "tracker": "jira",
        "id": issue.id,
        "key": issue.key,
        "url": f"{url}/jira/browse/{issue.key}",
        "project": issue.project.key,
        "title": issue.summary,
        "status": issue.state.name,
        "resolution": issue.resolution,
        "labels": issue.labels,
        "priority": issue.priority,
        "markers": sorted(set(_MARK.findall(f"{' '.join(issue.labels)} {adf.plain(issue.description)}"))),
        "comments": [adf.plain(comment.body).strip() for comment in issue.comments],
        "talk": [
            {"id": comment.id, "author": comment.author.login, "text": adf.plain(comment.body).strip()}
            for comment in issue.comments
        ],
        "assignee": issue.assignee.login if issue.assignee else None,
        "links": [[kind, inward.key, outward.key] for _, kind, inward, outward in issue.links],
        "duplicate_of": next(
            (out.key for _, kind, one, out in issue.links if kind == "Duplicate" and one is issue), None
        ),
    }


def _github(issue: GithubIssue, repo: GithubRepo, site: GithubSite, url: str) -> Json:
    """`key`: with its repository where that is not the one that takes tickets."""
    canonical = site.issue(issue.duplicate_of) if issue.duplicate_of is not None else None
    return {
        "tracker": "github",
        "id": issue.id,
        "key": _key(repo, issue, site),
        "url": f"{url}/github/{repo.name}/issues/{issue.number}",
        "project": repo.name,
        "title": issue.title,
        "status": issue.state,
        "resolution": issue.state_reason,
        "labels": [label.name for label in issue.labels],
        "markers": sorted(set(_MARK.findall(issue.body or ""))),
        "comments": [comment.body for comment in issue.comments],
        "talk": [
            {"id": str(comment.id), "author": comment.author.login, "text": comment.body} for comment in issue.comments
        ],
        "assignee": issue.assignees[0].login if issue.assignees else None,
        "assignees": [who.login for who in issue.assignees],
        "duplicate_of": _key(*canonical, site) if canonical else None,
        "boards": {str(one.number): one.shown(node) for one in site.boards if (node := f"I_{issue.id}") in one.items},
    }


def _key(repo: GithubRepo, issue: GithubIssue, site: GithubSite) -> str:
    return str(issue.number) if repo is site.main else f"{repo.name}#{issue.number}"
