"""What is wrong with a mapping, as values: where it is, what it is, and the nearest right thing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from worker.errors import UserFault


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        """`file:line:column: message`, with the hint behind it."""
        said, lined, shown = self.message.partition("\n")  # an expression may be shown below, with a caret
        said = said if not self.hint or said.endswith((".", "!", "?")) else f"{said}."
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {said}{hint}{lined}{shown}"


class MappingRefused(UserFault):
    """The mapping was not taken; `problems` holds every reason, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        super().__init__("\n".join([f"The mapping was refused: {count}.", *map(str, problems)]))
        self.problems = tuple(problems)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Say which known word was probably meant, or which there are when none is near."""
    words = sorted(set(known))
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean “{near[0]}”?"
    return f"Known here: {', '.join(words)}." if words else None
