"""What hangs on a Jira issue: comments, properties, remote links, links between issues."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.jira import shapes
from worker.sandbox.jira.door import find, found_issue, page, refusal, route, version
from worker.sandbox.jira.fields import checked_text
from worker.sandbox.jira.workflow import LINK_TYPES
from worker.sandbox.jira.world import Comment, JiraIssue
from worker.sandbox.values import Json, as_dict, as_text
from worker.sandbox.wire import Call, nothing, reply


def list_comments(call: Call) -> Response:
    """The comments of an issue, oldest first unless `orderBy=-created`."""
    issue, v = found_issue(call), version(call)
    rows = [shapes.comment(value, issue, call.base, v) for value in issue.comments]
    return reply(page(call, rows[::-1] if call.query("orderBy") == "-created" else rows, "comments"))


def create_comment(call: Call) -> Response:
    """Add a comment."""
    issue, v = found_issue(call), version(call)
    comment = call.practice.jira.comment(issue, checked_text(call.fields.get("body"), v, "comment"), call.account)
    return reply(shapes.comment(comment, issue, call.base, v), 201)


def read_comment(call: Call) -> Response:
    """Read a comment."""
    issue, comment = _comment(call)
    return reply(shapes.comment(comment, issue, call.base, version(call)))


def edit_comment(call: Call) -> Response:
    """Rewrite a comment."""
    (issue, comment), v = _comment(call), version(call)
    call.practice.jira.edit_comment(issue, comment, checked_text(call.fields.get("body"), v, "comment"), call.account)
    return reply(shapes.comment(comment, issue, call.base, v))


def delete_comment(call: Call) -> Response:
    """Delete a comment."""
    issue, comment = _comment(call)
    call.practice.jira.delete_comment(issue, comment, call.account)
    return nothing()


def _comment(call: Call) -> tuple[JiraIssue, Comment]:
    issue = found_issue(call)
    comment = next((value for value in issue.comments if value.id == call.path["comment"]), None)
    if comment is None:
        raise refusal(404, f"Can not find a comment for the id: {call.path['comment']}.")
    return issue, comment


# ---------------------------------------------------------------- properties


def list_properties(call: Call) -> Response:
    """The keys of an issue's properties."""
    issue = found_issue(call)
    at = f"{call.base}/rest/api/{version(call)}/issue/{issue.id}/properties"
    return reply({"keys": [{"self": f"{at}/{key}", "key": key} for key in issue.properties]})


def read_property(call: Call) -> Response:
    """One property."""
    issue, key = found_issue(call), call.path["key"]
    if key not in issue.properties:
        raise refusal(404, f"The property with key: '{key}' does not exist.")
    return reply({"key": key, "value": issue.properties[key]})


def put_property(call: Call) -> Response:
    """Set one property."""
    issue, key = found_issue(call), call.path["key"]
    fresh = key not in issue.properties
    issue.properties[key] = call.body
    return reply({}, 201 if fresh else 200)


# ---------------------------------------------------------------- links


def list_remote_links(call: Call) -> Response:
    """The remote links of an issue; with `globalId` that one alone."""
    links, wanted = found_issue(call).remote_links, call.query("globalId")
    if not wanted:
        return reply(links)
    link = next((link for link in links if link.get("globalId") == wanted), None)
    if link is None:
        raise refusal(404, "A remote issue link with the given global id does not exist.")
    return reply(link)


def put_remote_link(call: Call) -> Response:
    """Add a remote link; the same `globalId` is an upsert."""
    issue, given = found_issue(call), call.fields
    if not as_dict(given.get("object")).get("url"):
        raise refusal(400, object="'object.url' is required.")
    known = next(
        (link for link in issue.remote_links if given.get("globalId") and link.get("globalId") == given["globalId"]),
        None,
    )
    number = known["id"] if known else next(call.practice.jira.ids)
    at = f"{call.base}/rest/api/{version(call)}/issue/{issue.id}/remotelink/{number}"
    link: Json = {"id": number, "self": at, "globalId": as_text(given.get("globalId")), "object": given["object"]}
    issue.remote_links = [kept for kept in issue.remote_links if kept is not known] + [link]
    return reply({"id": number, "self": at}, 200 if known else 201)


def list_link_types(call: Call) -> Response:
    """The kinds of links."""
    return reply({"issueLinkTypes": [shapes.link_type(name, call.base, version(call)) for name in LINK_TYPES]})


def create_link(call: Call) -> Response:
    """Link two issues, and add a comment if one was given."""
    given = call.fields
    name = as_text(as_dict(given.get("type")).get("name")) or _name_of(as_dict(given.get("type")).get("id"))
    if name not in LINK_TYPES:
        raise refusal(404, f"No issue link type with name '{name}' found.")
    inward, outward = _end(call, "inwardIssue"), _end(call, "outwardIssue")
    call.practice.jira.link(name, inward, outward)
    if body := as_dict(given.get("comment")).get("body"):
        call.practice.jira.comment(inward, checked_text(body, version(call), "comment"), call.account)
    return nothing(201)


def _name_of(number: object) -> str:
    return next((name for name, entry in LINK_TYPES.items() if entry[0] == str(number)), "")


def _end(call: Call, name: str) -> JiraIssue:
    given = as_dict(call.fields.get(name))
    issue = find(call, str(given.get("key") or given.get("id") or ""))
    if issue is None:
        raise refusal(404, "Issue does not exist or you do not have permission to see it.")
    return issue


def routes() -> list[Route]:
    """Every address of this module."""
    api = "/rest/api/{v}"
    issue = api + "/issue/{issue}"
    comment = issue + "/comment/{comment}"
    return [
        route("GET", f"{issue}/comment", list_comments),
        route("POST", f"{issue}/comment", create_comment),
        route("GET", comment, read_comment),
        route("PUT", comment, edit_comment),
        route("DELETE", comment, delete_comment),
        route("GET", f"{issue}/properties", list_properties),
        route("GET", f"{issue}/properties/{{key}}", read_property),
        route("PUT", f"{issue}/properties/{{key}}", put_property),
        route("GET", f"{issue}/remotelink", list_remote_links),
        route("POST", f"{issue}/remotelink", put_remote_link),
        route("GET", f"{api}/issueLinkType", list_link_types),
        route("POST", f"{api}/issueLink", create_link),
    ]
