"""What each figure is called where people read it; what it means stands in `definitions`."""

from collections.abc import Iterable
from dataclasses import dataclass

from worker.metrics.definitions import COHORT_DAYS, DEFINITIONS

LABELS = {
    "intake": "New and back again",
    "fixed": "Fixed",
    "resolution_rate": "Resolution rate",
    "time_to_resolve": "Time to resolve",
    "time_to_ticket": "Time to ticket",
    "time_in_triage": "Time in triage",
    "reopen_rate": "Fixes that came back",
    "archived": "Archived",
    "ended_otherwise": "Ended otherwise",
    "backlog": "Backlog",
    "users_hurt": "Users hurt",
    "events_unresolved": "Events unresolved",
    "noise_share": "Noise",
    "ticket_share": "Got a ticket",
    "introduced_by_deploy": "Brought in by deploys",
    "cohorts": "Fixed in time",
}
"""A figure that is not here is called by its own name."""

HEADS = {
    "intake": "Came in",
    "resolution_rate": "Resolved",
    "time_to_resolve": "In (median)",
    "reopen_rate": "Came back",
}
"""Heads of columns, where the label is too long."""

BIG = ("intake", "resolution_rate", "time_to_resolve", "reopen_rate", "backlog")
"""The five figures that stand first, also as columns of every table."""

FLOWS = frozenset({"intake", "fixed", "archived", "ended_otherwise"})
"""Counts of what happened by chance during the week: two standard deviations of a Poisson count are no change."""

_DAYS = ", ".join(map(str, COHORT_DAYS[:-1]))
_COHORTS = (
    f"Of the cases opened in one week, those fixed within {_DAYS} and {COHORT_DAYS[-1]} days; "
    "a week too young for a column is marked, not guessed."
)


@dataclass(frozen=True, slots=True)
class Term:
    """How a figure is called and defined. `better`: `higher`, `lower` or None for neither."""

    label: str
    means: str
    better: str | None


def term(name: str) -> Term:
    """The term of a figure; of one without a definition only its name in plain words."""
    label = LABELS.get(name) or plain(name).capitalize()
    found = DEFINITIONS.get(name)
    if found is None:
        return Term(label, _COHORTS if name == "cohorts" else "", None)
    return Term(label, found.means, found.better)


def head(name: str) -> str:
    """What a column of a figure is called."""
    return HEADS.get(name) or term(name).label


def plain(name: str) -> str:
    """A name of ours as words: `by_hand` is `by hand`."""
    return name.replace("_", " ")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names of figures in the order of the definitions, those without one last."""
    wanted = dict.fromkeys(names)
    return tuple(dict.fromkeys((*(name for name in DEFINITIONS if name in wanted), *wanted)))
