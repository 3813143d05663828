"""Cases looked up by their postings: what the store does in tables, here in memory, with the same bounds.

A look-up touches at most `KEYS_READ` posting lists, the newest `POSTING_READ` entries of each, and scores the best
`SCORED` cases: its cost does not grow with the number of cases.
"""

import heapq
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from worker.triage.origin import entry_name
from worker.triage.same_bug import Known, Match, rank
from worker.triage.signature import Signature, from_json, postings, to_json
from worker.triage.weighing import NAMED, Prepared, Rarity, features, prepare, was_there

KEYS_READ = 32
POSTING_READ = 100
SCORED = 16
KEPT_PER_CASE = 8
"""Distinct signatures of a case that are compared; the newest push the oldest but the first out."""


def nearest(lists: Iterable[tuple[int, Sequence[int]]], limit: int) -> list[int]:
    """What stands in the most and rarest posting lists, the best first; each list with how often its key was posted."""
    weight: defaultdict[int, float] = defaultdict(float)
    for posted, entries in lists:
        rare = 1 / math.log2(2 + posted)
        for entry in entries:
            weight[entry] += rare
    return heapq.nlargest(limit, weight, key=lambda entry: (weight[entry], entry))


def words_asked(new: Prepared, others: Sequence[Prepared]) -> frozenset[str]:
    """Every word whose rarity comparing a signature with others asks about."""
    between = (words for other in others for words in (words_there(new, other), words_there(other, new)))
    return frozenset().union(*map(words_compared, (new, *others)), *between)


def words_there(one: Prepared, other: Prepared) -> tuple[str, ...]:
    """The words that say whether the release of another had the newest place of one."""
    return was_there(other.signature.release, one.steps[0]) if one.steps else ()


def words_compared(one: Prepared) -> set[str]:
    """The words of a signature whose rarity comparing it asks about: fewer than it has."""
    entry = entry_name(one.signature.entry)
    return {
        *(frame for frame, _ in (*one.frames, *one.vendor) if frame.startswith(NAMED)),
        *one.words,
        *one.source,
        *(f"i:{name}" for name in one.signature.identifiers),
        *(f"t:{word}" for word in one.said),
        *((f"{NAMED}{entry}",) if entry else ()),
    }


class Casebook:
    """The cases of one group of projects."""

    def __init__(self) -> None:
        self._known: dict[int, list[tuple[str, bytes]]] = {}
        self._looks: dict[int, set[int]] = {}
        self._merged: dict[int, int] = {}
        self._postings: dict[str, tuple[int, ...]] = {}
        self._posted: Counter[str] = Counter()
        self._features: Counter[str] = Counter()
        self._total = 0

    @property
    def rarity(self) -> Rarity:
        """How rare each word is in what was kept so far."""
        return Rarity(self._features, self._total)

    def keep(self, case: int, issue: str, signature: Signature) -> bool:
        """Remember a signature of a case, and say whether it is a new look of it: the same look is not kept twice."""
        look = hash(signature.look)
        if look in self._looks.setdefault(case, set()):
            return False
        self._looks[case].add(look)
        known = self._known.setdefault(case, [])
        known.append((issue, json.dumps(to_json(signature)).encode()))
        _trim(known)
        self._count(case, signature)
        return True

    def merge(self, case: int, into: int) -> None:
        """What one case holds is from now on held by another."""
        known = self._known.setdefault(into, [])
        known.extend(self._known.pop(case, ()))
        _trim(known)
        self._looks.setdefault(into, set()).update(self._looks.pop(case, ()))
        self._merged[case] = into

    def _count(self, case: int, signature: Signature) -> None:
        self._features.update(features(signature))
        self._total += 1
        for key in postings(signature):
            posted = self._postings.get(key, ())
            if posted[-1:] != (case,):
                self._postings[key] = (*posted, case)[-POSTING_READ:]
                self._posted[key] += 1

    def rank(self, signature: Signature) -> list[Match]:
        """The cases most like it, the likeliest first."""
        new = prepare(signature)
        return rank(new, {case: self._read(case) for case in self._candidates(new)}, self.rarity)

    def _read(self, case: int) -> list[Known]:
        looks = enumerate(self._known[case])
        return [Known(issue, prepare(from_json(json.loads(packed))), number) for number, (issue, packed) in looks]

    def _candidates(self, new: Prepared) -> list[int]:
        """The cases that share the most and rarest keys."""
        keys = postings(new.signature)[:KEYS_READ]
        return nearest(((self._posted[key], self._cases(key)) for key in keys), SCORED)

    def _cases(self, key: str) -> tuple[int, ...]:
        """The cases under a key, those that were merged by the case that holds them now."""
        return tuple(dict.fromkeys(map(self._holder, self._postings.get(key, ()))))

    def _holder(self, case: int) -> int:
        while case in self._merged:
            case = self._merged[case]
        return case


def _trim(known: list[tuple[str, bytes]]) -> None:
    """Keep the first look and the newest."""
    del known[1 : max(1, len(known) - KEPT_PER_CASE + 1)]
