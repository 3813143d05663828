"""Webhooks on their way: some are lost, some come twice, some are overtaken. Seeded, so that it can be replayed."""

import random
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one letter."""

    dropped: bool = False
    duplicated: bool = False
    held_for: int = 0
    """Sent only after this many later ones of its source arrived; 0: at once."""


FINE = Fate()
MOST_HELD_FOR = 3


@dataclass(slots=True)
class Weather:
    """The shares (0 to 1) of one source's letters that suffer. `hold_s`: a held letter waits no longer than this.

    The n-th letter of a source meets the same fate in every run with the same seed.
    """

    source: str
    seed: int = 0
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    hold_s: float = 1.0
    done: Counter[str] = field(default_factory=Counter)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin the sequence that the seed gives this source."""
        self._chance = random.Random(f"{self.seed}:{self.source}")  # noqa: S311 - chance that can be replayed, no secret

    def fate(self) -> Fate:
        """Decide over the next letter; always the same number of draws, so that one share does not shift another."""
        lost, twice, late = (self._chance.random() for _ in range(3))
        behind = self._chance.randint(1, MOST_HELD_FOR)
        fate = Fate(lost < self.drop, twice < self.duplicate, behind if late < self.reorder else 0)
        if fate.dropped:
            fate = Fate(dropped=True)
        self.done.update(
            name
            for name, hit in (
                ("dropped", fate.dropped),
                ("duplicated", fate.duplicated),
                ("reordered", fate.held_for > 0),
            )
            if hit
        )
        return fate
