"""What a cause means and what to do about it, in words for the people who ship the release."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.triage.map_answers import Cause


@dataclass(frozen=True, slots=True)
class Said:
    """`short`: a few words; `what`: one sentence; both may carry texts of events. `do`: steps in Markdown of ours."""

    short: str
    what: str
    do: tuple[str, ...]


_LATER = "Events that are there already stay as they are: the next ones will read well."
_CHECK = "Before each upload, run `bugferry sourcemaps check` on the build folder."
_EMBED = (
    "Embed sources: webpack: no 'nosources' in `devtool`; rollup, vite: no `sourcemapExcludeSources`; "
    "esbuild: no `--sources-content=false`."
)
_IDS = "Inject debug ids (`sentry-cli sourcemaps inject`) after the last step that writes bundles, then upload."

_WORDS: Mapping[Cause, tuple[str, str, tuple[str, ...]]] = {
    Cause.NO_RELEASE: (
        "events name no release",
        "The events name no release and no debug id, so Sentry cannot tell which maps are theirs.",
        (_IDS, "Or set `release` in the SDK's options to the one under which the maps are uploaded."),
    ),
    Cause.NOTHING_UPLOADED: (
        "no maps were ever uploaded",
        "No source map was ever uploaded for this project.",
        ("Upload the maps in the step that deploys: `sentry-cli sourcemaps inject`, then `upload`.", _CHECK),
    ),
    Cause.NOT_THIS_RELEASE: (
        "no maps for this release",
        "The project has maps of other releases, and none of {release}.",
        (
            "See whether the upload ran for this release; make its failure stop the deploy.",
            "Give SDK and upload the same release, from one place.",
        ),
    ),
    Cause.OTHER_DIST: (
        "maps are of another dist",
        "Release {release} has maps for a different dist than that of the events ({dist}).",
        (
            "Upload with the `--dist` that the SDK sends, or leave `dist` out on both sides.",
            "With debug ids neither matters: `sentry-cli sourcemaps inject` before the upload.",
        ),
    ),
    Cause.OTHER_PATH: (
        "maps lie under other paths",
        "Release {release} has artifacts, but none under the path from which browsers load {path}.",
        ("Upload with the `--url-prefix` under which the bundles are served.", _CHECK),
    ),
    Cause.NO_REFERENCE: (
        "bundles name no map",
        "The bundle of {path} was uploaded, but it names no map.",
        ("Keep the line `//# sourceMappingURL=` in the uploaded bundle, or inject debug ids.", _CHECK),
    ),
    Cause.MAP_NOT_UPLOADED: (
        "the named map was not uploaded",
        "The bundle of {path} was uploaded and names the map {reference}, which was not.",
        ("Upload bundles and maps together, before a step deletes the maps.", _CHECK),
    ),
    Cause.ID_NOT_UPLOADED: (
        "bundles with these debug ids were not uploaded",
        "The events carry debug id {debug_id}, and nothing with it was uploaded.",
        ("Upload what was injected: the same build, after `sentry-cli sourcemaps inject`, and no build between.",),
    ),
    Cause.ID_WITHOUT_MAP: (
        "the maps of these debug ids were not uploaded",
        "The bundle with debug id {debug_id} was uploaded without its map.",
        ("Upload bundles and maps together, before a step deletes the maps.", _CHECK),
    ),
    Cause.OLD_SDK: (
        "the SDK sends no debug ids",
        "The maps were uploaded with debug ids, and the SDK of the events ({sdk}) does not send any.",
        ("Update Sentry's SDK{needed}.", "Until then, upload with `--release` and `--url-prefix` as well."),
    ),
    Cause.NO_MAP: (
        "bundles or maps not found",
        "Sentry found no bundle or no map for {path} of release {release}.",
        (
            "See that the upload ran for exactly this release and dist, and made its failure stop the deploy.",
            _IDS,
            _CHECK,
        ),
    ),
    Cause.BAD_MAP: (
        "maps are damaged",
        "Sentry found a bundle or a map for {path}, but could not read it.",
        ("See whether a page such as a login stands where the map should.", _CHECK),
    ),
    Cause.OTHER_BUILD: (
        "maps are of another build",
        "The map of {path} does not fit the bundle that browsers run: places lead outside of it.",
        ("Build once, and upload the very files that are deployed.", "Change nothing in bundles after that.", _CHECK),
    ),
    Cause.NO_SOURCES: (
        "maps carry no sources",
        "The maps of release {release} have no sources inside, so names are right but no line of code is shown.",
        (
            _EMBED,
            _CHECK,
        ),
    ),
    Cause.NO_COLUMNS: (
        "frames have no columns",
        "The frames name lines but no columns, and a minified bundle is one line.",
        ("Find out which browser or which wrapper of `window.onerror` drops the column.",),
    ),
    Cause.SCRAPING_OFF: (
        "no uploaded maps, and fetching them is switched off",
        "No map was uploaded for {path}, and the project forbids Sentry to fetch it from the web.",
        ("Upload the maps (better than to switch fetching on: it needs no public maps).", _IDS),
    ),
    Cause.UNREACHABLE: (
        "Sentry cannot fetch the maps",
        "No map was uploaded for {path}, and Sentry cannot fetch it from the web.",
        ("Upload the maps instead of letting Sentry fetch them.", _IDS),
    ),
    Cause.TOO_LARGE: (
        "bundles or maps are too large",
        "A bundle or a map of {path} is larger than Sentry takes.",
        ("Split the bundle.", "Upload the maps: the limit for fetched files is lower."),
    ),
    Cause.MINIFIED: (
        "frames are minified",
        "The frames of release {release} point into minified bundles, and Sentry reports no reason.",
        ("See that the upload ran for exactly this release and dist.", _IDS, _CHECK),
    ),
    Cause.NO_SYMBOLS: (
        "debug symbols are missing",
        "Sentry has no debug symbols of the binaries of release {release}.",
        (
            "Upload them in the step that builds: `sentry-cli debug-files upload --include-sources`.",
            "Keep the symbols of exactly this build: another build of the same code has other ids.",
        ),
    ),
    Cause.BAD_SYMBOLS: (
        "debug symbols are damaged",
        "Sentry has debug symbols of release {release}, but cannot read them.",
        ("See with `sentry-cli debug-files check` what it makes of the file, and upload a whole one.",),
    ),
    Cause.SYMBOLICATOR: (
        "Sentry could not symbolicate",
        "Sentry's own symbolication failed on events of release {release}.",
        ("Reprocess the issue later; where it stays so, look at the status of Sentry or at its symbolicator.",),
    ),
    Cause.NO_PROGUARD: (
        "the ProGuard mapping is missing",
        "Sentry has no ProGuard or R8 mapping of release {release}.",
        (
            "Upload `mapping.txt` with Sentry's Gradle plugin, or `sentry-cli upload-proguard`.",
            "Its id must be that of the app: the plugin writes both in one build.",
        ),
    ),
    Cause.NO_PROGUARD_LINES: (
        "the ProGuard mapping has no lines",
        "The ProGuard or R8 mapping of release {release} has no line numbers.",
        ("Add `-keepattributes SourceFile,LineNumberTable` to the rules, build again and upload.",),
    ),
}


def say(cause: Cause, release: str, facts: Mapping[str, Any]) -> Said:
    """Put a cause in words (the facts are JSON, hence Any)."""
    short, what, do = _WORDS[cause]
    needed = facts.get("needed")
    known = {
        "release": release or "(none)",
        "dist": facts.get("dist") or "none",
        "path": facts.get("path") or "the bundles",
        "reference": facts.get("reference") or "it needs",
        "debug_id": facts.get("debug_id") or "of a build",
        "sdk": facts.get("sdk") or "an old one",
    }
    steps = tuple(step.replace("{needed}", f" to {needed} or later" if _is_version(needed) else "") for step in do)
    return Said(short, what.format_map(known), (*steps, _LATER))


def _is_version(told: object) -> bool:
    """Steps are Markdown as they stand: only plain digits and dots go into them."""
    return isinstance(told, str) and 0 < len(told) < 20 and told.replace(".", "").isdecimal()  # noqa: PLR2004 -- a version
