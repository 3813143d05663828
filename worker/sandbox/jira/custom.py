"""Custom fields and components of the practice Jira: what they take, and how Jira refuses everything else."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from worker.sandbox.jira import adf
from worker.sandbox.seed import JIRA_ACCOUNTS
from worker.sandbox.values import Json, as_dict, utf16

COMPONENTS = {"Checkout": "10010", "Search": "10011", "Accounts": "10012"}
"""Of every practice project: name to id."""
_KINDS = "com.atlassian.jira.plugin.system.customfieldtypes:"
_LONGEST_LINE = 255
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom field. `type`: of its schema; `items`: what a list holds; `options`: what may be chosen."""

    id: str
    name: str
    type: str
    kind: str
    items: str | None = None
    options: tuple[str, ...] = ()

    @property
    def schema(self) -> Json:
        """How Jira describes it."""
        inner = {"items": self.items} if self.items else {}
        return {"type": self.type, **inner, "custom": _KINDS + self.kind, "customId": int(self.id.partition("_")[2])}


_SEVERITIES, _TEAMS = ("Low", "Medium", "High"), ("Checkout", "Platform")
CUSTOM = {
    one.id: one
    for one in (
        Custom("customfield_10010", "Sentry events", "number", "float"),
        Custom("customfield_10011", "Customer impact", "string", "textfield"),
        Custom("customfield_10012", "Severity", "option", "select", options=_SEVERITIES),
        Custom("customfield_10013", "Teams involved", "array", "multiselect", "option", _TEAMS),
        Custom("customfield_10014", "Reported on", "date", "datepicker"),
        Custom("customfield_10015", "First failure", "datetime", "datetime"),
        Custom("customfield_10016", "Reviewer", "user", "userpicker"),
        Custom("customfield_10017", "Steps to reproduce", "string", "textarea"),
        Custom("customfield_10018", "Environment label", "array", "labels", "string"),
        # Two fields may have the same name: then only their ids tell them apart.
        Custom("customfield_10019", "Squad", "string", "textfield"),
        Custom("customfield_10020", "Squad", "option", "select", options=_TEAMS),
    )
}


def refused(field: Custom, value: object, v: str) -> str | None:
    """Why Jira does not take a value for a custom field; None when it does. Null empties every field."""
    if value is None:
        return None
    if field.type != "array":
        return _why(field, field.type, value, v)
    if not isinstance(value, list):
        return "data was not an array"
    return next((why for item in value if (why := _why(field, field.items or "", item, v))), None)


def unfilled(required: Collection[str], given: Json) -> dict[str, str]:
    """Why Jira refuses a create that leaves these fields empty, by field."""
    return {name: f"{CUSTOM[name].name} is required." for name in required if given.get(name) is None}


def unknown_components(value: object) -> str | None:
    """Why Jira does not take these components; None when it does."""
    if not isinstance(value, list):
        return "data was not an array"
    names = [as_dict(item) for item in value]
    wrong = [one for one in names if one.get("name") not in COMPONENTS and one.get("id") not in COMPONENTS.values()]
    return f"Component name '{wrong[0].get('name')}' is not valid" if wrong else None


def component_names(value: list[object]) -> list[str]:
    """The names of checked components, in the order of the project."""
    given = {str(word) for item in value for word in as_dict(item).values()}
    return [name for name, number in COMPONENTS.items() if given & {name, number}]


def is_day(value: object) -> bool:
    """Whether this is a date as Jira takes it."""
    return isinstance(value, str) and _parses(date.fromisoformat, value) and len(value) == len("2026-11-30")


def _why(field: Custom, kind: str, value: object, v: str) -> str | None:
    match kind:
        case "number":
            fine = isinstance(value, int | float) and not isinstance(value, bool)
            return None if fine else "Operation value must be a number"
        case "date":
            return None if is_day(value) else f"Error parsing date string: {value}"
        case "datetime":
            fine = isinstance(value, str) and bool(_TIME.fullmatch(value)) and _parses(datetime.fromisoformat, value)
            return None if fine else f"Error parsing time: {value}"
        case "option":
            return _not_an_option(field, value)
        case "user":
            found = as_dict(value).get("accountId") in {who.id for who in JIRA_ACCOUNTS}
            return None if found else "Specify a valid value for the user"
    return _not_a_text(field, value, v)


def _not_an_option(field: Custom, value: object) -> str | None:
    chosen = as_dict(value).get("value")
    if chosen is None:
        return f"Specify a valid 'id' or 'name' for {field.name}"
    return None if chosen in field.options else f"Option value '{chosen}' is not valid"


def _not_a_text(field: Custom, value: object, v: str) -> str | None:
    if field.kind == "textarea" and v == "3":
        wanted = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        return None if adf.is_document(value) else wanted
    if not isinstance(value, str):
        return "Operation value must be a string"
    if field.kind == "labels" and any(char.isspace() for char in value):
        return f"The label '{value}' contains spaces which is invalid."
    long = field.kind == "textfield" and utf16(value) > _LONGEST_LINE
    return "The entered text is too long. It exceeds the allowed limit of 255 characters." if long else None


def _parses(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def shown(values: Mapping[str, object], base: str, v: str) -> Json:
    """All custom fields of an issue, as Jira shows them: null where nothing was set."""
    return {name: _shown(field, values.get(name), base, v) for name, field in CUSTOM.items()}


def _shown(field: Custom, value: object, base: str, v: str) -> object:
    if isinstance(value, list):
        return [_shown(field, item, base, v) for item in value]
    if "option" in {field.type, field.items} and isinstance(value, dict):
        number = field.options.index(value["value"]) + int(field.schema["customId"]) * 10
        at = f"{base}/rest/api/{v}/customFieldOption/{number}"
        return {"self": at, "value": value["value"], "id": str(number)}
    return value
