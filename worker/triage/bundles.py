"""Looks at a build folder before it ships: whether Sentry will find the map of every bundle, and the right one.

Pure: the folder comes as names with their times and a function that reads one file. At most one bundle and one map
are in memory at once. How Sentry looks: by debug id where bundle and map have one, else by release and path.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from worker.triage.address import split_address
from worker.triage.bundle_advice import Kind, advice
from worker.triage.bundle_file import Bundler, made_by, read_bundle
from worker.triage.bundle_findings import Complaints, Finding, Level, cut
from worker.triage.bundle_folder import ENDINGS, NO_BUNDLE, Folder, beside, bundles_in, map_of
from worker.triage.bundle_pair import compare, unnamed
from worker.triage.map_file import BadMapError, SourceMap, read_map

_OTHER_MAPS = re.compile(r"\.(?:css|d\.[cm]?ts)\.map$")
"""Maps of style sheets and of type declarations: Sentry uses neither."""
_SCRIPT = re.compile(
    r"<(?:script\b[^>]*?\bsrc|link\b[^>]*?\brel=[\"']?modulepreload\b[^>]*?\bhref)=[\"']?([^\"'\s>]+)", re.IGNORECASE
)
_SAME_BUILD_S = 120.0
"""Bundlers write both files in one go; what lies further apart was not one go."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a build folder holds. `by_id`: bundles that Sentry finds by debug id; `by_path`: the others' names there."""

    bundles: tuple[str, ...]
    by_id: int
    by_path: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def fine(self) -> int:
        """How many bundles have no error."""
        return len(set(self.bundles) - {one.file for one in self.findings if one.level is Level.ERROR})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A bundle, the file that is its map (None: inside or nowhere), whether debug ids pair them, and what is wrong."""

    path: str
    wrong: tuple[tuple[Level, Kind, str], ...]
    map_path: str | None = None
    debug_id: str | None = None
    paired: bool = False
    who: Bundler | None = None


def check(folder: Folder, seen: Callable[[str], None] = lambda _path: None) -> Checked:
    """Check every bundle of a folder. `seen` is told each bundle's path when it is done."""
    looked = []
    for path in bundles_in(folder.files):
        looked.append(_look(folder, path))
        seen(path)
    common = Counter(one.who for one in looked if one.who).most_common(1)
    usual = common[0][0] if common else None
    more = _across(folder, looked)
    findings = [
        Finding(path, level, kind, what, advice(kind, who or usual))
        for path, who, (level, kind, what) in [
            *((one.path, one.who, said) for one in looked for said in one.wrong),
            *more,
        ]
    ]
    findings += _paths(folder, [one.path for one in looked if not one.paired])
    if not looked:
        what = f"holds no {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} file"
        findings.append(Finding(".", Level.ERROR, Kind.NO_BUNDLES, what, advice(Kind.NO_BUNDLES, None)))
    return Checked(
        bundles=tuple(one.path for one in looked),
        by_id=sum(one.paired for one in looked),
        by_path=tuple(folder.address(one.path) for one in looked if not one.paired),
        findings=tuple(sorted(findings, key=lambda one: (one.file, one.level, one.kind))),
    )


# ---------------------------------------------------------------- one bundle


def _look(folder: Folder, path: str) -> _Seen:
    said = Complaints()
    try:
        bundle = read_bundle(path, data := folder.read(path))
    except UnicodeDecodeError as error:
        said.error(Kind.NOT_UTF8, f"is not UTF-8 (byte {error.start})")
        return _Seen(path, tuple(said.said))
    if bundle.told_release not in {None, folder.release}:
        said.error(Kind.OTHER_RELEASE, f"was built for release {bundle.told_release}, not {folder.release}")
    map_path, held = map_of(folder, bundle, said)
    parsed = _parsed(held, map_path, said)
    who = made_by(data.decode("utf-8-sig"), *(parsed.sources if parsed else ()))
    seen = _Seen(path, (), map_path, bundle.told_id or bundle.debug_id, who=who)
    if parsed is not None:
        seen = replace(seen, paired=compare(bundle, parsed, said))
        unnamed(bundle, map_path, seen.paired, said)
        _aged(folder, path, map_path, said)
    return replace(seen, wrong=tuple(said.said))


def _parsed(held: bytes | None, map_path: str | None, said: Complaints) -> SourceMap | None:
    if held is None:
        return None
    try:
        return read_map(held)
    except BadMapError as bad:
        said.error(Kind.MAP_BROKEN, f"has a map that cannot be used: {map_path or 'the one inside it'} {bad}")
        return None


def _aged(folder: Folder, path: str, map_path: str | None, said: Complaints) -> None:
    if map_path is None:
        return
    apart_s = folder.files[path] - folder.files[map_path]
    if apart_s > _SAME_BUILD_S:
        said.warning(Kind.MAP_OLDER, f"was written {apart_s / 60:.0f} minutes after its map {map_path}")


# ---------------------------------------------------------------- the folder as a whole

Said = tuple[str, Bundler | None, tuple[Level, Kind, str]]


def _across(folder: Folder, looked: Sequence[_Seen]) -> Iterator[Said]:
    """Maps and ids that two bundles share, and maps that none has."""
    maps = Counter(one.map_path for one in looked if one.map_path)
    ids = Counter(one.debug_id for one in looked if one.debug_id)
    for one in looked:
        others = ", ".join(other.path for other in looked if other is not one and other.map_path == one.map_path)
        if one.map_path and maps[one.map_path] > 1:
            yield (
                one.path,
                one.who,
                (Level.ERROR, Kind.MAP_SHARED, f"shares the map {one.map_path} with {cut(others)}"),
            )
        elif one.debug_id and ids[one.debug_id] > 1:
            yield (
                one.path,
                one.who,
                (Level.ERROR, Kind.ID_SHARED, f"shares debug id {one.debug_id} with another bundle"),
            )
    near = {path for one in looked for path in beside(one.path)}
    for path in sorted(folder.files.keys() - maps.keys() - near):
        if path.endswith(".map") and not _OTHER_MAPS.search(path) and not NO_BUNDLE.search(path):
            yield path, None, (Level.WARNING, Kind.MAP_LEFT_OVER, "is a map that no bundle here names or lies beside")


def _paths(folder: Folder, unpaired: Sequence[str]) -> Iterator[Finding]:
    """Bundles that a page of the folder loads from another path than Sentry would look under."""
    told = set()
    for page in sorted(
        path for path in folder.files if path.endswith((".html", ".htm")) and not NO_BUNDLE.search(path)
    ):
        for address in _SCRIPT.findall(folder.read(page).decode("utf-8", "replace")):
            loaded = unquote(split_address(address).path)
            fitting = [path for path in unpaired if loaded.endswith(f"/{path}")] if loaded.startswith("/") else []
            bundle = max(fitting, key=len, default=None)
            if bundle is None or bundle in told or loaded == f"{folder.prefix}{bundle}":
                continue
            told.add(bundle)
            right = f"~{loaded.removesuffix(bundle)}"
            what = f"is loaded by {page} as {cut(loaded)}, and Sentry would look for {folder.address(bundle)}"
            do = f"Give `--url-prefix {right}`, here and to the upload."
            yield Finding(bundle, Level.ERROR, Kind.OTHER_PATH, what, do)
