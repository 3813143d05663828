"""What a mapping wants of the live services, compared with what they offer: findings with their place in the mapping.

Here is what all services have in common; `online_jira`, `online_github` and `online_sentry` compare.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from worker.mapping.bases import extended
from worker.mapping.book import MappingBook
from worker.mapping.draft import TicketPlan
from worker.mapping.fields import CODEOWNERS, NOBODY, SENTRY, Said
from worker.mapping.policy import Policy
from worker.mapping.problem import Problem
from worker.mapping.schema import MappingFile
from worker.mapping.source import Loc, Source, parse, shaped
from worker.mapping.template import Template
from worker.model import TrackerKind

_SHOWN = 12


class Level(StrEnum):
    """How much a finding matters."""

    PROBLEM = "problem"
    """Tickets will be refused, or something that the mapping says will not happen."""
    NOTE = "note"
    """Worth knowing, or what could not be seen from here."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a mapping file. `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`, as an editor takes it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit. `service`: the tracker by our name, or `sentry`; `spot`: who asks for it."""

    level: Level
    service: str
    message: str
    spot: Spot | None = None

    def __str__(self) -> str:
        """The place, if there is one, the service and what is to be done."""
        at = f"{self.spot}: " if self.spot else ""
        return f"{at}{self.service}: {self.message}"


class Places:
    """Where in its files a mapping says what it says; what a rule only inherits stands where it inherits it from."""

    def __init__(self, files: Sequence[tuple[Source, MappingFile]]) -> None:
        """`files`: of a mapping that loads, in their order."""
        self._sources = [source for source, _ in files]
        self._rules: Mapping[str, tuple[Source, Loc]] = {
            rule.name: (source, ("rules", index)) for source, entry in files for index, rule in enumerate(entry.rules)
        }

    def ticket(self, rule: str, *keys: str | int) -> Spot:
        """Where the ticket of a rule says this: in the rule, in the defaults, else the rule itself."""
        source, loc = self._rules[rule]
        own = (source, (*loc, "ticket", *keys))
        return self._first([own, *self._everywhere("defaults", "ticket", *keys)], (source, (*loc, "ticket")))

    def policy(self, rule: str | None, tracker: str, *keys: str) -> Spot:
        """Where it is said for a rule, else for its tracker, else for all; the tracker where nobody says it."""
        own = [(source, (*loc, *keys)) for name, (source, loc) in self._rules.items() if name == rule]
        under, all_of_them = self._everywhere("trackers", tracker, *keys), self._everywhere("defaults", *keys)
        return self._first([*own, *under, *all_of_them], self._tracker(tracker))

    def tracker(self, name: str, *keys: str) -> Spot:
        """Where a tracker is, or one of its keys."""
        return self._first(list(self._everywhere("trackers", name, *keys)), self._tracker(name))

    def condition(self, rule: str) -> Spot:
        """Where the condition of a rule is."""
        source, loc = self._rules[rule]
        return self._first([(source, (*loc, "when"))], (source, loc))

    def _tracker(self, name: str) -> tuple[Source, Loc]:
        return next(self._everywhere("trackers", name), (self._sources[0], ()))

    def _everywhere(self, *loc: str | int) -> Iterator[tuple[Source, Loc]]:
        """All files at this place, the one that holds first."""
        found = [(source, loc) for source in reversed(self._sources) if source.written(loc) == loc]
        yield from found

    @staticmethod
    def _first(wanted: Iterable[tuple[Source, Loc]], otherwise: tuple[Source, Loc]) -> Spot:
        written = ((source, loc) for source, loc in wanted if source.written(loc) == loc)
        source, loc = next(written, otherwise)
        at = source.problem(loc, "")
        return Spot(at.file, at.line, at.column)


def read_places(paths: Sequence[Path]) -> Places:
    """The places of a mapping that loads: the same paths, read once more."""
    problems: list[Problem] = []
    return Places(list(shaped(extended(parse(paths, problems), problems), problems)))


@dataclass(frozen=True, slots=True)
class Wants:
    """What a mapping wants of one tracker."""

    book: MappingBook
    places: Places
    tracker: str

    @property
    def place(self) -> str:
        """Its project key, or `owner/name`."""
        return self.book.tracker(self.tracker).place

    def tickets(self) -> Iterator[tuple[str, TicketPlan]]:
        """The rules that make tickets there, by name, with what they say of them."""
        for rule in self.book.rules:
            if rule.ticket is not None and rule.ticket.tracker == self.tracker:
                yield rule.clause.name, rule.ticket

    def policies(self) -> Iterator[tuple[str | None, Policy]]:
        """What is wanted of pairs: by the rules that make tickets there, and by the defaults (None)."""
        for rule in self.book.rules:
            if rule.ticket is not None and rule.ticket.tracker == self.tracker:
                yield rule.clause.name, rule.policy[self.tracker]
        yield None, self.book.defaults[self.tracker]

    def accounts(self) -> Iterator[tuple[str, str, str, int]]:
        """Rule, account, key and position of each account that gets tickets whatever the issue."""
        for rule, plan in self.tickets():
            several = plan.assignees if self.book.tracker(self.tracker).kind is TrackerKind.GITHUB else ()
            for key, templates in (("assignees", several), ("assignee", plan.assignee)):
                for index, template in enumerate(templates):
                    account = constant(template)
                    if account and (key == "assignees" or account not in {SENTRY, CODEOWNERS, NOBODY}):
                        yield rule, account, key, index

    def problem(self, message: str, spot: Spot | None = None) -> Finding:
        """Something that will fail; told at the tracker where nothing more exact is known."""
        return Finding(Level.PROBLEM, self.tracker, message, spot or self.places.tracker(self.tracker))

    def note(self, message: str, spot: Spot | None = None) -> Finding:
        """Something worth knowing."""
        return Finding(Level.NOTE, self.tracker, message, spot or self.places.tracker(self.tracker))


def accounts_wanted(wants: Wants) -> frozenset[str]:
    """The accounts that the mapping always names."""
    return frozenset(account for _, account, *_ in wants.accounts())


def unassignable(wants: Wants, assignable: Mapping[str, bool | None]) -> Iterator[Finding]:
    """The accounts that the mapping always names and that cannot get a ticket there."""
    for rule, account, key, index in wants.accounts():
        if assignable.get(account) is False:
            said = f"“{account}” cannot be assigned in {wants.place}. Check how it is written, and its access there."
            yield wants.problem(said, wants.places.ticket(rule, key, index))


def constant(template: Template) -> str | None:
    """What a template always prints; None when that depends on the issue."""
    return None if "{" in template.source else " ".join(template.source.split())


def constants(said: Said) -> Iterator[str]:
    """The texts that a value always holds; of a map, what names the choice."""
    match said:
        case Template():
            if text := constant(said):
                yield text
        case tuple():
            for one in said:
                yield from constants(one)
        case Mapping():
            for key in ("value", "name", "id"):
                if key in said:
                    yield from constants(said[key])
                    return


def likeliest(word: str, known: Iterable[str]) -> str:
    """Say which of a service's own words was probably meant, whatever its case, or which there are."""
    words = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean “{words[near[0]]}”?"
    return f"Known there: {listed(words.values())}." if words else "There is none at all."


def listed(words: Iterable[str]) -> str:
    """The first dozen of them."""
    shown = list(words)
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in order: several rules may inherit the same mistake."""
    return tuple(dict.fromkeys(findings))


def hooked(wants: Wants, seen: Sequence[str] | None, public_url: str | None, how: str) -> Iterator[Finding]:
    """Whether a webhook is registered for us. `seen`: addresses of the active ones, None where they are not shown."""
    found = unhooked(seen, public_url, how)
    if found is not None:
        level, message = found
        yield Finding(level, wants.tracker, message, wants.places.tracker(wants.tracker))


def unhooked(seen: Sequence[str] | None, public_url: str | None, how: str) -> tuple[Level, str] | None:
    """What there is to say of webhooks, None where one points at us; `how`: the address it is for, and where it is set.

    `public_url` is None where webhooks are not set up here: then polls do it all.
    """
    if public_url is None:
        off = "its webhooks are switched off here: BUGFERRY_PUBLIC_URL or their secret is not set."
        return Level.NOTE, f"{off} Polls bring everything, later."
    if seen is None:
        return Level.NOTE, f"its webhooks could not be seen with our rights. Make sure that one leads to {how}."
    if any(_leads(address, public_url) for address in seen):
        return None
    others = f" Those there lead to {', '.join(seen)}." if seen else ""
    return Level.PROBLEM, f"no active webhook leads to Bugferry at {public_url}.{others} Add one to {how}."


def _leads(address: str, public_url: str) -> bool:
    return f"{address.rstrip('/')}/".startswith(f"{public_url.rstrip('/')}/hooks/")
