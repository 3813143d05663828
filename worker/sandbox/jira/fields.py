"""What a create or an edit may set, checked the way Jira checks it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from worker.sandbox.jira import adf, custom
from worker.sandbox.jira.door import refusal
from worker.sandbox.jira.workflow import EPIC, PRIORITIES, TYPES
from worker.sandbox.jira.world import JiraIssue
from worker.sandbox.seed import JIRA_ACCOUNTS, Account, JiraProject
from worker.sandbox.values import Json, as_dict, as_list, utf16

LONGEST_TEXT = 32_767
LONGEST_LINE = 255
_NO_PARENT = "Given parent work item does not belong to appropriate hierarchy."
IGNORED = frozenset({"project", "reporter"})
"""Fields that may be sent and are read elsewhere, or not at all."""
Find = Callable[[str], JiraIssue | None]
"""An issue by key or id, as far as the caller may see it."""


class Problems:
    """Errors by field, gathered before anything changes."""

    def __init__(self) -> None:
        """Start without any."""
        self.errors: dict[str, str] = {}

    def check(self, *, fine: bool, name: str, text: str) -> None:
        """Remember `text` for `name` unless all is `fine`."""
        if not fine:
            self.errors[name] = text

    def raise_any(self) -> None:
        """Refuse when there was any."""
        if self.errors:
            raise refusal(400, **self.errors)


@dataclass(frozen=True, slots=True)
class NewIssue:
    """A checked create; `settings`: further attributes of the issue."""

    project: JiraProject
    kind: str
    summary: str
    settings: Json


def for_create(body: Json, v: str, projects: Sequence[JiraProject], find: Find) -> NewIssue:
    """Check a create in one of `projects`. `Refusal` 400 in Jira's shape."""
    given, problems = as_dict(body.get("fields")), Problems()
    wanted = as_dict(given.get("project"))
    named = {str(wanted.get("key")).upper(), str(wanted.get("id"))}
    project = next((one for one in projects if named & {one.id, one.key, *one.old_keys}), None)
    problems.check(fine=project is not None, name="project", text="valid project is required")
    kind = _type(given.get("issuetype"))
    problems.check(fine=kind is not None, name="issuetype", text="Specify a valid issue type")
    problems.check(fine=bool(given.get("summary")), name="summary", text="You must specify a summary of the issue.")
    settings = _settings(given, v, problems, find)
    problems.raise_any()
    settings.pop("type", None)
    if project is None or kind is None:
        raise refusal(400, "There is nothing to create.")
    return NewIssue(project, kind, str(settings.pop("summary")), settings)


def for_edit(body: Json, issue: JiraIssue, v: str, find: Find) -> Json:
    """Check an edit: `fields` are set, `update` adds and removes labels."""
    given, problems = as_dict(body.get("fields")), Problems()
    if "summary" in given:
        problems.check(fine=bool(given["summary"]), name="summary", text="You must specify a summary of the issue.")
    if "issuetype" in given:
        problems.check(fine=_type(given["issuetype"]) is not None, name="issuetype", text="Specify a valid issue type")
    settings = _settings(given, v, problems, find)
    if "custom" in settings:
        settings["custom"] = {**issue.custom, **settings["custom"]}
    update = as_dict(body.get("update"))
    problems_in_update = set(update) - {"labels", "comment", "issuelinks"}
    for name in problems_in_update:
        problems.check(
            fine=False,
            name=name,
            text=f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.",
        )
    if "labels" in update:
        settings["labels"] = _updated_labels(settings.get("labels", issue.labels), as_list(update["labels"]), problems)
    problems.raise_any()
    return settings


def checked_text(value: object, v: str, name: str) -> Json | str:
    """A comment or description in the spelling of `v`; `Refusal` 400 else."""
    problems = Problems()
    _check_text(value, v, name, problems)
    problems.raise_any()
    return value if isinstance(value, dict | str) else ""


def account(value: object) -> Account | None:
    """An assignee by account id."""
    wanted = as_dict(value).get("accountId") or as_dict(value).get("id")
    return next((who for who in JIRA_ACCOUNTS if who.id == wanted), None)


def _settings(given: Json, v: str, problems: Problems, find: Find) -> Json:
    settings: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "summary":
                settings["summary"] = _summary(value, problems)
            case "description":
                _check_text(value, v, name, problems)
                settings["description"] = value
            case "labels":
                settings["labels"] = _labels(value, problems)
            case "priority":
                settings["priority"] = _priority(value, problems)
            case "assignee":
                settings["assignee"] = account(value)
                fine = value is None or settings["assignee"] is not None or not as_dict(value).get("accountId")
                problems.check(
                    fine=fine, name=name, text=f"User '{as_dict(value).get('accountId')}' cannot be assigned issues."
                )
            case "issuetype":
                settings["type"] = _type(value)
            case "parent":
                settings["parent"] = _parent(value, problems, find)
            case _ if name not in IGNORED:
                _more(name, value, v, problems, settings)
    return settings


def _parent(value: object, problems: Problems, find: Find) -> JiraIssue | None:
    wanted = as_dict(value)
    found = find(str(wanted.get("key") or wanted.get("id")))
    text = "Could not find issue by id or key." if found is None else _NO_PARENT
    fine = value is None or (found is not None and found.type == EPIC)
    problems.check(fine=fine, name="parent", text=text)
    return found


def _more(name: str, value: object, v: str, problems: Problems, settings: Json) -> None:
    """Components, the due date and custom fields; a refusal for everything that there is not."""
    if name == "components":
        wrong = custom.unknown_components(value)
        settings[name] = custom.component_names(as_list(value))
    elif name == "duedate":
        wrong = None if value is None or custom.is_day(value) else f"Error parsing date string: {value}"
        settings[name] = value
    elif name in custom.CUSTOM:
        wrong = custom.refused(custom.CUSTOM[name], value, v)
        settings.setdefault("custom", {})[name] = value
    else:
        wrong = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
    problems.check(fine=wrong is None, name=name, text=wrong or "")


def _type(value: object) -> str | None:
    wanted = as_dict(value)
    return next(
        (name for name, number in TYPES.items() if number == str(wanted.get("id")) or name == wanted.get("name")), None
    )


def _summary(value: object, problems: Problems) -> str:
    text = value if isinstance(value, str) else ""
    problems.check(fine=isinstance(value, str), name="summary", text="Operation value must be a string")
    newline = "The summary is invalid because it contains newline characters."
    problems.check(fine="\n" not in text and "\r" not in text, name="summary", text=newline)
    problems.check(fine=utf16(text) <= LONGEST_LINE, name="summary", text="Summary can't exceed 255 characters.")
    return text.strip()


def _check_text(value: object, v: str, name: str, problems: Problems) -> None:
    if value is None and name == "description":
        return
    if v == "2":
        problems.check(fine=isinstance(value, str), name=name, text="Operation value must be a string")
    else:
        wanted = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        problems.check(fine=adf.is_document(value), name=name, text=wanted)
    if name in problems.errors:
        return
    limit = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
    problems.check(fine=utf16(adf.plain(value)) <= LONGEST_TEXT, name=name, text=limit)
    problems.check(
        fine=name != "comment" or bool(adf.plain(value).strip()), name=name, text="Comment body can not be empty!"
    )


def _labels(value: object, problems: Problems) -> list[str]:
    labels = [label for label in as_list(value) if isinstance(label, str) and label]
    fine = isinstance(value, list) and len(labels) == len(value)
    problems.check(fine=fine, name="labels", text="Operation value must be an array of strings")
    for label in labels:
        text = f"The label '{label}' contains spaces which is invalid."
        problems.check(fine=not any(char.isspace() for char in label), name="labels", text=text)
        problems.check(
            fine=utf16(label) <= LONGEST_LINE, name="labels", text=f"The label '{label}' exceeds 255 characters."
        )
    return sorted(set(labels))


def _updated_labels(labels: list[str], operations: list[object], problems: Problems) -> list[str]:
    kept = set(labels)
    for operation in map(as_dict, operations):
        for verb, value in operation.items():
            if verb == "add":
                kept.add(str(value))
            elif verb == "remove":
                kept.discard(str(value))
            elif verb == "set":
                kept = set(map(str, as_list(value)))
    if any(not isinstance(operation, dict) for operation in operations):
        problems.check(fine=False, name="labels", text="Operation value must be an object")
    return _labels(sorted(kept), problems)


def _priority(value: object, problems: Problems) -> str:
    wanted = as_dict(value)
    found = next(
        (name for name, number in PRIORITIES.items() if number == str(wanted.get("id")) or name == wanted.get("name")),
        None,
    )
    problems.check(fine=found is not None, name="priority", text="Specify a valid 'id' or 'name' for Priority")
    return found or ""
