"""The levers of the practice world, for tests and demos: look in, order faults, set webhooks, start over."""

import re
from datetime import timedelta
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from worker.sandbox.faults import KINDS, Fault
from worker.sandbox.github.world import GithubIssue
from worker.sandbox.hooks import TIMEOUT_S, Letter, Target
from worker.sandbox.jira import adf
from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.sentry.world import SentryIssue
from worker.sandbox.state import Practice
from worker.sandbox.values import Json, as_dict, as_list
from worker.sandbox.wire import Refusal, reply

_MARK = re.compile(r"bugferry-[\w-]+")
FAULT_FIELDS = frozenset({"service", "method", "path", "kind", "status", "retry_after", "times", "hang_s"})


async def read_state(request: Request) -> Response:
    """Everything at a glance: counts, issues, tickets of both trackers."""
    practice = _practice(request)
    issues = [_issue(issue) for issue in practice.sentry.issues.values()]
    jira = [_jira(issue, practice.config.url) for issue in practice.jira.issues.values()]
    github = [_github(issue, practice.config.url) for issue in practice.github.issues.values()]
    letters = practice.outbox.letters
    counts = {
        "issues": len(issues),
        "events": sum(issue.count for issue in practice.sentry.issues.values()),
        "jira": len(jira),
        "github": len(github),
        "deliveries": len(letters),
        "waiting": practice.outbox.waiting,
    }
    return reply({"counts": counts, "issues": issues, "jira": jira, "github": github})


def _issue(issue: SentryIssue) -> Json:
    return {
        "id": issue.id,
        "short_id": issue.short_id,
        "title": issue.title,
        "project": issue.project.slug,
        "status": issue.status,
        "substatus": issue.substatus,
        "count": issue.count,
        "users": len(issue.users),
        "tickets": [link["webUrl"] for link in issue.links.values()],
    }


def _jira(issue: JiraIssue, url: str) -> Json:
    return {
        "tracker": "jira",
        "id": issue.id,
        "key": issue.key,
        "url": f"{url}/jira/browse/{issue.key}",
        "title": issue.summary,
        "status": issue.state.name,
        "resolution": issue.resolution,
        "labels": issue.labels,
        "markers": sorted(set(_MARK.findall(f"{' '.join(issue.labels)} {adf.plain(issue.description)}"))),
        "comments": [adf.plain(comment.body).strip() for comment in issue.comments],
        "assignee": issue.assignee.login if issue.assignee else None,
    }


def _github(issue: GithubIssue, url: str) -> Json:
    return {
        "tracker": "github",
        "id": issue.id,
        "key": str(issue.number),
        "url": f"{url}/github/acme/shop/issues/{issue.number}",
        "title": issue.title,
        "status": issue.state,
        "resolution": issue.state_reason,
        "labels": [label.name for label in issue.labels],
        "markers": sorted(set(_MARK.findall(issue.body or ""))),
        "comments": [comment.body for comment in issue.comments],
        "assignee": issue.assignees[0].login if issue.assignees else None,
    }


async def read_deliveries(request: Request) -> Response:
    """The delivery log, oldest first; `?source=` filters."""
    wanted = request.query_params.get("source")
    letters = _practice(request).outbox.letters
    return reply([_letter(letter) for letter in letters if wanted in {None, letter.source}])


def _letter(letter: Letter) -> Json:
    return {
        "id": letter.id,
        "source": letter.source,
        "resource": letter.resource,
        "action": letter.action,
        "what": f"{letter.resource}.{letter.action}".rstrip("."),
        "digest": letter.digest,
        "answer": letter.answer,
        "status": letter.status,
        "attempts": len(letter.statuses),
        "statuses": letter.statuses,
        "redelivery": letter.redelivery,
    }


async def put_hooks(request: Request) -> Response:
    """Set where webhooks go: `{"sentry": {"url", "secret", "skip": ["error"], "published": false}}`; null: nowhere."""
    outbox = _practice(request).outbox
    for source, given in as_dict(await request.json()).items():
        if source == "time_scale":
            outbox.time_scale = float(given)
        elif source not in TIMEOUT_S:
            raise Refusal(400, {"error": f"unknown service {source!r}; known: {sorted(TIMEOUT_S)}"})
        elif given is None:
            outbox.targets.pop(source, None)
        else:
            skip = frozenset(map(str, as_list(given.get("skip"))))
            outbox.targets[source] = Target(source, given["url"], given["secret"], skip, bool(given.get("published")))
    return reply({source: target.url for source, target in outbox.targets.items()})


async def add_fault(request: Request) -> Response:
    """Order a fault; see `Fault` for its fields."""
    given = as_dict(await request.json())
    unknown = set(given) - FAULT_FIELDS
    if unknown or given.get("kind") not in KINDS:
        raise Refusal(400, {"error": f"unknown fields {sorted(unknown)} or kind; kinds: {sorted(KINDS)}"})
    fault = Fault(**given)
    re.compile(fault.path)
    _practice(request).faults.pending.append(fault)
    return reply({"ordered": len(_practice(request).faults.pending)}, 201)


async def list_faults(request: Request) -> Response:
    """The faults on order and how often each struck."""
    pending = _practice(request).faults.pending
    return reply(
        [{"kind": fault.kind, "path": fault.path, "times": fault.times, "struck": fault.struck} for fault in pending]
    )


async def clear_faults(request: Request) -> Response:
    """Be well again."""
    _practice(request).faults.clear()
    return reply({"ordered": 0})


async def reset(request: Request) -> Response:
    """Start over; webhook targets stay."""
    _practice(request).reset()
    return reply({"reset": True})


async def set_lag(request: Request) -> Response:
    """Let search lag behind: `{"jira_s": 30, "github_s": 60}` in seconds; one that is left out stays."""
    practice, given = _practice(request), as_dict(await request.json())
    if "jira_s" in given:
        practice.jira.lag = timedelta(seconds=given["jira_s"])
    if "github_s" in given:
        practice.github.lag = timedelta(seconds=given["github_s"])
    return reply({"jira_s": practice.jira.lag.total_seconds(), "github_s": practice.github.lag.total_seconds()})


async def set_github(request: Request) -> Response:
    """Change the repository: `has_issues`, `can_push`, `transferred` {number: path}, `delete` number, `old_names`."""
    practice, given = _practice(request), as_dict(await request.json())
    world = practice.github
    world.has_issues = bool(given.get("has_issues", world.has_issues))
    world.can_push = bool(given.get("can_push", world.can_push))
    world.old_names |= {str(name).lower() for name in as_list(given.get("old_names"))}
    world.transferred |= {int(number): str(path) for number, path in as_dict(given.get("transferred")).items()}
    if given.get("delete") in world.issues:
        issue = world.issues[given["delete"]]
        world.delete(issue, issue.author)
    return reply({"has_issues": world.has_issues, "can_push": world.can_push})


async def set_sentry(request: Request) -> Response:
    """Put issues into any state, also those only Sentry itself sets: `{"issue": id, "status": "pending_merge"}`."""
    given = as_dict(await request.json())
    issue = _practice(request).sentry.find(str(given.get("issue")))
    if issue is None:
        raise Refusal(404, {"error": f"no issue {given.get('issue')!r}"})
    issue.status = str(given.get("status", issue.status))
    issue.substatus = given.get("substatus", issue.substatus)
    return reply(_issue(issue))


async def not_routed(_request: Request, _problem: Exception) -> Response:
    """Answer an unknown lever."""
    return reply({"error": "no such control"}, 404)


def _practice(request: Request) -> Practice:
    return cast("Practice", request.app.state.practice)


def routes() -> list[BaseRoute]:
    """Every lever."""
    return [
        Route("/state", read_state),
        Route("/deliveries", read_deliveries),
        Route("/hooks", put_hooks, methods=["POST"]),
        Route("/faults", list_faults),
        Route("/faults", add_fault, methods=["POST"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
        Route("/reset", reset, methods=["POST"]),
        Route("/index-lag", set_lag, methods=["POST"]),
        Route("/github", set_github, methods=["POST"]),
        Route("/sentry", set_sentry, methods=["POST"]),
    ]
