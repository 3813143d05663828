"""Issues of the practice Sentry: list, read, update one or many, merge, delete, tags."""

from collections.abc import Iterable

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.seed import ORG
from worker.sandbox.sentry import family, shapes
from worker.sandbox.sentry.door import found_issue, missing, paged, route, several
from worker.sandbox.sentry.query import BadQueryError, compile_query
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.sentry.update import apply_update, check_update
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.wire import Call, Refusal, nothing, reply

MOST_AT_ONCE = 1000
TWO = 2


def list_issues(call: Call) -> Response:
    """Search; `query` absent means `is:unresolved`, empty means all. Sorted newest first; it may lag.

    By the last event, or by the first one for `sort=new`.
    """
    params, world = call.request.query_params, call.practice.sentry
    by_first = params.get("sort") == "new"
    rows = sorted(
        _search(call, world.listed()),
        key=lambda issue: (issue.first_seen if by_first else issue.last_seen, int(issue.id)),
        reverse=True,
    )
    collapse, expand, at = several(params, "collapse"), several(params, "expand"), world.clock()
    return paged(call, [shapes.issue_row(issue, call.base, collapse, expand, at) for issue in rows])


def _search(call: Call, issues: Iterable[SentryIssue]) -> Iterable[SentryIssue]:
    params, world = call.request.query_params, call.practice.sentry
    try:
        test = compile_query(params.get("query", "is:unresolved"), world.clock(), lambda one: _unknown(world, one))
    except BadQueryError as problem:
        raise Refusal(400, {"detail": str(problem)}) from None
    projects = several(params, "project") - {"-1"}
    known = {name for project in world.projects.values() for name in (project.id, project.slug)}
    if projects - known:
        raise Refusal(400, {"detail": "Invalid project parameter. Values must be numbers."})
    for issue in issues:
        if (not projects or {issue.project.id, issue.project.slug} & projects) and test(issue):
            yield issue


def _unknown(world: SentryWorld, short_id: str) -> bool:
    return not world.lenient and world.by_short_id(short_id) is None


def read_issue(call: Call) -> Response:
    """Read one issue. A merged id answers with its parent, whose `id` differs: Sentry's group redirect."""
    params = call.request.query_params
    issue = found_issue(call)
    collapse, expand = several(params, "collapse"), several(params, "expand")
    return reply(shapes.issue_detail(issue, call.practice.sentry, call.base, collapse, expand))


def update_issue(call: Call) -> Response:
    """Change one issue; only what was sent changes. `discard` deletes it and throws its next events away."""
    issue, world = found_issue(call), call.practice.sentry
    check_update(call.fields, world, [issue])
    if call.fields.get("discard"):
        family.delete(world, issue, discard=True)
        return nothing()
    apply_update(world, issue, call.fields, call.account)
    return reply(shapes.issue_detail(issue, world, call.base, set(), set()))


def update_issues(call: Call) -> Response:
    """Change or merge many issues. Ids out of scope are skipped; 204 when nothing matched, or when discarded."""
    world, matched = call.practice.sentry, _matched(call)
    check_update(call.fields, world, matched)
    if call.fields.get("merge") and matched:
        return _merge(call, matched)
    if call.fields.get("discard"):
        for issue in matched:
            family.delete(world, issue, discard=True)
        return nothing()
    for issue in matched:
        apply_update(world, issue, call.fields, call.account)
    return _echo(call, matched[-1]) if matched else nothing()


def _matched(call: Call) -> list[SentryIssue]:
    """The issues that are named, or else found."""
    ids, issues = call.request.query_params.getlist("id"), call.practice.sentry.issues
    found = [issue for issue in map(issues.get, ids) if issue] if ids else list(_search(call, issues.values()))
    return found[:MOST_AT_ONCE]


def _echo(call: Call, issue: SentryIssue) -> Response:
    """What was asked for, as it is now."""
    last = shapes.issue(issue, call.base)
    echoed = {key: value for key, value in last.items() if key in call.fields}
    substatus = {"substatus": last["substatus"]} if last["substatus"] else {}
    return reply({**echoed, "statusDetails": last["statusDetails"], **substatus})


def _merge(call: Call, matched: list[SentryIssue]) -> Response:
    if len(matched) < TWO:
        raise Refusal(400, {"detail": "Need at least two issues to merge."})
    if len({issue.project.id for issue in matched}) > 1:
        raise Refusal(400, {"detail": "Merging across multiple projects is not supported"})
    parent, children = family.merge(call.practice.sentry, matched, call.account)
    return reply({"merge": {"parent": parent.id, "children": [child.id for child in children]}})


def delete_issue(call: Call) -> Response:
    """Delete one issue."""
    family.delete(call.practice.sentry, found_issue(call))
    return nothing(202)


def delete_issues(call: Call) -> Response:
    """Delete those of the named issues that there are."""
    for issue in _matched(call) if call.request.query_params.getlist("id") else []:
        family.delete(call.practice.sentry, issue)
    return nothing()


def read_tag(call: Call) -> Response:
    """One tag with its values."""
    issue, key = found_issue(call), call.path["key"]
    if key not in issue.tags:
        raise missing()
    return reply(shapes.tag_detail(key, issue))


def read_tag_values(call: Call) -> Response:
    """The values of one tag."""
    issue, key = found_issue(call), call.path["key"]
    if key not in issue.tags:
        raise missing()
    return paged(call, shapes.tag_detail(key, issue)["topValues"])


def read_short_id(call: Call) -> Response:
    """Find an issue by its short id."""
    issue = call.practice.sentry.by_short_id(call.path["short_id"])
    if issue is None:
        raise missing()
    return reply(
        {
            "organizationSlug": ORG,
            "projectSlug": issue.project.slug,
            "groupId": issue.id,
            "shortId": issue.short_id,
            "group": shapes.issue(issue, call.base),
        }
    )


def routes() -> list[Route]:
    """Every address of this module."""
    org = "/api/0/organizations/{org}"
    issue = org + "/issues/{issue}"
    return [
        route("GET", f"{org}/issues/", list_issues),
        route("PUT", f"{org}/issues/", update_issues),
        route("DELETE", f"{org}/issues/", delete_issues),
        route("GET", f"{issue}/", read_issue),
        route("PUT", f"{issue}/", update_issue),
        route("DELETE", f"{issue}/", delete_issue),
        route("GET", f"{issue}/tags/{{key}}/", read_tag),
        route("GET", f"{issue}/tags/{{key}}/values/", read_tag_values),
        route("GET", f"{org}/shortids/{{short_id}}/", read_short_id),
    ]
