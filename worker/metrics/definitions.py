"""What every figure means, in one sentence each: for the footer of a report, for `docs/metrics.md`, for a test."""

from collections.abc import Mapping
from dataclasses import dataclass

from worker.metrics.figures import Unit

KM_DAYS = 84
"""Times are measured on spells that began in so many days before the end of the week."""
REOPEN_DAYS = 30
"""A fix that holds so long counts as held."""
FIX_DAYS = 28
"""The reopen rate looks at the fixes of so many days, all of them old enough to judge."""
COHORT_DAYS = (7, 14, 30)
RANKED_FROM = 10
"""Fewer than this are shown, with their interval, but not ranked or compared."""
TREND_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure's unit and meaning; `better` is the direction that is good news, None for neither."""

    unit: Unit
    means: str
    better: str | None = None


DEFINITIONS: Mapping[str, Definition] = {
    "intake": Definition(
        "count",
        "Cases that came in during the week: seen for the first time (new), or open again after a fix (regressed). "
        "Cases that left the archive (returned) are shown apart.",
        "lower",
    ),
    "fixed": Definition(
        "count",
        "Open cases that were resolved during the week: by hand, by a release, by a commit or by their ticket. "
        "What Sentry resolved by age, what was archived, merged or deleted is no fix.",
        "higher",
    ),
    "resolution_rate": Definition(
        "share",
        "Of the cases that were open at any time in the week, those that were fixed in it.",
        "higher",
    ),
    "time_to_resolve": Definition(
        "hours",
        f"From the beginning of a spell to its fix: median (and p90) by Kaplan-Meier over the spells that began in the "
        f"{KM_DAYS} days before the end of the week; those still open, and those that ended otherwise, are censored.",
        "lower",
    ),
    "time_to_ticket": Definition(
        "hours",
        f"From the first sight of a case to its ticket: median (and p90) by Kaplan-Meier over the new cases of "
        f"{KM_DAYS} days; those without one so far are censored.",
        "lower",
    ),
    "time_in_triage": Definition(
        "hours",
        f"From the first sight of a case to the first decision, which is a ticket or a person's move: median (and p90) "
        f"by Kaplan-Meier over the new cases of {KM_DAYS} days; those undecided so far are censored.",
        "lower",
    ),
    "reopen_rate": Definition(
        "share",
        f"Of the fixes of {FIX_DAYS} days, all at least {REOPEN_DAYS} days ago, those whose case was open again within "
        f"{REOPEN_DAYS} days.",
        "lower",
    ),
    "archived": Definition("count", "Open cases that were archived during the week. An archived case is not fixed."),
    "ended_otherwise": Definition(
        "count", "Open cases that ended in the week without a fix: by age, archived, merged into another, deleted."
    ),
    "backlog": Definition(
        "count",
        "Cases open at the end of the week; by age since the spell began, the oldest in days, and how many have no "
        "owner now.",
        "lower",
    ),
    "users_hurt": Definition(
        "users",
        "Users that Sentry counts on the issues of the cases open at the end of the week, as last observed; a user of "
        "two issues counts twice.",
        "lower",
    ),
    "events_unresolved": Definition(
        "events",
        "Events that Sentry counts on the issues of the cases open at the end of the week, as last observed.",
        "lower",
    ),
    "noise_share": Definition("share", "Of the new cases of the week, those whose cause was judged to be noise."),
    "ticket_share": Definition("share", "Of the new cases of the week, those that had a ticket at its end."),
    "introduced_by_deploy": Definition(
        "share", "Of the new cases of the week, those that a known deploy brought in.", "lower"
    ),
}
"""By name, in the order in which a report shows them."""
