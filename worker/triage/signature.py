"""What is kept of an event to know its bug again: frames, names, words and the state of its source maps.

A signature is small (a few KB), holds no values of users beyond the words of its message, and goes to JSON and back.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import dropwhile
from typing import Any, NamedTuple

from worker.event import Event, Frame, Thrown
from worker.triage.function_name import normal_function
from worker.triage.wording import (
    ABOUT_SOMETHING,
    MEANINGS,
    PROPERTY_OF_NOTHING,
    identifiers,
    meaning,
    only_number,
    sub_tokens,
    telling_names,
    thing,
    vocabulary,
)

STEPS_KEPT = 30
SOURCE_KEPT = 160
POSTINGS_LIMIT = 32
_POSTED_STEPS = 5
_REMEMBERED = 1 << 12
"""Frames and source lines whose words are kept at hand: a program goes through the same ones again and again."""
_PLACE_PARTS = 2

_BROWSER = frozenset({"javascript", "node"})
_NATIVE = frozenset({"[native code]", "<anonymous>", "native", "(native)"})
_FILE_HASH = re.compile(r"[-._][0-9a-z]{6,}(?=\.\w+$)", re.IGNORECASE)
_PACKAGE = re.compile(
    r"^.*\.(?=[A-Z]\w*\.[A-Z])|^[a-z_][\w]*(?:\.[a-z_]\w*)*\.(?=[A-Z])"
    r"|^(?:\w+(?:::|\\))+(?!(?:Error|Exception|BaseError|Base|Failure|Fault|Timeout)$)"
)
_NAMESPACE = re.compile(r"^(?:\w+(?:::|\\))+(?!(?:error|exception|baseerror|base|failure|fault|timeout)$)")
"""Packages and namespaces before a type, which move when code is tidied; a bare `Error` keeps the one it is of."""
_VERSION = re.compile(r"@?v?\d+(?:\.\d+)+")
_MADE_AT_RUNTIME = re.compile(r"\$\$.*$|(?<=\$Proxy)\d+|(?<=Accessor)\d+|\$\d+$")
"""Classes that a JVM makes up while it runs are numbered anew by each."""
_ERROR_VALUES = frozenset({"go", "rust"})
_TRACED = re.compile(r"^runtime\.|panic|^string$|withstack|fundamental|^\*?errgo|stacktrace|tracerr")
"""What Go and Rust die of, and errors that took their stack along: there the frames are of the mistake."""
_CUT = "{snip}"
_DEFERRED = re.compile(r"\.func\d+(?:\.\d+)*$")
"""What Go calls a function without a name, such as one that was deferred."""
_LIBRARY = re.compile(
    r"(?:^| )(?:java|javax|jdk|sun|kotlin|scala|android|androidx|org\.junit|junit|System|Microsoft)\."
    r"|(?:site|dist)-packages|node_modules|/lib/python\d|node:internal|/usr/(?:lib|local/go)|/\.cargo/|/gems/|/vendor/"
)
_UNRESOLVED = vocabulary(
    "js_no_source js_invalid_source js_invalid_sourcemap js_missing_source js_missing_sources_content "
    "js_scraping_disabled js_invalid_sourcemap_location js_invalid_stack_frame_location js_too_many_sources"
)


class Step(NamedTuple):
    """One normalised frame. `name` is empty where a build made it up; `source` where nothing readable is known.

    A tuple, because a look-up reads a thousand of them: a frozen dataclass takes three times as long to make.
    """

    name: str
    place: str
    ours: bool
    source: str = ""
    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """One event as `same_bug` compares it. `steps`: where it went wrong first; `chain`: root cause first.

    `wording`: of JavaScript only, a digest of what the message means and is about, of an unknown one as it is but for
    its numbers; empty where it says nothing of its own. `number`: the only one in the message, unless it tells a
    position; else empty. `reported`: the frames are of the place that reported an error value.
    """

    platform: str
    chain: tuple[str, ...]
    said: str
    identifiers: frozenset[str]
    steps: tuple[Step, ...]
    entry: str = ""
    release: str = ""
    resolved: bool = True
    at: datetime | None = None
    wording: str = ""
    number: str = ""
    reported: bool = False

    @property
    def ours(self) -> tuple[Step, ...]:
        """The frames of our own code; where none is, every frame counts."""
        return tuple(step for step in self.steps if step.ours)

    @property
    def look(self) -> tuple[object, ...]:
        """Equal for events that look the same but for their time and release."""
        return (self.chain, self.said, self.identifiers, self.steps, self.entry, self.number)


def sign(event: Event) -> Signature:
    """Reduce an event to its signature."""
    platform = "javascript" if (event.platform or "") in _BROWSER else (event.platform or "other").lower()
    said = _said(event)
    chain = _chain(event.exceptions) or ((event.logger or "message").lower(),)
    meant = meaning(said, platform)
    names = identifiers(said, platform) - {f"name:{kind}" for kind in chain}
    return Signature(
        platform=platform,
        chain=chain,
        said=meant,
        identifiers=names,
        steps=_steps(event.exceptions, platform),
        entry=_entry(event.transaction or event.culprit or ""),
        release=event.release or "",
        resolved=_is_resolved(event, platform),
        at=event.occurred_at,
        wording=_wording(said, meant, names) if platform == "javascript" else "",
        number=only_number(said),
        reported=_is_reported(platform, chain),
    )


def _said(event: Event) -> str:
    """The words of the whole chain, the root cause first: a wrapper often says less than what it wraps."""
    told = [thrown.value for thrown in event.exceptions if thrown.value]
    return "\n".join(dict.fromkeys(told)) if told else (event.message or event.title or "")


def _is_reported(platform: str, chain: tuple[str, ...]) -> bool:
    return platform in _ERROR_VALUES and not any(map(_TRACED.search, chain))


def _wording(said: str, meant: str, names: frozenset[str]) -> str:
    """What two engines have in common that word one error: its meaning and what it is about, as the bundle calls it."""
    about = thing(said) if meant in MEANINGS else None
    if not said or (meant == PROPERTY_OF_NOTHING and not (about or names)):
        return ""
    known = meant in MEANINGS and (about or meant not in ABOUT_SOMETHING)
    told = f"{meant}|{about or ''}" if known else re.sub(r"\d+", "0", said)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _chain(exceptions: tuple[Thrown, ...]) -> tuple[str, ...]:
    """Type names without their package, each once in a row."""
    kinds = [_PACKAGE.sub("", thrown.type) for thrown in exceptions if thrown.type]
    return tuple(dict.fromkeys(kind.lower() for kind in kinds))


def _entry(transaction: str) -> str:
    return re.sub(r"\d+", "0", transaction.lower())[:120]


def _is_resolved(event: Event, platform: str) -> bool:
    """Whether the frames name real code: no missing source map, and names that a build did not make up."""
    if platform != "javascript":
        return True
    if any(error.type in _UNRESOLVED for error in event.errors):
        return False
    frames = [frame for thrown in event.exceptions for frame in thrown.frames if frame.in_app is not False]
    bundled = [f for f in frames if not f.context_line and (f.column or 0) > 400]  # noqa: PLR2004 -- no person writes lines of 400
    return len(bundled) * 2 <= len(frames)


# ---------------------------------------------------------------- frames


def _steps(exceptions: tuple[Thrown, ...], platform: str) -> tuple[Step, ...]:
    """The newest frame of the root cause first; a frame that repeats in a row counts once (recursion, engines)."""
    steps: list[Step] = []
    told = any(frame.in_app for thrown in exceptions for frame in thrown.frames)
    for thrown in exceptions:
        read = (_step(frame, platform, is_ours(frame, told)) for frame in reversed(thrown.frames))
        caught = platform == "go" and bool(thrown.frames) and _DEFERRED.search(thrown.frames[-1].function or "")
        for step in _raised([one for one in read if one is not None], thrown.type or "", deferred=bool(caught)):
            if step not in steps[-3:]:
                steps.append(step)
    return tuple(steps[:STEPS_KEPT])


def _raised(steps: list[Step], kind: str, *, deferred: bool) -> list[Step]:
    """Without what is on top only because it reported.

    That is the constructor of the error itself, as some engines show it, and in Go the `deferred` part of a function
    below that panicked.
    """
    made = _PACKAGE.sub("", kind).lower().rpartition(".")[2]
    steps = list(dropwhile(lambda step: made and step.name == made, steps)) or steps
    below = {(step.place, step.name) for step in steps[2:]}
    return steps[1:] if deferred and (steps[0].place, steps[0].name) in below else steps


def is_ours(frame: Frame, told: bool) -> bool:
    """Whether a frame is our own code: as Sentry says, else unless its path is a library's. `told`: others were."""
    if frame.in_app is not None:
        return frame.in_app
    return not told and not _LIBRARY.search(f"{frame.module or ''} {frame.abs_path or frame.filename or ''}")


def _step(frame: Frame, platform: str, ours: bool) -> Step | None:
    path = frame.abs_path or frame.filename or ""
    native = (frame.filename or path) in _NATIVE
    name = normal_function(frame.function or "", platform, frame.module or "")
    if native and platform == "javascript" and name in {"", "foreach", "then", "next", "map", "promise"}:
        return None  # engines disagree on whether they show their own loops
    return Step(
        name=name,
        place=_place(frame, native),
        ours=ours and not native,
        source=_source(frame.context_line or ""),
        file=_file(path),
        line=frame.line or 0,
        column=frame.column or 0,
    )


def _place(frame: Frame, native: bool) -> str:
    """The module or the end of the path, without what a build, a version or a machine put there."""
    if native:
        return "native"
    told = frame.module or frame.filename or frame.abs_path or ""
    clean = _VERSION.sub("", _FILE_HASH.sub("", _MADE_AT_RUNTIME.sub("", told.replace("\\", "/"))))
    parts = [part for part in re.split(r"[/.]", re.sub(r"\.\w{1,4}$", "", clean) if "/" in clean else clean) if part]
    return ".".join(parts[-_PLACE_PARTS:]).lower()


def _file(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].split("?", 1)[0][:80]


def _source(line: str) -> str:
    """A source line as people wrote it; a line of a bundle says nothing, nor does what Sentry cut out of one."""
    return " ".join(line.split()) if len(line) <= SOURCE_KEPT and _CUT not in line else ""


# ---------------------------------------------------------------- words to look up


def step_words(step: Step) -> frozenset[str]:
    """The sub-tokens of a frame's function and of its place."""
    return _words_of(step.name, step.place)


@lru_cache(maxsize=_REMEMBERED)
def _words_of(name: str, place: str) -> frozenset[str]:
    return frozenset({*sub_tokens(name), *re.findall(r"[a-z]{3,}", f"{name} {place}")})


@lru_cache(maxsize=_REMEMBERED)
def source_words(source: str) -> frozenset[str]:
    """The names in a source line."""
    return frozenset(word for word in re.findall(r"[a-z_]\w{2,}", source.lower()) if word not in _KEYWORDS)


_KEYWORDS = vocabulary(
    "return self this for while with from import await async yield lambda raise throw new const let var function class "
    "def not and else elif true false none null undefined super try except catch finally public private static void "
    "final int string str dict list get set"
)


def spot(step: Step) -> str:
    """Where in a bundle a frame is, to a few statements; empty outside of bundles."""
    return f"{step.file}:{step.line}:{step.column // 64}" if step.file and step.column else ""


def postings(signature: Signature) -> tuple[str, ...]:
    """The keys under which a store finds this signature's relatives: at most 32, the telling ones first."""
    return tuple(dict.fromkeys(key for key in _keys(signature)))[:POSTINGS_LIMIT]


def _keys(signature: Signature) -> Iterable[str]:
    kind = "/".join(signature.chain[:1])
    if signature.wording:
        yield f"t:{signature.release}|{signature.wording}|{signature.entry}"
    yield from sorted(f"i:{name}" for name in telling_names(signature.identifiers))[:6]
    telling = (signature.ours or signature.steps)[:_POSTED_STEPS]
    for step in telling:
        if step.source:
            yield f"l:{step.source[:80]}"
    for step in telling:
        if step.name:
            yield f"f:{step.name}|{kind}"
    if not signature.resolved:
        yield from (f"s:{spot(step)}" for step in telling[:3] if spot(step))
    for step in telling[:3]:
        if step.name:
            yield f"f:{step.name}"
    yield f"m:{kind}|{signature.said[:60]}"
    yield from (f"k:{kind}|{step.place}" for step in telling[:2] if step.place)
    yield from (f"v:{kind}|{step.name}" for step in signature.steps[:3] if not step.ours and step.name)
    for one in signature.chain:
        yield f"c:{one}"


# ---------------------------------------------------------------- to JSON and back


def to_json(signature: Signature) -> dict[str, Any]:
    """Plain JSON values."""
    return {
        "platform": signature.platform,
        "chain": list(signature.chain),
        "said": signature.said,
        "identifiers": sorted(signature.identifiers),
        "steps": [list(step) for step in signature.steps],
        "entry": signature.entry,
        "release": signature.release,
        "resolved": signature.resolved,
        "at": signature.at.isoformat() if signature.at else None,
        "wording": signature.wording,
        "number": signature.number,
        "reported": signature.reported,
    }


def from_json(kept: Mapping[str, Any]) -> Signature:
    """The signature that any version of `to_json` wrote, read as if it were signed now."""
    chain, reported = tuple(kept["chain"]), kept.get("reported")
    if reported is None:
        chain = tuple(dict.fromkeys(_NAMESPACE.sub("", kind) for kind in chain))
        reported = _is_reported(kept["platform"], chain)
    known = kept if kept.keys() <= _KEPT else {name: value for name, value in kept.items() if name in _KEPT}
    return Signature(
        **{
            **known,
            "chain": chain,
            "identifiers": frozenset(kept["identifiers"]),
            "steps": tuple(map(Step._make, kept["steps"])),
            "at": datetime.fromisoformat(kept["at"]) if kept["at"] else None,
            "reported": reported,
        }
    )


_KEPT = frozenset(field.name for field in fields(Signature))
