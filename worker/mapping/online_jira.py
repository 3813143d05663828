"""Compares what a mapping wants of a Jira project with what the project offers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from worker.mapping.draft import TicketPlan
from worker.mapping.online import (
    Finding,
    Spot,
    Wants,
    constant,
    constants,
    hooked,
    likeliest,
    listed,
    once,
    unassignable,
)
from worker.mapping.status import StatusMap, plain
from worker.model import Status

RIGHTS: Mapping[str, str] = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ADD_COMMENTS": "Add Comments",
    "ASSIGN_ISSUES": "Assign Issues",
    "LINK_ISSUES": "Link Issues",
}
"""Permissions that we need, by Jira's key, as its settings name them."""
_ALWAYS = ("summary", "description", "labels")
"""Fields that every ticket of ours carries; the labels hold the mark by which a lost create is found again."""
_SET = frozenset({*_ALWAYS, "project", "issuetype", "reporter"})


@dataclass(frozen=True, slots=True)
class FieldOffer:
    """A field of a create screen. `allowed`: each value by all its names, the first for people; None: anything."""

    id: str
    name: str
    required: bool = False
    has_default: bool = False
    allowed: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class StatusOffer:
    """A status of a workflow; `done` by its category."""

    name: str
    done: bool


@dataclass(frozen=True, slots=True)
class ParentOffer:
    """A ticket that is to be a parent: its type, and how high that stands (0 as tasks and bugs, 1 as epics)."""

    type: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class JiraOffer:
    """What a project offers our account, by the names of its issue types.

    `fields`: only of the types that were asked for; `hooks`: addresses, None where they could not be seen.
    """

    types: tuple[str, ...]
    fields: Mapping[str, tuple[FieldOffer, ...]] = field(default_factory=dict)
    statuses: Mapping[str, tuple[StatusOffer, ...]] = field(default_factory=dict)
    rights: frozenset[str] = frozenset(RIGHTS)
    assignable: Mapping[str, bool | None] = field(default_factory=dict)
    """Whether the accounts that were asked for may get tickets; None: not shown."""
    hooks: tuple[str, ...] | None = None
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of all fields of the site by their name in lower case: several may have the same."""
    levels: Mapping[str, int] = field(default_factory=dict)
    """How high each type stands, where Jira tells."""
    parents: Mapping[str, ParentOffer | None] = field(default_factory=dict)
    """The parents that were asked for, by key; None: there is none that we may see."""


def types_wanted(wants: Wants) -> frozenset[str]:
    """The issue types of the tickets that the rules make there."""
    return frozenset(plan.type for _, plan in wants.tickets())


def parents_wanted(wants: Wants) -> frozenset[str]:
    """The keys of the parents that the mapping always names."""
    keys = (constant(plan.parent) for _, plan in wants.tickets() if plan.parent)
    return frozenset(key for key in keys if key)


def compare_jira(wants: Wants, offer: JiraOffer, public_url: str | None) -> tuple[Finding, ...]:
    """Everything that does not fit, each once."""
    return once(
        [
            *_rights(wants, offer),
            *_tickets(wants, offer),
            *unassignable(wants, offer.assignable),
            *_parents(wants, offer),
            *_counts(wants, offer),
            *_statuses(wants, offer),
            *hooked(wants, offer.hooks, public_url, f"{public_url}/hooks/jira, under Jira's System, WebHooks"),
        ]
    )


def _rights(wants: Wants, offer: JiraOffer) -> Iterator[Finding]:
    policies = [policy for _, policy in wants.policies()]
    assigns = any(plan.assignee for _, plan in wants.tickets()) or any(one.assignee.to_ticket for one in policies)
    idle = {} if assigns else {"ASSIGN_ISSUES"}
    if not any(one.escalation.priority or not one.update.nothing for one in policies):
        idle = {*idle, "EDIT_ISSUES"}
    for right, name in RIGHTS.items():
        if right not in offer.rights:
            said = f"our account has no permission “{name}” in {wants.place}"
            if right in idle:
                yield wants.note(f"{said}. This mapping needs it for nothing yet.")
            elif right == "LINK_ISSUES":
                yield wants.note(f"{said}. Without it a second ticket of the same bug cannot be closed as a duplicate.")
            else:
                yield wants.problem(f"{said}. Give it, in the permission scheme of the project.")


# ---------------------------------------------------------------- tickets


def _tickets(wants: Wants, offer: JiraOffer) -> Iterator[Finding]:
    if "CREATE_ISSUES" not in offer.rights:
        return  # Jira then shows neither types nor screens
    for rule, plan in wants.tickets():
        if plan.type not in offer.types:
            said = f"{wants.place} has no issue type “{plan.type}” for new tickets of ours."
            message = f"{said} {likeliest(plan.type, offer.types)}"
            yield wants.problem(message, wants.places.ticket(rule, "type"))
        elif plan.type in offer.fields:
            yield from _Screen(wants, rule, plan, offer.fields[plan.type], offer.named).findings()


def _parents(wants: Wants, offer: JiraOffer) -> Iterator[Finding]:
    for rule, plan in wants.tickets():
        key = constant(plan.parent) if plan.parent else None
        if not key or key not in offer.parents:
            continue
        found, spot, level = offer.parents[key], wants.places.ticket(rule, "parent"), offer.levels.get(plan.type)
        if found is None:
            yield wants.problem(f"there is no ticket {key} that our account may see. Correct `parent`.", spot)
        elif found.level is not None and level is not None and found.level != level + 1:
            said = f"{key} is of the type {found.type}, which cannot be the parent of one of the type {plan.type}."
            yield wants.problem(f"{said} Name one that stands right above it, such as an epic above a bug.", spot)


def _counts(wants: Wants, offer: JiraOffer) -> Iterator[Finding]:
    """The fields that counts go into, found as an edit finds them."""
    ids = {ident for found in offer.named.values() for ident in found}
    for rule, policy in wants.policies():
        for word, name in policy.update.counts.items():
            found = offer.named.get(name.strip().lower(), ())
            spot = wants.places.policy(rule, wants.tracker, "update", "counts", word)
            if name not in ids and not found:
                yield wants.problem(f"Jira has no field “{name}”. {likeliest(name, offer.named)}", spot)
            elif name not in ids and len(found) > 1:
                said = f"{len(found)} fields of the site are called “{name}”: {', '.join(found)}."
                yield wants.problem(f"{said} Name one by its id.", spot)


@dataclass(frozen=True, slots=True)
class _Screen:
    """The create screen that the tickets of one rule meet."""

    wants: Wants
    rule: str
    plan: TicketPlan
    offered: Sequence[FieldOffer]
    named: Mapping[str, tuple[str, ...]]

    @property
    def where(self) -> str:
        return f"the create screen of {self.plan.type} in {self.wants.place}"

    def findings(self) -> Iterator[Finding]:
        named = [(self._named(name), name) for name in self.plan.fields]
        given = {field.id for found, _ in named for field in found}
        yield from self._ours()
        for found, name in named:
            yield from self._custom(found, name)
        yield from self._required(given | {word for word, _ in self._said()})

    def _said(self) -> Iterator[tuple[str, str]]:
        """The fields that the rule fills by keys of their own, with these keys."""
        filled = {
            ("priority", "priority"): self.plan.priority,
            ("components", "components"): self.plan.components,
            ("parent", "parent"): self.plan.parent,
            ("duedate", "due"): self.plan.due,
            ("assignee", "assignee"): self.plan.assignee,
        }
        yield from (names for names, said in filled.items() if said)

    def _ours(self) -> Iterator[Finding]:
        for ident in _ALWAYS:
            if not self._by_id(ident):
                why = " It holds the mark by which Bugferry finds its own ticket again." if ident == "labels" else ""
                yield self._wrong(
                    f"the field {ident} is not on {self.where}, and every ticket carries it.{why} Add it."
                )
        for ident, key in self._said():
            if not self._by_id(ident) and key != "parent":  # not every kind of project shows it there
                said = f"the field {ident} is not on {self.where}. Add it there, or take `{key}` out."
                yield self._wrong(said, key)
        for offered in self._by_id("priority"):
            for level, word in (self.plan.priority or {}).items():
                yield from self._allowed(offered, word, "priority", level)
        for offered in self._by_id("components"):
            for index, template in enumerate(self.plan.components):
                for word in constants(template):
                    yield from self._allowed(offered, word, "components", index)

    def _custom(self, found: Sequence[FieldOffer], name: str) -> Iterator[Finding]:
        if not found:
            hint = likeliest(name, (field.name for field in self.offered))
            yield self._wrong(f"there is no field “{name}” on {self.where}. {hint}", "fields", name)
        elif not self._by_id(name) and len(ids := self._ids(name)) > 1:
            said = f"{len(ids)} fields of the site are called “{name}”: {', '.join(ids)}. Name one by its id"
            yield self._wrong(f"{said}; on {self.where} is {listed(one.id for one in found)}.", "fields", name)
        else:
            for word in constants(self.plan.fields[name]):
                yield from self._allowed(found[0], word, "fields", name)

    def _required(self, given: set[str]) -> Iterator[Finding]:
        for one in self.offered:
            if one.required and not one.has_default and one.id not in given | _SET:
                said = f"{self.where} requires “{one.name}” ({one.id}), which rule “{self.rule}” does not give."
                choices = f": one of {listed(names[0] for names in one.allowed)}" if one.allowed else ""
                yield self._wrong(f"{said} Give it under `fields`{choices}.")

    def _allowed(self, field: FieldOffer, word: str, *keys: str | int) -> Iterator[Finding]:
        if field.allowed is None or any(word in names for names in field.allowed):
            return
        hint = likeliest(word, (names[0] for names in field.allowed))
        yield self._wrong(f"“{field.name}” of {self.plan.type} in {self.wants.place} has no “{word}”. {hint}", *keys)

    def _by_id(self, ident: str) -> list[FieldOffer]:
        return [field for field in self.offered if field.id == ident]

    def _ids(self, name: str) -> tuple[str, ...]:
        """The fields of that name, on this screen or not: a create has to know which is meant."""
        return self.named.get(name.strip().lower(), ())

    def _named(self, name: str) -> list[FieldOffer]:
        """As a create finds it: by id, else by name whatever its case."""
        return self._by_id(name) or [one for one in self.offered if one.name.lower() == name.strip().lower()]

    def _wrong(self, message: str, *keys: str | int) -> Finding:
        return self.wants.problem(message, self.wants.places.ticket(self.rule, *keys))


# ---------------------------------------------------------------- statuses


def _statuses(wants: Wants, offer: JiraOffer) -> Iterator[Finding]:
    types = {rule: plan.type for rule, plan in wants.tickets()}
    for rule, policy in wants.policies():
        for kind in [types[rule]] if rule in types else sorted(set(types.values())):
            if kind in offer.statuses:
                yield from _written(wants, rule, kind, policy.status, offer.statuses[kind])
        if policy.escalation.priority and rule in types:
            yield from _escalation(wants, rule, types[rule], policy.escalation.priority, offer)
    if types:
        yield wants.note(
            "whether a ticket can reach these statuses is only seen on a ticket: Jira tells the transitions of no type."
        )


def _written(
    wants: Wants, rule: str | None, kind: str, status: StatusMap, known: Sequence[StatusOffer]
) -> Iterator[Finding]:
    for wanted in Status:
        target = status.write(wanted)
        spot = wants.places.policy(rule, wants.tracker, "status", wanted.value)
        if target.name is None and not any(one.done is target.done for one in known):
            which = "done" if target.done else "not done"
            said = f"no status of {kind} in {wants.place} is {which}, so `{wanted.value}` cannot be said there."
            yield wants.problem(f"{said} Add one to its workflow.", spot)
        elif target.name is not None and plain(target.name) not in {plain(one.name) for one in known}:
            hint = likeliest(target.name, (one.name for one in known))
            yield wants.problem(f"{kind} in {wants.place} has no status “{target.name}”. {hint}", spot)


def _escalation(wants: Wants, rule: str | None, kind: str, priority: str, offer: JiraOffer) -> Iterator[Finding]:
    field = next((one for one in offer.fields.get(kind, ()) if one.id == "priority"), None)
    if field is None or field.allowed is None or any(priority in names for names in field.allowed):
        return
    spot: Spot = wants.places.policy(rule, wants.tracker, "on_escalation", "priority")
    hint = likeliest(priority, (names[0] for names in field.allowed))
    yield wants.problem(f"{kind} in {wants.place} has no priority “{priority}”. {hint}", spot)
