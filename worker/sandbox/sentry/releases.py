"""Releases, deploys and projects of the practice Sentry."""

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.clock import parse_time, sentry_time
from worker.sandbox.seed import ORG
from worker.sandbox.sentry import shapes
from worker.sandbox.sentry.door import missing, paged, route, several
from worker.sandbox.sentry.records import Release
from worker.sandbox.sentry.world import SentryWorld
from worker.sandbox.values import Json, as_list, as_text
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
    return reply(shapes.release(release, world), 208 if existed else 201)


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
        route("GET", f"{release}/deploys/", list_deploys),
        route("POST", f"{release}/deploys/", create_deploy),
        route("GET", f"{release}/", read_release),
    ]
