"""The same practice site as a Jira Data Center 9.12 would serve it: REST v2 alone, users by name, a token for a person.

Contracts: docs.atlassian.com/software/jira/docs/api/REST/9.12.0; a search that pages by `startAt` and tells its total,
the history only with its issue and oldest first, create screens under `values`, `Authorization: Bearer`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import jira_time
from worker.sandbox.jira import beside, issues, rights, shapes, site
from worker.sandbox.jira.custom import CUSTOM
from worker.sandbox.jira.door import (
    bad_body,
    find,
    forbidden,
    found_issue,
    found_project,
    refusal,
    throttle,
    wanted_fields,
)
from worker.sandbox.seed import JIRA_ACCOUNTS, Account
from worker.sandbox.state import Practice
from worker.sandbox.values import Json, as_dict
from worker.sandbox.wire import Call, Door, Handler, Refusal, nothing, origin, reply

PLACE = "/jira/server"
"""Where it is served: a context path, as such sites often have."""
PAGE, MOST = 50, 1000
_IN_CLOUD_ALONE = frozenset(
    {"hierarchyLevel", "jsdPublic", "simplified", "style", "isPrivate", "isAvailable", "locale"}
)
_PEOPLE = frozenset({"assignee", "reporter", *(name for name, one in CUSTOM.items() if one.type == "user")})
"""Fields that hold a user."""


def name_of(who: Account) -> str:
    """The user name of an account."""
    return who.login.partition("@")[0]


def account_named(name: object) -> Account | None:
    """The account of that user name."""
    return next((who for who in JIRA_ACCOUNTS if name_of(who) == name), None)


# ---------------------------------------------------------------- who calls, and what they are answered


def _bearer(headers: Headers) -> Account | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return next((who for who in JIRA_ACCOUNTS if scheme.lower() == "bearer" and who.token == token), None)


def authenticate(request: Request, practice: Practice) -> Account:
    """Check a personal access token."""
    account = _bearer(request.headers)
    if account is None or (account.bot and practice.access["jira"].revoked):
        raise Refusal(401, {"message": "Client must be authenticated to access this resource.", "status-code": 401})
    return account


def limits(practice: Practice, headers: Headers, _status: int) -> Mapping[str, str]:
    """The header by which Jira says that it took no notice of a token."""
    account = _bearer(headers)
    failed = account is None or (account.bot and practice.access["jira"].revoked)
    return {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"} if failed and "authorization" in headers else {}


_door = Door("jira", authenticate, throttle, forbidden, bad_body)


def route(method: str, path: str, handler: Handler) -> Route:
    """Make one address; what the cloud's handler reads and answers is put into the words of a Data Center."""

    def handle(call: Call) -> Response:
        if call.path.get("v", "2") not in {"2", "latest"}:
            raise Refusal(404, {"message": "null for uri", "status-code": 404})
        answer = handler(replace(call, body=_understood(call.body), base=origin(call.request) + PLACE))
        if not answer.body:
            return answer
        return reply(_said(json.loads(bytes(answer.body))), answer.status_code)

    return _door.route(method, path, handle)


def _understood(body: Any) -> Any:  # noqa: ANN401 - JSON from outside
    """A body with its people named as the cloud names them."""
    given = as_dict(as_dict(body).get("fields"))
    people = {name: _by_id(value) for name, value in given.items() if name in _PEOPLE and isinstance(value, dict)}
    return {**body, "fields": {**given, **people}} if people else body


def _by_id(value: Json) -> Json:
    who = account_named(value.get("name"))
    return {"accountId": who.id if who else value.get("name")}


def _said(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """An answer without what only the cloud says, its people named."""
    if isinstance(value, list):
        return [_said(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "accountId" in value:
        return _user(value)
    return {name: _said(one) for name, one in value.items() if name not in _IN_CLOUD_ALONE}


def _user(value: Json) -> Json:
    number, who = next((at, one) for at, one in enumerate(JIRA_ACCOUNTS) if one.id == value["accountId"])
    shown = {} if who.shy else {"emailAddress": who.login}
    named = {"key": f"JIRAUSER{10100 + number}", "name": name_of(who), "displayName": who.name, **shown}
    return {**named, "avatarUrls": shapes.AVATARS, "active": True, "timeZone": "Etc/UTC"}


# ---------------------------------------------------------------- what it does otherwise


def server_info(call: Call) -> Response:
    """Say that this is no cloud."""
    info = {"baseUrl": call.base, "version": "9.12.15", "versionNumbers": [9, 12, 15], "deploymentType": "Server"}
    more = {"buildNumber": 9120015, "serverTime": jira_time(call.practice.clock()), "serverTitle": "Jira"}
    return reply({**info, **more})


def read_issue(call: Call) -> Response:
    """Read an issue; its history, if it is asked for, oldest first."""
    answer = json.loads(bytes(issues.read_issue(call).body))
    if "changelog" in answer:
        answer["changelog"]["histories"].reverse()
    return reply(answer)


def assign(call: Call) -> Response:
    """Assign to a user by name, or to nobody."""
    issue, wanted = found_issue(call), call.fields.get("name")
    who = account_named(wanted)
    if who is None and wanted is not None:
        raise refusal(400, assignee=f"User '{wanted}' does not exist.")
    call.practice.jira.edit(issue, call.account, {"assignee": who})
    return nothing()


def search(call: Call) -> Response:
    """Search by JQL. The index lags behind on the other nodes of a cluster."""
    given: Json = {**call.request.query_params, **call.fields}
    found = issues.found_by(call, str(given.get("jql", "")))
    start, size = int(given.get("startAt", 0)), min(int(given.get("maxResults", PAGE)), MOST)
    wanted, expand = wanted_fields(given.get("fields")), str(given.get("expand", ""))
    rows = []
    for issue in found[start : start + size]:
        row: Json = {"expand": "operations,changelog", **shapes.head(issue, call.base, "2")}
        row["fields"] = shapes.chosen(shapes.fields(issue, call.base, "2"), wanted)
        if "changelog" in expand:
            oldest = shapes.histories(issue, call.base, "2")
            row["changelog"] = {"startAt": 0, "maxResults": len(oldest), "total": len(oldest), "histories": oldest}
        rows.append(row)
    return reply({"startAt": start, "maxResults": size, "total": len(found), "issues": rows})


def assignable(call: Call) -> Response:
    """Who can be assigned in a project or to an issue, by the beginning of a user name, a name or an address."""
    project, key = call.query("project"), call.query("issueKey")
    if project:
        found_project(call, project)
    elif find(call, key) is None:
        raise refusal(404, "Issue Does Not Exist")
    wanted = call.query("username").lower()
    found = [who for who in JIRA_ACCOUNTS if any(word.startswith(wanted) for word in _words(who))]
    size = call.number("maxResults", PAGE, MOST)
    return reply([shapes.user(who, call.base, "2") for who in found[:size]])


def _words(who: Account) -> list[str]:
    return [name_of(who), *who.name.lower().split(), who.name.lower(), *([] if who.shy else [who.login.lower()])]


def list_types(call: Call) -> Response:
    """The issue types that can be created."""
    return _under_values(site.list_types(call), "issueTypes")


def list_type_fields(call: Call) -> Response:
    """The fields of a create, with which are required."""
    return _under_values(site.list_type_fields(call), "fields")


def _under_values(answer: Response, name: str) -> Response:
    body = json.loads(bytes(answer.body))
    rows = body.pop(name)
    return reply({**body, "isLast": body["startAt"] + len(rows) >= body["total"], "values": rows})


def my_permissions(call: Call) -> Response:
    """All permissions, and which of them the caller has in a project."""
    if call.query("projectKey"):
        found_project(call, call.query("projectKey"))
    return reply({"permissions": {word: rights.permission(call, word) for word in rights.PERMISSIONS}})


def routes() -> list[Route]:
    """Every address of this module."""
    api = "/rest/api/{v}"
    issue, project = api + "/issue/{issue}", api + "/project/{project}"
    comment, create = issue + "/comment/{comment}", f"{api}/issue/createmeta/{{project}}/issuetypes"
    return [
        route("GET", f"{api}/serverInfo", server_info),
        route("GET", f"{api}/myself", site.myself),
        route("GET", f"{api}/field", site.list_fields),
        route("GET", f"{api}/status", site.list_statuses),
        route("GET", project, site.read_project),
        route("GET", f"{project}/statuses", site.project_statuses),
        route("GET", create, list_types),
        route("GET", f"{create}/{{kind}}", list_type_fields),
        route("GET", f"{api}/user/assignable/search", assignable),
        route("GET", f"{api}/mypermissions", my_permissions),
        route("GET", "/rest/webhooks/1.0/webhook", rights.list_webhooks),
        route("GET", f"{api}/search", search),
        route("POST", f"{api}/search", search),
        route("POST", f"{api}/issue", issues.create_issue),
        route("GET", issue, read_issue),
        route("PUT", issue, issues.edit_issue),
        route("DELETE", issue, issues.delete_issue),
        route("PUT", f"{issue}/assignee", assign),
        route("GET", f"{issue}/transitions", issues.list_transitions),
        route("POST", f"{issue}/transitions", issues.do_transition),
        route("GET", f"{issue}/comment", beside.list_comments),
        route("POST", f"{issue}/comment", beside.create_comment),
        route("GET", comment, beside.read_comment),
        route("PUT", comment, beside.edit_comment),
        route("DELETE", comment, beside.delete_comment),
        route("GET", f"{issue}/remotelink", beside.list_remote_links),
        route("POST", f"{issue}/remotelink", beside.put_remote_link),
        route("POST", f"{api}/issueLink", beside.create_link),
    ]
