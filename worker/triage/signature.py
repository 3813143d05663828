"""What is kept of an event to know its bug again: frames, names, words and the state of its source maps.

A signature is small (a few KB), holds no values of users beyond the words of its message, and goes to JSON and back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b
from typing import Any

from worker.event import Event, Thrown
from worker.triage.function_name import bare_type, normal_function
from worker.triage.handed import is_handed
from worker.triage.owner import owner_of
from worker.triage.steps import STEPS_KEPT, Step, is_older, read_anew, spot, steps_of
from worker.triage.wording import (
    ABOUT_SOMETHING,
    LONGEST_MESSAGE,
    MEANINGS,
    PROPERTY_OF_NOTHING,
    identifiers,
    is_minified,
    meaning,
    only_number,
    telling_names,
    thing,
    vocabulary,
    wrapped,
)

READING = 1
"""How events are read, to be raised with whatever `sign` makes otherwise of an event: what two readings say otherwise
of one event is no difference between two bugs. 0: kept by a version that did not count."""
POSTINGS_LIMIT = 32
_POSTED_STEPS = 5
_BROWSER = frozenset({"javascript", "node"})
_NAMESPACE = re.compile(r"^(?:\w+(?:::|\\))+(?!(?:error|exception|baseerror|base|failure|fault|timeout)$)")
"""Of a type in lower case, as signatures of older versions have it."""
_ERROR_VALUES = frozenset({"go", "rust"})
_TRACED = re.compile(
    r"^\*?runtime\.|^typeassertionerror$|panic|^string$|withstack|fundamental|^\*?errgo|stacktrace|tracerr"
)
"""What Go and Rust die of, and errors that took their stack along: there the frames are of the mistake."""
_WRAPPER = re.compile(r"wrapErrors?$|withMessage$|withStack$|withPrefix$|withContext$")
"""Types of errors that only put words before another."""
_GROUPED = re.compile(r"(?:unhandled errors in a TaskGroup|[Ee]xceptions from Trio nursery)\b")
"""What a group of exceptions says of itself: nothing."""
_FILLS = re.compile(r"\.format(?:_map)?\(|\.(?:safe_)?substitute\(|['\"] % |\w % [({]")
"""What puts values into a template by their names."""
_LOOKS_UP = re.compile(r"\[\s*[A-Za-z_]\w*(?:\.\w+)*\s*\]")
"""A key that the line was given may be what was not there."""
_SORTS = re.compile(r"\b(?:sort\w*|min|max|heap\w*|nlargest|nsmallest|bisect\w*|insort\w*)\(")
"""What compares values in an order that nobody chose."""
_KEY = re.compile(r"(?:key not found: |the given key )?[(:]*['\"].{0,300}|(?:key not found: ):\w+")
"""All that such an error says."""
_LITERAL = re.compile(r"""(?:\[|\.(?:get|fetch|pop|at|opt)\w*\()\s*['"][\w-]{1,60}['"]""")
_OF_ONE_ENGINE = {"InternalError": "RangeError"}
"""Types that SpiderMonkey alone has, and what other engines throw."""
_UNRESOLVED = vocabulary(
    "js_no_source js_invalid_source js_invalid_sourcemap js_missing_source js_missing_sources_content "
    "js_scraping_disabled js_invalid_sourcemap_location js_invalid_stack_frame_location js_too_many_sources"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One event as `same_bug` compares it. `steps`: where it went wrong first; `chain`: root cause first.

    `wording`: of JavaScript only, a digest of what the message means and is about, of an unknown one as it is but for
    its numbers; empty where it says nothing of its own. `number`: the only one in the message, unless it tells a
    position; else empty. `reported`: the frames are of the place that reported an error value. `wraps`: what such an
    error said, then what was said around it on its way out; empty for every other. `reading`: its READING.
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
    wraps: tuple[str, ...] = ()
    handed: bool | None = None
    reading: int = READING

    @property
    def ours(self) -> tuple[Step, ...]:
        """The frames of our own code; where none is, every frame counts."""
        return tuple(step for step in self.steps if step.ours)

    @property
    def telling(self) -> tuple[Step, ...]:
        """What tells the way of an error: our own frames, all where none is ours, or what was said around it."""
        return tuple(Step(said, "", ours=True) for said in self.wraps) or self.ours or self.steps

    @property
    def look(self) -> tuple[object, ...]:
        """Equal for events that look the same but for their time and release."""
        return (self.chain, self.said, self.identifiers, self.steps, self.entry, self.number)


def sign(event: Event) -> Signature:
    """Reduce an event to its signature."""
    platform = "javascript" if (event.platform or "") in _BROWSER else (event.platform or "other").lower()
    said = _said(event)
    chain = _chain(event.exceptions, platform) or ((event.logger or "message").lower(),)
    meant = meaning(said, platform)
    steps = steps_of(event.exceptions, platform)
    resolved = _is_resolved(event, platform)
    told = identifiers(said, platform)
    named = any(name.startswith("name:") for name in told)  # an owner alone would contradict what was renamed
    read_of_nothing = resolved and meant == PROPERTY_OF_NOTHING if platform == "javascript" else named
    if read_of_nothing and (owner := owner_of(event)):
        told |= {f"owner:{owner.lower()}"}
    names = _telling(told, steps, event.exceptions) - {f"name:{kind}" for kind in chain}
    return Signature(
        platform=platform,
        chain=chain,
        said=meant,
        identifiers=names,
        steps=steps,
        entry=_entry(event.transaction or event.culprit or ""),
        release=event.release or "",
        resolved=resolved,
        at=event.occurred_at,
        wording=_wording(said, meant, names) if platform == "javascript" else "",
        number=only_number(said),
        reported=(reported := _is_reported(platform, chain)),
        wraps=_wraps(event.exceptions) if reported else (),
        handed=_handed(event, platform, steps) if resolved and not reported else None,
    )


def _handed(event: Event, platform: str, steps: Sequence[Step]) -> bool | None:
    """Whether the newest line of ours says nothing but what its function was given."""
    name = next((step.name for step in steps if step.ours), None)
    ours = (frame for thrown in event.exceptions for frame in reversed(thrown.frames) if frame.in_app)
    newest = next(
        (one for one in ours if normal_function(one.function or "", platform, one.module or "") == name), None
    )
    return is_handed(newest, name or "", platform) if newest else None


def _telling(names: frozenset[str], steps: tuple[Step, ...], exceptions: Sequence[Thrown]) -> frozenset[str]:
    """Names without what a value is of, where the line that read it says which one it read: `row["price"]`.

    And without keys that were looked up in vain where no line of ours has them: `rates[currency]` was given them.
    """
    lines = [step.source for step in steps if step.ours and step.source]
    if not lines:
        return names
    if _LITERAL.search(lines[0]):
        names = frozenset(name for name in names if not name.startswith("value:"))
    if _SORTS.search(lines[0]):
        names = frozenset(map(_in_any_order, names))
    if any(step.ours and not step.source for step in steps):
        return names
    if _FILLS.search(lines[0]) and not _LOOKS_UP.search(lines[0]):
        return names
    return names - {f"name:{key}" for key in _keys_of(exceptions) if key not in _written(exceptions)}


def _keys_of(exceptions: Sequence[Thrown]) -> frozenset[str]:
    """The words that Python, Ruby or .NET looked up in vain; a key that code puts together has several words in it."""
    told = (
        (thrown.value or "").partition("\n")[0].lower()
        for thrown in exceptions
        if bare_type(thrown.type or "").rpartition(".")[2] in {"KeyError", "KeyNotFoundException"}
    )
    return frozenset(word for value in told if _KEY.fullmatch(value) for word in re.findall(r"\b[a-z]+\b", value))


def _written(exceptions: Sequence[Thrown]) -> str:
    """Every source line that is told, with those around it: a key may stand in another line of one statement."""
    frames = (frame for thrown in exceptions for frame in thrown.frames if frame.in_app is not False)
    lines = (line for one in frames for line in (*one.pre_context, one.context_line or "", *one.post_context))
    return "\n".join(lines).lower()


def _in_any_order(name: str) -> str:
    role, _, kinds = name.partition(":")
    return f"{role}:{' and '.join(sorted(kinds.split(' and ')))}" if role == "value" else name


def _said(event: Event) -> str:
    """The words of the whole chain, the root cause first: a wrapper often says less than what it wraps."""
    told = [thrown.value for thrown in event.exceptions if thrown.value and not _GROUPED.match(thrown.value)]
    return "\n".join(dict.fromkeys(told)) if told else (event.message or event.title or "")


def _is_reported(platform: str, chain: tuple[str, ...]) -> bool:
    return platform in _ERROR_VALUES and not any(map(_TRACED.search, chain))


def _wraps(exceptions: Sequence[Thrown]) -> tuple[str, ...]:
    """What an error value says, and what our code put before it on its way out, one by one; values left out."""
    told, around, kind = "", list[str](), next((thrown.type for thrown in exceptions if thrown.type), "")
    for thrown in exceptions:
        value = (thrown.value or "")[:LONGEST_MESSAGE]
        if told and _WRAPPER.search(thrown.type or ""):
            around.extend(reversed(value.removesuffix(told).split(": ")))
        told = value or told
    inner = told
    for part in reversed(around):
        inner = inner.removeprefix(part).removeprefix(": ")
    said = (wrapped(inner) or bare_type(kind).lower(), *map(wrapped, around[-STEPS_KEPT:]))
    return tuple(dict.fromkeys(part for part in said if part))[:STEPS_KEPT]


def _wording(said: str, meant: str, names: frozenset[str]) -> str:
    """What two engines have in common that word one error: its meaning and what it is about, as the bundle calls it."""
    about = thing(said) if meant in MEANINGS else None
    if not said or (meant == PROPERTY_OF_NOTHING and not (about or names)):
        return ""
    known = meant in MEANINGS and (about or meant not in ABOUT_SOMETHING)
    told = f"{meant}|{about or ''}" if known else re.sub(r"\d+", "0", said)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _chain(exceptions: tuple[Thrown, ...], platform: str) -> tuple[str, ...]:
    """Type names without their package, each once in a row; a class that a build renamed is an error like others."""
    kinds = [bare_type(thrown.type) for thrown in exceptions if thrown.type]
    if platform == "javascript":
        kinds = ["Error" if is_minified(kind) else _OF_ONE_ENGINE.get(kind, kind) for kind in kinds]
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


# ---------------------------------------------------------------- words to look up


def postings(signature: Signature) -> tuple[str, ...]:
    """The keys under which a store finds this signature's relatives: at most 32, the telling ones first."""
    return tuple(dict.fromkeys(key for key in _keys(signature)))[:POSTINGS_LIMIT]


def _keys(signature: Signature) -> Iterable[str]:
    kind = "/".join(signature.chain[:1])
    if signature.wording:
        yield f"t:{signature.release}|{signature.wording}|{signature.entry}"
    yield from sorted(f"i:{name}" for name in telling_names(signature.identifiers))[:6]
    telling = signature.telling[:_POSTED_STEPS]
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
        "wraps": list(signature.wraps),
        "handed": signature.handed,
        "reading": signature.reading,
    }


def from_json(kept: Mapping[str, Any]) -> Signature:
    """The signature that any version of `to_json` wrote: frames as if it were signed now, names as they were."""
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
            "steps": _steps(kept),
            "at": datetime.fromisoformat(kept["at"]) if kept["at"] else None,
            "reported": reported,
            "wraps": tuple(kept.get("wraps", ())),
            "reading": kept.get("reading", 0),
        }
    )


def _steps(kept: Mapping[str, Any]) -> tuple[Step, ...]:
    steps = tuple(map(Step._make, kept["steps"]))
    return read_anew(steps, kept["platform"]) if any(is_older(step) for step in steps) else steps


_KEPT = frozenset(field.name for field in fields(Signature))
