"""The repository of the practice GitHub: itself, its labels, people, limits and webhook deliveries."""

import math

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import github_time
from worker.sandbox.github import shapes
from worker.sandbox.github.door import (
    HOURLY,
    created,
    forbidden,
    found_issue,
    invalid,
    paged,
    refusal,
    repo_of,
    route,
    tagged,
)
from worker.sandbox.github.hooks import HOOK_ID, new_letter
from worker.sandbox.github.issues import label_names
from worker.sandbox.github.records import Label
from worker.sandbox.github.world import REPO_ID, GithubRepo
from worker.sandbox.hooks import Letter, Target
from worker.sandbox.meter import Room
from worker.sandbox.seed import GITHUB_ACCOUNTS, Account
from worker.sandbox.values import Json, as_list, as_text
from worker.sandbox.wire import Call, nothing, reply

OK = 200


def read_repo(call: Call) -> Response:
    """Read a repository."""
    return tagged(call, shapes.repository(repo_of(call), call.base))


def read_user(call: Call) -> Response:
    """Who is calling."""
    private = ("public_repos", "public_gists", "followers", "following", "private_gists", "total_private_repos")
    more = {
        **dict.fromkeys((*private, "owned_private_repos", "disk_usage", "collaborators"), 0),
        **dict.fromkeys(("company", "location", "email", "bio", "hireable"), None),
        "name": call.account.name,
        "blog": "",
        "two_factor_authentication": True,
        "created_at": github_time(call.practice.github.started),
        "updated_at": github_time(call.practice.github.started),
    }
    return tagged(call, {**shapes.user(call.account, call.base), **more})


def read_other_user(call: Call) -> Response:
    """Somebody else, whose e-mail address GitHub shows only when they say so: here nobody does."""
    who = next((one for one in GITHUB_ACCOUNTS if one.login.lower() == call.path["login"].lower()), None)
    if who is None:
        raise refusal(404, "Not Found")
    return tagged(call, {**shapes.user(who, call.base), "name": who.name, "email": None})


def search_users(call: Call) -> Response:
    """Find people. Nobody is found by an address, because nobody shows one."""
    words = [word for word in call.query("q").lower().split() if ":" not in word]
    by_mail = "in:email" in call.query("q").lower()
    found: list[Account] = []
    if words and not by_mail:
        found = [who for who in GITHUB_ACCOUNTS if all(word in f"{who.login} {who.name}".lower() for word in words)]
    items = [{**shapes.user(who, call.base), "score": 1.0} for who in found]
    return reply({"total_count": len(items), "incomplete_results": False, "items": items})


def rate_limit(call: Call) -> Response:
    """What is left of the hour; asking is free."""
    room = call.practice.meter.room("github", "calls_per_h", call.account.id) or Room(HOURLY, HOURLY - 1, 3600.0)
    reset = math.ceil(call.practice.clock().timestamp() + room.frees_s)
    core = {"limit": room.most, "used": room.most - room.left, "remaining": room.left, "reset": reset}
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": reset}
    return reply({"resources": {"core": core, "search": search}, "rate": core})


def list_assignees(call: Call) -> Response:
    """Who can be assigned."""
    return paged(call, [shapes.user(who, call.base) for who in GITHUB_ACCOUNTS])


def check_assignee(call: Call) -> Response:
    """204 when this login can be assigned."""
    if call.path["login"].lower() not in {who.login.lower() for who in GITHUB_ACCOUNTS}:
        raise refusal(404, "Not Found")
    return nothing()


# ---------------------------------------------------------------- labels


def list_labels(call: Call) -> Response:
    """The labels of the repository."""
    repo = repo_of(call)
    return paged(call, [shapes.label(label, repo, call.base) for label in repo.labels.values()])


def create_label(call: Call) -> Response:
    """Create a label; 422 when it exists."""
    repo, name = repo_of(call), label_names([call.fields.get("name")])[0]
    if name.lower() in repo.labels:
        raise invalid("Label", "name", "already_exists")
    color = as_text(call.fields.get("color")) or "ededed"
    label = repo.label(name, color.removeprefix("#"), as_text(call.fields.get("description")))
    return created(shapes.label(label, repo, call.base))


def read_label(call: Call) -> Response:
    """Read a label, without regard to case."""
    repo, label = _label(call)
    return tagged(call, shapes.label(label, repo, call.base))


def edit_label(call: Call) -> Response:
    """Rename or recolour a label."""
    (repo, label), given = _label(call), call.fields
    label.color = as_text(given.get("color")) or label.color
    label.description = as_text(given.get("description")) or label.description
    if "new_name" in given:
        del repo.labels[label.name.lower()]
        label.name = label_names([given["new_name"]])[0]
        repo.labels[label.name.lower()] = label
    return reply(shapes.label(label, repo, call.base))


def delete_label(call: Call) -> Response:
    """Delete a label everywhere."""
    repo, label = _label(call)
    del repo.labels[label.name.lower()]
    for issue in repo.issues.values():
        issue.labels = [kept for kept in issue.labels if kept is not label]
    return nothing()


def _label(call: Call) -> tuple[GithubRepo, Label]:
    repo = repo_of(call)
    label = repo.labels.get(call.path["name"].lower())
    if label is None:
        raise refusal(404, "Not Found")
    return repo, label


def issue_labels(call: Call) -> Response:
    """Read (GET), add to (POST), set (PUT) or clear (DELETE) the labels of an issue; bodies may be bare arrays."""
    repo, issue = found_issue(call)
    given = call.body if isinstance(call.body, list) else as_list(call.fields.get("labels"))
    names = {
        "POST": [label.name for label in issue.labels] + label_names(given),
        "PUT": label_names(given),
        "DELETE": [],
    }
    if call.request.method != "GET":
        repo.set_labels(issue, names[call.request.method], call.account)
    if call.request.method == "DELETE":
        return nothing()
    rows = [shapes.label(label, repo, call.base) for label in issue.labels]
    return paged(call, rows) if call.request.method == "GET" else reply(rows)


def remove_label(call: Call) -> Response:
    """Take one label off an issue."""
    (repo, issue), name = found_issue(call), call.path["name"].lower()
    kept = [label.name for label in issue.labels if label.name.lower() != name]
    if len(kept) == len(issue.labels):
        raise refusal(404, "Label does not exist")
    repo.set_labels(issue, kept, call.account)
    return reply([shapes.label(label, repo, call.base) for label in issue.labels])


# ---------------------------------------------------------------- the webhook


def list_hooks(call: Call) -> Response:
    """The webhook, if there is one; for those who administer the repository."""
    if call.account.bot and not repo_of(call).admin:
        raise forbidden()
    target = call.practice.outbox.targets.get("github")
    return paged(call, [_hook(call, target)] if target else [])


def _hook(call: Call, target: Target) -> Json:
    main = call.practice.github
    at, started = f"{call.base}/repos/{main.name}/hooks/{HOOK_ID}", github_time(main.started)
    config = {"url": target.url, "content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return {
        "type": "Repository",
        "id": HOOK_ID,
        "name": "web",
        "active": True,
        "events": ["issues", "issue_comment"],
        "config": config,
        "updated_at": started,
        "created_at": started,
        "url": at,
        "test_url": f"{at}/test",
        "ping_url": f"{at}/pings",
        "deliveries_url": f"{at}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
    }


def list_deliveries(call: Call) -> Response:
    """The last deliveries, newest first; pages by `cursor` are not needed in a practice world."""
    size = call.number("per_page", 30, 100)
    sent = [
        letter for letter in reversed(call.practice.outbox.letters) if letter.source == "github" and letter.statuses
    ]
    return tagged(call, [_delivery(letter) for letter in sent[:size]])


def redeliver(call: Call) -> Response:
    """Send a delivery again under its old GUID; 202 at once."""
    letter = next((kept for kept in call.practice.outbox.letters if str(kept.number) == call.path["delivery"]), None)
    if letter is None or letter.source != "github":
        raise refusal(404, "Not Found")
    again = Letter(letter.id, "github", letter.resource, letter.action, letter.body, letter.headers, redelivery=True)
    call.practice.outbox.put(again)
    return reply({}, 202)


def ping(call: Call) -> Response:
    """Send a ping."""
    target = call.practice.outbox.targets.get("github")
    if target is None:
        raise refusal(404, "Not Found")
    send_ping(call, target)
    return nothing()


def send_ping(call: Call, target: Target) -> None:
    """Queue a `ping` delivery."""
    main, who = call.practice.github, shapes.user(call.account, call.base)
    body = {
        "zen": "Keep it logically awesome.",
        "hook_id": HOOK_ID,
        "hook": _hook(call, target),
        "repository": shapes.repository(main, call.base),
        "sender": who,
    }
    call.practice.outbox.put(new_letter("ping", "", main, body))


def _delivery(letter: Letter) -> Json:
    return {
        "id": letter.number,
        "guid": letter.id,
        "delivered_at": github_time(letter.at),
        "redelivery": letter.redelivery,
        "duration": 0.1,
        "status": "OK" if letter.status == OK else str(letter.status or "failed to connect"),
        "status_code": letter.status,
        "event": letter.resource,
        "action": letter.action or None,
        "installation_id": None,
        "repository_id": REPO_ID,
        "throttled_at": None,
    }


def routes() -> list[Route]:
    """Every address of this module."""
    repo = "/repos/{owner}/{repo}"
    labels, issue_at, hook = f"{repo}/labels", repo + "/issues/{number:int}/labels", f"{repo}/hooks/{HOOK_ID}"
    return [
        route("GET", repo, read_repo),
        route("GET", "/user", read_user),
        route("GET", "/users/{login}", read_other_user),
        route("GET", "/search/users", search_users),
        route("GET", "/rate_limit", rate_limit),
        route("GET", f"{repo}/assignees", list_assignees),
        route("GET", f"{repo}/assignees/{{login}}", check_assignee),
        route("GET", labels, list_labels),
        route("POST", labels, create_label),
        route("GET", f"{labels}/{{name}}", read_label),
        route("PATCH", f"{labels}/{{name}}", edit_label),
        route("DELETE", f"{labels}/{{name}}", delete_label),
        *[route(method, issue_at, issue_labels) for method in ("GET", "POST", "PUT", "DELETE")],
        route("DELETE", f"{issue_at}/{{name}}", remove_label),
        route("GET", f"{repo}/hooks", list_hooks),
        route("GET", f"{hook}/deliveries", list_deliveries),
        route("POST", f"{hook}/deliveries/{{delivery}}/attempts", redeliver),
        route("POST", f"{hook}/pings", ping),
    ]
