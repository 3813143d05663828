"""Issues of the practice GitHub: list, create, read, edit, events, comments."""

from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import parse_time
from worker.sandbox.github import shapes
from worker.sandbox.github.door import (
    created,
    enabled_repo,
    found_issue,
    invalid,
    paged,
    refusal,
    repo_of,
    route,
    tagged,
)
from worker.sandbox.github.records import GithubComment, GithubIssue, Milestone
from worker.sandbox.github.world import GithubRepo, NewIssue
from worker.sandbox.seed import GITHUB_ACCOUNTS, Account
from worker.sandbox.values import Json, as_dict, as_list, as_text
from worker.sandbox.wire import Call, nothing, reply

LONGEST_BODY, LONGEST_TITLE, LONGEST_LABEL = 65_536, 256, 50
REASONS = frozenset({"completed", "not_planned", "duplicate", "reopened"})


def list_issues(call: Call) -> Response:
    """List issues: `state`, `since`, `creator`, `assignee`, `labels`, `sort`, `direction`. The list may lag."""
    repo = enabled_repo(call)
    found = [issue for issue in repo.listed() if _wanted(call, issue)]
    found.sort(
        key=lambda issue: (_sort_key(call, issue), issue.number), reverse=call.query("direction", "desc") != "asc"
    )
    return paged(call, [shapes.issue(issue, repo, call.base) for issue in found])


def list_own_issues(call: Call) -> Response:
    """List the issues that this account made, in every repository; `filter` must be `created`."""
    if call.query("filter") != "created":
        raise invalid("Issue", "filter", "invalid")
    rows = [
        {**shapes.issue(issue, repo, call.base), "repository": shapes.repository(repo, call.base)}
        for repo in call.practice.site.repos
        for issue in repo.listed()
        if issue.author.login == call.account.login and _wanted(call, issue)
    ]
    rows.sort(key=lambda row: str(row["created_at"]), reverse=call.query("direction", "desc") != "asc")
    return paged(call, rows)


def _wanted(call: Call, issue: GithubIssue) -> bool:
    state, since, creator = call.query("state", "open"), call.query("since"), call.query("creator")
    labels = {name.strip().lower() for name in call.query("labels").split(",") if name.strip()}
    at = parse_time(since) if since else None
    if since and at is None:
        raise invalid("Issue", "since", "invalid")
    if state not in {"open", "closed", "all"}:
        raise invalid("Issue", "state", "invalid")
    return (
        state in {issue.state, "all"}
        and (at is None or issue.updated.replace(microsecond=0) >= at)
        and (not creator or issue.author.login.lower() == creator.lower())
        and labels <= {label.name.lower() for label in issue.labels}
        and _assigned(call.query("assignee"), issue)
    )


def _assigned(wanted: str, issue: GithubIssue) -> bool:
    if wanted in {"", "*", "none"}:
        return wanted == "" or bool(issue.assignees) == (wanted == "*")
    return wanted.lower() in {who.login.lower() for who in issue.assignees}


def _sort_key(call: Call, issue: GithubIssue) -> datetime | int:
    match call.query("sort", "created"):
        case "updated":
            return issue.updated
        case "comments":
            return len(issue.comments)
        case _:
            return issue.created


def create_issue(call: Call) -> Response:
    """Create an issue."""
    repo, given = enabled_repo(call), call.fields
    title, body = _title(given.get("title")), _body(given.get("body"))
    labels, assignees = label_names(given.get("labels")), _accounts(given.get("assignees"))
    new = NewIssue(title, body, labels, assignees, _milestone(given.get("milestone"), repo), _type(given.get("type")))
    issue = repo.create(new, call.account)
    return created(shapes.issue(issue, repo, call.base))


def read_issue(call: Call) -> Response:
    """Read an issue."""
    repo, issue = found_issue(call)
    return tagged(call, shapes.issue(issue, repo, call.base))


def edit_issue(call: Call) -> Response:
    """Change what was sent: title, body, state with its reason, labels, assignees."""
    (repo, issue), given = found_issue(call), call.fields
    title = _title(given["title"]) if "title" in given else issue.title
    body = _body(given["body"]) if "body" in given else issue.body
    state, reason = _state(given, issue)
    duplicate_of = _duplicate_of(call, reason)
    labels = label_names(given["labels"]) if "labels" in given else None
    assignees = _accounts(given["assignees"]) if "assignees" in given else None
    repo.edit(issue, call.account, title, body)
    if state == "closed":
        repo.close(issue, call.account, reason, duplicate_of)
    elif state == "open":
        repo.reopen(issue, call.account)
    if labels is not None and repo.can_push:
        repo.set_labels(issue, labels, call.account)
    if assignees is not None and repo.can_push:
        repo.set_assignees(issue, assignees, call.account)
    return tagged(call, shapes.issue(issue, repo, call.base))


def _duplicate_of(call: Call, reason: str) -> int | None:
    """The id of the issue that this one is closed as a duplicate of; 422 when there is none. Else it is ignored."""
    wanted = call.fields.get("duplicate_issue_id")
    if wanted is None or reason != "duplicate":
        return None
    if not isinstance(wanted, int) or call.practice.site.issue(wanted) is None:
        raise invalid("Issue", "duplicate_issue_id", "invalid")
    return wanted


def _state(given: Json, issue: GithubIssue) -> tuple[str | None, str]:
    state, reason = given.get("state"), given.get("state_reason")
    if state not in {None, "open", "closed"}:
        raise invalid("Issue", "state", "invalid")
    if reason is not None and reason not in REASONS:
        raise invalid("Issue", "state_reason", "invalid")
    if state is None and reason is not None and issue.state == "closed":
        state = "closed"
    return state, str(reason or (issue.state_reason if issue.state == "closed" else None) or "completed")


def list_events(call: Call) -> Response:
    """What happened to an issue, oldest first."""
    repo, issue = found_issue(call)
    return paged(call, [shapes.event(value, repo, call.base) for value in issue.events])


def change_assignees(call: Call) -> Response:
    """Assign (POST) or unassign (DELETE) some more; strangers are ignored, and everybody without push access."""
    repo, issue = found_issue(call)
    named = {str(item).lower() for item in as_list(call.fields.get("assignees"))}
    kept = [who for who in issue.assignees if call.request.method == "POST" or who.login.lower() not in named]
    more = [who for who in GITHUB_ACCOUNTS if who.login.lower() in named and who not in kept]
    if repo.can_push:
        repo.set_assignees(issue, kept + more if call.request.method == "POST" else kept, call.account)
    return reply(shapes.issue(issue, repo, call.base), 201 if call.request.method == "POST" else 200)


# ---------------------------------------------------------------- comments


def list_comments(call: Call) -> Response:
    """The comments of an issue, oldest first; `since` filters."""
    (repo, issue), since = found_issue(call), parse_time(call.query("since"))
    kept = [value for value in issue.comments if since is None or value.updated >= since]
    return paged(call, [shapes.comment(value, issue, repo, call.base) for value in kept])


def create_comment(call: Call) -> Response:
    """Add a comment."""
    (repo, issue), body = found_issue(call), _body(call.fields.get("body"))
    if not body:
        raise invalid("IssueComment", "body", "missing_field")
    return created(shapes.comment(repo.comment(issue, body, call.account), issue, repo, call.base))


def read_comment(call: Call) -> Response:
    """Read a comment."""
    repo, issue, comment = _comment(call)
    return tagged(call, shapes.comment(comment, issue, repo, call.base))


def edit_comment(call: Call) -> Response:
    """Rewrite a comment."""
    repo, issue, comment = _comment(call)
    body = _body(call.fields.get("body"))
    if not body:
        raise invalid("IssueComment", "body", "missing_field")
    repo.edit_comment(issue, comment, body, call.account)
    return tagged(call, shapes.comment(comment, issue, repo, call.base))


def delete_comment(call: Call) -> Response:
    """Delete a comment."""
    repo, issue, comment = _comment(call)
    repo.delete_comment(issue, comment, call.account)
    return nothing()


def _comment(call: Call) -> tuple[GithubRepo, GithubIssue, GithubComment]:
    repo = repo_of(call)
    for issue in repo.issues.values():
        for comment in issue.comments:
            if str(comment.id) == call.path["comment"]:
                return repo, issue, comment
    raise refusal(404, "Not Found")


# ---------------------------------------------------------------- checks


def _title(value: object) -> str:
    title = as_text(value) or ""
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > LONGEST_TITLE:
        raise invalid("Issue", "title", "custom", "title is too long (maximum is 256 characters)")
    return title


def _body(value: object) -> str | None:
    body = as_text(value)
    if body is not None and len(body) > LONGEST_BODY:
        raise invalid("Issue", "body", "custom", "body is too long (maximum is 65536 characters)")
    return body


def label_names(value: object) -> list[str]:
    """Label names of a list of texts or objects; 422 for one over 50 characters."""
    names = [as_text(as_dict(item).get("name") if isinstance(item, dict) else item) or "" for item in as_list(value)]
    for name in names:
        if not name or len(name) > LONGEST_LABEL:
            raise invalid(
                "Label",
                "name",
                "invalid" if not name else "custom",
                f"name is too long (maximum is {LONGEST_LABEL} characters)",
            )
    return names


def _accounts(value: object) -> list[Account]:
    """Accounts by login; 422 for a stranger."""
    known = {who.login.lower(): who for who in GITHUB_ACCOUNTS}
    logins = [str(item).lower() for item in as_list(value)]
    if any(login not in known for login in logins):
        raise invalid("Issue", "assignees", "invalid")
    return [known[login] for login in logins]


def _milestone(value: object, repo: GithubRepo) -> Milestone | None:
    """A milestone by its number; 422 for one that there is not."""
    number = value if isinstance(value, int) else int(value) if isinstance(value, str) and value.isdigit() else None
    if value is not None and number not in repo.milestones:
        raise invalid("Issue", "milestone", "invalid")
    return repo.milestones[number] if number is not None else None


def _type(value: object) -> str | None:
    """A type by its name; 422 for one that the organisation does not have."""
    found = next((name for name in shapes.ISSUE_TYPES if name.lower() == str(value).lower()), None)
    if value is not None and found is None:
        raise invalid("Issue", "type", "invalid")
    return found


def routes() -> list[Route]:
    """Every address of this module."""
    repo = "/repos/{owner}/{repo}"
    issue, comment = repo + "/issues/{number:int}", repo + "/issues/comments/{comment}"
    return [
        route("GET", "/issues", list_own_issues),
        route("GET", f"{repo}/issues", list_issues),
        route("POST", f"{repo}/issues", create_issue),
        route("GET", issue, read_issue),
        route("PATCH", issue, edit_issue),
        route("POST", f"{issue}/assignees", change_assignees),
        route("DELETE", f"{issue}/assignees", change_assignees),
        route("GET", f"{issue}/events", list_events),
        route("GET", f"{issue}/timeline", list_events),
        route("GET", f"{issue}/comments", list_comments),
        route("POST", f"{issue}/comments", create_comment),
        route("GET", comment, read_comment),
        route("PATCH", comment, edit_comment),
        route("DELETE", comment, delete_comment),
    ]
