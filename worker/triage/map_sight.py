"""Whether one event could be read: frames decide, processing errors explain."""

from dataclasses import dataclass
from enum import StrEnum

from worker.event import Event, Frame
from worker.triage import cause_facts as facts
from worker.triage.address import split_address
from worker.triage.bundle_file import is_dense
from worker.triage.map_answers import Cause
from worker.triage.wording import is_minified

ERRORS: dict[str, Cause] = {
    "js_no_source": Cause.NO_MAP,
    "js_missing_source": Cause.NO_MAP,
    "js_invalid_source": Cause.BAD_MAP,
    "js_invalid_sourcemap": Cause.BAD_MAP,
    "js_invalid_source_encoding": Cause.BAD_MAP,
    "js_invalid_content": Cause.BAD_MAP,
    "js_invalid_sourcemap_location": Cause.OTHER_BUILD,
    "js_invalid_stack_frame_location": Cause.OTHER_BUILD,
    "js_missing_sources_content": Cause.NO_SOURCES,
    "js_no_column": Cause.NO_COLUMNS,
    "js_scraping_disabled": Cause.SCRAPING_OFF,
    "js_generic_fetch_error": Cause.UNREACHABLE,
    "js_invalid_http_code": Cause.UNREACHABLE,
    "js_fetch_timeout": Cause.UNREACHABLE,
    "fetch_generic_error": Cause.UNREACHABLE,
    "fetch_invalid_http_code": Cause.UNREACHABLE,
    "fetch_invalid_source_encoding": Cause.BAD_MAP,
    "fetch_timeout": Cause.UNREACHABLE,
    "restricted_ip": Cause.UNREACHABLE,
    "security_violation": Cause.UNREACHABLE,
    "js_too_large": Cause.TOO_LARGE,
    "js_too_many_sources": Cause.TOO_LARGE,
    "fetch_too_large": Cause.TOO_LARGE,
    "native_missing_dsym": Cause.NO_SYMBOLS,
    "native_missing_optionally_bundled_dsym": Cause.NO_SYMBOLS,
    "native_optionally_bundled_dsym": Cause.NO_SYMBOLS,
    "native_missing_symbol": Cause.NO_SYMBOLS,
    "native_unknown_image": Cause.NO_SYMBOLS,
    "native_bad_dsym": Cause.BAD_SYMBOLS,
    "native_symbolicator_failed": Cause.SYMBOLICATOR,
    "native_internal_failure": Cause.SYMBOLICATOR,
    "proguard_missing_mapping": Cause.NO_PROGUARD,
    "proguard_missing_lineno": Cause.NO_PROGUARD_LINES,
}
"""Sentry's event error types. Not here: symbols of the operating system, simulators and what is no matter of maps."""

_BROWSER = frozenset({"javascript", "node"})
_NATIVE = frozenset({"native", "cocoa", "objc", "c", "java", "csharp", "dart", "other"})
_FAR_COLUMN = 400
_PATHS_KEPT = 3
_PATH_KEPT = 160
_UNNAMED = frozenset({"", "?", "<unknown>", "<redacted>"})


class Read(StrEnum):
    """What an event shows of the maps of its release."""

    BROKEN = "broken"
    FINE = "fine"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Sight:
    """One event as evidence. `errors`: types that explain it; `paths`: files that could not be read, without query."""

    read: Read
    errors: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()

    @property
    def causes(self) -> frozenset[Cause]:
        """What the errors mean; without any the frames alone were seen to be minified."""
        return frozenset(ERRORS[one] for one in self.errors) or frozenset({Cause.MINIFIED})


def look(event: Event) -> Sight:
    """Judge one event. Other people's scripts, extensions and the operating system never count."""
    known = {error.type for error in event.errors if error.type in ERRORS}
    frames = [frame for thrown in event.exceptions for frame in thrown.frames if _is_ours(frame)]
    platform = (event.platform or "").lower()
    if platform in _BROWSER:
        return _in_browser(frames, {one for one in known if not one.startswith(("native_", "proguard_"))})
    if platform in _NATIVE or any(one.startswith(("native_", "proguard_")) for one in known):
        return _in_native(frames, {one for one in known if one.startswith(("native_", "proguard_"))})
    return Sight(Read.NOTHING)


def _is_ours(frame: Frame) -> bool:
    path = frame.abs_path or frame.filename or ""
    return frame.in_app is not False and not (
        facts.EXTENSION_ADDRESS.search(path) or facts.LIBRARY_PATH.search(path) or facts.VENDOR_HOSTS.search(path)
    )


def _in_browser(frames: list[Frame], errors: set[str]) -> Sight:
    """An error about a frame that reads well is about somebody else's; frames that say nothing prove nothing."""
    placed = [frame for frame in frames if frame.line is not None]
    built = [frame for frame in placed if _is_built(frame)]
    unread = [frame for frame in placed if not frame.context_line] if errors else []
    if errors and (built or unread):
        return Sight(Read.BROKEN, frozenset(errors), _paths([*built, *unread]))
    if built and len(built) * 2 >= len(placed):
        return Sight(Read.BROKEN, frozenset(), _paths(built))
    return Sight(Read.FINE if any(frame.context_line for frame in placed) else Read.NOTHING)


def _is_built(frame: Frame) -> bool:
    """Whether a frame still points into what a build wrote."""
    if frame.context_line:
        return "{snip}" in frame.context_line or is_dense(frame.context_line)
    return (frame.column or 0) > _FAR_COLUMN or (bool(frame.column) and is_minified(frame.function or "longer"))


def _in_native(frames: list[Frame], errors: set[str]) -> Sight:
    """Symbols that only packages lack leave our own frames with their names and lines."""
    bare = [frame for frame in frames if (frame.function or "") in _UNNAMED or frame.line is None]
    garbled = [frame for frame in frames if is_minified((frame.module or "longer").rsplit(".", 1)[-1])]
    unread = [*bare, *(garbled if any(one.startswith("proguard_") for one in errors) else ())]
    if errors and (unread or not frames):
        return Sight(Read.BROKEN, frozenset(errors), _paths(unread))
    return Sight(Read.FINE if frames and not unread else Read.NOTHING)


def _paths(frames: list[Frame]) -> tuple[str, ...]:
    """Newest first, each once; without the query, in which secrets travel."""
    told = (frame.abs_path or frame.filename or frame.module or "" for frame in reversed(frames))
    return tuple(dict.fromkeys(path for one in told if (path := _path(one))))[:_PATHS_KEPT]


def _path(told: str) -> str:
    split = split_address(told)
    host = split.netloc.rpartition("@")[2]
    shown = f"{split.scheme}://{host}{split.path}" if host else told.partition("?")[0].partition("#")[0]
    return shown[:_PATH_KEPT]
