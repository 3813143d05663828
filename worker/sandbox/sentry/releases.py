"""Releases, their deploys and commits, and projects of the practice Sentry."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import parse_time, sentry_time
from worker.sandbox.seed import ORG
from worker.sandbox.sentry import shapes
from worker.sandbox.sentry.door import missing, paged, route, several
from worker.sandbox.sentry.incoming import Incoming, frames_of
from worker.sandbox.sentry.records import Release
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json, as_dict, as_list, as_text
from worker.sandbox.wire import Call, Refusal, reply


def list_projects(call: Call) -> Response:
    """All projects."""
    rows = [
        {**shapes.project(project), "status": "active", "organization": {"slug": ORG}, "features": [], "teams": []}
        for project in call.practice.sentry.projects.values()
    ]
    return paged(call, list(rows))


def list_releases(call: Call) -> Response:
    """The releases, newest first; `project` filters by id or slug, `query` by version."""
    world, wanted = call.practice.sentry, call.query("query").lower()
    asked = several(call.request.query_params, "project") - {"-1"}
    projects = {found for name in asked if (found := _project_id(world, name))}
    if len(projects) < len(asked):
        raise Refusal(400, {"detail": "Invalid project parameter. Values must be numbers."})
    newest = sorted(world.releases.values(), key=lambda release: release.age, reverse=True)
    mine = [release for release in newest if not projects or projects & set(release.projects)]
    return paged(call, [shapes.release(release, world) for release in mine if wanted in release.version.lower()])


def _project_id(world: SentryWorld, name: str) -> str | None:
    return next((one.id for one in world.projects.values() if name in {one.id, one.slug}), None)


def create_release(call: Call) -> Response:
    """Create a release, or add projects to one that exists (208)."""
    world, body = call.practice.sentry, call.fields
    version, names = as_text(body.get("version")), [str(name) for name in as_list(body.get("projects"))]
    projects = [found for name in names if (found := _project_id(world, name))]
    if not version:
        raise Refusal(400, {"version": ["This field is required."]})
    if not projects or len(projects) < len(names):
        raise Refusal(400, {"projects": ["Invalid project ids or slugs"]})
    existed = version in world.releases
    release = world.release(version, world.clock())
    release.projects = sorted({*release.projects, *projects})
    release.ref = as_text(body.get("ref")) or release.ref
    release.url = as_text(body.get("url")) or release.url
    release.released = parse_time(body.get("dateReleased")) or release.released
    given = [commit for row in as_list(body.get("commits")) if (commit := _commit(world, row))]
    release.commits = sorted(given, key=lambda row: str(row["dateCreated"]), reverse=True) or release.commits
    return reply(shapes.release(release, world), 208 if existed else 201)


def _commit(world: SentryWorld, told: object) -> Json | None:
    """A commit of a release as the API shows it; None for what has no id. Its author shows as the client named them."""
    row = as_dict(told)
    sha, at = as_text(row.get("id")), parse_time(row.get("timestamp")) or world.clock()
    if not sha:
        return None
    author = {"name": as_text(row.get("author_name")), "email": as_text(row.get("author_email"))}
    files = [str(as_dict(change).get("path")) for change in as_list(row.get("patch_set"))]
    return {
        "id": sha,
        "message": as_text(row.get("message")),
        "dateCreated": sentry_time(at),
        "pullRequest": None,
        "suspectCommitType": "",
        "repository": {"name": as_text(row.get("repository"))},
        "author": author if any(author.values()) else {},
        "files": files,
    }


def list_commits(call: Call) -> Response:
    """The commits of a release, newest first."""
    return paged(call, [_shown(commit) for commit in _release(call).commits])


def list_committers(call: Call) -> Response:
    """Who committed to the files of an event in the first release of its issue; 404 where nobody is known."""
    world, event_id = call.practice.sentry, call.path["event"]
    project = _project_id(world, call.path["project"])
    issue = world.find(world.event_ids.get((project or "", event_id), ""))
    event = next((one for one in issue.events if one.id == event_id), None) if issue else None
    if issue is None or event is None:
        raise Refusal(404, {"detail": "Event not found"})
    release = world.releases.get(issue.first_release or "")
    if release is None:
        raise Refusal(404, {"detail": "Release not found"})
    if not release.commits:
        raise Refusal(404, {"detail": "No Commits found for Release"})
    names = _files(event)
    found = [commit for commit in release.commits if names & set(commit["files"])]
    by_author: dict[str, list[Json]] = {}
    for commit in found:
        by_author.setdefault(str(commit["author"].get("email")), []).append(commit)
    rows = [
        {
            "author": commits[0]["author"],
            "commits": [{**_shown(one), "suspectCommitType": "via commit in release"} for one in commits],
        }
        for commits in by_author.values()
    ]
    return reply({"committers": rows})


def _files(event: Incoming) -> set[str]:
    return {str(frame.get("filename")) for thrown in event.exceptions for frame in frames_of(thrown)}


def _shown(commit: Json) -> Json:
    return {name: value for name, value in commit.items() if name != "files"}


def read_release(call: Call) -> Response:
    """One release by version."""
    return reply(shapes.release(_release(call), call.practice.sentry))


def list_deploys(call: Call) -> Response:
    """The deploys of a release, newest first."""
    return paged(call, list(_release(call).deploys))


def create_deploy(call: Call) -> Response:
    """Record a deploy; its release counts as released from then on."""
    release, body = _release(call), call.fields
    environment = as_text(body.get("environment"))
    if not environment:
        raise Refusal(400, {"environment": ["This field is required."]})
    at = parse_time(body.get("dateFinished")) or call.practice.clock()
    started = parse_time(body.get("dateStarted"))
    deploy: Json = {
        "id": str(next(call.practice.sentry.ids)),
        "environment": environment,
        "name": as_text(body.get("name")),
        "url": as_text(body.get("url")),
        "dateStarted": sentry_time(started) if started else None,
        "dateFinished": sentry_time(at),
    }
    release.deploys = sorted([deploy, *release.deploys], key=lambda row: str(row["dateFinished"]), reverse=True)
    release.released = release.released or at
    return reply(deploy, 201)


def _release(call: Call) -> Release:
    release = call.practice.sentry.releases.get(call.path["version"])
    if release is None:
        raise missing()
    return release


def routes() -> list[Route]:
    """Every address of this module; a version may hold slashes."""
    org = "/api/0/organizations/{org}"
    release = org + "/releases/{version:path}"
    return [
        route("GET", f"{org}/projects/", list_projects),
        route("GET", f"{org}/releases/", list_releases),
        route("POST", f"{org}/releases/", create_release),
        route("GET", f"{release}/commits/", list_commits),
        route("GET", f"{release}/deploys/", list_deploys),
        route("POST", f"{release}/deploys/", create_deploy),
        route("GET", f"{release}/", read_release),
        route("GET", "/api/0/projects/{org}/{project}/events/{event}/committers/", list_committers),
    ]
