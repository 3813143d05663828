"""Asks Sentry why the frames of a JavaScript event are not readable.

Contract: GET /projects/{org}/{project}/events/{event_id}/source-map-debug/ (docs.sentry.io/api/events).
"""

from urllib.parse import quote

from worker.ends.answers import Absent, Call, Forbidden
from worker.ends.loose import Loose, dig, flag, items, mapping, objects, text
from worker.ends.sentry_site import SentrySite
from worker.model import Project
from worker.triage.map_answers import FrameAnswer, MapAnswer

_FRAMES_KEPT = 200
_NAMES_KEPT = 20


def ask_about_maps(site: SentrySite, org: str, project: Project, event_id: str) -> MapAnswer | None:
    """One read. None where Sentry does not know the event (any more), or does not tell us."""
    needs = "the scope project:read"
    call = Call("Sentry", f"the source maps of event {event_id}", needs=needs, item=event_id)
    there = (quote(part, safe="") for part in (project.slug or project.id, event_id))
    path = "projects/{}/{}/events/{}/source-map-debug/".format(org, *there)
    try:
        return read_map_answer(mapping(site.get(call, path)))
    except (Absent, Forbidden):
        return None


def read_map_answer(data: Loose) -> MapAnswer:
    """Read the answer; frames of all exceptions, in their order."""
    rows = [frame for one in objects(data.get("exceptions")) for frame in objects(one.get("frames"))]
    return MapAnswer(
        release=text(data.get("release")),
        dist=text(data.get("dist")),
        frames=tuple(map(_frame, rows[:_FRAMES_KEPT])),
        any_upload=_is(data, "project_has_some_artifact_bundle"),
        release_upload=_is(data, "release_has_some_artifact"),
        id_upload=_is(data, "has_uploaded_some_artifact_with_a_debug_id"),
        sdk_support=text(data.get("sdk_debug_id_support")),
        sdk_version=text(data.get("sdk_version")),
        sdk_needed=text(data.get("min_debug_id_sdk_version")),
    )


def _frame(row: Loose) -> FrameAnswer:
    by_id, by_release = mapping(row.get("debug_id_process")), mapping(row.get("release_process"))
    scraped = [dig(row, "scraping_process", which) for which in ("source_file", "source_map")]
    names = [name for told in items(by_release.get("matching_source_file_names")) if (name := text(told))]
    return FrameAnswer(
        path=text(by_release.get("abs_path")),
        debug_id=text(by_id.get("debug_id")),
        id_file=_is(by_id, "uploaded_source_file_with_correct_debug_id"),
        id_map=_is(by_id, "uploaded_source_map_with_correct_debug_id"),
        file_found=text(by_release.get("source_file_lookup_result")),
        map_found=text(by_release.get("source_map_lookup_result")),
        looked_for=tuple(names[:_NAMES_KEPT]),
        reference=text(by_release.get("source_map_reference")),
        unscraped=tuple(reason for one in scraped if (reason := text(dig(one, "reason")))),
    )


def _is(data: Loose, name: str) -> bool:
    return flag(data.get(name)) is True
