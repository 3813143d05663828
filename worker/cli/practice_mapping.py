"""Practice by a mapping of one's own: its trackers lead to the practice services, its projects are practice's."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx

from worker.errors import UserFault
from worker.mapping.book import MappingBook
from worker.mapping.draft import TrackerSpec
from worker.mapping.edition import Edition
from worker.mapping.load import load_mapping
from worker.mapping.online_sentry import slugs_in
from worker.model import TrackerKind
from worker.sandbox import seed

FILE = "places.yaml"
"""In the practice folder: laid over the mapping, it says where its trackers are in practice."""


def load_own(paths: Sequence[Path]) -> MappingBook:
    """The mapping, if it can be practised by. Raises `MappingRefused` with all that is wrong, else `UserFault`."""
    book = load_mapping(paths)
    if not book.trackers:
        raise UserFault("the mapping has no tracker, so nothing could become a ticket: give it one under `trackers`.")
    return book


def places(book: MappingBook) -> str:
    """The mapping file that leads each tracker to practice; all else stays as the mapping says it."""
    return "\n".join(["version: 1", "trackers:", *(_place(spec) for spec in book.trackers.values()), ""])


def _place(spec: TrackerSpec) -> str:
    if spec.kind is TrackerKind.GITHUB:
        return f'  "{spec.name}": {{kind: github, repo: {seed.GITHUB_REPO}}}'
    edition = "" if spec.edition is Edition.CLOUD else f", edition: {Edition.CLOUD.value}"
    return f'  "{spec.name}": {{kind: jira, project: {seed.JIRA_PROJECT}{edition}}}'


def renames(book: MappingBook) -> dict[str, str]:
    """Which practice project is to be called what, so that conditions on `project.slug` can hold."""
    asked = dict.fromkeys(slug for rule in book.rules for slug in slugs_in(rule.clause.condition))
    ours = [project.slug for project in seed.PROJECTS]
    return dict(zip(_without(ours, asked), _without(asked, ours), strict=False))


def _without(some: Iterable[str], others: Iterable[str]) -> list[str]:
    known = set(others)
    return [one for one in some if one not in known]


def rename(sandbox_url: str, names: dict[str, str]) -> None:
    """Let practice Sentry call its projects so."""
    httpx.post(f"{sandbox_url}/sandbox/sentry", json={"rename": names}, timeout=10, trust_env=False).raise_for_status()
