"""From the words of a mapping (`resolved: Done`) to a StatusMap, for each kind of tracker."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.mapping.schema import StatusWords, Target
from worker.mapping.status import Closing, StatusMap, arrival, plain
from worker.model import StateTarget, Status, TrackerKind

GITHUB_WORDS: Mapping[str, StateTarget] = {
    "open": StateTarget(done=False, name="open"),
    "closed": StateTarget(done=True, name="closed", resolution="completed"),
    "completed": StateTarget(done=True, name="closed", resolution="completed"),
    "not planned": StateTarget(done=True, name="closed", resolution="not_planned"),
    "duplicate": StateTarget(done=True, name="closed", resolution="duplicate"),
}
"""GitHub has no statuses of one's own: open, or closed for a reason."""


def overlaid(under: StatusWords, over: StatusWords) -> StatusWords:
    """The words of a rule laid over those of its tracker, status by status."""
    return under.model_copy(update={name: getattr(over, name) for name in over.model_fields_set})


@dataclass(frozen=True, slots=True)
class Complaint:
    """A status that does not come back as it went out. `closing`: the entry of `closed_as` that reads it otherwise."""

    status: Status
    closing: Closing | None
    message: str
    hint: str


def status_map(
    kind: TrackerKind,
    words: StatusWords,
    one_way: frozenset[Status],
    closed_as: Mapping[Closing, Status] | None = None,
) -> StatusMap:
    """Build the reading and the writing; words that are unknown to GitHub are left out (see `unknown_words`)."""
    said = {status: target for status in Status if (target := getattr(words, status.value)) is not None}
    writes = {status: to for status, target in said.items() if (to := _target(kind, status, target)) is not None}
    reads: dict[str, Status] = {}
    for key, status in (*_spoken(writes), *_also(kind, said)):
        reads.setdefault(key, status)
    return StatusMap(kind, writes, reads, one_way, closed_as or {}, _unless_unfixed(kind, writes.get(Status.RESOLVED)))


def unknown_words(kind: TrackerKind, words: StatusWords) -> Iterator[tuple[Status, str]]:
    """The words that GitHub does not have, with the status they stand under."""
    if kind is TrackerKind.JIRA:
        return
    for status in Status:
        target: Target | None = getattr(words, status.value)
        for word in (target.name, *target.read) if target else ():
            if word and _github(word) not in GITHUB_WORDS:
                yield status, word


def complaints(built: StatusMap, tracker: str) -> Iterator[Complaint]:
    """The statuses that do not come back as they went out, each with what is wrong and what would help."""
    for sent, seen in built.broken().items():
        target = built.write(sent)
        written = f"“{target.name or 'any status of category done'}”"
        with_resolution = f" with resolution “{target.resolution}”" if target.resolution else ""
        closing = built.because(arrival(target))
        because = f" because of `closed_as`, `{closing}`" if closing else ""
        message = (
            f"`{sent.value}` does not come back: {tracker} gets {written}{with_resolution}, "
            f"read as `{seen.value}`{because}"
        )
        yield Complaint(
            sent,
            closing,
            message,
            f"Give `{sent.value}` a status or a resolution of its own, or list it under `one_way`.",
        )


def _target(kind: TrackerKind, status: Status, target: Target) -> StateTarget | None:
    if kind is TrackerKind.GITHUB:
        return GITHUB_WORDS.get(_github(target.name or ""))
    if target.name is None and target.resolution is None:
        return None
    return StateTarget(done=status is not Status.OPEN, name=target.name, resolution=target.resolution)


def _spoken(writes: Mapping[Status, StateTarget]) -> Iterator[tuple[str, Status]]:
    for status, target in writes.items():
        name, resolution = plain(target.name or ""), plain(target.resolution or "")
        yield f"{name}:{resolution}" if resolution else name, status


def _also(kind: TrackerKind, said: Mapping[Status, Target]) -> Iterator[tuple[str, Status]]:
    for status, target in said.items():
        for word in target.read:
            yield _github_key(word) if kind is TrackerKind.GITHUB else plain(word), status


def _unless_unfixed(kind: TrackerKind, resolved: StateTarget | None) -> str | None:
    """“Done” means resolved, but “Done” as “Won't Do” does not, unless the rule says so."""
    if kind is not TrackerKind.JIRA or resolved is None or resolved.resolution:
        return None
    return plain(resolved.name) if resolved.name else None


def _github(word: str) -> str:
    return word.lower().replace("_", " ")


def _github_key(word: str) -> str:
    target = GITHUB_WORDS.get(_github(word))
    return "" if target is None else f"{target.name}:{target.resolution}" if target.resolution else "open"
