"""What only one kind of tracker has: a rule that says it to the other is refused, one that inherits it does without."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.mapping.schema import TicketEntry
from worker.model import TrackerKind

ONLY: Mapping[str, TrackerKind] = {
    "components": TrackerKind.JIRA,
    "parent": TrackerKind.JIRA,
    "due": TrackerKind.JIRA,
    "fields": TrackerKind.JIRA,
    "milestone": TrackerKind.GITHUB,
    "projects": TrackerKind.GITHUB,
}
"""Keys of a ticket, and who takes them."""
_NAMES = {TrackerKind.JIRA: "Jira", TrackerKind.GITHUB: "GitHub"}
_KEYS = {
    "summary": "title",
    "description": "body",
    "labels": "labels",
    "issuetype": "type",
    "project": "tracker",
    "assignee": "assignee",
    "priority": "priority",
    "components": "components",
    "component": "components",
    "parent": "parent",
    "duedate": "due",
}
"""Fields of Jira, without spaces, that are a key of their own here."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A key of a ticket that does not belong there; `loc`: its way from the ticket."""

    loc: tuple[str, ...]
    message: str
    hint: str


def misfits(entry: TicketEntry, kind: TrackerKind | None) -> Iterator[Misfit]:
    """What a ticket says that its tracker (None: unknown) does not have, or says in the wrong place."""
    for name in sorted(entry.model_fields_set & ONLY.keys()):
        if kind is not None and ONLY[name] is not kind:
            message = f"`{name}`: its tracker is on {_NAMES[kind]}, which has no such thing"
            yield Misfit((name,), message, f"Take it out, or use a tracker of kind {ONLY[name].value}.")
    for name in entry.fields or {}:
        key = _KEYS.get(name.lower().replace(" ", ""))
        if key is not None:
            message = f"`{name}`: this field has a key of its own here"
            yield Misfit(("fields", name), message, f"Say it with `{key}`, beside `fields`.")
