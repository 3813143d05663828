"""The loaded mapping: compiled, checked and ready to be asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from worker.errors import UserFault
from worker.event import Event
from worker.mapping.channels import Channel, Lead
from worker.mapping.draft import DEFAULT_TYPE, TicketPlan, TrackerSpec, compose, to_body
from worker.mapping.earned import WaitFor, held_back
from worker.mapping.facts import ALONE, Around, Facts, gather
from worker.mapping.grouping import Group, Grouping
from worker.mapping.markup import calm_line
from worker.mapping.policy import People, Policy
from worker.mapping.problem import nearest
from worker.mapping.route import Clause, Verdict, decide
from worker.mapping.size import shorten_for
from worker.mapping.text import TITLE_LIMIT
from worker.model import Body, Draft, Issue, TrackerKind
from worker.triage.cause import judge
from worker.triage.release import Introduced

_OF_ONE_BUG = frozenset({"assignee", "assignees", "due"})
"""Fields of a ticket that say nothing about a whole list of bugs."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `ticket` is None for a rule that skips; `policy` holds for the tracker of its ticket."""

    clause: Clause
    ticket: TicketPlan | None
    policy: Mapping[str, Policy]
    """By tracker name: what this rule wants of its pairs there."""
    wait_for: WaitFor | None = None


@dataclass(frozen=True, slots=True)
class MappingBook:
    """All rules, trackers and defaults of one mapping. It never changes; a changed mapping is another book."""

    trackers: Mapping[str, TrackerSpec]
    rules: tuple[Rule, ...]
    defaults: Mapping[str, Policy]
    """By tracker name: the policy of pairs whose rule is not in the mapping any more."""
    people: People
    """Who is who, where addresses do not say."""
    asks_cause: bool = True
    """Whether a condition asks whose fault an issue is; working that out takes longer than all the rest."""
    asks_deploy: bool = field(default=False, kw_only=True)
    """Whether a condition asks which deploy brought an issue; finding that out takes a call."""
    beside: tuple[Path, ...] = ()
    """Files that it was read from beside the mapping files."""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    leads: Mapping[str, Lead] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The projects of each team, or patterns of them."""
    grouping: Grouping = field(default_factory=Grouping)
    """Which projects share their cases, and when an issue joins one."""
    digest: str = ""
    """Of all that its files say: another one is another mapping."""

    def route(self, issue: Issue, event: Event | None, around: Around = ALONE, *, show: bool = False) -> Verdict:
        """Decide which rule takes an issue; with `show` every step holds the values it looked at.

        What a rule waits for is counted up to `around.now`; where that is not known, up to when it was last seen.
        A ticket that a person wants is made whatever a rule skips or waits for.
        """
        facts = gather(issue, event, around, judged=judge if self.asks_cause else None)
        verdict = self._earned(decide([rule.clause for rule in self.rules], facts, show=show), issue, around)
        if verdict.tracker is None and around.wanted_by:
            return self._wanted(verdict, facts, around.wanted_by)
        return verdict

    def _earned(self, verdict: Verdict, issue: Issue, around: Around) -> Verdict:
        """The verdict, without its ticket while its rule waits for something."""
        wait_for = self._rule(verdict.rule).wait_for if verdict.rule and verdict.tracker else None
        now = around.now or issue.last_seen or issue.first_seen
        if wait_for is None or now is None:
            return verdict
        return held_back(verdict, wait_for, around.members or (issue,), now)

    def _wanted(self, verdict: Verdict, facts: Facts, who: str) -> Verdict:
        """The first rule that makes tickets and matches, else the first of the first tracker, else the first of all.

        The verdict as it is where no rule makes any.
        """
        clauses = [rule.clause for rule in self.rules if rule.ticket]
        matching = decide(clauses, facts).rule
        first = next(iter(self.trackers), None)
        ordered = sorted(clauses, key=lambda clause: (clause.name != matching, clause.tracker != first))
        if not ordered:
            return verdict
        chosen = ordered[0]
        why = f"{who} wants a ticket: rule “{chosen.name}” makes it in {chosen.tracker}."
        return Verdict(chosen.name, chosen.tracker, None, why, verdict.steps)

    def projects(self, rule: str, tracker: str) -> tuple[str, ...]:
        """The projects that tickets of a rule are added to there, as `owner/number`; none for an unknown rule."""
        found = next((known.ticket for known in self.rules if known.clause.name == rule and known.ticket), None)
        spec = self.trackers.get(tracker)
        if found is None or spec is None or spec.kind is not TrackerKind.GITHUB:
            return ()
        return tuple(f"{one.of(spec)}/{one.number}" for one in found.projects)

    def tells_deploy(self, rule: str | None) -> bool:
        """Whether the ticket of a rule names the deploy that brought the bug, where that is known."""
        found = next((known for known in self.rules if known.clause.name == rule), None)
        return bool(found and found.ticket and found.ticket.tells_deploy())

    def draft(
        self,
        rule: str,
        issue: Issue,
        event: Event | None,
        tracker: str | None = None,
        origin: Introduced | None = None,
    ) -> Draft:
        """Write the ticket of a rule, for its own tracker or another. UserFault where there is no such thing."""
        plan = self._rule(rule).ticket
        if plan is None:
            raise UserFault(f"Rule “{rule}” makes no ticket: it skips. Ask for a rule that has `ticket`.")
        return compose(plan, rule, self.tracker(tracker or plan.tracker), issue, event, self.people, origin)

    def umbrella(self, rule: str, tracker: str, sample: Issue, said: tuple[str, str]) -> Draft:
        """Write a ticket that stands for many: our own title and Markdown, the rest as the rule's ticket of `sample`.

        What is about one bug alone is left out: who gets it, when it is due, labels with its short id.
        """
        spec, (title, markdown) = self.tracker(tracker), said
        try:
            fields = dict(self.draft(rule, sample, None, tracker).fields)
        except UserFault:  # the rule was renamed, or makes no tickets any more
            fields = {"type": DEFAULT_TYPE} if spec.kind is TrackerKind.JIRA else {}
        kept = {name: value for name, value in fields.items() if name not in _OF_ONE_BUG}
        if sample.short_id and "labels" in kept:
            named = re.compile(rf"(?<![^\W_]){re.escape(sample.short_id)}(?![^\W_])")
            kept["labels"] = [label for label in kept["labels"] if not named.search(label)]
        line = shorten_for(spec.kind, calm_line(spec.kind, title), TITLE_LIMIT)
        body = to_body(spec.kind, markdown, spec.edition)
        return Draft(rule, tracker, spec.kind, spec.place, line, body, kept, public=spec.public)

    def policy(self, rule: str | None, tracker: str) -> Policy:
        """What is wanted of a pair; a rule that is gone or unknown falls back to the defaults of its tracker."""
        self.tracker(tracker)
        found = next((known for known in self.rules if known.clause.name == rule), None)
        return (found.policy if found else self.defaults)[tracker]

    def group_of(self, project: str) -> Group:
        """The projects with which a project shares its cases, by its slug; alone where no group names it."""
        return self.grouping.of(project)

    def comment(self, tracker: str, markdown: str) -> Body:
        """Our own words (values in them escaped by `inline`) as that tracker takes them."""
        spec = self.tracker(tracker)
        return to_body(spec.kind, markdown, spec.edition)

    def tracker(self, name: str) -> TrackerSpec:
        """The tracker of that name. UserFault names the nearest one."""
        if name not in self.trackers:
            raise UserFault(f"The mapping has no tracker “{name}”. {nearest(name, self.trackers) or ''}".strip())
        return self.trackers[name]

    def tracker_of_kind(self, kind: TrackerKind, preferred: str) -> TrackerSpec:
        """The preferred tracker if it is of that kind, else the first that is. UserFault where there is none."""
        candidates = [self.tracker(preferred), *self.trackers.values()]
        found = next((spec for spec in candidates if spec.kind is kind), None)
        if found is None:
            raise UserFault(f"The mapping has no {kind.value} tracker. Name one under `trackers`.")
        return found

    def _rule(self, name: str) -> Rule:
        for rule in self.rules:
            if rule.clause.name == name:
                return rule
        hint = nearest(name, (rule.clause.name for rule in self.rules)) or ""
        raise UserFault(f"The mapping has no rule “{name}”. {hint}".strip())
