"""The loaded mapping: compiled, checked and ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.errors import UserFault
from worker.mapping.draft import TicketPlan, TrackerSpec, compose, to_body
from worker.mapping.earned import WaitFor, held_back
from worker.mapping.facts import ALONE, Around, gather
from worker.mapping.policy import People, Policy
from worker.mapping.problem import nearest
from worker.mapping.route import Clause, Verdict, decide
from worker.model import Body, Draft, Event, Issue, TrackerKind
from worker.triage.cause import judge


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
    beside: tuple[Path, ...] = ()
    """Files that it was read from beside the mapping files."""

    def route(self, issue: Issue, event: Event | None, around: Around = ALONE, *, show: bool = False) -> Verdict:
        """Decide which rule takes an issue; with `show` every step holds the values it looked at.

        What a rule waits for is counted up to `around.now`; where that is not known, up to when it was last seen.
        """
        facts = gather(issue, event, around, judged=judge if self.asks_cause else None)
        verdict = decide([rule.clause for rule in self.rules], facts, show=show)
        wait_for = self._rule(verdict.rule).wait_for if verdict.rule and verdict.tracker else None
        now = around.now or issue.last_seen or issue.first_seen
        if wait_for is None or now is None:
            return verdict
        return held_back(verdict, wait_for, around.members or (issue,), now)

    def draft(self, rule: str, issue: Issue, event: Event | None, tracker: str | None = None) -> Draft:
        """Write the ticket of a rule, for its own tracker or another. UserFault where there is no such thing."""
        plan = self._rule(rule).ticket
        if plan is None:
            raise UserFault(f"Rule “{rule}” makes no ticket: it skips. Ask for a rule that has `ticket`.")
        return compose(plan, rule, self.tracker(tracker or plan.tracker), issue, event, self.people)

    def policy(self, rule: str | None, tracker: str) -> Policy:
        """What is wanted of a pair; a rule that is gone or unknown falls back to the defaults of its tracker."""
        self.tracker(tracker)
        found = next((known for known in self.rules if known.clause.name == rule), None)
        return (found.policy if found else self.defaults)[tracker]

    def comment(self, tracker: str, markdown: str) -> Body:
        """Our own words (values in them escaped by `inline`) as that tracker takes them."""
        return to_body(self.tracker(tracker).kind, markdown)

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
