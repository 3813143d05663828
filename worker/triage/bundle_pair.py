"""Whether a bundle and the map that was found for it belong together and say enough."""

import re

from worker.triage.bundle_advice import Kind
from worker.triage.bundle_file import Bundle
from worker.triage.bundle_findings import Complaints, cut
from worker.triage.map_file import SourceMap

_VENDOR = re.compile(r"node_modules/|(?:^|/)webpack/|^\x00|^vite/")


def compare(bundle: Bundle, parsed: SourceMap, said: Complaints) -> bool:
    """Whether the debug ids of both sides pair them; complains about whatever does not fit."""
    _fits(bundle, parsed, said)
    _embedded(parsed, said)
    return _paired(bundle.debug_id, bundle.told_id, parsed.debug_id, said)


def _paired(mine: str | None, told: str | None, other: str | None, said: Complaints) -> bool:
    """Ids of the bundle's comment, of its snippet and of the map.

    The snippet alone is how Sentry's bundler plugins leave a folder: they write the other two into what they upload.
    """
    if len({one for one in (mine, told, other) if one}) > 1:
        ids = f"{mine or told} in the bundle, {other} in the map" if other else f"{mine} and {told} in the bundle"
        said.error(Kind.IDS_DIFFER, f"has other debug ids than its map: {ids}")
    elif mine and not other:
        said.error(Kind.ID_ON_ONE_SIDE, f"names a debug id ({mine}), and its map has none")
    elif other and not mine:
        lost = "the bundle has lost its comment `//# debugId=`" if told else "the bundle has none"
        said.error(Kind.ID_ON_ONE_SIDE, f"has a map with a debug id ({other}), and {lost}")
    elif mine and not told:
        said.warning(Kind.ID_UNTOLD, f"has debug id {mine}, but nothing in it tells Sentry's SDK while it runs")
    else:
        return bool(told)
    return False


def _fits(bundle: Bundle, parsed: SourceMap, said: Complaints) -> None:
    """A map that reaches beyond the bundle belongs to another one."""
    if not parsed.reach:
        said.error(Kind.MAP_EMPTY, "has a map that maps nothing")
        return
    last = max(parsed.reach)
    if last >= len(bundle.widths):
        what = f"has {len(bundle.widths)} lines, and its map goes on to line {last + 1}"
        said.error(Kind.OTHER_BUILD, f"{what}: it belongs to another build")
        return
    beyond = [line for line, column in parsed.reach.items() if column > bundle.widths[line]]
    if beyond:
        has, reached = bundle.widths[beyond[0]], parsed.reach[beyond[0]] + 1
        what = f"line {beyond[0] + 1} has {has} characters, its map goes on to column {reached}"
        said.error(Kind.OTHER_BUILD, f"does not fit its map: {what}. It belongs to another build")


def _embedded(parsed: SourceMap, said: Complaints) -> None:
    """The text of every source of ours must be inside; vendors' code is a comfort."""
    lacking = [source for source, there in zip(parsed.sources, parsed.embedded, strict=True) if not there]
    ours = [source for source in lacking if not _VENDOR.search(source)]
    if not lacking:
        return
    told = f"has a map without the text of {len(lacking)} of {len(parsed.sources)} sources"
    if ours:
        said.error(
            Kind.NO_SOURCES, f"{told}, such as {cut(ours[0]) or 'one without a name'}: Sentry can show no line of them"
        )
    else:
        said.warning(Kind.NO_SOURCES, f"{told}; all of them are of packages (node_modules), none is yours")


def unnamed(bundle: Bundle, map_path: str | None, paired: bool, said: Complaints) -> None:
    """A map that only its name leads to: some tools look for it there."""
    if bundle.reference is None and not paired:
        said.warning(Kind.UNNAMED_MAP, f"does not name its map {map_path}, and has no debug id that leads to it")
