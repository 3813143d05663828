"""The frames of an event, normalised: what a build, a version, a machine and an engine put into them taken away."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import dropwhile, pairwise
from typing import NamedTuple

from worker.event import Frame, Thrown
from worker.triage.function_name import bare_type, normal_function
from worker.triage.wording import sub_tokens, vocabulary

STEPS_KEPT = 30
SOURCE_KEPT = 160
_REMEMBERED = 1 << 12
"""Frames and source lines whose words are kept at hand: a program goes through the same ones again and again."""
_PLACE_PARTS = 2

NATIVE = "native"
"""The place of what an engine has built in."""
_NATIVE = frozenset({"[native code]", "<anonymous>", "native", "(native)"})
_FILE_HASH = re.compile(r"[-._][0-9a-z]{6,}(?=\.\w+$)", re.IGNORECASE)
_VERSION = re.compile(r"@?v?(?<!\d)\d+(?:\.\d+)+")
_LONGEST_PATH = 300
_MADE_AT_RUNTIME = re.compile(r"\$\$.*$|(?<=\$Proxy)\d+|(?<=Accessor)\d+|\$\d+$")
"""Classes that a JVM makes up while it runs are numbered anew by each."""
_MADE_BY_COMPILER = re.compile(r"\+<.*$|(?<=\w)<[^<>]*(?:<[^<>]*>[^<>]*)*>|`\d+")
"""Classes that a compiler of .NET makes for closures and coroutines, and the two ways it writes type parameters."""
_CUT = "{snip}"
_DEFERRED = re.compile(r"\.func\d+(?:\.\d+)*$")
"""What Go calls a function without a name, such as one that was deferred."""
_REPORTS = re.compile(r"\b[Cc]apture_?[Ee]xception\(")
_RECOVERS = re.compile(r"\.RecoverWithContext\(|(?:\b[Hh]ub|\b\w{1,40}Hub|\bsentry)(?:\.\w{1,40}\(\)){0,4}\.Recover\(")
"""What a deferred function of Go calls with what it caught."""
_INLINE = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<lambda>"})
"""Frames of Python that stand in the lines of the function they are written in; 3.12 shows no comprehensions."""
_LINES_BELOW = 20
_BLOCK = re.compile(r"(?:block|rescue|ensure|else)\b.* in ")
"""Parts of a function of Ruby, which may stand in one line with what calls them."""
_WHOLE_FILES = frozenset({"<module>", "top-level template code", "template", "dodisplay"})
"""What Python, Jinja and Twig call the code of a whole file: only the file tells which one."""
_STARTED = "__main__"
_LIBRARY = re.compile(
    r"(?:^| )(?:java|javax|jdk|sun|kotlin|scala|android|androidx|org\.junit|junit|System|Microsoft)\."
    r"|(?:site|dist)-packages|node_modules|/lib/python\d|node:internal|/usr/(?:lib|local/go)|/\.cargo/|/gems/|/vendor/"
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


def steps_of(exceptions: tuple[Thrown, ...], platform: str) -> tuple[Step, ...]:
    """The newest frame of the root cause first; a frame that repeats in a row counts once (recursion, engines)."""
    steps: list[Step] = []
    told = any(frame.in_app for thrown in exceptions for frame in thrown.frames)
    for thrown in exceptions:
        built_in = _built_in(thrown.frames) if platform == "ruby" else ()
        frames = ((n, thrown.frames[n]) for n in reversed(range(len(thrown.frames))))
        read = (_step(frame, platform, is_ours(frame, told), built_in=n in built_in) for n, frame in frames)
        for step in _written(_raised([one for one in read if one is not None], thrown, go=platform == "go")):
            if step not in steps[-3:]:
                steps.append(step)
    return tuple(steps[:STEPS_KEPT])


def _built_in(frames: Sequence[Frame]) -> frozenset[int]:
    """Which frames are functions that Ruby has built in: it shows them at the line that called them."""
    return frozenset(
        n
        for n, (caller, frame) in enumerate(pairwise(frames), 1)
        if frame.line
        and (frame.line, _path_of(frame)) == (caller.line, _path_of(caller))
        and not (_BLOCK.match(frame.function or "") or frame.function == caller.function)
    )


def _path_of(frame: Frame) -> str:
    return frame.abs_path or frame.filename or ""


def is_older(step: Step) -> bool:
    """Whether an older version kept this step, under a name that is none any more."""
    return step.name in _INLINE or step.name in _WHOLE_FILES


def read_anew(steps: Sequence[Step], platform: str) -> tuple[Step, ...]:
    """Steps that an older version kept, as if they were read now."""
    return tuple(_written([_of_file(step, platform) for step in steps]))


def _of_file(step: Step, platform: str) -> Step:
    """The code of a whole file, called by that file."""
    if platform not in {"python", "php"} or step.name not in _WHOLE_FILES:
        return step
    return step._replace(name=f"{step.name} {step.file if step.place == _STARTED else step.place}")


def _written(steps: Sequence[Step]) -> list[Step]:
    """Each frame under the name of the function in whose lines it stands: a comprehension is no caller of its own.

    One that is called elsewhere is told from others by its line.
    """
    kept: list[Step] = []
    for step in steps:
        inner = kept[-1] if kept else None
        if inner and inner.name in _INLINE and _stands_in(inner, step):
            kept[-1] = step._replace(source=inner.source, line=inner.line)
        else:
            kept.append(step)
    return [step._replace(name=_inline_name(step)) if step.name in _INLINE else step for step in kept]


def _inline_name(step: Step) -> str:
    return f"{step.name} {step.source}" if step.source else ""


def _stands_in(inner: Step, outer: Step) -> bool:
    return inner.place == outer.place and bool(outer.line) and 0 <= inner.line - outer.line < _LINES_BELOW


def _raised(steps: list[Step], thrown: Thrown, *, go: bool) -> list[Step]:
    """Without what is on top only because it reported.

    That is the constructor of the error itself, as some engines show it, what called Sentry, and in Go the deferred
    part of a function below that panicked.
    """
    made = bare_type(thrown.type or "").lower().rpartition(".")[2]
    below = list(dropwhile(lambda step: (made and step.name == made) or _reports(step, go=go), steps))
    if len(below) < len(steps):
        return below or steps
    caught = go and bool(thrown.frames) and _DEFERRED.search(thrown.frames[-1].function or "")
    again = bool(caught) and steps[0][:2] in [step[:2] for step in steps[2:]]
    return steps[1:] if again else steps


def _reports(step: Step, *, go: bool) -> bool:
    caught = go and ((step.name == "recover" and not step.source) or _RECOVERS.search(step.source) is not None)
    return caught or _REPORTS.search(step.source) is not None


def is_ours(frame: Frame, told: bool) -> bool:
    """Whether a frame is our own code: as Sentry says, else unless its path is a library's. `told`: others were."""
    if frame.in_app is not None:
        return frame.in_app
    return not told and not _LIBRARY.search(f"{frame.module or ''} {frame.abs_path or frame.filename or ''}")


def _step(frame: Frame, platform: str, ours: bool, *, built_in: bool = False) -> Step | None:
    path = _path_of(frame)
    native = built_in or (frame.filename or path) in _NATIVE
    name = normal_function(frame.function or "", platform, frame.module or "")
    if native and platform == "javascript" and name in {"", "foreach", "then", "next", "map", "promise"}:
        return None  # engines disagree on whether they show their own loops
    step = Step(
        name=name,
        place=_place(frame, native),
        ours=ours and not native,
        source="" if built_in else _source(frame.context_line or ""),
        file=_file(path),
        line=0 if built_in else frame.line or 0,
        column=frame.column or 0,
    )
    return _of_file(step, platform)


def _place(frame: Frame, native: bool) -> str:
    """The module or the end of the path, without what a build, a version or a machine put there."""
    if native:
        return NATIVE
    told = (frame.module or frame.filename or frame.abs_path or "")[-_LONGEST_PATH:]
    written = _MADE_AT_RUNTIME.sub("", _MADE_BY_COMPILER.sub("", told.replace("\\", "/")))
    clean = _VERSION.sub("", _FILE_HASH.sub("", written))
    parts = [part for part in re.split(r"[/.]", re.sub(r"\.\w{1,4}$", "", clean) if "/" in clean else clean) if part]
    return ".".join(parts[-_PLACE_PARTS:]).lower()


def _file(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].split("?", 1)[0][:80]


def _source(line: str) -> str:
    """A source line as people wrote it; a line of a bundle says nothing, nor does what Sentry cut out of one."""
    return " ".join(line.split()) if len(line) <= SOURCE_KEPT and _CUT not in line else ""


# ---------------------------------------------------------------- the words in them


def step_words(step: Step) -> frozenset[str]:
    """The sub-tokens of a frame's function and of its place, each as its rarity is counted."""
    return _words_of(step.name, step.place)


@lru_cache(maxsize=_REMEMBERED)
def _words_of(name: str, place: str) -> frozenset[str]:
    return frozenset(f"w:{word}" for word in {*sub_tokens(name), *re.findall(r"[a-z]{3,}", f"{name} {place}")})


@lru_cache(maxsize=_REMEMBERED)
def source_words(source: str) -> frozenset[str]:
    """The names in a source line, each as its rarity is counted."""
    return frozenset(f"w:{word}" for word in re.findall(r"[a-z_]\w{2,}", source.lower()) if word not in _KEYWORDS)


_KEYWORDS = vocabulary(
    "return self this for while with from import await async yield lambda raise throw new const let var function class "
    "def not and else elif true false none null undefined super try except catch finally public private static void "
    "final int string str dict list get set"
)


def spot(step: Step) -> str:
    """Where in a bundle a frame is, to a few statements; empty outside of bundles."""
    return f"{step.file}:{step.line}:{step.column // 64}" if step.file and step.column else ""
