"""GraphQL of the practice GitHub, as far as it goes: projects of the organisation, what is on them, and originals.

A query is known by the field that it asks for, its arguments by their names; the answer holds all documented members
that clients of these fields read, whatever was selected. Contracts: docs.github.com/en/graphql/reference and
docs.github.com/en/issues/planning-and-tracking-with-projects/automating-your-project/using-the-api-to-manage-projects.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.github.boards import ITERATION, OPTIONS, Board, BoardField
from worker.sandbox.github.door import route
from worker.sandbox.values import Json, as_dict, as_text
from worker.sandbox.wire import Call, reply

NEEDED = "['read:project']"
_VALUES = {
    "TEXT": "text",
    "NUMBER": "number",
    "DATE": "date",
    OPTIONS: "singleSelectOptionId",
    ITERATION: "iterationId",
}
"""By the type of a field: the one member of a value that sets it."""


class Refused(Exception):
    """An error in GraphQL's shape: beside data, with status 200."""

    def __init__(self, kind: str, message: str, *path: str) -> None:
        super().__init__(message)
        self.row: Json = {"type": kind, "path": list(path), "message": message}


def answer(call: Call) -> Response:
    """Answer one query or mutation."""
    query, given = as_text(call.fields.get("query")) or "", as_dict(call.fields.get("variables"))
    for name, handle in _KNOWN.items():
        if re.search(rf"\b{name}\b", query):
            try:
                told = handle(call, _arguments(query, given))
                errors = {"errors": told.pop("errors")} if "errors" in told else {}
                return reply({"data": told, **errors})
            except Refused as refused:
                return reply({"data": None, "errors": [refused.row]})
    return reply({"errors": [{"message": "Field doesn't exist, or not in this practice service"}]})


def _arguments(query: str, given: Json) -> Json:
    """The values of a query's arguments by the arguments' names, those of an input object among them."""
    named = {name: given.get(variable) for name, variable in re.findall(r"(\w+):\s*\$(\w+)", query)}
    return {**named, **as_dict(named.get("input"))}


def _duplicate(call: Call, said: Json) -> Json:
    repo = call.practice.site.named(f"{said.get('owner')}/{said.get('name')}")
    issue = repo.issues.get(int(str(said.get("number")))) if repo else None
    if issue is None:
        raise Refused("NOT_FOUND", "Could not resolve to an Issue.", "repository", "issue")
    found = call.practice.site.issue(issue.duplicate_of) if issue.duplicate_of else None
    of = {"number": found[1].number, "repository": {"nameWithOwner": found[0].name}} if found else None
    return {"repository": {"issue": {"duplicateOf": of}}}


def _project(call: Call, said: Json) -> Json:
    _scope(call, "projectV2")
    site, number = call.practice.site, said.get("number")
    login = str(said.get("login") or "")
    if login.lower() != site.main.name.partition("/")[0].lower():
        return {"repositoryOwner": None}
    board = next((one for one in site.boards if one.number == number), None)
    if board is None:
        raise Refused(
            "NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.", "repositoryOwner", "projectV2"
        )
    return {"repositoryOwner": {"projectV2": board.shape(login)}}


def _items(call: Call, said: Json) -> Json:
    """The items that an issue has, archived ones among them; what our token may not see is a null and an error."""
    _scope(call, "projectItems")
    repo = call.practice.site.named(f"{said.get('owner')}/{said.get('name')}")
    issue = repo.issues.get(int(str(said.get("number")))) if repo else None
    if issue is None:
        raise Refused("NOT_FOUND", "Could not resolve to an Issue.", "repository", "issue")
    content, owner = f"I_{issue.id}", call.practice.site.main.name.partition("/")[0]
    there, hidden = [one for one in call.practice.site.boards if content in one.items], call.practice.site.hidden_boards
    rows = [
        {"id": one.item_id(content), "isArchived": content in one.archived, "project": one.shape(owner)}
        if one.number not in hidden
        else None
        for one in there
    ]
    path, said_so = ("repository", "issue", "projectItems", "nodes"), "Resource not accessible by personal access token"
    errors = [Refused("FORBIDDEN", said_so, *path, str(at)).row for at, row in enumerate(rows) if row is None]
    told: Json = {"repository": {"issue": {"projectItems": {"nodes": rows}}}}
    return {**told, "errors": errors} if errors else told


def _add(call: Call, said: Json) -> Json:
    """Add an issue; one that is there already keeps its item."""
    _scope(call, "addProjectV2ItemById")
    board, content = _board(call, said), str(said.get("contentId"))
    issues = {f"I_{issue.id}" for repo in call.practice.site.repos for issue in repo.issues.values()}
    if content not in issues:
        raise _unknown(content, "addProjectV2ItemById")
    board.items.setdefault(content, {})
    return {"addProjectV2ItemById": {"item": {"id": board.item_id(content)}}}


def _set(call: Call, said: Json) -> Json:
    """Set one field of an item."""
    here = "updateProjectV2ItemFieldValue"
    _scope(call, here)
    board, item, value = _board(call, said), str(said.get("itemId")), as_dict(said.get("value"))
    values = board.item(item)
    if item in map(board.item_id, board.archived):
        raise Refused("UNPROCESSABLE", "The item is archived and cannot be updated", here)
    field = next((one for one in board.fields if one.id == said.get("fieldId")), None)
    if values is None or field is None:
        raise _unknown(item if values is None else str(said.get("fieldId")), here)
    values[field.id] = _checked(field, value)
    return {here: {"projectV2Item": {"id": item}}}


def _take_off(call: Call, said: Json) -> Json:
    """Take an item off its project."""
    _scope(call, "deleteProjectV2Item")
    board, item = _board(call, said), str(said.get("itemId"))
    content = _content(board, item)
    del board.items[content]
    board.archived.discard(content)
    return {"deleteProjectV2Item": {"deletedItemId": item}}


def _archive(call: Call, said: Json) -> Json:
    """Put an item away: it is still there, but nothing of it can be set."""
    _scope(call, "archiveProjectV2Item")
    board, item = _board(call, said), str(said.get("itemId"))
    board.archived.add(_content(board, item))
    return {"archiveProjectV2Item": {"item": {"id": item, "isArchived": True}}}


def _content(board: Board, item: str) -> str:
    found = next((content for content in board.items if board.item_id(content) == item), None)
    if found is None:
        raise _unknown(item, "item")
    return found


def _checked(field: BoardField, value: Mapping[str, object]) -> object:
    here, member = "updateProjectV2ItemFieldValue", _VALUES.get(field.kind)
    if member is None or set(value) != {member}:
        raise Refused(
            "UNPROCESSABLE", f"Did not receive a {field.kind.lower()} value to update a field of that type", here
        )
    said = value[member]
    fine = {
        "text": isinstance(said, str),
        "number": isinstance(said, int | float) and not isinstance(said, bool),
        "date": _is_day(said),
    }.get(member, said in dict(field.choices))
    if not fine:
        raise Refused("UNPROCESSABLE", f"The {member} {said!r} does not belong to the field", here)
    return said


def _is_day(said: object) -> bool:
    try:
        return isinstance(said, str) and bool(date.fromisoformat(said))
    except ValueError:
        return False


def _board(call: Call, said: Json) -> Board:
    board = next((one for one in call.practice.site.boards if one.id == said.get("projectId")), None)
    if board is None:
        raise _unknown(str(said.get("projectId")), "projectV2")
    return board


def _scope(call: Call, field: str) -> None:
    if call.account.bot and not call.practice.site.project_scope:
        raise Refused(
            "INSUFFICIENT_SCOPES",
            f"Your token has not been granted the required scopes to execute this query. The '{field}' field requires "
            f"one of the following scopes: {NEEDED}, but your token has only been granted the: ['repo'] scopes.",
            field,
        )


def _unknown(ident: str, *path: str) -> Refused:
    return Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{ident}'", *path)


_KNOWN: Mapping[str, Callable[[Call, Json], Json]] = {
    "addProjectV2ItemById": _add,
    "deleteProjectV2Item": _take_off,
    "archiveProjectV2Item": _archive,
    "updateProjectV2ItemFieldValue": _set,
    "projectItems": _items,
    "projectV2": _project,
    "duplicateOf": _duplicate,
}


def routes() -> list[Route]:
    """The one address of GraphQL."""
    return [route("POST", "/graphql", answer)]
