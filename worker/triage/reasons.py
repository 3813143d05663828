"""Why two signatures are likely one bug, in words that a person reads."""

from collections.abc import Iterable

from worker.triage.evidence import Evidence, rarest, side_by_side
from worker.triage.weighing import Prepared, Rarity


def reasons(evidence: Evidence, new: Prepared, old: Prepared, rarity: Rarity) -> Iterable[str]:
    """What speaks for it, the strongest first, and what speaks against it."""
    mine, yours = new.signature, old.signature
    shared = sorted(name.partition(":")[2] for name in mine.identifiers & yours.identifiers)
    words = rarest(new, old, rarity)
    said = (
        (evidence.sites or 0, "the same line numbers along the way"),
        (evidence.line or 0, f"the same source line: {_common_line(new, old)}"),
        (evidence.names or 0, f"both messages name {', '.join(shared)}"),
        (evidence.spot or 0, "the same place in the same bundle"),
        (evidence.twin or 0, "the same message, way in and number of frames, once without source maps"),
        (evidence.frames, f"{len(side_by_side(mine, yours))} frames in common"),
        (evidence.source or 0, "source lines with the same rare names"),
        (evidence.words, f"frames share the words {', '.join(words)}" if words else ""),
        (evidence.vendor or 0, "the same way through libraries"),
        (evidence.chain, f"the same kind of error: {mine.chain[0] if mine.chain else 'none'}"),
        (evidence.entry, f"the same entry point: {mine.entry}"),
        (evidence.message, "messages of the same shape"),
    )
    found = [(weight, text) for weight, text in said if weight >= 0.4 and text]  # noqa: PLR2004 -- below that it persuades nobody
    yield from (text for _, text in sorted(found, key=lambda pair: -pair[0]))
    if evidence.contradiction:
        yield "but the messages name different things in the code"


def _common_line(new: Prepared, old: Prepared) -> str:
    return next((line for line in new.lines if line in old.lines), "")
