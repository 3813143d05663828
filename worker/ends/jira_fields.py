"""Fields of a new Jira ticket that only its site can spell: any field by id or name, and who gets it.

Contracts: GET /rest/api/3/field, GET /rest/api/3/user/assignable/search; what a value looks like by the type of its
field: developer.atlassian.com/cloud/jira/platform/jira-rest-api-examples (setting custom field data).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from worker.case import TicketChange
from worker.ends.answers import Call, Invalid, blaming
from worker.ends.assignees import chosen
from worker.ends.jira_dialect import CLOUD, LONGEST_TEXT, Dialect
from worker.ends.jira_shapes import assignable, the_account
from worker.ends.jira_site import JiraSite
from worker.ends.jira_words import Fields
from worker.ends.loose import Loose, dig, items, line, moment, objects, text
from worker.model import Draft, Person

LONGEST_LINE = 255
_OURS = frozenset({"summary", "description", "labels", "issuetype", "project"})
"""Fields that a ticket of ours always has: another value would lose its mark."""
_BY_NAME = frozenset({"priority", "version", "component", "group", "resolution", "issuetype"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a site. `type`: of its schema, of the items where it takes a list; `custom`: its kind."""

    id: str
    name: str
    type: str
    many: bool = False
    custom: str = ""


class JiraFields:
    """What of a draft is to be asked of the site. Safe to share between threads; building it calls nobody."""

    def __init__(self, name: str, site: JiraSite, place: str) -> None:
        """`name`: ours for the tracker, which every refusal carries; `place`: the project key."""
        self._name, self._site, self._place = name, site, place
        self._known: Sequence[Field] = ()

    def of(self, draft: Draft) -> Fields:
        """The assignee and the fields that a mapping names, in Jira's spelling. `Permanent` for one that is not there.

        Fields are listed once a process, and once more when a name is not among them: somebody may have added it.
        """
        wanted = draft.fields.get("fields") or {}
        with blaming(self._name):
            spelled = dict(self._spelled(wanted)) if wanted else {}
        account = chosen(draft, self._may_be_assigned, self.person)
        return {**spelled, **({"assignee": {self._site.dialect.who: account}} if account else {})}

    def edit(self, change: TicketChange) -> Fields:
        """The body of an edit. Labels are added and removed one by one, so that those of people stay."""
        with blaming(self._name):
            fields = dict(self._spelled(change.fields)) if change.fields else {}
        if change.priority:
            fields["priority"] = {"name": change.priority}
        labels = [{"add": label} for label in change.add_labels] + [{"remove": one} for one in change.remove_labels]
        return {**({"fields": fields} if fields else {}), **({"update": {"labels": labels}} if labels else {})}

    def person(self, email: str) -> Person | None:
        """The one account that may be assigned in the project and shows this address; None for none, or several."""
        call = Call("Jira", f"who has the address {email}", needs="the permission Browse users and groups")
        return self._site.read(call, lambda jira: assignable(jira.assignable(self._place, email), email))

    def _may_be_assigned(self, account: str) -> str | None:
        needs = "the permission Browse users and groups"
        call = Call("Jira", f"whether {account} may be assigned in {self._place}", needs=needs)
        rows = self._site.read(call, lambda jira: objects(jira.assignable_account(self._place, account)))
        return the_account(rows, account, self._site.dialect.who)

    def _spelled(self, wanted: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        if any(named not in self._named() for named in wanted):
            self._known = self._listed()
        for named, value in wanted.items():
            field = the_field(named, self._known)
            yield field.id, shaped(field, value, self._site.dialect)

    def _named(self) -> frozenset[str]:
        return frozenset(word for field in self._known for word in (field.id, field.name))

    def _listed(self) -> Sequence[Field]:
        rows = self._site.read(Call("Jira", "the fields of the site"), lambda jira: objects(jira.fields()))
        return tuple(map(read_field, rows))


def read_field(row: Loose) -> Field:
    """Read a row of the list of fields."""
    kind = line(dig(row, "schema", "type"))
    many = kind == "array"
    inner = line(dig(row, "schema", "items")) if many else kind
    return Field(line(row.get("id")), line(row.get("name")), inner, many, line(dig(row, "schema", "custom")))


def the_field(named: str, known: Sequence[Field]) -> Field:
    """The field of that id, or the only one of that name whatever its case. `Invalid` names the nearest."""
    by_id = [field for field in known if field.id == named]
    found = by_id or [field for field in known if field.name.lower() == named.strip().lower()]
    if not found:
        raise Invalid(f"Jira has no field “{named}”. {_nearest(named, known)} Correct its name in the mapping.")
    if len(found) > 1:
        ids = ", ".join(field.id for field in found)
        raise Invalid(f"Jira has {len(found)} fields “{named}”: {ids}. Name one by its id in the mapping, then retry.")
    if found[0].id in _OURS:
        raise Invalid(f"Jira's field “{named}” is set by Bugferry itself. Take it out of `fields` in the mapping.")
    return found[0]


def shaped(field: Field, value: object, dialect: Dialect = CLOUD) -> object:
    """A value as Jira takes it for this field; maps pass as they are. `Invalid` when a text cannot become one.

    What apps make of a list is their own affair (a sprint is said by its number alone): such a value passes, too.
    """
    if not field.many or field.type not in _MAKERS.keys() | _BY_NAME:
        return _one(field, value, dialect)
    return [_one(field, one, dialect) for one in (items(value) if isinstance(value, list | tuple) else [value])]


def _one(field: Field, value: object, dialect: Dialect) -> object:
    if isinstance(value, Mapping):
        return value
    make = _MAKERS.get(field.type)
    if make is not None:
        return make(field, value, dialect)
    return {"name": text(value)} if field.type in _BY_NAME else value


def _number(field: Field, value: object, _dialect: Dialect) -> object:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _misfit(field, value, "a number")
    return int(number) if number.is_integer() else number


def _string(field: Field, value: object, dialect: Dialect) -> object:
    """What an app brings may be rendered as a text field is; labels, addresses and what Jira itself has are not."""
    said = text(value) or ""
    if field.custom.endswith(":textarea") or field.id == "environment":
        return dialect.plain(said)
    if field.custom.endswith(":textfield"):
        return dialect.line(said, LONGEST_LINE)
    verbatim = field.many or not field.custom or field.custom.endswith(":url")
    return said if verbatim else dialect.line(said, LONGEST_TEXT)


def _date(field: Field, value: object, _dialect: Dialect) -> object:
    return _moment(field, value, "a date, such as 2026-11-30", "%Y-%m-%d")


def _datetime(field: Field, value: object, _dialect: Dialect) -> object:
    return _moment(field, value, "a time, such as 2026-11-30T12:00:00Z", "%Y-%m-%dT%H:%M:%S.000+0000")


def _moment(field: Field, value: object, wanted: str, form: str) -> str:
    """Templates print times as `2026-11-30 12:00 UTC`; a bare number is no date."""
    found = moment(value.strip().replace(" UTC", "+00:00")) if isinstance(value, str) and "-" in value else None
    if found is None:
        raise _misfit(field, value, wanted)
    return found.strftime(form)


def _option(_field: Field, value: object, _dialect: Dialect) -> object:
    return {"value": text(value)}


def _user(_field: Field, value: object, dialect: Dialect) -> object:
    return {dialect.who: text(value)}


def _misfit(field: Field, value: object, wanted: str) -> Invalid:
    named = f"“{field.name}” ({field.id})"
    return Invalid(f"Jira's field {named} takes {wanted}, not “{value}”. Correct it in the mapping, then retry.")


_MAKERS: Mapping[str, Callable[[Field, object, Dialect], object]] = {
    "number": _number,
    "string": _string,
    "date": _date,
    "datetime": _datetime,
    "option": _option,
    "option-with-child": _option,
    "user": _user,
}
"""By the type of a field: how what a mapping says becomes what Jira takes."""


def _nearest(named: str, known: Sequence[Field]) -> str:
    names = {field.name.lower(): field.name for field in known}
    near = get_close_matches(named.lower(), names, n=1, cutoff=0.6)
    return f"Did you mean “{names[near[0]]}”?" if near else "None has a name like it."
