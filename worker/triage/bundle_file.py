"""Reads one built JavaScript file: which map it names, its debug ids, whether a person could read it, who built it."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_to_bytes

_REFERENCE = re.compile(r"//[#@][ \t]*sourceMappingURL=([^\s'\"`\\]+)[ \t]*$", re.MULTILINE)
_DEBUG_ID = re.compile(r"//[#@][ \t]*debugId=([0-9a-fA-F-]{32,36})[ \t]*$", re.MULTILINE)
_TOLD_ID = re.compile(r"sentry-dbid-([0-9a-fA-F-]{32,36})")
"""In the snippet that `sentry-cli sourcemaps inject` and Sentry's bundler plugins put in front of a bundle."""
_TOLD_RELEASE = re.compile(r"SENTRY_RELEASE\s*=\s*\{\s*[\"']?id[\"']?\s*:\s*[\"'`]([^\"'`]{1,200})[\"'`]")
"""Written by Sentry's bundler plugins; the SDK takes its release from there."""
_EVAL_MAP = re.compile(r"\\n//# source(?:Mapping)?URL=")
_COMMENT = re.compile(r"/\*[\s\S]{0,5000}?\*/|^[ \t]*//.*$", re.MULTILINE)
_BLANK = re.compile(r"\s+")

_SHORTEST_JUDGED = 100
_LONG_LINE = 500
_DENSE_LINES = 120
_DENSE = 0.1
"""A person's code is blank to a fifth and more; what a minifier leaves is blank to a twentieth."""


class Bundler(StrEnum):
    """Who built a bundle, where it can be told."""

    ESBUILD = "esbuild"
    WEBPACK = "webpack"
    VITE = "vite"
    ROLLUP = "rollup"


_MADE_BY = {
    Bundler.WEBPACK: re.compile(r"__webpack_|webpackChunk|webpackJsonp|webpack://"),
    Bundler.VITE: re.compile(r"__vite|\bvite/|modulepreload"),
    Bundler.ESBUILD: re.compile(
        r"^ *// (?:src|node_modules|\.\.?)/\S+\.\w+$|\b__esbuild|\b__toCommonJS\b", re.MULTILINE
    ),
    Bundler.ROLLUP: re.compile(r"\brollup\b"),
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a built file says of itself. `widths`: bytes of each line, no fewer than its columns in any unit.

    `debug_id` is that of the comment, `told_id` what the snippet tells Sentry's SDK while running, `told_release` the
    release built in.
    """

    path: str
    reference: str | None
    debug_id: str | None
    told_id: str | None
    told_release: str | None
    minified: bool
    evals: bool
    widths: Sequence[int]


def read_bundle(path: str, data: bytes) -> Bundle:
    """Read a bundle. `UnicodeDecodeError` when it is not UTF-8, which Sentry does not read."""
    text = data.decode("utf-8-sig")
    return Bundle(
        path=path,
        reference=_last(_REFERENCE, text),
        debug_id=_id(_last(_DEBUG_ID, text)),
        told_id=_id(_last(_TOLD_ID, text)),
        told_release=_last(_TOLD_RELEASE, text),
        minified=is_dense(_REFERENCE.sub("", text)),
        evals="eval(" in text and _EVAL_MAP.search(text) is not None,
        widths=[len(line) for line in data.split(b"\n")],
    )


def is_dense(text: str) -> bool:
    """Whether code is written for machines: endless lines, or hardly a blank in it."""
    code = _COMMENT.sub("", text).strip()
    if len(code) < _SHORTEST_JUDGED:
        return False
    lines = [line for line in code.splitlines() if line.strip()]
    longest = max(map(len, lines))
    blank = sum(len(found.group()) for found in _BLANK.finditer(code))
    return longest > _LONG_LINE or len(code) / len(lines) > _DENSE_LINES or blank < _DENSE * len(code)


def made_by(*texts: str) -> Bundler | None:
    """Who built it, by the traces in its code and in the names of its sources."""
    return next((who for who, traces in _MADE_BY.items() if any(map(traces.search, texts))), None)


def inline_map(reference: str) -> bytes | None:
    """The map inside a `data:` address; None for any other address. Of one that cannot be read no bytes."""
    if not reference.startswith("data:"):
        return None
    head, _, body = reference.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body), validate=True)
    except binascii.Error:
        return b""


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    """What the last of several says: it is the one that counts."""
    found = None
    for found in pattern.finditer(text):  # noqa: B007 -- the last one is wanted
        pass
    return found[1] if found else None


def _id(found: str | None) -> str | None:
    return found.lower() if found else None
