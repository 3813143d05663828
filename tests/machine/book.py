"""A mapping drawn at random: two projects, two trackers, and policies of every kind."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from worker.event import Event
from worker.mapping.book import MappingBook, Rule
from worker.mapping.draft import TrackerSpec
from worker.mapping.facts import ALONE, Around
from worker.mapping.policy import (
    Acquaintance,
    Direction,
    Escalation,
    Limits,
    OnRegression,
    People,
    Policy,
    Regression,
    Resolution,
)
from worker.mapping.route import Clause, Verdict
from worker.mapping.status import StatusMap
from worker.model import Draft, Issue, Resolve, StateTarget, Status, TrackerKind, Winner
from worker.triage.release import Introduced

JIRA_NAMED = {
    Status.OPEN: StateTarget(done=False, name="To Do"),
    Status.RESOLVED: StateTarget(done=True, name="Done"),
    Status.IGNORED: StateTarget(done=True, name="Won't Do"),
}
STATUS_MAPS = {
    TrackerKind.JIRA: (
        StatusMap(TrackerKind.JIRA),
        StatusMap(TrackerKind.JIRA, JIRA_NAMED, {"in review": Status.OPEN}),
        StatusMap(
            TrackerKind.JIRA,
            JIRA_NAMED | {Status.IGNORED: JIRA_NAMED[Status.RESOLVED]},
            {},
            frozenset({Status.IGNORED}),
        ),
    ),
    TrackerKind.GITHUB: (
        StatusMap(TrackerKind.GITHUB),
        StatusMap(
            TrackerKind.GITHUB,
            {Status.IGNORED: StateTarget(done=True, name="closed", resolution="completed")},
            {},
            frozenset({Status.IGNORED}),
        ),
    ),
}
SPECS = {
    "jira": TrackerSpec("jira", TrackerKind.JIRA, "SHOP"),
    "github": TrackerSpec("github", TrackerKind.GITHUB, "acme/shop"),
}
ENVIRONMENT = "production"


@dataclass(frozen=True, slots=True)
class MemoryBook(MappingBook):
    """The real book, but for two things the simulation does not test: conditions and the text of tickets."""

    def route(self, issue: Issue, event: Event | None, around: Around = ALONE, *, show: bool = False) -> Verdict:
        del event, around, show
        tracker = "github" if issue.project.id == "1" else "jira"
        return Verdict(f"to {tracker}", tracker, None, f"rule 'to {tracker}' matches", ())

    def draft(
        self,
        rule: str,
        issue: Issue,
        event: Event | None,
        tracker: str | None = None,
        origin: Introduced | None = None,
    ) -> Draft:
        del event, origin
        spec = self.tracker(tracker or rule.removeprefix("to "))
        return Draft(rule, spec.name, spec.kind, spec.place, issue.title, "It breaks.", {"labels": ["sentry"]})


def drawn(rng: Random, learned: frozenset[str]) -> MemoryBook:
    """A mapping with policies of whatever kinds the flow has `learned`."""
    rules = tuple(
        Rule(Clause(f"to {name}", None, None, name), None, _everywhere(rng, _policy(rng, spec.kind, learned)))
        for name, spec in SPECS.items()
    )
    defaults = {name: rule.policy[name] for name, rule in zip(SPECS, rules, strict=True)}
    return MemoryBook(SPECS, rules, defaults, acquainted())


def limited(seed: int, drawn: MemoryBook, learned: frozenset[str]) -> MemoryBook:
    """In some worlds the same with so narrow limits that many bugs meet in umbrella tickets."""
    rng = Random(f"limits {seed}")  # its own chance, so that worlds without limits stay as they are
    if "limits" not in learned or rng.random() < 0.6:
        return drawn
    limits = Limits(rng.choice((1, 2, 3)), rng.choice((None, None, 8)))
    rules = tuple(replace(rule, policy=_within(limits, rule.policy)) for rule in drawn.rules)
    return replace(drawn, rules=rules, defaults=_within(limits, drawn.defaults))


def _within(limits: Limits, policies: Mapping[str, Policy]) -> dict[str, Policy]:
    return {name: replace(policy, limits=limits) for name, policy in policies.items()}


def acquainted() -> People:
    """One person by table; the other one is found by address, where there is one."""
    lead = {TrackerKind.JIRA: "j-lead", TrackerKind.GITHUB: "g-lead"}
    return People((Acquaintance("checkout-lead@acme.test", lead),))


def _everywhere(rng: Random, policy: Policy) -> dict[str, Policy]:
    """The same wishes for each tracker, in whose words they are said."""
    return {name: replace(policy, status=rng.choice(STATUS_MAPS[spec.kind])) for name, spec in SPECS.items()}


def _policy(rng: Random, kind: TrackerKind, learned: frozenset[str]) -> Policy:
    more: dict[str, object] = {}
    if "resolve" in learned:
        how = rng.choice((Resolve.NOW, Resolve.NOW, *Resolve))
        more["resolve"] = Resolution(how, ENVIRONMENT if how is Resolve.ON_DEPLOY else None)
    if "regression" in learned:
        within = rng.choice((None, None, timedelta(minutes=10)))
        then = rng.choice((OnRegression.REOPEN, OnRegression.REOPEN, *OnRegression))
        more["regression"] = Regression(then, within, rng.choice(tuple(OnRegression)))
    if "escalation" in learned:
        priority = rng.choice((None, "Highest")) if kind is TrackerKind.JIRA else None
        more["escalation"] = Escalation(rng.random() < 0.5, priority)
    if "archive" in learned:
        more["archive_closes"] = rng.random() < 0.75
    more["follow_duplicates"] = "duplicate" in learned and rng.random() < 0.75
    if "talk" in learned:
        more["assignee"], more["comments"] = rng.choice(tuple(Direction)), rng.choice(tuple(Direction))
    return Policy(rng.choice(STATUS_MAPS[kind]), rng.choice((Winner.NEWEST, *Winner)), **more)
