"""Reads what a Jira project offers our account: types, create screens, statuses, permissions, webhooks.

Contracts: GET /rest/api/3/issue/createmeta/{project}/issuetypes and /{type} (the old createmeta is gone),
/project/{key}/statuses, /mypermissions; GET /rest/webhooks/1.0/webhook is for administrators alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from worker.ends.answers import Call
from worker.ends.jira_shapes import the_account
from worker.ends.jira_site import JiraSite
from worker.ends.loose import Loose, dig, flag, line, mapping, objects, text, whole
from worker.errors import Permanent, Unauthorized
from worker.mapping.online_jira import RIGHTS, FieldOffer, JiraOffer, ParentOffer, StatusOffer

_NAMES = ("value", "name", "id", "key")
"""How an allowed value may be named, the one for people first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is worth asking for: create screens of types, whether accounts get tickets, parents by key."""

    types: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    parents: frozenset[str] = frozenset()


def read_jira_offer(site: JiraSite, place: str, asked: Asked) -> JiraOffer:
    """What it offers of what is asked for. `Unauthorized` when the project is shut."""
    at = quote(place, safe="")
    needs = "the permission Browse Projects"
    project = Call("Jira", f"the project {place}", needs=needs, wide=True)
    site.read(project, lambda jira: jira.told(f"project/{at}"))
    rights = _rights(site, place)
    rows = list(_types(site, place, at)) if "CREATE_ISSUES" in rights else []
    known = {line(row.get("name")): line(row.get("id")) for row in rows}
    kinds = site.read(
        Call("Jira", f"the statuses of {place}", needs=needs),
        lambda jira: objects(jira.told(f"project/{at}/statuses")),
    )
    return JiraOffer(
        types=tuple(known),
        fields={name: tuple(_fields(site, place, at, known[name])) for name in asked.types if name in known},
        statuses={line(row.get("name")): tuple(map(_status, objects(row.get("statuses")))) for row in kinds},
        rights=rights,
        assignable={account: _assignable(site, place, account) for account in sorted(asked.accounts)},
        hooks=_hooks(site),
        named=_named(site),
        levels={
            line(row.get("name")): level for row in rows if (level := whole(row.get("hierarchyLevel"))) is not None
        },
        parents={key: _parent(site, key) for key in sorted(asked.parents)},
    )


def _parent(site: JiraSite, key: str) -> ParentOffer | None:
    call = Call("Jira", f"the parent {key}", needs="the permission Browse Projects")
    try:
        row = site.read(call, lambda jira: mapping(jira.issue(key, fields="issuetype").raw))
    except Permanent:
        return None
    kind = dig(row, "fields", "issuetype")
    return ParentOffer(line(dig(kind, "name")), whole(dig(kind, "hierarchyLevel")))


def _types(site: JiraSite, place: str, at: str) -> Iterator[Loose]:
    call = Call("Jira", f"the issue types of {place}", needs="the permission Create Issues")
    return site.listing(call, f"issue/createmeta/{at}/issuetypes", site.dialect.types)


def _fields(site: JiraSite, place: str, at: str, kind: str) -> Iterator[FieldOffer]:
    call = Call("Jira", f"the create screen of type {kind} in {place}", needs="the permission Create Issues")
    path = f"issue/createmeta/{at}/issuetypes/{quote(kind, safe='')}"
    yield from map(read_field_offer, site.listing(call, path, site.dialect.screen))


def read_field_offer(row: Loose) -> FieldOffer:
    """Read one field of a create screen."""
    allowed = row.get("allowedValues")
    return FieldOffer(
        id=line(row.get("fieldId")) or line(row.get("key")),
        name=line(row.get("name")),
        required=flag(row.get("required")) is True,
        has_default=flag(row.get("hasDefaultValue")) is True,
        allowed=tuple(map(_names, objects(allowed))) if isinstance(allowed, list) else None,
    )


def _names(value: Loose) -> tuple[str, ...]:
    return tuple(said for name in _NAMES if (said := text(value.get(name))))


def _status(row: Loose) -> StatusOffer:
    return StatusOffer(line(row.get("name")), dig(row, "statusCategory", "key") == "done")


def _assignable(site: JiraSite, place: str, account: str) -> bool | None:
    """Whether somebody gets tickets there; None where we are shown no people."""
    call = Call("Jira", f"whether {account} may be assigned in {place}", needs="the permission Browse users and groups")
    rows = _if_shown(lambda: site.read(call, lambda jira: objects(jira.assignable_account(place, account))))
    if rows is None:
        return None
    return the_account(rows, account, site.dialect.who) is not None


def _named(site: JiraSite) -> dict[str, tuple[str, ...]]:
    """The ids of all fields by name, in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    for row in site.read(Call("Jira", "the fields of the site"), lambda jira: objects(jira.fields())):
        name = line(row.get("name")).lower()
        found[name] = (*found.get(name, ()), line(row.get("id")))
    return found


def _rights(site: JiraSite, place: str) -> frozenset[str]:
    asked = {"projectKey": place, "permissions": ",".join(RIGHTS)}
    call = Call("Jira", f"our permissions in {place}")
    told = site.read(call, lambda jira: mapping(dig(jira.told("mypermissions", asked), "permissions")))
    return frozenset(right for right in RIGHTS if flag(dig(told, right, "havePermission")))


def _hooks(site: JiraSite) -> tuple[str, ...] | None:
    """The addresses of the active webhooks; None for anybody but an administrator of the site."""
    call = Call("Jira", "the webhooks of the site", needs="the permission Administer Jira")
    rows = _if_shown(lambda: site.read(call, lambda jira: objects(jira.hooks())))
    return (
        None if rows is None else tuple(line(row.get("url")) for row in rows if flag(row.get("enabled")) is not False)
    )


def _if_shown(read: Callable[[], list[Loose]]) -> list[Loose] | None:
    """What a read answers; None when Jira refuses it, in whatever way: the project itself was readable before."""
    try:
        return read()
    except (Permanent, Unauthorized):
        return None
