"""What a ticket carries beside its title and text, filled in for one issue: JSON-ready, in our words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TypeVar

from worker.event import Event
from worker.mapping.codeowners import CodeOwners, blamed
from worker.mapping.policy import People
from worker.mapping.template import Template
from worker.model import Issue, TrackerKind

T = TypeVar("T")
Line = Callable[[Template], str | None]
"""Renders a template as one line; None when it cannot be rendered."""
Said = Template | bool | int | float | tuple["Said", ...] | Mapping[str, "Said"] | None
"""A value that a mapping gives to a field: templates stand for texts, at any depth."""
SENTRY, CODEOWNERS, NOBODY = "sentry", "codeowners", "none"
"""The words of `assignee`; everything else there is an account."""


def by_level(chosen: Mapping[str, T], issue: Issue) -> T | None:
    """What is chosen for the level of an issue, else for its priority, else for all."""
    keys = (issue.level, issue.priority, "default")
    return next((chosen[key] for key in keys if key is not None and key in chosen), None)


def due_on(after: Mapping[str, timedelta], issue: Issue) -> str | None:
    """The day in UTC by which a ticket is due, counted from the newest event: no clock, so a retry says the same."""
    wait, seen = by_level(after, issue), issue.last_seen or issue.first_seen
    return (seen + wait).astimezone(UTC).date().isoformat() if wait is not None and seen is not None else None


def templates_in(said: Said) -> Iterator[Template]:
    """Every template of a value."""
    match said:
        case Template():
            yield said
        case tuple():
            for one in said:
                yield from templates_in(one)
        case Mapping():
            for one in said.values():
                yield from templates_in(one)


def filled(said: Said, line: Line) -> object:
    """A value with its templates rendered; None for what renders to nothing, which then is left out."""
    match said:
        case Template():
            return line(said) or None
        case Mapping():
            made = {key: value for key, item in said.items() if (value := filled(item, line)) is not None}
            return made or None
        case tuple():
            return [value for item in said if (value := filled(item, line)) is not None] or None
    return said


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may get a ticket: whom Sentry names, whose code it is, or an account."""

    kind: TrackerKind
    people: People
    owners: CodeOwners | None
    issue: Issue
    event: Event | None

    def listed(self, wanted: tuple[Template, ...], line: Line) -> list[dict[str, str]]:
        """In order, each as `{"account": …}`, or `{"email": …}` where only the tracker can tell whose that is."""
        found: list[dict[str, str]] = []
        for template in wanted:
            if template.source == NOBODY:
                break
            found += [one for one in self._named(template, line) if one not in found]
        return found

    def _named(self, template: Template, line: Line) -> Iterator[dict[str, str]]:
        match template.source:
            case "sentry":
                if self.issue.assigned is not None and self.issue.assigned.email:
                    yield self._by_email(self.issue.assigned.email)
            case "codeowners":
                path = blamed(self.event)
                for owner in self.owners.of(path) if self.owners and path else ():
                    yield from self._owner(owner)
            case _:
                if account := line(template):
                    yield {"account": account}

    def _owner(self, owner: str) -> Iterator[dict[str, str]]:
        """Nobody can assign a team: the next owner is taken."""
        login = owner.removeprefix("@")
        if not owner.startswith("@"):
            yield self._by_email(owner)
        elif "/" not in login and self.kind is TrackerKind.GITHUB:
            yield {"account": login}
        elif "/" not in login and (email := self.people.email_of(login, TrackerKind.GITHUB)):
            yield self._by_email(email)

    def _by_email(self, email: str) -> dict[str, str]:
        account = self.people.account_of(email, self.kind)
        return {"email": email} if account is None else {"account": account}
