"""Spells as columns: a million of them in little memory. Moments are whole seconds since 1970, UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.metrics.scope import DIMENSIONS, Dimension, Narrowed, Scope
from worker.metrics.spell import BEGAN, ENDED, FIXES, Began, Ended, Spell

Seconds = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEVER = 1 << 40
"""Stands for a moment that has not come."""
STILL_OPEN = -1
"""Stands for the end of a spell that has none."""


@dataclass(frozen=True, slots=True)
class Columns:
    """One value a spell in each column. `words`: what the numbers of a dimension mean; 0: not known.

    `users`, `events` and `unowned` are those of the case now, and 0 where it is not open.
    """

    case: NDArray[np.int64]
    began: Seconds
    ended: Seconds
    ticket: Seconds
    human: Seconds
    reopened: Seconds
    began_how: NDArray[np.int8]
    ended_how: NDArray[np.int8]
    began_entry: NDArray[np.int64]
    ended_entry: NDArray[np.int64]
    users: NDArray[np.int64]
    events: NDArray[np.int64]
    unowned: Mask
    of: Mapping[Dimension, NDArray[np.int32]]
    words: Mapping[Dimension, Mapping[int, str]]

    def __len__(self) -> int:
        """How many spells."""
        return len(self.case)

    def where(self, mask: Mask) -> "Columns":
        """Only the spells of a mask; itself when that is all of them, for a copy may be large."""
        if mask.all():
            return self
        cut: dict[str, Any] = {
            name: getattr(self, name)[mask] for name in (f.name for f in fields(self)) if name not in {"of", "words"}
        }
        return Columns(**cut, of={name: column[mask] for name, column in self.of.items()}, words=self.words)

    def within(self, scope: Scope) -> "Columns":
        """Only the spells of the cases of a scope."""
        mask = np.ones(len(self), dtype=np.bool_)
        for dimension, values in scope.wanted.items():
            numbers = [number for number, word in self.words[dimension].items() if word in values]
            mask &= np.isin(self.of[dimension], numbers)
        within = self.where(mask)
        return within.where(_meeting(within, scope.narrowed)) if scope.narrowed else within

    def began_as(self, *how: Began) -> Mask:
        """Those that began in one of these ways."""
        return _among(self.began_how, [BEGAN.index(one) for one in how])

    def ended_as(self, *how: Ended) -> Mask:
        """Those that ended in one of these ways."""
        return _among(self.ended_how, [ENDED.index(one) for one in how])

    @property
    def fixed(self) -> Mask:
        """Those that ended in a fix."""
        return self.ended_as(*FIXES)


NUMBERS = (
    *("case", "began", "ended", "ticket", "human", "reopened"),
    *("began_how", "ended_how", "began_entry", "ended_entry"),
)
"""The columns that a spell fills itself, in the order of `numbers_of`; the dimensions follow."""

_KINDS = (*(np.int8 if name.endswith("_how") else np.int64 for name in NUMBERS), *(np.int32 for _ in DIMENSIONS))


def _meeting(columns: Columns, narrowed: Narrowed) -> Mask:
    """Which spells meet a condition; it is asked once for all cases of which the same is known."""
    if not narrowed.asks:
        return np.full(len(columns), narrowed.holds({}))
    key = np.zeros(len(columns), np.int64)
    for dimension in narrowed.asks:
        values, place = np.unique(columns.of[dimension], return_inverse=True)
        key = key * max(1, len(values)) + place
    _, first, kind = np.unique(key, return_index=True, return_inverse=True)
    met = [narrowed.holds(_said(columns, narrowed.asks, int(n))) for n in first]
    return np.array(met, dtype=np.bool_)[kind]


def _said(columns: Columns, dimensions: Iterable[Dimension], n: int) -> Mapping[Dimension, str | None]:
    """What is known of the case of one spell."""
    return {one: columns.words[one].get(int(columns.of[one][n])) for one in dimensions}


def _among(column: NDArray[np.int8], wanted: Iterable[int]) -> Mask:
    """Where one of these stands; comparing for each is several times faster than looking every value up."""
    found = np.zeros(len(column), np.bool_)
    for one in wanted:
        found |= column == one
    return found


def seconds(moment: datetime | None) -> int:
    """Whole seconds since 1970; `NEVER` for None."""
    return NEVER if moment is None else int(moment.timestamp())


def numbers_of(case_id: int, spell: Spell) -> tuple[int, ...]:
    """Give a spell's values of the columns in `NUMBERS`."""
    return (
        case_id,
        *(seconds(at) for at in (spell.began_at, spell.ended_at, spell.ticket_at, spell.human_at, spell.reopened_at)),
        BEGAN.index(spell.began_how),
        STILL_OPEN if spell.ended_how is None else ENDED.index(spell.ended_how),
        spell.began_entry,
        spell.ended_entry or 0,
    )


def columns_of(pages: Iterable[NDArray[np.int64]], words: Mapping[Dimension, Mapping[int, str]]) -> Columns:
    """Make columns of pages of rows: `NUMBERS`, then one number of each dimension. Nobody is hurt in them yet."""
    parts = [[page[:, n].astype(kind) for n, kind in enumerate(_KINDS)] for page in pages]
    joined = [np.concatenate([np.empty(0, kind), *(part[n] for part in parts)]) for n, kind in enumerate(_KINDS)]
    own = dict(zip(NUMBERS, joined, strict=False))
    of = dict(zip(DIMENSIONS, joined[len(NUMBERS) :], strict=True))
    none = np.zeros(len(joined[0]), np.int64)
    return Columns(**own, users=none, events=none, unowned=none > 0, of=of, words=words)
