"""Reads what a GitHub repository offers our account: its state, our role, milestones, labels, people, webhooks.

Contracts: docs.github.com/en/rest: repos (get, webhooks), issues (milestones, labels, assignees), orgs (issue types).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from worker.ends.answers import Absent, Call, Forbidden
from worker.ends.github_projects import Board, GithubProjects
from worker.ends.github_site import GithubSite
from worker.ends.loose import Loose, dig, flag, line, mapping, objects
from worker.errors import Permanent, Unauthorized
from worker.mapping.online_github import GithubOffer, ProjectAsked

_ISSUES = "the right to read issues"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is worth asking for: logins, whether types are named, projects."""

    logins: frozenset[str] = frozenset()
    types: bool = False
    projects: tuple[ProjectAsked, ...] = ()


def read_github_offer(site: GithubSite, place: str, asked: Asked) -> GithubOffer:
    """What it offers of what is asked for. `Unauthorized` when the repository is not readable."""
    site.settle(place)
    needs = "the right to read it and its issues"
    call = Call("GitHub", f"the repository {place}", needs=needs, wide=True)
    repo = site.read(call, place, "", mapping)
    boards = [(one, _board(site, place, one)) for one in asked.projects]
    return GithubOffer(
        name=line(repo.get("full_name")) or place,
        public=repo.get("private") is False,
        has_issues=flag(repo.get("has_issues")) is not False,
        archived=flag(repo.get("archived")) is True,
        push=flag(dig(repo, "permissions", "push")) is not False,  # an app's token is told no permissions
        milestones=tuple(line(row.get("title")) for row in _rows(site, place, "milestones", {"state": "all"})),
        labels=tuple(line(row.get("name")) for row in _rows(site, place, "labels", {})),
        assignable={login: _assignable(site, place, login) for login in sorted(asked.logins)},
        hooks=_hooks(site, place),
        types=_types(site, place.partition("/")[0]) if asked.types else None,
        refused={key: why for one, board in boards for key, why in _refused(one, board)},
        uncounted={key: why for one, board in boards for key, why in _uncounted(one, board)},
    )


def _rows(site: GithubSite, place: str, what: str, asked: dict[str, str | int]) -> Iterator[Loose]:
    call = Call("GitHub", f"the {what} of {place}", needs=_ISSUES)
    for page in site.pages(call, place, f"/{what}", asked):
        yield from page


def _assignable(site: GithubSite, place: str, login: str) -> bool:
    call = Call("GitHub", f"whether {login} may be assigned in {place}", needs=_ISSUES)
    try:
        site.read(call, place, f"/assignees/{login}", lambda _nothing: None)
    except Absent:
        return False
    return True


def _types(site: GithubSite, owner: str) -> tuple[str, ...] | None:
    """The issue types that are switched on; None for a person, and where our token does not see them."""
    call = Call("GitHub", f"the issue types of {owner}", needs="the right to read the organisation")
    try:
        rows = site.ask(call, f"/orgs/{quote(owner, safe='')}/issue-types", objects)
    except (Absent, Forbidden):
        return None
    return tuple(line(row.get("name")) for row in rows if flag(row.get("is_enabled")) is not False)


def _board(site: GithubSite, place: str, asked: ProjectAsked) -> Board | str:
    """A project, or why it cannot be had."""
    try:
        return GithubProjects(place, site).board(asked.owner, asked.number)
    except Permanent as refusal:
        return str(refusal)


def _refused(asked: ProjectAsked, board: Board | str) -> Iterator[tuple[tuple[ProjectAsked, str | None], str]]:
    """Why a project or a field of it cannot be had, as far as that can be told without an issue."""
    if isinstance(board, str):
        yield (asked, None), board
        return
    if board.closed:
        yield (asked, None), f"{board.called} is closed. Open it again, or take it out of `projects`."
    for named, said in asked.fields:
        try:
            board.field(named) if said is None else board.value(named, said)
        except Permanent as refusal:
            yield (asked, named), str(refusal)


def _uncounted(asked: ProjectAsked, board: Board | str) -> Iterator[tuple[tuple[ProjectAsked, str], str]]:
    """Why a count cannot follow in a project that is there; what it would be does not matter."""
    if isinstance(board, str):
        return
    for word, named in asked.counts:
        try:
            board.count(named, "2026-01-01" if word == "last_seen" else 0)
        except Permanent as refusal:
            yield (asked, word), str(refusal)


def _hooks(site: GithubSite, place: str) -> tuple[str, ...] | None:
    """The addresses of the active webhooks; None where our token does not see them, which takes administration."""
    try:
        rows = list(_rows(site, place, "hooks", {}))
    except (Absent, Forbidden, Unauthorized):  # the last: GitHub refuses a place and one list of it in the same words
        return None
    return tuple(line(dig(row, "config", "url")) for row in rows if flag(row.get("active")) is not False)
