"""What a Jira site says of itself: server, accounts, fields, project, what a create needs."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import jira_time
from worker.sandbox.jira import shapes
from worker.sandbox.jira.custom import COMPONENTS, CUSTOM, Custom
from worker.sandbox.jira.door import (
    STRANGER,
    find,
    found_project,
    page,
    refusal,
    route,
    sees_project,
    unauthenticated,
    version,
)
from worker.sandbox.jira.workflow import PRIORITIES, RESOLUTIONS, STATES, TYPES
from worker.sandbox.seed import JIRA_ACCOUNTS, Account
from worker.sandbox.values import Json
from worker.sandbox.wire import Call, reply

FIELDS = {
    "summary": ("Summary", "string", True),
    "description": ("Description", "string", False),
    "labels": ("Labels", "array", False),
    "priority": ("Priority", "priority", False),
    "assignee": ("Assignee", "user", False),
    "issuetype": ("Issue Type", "issuetype", True),
    "project": ("Project", "project", True),
    "reporter": ("Reporter", "user", False),
    "status": ("Status", "status", False),
    "resolution": ("Resolution", "resolution", False),
    "created": ("Created", "datetime", False),
    "updated": ("Updated", "datetime", False),
    "comment": ("Comment", "comments-page", False),
    "components": ("Components", "array", False),
    "parent": ("Parent", "issuelink", False),
    "duedate": ("Due date", "date", False),
}
"""Id to name, type, and whether a create must have it."""
ITEMS = {"labels": "string", "components": "component"}
ON_CREATE = (
    *("summary", "description", "labels", "priority", "assignee", "issuetype", "project", "reporter"),
    *("components", "parent", "duedate"),
)


def server_info(call: Call) -> Response:
    """Say that this is a cloud."""
    return reply(
        {
            "baseUrl": call.base,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100300,
            "buildDate": "2026-11-01T00:00:00.000+0000",
            "serverTime": jira_time(call.practice.clock()),
            "scmInfo": "practice",
            "serverTitle": "Jira",
        }
    )


def myself(call: Call) -> Response:
    """Who is calling."""
    if call.account is STRANGER:
        raise unauthenticated()
    return reply({**shapes.user(call.account, call.base, version(call)), "locale": "en_US"})


def list_fields(_call: Call) -> Response:
    """All fields."""
    return reply([*map(_field, FIELDS), *map(_custom_field, CUSTOM.values())])


def _field(name: str) -> Json:
    title, kind, _ = FIELDS[name]
    schema = {"type": kind, "system": name, **({"items": ITEMS[name]} if kind == "array" else {})}
    return {
        "id": name,
        "key": name,
        "name": title,
        "custom": False,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [name],
        "schema": schema,
    }


def _custom_field(field: Custom) -> Json:
    number = field.schema["customId"]
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "custom": True,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [f"cf[{number}]", field.name],
        "schema": field.schema,
    }


def read_project(call: Call) -> Response:
    """A project, by id or any key it ever had."""
    project, v = found_project(call, call.path["project"]), version(call)
    kinds = [shapes.issue_type(name, call.base, v) for name in TYPES]
    lead = shapes.user(JIRA_ACCOUNTS[1], call.base, v)
    more = {"description": "", "lead": lead, "issueTypes": kinds, "versions": [], "roles": {}}
    more["components"] = [shapes.component(name, call.base, v) for name in COMPONENTS]
    kept = {"assigneeType": "UNASSIGNED", "style": "classic", "isPrivate": project.private}
    return reply({**shapes.project(project, call.base, v), **more, **kept})


def project_statuses(call: Call) -> Response:
    """The statuses of each issue type."""
    found_project(call, call.path["project"])
    v = version(call)
    states = [shapes.status(state, call.base, v) for state in STATES.values()]
    kinds = [shapes.issue_type(name, call.base, v) for name in TYPES]
    return reply(
        [{**{key: kind[key] for key in ("self", "id", "name", "subtask")}, "statuses": states} for kind in kinds]
    )


def list_projects(call: Call) -> Response:
    """All projects that the caller may see."""
    seen = [one for one in call.practice.jira.projects if sees_project(call, one)]
    return reply(page(call, [shapes.project(one, call.base, version(call)) for one in seen]))


def list_types(call: Call) -> Response:
    """The issue types that can be created."""
    found_project(call, call.path["project"])
    rows = [shapes.issue_type(name, call.base, version(call)) for name in TYPES]
    body = page(call, rows, "issueTypes")
    del body["self"], body["isLast"]
    return reply(body)


def list_type_fields(call: Call) -> Response:
    """The fields of a create, with which are required."""
    found_project(call, call.path["project"])
    if call.path["kind"] not in TYPES.values():
        raise refusal(404, "Issue type does not exist.")
    required = call.practice.jira.required
    rows = [
        *({**_create_field(name), **_allowed(call, name)} for name in ON_CREATE),
        *(_create_custom(field, required=field.id in required) for field in CUSTOM.values()),
    ]
    body = page(call, rows, "fields")
    del body["self"], body["isLast"]
    return reply(body)


def _create_field(name: str) -> Json:
    title, _, required = FIELDS[name]
    schema = _field(name)["schema"]
    return {
        "required": required,
        "schema": schema,
        "name": title,
        "key": name,
        "fieldId": name,
        "hasDefaultValue": name in {"priority", "reporter"},
        "operations": ["add", "set", "remove"] if name in ITEMS else ["set"],
    }


def _allowed(call: Call, name: str) -> Json:
    """What may be chosen for a field that takes one of a list."""
    at, v = call.base, version(call)
    match name:
        case "priority":
            return {"allowedValues": [shapes.priority(one, at, v) for one in PRIORITIES]}
        case "components":
            return {"allowedValues": [shapes.component(one, at, v) for one in COMPONENTS]}
    return {}


def _create_custom(field: Custom, *, required: bool) -> Json:
    return {
        "required": required,
        "schema": field.schema,
        "name": field.name,
        "key": field.id,
        "fieldId": field.id,
        "hasDefaultValue": False,
        "operations": ["add", "set", "remove"] if field.type == "array" else ["set"],
        **({"allowedValues": [{"value": option} for option in field.options]} if field.options else {}),
    }


def list_priorities(call: Call) -> Response:
    """All priorities, highest first."""
    rows = [{**shapes.priority(name, call.base, version(call)), "isDefault": name == "Medium"} for name in PRIORITIES]
    return reply(page(call, rows))


def list_resolutions(call: Call) -> Response:
    """All resolutions."""
    rows = [{"id": number, "name": name, "description": "", "isDefault": False} for name, number in RESOLUTIONS.items()]
    return reply(page(call, rows))


def list_statuses(call: Call) -> Response:
    """All statuses."""
    return reply([shapes.status(state, call.base, version(call)) for state in STATES.values()])


def assignable(call: Call) -> Response:
    """Who can be assigned in a project or to an issue, by the beginning of a name, an address that is shown, or id."""
    project, key = call.query("project"), call.query("issueKey") or call.query("issueId")
    if not project and not key:
        raise refusal(400, "Either the project or the issue must be given.")
    if project:
        found_project(call, project)
    elif find(call, key) is None:
        raise refusal(404, "Issue does not exist or you do not have permission to see it.")
    return _people(call)


def search_users(call: Call) -> Response:
    """Who there is."""
    if not call.query("query") and not call.query("accountId"):
        raise refusal(400, "The query parameter must be provided.")
    return _people(call)


def _people(call: Call) -> Response:
    wanted, account = call.query("query").lower(), call.query("accountId")
    found = [who for who in JIRA_ACCOUNTS if _fits(who, wanted) and account in {"", who.id}]
    start = int(call.query("startAt")) if call.query("startAt").isdigit() else 0
    page_of = found[start : start + call.number("maxResults", 50, 1000)]
    return reply([shapes.user(who, call.base, version(call)) for who in page_of])


def _fits(who: Account, wanted: str) -> bool:
    shown = [who.id, *who.name.lower().split(), who.name.lower(), *([] if who.shy else [who.login.lower()])]
    return any(word.startswith(wanted) for word in shown)


def routes() -> list[Route]:
    """Every address of this module."""
    api = "/rest/api/{v}"
    return [
        route("GET", f"{api}/serverInfo", server_info),
        route("GET", f"{api}/myself", myself),
        route("GET", f"{api}/field", list_fields),
        route("GET", f"{api}/project/search", list_projects),
        route("GET", f"{api}/project/{{project}}", read_project),
        route("GET", f"{api}/project/{{project}}/statuses", project_statuses),
        route("GET", f"{api}/issue/createmeta/{{project}}/issuetypes", list_types),
        route("GET", f"{api}/issue/createmeta/{{project}}/issuetypes/{{kind}}", list_type_fields),
        route("GET", f"{api}/priority/search", list_priorities),
        route("GET", f"{api}/resolution/search", list_resolutions),
        route("GET", f"{api}/status", list_statuses),
        route("GET", f"{api}/user/assignable/search", assignable),
        route("GET", f"{api}/user/search", search_users),
    ]
