"""Releases of a Sentry project and their deploys: which deploy was the first after a moment. Pure and total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.ends.loose import Loose, dig, first_text, items, moment, text, whole
from worker.model import Deploy, Project


@dataclass(frozen=True, slots=True)
class Release:
    """A row of the list of releases. `deploys`: how many it had; None when not told. `last`: the latest of them."""

    version: str
    deploys: int | None
    last: Deploy | None

    def unclear(self, since: datetime) -> bool:
        """Whether its row leaves open how its deploys after `since` went."""
        if self.last is None:
            return self.deploys != 0
        return self.deploys != 1 and self.last.finished_at > since


def read_releases(rows: Iterable[Loose], project: Project) -> tuple[Release, ...]:
    """Read the releases of a project in the order of the list; those that name other projects alone are left out."""
    mine = [row for row in rows if _of(row, project)]
    return tuple(_release(version, row) for row in mine if (version := text(row.get("version"))))


def read_deploys(version: str, rows: Iterable[Loose]) -> tuple[Deploy, ...]:
    """Read the finished deploys of a release."""
    return tuple(found for row in rows if (found := _deploy(version, row)))


def first_after(deploys: Iterable[Deploy], environment: str, since: datetime) -> Deploy | None:
    """Find the deploy to an environment that finished first after `since`."""
    fitting = [one for one in deploys if one.environment == environment and one.finished_at > since]
    return min(fitting, key=lambda one: one.finished_at, default=None)


def _of(row: Loose, project: Project) -> bool:
    told: Sequence[object] = items(row.get("projects"))
    named = {first_text(dig(one, key)) for one in told for key in ("id", "slug")}
    return not told or bool(named & {project.id, project.slug})


def _release(version: str, row: Loose) -> Release:
    last = row.get("lastDeploy")
    return Release(version, whole(row.get("deployCount")), _deploy(version, last) if isinstance(last, dict) else None)


def _deploy(version: str, row: Loose) -> Deploy | None:
    environment, at = text(row.get("environment")), moment(row.get("dateFinished"))
    return Deploy(version, environment, at) if environment and at else None
