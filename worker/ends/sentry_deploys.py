"""Releases of a Sentry project, their deploys and the commits that are suspected. Pure and total."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from worker.ends.loose import Loose, dig, first_text, items, mapping, moment, objects, text, whole
from worker.model import Deploy, Person, Project
from worker.triage.release import Release, Suspect


def unclear(release: Release, since: datetime) -> bool:
    """Whether the row of a release leaves open how its deploys after `since` went."""
    if release.last is None:
        return release.deploys != 0
    return release.deploys != 1 and release.last.finished_at > since


def read_releases(rows: Iterable[Loose], project: Project) -> tuple[Release, ...]:
    """Read the releases of a project in the order of the list; those that name other projects alone are left out."""
    mine = [row for row in rows if _of(row, project)]
    return tuple(_release(version, row) for row in mine if (version := text(row.get("version"))))


def read_deploys(version: str, rows: Iterable[Loose]) -> tuple[Deploy, ...]:
    """Read the finished deploys of a release."""
    return tuple(found for row in rows if (found := _deploy(version, row)))


def read_suspect(row: Loose) -> Iterator[Suspect]:
    """Read one committer with the commits of theirs that Sentry suspects."""
    author = _author(mapping(row.get("author")))
    for commit in objects(row.get("commits")):
        if (sha := text(commit.get("id"))) is not None:
            said, how = text(commit.get("message")), text(commit.get("suspectCommitType"))
            yield Suspect(
                sha, said, author or _author(mapping(commit.get("author"))), moment(commit.get("dateCreated")), how
            )


def first_after(deploys: Iterable[Deploy], environment: str, since: datetime) -> Deploy | None:
    """Find the deploy to an environment that finished first after `since`."""
    fitting = [one for one in deploys if one.environment == environment and one.finished_at > since]
    return min(fitting, key=lambda one: one.finished_at, default=None)


def _of(row: Loose, project: Project) -> bool:
    told: Sequence[object] = items(row.get("projects"))
    named = {first_text(dig(one, key)) for one in told for key in ("id", "slug")}
    return not told or bool(named & {project.id, project.slug})


def _release(version: str, row: Loose) -> Release:
    return Release(
        version,
        whole(row.get("deployCount")),
        _deploy(version, mapping(row.get("lastDeploy"))),
        created_at=moment(row.get("dateCreated")),
        released_at=moment(row.get("dateReleased")),
    )


def _deploy(version: str, row: Loose) -> Deploy | None:
    environment, at = text(row.get("environment")), moment(row.get("dateFinished"))
    return Deploy(version, environment, at) if environment and at else None


def _author(told: Loose) -> Person | None:
    """Who committed: a member of the organisation, or somebody known by an address alone, who has no id."""
    name, email = text(told.get("name")), text(told.get("email"))
    account = first_text(told.get("id"), email, name)
    return Person(account, name, email) if account else None
