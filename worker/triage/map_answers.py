"""What Sentry answers to why a JavaScript event is not readable, and the cause that follows from it."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why the frames of a release do not name its code."""

    NO_RELEASE = "no-release"
    NOTHING_UPLOADED = "nothing-uploaded"
    NOT_THIS_RELEASE = "not-this-release"
    OTHER_DIST = "other-dist"
    OTHER_PATH = "other-path"
    NO_REFERENCE = "no-reference"
    MAP_NOT_UPLOADED = "map-not-uploaded"
    ID_NOT_UPLOADED = "id-not-uploaded"
    ID_WITHOUT_MAP = "id-without-map"
    OLD_SDK = "old-sdk"
    NO_MAP = "no-map"
    BAD_MAP = "bad-map"
    OTHER_BUILD = "other-build"
    NO_SOURCES = "no-sources"
    NO_COLUMNS = "no-columns"
    SCRAPING_OFF = "scraping-off"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too-large"
    MINIFIED = "minified"
    NO_SYMBOLS = "no-symbols"
    BAD_SYMBOLS = "bad-symbols"
    SYMBOLICATOR = "symbolicator"
    NO_PROGUARD = "no-proguard"
    NO_PROGUARD_LINES = "no-proguard-lines"


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """How Sentry looked for one frame. `file_found`, `map_found`: `found`, `wrong-dist`, `unsuccessful`, None untold.

    By debug id: `debug_id`, `id_file`, `id_map` (whether the two were uploaded with it). By release: `path` is what the
    browser told, `looked_for` the names Sentry tried, `reference` the map that the uploaded file names.
    """

    path: str | None = None
    debug_id: str | None = None
    id_file: bool = False
    id_map: bool = False
    file_found: str | None = None
    map_found: str | None = None
    looked_for: tuple[str, ...] = ()
    reference: str | None = None
    unscraped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapAnswer:
    """The answer about one event. `any_upload`: the project has artifacts; `release_upload`: this release has.

    `sdk_support`: of debug ids: `full`, `needs-upgrade`, `not-supported`, `unofficial-sdk`.
    """

    release: str | None = None
    dist: str | None = None
    frames: tuple[FrameAnswer, ...] = ()
    any_upload: bool = False
    release_upload: bool = False
    id_upload: bool = False
    sdk_support: str | None = None
    sdk_version: str | None = None
    sdk_needed: str | None = None


def cause_of(answer: MapAnswer) -> tuple[Cause, FrameAnswer] | None:
    """The cause that most frames have, with the first of them; None when Sentry found what it looked for.

    Frames of packages say nothing: Sentry looks for no maps of theirs.
    """
    ours = [frame for frame in answer.frames if frame.path and "node_modules" not in frame.path]
    judged = [(cause, frame) for frame in ours if (cause := _of_frame(answer, frame)) is not None]
    if not judged:
        return None
    most = Counter(cause for cause, _ in judged).most_common(1)[0][0]
    return next(pair for pair in judged if pair[0] is most)


def _of_frame(answer: MapAnswer, frame: FrameAnswer) -> Cause | None:
    if frame.id_map and frame.id_file:
        return None
    if frame.file_found == "found" and frame.map_found == "found":
        return None
    if frame.debug_id:
        return Cause.ID_WITHOUT_MAP if frame.id_file else Cause.ID_NOT_UPLOADED
    return _by_release(answer, frame)


def _by_release(answer: MapAnswer, frame: FrameAnswer) -> Cause:
    if "wrong-dist" in {frame.file_found, frame.map_found}:
        return Cause.OTHER_DIST
    if frame.file_found == "found":
        return Cause.MAP_NOT_UPLOADED if frame.reference else Cause.NO_REFERENCE
    if answer.release_upload:
        return Cause.OTHER_PATH
    if answer.id_upload and answer.sdk_support in {"needs-upgrade", "not-supported"}:
        return Cause.OLD_SDK
    if not answer.release:
        return Cause.NO_RELEASE
    return Cause.NOT_THIS_RELEASE if answer.any_upload else Cause.NOTHING_UPLOADED
