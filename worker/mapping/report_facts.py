"""What the condition of a weekly report may look at: what is kept of every case, for as long as figures reach back.

The names are those of rules where they mean the same. All of it is as last known, not as it was in the week.
"""

from collections.abc import Mapping
from typing import Any

from worker.mapping.facts import Facts


def report_facts(words: Mapping[Any, str | None]) -> Facts:
    """The facts of one case; what is not known, or was not asked for, is null.

    `words` by `project`, `cause`, `release` (the first that had it), `owner`, `rule` and `tracker`; the type of these
    keys belongs to a room above this one, hence Any.
    """
    return {
        "project": {"slug": words.get("project")},
        "triage": {"cause": words.get("cause")},
        "release": {"first": words.get("release")},
        "issue": {"assignee": words.get("owner")},
        "case": {"rule": words.get("rule"), "tracker": words.get("tracker")},
    }


def declared_in_reports() -> dict[str, frozenset[str]]:
    """The names that such a condition may use, with their fields."""
    return {name: frozenset(fields) for name, fields in report_facts({}).items()}
