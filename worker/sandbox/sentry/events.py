"""Events of the practice Sentry: list, read, grouping hashes, source map state."""

from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.sentry import event_shapes
from worker.sandbox.sentry.door import found_issue, missing, paged, route
from worker.sandbox.sentry.incoming import Incoming, frames_of
from worker.sandbox.sentry.records import SentryIssue
from worker.sandbox.values import Json, as_dict, as_list, as_text
from worker.sandbox.wire import Call, reply


def list_events(call: Call) -> Response:
    """The kept events of an issue, newest first."""
    issue = found_issue(call)
    full = call.query("full") in {"true", "1"}
    world = call.practice.sentry
    rows = [
        event_shapes.event_detail(event, issue, world) if full else event_shapes.event_row(event, issue)
        for event in _newest_first(issue)
    ]
    return paged(call, list(rows))


def read_event(call: Call) -> Response:
    """One event by id, or `latest`, `oldest`, `recommended`."""
    issue = found_issue(call)
    events = _newest_first(issue)
    name = call.path["event"]
    if name in {"latest", "recommended"}:
        chosen = events[:1]
    elif name == "oldest":
        chosen = events[-1:]
    else:
        chosen = [event for event in events if event.id == name]
    if not chosen:
        raise missing()
    return reply(event_shapes.event_detail(chosen[0], issue, call.practice.sentry))


def read_project_event(call: Call) -> Response:
    """One event of a project by id."""
    event, issue = _project_event(call)
    return reply(event_shapes.event_detail(event, issue, call.practice.sentry))


def list_hashes(call: Call) -> Response:
    """The grouping hashes of an issue, each with its newest kept event."""
    issue = found_issue(call)
    newest = _newest_first(issue)
    world = call.practice.sentry
    latest = event_shapes.event_detail(newest[0], issue, world) if newest else None
    rows: list[object] = [
        {"id": digest, "latestEvent": latest, "mergedBySeer": False, "seerMatchDistance": None}
        for digest in issue.hashes
    ]
    return paged(call, rows)


def source_map_debug(call: Call) -> Response:
    """Why the frames of an event are not readable: nothing was uploaded, unless a frame says it was mapped.

    Debug ids are those that the SDK sent (`debug_meta`, docs.sentry.io/platforms/javascript/sourcemaps).
    """
    event, _issue = _project_event(call)
    mapped = any(_mapped(frame) for value in event.exceptions for frame in frames_of(value))
    release = {"release": event.release, "dist": as_text(event.raw.get("dist"))}
    ids = _debug_ids(event)
    frames = [[_frame_debug(frame, mapped, ids) for frame in frames_of(value)] for value in event.exceptions]
    return reply(
        {
            **release,
            "exceptions": [{"frames": rows} for rows in frames],
            "has_debug_ids": bool(ids),
            "min_debug_id_sdk_version": "7.56.0",
            "sdk_version": as_text(as_dict(event.raw.get("sdk")).get("version")),
            "project_has_some_artifact_bundle": mapped,
            "release_has_some_artifact": mapped,
            "has_uploaded_some_artifact_with_a_debug_id": mapped and bool(ids),
            "sdk_debug_id_support": "full",
            "has_scraping_data": False,
        }
    )


def _mapped(frame: Json) -> bool:
    return bool(as_dict(frame.get("data")).get("sourcemap"))


def _debug_ids(event: Incoming) -> dict[str, str]:
    """Address of a bundle to its debug id."""
    images = [image for image in as_list(as_dict(event.raw.get("debug_meta")).get("images")) if isinstance(image, dict)]
    told = ((as_text(image.get("code_file")), as_text(image.get("debug_id"))) for image in images)
    return {file: found for file, found in told if file and found}


def _frame_debug(frame: Json, mapped: bool, ids: dict[str, str]) -> Json:
    path = as_text(frame.get("abs_path")) or as_text(frame.get("filename")) or ""
    lookup = "found" if mapped else "unsuccessful"
    debug_id = ids.get(path)
    return {
        "debug_id_process": {
            "debug_id": debug_id,
            "uploaded_source_file_with_correct_debug_id": mapped and debug_id is not None,
            "uploaded_source_map_with_correct_debug_id": mapped and debug_id is not None,
        },
        "release_process": {
            "abs_path": path,
            "matching_source_file_names": [path, *([f"~{urlsplit(path).path}"] if "://" in path else [])],
            "matching_source_map_name": f"{path}.map" if mapped else None,
            "source_map_reference": f"{path}.map" if mapped else None,
            "source_file_lookup_result": lookup,
            "source_map_lookup_result": lookup,
        },
        "scraping_process": {"source_file": None, "source_map": None},
    }


def _newest_first(issue: SentryIssue) -> list[Incoming]:
    return sorted(issue.events, key=lambda event: event.at, reverse=True)


def _project_event(call: Call) -> tuple[Incoming, SentryIssue]:
    """The event of the path with its issue."""
    world = call.practice.sentry
    project = next((found for found in world.projects.values() if call.path["project"] in {found.id, found.slug}), None)
    issue = world.find(world.event_ids.get((project.id, call.path["event"]), "")) if project else None
    event = next((event for event in issue.events if event.id == call.path["event"]), None) if issue else None
    if issue is None or event is None:
        raise missing()
    return event, issue


def routes() -> list[Route]:
    """Every address of this module."""
    issue = "/api/0/organizations/{org}/issues/{issue}"
    project = "/api/0/projects/{org}/{project}/events/{event}"
    return [
        route("GET", f"{issue}/events/", list_events),
        route("GET", f"{issue}/events/{{event}}/", read_event),
        route("GET", f"{issue}/hashes/", list_hashes),
        route("GET", f"{project}/", read_project_event),
        route("GET", f"{project}/source-map-debug/", source_map_debug),
    ]
