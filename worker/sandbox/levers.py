"""The levers of each practice service: lag, limits, rights, and what only its own people or machines can do."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from worker.sandbox.access import Access
from worker.sandbox.controls import practice_of
from worker.sandbox.github.world import GithubSite
from worker.sandbox.glance import issue_row
from worker.sandbox.jira.world import JiraIssue, JiraWorld
from worker.sandbox.meter import DOCUMENTED, WINDOWS_S
from worker.sandbox.seed import GITHUB_PERSON, JIRA_PERSON, SENTRY_PERSON, JiraProject
from worker.sandbox.sentry import family
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json, as_dict, as_list
from worker.sandbox.wire import Refusal, reply

DEEDS = frozenset({"create", "comment", "write"})


async def set_lag(request: Request) -> Response:
    """Let lists and search lag: `{"jira_s": 30, "github_s": 60, "sentry_s": 5}` in seconds; one left out stays."""
    practice, given = practice_of(request), as_dict(await request.json())
    practice.jira.lag_s = float(given.get("jira_s", practice.jira.lag_s))
    practice.sentry.lag_s = float(given.get("sentry_s", practice.sentry.lag_s))
    for repo in practice.site.repos:
        repo.lag_s = float(given.get("github_s", repo.lag_s))
    lags = {"jira_s": practice.jira.lag_s, "github_s": practice.github.lag_s, "sentry_s": practice.sentry.lag_s}
    return reply(lags)


async def set_limits(request: Request) -> Response:
    """Enforce rate limits: `{"github": {"creates_per_min": 3}, "jira": "documented", "sentry": null}`; null: none."""
    meter = practice_of(request).meter
    for service, given in as_dict(await request.json()).items():
        wanted = DOCUMENTED.get(service) if given == "documented" else as_dict(given)
        if service not in WINDOWS_S or wanted is None or set(wanted) - set(WINDOWS_S[service]):
            raise Refusal(400, {"error": f"unknown limit in {service!r}: {given!r}; known: {DOCUMENTED}"})
        meter.most[service] = {limit: int(most) for limit, most in wanted.items() if most is not None}
    return reply({"limits": meter.most, "refused": dict(meter.refused)})


async def set_access(request: Request) -> Response:
    """Take rights from our own account, by service; null gives all of them back.

    `{"jira": {"revoked": true, "stranger": true}, "github": {"forbidden": ["create"]}, "sentry": {"hidden": true}}`:
    see `Access`. What is left out of a service is granted.
    """
    access = practice_of(request).access
    for service, value in as_dict(await request.json()).items():
        given = as_dict(value)
        taken = frozenset(map(str, as_list(given.pop("forbidden", []))))
        if service not in access or taken - DEEDS or set(given) - {"revoked", "stranger", "hidden"}:
            raise Refusal(400, {"error": f"unknown in {service!r}: {value!r}; deeds: {sorted(DEEDS)}"})
        access[service] = Access(forbidden=taken, **{name: bool(flag) for name, flag in given.items()})
    return reply({service: one != Access() for service, one in access.items()})


# ---------------------------------------------------------------- Sentry


async def set_sentry(request: Request) -> Response:
    """Do what only Sentry does, or its people in the browser.

    `{"issue": id, "status": .., "substatus": ..}` any state, `pending_merge` too, told to nobody; `{"escalate": id}`;
    `{"unmerge": id, "hash": ..}` (without a hash: the one that came last); `{"rename": {"shop-web": "shop-front"}}`;
    `{"lenient": true}`: a search for an unknown short id finds nothing instead of being refused.
    """
    given, world = as_dict(await request.json()), practice_of(request).sentry
    world.lenient = bool(given.get("lenient", world.lenient))
    for old, new in as_dict(given.get("rename")).items():
        _rename_sentry_project(world, old, str(new))
    touched = None
    if "issue" in given:
        touched = _sentry_issue(world, given["issue"])
        touched.status = str(given.get("status", touched.status))
        touched.substatus = given.get("substatus", touched.substatus)
        world.touch(touched)
    if "escalate" in given:
        touched = _sentry_issue(world, given["escalate"])
        world.escalate(touched)
    if "unmerge" in given:
        touched = _unmerge(world, given)
    return reply(issue_row(touched) if touched else {"lenient": world.lenient})


def _sentry_issue(world: SentryWorld, name: object) -> SentryIssue:
    issue = world.find(str(name))
    if issue is None:
        raise Refusal(404, {"error": f"no issue {name!r}"})
    return issue


def _rename_sentry_project(world: SentryWorld, old: str, new: str) -> None:
    project = next((one for one in world.projects.values() if one.slug == old), None)
    if project is None:
        raise Refusal(404, {"error": f"no project {old!r}"})
    family.rename_project(world, project.id, new)


def _unmerge(world: SentryWorld, given: Json) -> SentryIssue:
    source = _sentry_issue(world, given["unmerge"])
    fresh = family.unmerge(world, source, str(given.get("hash", source.hashes[-1])), SENTRY_PERSON)
    if fresh is None:
        raise Refusal(400, {"error": f"issue {source.id} has no such hash to spare; it has {source.hashes}"})
    return fresh


# ---------------------------------------------------------------- Jira


async def set_jira(request: Request) -> Response:
    """Do what people and admins do in the browser.

    `{"move": {"SHOP-1": "OPS"}}` to another project; `{"rename": {"SHOP": "STORE"}}` a project's key; `{"hide": [..],
    "show": [..]}` issues by a security level; `{"private": {"OPS": true}}` a whole project; `{"resolution_screen":
    false}`: closing asks for no resolution any more; `{"require": ["customfield_10012"]}`: these a create must have.
    """
    given, world = as_dict(await request.json()), practice_of(request).jira
    world.resolution_screen = bool(given.get("resolution_screen", world.resolution_screen))
    for name, private in as_dict(given.get("private")).items():
        _jira_project(world, name).private = bool(private)
    if "require" in given:
        world.required = set(map(str, as_list(given["require"])))
    moved = {}
    for key, name in as_dict(given.get("move")).items():
        issue = _jira_issue(world, key)
        world.relocate(issue, _jira_project(world, str(name)), JIRA_PERSON)
        moved[key] = issue.key
    for name, key in as_dict(given.get("rename")).items():
        world.rename(_jira_project(world, name), str(key))
    for word, hidden in (("hide", True), ("show", False)):
        for key in as_list(given.get(word)):
            _jira_issue(world, str(key)).hidden = hidden
    return reply({"moved": moved, "projects": {one.key: one.private for one in world.projects}})


def _jira_issue(world: JiraWorld, key: str) -> JiraIssue:
    issue = world.find(key)
    if issue is None:
        raise Refusal(404, {"error": f"no issue {key!r}"})
    return issue


def _jira_project(world: JiraWorld, name: str) -> JiraProject:
    project = world.project(name)
    if project is None:
        raise Refusal(404, {"error": f"no project {name!r}; known: {[one.key for one in world.projects]}"})
    return project


# ---------------------------------------------------------------- GitHub


async def set_github(request: Request) -> Response:
    """Do what people and owners do in the browser, in the repository that takes tickets.

    `has_issues`, `archived`, `admin`, `can_push`, `public`, `delete` number, `old_names`; `{"rename": "acme/store"}`;
    `{"project_scope": false}`: our token may not see projects; `{"hidden_projects": [7]}`: not these;
    `{"transfer": {"1": "acme/platform"}}` to the other repository; `{"transferred": {"1": "acme/other/issues/7"}}` only
    redirects.
    """
    given, site = as_dict(await request.json()), practice_of(request).site
    repo = site.main
    site.project_scope = bool(given.get("project_scope", site.project_scope))
    site.hidden_boards = set(map(int, as_list(given.get("hidden_projects", list(site.hidden_boards)))))
    repo.has_issues = bool(given.get("has_issues", repo.has_issues))
    repo.admin = bool(given.get("admin", repo.admin))
    repo.archived = bool(given.get("archived", repo.archived))
    repo.can_push = bool(given.get("can_push", repo.can_push))
    repo.public = bool(given.get("public", repo.public))
    repo.old_names |= {str(name).lower() for name in as_list(given.get("old_names"))}
    repo.transferred |= {int(number): str(path) for number, path in as_dict(given.get("transferred")).items()}
    if given.get("delete") in repo.issues:
        issue = repo.issues[given["delete"]]
        repo.delete(issue, issue.author)
    moved = {number: _transfer(site, int(number), str(to)) for number, to in as_dict(given.get("transfer")).items()}
    if "rename" in given:
        repo.rename(str(given["rename"]))
    return reply({"has_issues": repo.has_issues, "can_push": repo.can_push, "moved": moved, "name": repo.name})


def _transfer(site: GithubSite, number: int, name: str) -> str:
    """Move an issue of the main repository; its new key."""
    to, issue = site.named(name), site.main.issues.get(number)
    if to is None or to is site.main or issue is None:
        raise Refusal(404, {"error": f"no issue {number}, or no other repository {name!r}"})
    return f"{to.name}#{site.main.transfer(issue, to, GITHUB_PERSON).number}"


def routes() -> list[BaseRoute]:
    """Every lever of this module."""
    return [
        Route("/index-lag", set_lag, methods=["POST"]),
        Route("/limits", set_limits, methods=["POST"]),
        Route("/access", set_access, methods=["POST"]),
        Route("/github", set_github, methods=["POST"]),
        Route("/jira", set_jira, methods=["POST"]),
        Route("/sentry", set_sentry, methods=["POST"]),
    ]
