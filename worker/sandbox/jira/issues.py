"""Issues of the practice Jira: create, read, edit, delete, move, history, search."""

import base64
import binascii

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.jira import custom, fields, jql, shapes
from worker.sandbox.jira.door import (
    STRANGER,
    find,
    found_issue,
    page,
    refusal,
    route,
    sees,
    sees_project,
    unauthenticated,
    version,
    wanted_fields,
)
from worker.sandbox.jira.workflow import RESOLUTIONS, STATES, State
from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.values import Json, as_dict, as_list, as_text
from worker.sandbox.wire import Call, nothing, reply

MOST_IDS, MOST_FIELDS, MOST_RECONCILED = 5000, 100, 50
GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


def create_issue(call: Call) -> Response:
    """Create an issue; `properties` in the body are kept with it."""
    v, world = version(call), call.practice.jira
    if call.account is STRANGER:
        raise unauthenticated()
    projects = [one for one in world.projects if sees_project(call, one)]
    new = fields.for_create(call.fields, v, projects, lambda name: find(call, name))
    if unfilled := custom.unfilled(world.required, as_dict(new.settings.get("custom"))):
        raise refusal(400, **unfilled)
    issue = world.create(new.project, new.kind, new.summary, call.account, new.settings)
    for entry in map(as_dict, as_list(call.fields.get("properties"))):
        issue.properties[str(entry.get("key"))] = entry.get("value")
    return reply(shapes.head(issue, call.base, v), 201)


def read_issue(call: Call) -> Response:
    """Read an issue; `fields` and `expand=changelog` as in Jira."""
    issue, v = found_issue(call), version(call)
    everything = shapes.fields(issue, call.base, v)
    body: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog",
        **shapes.head(issue, call.base, v),
    }
    body["fields"] = shapes.chosen(everything, wanted_fields(call.query("fields")))
    if "changelog" in call.query("expand"):
        newest = shapes.histories(issue, call.base, v)[::-1]
        body["changelog"] = {"startAt": 0, "maxResults": len(newest), "total": len(newest), "histories": newest}
    if wanted := wanted_fields(call.query("properties")):
        body["properties"] = {
            key: value for key, value in issue.properties.items() if key in wanted or "*all" in wanted
        }
    return reply(body)


def edit_issue(call: Call) -> Response:
    """Edit fields and labels, and add comments given under `update`."""
    issue, v = found_issue(call), version(call)
    settings = fields.for_edit(call.fields, issue, v, lambda name: find(call, name))
    comments = _comments(call, v)
    call.practice.jira.edit(issue, call.account, settings)
    for body in comments:
        call.practice.jira.comment(issue, body, call.account)
    return nothing()


def assign_issue(call: Call) -> Response:
    """Assign to an account, or to nobody."""
    issue, who = found_issue(call), fields.account(call.fields)
    if who is None and call.fields.get("accountId") not in {None, "-1"}:
        raise refusal(400, f"User '{call.fields['accountId']}' does not exist.")
    call.practice.jira.edit(issue, call.account, {"assignee": who})
    return nothing()


def delete_issue(call: Call) -> Response:
    """Delete an issue."""
    call.practice.jira.delete(found_issue(call), call.account)
    return nothing()


def _comments(call: Call, v: str) -> list[Json | str]:
    """The checked comments of `update.comment[].add.body`."""
    given = as_list(as_dict(call.fields.get("update")).get("comment"))
    return [fields.checked_text(as_dict(as_dict(entry).get("add")).get("body"), v, "comment") for entry in given]


# ---------------------------------------------------------------- workflow


def list_transitions(call: Call) -> Response:
    """The transitions open to an issue from where it stands."""
    issue, v = found_issue(call), version(call)
    expanded = "transitions.fields" in call.query("expand")
    screen = call.practice.jira.resolution_screen
    rows = [_transition(STATES[name], call, v, expanded=expanded, screen=screen) for name in issue.state.goes_to]
    wanted = call.query("transitionId")
    return reply({"expand": "transitions", "transitions": [row for row in rows if not wanted or row["id"] == wanted]})


def _transition(state: State, call: Call, v: str, *, expanded: bool, screen: bool) -> Json:
    asks = screen and state.resolution is not None
    row: Json = {
        "id": state.transition[0],
        "name": state.transition[1],
        "to": shapes.status(state, call.base, v),
        "hasScreen": asks,
        "isGlobal": False,
        "isInitial": False,
        "isConditional": False,
        "isAvailable": True,
        "isLooped": False,
    }
    return {**row, "fields": {"resolution": _resolution_field(call, v)} if asks else {}} if expanded else row


def _resolution_field(call: Call, v: str) -> Json:
    """What the screen of a closing transition asks for."""
    return {
        "required": False,
        "schema": {"type": "resolution", "system": "resolution"},
        "name": "Resolution",
        "key": "resolution",
        "hasDefaultValue": True,
        "operations": ["set"],
        "allowedValues": [shapes.resolution(name, call.base, v) for name in RESOLUTIONS],
    }


def do_transition(call: Call) -> Response:
    """Take a transition. Where it closes, its screen takes a resolution; else the workflow sets one."""
    issue, v = found_issue(call), version(call)
    wanted = str(as_dict(call.fields.get("transition")).get("id"))
    target = next((STATES[name] for name in issue.state.goes_to if STATES[name].transition[0] == wanted), None)
    if target is None:
        raise refusal(400, f"Transition id '{wanted}' is not valid for this issue.")
    resolution = _resolution(call, target)
    comments = _comments(call, v)
    call.practice.jira.move(issue, target, call.account, resolution)
    for body in comments:
        call.practice.jira.comment(issue, body, call.account)
    return nothing()


def _resolution(call: Call, target: State) -> str | None:
    """The checked resolution that comes with a transition; None when none does."""
    given = as_dict(call.fields.get("fields"))
    taken = {"resolution"} if call.practice.jira.resolution_screen and target.resolution else set()
    if odd := set(given) - taken:
        text = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
        raise refusal(400, **{name: text.format(name) for name in odd})
    if not given:
        return None
    value = as_dict(given["resolution"])
    found = next((name for name, number in RESOLUTIONS.items() if {name, number} & set(value.values())), None)
    if found is None:
        raise refusal(400, resolution="Specify a valid 'id' or 'name' for Resolution")
    return found


def read_changelog(call: Call) -> Response:
    """The history of an issue, oldest first."""
    return reply(page(call, shapes.histories(found_issue(call), call.base, version(call))))


# ---------------------------------------------------------------- search


def gone(_call: Call) -> Response:
    """Refuse the removed search."""
    raise refusal(410, GONE)


def search(call: Call) -> Response:
    """Search by JQL: no total, pages by token, ids only unless `fields` are named.

    The index may lag: issues are found, and shown, as they were.
    """
    given: Json = {**call.request.query_params, **call.fields}
    fresh = frozenset(map(str, as_list(call.fields.get("reconcileIssues")))) | _list_query(call, "reconcileIssues")
    if len(fresh) > MOST_RECONCILED:
        raise refusal(400, "The maximum number of reconcileIssues is 50.")
    if call.account is STRANGER:
        return reply({"issues": [], "isLast": True})
    found = found_by(call, as_text(given.get("jql")) or "", fresh)
    wanted = wanted_fields(given.get("fields")) | (
        _list_query(call, "fields") if "fields" not in call.fields else set()
    )
    return reply(_result_page(call, found, wanted, given))


def found_by(call: Call, query: str, fresh: frozenset[str] = frozenset()) -> list[JiraIssue]:
    """What the caller finds by JQL, as the index knows it; `fresh`: ids that are read without lag."""
    world = call.practice.jira
    seen = [issue for issue in world.indexed(fresh) if sees(call, issue)]
    projects = [one for one in world.projects if sees_project(call, one)]
    scope = jql.Scope(seen, projects, lambda name: find(call, name), call.account, world.clock())
    try:
        return jql.search(query, scope)
    except jql.BadJqlError as problem:
        raise refusal(400, str(problem)) from None


def _list_query(call: Call, name: str) -> frozenset[str]:
    """A query parameter that may be repeated and may hold commas."""
    values = call.request.query_params.getlist(name)
    return frozenset(part.strip() for value in values for part in value.split(",") if part.strip())


def _result_page(call: Call, found: list[JiraIssue], wanted: set[str], given: Json) -> Json:
    offset = _offset(as_text(given.get("nextPageToken")))
    size_text = as_text(given.get("maxResults")) or "50"
    most = MOST_FIELDS if wanted - {"id", "key"} else MOST_IDS
    size = max(1, min(int(size_text), most)) if size_text.isdigit() else 50
    kept = found[offset : offset + size]
    last = offset + size >= len(found)
    body: Json = {"issues": [_row(call, issue, wanted) for issue in kept], "isLast": last}
    return (
        body if last else {**body, "nextPageToken": base64.urlsafe_b64encode(f"at:{offset + size}".encode()).decode()}
    )


def _row(call: Call, issue: JiraIssue, wanted: set[str]) -> Json:
    v = version(call)
    if not wanted or wanted == {"id"}:
        return {"id": issue.id}
    row: Json = {"expand": "operations,changelog", **shapes.head(issue, call.base, v)}
    row["fields"] = shapes.chosen(shapes.fields(issue, call.base, v), wanted)
    if "changelog" in call.query("expand") or "changelog" in str(call.fields.get("expand", "")):
        newest = shapes.histories(issue, call.base, v)[::-1]
        row["changelog"] = {"startAt": 0, "maxResults": len(newest), "total": len(newest), "histories": newest}
    return row


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("at:"))
    except (binascii.Error, ValueError):
        raise refusal(400, "The provided next page token is invalid.") from None


def routes() -> list[Route]:
    """Every address of this module."""
    api = "/rest/api/{v}"
    issue = api + "/issue/{issue}"
    return [
        route("POST", f"{api}/issue", create_issue),
        route("GET", f"{issue}", read_issue),
        route("PUT", f"{issue}", edit_issue),
        route("DELETE", f"{issue}", delete_issue),
        route("PUT", f"{issue}/assignee", assign_issue),
        route("GET", f"{issue}/transitions", list_transitions),
        route("POST", f"{issue}/transitions", do_transition),
        route("GET", f"{issue}/changelog", read_changelog),
        route("GET", f"{api}/search", gone),
        route("POST", f"{api}/search", gone),
        route("GET", f"{api}/search/jql", search),
        route("POST", f"{api}/search/jql", search),
    ]
