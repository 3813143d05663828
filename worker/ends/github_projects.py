"""GitHub's projects with fields of their own: an issue is added once, and fields of its item are set, then and later.

Both mutations set what they are given: one whose answer was lost is made again without harm, and adding what is there
answers with the item that it has. What is set later is set on the items that the issue still has, found without adding:
what a person took off stays off, and GitHub changes nothing that is archived. Contracts: docs.github.com/en/graphql and
docs.github.com/en/issues/planning-and-tracking-with-projects/automating-your-project/using-the-api-to-manage-projects.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from worker.ends.answers import Absent, Call, Forbidden, Invalid, blaming
from worker.ends.github_shapes import node_in
from worker.ends.github_site import GithubSite
from worker.ends.loose import Loose, dig, first_text, items, line, mapping, objects, text, whole
from worker.errors import BugferryError, Transient
from worker.mapping.problem import nearest

NEEDS = "the scope `project` (a fine-grained token or an app: Projects, read and write, in the organisation)"
_AT_ONCE, _LATER = "Correct `projects` in the mapping, then retry.", "Correct `update` in the mapping."
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BOARD = (
    "id number closed fields(first: 100) { nodes { "
    "... on ProjectV2FieldCommon { id name dataType } ... on ProjectV2SingleSelectField { options { id name } } "
    "... on ProjectV2IterationField { configuration { iterations { id title } completedIterations { id title } } } } }"
)
_PROJECT = (
    "query($login: String!, $number: Int!) { repositoryOwner(login: $login) { ... on ProjectV2Owner "
    f"{{ projectV2(number: $number) {{ {_BOARD} }} }} }} }}"
)
_ITEMS = (
    "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) "
    "{ issue(number: $number) { projectItems(first: 50, includeArchived: true) { nodes { id isArchived "
    f"project {{ owner {{ ... on Organization {{ login }} ... on User {{ login }} }} {_BOARD} }} }} }} }} }} }}"
)
_ADD = "mutation($input: AddProjectV2ItemByIdInput!) { addProjectV2ItemById(input: $input) { item { id } } }"
_SET = (
    "mutation($input: UpdateProjectV2ItemFieldValueInput!) "
    "{ updateProjectV2ItemFieldValue(input: $input) { projectV2Item { id } } }"
)


@dataclass(frozen=True, slots=True)
class BoardField:
    """A field of a project. `choices`: ids of its options or iterations by their names."""

    id: str
    name: str
    kind: str
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Board:
    """A project as our account sees it. `called`: how people say which it is."""

    id: str
    called: str
    closed: bool
    fields: tuple[BoardField, ...]

    def value(self, named: str, said: object) -> tuple[str, Loose]:
        """The field's id and the value in GitHub's form. `Invalid` names the nearest field or option."""
        field = self.field(named)
        return field.id, {_FORMS[field.kind]: _formed(self, field, said)}

    def count(self, named: str, said: object) -> tuple[str, Loose]:
        """The same for what follows later: a number for a number field, a time for a date or a text.

        `Invalid` never says the value: a refusal is told once, however often that changes.
        """
        field, wanted = self.field(named, _LATER), ("NUMBER",) if isinstance(said, int) else ("DATE", "TEXT")
        if field.kind not in wanted:
            kinds = " or ".join(kind.lower() for kind in wanted)
            raise Invalid(f"{self.called}: “{field.name}” is no {kinds} field. {_LATER}")
        return field.id, {_FORMS[field.kind]: _formed(self, field, said)}

    def field(self, named: str, remedy: str = _AT_ONCE) -> BoardField:
        """The field of that name. `Invalid`, with the `remedy`, where there is none, or none that can be set."""
        found = next((one for one in self.fields if one.name.lower() == named.lower()), None)
        if found is None:
            hint = nearest(named, [one.name for one in self.fields if one.kind in _FORMS]) or ""
            message = f"{self.called} has no field “{named}”. {hint} {remedy}"
            raise Invalid(message)
        if found.kind not in _FORMS:
            raise Invalid(f"{self.called}: GitHub does not let “{found.name}” be set there. {remedy}")
        return found


class GithubProjects:
    """The projects that our account may see. Building it calls nobody."""

    def __init__(self, name: str, site: GithubSite) -> None:
        """`name`: ours for the tracker, which every refusal carries."""
        self._name, self._site = name, site

    def add(self, at: tuple[str, int], wanted: Mapping[str, object]) -> None:
        """Add the issue of a repository and set the fields. `Permanent` for what is not there, before any write."""
        board = self.board(text(wanted.get("owner")) or "", whole(wanted.get("number")) or 0)
        with blaming(self._name):
            values = [(named, *board.value(named, said)) for named, said in mapping(wanted.get("fields")).items()]
        place, number = at
        call = Call("GitHub", f"issue {number} of {place}", needs="the right to read issues", item=str(number))
        node = self._site.read(call, place, f"/issues/{number}", node_in)
        about = f"adding issue {number} of {place} to {board.called}"
        added = self._mutate(about, _ADD, {"projectId": board.id, "contentId": node})
        item = line(dig(added, "addProjectV2ItemById", "item", "id"))
        for named, field, value in values:
            self._set(board, item, named, (field, value))

    def follow(self, at: tuple[str, int], wanted: Mapping[str, Mapping[str, object]]) -> None:
        """Set fields of the items that an issue has, by `owner/number` of the project; nothing where it has none.

        `Permanent` for a field that is not there, before any write.
        """
        if not wanted:
            return
        place, number = at
        call = Call("GitHub", f"the projects of issue {number} of {place}", needs=NEEDS, item=str(number))
        owner, _, name = self._site.name_of(place).partition("/")
        asked: Mapping[str, str | int] = {"owner": owner, "name": name, "number": number}
        there = self._site.graph(call, _ITEMS, asked, lambda data: _items(call, data, wanted))
        with blaming(self._name):
            values = [
                (board, item, named, board.count(named, said))
                for where, (board, item) in there.items()
                for named, said in wanted[where].items()
            ]
        for board, item, named, value in values:
            self._set(board, item, named, value)

    def board(self, owner: str, number: int) -> Board:
        """Read a project and its fields. `Absent` where there is none that we may see."""
        called = f"project {number} of {owner}"
        call = Call("GitHub", called, needs=NEEDS)
        asked: Mapping[str, str | int] = {"login": owner, "number": number}
        told = self._site.graph(call, _PROJECT, asked, lambda data: _told(call, data))
        found = mapping(dig(told, "repositoryOwner", "projectV2"))
        if not found.get("id"):
            with blaming(self._name):
                raise Absent(f"GitHub shows us no {called}. Check number and owner, and give our account {NEEDS}.")
        return _board(found, called)

    def _set(self, board: Board, item: str, named: str, to: tuple[str, Loose]) -> None:
        field, value = to
        given = {"projectId": board.id, "itemId": item, "fieldId": field, "value": value}
        self._mutate(f"the field “{named}” of {board.called}", _SET, given)

    def _mutate(self, about: str, mutation: str, given: Loose) -> Loose:
        call = Call("GitHub", about, writes=True, needs=NEEDS)
        return self._site.mutate(call, mutation, {"input": given}, lambda data: _told(call, data))


def _items(call: Call, data: object, wanted: Collection[str]) -> Mapping[str, tuple[Board, str]]:
    """The projects among `wanted` that an issue is on, each with its item; one that a person archived is none.

    Of projects that our token may not see GitHub tells errors and empty rows beside the others: those only matter
    where a wanted one is missing.
    """
    rows = dig(data, "data", "repository", "issue", "projectItems", "nodes")
    known, found = {where.lower(): where for where in wanted}, {}
    for row in objects(rows):
        project = mapping(row.get("project"))
        owner, number = line(dig(project, "owner", "login")), whole(project.get("number"))
        where = known.pop(f"{owner}/{number}".lower(), None)
        if where is not None and row.get("isArchived") is not True:
            found[where] = (_board(project, f"project {number} of {owner}"), line(row.get("id")))
    if known or rows is None:
        _told(call, data)
    return found


def _board(row: Loose, called: str) -> Board:
    fields = tuple(_field(one) for one in objects(dig(row, "fields", "nodes")))
    return Board(line(row["id"]), called, row.get("closed") is True, fields)


def _field(row: Loose) -> BoardField:
    iterations = (items(dig(row, "configuration", which)) for which in ("iterations", "completedIterations"))
    listed = [*items(row.get("options")), *(one for rows in iterations for one in rows)]
    choices = {first_text(one.get("name"), one.get("title")) or "": line(one.get("id")) for one in objects(listed)}
    return BoardField(line(row.get("id")), line(row.get("name")), line(row.get("dataType")), choices)


_FORMS = {
    "TEXT": "text",
    "NUMBER": "number",
    "DATE": "date",
    "SINGLE_SELECT": "singleSelectOptionId",
    "ITERATION": "iterationId",
}
"""By the type of a field: the member of a value that sets it. Other types are set on the issue, if at all."""


def _formed(board: Board, field: BoardField, said: object) -> object:
    match field.kind:
        case "TEXT":
            return str(said)
        case "NUMBER":
            return _number(board, field, said)
        case "DATE":
            found = _DAY.match(str(said))
            if found is None:
                raise _misfit(board, field, said, "a date, such as 2026-11-30")
            return found[0]
    chosen = next((ident for name, ident in field.choices.items() if name.lower() == str(said).lower()), None)
    if chosen is None:
        raise _misfit(board, field, said, f"one of its choices. {nearest(str(said), field.choices) or ''}".strip())
    return chosen


def _number(board: Board, field: BoardField, said: object) -> float:
    try:
        number = float(str(said))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _misfit(board, field, said, "a number")
    return number


def _misfit(board: Board, field: BoardField, said: object, wanted: str) -> Invalid:
    where = f"{board.called}: field “{field.name}”"
    return Invalid(f"{where} takes {wanted}, not “{said}”. {_AT_ONCE}")


def _told(call: Call, data: object) -> Loose:
    """The data of an answer; its errors, which come with status 200, in our words."""
    errors = objects(dig(data, "errors"))
    if errors:
        raise _refusal(call, line(errors[0].get("type")), line(errors[0].get("message")))
    return mapping(dig(data, "data"))


def _refusal(call: Call, kind: str, said: str) -> BugferryError:
    what = f"GitHub refused {call.about}: {said}"
    match kind:
        case "RATE_LIMITED":
            return Transient(f"GitHub asks for a pause (rate limit, {call.about}): {said}", 60.0)
        case "INSUFFICIENT_SCOPES" | "FORBIDDEN":
            return Forbidden(f"{what} Give our token {call.needs}, then retry.")
        case "NOT_FOUND":
            return Absent(f"{what}. Check `projects` in the mapping, and give our account {call.needs}, then retry.")
        case _:
            return Invalid(f"{what}. {_AT_ONCE}")
