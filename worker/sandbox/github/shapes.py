"""GitHub's JSON. `base`: address of the practice GitHub's API; the same address shows people the page."""

from worker.sandbox.clock import github_time
from worker.sandbox.github.records import GithubComment, GithubIssue, Happened, Label, Milestone
from worker.sandbox.github.world import GithubRepo
from worker.sandbox.seed import Account
from worker.sandbox.values import Json

OWNER_ID = 6001
ISSUE_TYPES = {"Task": (301, "yellow"), "Bug": (302, "red"), "Feature": (303, "blue")}
"""Name to id and colour."""
_TEMPLATES = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}

_NONE_OF = (
    *("forks_count", "stargazers_count", "watchers_count", "subscribers_count", "network_count"),
    *("forks", "watchers", "size"),
)
_NOT = (
    *("has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads"),
    *("disabled", "is_template", "web_commit_signoff_required", "allow_forking"),
)


def user(who: Account, base: str) -> Json:
    """A person or an app."""
    return _user(int(who.id), who.login, "User", base)


def _user(number: int, login: str, kind: str, base: str) -> Json:
    at = f"{base}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": f"{base}/avatars/{number}",
        "gravatar_id": "",
        "url": at,
        "html_url": f"{base}/{login}",
        "followers_url": f"{at}/followers",
        "following_url": f"{at}/following{{/other_user}}",
        "gists_url": f"{at}/gists{{/gist_id}}",
        "starred_url": f"{at}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{at}/subscriptions",
        "organizations_url": f"{at}/orgs",
        "repos_url": f"{at}/repos",
        "events_url": f"{at}/events{{/privacy}}",
        "received_events_url": f"{at}/received_events",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def repository(world: GithubRepo, base: str) -> Json:
    """A repository."""
    at = f"{base}/repos/{world.name}"
    owner, _, name = world.name.partition("/")
    opened = sum(issue.state == "open" for issue in world.issues.values())
    created = github_time(world.started)
    return {
        "id": world.id,
        "node_id": f"R_{world.id}",
        "name": name,
        "full_name": world.name,
        "owner": _user(OWNER_ID, owner, "Organization", base),
        "private": not world.public,
        "visibility": "public" if world.public else "private",
        "html_url": f"{base}/{world.name}",
        "description": "The practice shop",
        "fork": False,
        "url": at,
        **{name: f"{at}/{rest}" for name, rest in _TEMPLATES.items()},
        "git_url": f"git://practice.example/{world.name}.git",
        "ssh_url": f"git@practice.example:{world.name}.git",
        "clone_url": f"{base}/{world.name}.git",
        "svn_url": f"{base}/{world.name}",
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        **dict.fromkeys(_NONE_OF, 0),
        "open_issues": opened,
        "open_issues_count": opened,
        "default_branch": "main",
        "has_issues": world.has_issues,
        **dict.fromkeys(_NOT, False),
        "topics": [],
        "custom_properties": {},
        "license": None,
        "archived": world.archived,
        "permissions": _permissions(world),
        "pushed_at": created,
        "created_at": created,
        "updated_at": created,
    }


def _permissions(world: GithubRepo) -> Json:
    """What our token may do."""
    return {
        "admin": world.admin,
        "maintain": world.admin,
        "push": world.can_push,
        "triage": world.can_push,
        "pull": True,
    }


def label(value: Label, repo: GithubRepo, base: str) -> Json:
    """A label."""
    return {
        "id": value.id,
        "node_id": f"LA_{value.id}",
        "url": f"{base}/repos/{repo.name}/labels/{value.name.replace(' ', '%20')}",
        "name": value.name,
        "color": value.color,
        "default": value.default,
        "description": value.description,
    }


def issue(value: GithubIssue, repo: GithubRepo, base: str) -> Json:
    """An issue, in lists and by itself."""
    at = f"{base}/repos/{repo.name}/issues/{value.number}"
    assignees = [user(who, base) for who in value.assignees]
    return {
        "url": at,
        "repository_url": f"{base}/repos/{repo.name}",
        "labels_url": f"{at}/labels{{/name}}",
        "comments_url": f"{at}/comments",
        "events_url": f"{at}/events",
        "timeline_url": f"{at}/timeline",
        "html_url": f"{base}/{repo.name}/issues/{value.number}",
        "id": value.id,
        "node_id": f"I_{value.id}",
        "number": value.number,
        "title": value.title,
        "user": user(value.author, base),
        "labels": [label(found, repo, base) for found in value.labels],
        "state": value.state,
        "state_reason": value.state_reason,
        "locked": False,
        "active_lock_reason": None,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone(value.milestone, repo, base) if value.milestone else None,
        "type": issue_type(value.type) if value.type else None,
        "comments": len(value.comments),
        "created_at": github_time(value.created),
        "updated_at": github_time(value.updated),
        "closed_at": github_time(value.closed) if value.closed else None,
        "closed_by": user(value.closed_by, base) if value.closed_by else None,
        "author_association": "COLLABORATOR",
        "body": value.body,
        "reactions": reactions(f"{at}/reactions"),
        "performed_via_github_app": None,
    }


def milestone(value: Milestone, repo: GithubRepo, base: str) -> Json:
    """A milestone with its counts."""
    at = f"{base}/repos/{repo.name}/milestones/{value.number}"
    states = [found.state for found in repo.issues.values() if found.milestone is value]
    return {
        "url": at,
        "html_url": f"{base}/{repo.name}/milestone/{value.number}",
        "labels_url": f"{at}/labels",
        "id": value.id,
        "node_id": f"MI_{value.id}",
        "number": value.number,
        "state": value.state,
        "title": value.title,
        "description": value.description,
        "creator": user(value.creator, base),
        "open_issues": states.count("open"),
        "closed_issues": states.count("closed"),
        "created_at": github_time(value.created),
        "updated_at": github_time(value.created),
        "closed_at": None,
        "due_on": value.due_on,
    }


def issue_type(name: str) -> Json:
    """A type of issues, as every organisation starts with."""
    number, color = ISSUE_TYPES[name]
    return {"id": number, "node_id": f"IT_{number}", "name": name, "description": None, "color": color}


def comment(value: GithubComment, found: GithubIssue, repo: GithubRepo, base: str) -> Json:
    """A comment."""
    at = f"{base}/repos/{repo.name}/issues"
    return {
        "id": value.id,
        "node_id": f"IC_{value.id}",
        "url": f"{at}/comments/{value.id}",
        "html_url": f"{base}/{repo.name}/issues/{found.number}#issuecomment-{value.id}",
        "issue_url": f"{at}/{found.number}",
        "user": user(value.author, base),
        "created_at": github_time(value.created),
        "updated_at": github_time(value.updated),
        "author_association": "COLLABORATOR",
        "body": value.body,
        "reactions": reactions(f"{at}/comments/{value.id}/reactions"),
        "performed_via_github_app": None,
    }


def reactions(at: str) -> Json:
    """No reactions."""
    names = ("total_count", "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": at, **dict.fromkeys(names, 0)}


def event(value: Happened, repo: GithubRepo, base: str) -> Json:
    """An entry of an issue's event list."""
    more = {key: user(item, base) if isinstance(item, Account) else item for key, item in value.more.items()}
    if "assignee" in more:
        more["assigner"] = user(value.who, base)
    return {
        "id": value.id,
        "node_id": f"EV_{value.id}",
        "url": f"{base}/repos/{repo.name}/issues/events/{value.id}",
        "actor": user(value.who, base),
        "event": value.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": github_time(value.at),
        "performed_via_github_app": None,
        **more,
    }
