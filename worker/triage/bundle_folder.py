"""A build folder, and which file of it is the map of a bundle."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from worker.triage.address import split_address
from worker.triage.bundle_advice import Kind
from worker.triage.bundle_file import Bundle, inline_map
from worker.triage.bundle_findings import Complaints, cut

ENDINGS = (".js", ".mjs", ".cjs")
NO_BUNDLE = re.compile(r"(?:^|/)(?:node_modules|\.[^/]+)/")

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Folder:
    """A build folder: its files by path relative to it with the time each was written, and how to read one."""

    files: Mapping[str, float]
    read: Read
    release: str
    prefix: str
    """The path under which the folder is served, with a slash at both ends."""

    def address(self, bundle: str) -> str:
        """How Sentry calls a bundle of this folder."""
        return f"~{self.prefix}{bundle}"


def prefix_of(told: str) -> str | None:
    """The path in a URL prefix (`~/static`, `/static`, `https://host/static`) with slashes around; None: it is none."""
    path = told.removeprefix("~") if told.startswith(("~/", "/")) else None
    if told in {"", "~"}:
        path = ""
    elif path is None and split_address(told).scheme in {"http", "https"} and split_address(told).netloc:
        path = split_address(told).path
    return None if path is None else f"/{path.strip('/')}/".replace("//", "/")


def bundles_in(files: Iterable[str]) -> list[str]:
    """The bundles among files, sorted: JavaScript outside of node_modules and of hidden folders."""
    return sorted(path for path in files if path.endswith(ENDINGS) and not NO_BUNDLE.search(path))


def map_of(folder: Folder, bundle: Bundle, said: Complaints) -> tuple[str | None, bytes | None]:
    """The path of a bundle's map, None when it is inside, and its bytes, None when there is none."""
    if bundle.reference is None:
        near = next((path for path in beside(bundle.path) if path in folder.files), None)
        if near is None:
            _unmapped(bundle, said)
        return near, None if near is None else folder.read(near)
    inside = inline_map(bundle.reference)
    if inside is not None:
        said.warning(Kind.MAP_INLINE, "carries its map inside: every visitor downloads your sources with it")
        return None, inside
    there = _resolved(folder, bundle.path, bundle.reference)
    if there is None:
        said.error(
            Kind.MAP_MISSING,
            f"names the map {cut(bundle.reference)}, which is not in the folder{_else(folder, bundle)}",
        )
        return None, None
    if split_address(bundle.reference).netloc and not bundle.debug_id:
        said.warning(Kind.MAP_REMOTE, f"names its map by the address {cut(bundle.reference)}; here it lies at {there}")
    return there, folder.read(there)


def _unmapped(bundle: Bundle, said: Complaints) -> None:
    if bundle.evals:
        said.error(Kind.EVAL_MAP, "runs its modules by eval, with a map in each: Sentry reads no such maps")
    elif bundle.minified:
        said.error(Kind.NO_MAP, "is minified and has no map: it names none, and none lies beside it")
    else:
        said.warning(Kind.NO_MAP, "has no map: its own lines are readable, but they are not those of your sources")


def beside(path: str) -> tuple[str, ...]:
    """Where tools look for the map of a bundle that names none (sentry-cli does as well)."""
    stem = posixpath.splitext(path)[0]
    return (f"{path}.map", f"{stem}.map", f"{stem.removesuffix('.min')}{posixpath.splitext(path)[1]}.map")


def _resolved(folder: Folder, path: str, reference: str) -> str | None:
    """The file that a reference means: relative to the bundle, or by what an absolute address ends in."""
    split = split_address(reference)
    named = unquote(split.path)
    if not split.netloc and not named.startswith("/"):
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
        return there if there in folder.files else None
    if named.startswith(folder.prefix) and named.removeprefix(folder.prefix) in folder.files:
        return named.removeprefix(folder.prefix)
    fitting = [file for file in folder.files if f"/{named.lstrip('/')}".endswith(f"/{file}")]
    near = posixpath.join(posixpath.dirname(path), posixpath.basename(named))
    return max(fitting, key=len) if fitting else (near if near in folder.files else None)


def _else(folder: Folder, bundle: Bundle) -> str:
    """Where a map of the right name lies instead."""
    name = posixpath.basename(unquote(split_address(bundle.reference or "").path))
    wanted = {name, posixpath.basename(bundle.path) + ".map"}
    found = sorted(path for path in folder.files if posixpath.basename(path) in wanted)
    return f"; {found[0]} is" if found else ""
