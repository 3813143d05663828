"""Reads what a GitHub repository offers our account: its state, our role, milestones, labels, people, webhooks.

Contracts: docs.github.com/en/rest: repos (get, webhooks), issues (milestones, labels, assignees).
"""

from collections.abc import Iterator

from worker.ends.answers import Absent, Call, Forbidden
from worker.ends.github_site import GithubSite
from worker.ends.loose import Loose, dig, flag, line, mapping
from worker.errors import Unauthorized
from worker.mapping.online_github import GithubOffer

_ISSUES = "the right to read issues"


def read_github_offer(site: GithubSite, place: str, logins: frozenset[str]) -> GithubOffer:
    """What it offers, and whether `logins` can be assigned there. `Unauthorized` when it is not readable."""
    site.settle(place)
    needs = "the right to read it and its issues"
    call = Call("GitHub", f"the repository {place}", needs=needs, wide=True)
    repo = site.read(call, place, "", mapping)
    return GithubOffer(
        name=line(repo.get("full_name")) or place,
        public=repo.get("private") is False,
        has_issues=flag(repo.get("has_issues")) is not False,
        archived=flag(repo.get("archived")) is True,
        push=flag(dig(repo, "permissions", "push")) is not False,  # an app's token is told no permissions
        milestones=tuple(line(row.get("title")) for row in _rows(site, place, "milestones", {"state": "all"})),
        labels=tuple(line(row.get("name")) for row in _rows(site, place, "labels", {})),
        assignable={login: _assignable(site, place, login) for login in sorted(logins)},
        hooks=_hooks(site, place),
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


def _hooks(site: GithubSite, place: str) -> tuple[str, ...] | None:
    """The addresses of the active webhooks; None where our token does not see them, which takes administration."""
    try:
        rows = list(_rows(site, place, "hooks", {}))
    except (Absent, Forbidden, Unauthorized):  # the last: GitHub refuses a place and one list of it in the same words
        return None
    return tuple(line(dig(row, "config", "url")) for row in rows if flag(row.get("active")) is not False)
