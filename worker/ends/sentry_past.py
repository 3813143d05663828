"""What happened to a Sentry issue, out of the `activity` of its detail. Pure and total.

Sentry shows the newest hundred activities of an issue, notes and assignments among them.
"""

from collections.abc import Mapping

from worker.ends.loose import Loose, dig, first_text, mapping, moment, objects, text
from worker.ends.ports import Activity, Happened
from worker.ends.sentry_notes import author

_KINDS: Mapping[str, Happened] = {
    "set_resolved": "resolved",
    "set_resolved_in_release": "resolved_in_release",
    "set_resolved_in_commit": "resolved_in_commit",
    "set_resolved_in_pull_request": "resolved_in_pull_request",
    "set_resolved_by_age": "resolved_by_age",
    "set_unresolved": "reopened",
    "set_regression": "regressed",
    "set_escalating": "escalated",
    "set_ignored": "archived",
    "merge": "merged",
}
"""Sentry's activity types in our words; the others change no status."""


def read_activities(data: Loose) -> tuple[Activity, ...]:
    """Read what happened to an issue, oldest first, out of its detail."""
    found = {one.id: one for row in objects(data.get("activity")) if (one := _read(row))}
    return tuple(sorted(found.values(), key=lambda one: (one.at, len(one.id), one.id)))


def _read(row: Loose) -> Activity | None:
    """Read one row; None for what changes no status, or has no time."""
    how, at = text(row.get("type")) or "", moment(row.get("dateCreated"))
    kind = _KINDS.get(how)
    if kind is None or at is None:
        return None
    about = mapping(row.get("data"))
    return Activity(
        id=text(row.get("id")) or f"{how}@{at.isoformat()}",
        kind=kind,
        at=at,
        how=how,
        by=author(row) if row.get("user") or row.get("sentry_app") else None,
        release=first_text(about.get("version"), dig(about, "version", "version")),
        commit=first_text(about.get("commit"), dig(about, "commit", "id")),
        others=tuple(found for one in objects(about.get("issues")) if (found := text(one.get("id")))),
    )
