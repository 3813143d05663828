"""Cases looked up by their postings: what the store does in tables, here in memory, with the same bounds.

A look-up touches at most `KEYS_READ` posting lists, the newest `POSTING_READ` entries of each, and scores the best
`SCORED` cases: its cost does not grow with the number of cases.
"""

import heapq
import json
import math
from collections import Counter, defaultdict

from worker.triage.evidence import Prepared, Rarity, features, prepare
from worker.triage.same_bug import Known, Match, match
from worker.triage.signature import Signature, from_json, postings, to_json

KEYS_READ = 32
POSTING_READ = 100
SCORED = 16
KEPT_PER_CASE = 8
"""Distinct signatures of a case that are compared; the newest push the oldest but the first out."""


class Casebook:
    """The cases of one group of projects."""

    def __init__(self) -> None:
        self._known: dict[int, list[tuple[str, bytes]]] = {}
        self._looks: dict[int, set[int]] = {}
        self._postings: dict[str, tuple[int, ...]] = {}
        self._posted: Counter[str] = Counter()
        self._features: Counter[str] = Counter()
        self._total = 0

    @property
    def rarity(self) -> Rarity:
        """How rare each word is in what was kept so far."""
        return Rarity(self._features, self._total)

    def keep(self, case: int, issue: str, signature: Signature) -> None:
        """Remember a signature of a case; one that looks like another of it is not kept twice."""
        look = hash(signature.look)
        if look in self._looks.setdefault(case, set()):
            return
        self._looks[case].add(look)
        known = self._known.setdefault(case, [])
        known.append((issue, json.dumps(to_json(signature)).encode()))
        if len(known) > KEPT_PER_CASE:
            del known[1]
        self._count(case, signature)

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
        new, rarity = prepare(signature), self.rarity
        matches = [match(new, case, self._read(case), rarity) for case in self._candidates(new)]
        return sorted(matches, key=lambda one: (-one.score, one.case))

    def _read(self, case: int) -> list[Known]:
        return [Known(issue, prepare(from_json(json.loads(packed)))) for issue, packed in self._known[case]]

    def _candidates(self, new: Prepared) -> list[int]:
        """The cases that share the most and rarest keys."""
        weight: defaultdict[int, float] = defaultdict(float)
        for key in postings(new.signature)[:KEYS_READ]:
            rare = 1 / math.log2(2 + self._posted[key])
            for case in self._postings.get(key, ()):
                weight[case] += rare
        return heapq.nlargest(SCORED, weight, key=lambda case: (weight[case], case))
