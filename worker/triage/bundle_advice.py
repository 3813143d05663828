"""What to do about a bundle and its map, in the words of the bundler that built them."""

from collections.abc import Mapping
from enum import StrEnum

from worker.triage.bundle_file import Bundler


class Kind(StrEnum):
    """What can be wrong with a build folder."""

    NO_BUNDLES = "no-bundles"
    NOT_UTF8 = "not-utf8"
    NO_MAP = "no-map"
    EVAL_MAP = "eval-map"
    UNNAMED_MAP = "unnamed-map"
    MAP_MISSING = "map-missing"
    MAP_REMOTE = "map-remote"
    MAP_INLINE = "map-inline"
    MAP_BROKEN = "map-broken"
    MAP_EMPTY = "map-empty"
    OTHER_BUILD = "other-build"
    MAP_OLDER = "map-older"
    MAP_SHARED = "map-shared"
    MAP_LEFT_OVER = "map-left-over"
    NO_SOURCES = "no-sources"
    IDS_DIFFER = "ids-differ"
    ID_ON_ONE_SIDE = "id-on-one-side"
    ID_UNTOLD = "id-untold"
    ID_SHARED = "id-shared"
    OTHER_PATH = "other-path"
    OTHER_RELEASE = "other-release"


_INJECT = "Run `sentry-cli sourcemaps inject` on the finished folder, after whatever rewrites bundles."
_AGAIN = "Empty the output folder and build again"
_MAKE: Mapping[Bundler, str] = {
    Bundler.ESBUILD: "`--sourcemap=linked`",
    Bundler.WEBPACK: "`devtool: 'source-map'`, or 'hidden-source-map'",
    Bundler.VITE: "`build.sourcemap: true`, or 'hidden'",
    Bundler.ROLLUP: "`output.sourcemap: true`, or 'hidden'",
}
_EMBED: Mapping[Bundler, str] = {
    Bundler.ESBUILD: "leave out `--sources-content=false`",
    Bundler.WEBPACK: "use `devtool: 'source-map'` or 'hidden-source-map', not one with 'nosources'",
    Bundler.VITE: "leave out `build.rollupOptions.output.sourcemapExcludeSources`",
    Bundler.ROLLUP: "leave out `output.sourcemapExcludeSources`",
}
_OUTSIDE: Mapping[Bundler, str] = {
    Bundler.ESBUILD: "`--sourcemap=external`",
    Bundler.WEBPACK: "`devtool: 'hidden-source-map'`",
    Bundler.VITE: "`build.sourcemap: 'hidden'`",
    Bundler.ROLLUP: "`output.sourcemap: 'hidden'`",
}
_EMPTY_FIRST: Mapping[Bundler, str] = {
    Bundler.WEBPACK: "`output.clean: true`",
    Bundler.VITE: "`build.emptyOutDir: true`",
}
_BY_BUNDLER: Mapping[Kind, tuple[str, Mapping[Bundler, str]]] = {
    Kind.NO_MAP: ("Have maps made, and let every later step hand them on", _MAKE),
    Kind.MAP_EMPTY: ("Have maps made, and let every later step hand them on", _MAKE),
    Kind.EVAL_MAP: ("This is a development build. Build for production, with a map", _MAKE),
    Kind.MAP_INLINE: ("Write maps beside the bundles", _OUTSIDE),
    Kind.NO_SOURCES: ("Embed the sources", _EMBED),
}
_PLAIN: Mapping[Kind, str] = {
    Kind.NO_BUNDLES: "Give the folder that the build writes and that you ship, such as dist.",
    Kind.NOT_UTF8: "Write the bundle as UTF-8: Sentry reads no other.",
    Kind.MAP_MISSING: "Put the map where its bundle says, or check before a later step moves or deletes the maps.",
    Kind.MAP_BROKEN: f"{_AGAIN}; where it stays so, a later step cuts or rewrites the map.",
    Kind.MAP_REMOTE: f"{_INJECT} Then the address does not matter to Sentry.",
    Kind.UNNAMED_MAP: f"{_INJECT} Or upload with sentry-cli, which pairs them by name.",
    Kind.MAP_SHARED: "Give each bundle a map of its own: copies and renamed bundles need a build of their own.",
    Kind.MAP_LEFT_OVER: "Delete it, or empty the output folder before each build.",
    Kind.IDS_DIFFER: f"{_AGAIN}, then inject once: `sentry-cli sourcemaps inject` gives both sides the same id.",
    Kind.ID_ON_ONE_SIDE: f"{_AGAIN}, then inject once: `sentry-cli sourcemaps inject` gives both sides the same id.",
    Kind.ID_UNTOLD: "Leave out the bundler's own debug ids (rollup: `output.sourcemapDebugIds`) and let "
    "`sentry-cli sourcemaps inject` or Sentry's plugin write them, with the snippet that tells them.",
    Kind.ID_SHARED: f"{_AGAIN}, then inject once, so that no two files carry one id.",
    Kind.OTHER_RELEASE: "Build and upload under the same release: set it in one place, such as SENTRY_RELEASE.",
}


def advice(kind: Kind, who: Bundler | None) -> str:
    """One or two sentences that say what to change; every bundler's option where nobody knows who built it."""
    if kind in _BY_BUNDLER:
        return _sentence(*_BY_BUNDLER[kind], who)
    if kind in {Kind.OTHER_BUILD, Kind.MAP_OLDER}:
        more = f" ({_EMPTY_FIRST[who]})" if who is not None and who in _EMPTY_FIRST else ""
        return f"{_AGAIN}{more}; let nothing change bundles afterwards."
    return _PLAIN[kind]


def _sentence(what: str, options: Mapping[Bundler, str], who: Bundler | None) -> str:
    if who is not None:
        return f"{what} ({who}): {options[who]}."
    return f"{what}: " + "; ".join(f"{name}: {option}" for name, option in options.items()) + "."
