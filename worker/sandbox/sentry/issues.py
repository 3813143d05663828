"""Issues of the practice Sentry: list, read, update one or many, merge, delete, tags, links."""

from collections.abc import Iterable

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.seed import INSTALLATION, ORG, SENTRY_ACCOUNTS, SENTRY_APP_SLUG, SENTRY_APP_UUID
from worker.sandbox.sentry import shapes
from worker.sandbox.sentry.door import found_issue, missing, paged, route, several
from worker.sandbox.sentry.query import BadQueryError, compile_query
from worker.sandbox.sentry.update import apply_update, check_update
from worker.sandbox.sentry.world import SentryIssue
from worker.sandbox.values import Json, as_text
from worker.sandbox.wire import Call, Refusal, nothing, reply

MOST_AT_ONCE = 1000
TWO = 2


def list_issues(call: Call) -> Response:
    """Search; `query` absent means `is:unresolved`, empty means all. Sorted by last event, newest first."""
    params = call.request.query_params
    rows = sorted(_search(call), key=lambda issue: (issue.last_seen, int(issue.id)), reverse=True)
    collapse, expand = several(params, "collapse"), several(params, "expand")
    return paged(call, [shapes.issue_row(issue, call.base, collapse, expand) for issue in rows])


def _search(call: Call) -> Iterable[SentryIssue]:
    params = call.request.query_params
    try:
        test = compile_query(params.get("query", "is:unresolved"))
    except BadQueryError as problem:
        raise Refusal(400, {"detail": str(problem)}) from None
    projects = several(params, "project") - {"-1"}
    known = {name for project in call.practice.sentry.projects.values() for name in (project.id, project.slug)}
    if projects - known:
        raise Refusal(400, {"detail": "Invalid project parameter. Values must be numbers."})
    for issue in call.practice.sentry.issues.values():
        if (not projects or {issue.project.id, issue.project.slug} & projects) and test(issue):
            yield issue


def read_issue(call: Call) -> Response:
    """Read one issue. A merged id answers with its parent, whose `id` differs: Sentry's group redirect."""
    params = call.request.query_params
    issue = found_issue(call)
    collapse, expand = several(params, "collapse"), several(params, "expand")
    return reply(shapes.issue_detail(issue, call.practice.sentry, call.base, collapse, expand))


def update_issue(call: Call) -> Response:
    """Change one issue; only what was sent changes."""
    issue = found_issue(call)
    check_update(call.fields, call.practice.sentry)
    apply_update(call.practice.sentry, issue, call.fields, call.account)
    return reply(shapes.issue_detail(issue, call.practice.sentry, call.base, set(), set()))


def update_issues(call: Call) -> Response:
    """Change or merge many issues. Ids out of scope are skipped; 204 when nothing matched."""
    ids = call.request.query_params.getlist("id")
    world = call.practice.sentry
    check_update(call.fields, world)
    matched = [issue for issue in map(world.issues.get, ids) if issue] if ids else list(_search(call))
    if not matched:
        return nothing()
    if call.fields.get("merge"):
        return _merge(call, matched)
    for issue in matched[:MOST_AT_ONCE]:
        apply_update(world, issue, call.fields, call.account)
    last = shapes.issue(matched[-1], call.base)
    echoed = {key: value for key, value in last.items() if key in call.fields}
    substatus = {"substatus": last["substatus"]} if last["substatus"] else {}
    return reply({**echoed, "statusDetails": last["statusDetails"], **substatus})


def _merge(call: Call, matched: list[SentryIssue]) -> Response:
    if len(matched) < TWO:
        raise Refusal(400, {"detail": "Need at least two issues to merge."})
    parent, children = call.practice.sentry.merge(matched, call.account)
    return reply({"merge": {"parent": parent.id, "children": [child.id for child in children]}})


def delete_issue(call: Call) -> Response:
    """Delete one issue."""
    call.practice.sentry.delete(found_issue(call))
    return nothing(202)


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


# ---------------------------------------------------------------- links to tickets


def list_links(call: Call) -> Response:
    """The tickets that integrations show on an issue."""
    return reply(list(found_issue(call).links.values()))


def put_link(call: Call) -> Response:
    """Show a ticket on an issue: an upsert, one per issue and app."""
    if call.path["uuid"] != INSTALLATION:
        raise missing()
    given = call.fields
    texts = {name: as_text(given.get(name)) or "" for name in ("issueId", "webUrl", "project", "identifier")}
    if empty := [name for name, text in texts.items() if not text]:
        raise Refusal(400, {name: ["This field is required."] for name in empty})
    issue = call.practice.sentry.find(texts["issueId"])
    if issue is None:
        raise missing()
    known = issue.links.get(SENTRY_APP_SLUG, {})
    link_id = known.get("id") or str(next(call.practice.sentry.ids))
    place, identifier = texts["project"], texts["identifier"]
    link = shapes.link(link_id, issue.id, SENTRY_APP_SLUG, place, identifier, texts["webUrl"])
    issue.links[SENTRY_APP_SLUG] = link
    return reply(link)


def delete_link(call: Call) -> Response:
    """Take a ticket off its issue."""
    for issue in call.practice.sentry.issues.values():
        for slug, link in list(issue.links.items()):
            if link["id"] == call.path["link"]:
                del issue.links[slug]
                return nothing()
    raise missing()


def list_installations(_call: Call) -> Response:
    """The installed integrations: ours."""
    app: Json = {"uuid": SENTRY_APP_UUID, "slug": SENTRY_APP_SLUG, "sentryAppId": 1}
    row = {
        "app": app,
        "organization": {"slug": ORG, "id": 1},
        "uuid": INSTALLATION,
        "status": "installed",
        "code": None,
    }
    return reply([row])


def list_members(_call: Call) -> Response:
    """The people of the organisation."""
    people = [account for account in SENTRY_ACCOUNTS if not account.bot]
    rows = [
        {"id": who.id, "email": who.login, "name": who.name, "user": {"id": who.id, "email": who.login}}
        for who in people
    ]
    return reply(rows)


def routes() -> list[Route]:
    """Every address of this module."""
    org = "/api/0/organizations/{org}"
    issue, installation = org + "/issues/{issue}", "/api/0/sentry-app-installations/{uuid}/external-issues"
    return [
        route("GET", f"{org}/issues/", list_issues),
        route("PUT", f"{org}/issues/", update_issues),
        route("GET", f"{issue}/", read_issue),
        route("PUT", f"{issue}/", update_issue),
        route("DELETE", f"{issue}/", delete_issue),
        route("GET", f"{issue}/tags/{{key}}/", read_tag),
        route("GET", f"{issue}/tags/{{key}}/values/", read_tag_values),
        route("GET", f"{issue}/external-issues/", list_links),
        route("GET", f"{org}/shortids/{{short_id}}/", read_short_id),
        route("GET", f"{org}/sentry-app-installations/", list_installations),
        route("GET", f"{org}/members/", list_members),
        route("POST", f"{installation}/", put_link),
        route("DELETE", f"{installation}/{{link}}/", delete_link),
    ]
