"""Which cases a lead's report is about."""

from collections.abc import Mapping

from worker.mapping.channels import Lead
from worker.mapping.condition import Condition, Evaluation, asks
from worker.mapping.report_facts import report_facts
from worker.metrics.scope import Dimension, Narrowed, Scope


def scope_of(lead: Lead) -> Scope:
    """The scope of a lead's report, in the lead's time zone."""
    projects = None if lead.scope.projects is None else frozenset(lead.scope.projects)
    condition = lead.scope.condition
    return Scope(
        lead.name, projects, time_zone=lead.zone.key, by_owner=lead.by_owner, teams=lead.teams,
        narrowed=_narrowed(condition) if condition is not None else None,
    )  # fmt: skip


def _narrowed(condition: Condition) -> Narrowed:
    """The condition over the dimensions that its facts come from, and no others: fewer kinds of cases to ask it for."""

    def holds(words: Mapping[Dimension, str | None]) -> bool:
        return Evaluation(report_facts(words)).holds(condition)

    return Narrowed(tuple(one for one, fact in FACT_OF.items() if asks(condition, fact)), holds)


FACT_OF: Mapping[Dimension, str] = {
    "project": "project",
    "cause": "triage",
    "release": "release",
    "owner": "issue",
    "rule": "case",
    "tracker": "case",
}
"""The fact by which a condition names a dimension."""
